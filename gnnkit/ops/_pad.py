"""Padding: fake components, nodes and edges that bring all graphs to the same sizes."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import tensorflow as tf

from gnnkit.graph import GraphTensor, _field, check_scalar_graph_tensor
from gnnkit.graph._symbolic import graph_function
from gnnkit.ops import _primitives
from gnnkit.ops._append_rows import append_rows, with_rows
from gnnkit.ops._size_constraints import SizeConstraints, assert_satisfies_size_constraints, total_of


class FeatureDefaultValues(NamedTuple):
    """What the features of fake components, nodes and edges are filled with: scalars of the features' dtypes.

    context: feature name -> scalar. node_sets, edge_sets: set name -> feature name -> scalar.
    """

    context: Mapping[str, Any] | None = None
    node_sets: Mapping[str, Mapping[str, Any]] | None = None
    edge_sets: Mapping[str, Mapping[str, Any]] | None = None


@graph_function
def pad_to_total_sizes(
    graph_tensor: GraphTensor,
    size_constraints: SizeConstraints,
    *,
    padding_values: FeatureDefaultValues | None = None,
    validate: bool = True,
) -> tuple[GraphTensor, Any]:
    """Adds fake components, with fake nodes and edges, behind the real ones until the graph has the given sizes.

    graph_tensor: a scalar graph.
    size_constraints: see `SizeConstraints`. Where they are ints, the result has static shapes.
    padding_values: for features of fake items; 0, False or "" by default. Fake rows of ragged features are empty.
    validate: whether to check that the graph fits.

    All fake nodes and edges are in the first fake component, but for those that `min_nodes_per_component` asks for.
    Fake edges join fake nodes only, evenly spread, so real nodes and edges get the values they had without padding.

    Returns the graph, and a mask: bool `[C]`, True for real components.

    ValueError: a batch, a set without a total, or a padding value of another dtype or shape or for a feature that is
    not there. InvalidArgumentError: the graph does not fit (see `satisfies_size_constraints`).

    >>> import gnnkit
    >>> graph = gnnkit.homogeneous([0, 1], [1, 2], node_features={"x": [1.0, 2.0, 3.0]})
    >>> sizes = gnnkit.SizeConstraints(2, total_num_nodes={"nodes": 5}, total_num_edges={"edges": 4})
    >>> padded, mask = gnnkit.pad_to_total_sizes(graph, sizes)
    >>> padded.node_sets["nodes"]["x"].numpy().tolist(), mask.numpy().tolist()
    ([1.0, 2.0, 3.0, 0.0, 0.0], [True, False])
    >>> padded.edge_sets["edges"].adjacency.target.numpy().tolist()
    [1, 2, 3, 4]
    """
    check_scalar_graph_tensor(graph_tensor, "pad_to_total_sizes")
    constraints = SizeConstraints(*size_constraints)
    defaults = _defaults(graph_tensor, FeatureDefaultValues(*padding_values or ()))
    graph = graph_tensor._map(_field.to_tf)
    checks = assert_satisfies_size_constraints(graph, constraints) if validate else []
    with tf.control_dependencies(checks):
        padded, mask = _pad(graph, constraints, defaults)
    if _primitives.is_tf(graph_tensor.context.sizes):
        return padded, mask
    arrays = padded._map(lambda field: field if isinstance(field, tf.RaggedTensor) else field.numpy())
    return arrays, mask.numpy()


class _Rows(NamedTuple):
    """How many fake rows to add, and how many rows there are then: int where it is static, else None."""

    num_fake: tf.Tensor
    total: int | None


def _pad(graph: GraphTensor, constraints: SizeConstraints, defaults: dict[Any, dict[str, Any]]) -> Any:
    dtype = graph.indices_dtype

    def rows_of(piece: Any, total: Any) -> _Rows:
        total = tf.cast(total, dtype)
        static = tf.get_static_value(total)
        return _Rows(total - piece.total_size, None if static is None else int(static))

    def pad_features(piece: Any, rows: _Rows, fills: dict[str, Any]) -> list[Any]:
        return [append_rows(f, rows.num_fake, fills[name], rows.total) for name, f in piece.features.items()]

    components = rows_of(graph.context, constraints.total_num_components)
    is_first = tf.equal(tf.range(components.num_fake), 0)

    def pad_sizes(piece: Any, rows: _Rows, least: Any = 0) -> Any:
        least = tf.cast(least, dtype)
        first = rows.num_fake - least * (components.num_fake - 1)
        return with_rows(tf.concat([piece.sizes, tf.where(is_first, first, least)], 0), components.total)

    fields = [append_rows(graph.context.sizes, components.num_fake, tf.ones([], dtype), components.total)]
    fields += pad_features(graph.context, components, defaults["context"])
    least = dict(constraints.min_nodes_per_component)
    nodes = {}
    for name, node_set in graph.node_sets.items():
        nodes[name] = rows_of(node_set, total_of(name, "node", constraints))
        fields.append(pad_sizes(node_set, nodes[name], least.get(name, 0)))
        fields += pad_features(node_set, nodes[name], defaults["node", name])
    for name, edge_set in graph.edge_sets.items():
        rows = rows_of(edge_set, total_of(name, "edge", constraints))
        fields.append(pad_sizes(edge_set, rows))
        for node_set_name, index in edge_set.adjacency.get_indices_dict().values():
            first = graph.node_sets[node_set_name].total_size
            ends = _spread(first, first + nodes[node_set_name].num_fake, rows.num_fake)
            fields.append(with_rows(tf.concat([index, ends], 0), rows.total))
        fields += pad_features(edge_set, rows, defaults["edge", name])
    num_real = tf.size(graph.context.sizes)
    mask = tf.range(num_real + tf.cast(components.num_fake, tf.int32)) < num_real
    return GraphTensor._from_fields(graph._structure(), fields), with_rows(mask, components.total)


def _spread(begin: tf.Tensor, end: tf.Tensor, num: tf.Tensor) -> tf.Tensor:
    """`num` integers from `begin` up to `end - 1`, in even steps."""
    steps = tf.linspace(tf.cast(begin, tf.float32), tf.cast(end, tf.float32), tf.maximum(num, 1))[:num]
    # float32 does not hold all large integers: none may leave the fake nodes.
    return tf.clip_by_value(tf.cast(steps, begin.dtype), begin, end - 1)


def _defaults(graph: GraphTensor, values: FeatureDefaultValues) -> dict[Any, dict[str, Any]]:
    """By "context", ("node", set name) or ("edge", set name): feature name -> scalar tensor."""
    result: dict[Any, dict[str, Any]] = {"context": _scalars(graph.context, values.context or {}, "the context")}
    for kind, pieces, given in (
        ("node", graph.node_sets, values.node_sets),
        ("edge", graph.edge_sets, values.edge_sets),
    ):
        given = given or {}
        for name in given:
            if name not in pieces:
                raise ValueError(
                    f"padding_values: the graph has no {kind} set {name!r}; its {kind} sets are {list(pieces)}."
                )
        for name, piece in pieces.items():
            result[kind, name] = _scalars(piece, given.get(name, {}), f"{kind} set {name!r}")
    return result


def _scalars(piece: Any, given: Mapping[str, Any], what: str) -> dict[str, Any]:
    for name in given:
        if name not in piece.features:
            raise ValueError(
                f"padding_values: {what} has no feature {name!r}; its features are {list(piece.features)}."
            )
    result = {}
    for name, feature in piece.features.items():
        dtype = _field.dtype_of(feature)
        try:
            value = tf.convert_to_tensor(given[name], dtype) if name in given else tf.zeros([], dtype)
        except (TypeError, ValueError) as e:
            raise type(e)(f"padding_values: {what}, feature {name!r} is {dtype.name}, but {e}") from e
        if value.shape.rank != 0:
            raise ValueError(
                f"padding_values: {what}, feature {name!r} needs a scalar, but got one of shape {value.shape}."
            )
        result[name] = value
    return result
