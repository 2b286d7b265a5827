"""`build_graph_tensor`: a GraphTensor of nodes and edges that are known by id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, final

import keras
import tensorflow as tf

from gnnkit._names import ID_NAME, SOURCE_NAME, TARGET_NAME
from gnnkit.experimental.sampler import _ragged
from gnnkit.graph import Adjacency, Context, EdgeSet, GraphTensor, NodeSet
from gnnkit.keras.layers import GraphLayer

Features = Mapping[str, Any]
Sets = Mapping[str, Features | list[Features]]


def build_graph_tensor(
    *,
    context: Features | None = None,
    node_sets: Sets | None = None,
    edge_sets: Sets | None = None,
    indices_dtype: Any = tf.int32,
    validate: bool = True,
    remove_parallel_edges: bool = True,
) -> GraphTensor:
    """Builds graphs of shape `[B]`, of one component each, from features that know nodes by id.

    context: features `[B, 1, ...]`, dense or ragged.
    node_sets: name -> features `[B, (V), ...]`, among them `#id`; or a list of such, whose nodes are put together.
    edge_sets: `"<source node set>,<edge set>,<target node set>"` -> features `[B, (E), ...]`, among them `#source` and
      `#target`, ids of nodes; or a list of such. A node set that edges name and `node_sets` does not is made of their
      ids, in the order of their occurrence.
    indices_dtype: of sizes and indices.
    validate: whether to check that ids of a node set differ, and that edges lead to nodes that are there.
    remove_parallel_edges: keep only the first of the edges between the same two nodes.

    Raises ValueError for features that are missing or do not fit; with `validate`, tf.errors.InvalidArgumentError,
    naming the set, for ids.

    >>> graph = build_graph_tensor(edge_sets={"a,e,a": {
    ...     "#source": tf.ragged.constant([["x", "x", "y"], ["x"]]),
    ...     "#target": tf.ragged.constant([["x", "y", "x"], ["y"]])}})
    >>> graph.node_sets["a"]["#id"].to_list(), graph.edge_sets["e"].adjacency.target.to_list()
    ([[b'x', b'y'], [b'x', b'y']], [[0, 1, 0], [1]])
    """
    builder = GraphTensorBuilder(
        indices_dtype=tf.as_dtype(indices_dtype).name, validate=validate, remove_parallel_edges=remove_parallel_edges
    )
    pieces = {"context": dict(context or {}), "node_sets": dict(node_sets or {}), "edge_sets": dict(edge_sets or {})}
    symbolic = any(isinstance(x, keras.KerasTensor) for x in keras.tree.flatten(pieces))
    return builder(pieces) if symbolic else builder.call(pieces)


@final
@keras.saving.register_keras_serializable("gnnkit")
class GraphTensorBuilder(GraphLayer):
    """The layer that `build_graph_tensor` is in functional models."""

    def __init__(
        self,
        *,
        indices_dtype: str = "int32",
        validate: bool = True,
        remove_parallel_edges: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._indices_dtype, self._validate, self._single = indices_dtype, validate, remove_parallel_edges

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "indices_dtype": self._indices_dtype,
            "validate": self._validate,
            "remove_parallel_edges": self._single,
        }

    @tf.autograph.experimental.do_not_convert
    def call(self, pieces: Mapping[str, Any]) -> GraphTensor:
        context, node_sets, edge_sets = (pieces[name] for name in ("context", "node_sets", "edge_sets"))
        if not (context or node_sets or edge_sets):
            raise ValueError("build_graph_tensor: got no features. Pass context, node_sets or edge_sets.")
        nodes = {name: _together(f"Node set {name!r}", f, [ID_NAME]) for name, f in node_sets.items()}
        edges = {
            _ends(key): _together(f"Edge set {key!r}", f, [SOURCE_NAME, TARGET_NAME]) for key, f in edge_sets.items()
        }
        splits_dtype = _widest(x.row_splits.dtype for f in (*nodes.values(), *edges.values()) for x in f.values())
        nodes, edges = _with_splits(nodes, splits_dtype), _with_splits(edges, splits_dtype)
        ids = self._ids(nodes, edges)
        known = {
            name: {**nodes.get(name, {}), ID_NAME: ids[name]} for name in (*nodes, *(n for n in ids if n not in nodes))
        }
        some = next(x for f in (*known.values(), *edges.values(), context) for x in f.values())
        static = some.shape[0]
        batch = some.nrows() if isinstance(some, tf.RaggedTensor) else tf.shape(some)[0]
        dtype = tf.as_dtype(self._indices_dtype)
        ones = tf.ensure_shape(tf.ones([batch, 1], dtype), [static, 1])
        return GraphTensor.from_pieces(
            Context.from_fields(features={name: _context(name, x) for name, x in context.items()}, sizes=ones),
            {name: NodeSet.from_fields(features=f, sizes=_sizes(f[ID_NAME], dtype)) for name, f in known.items()},
            {ends[1]: self._edge_set(ends, f, ids, dtype) for ends, f in edges.items()},
        )

    def _ids(self, nodes: Any, edges: Any) -> dict[str, tf.RaggedTensor]:
        """Node set -> the ids of its nodes, `[B, (V)]`."""
        used: dict[str, list[tf.RaggedTensor]] = {name: [] for name in nodes}
        for (source, _, target), features in edges.items():
            used.setdefault(source, []).append(features[SOURCE_NAME])
            used.setdefault(target, []).append(features[TARGET_NAME])
        result = {}
        for name, values in used.items():
            what = f"Node set {name!r}"
            if name not in nodes:
                result[name] = _ragged.ragged_unique(concat_ids(what, values))
                continue
            result[name] = ids = nodes[name][ID_NAME]
            if self._validate:
                sizes, different = ids.row_lengths(), _ragged.ragged_unique(ids).row_lengths()
                text = f"{what}: an {ID_NAME} occurs more than once in a graph. Numbers of nodes, and of different ids:"
                checks = _ragged._assert(tf.reduce_all(sizes == different), [text, sizes, different])
                with tf.control_dependencies(checks):
                    result[name] = ids.with_values(tf.identity(ids.values))
        return result

    def _edge_set(self, ends: tuple[str, str, str], features: Any, ids: Any, dtype: tf.DType) -> EdgeSet:
        source_set, name, target_set = ends
        indices = []
        for tag, node_set in ((SOURCE_NAME, source_set), (TARGET_NAME, target_set)):
            what = f"Edge set {name!r}: {tag} in node set {node_set!r}"
            values, known = _same_ids(what, features[tag], ids[node_set])
            found = _ragged.lookup(values, known, global_indices=False, validate=self._validate, what=what)
            indices.append(found)
        kept = {key: x for key, x in features.items() if key not in (SOURCE_NAME, TARGET_NAME)}
        if self._single:
            indices, kept = _without_parallel(indices, kept, ids[target_set])
        source, target = (x.with_values(tf.cast(x.values, dtype)) for x in indices)
        return EdgeSet.from_fields(
            features=kept,
            sizes=_sizes(source, dtype),
            adjacency=Adjacency.from_indices(source=(source_set, source), target=(target_set, target)),
        )


def concat_ids(what: str, values: Sequence[tf.RaggedTensor]) -> tf.RaggedTensor:
    """Ids side by side, integers in the widest of their dtypes."""
    dtypes = {x.dtype for x in values}
    if len(dtypes) > 1:
        if not all(dtype.is_integer for dtype in dtypes):
            raise ValueError(f"{what}: ids must have one dtype, but have {sorted(dtype.name for dtype in dtypes)}.")
        values = [x.with_values(tf.cast(x.values, tf.int64)) for x in values]
    return values[0] if len(values) == 1 else tf.concat(values, axis=1)


def _same_ids(what: str, values: tf.RaggedTensor, known: tf.RaggedTensor) -> tuple[tf.RaggedTensor, tf.RaggedTensor]:
    if values.dtype == known.dtype:
        return values, known
    if not (values.dtype.is_integer and known.dtype.is_integer):
        raise ValueError(f"{what}: edges have {values.dtype.name} ids, but nodes {known.dtype.name}.")
    return tuple(x.with_values(tf.cast(x.values, tf.int64)) for x in (values, known))  # type: ignore[return-value]


def _together(what: str, parts: Any, needed: Sequence[str]) -> dict[str, tf.RaggedTensor]:
    """The features of a set, of which there may be a list."""
    parts = list(parts) if isinstance(parts, (list, tuple)) else [parts]
    for features in parts:
        for name in needed:
            if name not in features:
                raise ValueError(f"{what} has no feature {name!r}, but {sorted(features)}.")
        for name, value in features.items():
            if not isinstance(value, tf.RaggedTensor):
                raise ValueError(
                    f"{what}: feature {name!r} must be ragged, [batch, (items), ...], but is a {type(value).__name__} of "
                    f"shape {getattr(value, 'shape', None)}. Convert it by tf.RaggedTensor.from_tensor."
                )
        if set(features) != set(parts[0]):
            raise ValueError(f"{what}: the features of its parts differ: {sorted(parts[0])} and {sorted(features)}.")
    if not parts:
        raise ValueError(f"{what} is an empty list. Leave it out, or give it features without items.")
    joined = {}
    for name, first in parts[0].items():
        values = [features[name] for features in parts]
        joined[name] = concat_ids(what, values) if name in needed else tf.concat(values, 1) if len(parts) > 1 else first
    return joined


def _ends(key: str) -> tuple[str, str, str]:
    names = key.split(",")
    if len(names) != 3:
        raise ValueError(f'Edge sets are named "<source node set>,<edge set>,<target node set>", but one is {key!r}.')
    return names[0], names[1], names[2]


def _with_splits(sets: dict[Any, dict[str, Any]], dtype: tf.DType) -> dict[Any, dict[str, Any]]:
    return {name: {k: x.with_row_splits_dtype(dtype) for k, x in features.items()} for name, features in sets.items()}


def _widest(dtypes: Any) -> tf.DType:
    return tf.int32 if {*dtypes} == {tf.int32} else tf.int64


def _context(name: str, value: Any) -> Any:
    if value.shape.rank is not None and value.shape.rank < 2:
        raise ValueError(f"Context feature {name!r} must have shape [batch, 1, ...], but has {value.shape}.")
    return value


def _sizes(ragged: tf.RaggedTensor, dtype: tf.DType) -> tf.Tensor:
    return tf.ensure_shape(tf.cast(ragged.row_lengths(), dtype)[:, tf.newaxis], [ragged.shape[0], 1])


def _without_parallel(
    indices: list[tf.RaggedTensor], features: dict[str, Any], target_ids: tf.RaggedTensor
) -> tuple[list[tf.RaggedTensor], dict[str, Any]]:
    """The first edge of each pair of nodes."""
    source, target = indices
    most = tf.reduce_max(tf.concat([[1], tf.cast(target_ids.row_lengths(), tf.int64)], 0))
    pairs = source.with_values(tf.cast(source.values, tf.int64) * most + tf.cast(target.values, tf.int64))
    kept = _ragged.ragged_unique(pairs)
    # Where each pair occurs first, in the flat list of edges.
    first = _ragged.lookup(kept, pairs, global_indices=True, validate=False, what="Parallel edges").values

    def take(x: tf.RaggedTensor) -> tf.RaggedTensor:
        return tf.RaggedTensor.from_row_splits(tf.gather(x.values, first), kept.row_splits, validate=False)

    return [take(source), take(target)], {name: take(x) for name, x in features.items()}
