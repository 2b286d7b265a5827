"""Pooling: edge values to nodes or context, node values to context."""

import functools
from typing import Any

import tensorflow as tf

from gnnkit._names import CONTEXT, SOURCE, TARGET
from gnnkit.graph import GraphTensor, _field
from gnnkit.graph._symbolic import graph_function
from gnnkit.ops import _primitives
from gnnkit.ops._broadcast import broadcast
from gnnkit.ops._message_factors import scale_messages
from gnnkit.ops._neighbors import pool_without_rows
from gnnkit.ops._reductions import reduce_segments
from gnnkit.ops._resolve import (
    Segments,
    Sets,
    check_alike,
    check_tag,
    get_edge_set,
    resolve_segments,
    resolve_value,
)


@graph_function
def pool_edges_to_node(
    graph_tensor: GraphTensor,
    edge_set_name: str,
    node_tag: int,
    reduce_type: str = "sum",
    *,
    feature_value: Any = None,
    feature_name: str | None = None,
) -> Any:
    """Reduces the values of the edges at each node.

    graph_tensor: a scalar graph.
    edge_set_name: the edges.
    node_tag: the end whose nodes receive: `SOURCE` or `TARGET`.
    reduce_type: one of `get_registered_reduce_operation_names()`, or several joined by `|`.
    feature_value: `[E, ...]`, or feature_name: a feature of the edge set. Exactly one.

    Returns `[V, ...]`. A node without edges gets 0 for sum and mean, 1 for prod, the lowest (highest) value of the
    dtype for max (min), 0 for max_no_inf and min_no_inf.
    KeyError: unknown set, feature or reduce type. ValueError: a wrong tag, or a batched graph.

    >>> import gnnkit
    >>> graph = gnnkit.homogeneous([0, 0, 1], [2, 2, 1], node_features={"x": [0, 0, 0]}, edge_features={"w": [1, 2, 4]})
    >>> gnnkit.pool_edges_to_node(graph, "edges", gnnkit.TARGET, "sum", feature_name="w").numpy().tolist()
    [0, 4, 3]
    """
    fn = "pool_edges_to_node"
    segments = resolve_segments(
        graph_tensor, fn, node_tag, edge_set_name=edge_set_name, single=True, allow_context=False
    )
    return _pool(segments, fn, reduce_type, feature_value, feature_name)


@graph_function
def pool_nodes_to_context(
    graph_tensor: GraphTensor,
    node_set_name: str,
    reduce_type: str = "sum",
    *,
    feature_value: Any = None,
    feature_name: str | None = None,
) -> Any:
    """Reduces the values of the nodes of each component: `[V, ...]` to `[C, ...]`. See `pool_edges_to_node`."""
    fn = "pool_nodes_to_context"
    segments = resolve_segments(graph_tensor, fn, CONTEXT, node_set_name=node_set_name, single=True)
    return _pool(segments, fn, reduce_type, feature_value, feature_name)


@graph_function
def pool_edges_to_context(
    graph_tensor: GraphTensor,
    edge_set_name: str,
    reduce_type: str = "sum",
    *,
    feature_value: Any = None,
    feature_name: str | None = None,
) -> Any:
    """Reduces the values of the edges of each component: `[E, ...]` to `[C, ...]`. See `pool_edges_to_node`."""
    fn = "pool_edges_to_context"
    segments = resolve_segments(graph_tensor, fn, CONTEXT, edge_set_name=edge_set_name, single=True)
    return _pool(segments, fn, reduce_type, feature_value, feature_name)


@graph_function
def pool(
    graph_tensor: GraphTensor,
    to_tag: int | str,
    *,
    edge_set_name: Any = None,
    node_set_name: Any = None,
    reduce_type: str,
    feature_value: Any = None,
    feature_name: str | None = None,
) -> Any:
    """Pools to nodes (`SOURCE`, `TARGET`) or to the context, from one set or from several as if they were one.

    edge_set_name or node_set_name: a name, or a sequence of names; then feature_value is a sequence alike, and all
    edge sets must have the same node set at `to_tag`.
    Other arguments, results and errors: see `pool_edges_to_node`.
    """
    segments = resolve_segments(graph_tensor, "pool", to_tag, edge_set_name=edge_set_name, node_set_name=node_set_name)
    return _pool(segments, "pool", reduce_type, feature_value, feature_name)


def _pool(segments: Segments, fn: str, reduce_type: str, feature_value: Any, feature_name: str | None) -> Any:
    values = resolve_values(segments.sets, fn, feature_value, feature_name)
    if segments.sets.are_edges:
        values = [scale_messages(name, value) for name, value in zip(segments.sets.names, values, strict=True)]
    return reduce_segments(reduce_type, values, segments.ids, segments.num)


def resolve_values(sets: Sets, fn: str, feature_value: Any, feature_name: str | None) -> list[Any]:
    """One value a set, all alike."""
    if feature_value is not None:
        is_sequence = isinstance(feature_value, (list, tuple))
        if not sets.was_sequence and is_sequence:
            # Plain nested lists of numbers are one value.
            is_sequence = any(map(_field.is_field, feature_value))
        if is_sequence != sets.was_sequence:
            raise ValueError(
                f"{fn}: feature_value must be a sequence exactly if the set names are one, "
                f"but got {type(feature_value).__name__} for {sets.names}."
            )
        given = list(feature_value) if sets.was_sequence else [feature_value]
        if len(given) != len(sets.names):
            raise ValueError(f"{fn}: got {len(given)} feature values for {len(sets.names)} sets {sets.names}.")
    else:
        given = [None] * len(sets.names)
    values = [
        resolve_value(piece, label, fn, value, feature_name)
        for label, piece, value in zip(sets.labels, sets.pieces, given, strict=True)
    ]
    for label, value in zip(sets.labels, values, strict=True):
        dtype = _field.dtype_of(value)
        if not _is_number(dtype):
            what = "feature_value" if feature_name is None else f"feature {feature_name!r}"
            raise TypeError(f"{fn}: {what} of {label} is {dtype.name}; expected numbers. Convert it first.")
    check_alike(values, sets.names, fn)
    return values


@functools.lru_cache
def _is_number(dtype: tf.DType) -> bool:
    return dtype.is_floating or dtype.is_integer or dtype.is_complex


@graph_function
def pool_neighbors_to_node(
    graph_tensor: GraphTensor,
    edge_set_name: Any,
    to_tag: int,
    *,
    reduce_type: str,
    from_tag: int | None = None,
    feature_value: Any = None,
    feature_name: str | None = None,
) -> Any:
    """Reduces the values of each node's neighbours: a broadcast from `from_tag` (the other end) and a pool to `to_tag`.

    edge_set_name: a name, or a sequence of names with the same node sets at both tags.
    feature_value: `[V_from, ...]`, or feature_name: a feature of the neighbours' node set.
    Returns `[V_to, ...]`. Other arguments and errors: see `pool_edges_to_node`.
    """
    check_tag(to_tag, "pool_neighbors_to_node", allow_context=False)
    from_tag = reverse_tag(to_tag) if from_tag is None else from_tag
    check_tag(from_tag, "pool_neighbors_to_node", allow_context=False)
    value = broadcast(
        graph_tensor, from_tag, edge_set_name=edge_set_name, feature_value=feature_value, feature_name=feature_name
    )
    names = [edge_set_name] if isinstance(edge_set_name, str) else edge_set_name
    node_set = graph_tensor.node_sets[graph_tensor.edge_sets[names[0]].adjacency.node_set_name(from_tag)]
    states = feature_value if feature_name is None else node_set[feature_name]
    pooled = pool_without_rows(graph_tensor, names, to_tag, from_tag, reduce_type, states)
    if pooled is not None:
        return pooled  # TensorFlow leaves the broadcast out then.
    return pool(graph_tensor, to_tag, edge_set_name=edge_set_name, reduce_type=reduce_type, feature_value=value)


@graph_function
def pool_neighbors_to_node_feature(
    graph_tensor: GraphTensor,
    edge_set_name: Any,
    to_tag: int,
    *,
    reduce_type: str,
    from_tag: int | None = None,
    feature_name: str,
    to_feature_name: str | None = None,
) -> GraphTensor:
    """The graph with `pool_neighbors_to_node` stored as a feature of the receiving node set.

    to_feature_name: its name there; `feature_name` by default. A feature of that name is replaced.
    """
    fn = "pool_neighbors_to_node_feature"
    value = pool_neighbors_to_node(
        graph_tensor, edge_set_name, to_tag, reduce_type=reduce_type, from_tag=from_tag, feature_name=feature_name
    )
    first = edge_set_name if isinstance(edge_set_name, str) else edge_set_name[0]
    name = get_edge_set(graph_tensor, fn, first).adjacency.node_set_name(to_tag)
    features = {**graph_tensor.node_sets[name].features, to_feature_name or feature_name: value}
    return graph_tensor.replace_features(node_sets={name: features})


def reverse_tag(tag: int) -> int:
    """`SOURCE` for `TARGET` and the other way round. ValueError for another tag."""
    if tag == SOURCE and not isinstance(tag, bool):
        return TARGET
    if tag == TARGET and not isinstance(tag, bool):
        return SOURCE
    raise ValueError(f"reverse_tag: expected gnnkit.SOURCE (0) or gnnkit.TARGET (1), but got {tag!r}.")


@graph_function
def node_degree(graph_tensor: GraphTensor, edge_set_name: str, node_tag: int) -> Any:
    """The number of edges at each node, at the end `node_tag`: `[V]` of the graph's indices_dtype."""
    segments = resolve_segments(
        graph_tensor, "node_degree", node_tag, edge_set_name=edge_set_name, single=True, allow_context=False
    )
    return _primitives.segment_count(segments.ids[0], segments.num, graph_tensor.indices_dtype)
