"""`InMemUniformEdgesSampler`: edges of a graph in memory."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import Any, final

import keras
import numpy as np
import tensorflow as tf

from gnnkit._names import SOURCE, SOURCE_NAME, TARGET_NAME
from gnnkit.experimental.sampler import _ragged
from gnnkit.experimental.sampler._in_mem_features import check_indices, columns, num_rows
from gnnkit.experimental.sampler._interfaces import OutgoingEdgesSampler
from gnnkit.graph import Adjacency, GraphTensor, check_scalar_graph_tensor
from gnnkit.keras.layers import GraphLayer


@final
@keras.saving.register_keras_serializable("gnnkit")
class InMemUniformEdgesSampler(GraphLayer, OutgoingEdgesSampler):
    """Samples up to `sample_size` edges of each node, uniformly without replacement, in O(sample_size).

    num_source_nodes: V. source: int `[E]` in `[0, V)`; target: `[E]`, ids of any type; edge_features: `[E, ...]`.
    sample_size: a node with fewer edges gets all of them.
    edge_set_name: the name of the layer, if None.
    seed: of the random operation, as in `tf.random.uniform`.

    Called with source_node_ids, int `[B, (N)]`, it returns a dict of `#source`, `#target` and the edge features, each
    `[B, (edges), ...]`. Layers made of the same tensors share one index of 8 bytes an edge and 8 bytes a node.

    Raises ValueError for shapes that do not fit and for sources outside of `[0, V)`; when called,
    tf.errors.InvalidArgumentError for ids outside of it. The layer holds the graph, and cannot be stored by its config.

    >>> cites = InMemUniformEdgesSampler(
    ...     2, source=[1, 0, 1], target=[2, 1, 3], edge_features={"weight": [0.2, 0.1, 0.3]}, sample_size=2)
    >>> edges = cites(tf.ragged.constant([[0], [0, 1]]))
    >>> edges["#source"].to_list(), edges["#target"].to_list()
    ([[0], [0, 1, 1]], [[1], [1, 2, 3]])
    """

    def __init__(
        self,
        num_source_nodes: Any,
        source: Any,
        target: Any,
        edge_features: Mapping[str, Any] | None = None,
        *,
        sample_size: int,
        edge_set_name: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._edge_set_name, self._sample_size, self._seed = edge_set_name, sample_size, seed
        with tf.init_scope():
            self._source, self._target = tf.convert_to_tensor(source), tf.convert_to_tensor(target)
            self._features = columns(edge_features)
            self._index = _index_of(self._what, int(num_source_nodes), self._source)
        for name, value in ((TARGET_NAME, self._target), *self._features.items()):
            if num_rows(value) != self._source.shape[0]:
                raise ValueError(
                    f"{self._what}: there are {self._source.shape[0]} sources, but {name!r} has shape {value.shape}."
                )
        if reserved := {SOURCE_NAME, TARGET_NAME} & self._features.keys():
            raise ValueError(f"{self._what}: features cannot be called {sorted(reserved)}, as the ends of an edge are.")

    @classmethod
    def from_graph_tensor(
        cls,
        graph_tensor: GraphTensor,
        edge_set_name: str,
        *,
        sample_size: int,
        source_tag: int = SOURCE,
        seed: int | None = None,
        name: str | None = None,
    ) -> InMemUniformEdgesSampler:
        """A sampler of an edge set of a scalar graph, whose components are taken as one graph.

        source_tag: SOURCE, or TARGET to walk edges backwards.
        name: of the layer; `edge_set_name` if None.

        Raises KeyError for an unknown edge set, ValueError for a graph that is not scalar.
        """
        check_scalar_graph_tensor(graph_tensor, name="InMemUniformEdgesSampler.from_graph_tensor()")
        if edge_set_name not in graph_tensor.edge_sets:
            raise KeyError(f"There is no edge set {edge_set_name!r}; there are {sorted(graph_tensor.edge_sets)}.")
        edge_set = graph_tensor.edge_sets[edge_set_name]
        adjacency = edge_set.adjacency
        if not isinstance(adjacency, Adjacency):
            raise ValueError(f"Edge set {edge_set_name!r} has hyperedges. Only edges with two ends can be sampled.")
        if source_tag not in (0, 1):
            raise ValueError(f"source_tag must be SOURCE (0) or TARGET (1), but is {source_tag!r}.")
        ends = (adjacency.source, adjacency.target)
        names = (adjacency.source_name, adjacency.target_name)
        return cls(
            graph_tensor.node_sets[names[source_tag]].total_size,
            ends[source_tag],
            ends[1 - source_tag],
            dict(edge_set.features),
            sample_size=sample_size,
            edge_set_name=edge_set_name,
            seed=seed,
            name=name or edge_set_name,
        )

    @property
    def edge_set_name(self) -> str:
        return self._edge_set_name or self.name

    @property
    def sample_size(self) -> int:
        """The largest number of edges of a node."""
        return self._sample_size

    @property
    def edge_target_feature_name(self) -> str:
        return TARGET_NAME

    @property
    def resource_name(self) -> str:
        return self.name

    @property
    def _what(self) -> str:
        return f"Sampling edge set {self.edge_set_name!r}"

    @tf.autograph.experimental.do_not_convert
    def call(self, source_node_ids: tf.RaggedTensor) -> dict[str, Any]:
        _ragged.check_matrix(source_node_ids, f"{self._what}: source_node_ids")
        ids = source_node_ids.values
        check_indices(ids, self._what)
        ids = tf.cast(ids, tf.int64)
        edges, counts = self._index.draw(ids, self._sample_size, self._seed, self._what)
        ends = tf.concat([[tf.constant(0, tf.int64)], tf.cumsum(counts)], 0)
        splits = tf.gather(ends, source_node_ids.row_splits)
        splits = tf.ensure_shape(tf.cast(splits, source_node_ids.row_splits.dtype), source_node_ids.row_splits.shape)
        result = {SOURCE_NAME: self._source, TARGET_NAME: self._target, **self._features}
        return {
            name: tf.RaggedTensor.from_row_splits(tf.gather(values, edges), splits, validate=False)
            for name, values in result.items()
        }

    def get_config(self) -> dict[str, Any]:
        raise NotImplementedError(
            f"{self._what}: the layer holds the graph, which is too much for a config. Make it anew from the graph, and "
            "the model with it; save_model() writes a model with its graph as a SavedModel."
        )


@final
class _Index:
    """Edges by their source. splits: int64 `[V + 1]`. order: int64 `[E]`, edges. Both as NumPy arrays and as tensors."""

    def __init__(self, what: str, num_nodes: int, source: tf.Tensor) -> None:
        from gnnkit.experimental.sampler import _ragged_kernels

        array = source.numpy()
        if array.ndim != 1 or array.size and array.dtype.kind not in "iu":
            raise ValueError(f"{what}: source must be integers [E], but is {array.dtype} of shape {list(array.shape)}.")
        if array.size and (array.min() < 0 or array.max() >= num_nodes):
            bad = array.min() if array.min() < 0 else array.max()
            raise ValueError(f"{what}: source {bad} is not in [0, {num_nodes}), the number of source nodes.")
        self.source = source  # Keeps the id of the tensor in use.
        self._splits = np.zeros(num_nodes + 1, np.int64)
        self._order = np.empty(len(array), np.int64)
        _ragged_kernels.group_by_source(array, self._splits, self._order)
        self._tensors = tf.constant(self._splits), tf.constant(self._order)

    def draw(self, ids: tf.Tensor, size: int, seed: int | None, what: str) -> tuple[tf.Tensor, tf.Tensor]:
        """(edges of the nodes, one node after another, int64; how many of each, int64)."""
        splits, order = self._tensors
        known = tf.reduce_all((ids >= 0) & (ids < len(self._splits) - 1))
        text = f"{what}: a node id is not in [0, {len(self._splits) - 1}):"
        checks = _ragged._assert(known, [text, ids])
        with tf.control_dependencies(checks):
            starts = tf.gather(splits, ids)
        degrees = tf.gather(splits, ids + 1) - starts
        counts = tf.maximum(tf.minimum(degrees, size), 0)
        return tf.gather(order, _ragged.choose(counts, starts, degrees, seed)), counts


_INDICES: weakref.WeakValueDictionary[tuple[int, int], _Index] = weakref.WeakValueDictionary()


def _index_of(what: str, num_nodes: int, source: tf.Tensor) -> _Index:
    """The index of a tensor, which all samplers on it share while one of them lives."""
    key = (num_nodes, id(source))
    index = _INDICES.get(key)
    if index is None:
        _INDICES[key] = index = _Index(what, num_nodes, source)
    return index
