"""Random graphs of a spec, for tests and trials."""

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from gnnkit._names import CONTEXT, EDGES, NODES, SOURCE, TARGET
from gnnkit.graph import (
    Adjacency,
    AdjacencySpec,
    Context,
    EdgeSet,
    GraphTensor,
    GraphTensorSpec,
    HyperAdjacency,
    NodeSet,
    check_scalar_graph_tensor,
)
from gnnkit.io._iterate import iter_features
from gnnkit.io._random_layout import Dice, Layout
from gnnkit.io._validate import describe_feature

_ONE_COMPONENT = (1, 2)
_LETTERS = [chr(ord("A") + i) for i in range(26)]


def random_graph_tensor(
    spec: GraphTensorSpec,
    sample_dict: Mapping[tuple[str, str | None, str], Sequence[Any]] | None = None,
    row_lengths_range: tuple[int, int] = (2, 8),
    validate: bool = True,
    num_components_range: tuple[int, int] = _ONE_COMPONENT,
    *,
    seed: Any = None,
) -> GraphTensor:
    """Makes a random graph of a spec. In `tf.data` and `tf.function` each run makes another one.

    spec: of a scalar graph. Static numbers of components, nodes and edges are kept.
    sample_dict: (set type, set name, feature name) -> the values to draw from; the set name of the context is None.
        Other features hold floats in [0, 1), integers in [0, 100), booleans and single letters.
    row_lengths_range: (low, high), high excluded, of the nodes and edges of each component and of ragged rows.
    validate: whether to check the keys of `sample_dict`.
    num_components_range: (low, high), high excluded. If it is not the default, static numbers of components are not kept.
    seed: an int (or int tensor) that fixes the result; otherwise `tf.random.set_seed` applies.

    Edges stay within their component. Edge sets of `_readout` node sets are well formed: each key reads exactly one
    node for each readout node (static numbers of items of one key with several edge sets are not kept).

    ValueError: a spec of rank > 0, an empty range, a key of `sample_dict` that is no feature of the spec.

    >>> import gnnkit
    >>> schema = gnnkit.parse_schema('node_sets { key: "paper" value { features { key: "venue" value { '
    ...     'dtype: DT_STRING } } } } edge_sets { key: "cites" value { source: "paper" target: "paper" } }')
    >>> graph = gnnkit.random_graph_tensor(gnnkit.create_graph_spec_from_schema_pb(schema),
    ...     {("nodes", "paper", "venue"): ["KDD"]}, row_lengths_range=(3, 4))
    >>> graph.node_sets["paper"]["venue"].numpy().tolist()
    [b'KDD', b'KDD', b'KDD']
    """
    if not isinstance(spec, GraphTensorSpec):
        raise TypeError(f"random_graph_tensor: spec must be a GraphTensorSpec, but got {type(spec).__name__}.")
    check_scalar_graph_tensor(spec, "random_graph_tensor")
    _check_range("row_lengths_range", row_lengths_range)
    _check_range("num_components_range", num_components_range)
    samples = {(set_type, set_name or "", name): v for (set_type, set_name, name), v in (sample_dict or {}).items()}
    if validate:
        _check_keys(samples, spec)
    return _Drawing(spec, samples, row_lengths_range, num_components_range, Dice(seed)).graph()


def _check_range(name: str, value: tuple[int, int]) -> None:
    low, high = value
    if not 0 <= low < high:
        raise ValueError(f"random_graph_tensor: {name} must be (low, high) with 0 <= low < high, but got {value}.")


def _check_keys(samples: Mapping[tuple[str, str, str], Any], spec: GraphTensorSpec) -> None:
    known = [features[:3] for features in iter_features(spec)]
    for key in samples:
        if key not in known:
            raise ValueError(
                f"random_graph_tensor: sample_dict has the key {key}, but the spec has no such feature; it has {known}."
            )


class _Drawing:
    def __init__(
        self,
        spec: GraphTensorSpec,
        samples: Mapping[tuple[str, str, str], Sequence[Any]],
        row_lengths_range: tuple[int, int],
        num_components_range: tuple[int, int],
        dice: Dice,
    ) -> None:
        self._spec, self._samples, self._range, self._dice = spec, samples, row_lengths_range, dice
        self._num_components = spec.num_components
        if self._num_components is None or tuple(num_components_range) != _ONE_COMPONENT:
            self._num_components = dice.uniform([], *num_components_range)
        self._layout = Layout(spec, self._num_components, row_lengths_range, dice)

    def graph(self) -> GraphTensor:
        context = Context.from_fields(
            features=self._features(CONTEXT, "", self._spec.context_spec, self._num_components),
            sizes=tf.ones([self._num_components], self._spec.indices_dtype),
        )
        return GraphTensor.from_pieces(
            context,
            {name: self._node_set(name, piece) for name, piece in self._spec.node_sets_spec.items()},
            {name: self._edge_set(name, piece) for name, piece in self._spec.edge_sets_spec.items()},
        )

    def _node_set(self, name: str, spec: Any) -> NodeSet:
        sizes = self._layout.nodes[name]
        features = self._features(NODES, name, spec, tf.reduce_sum(sizes))
        return NodeSet.from_fields(sizes=self._index(sizes), features=features)

    def _edge_set(self, name: str, spec: Any) -> EdgeSet:
        sizes, indices = self._layout.edges[name]
        ends = {tag: (spec.adjacency_spec.node_set_name(tag), self._index(index)) for tag, index in indices.items()}
        if isinstance(spec.adjacency_spec, AdjacencySpec):
            adjacency: Any = Adjacency.from_indices(ends[SOURCE], ends[TARGET])
        else:
            adjacency = HyperAdjacency.from_indices(ends)
        features = self._features(EDGES, name, spec, tf.reduce_sum(sizes))
        return EdgeSet.from_fields(sizes=self._index(sizes), features=features, adjacency=adjacency)

    def _index(self, values: tf.Tensor) -> tf.Tensor:
        return tf.cast(values, self._spec.indices_dtype)

    def _features(self, set_type: str, set_name: str, spec: Any, rows: Any) -> dict[str, Any]:
        return {
            name: self._feature(set_type, set_name, name, field, rows) for name, field in spec.features_spec.items()
        }

    def _feature(self, set_type: str, set_name: str, name: str, spec: Any, rows: Any) -> Any:
        ragged_rank = spec.ragged_rank if isinstance(spec, tf.RaggedTensorSpec) else 0
        partitions = []  # (rows, their lengths or their one length), outermost first.
        for dim in spec.shape[1 : ragged_rank + 1]:
            lengths = self._dice.uniform([rows], *self._range) if dim is None else dim
            partitions.append((rows, lengths))
            rows = tf.reduce_sum(lengths) if dim is None else rows * dim
        inner = [self._dice.uniform([], *self._range) if dim is None else dim for dim in spec.shape[ragged_rank + 1 :]]
        samples = self._samples.get((set_type, set_name, name))
        value: Any = self._values(spec.dtype, [rows, *inner], samples, describe_feature(set_type, set_name, name))
        for nrows, lengths in reversed(partitions):
            if isinstance(lengths, int):
                value = tf.RaggedTensor.from_uniform_row_length(value, lengths, nrows)
            else:
                value = tf.RaggedTensor.from_row_lengths(value, lengths, validate=False)
        return value.with_row_splits_dtype(spec.row_splits_dtype) if ragged_rank else value

    def _values(self, dtype: tf.DType, shape: list[Any], samples: Sequence[Any] | None, what: str) -> tf.Tensor:
        if samples is not None:
            if not len(samples):
                raise ValueError(
                    f"{what}: sample_dict has no values to draw from. Leave the feature out, or give some."
                )
            try:
                known = tf.constant(samples, dtype)
            except (TypeError, ValueError) as error:
                raise type(error)(f"{what}: sample_dict has values that are no {dtype.name}: {error}") from error
            return tf.gather(known, self._dice.uniform(shape, 0, len(samples)))
        if dtype == tf.string:
            return tf.gather(_LETTERS, self._dice.uniform(shape, 0, len(_LETTERS)))
        if dtype.is_floating:
            wide = tf.float64 if dtype == tf.float64 else tf.float32
            return tf.cast(self._dice.uniform(shape, 0, 1, wide), dtype)
        limit = 2 if dtype == tf.bool else min(100, dtype.max)
        return tf.cast(self._dice.uniform(shape, 0, limit), dtype)
