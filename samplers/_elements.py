"""The elements of a dataset of sampled subgraphs: which seeds, in which epoch, to a GraphTensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast, final

import numpy as np
import tensorflow as tf

from gnnkit._names import SOURCE
from gnnkit.graph import Adjacency, EdgeSet, GraphTensor, GraphTensorSpec, NodeSet
from gnnkit.samplers._bytes_column import BytesColumn
from gnnkit.samplers._graph_tensor import layout_spec, to_tensor
from gnnkit.samplers._layout import READOUT, Layout, column_of
from gnnkit.samplers._order import epoch_seed
from gnnkit.samplers._plan import Plan
from gnnkit.samplers._sample import sample_roots
from gnnkit.samplers._source import Request, SeedSource
from gnnkit.samplers._store import GraphStore
from gnnkit.samplers._tables import RaggedColumn


@final
class Elements:
    """Samples the graphs of a request; a pure function, in eager mode and in the functions of `tf.data`.

    seed, resample: see `dataset`. spec: of the graphs.
    """

    def __init__(self, store: GraphStore, request: Request, *, seed: int, resample: bool, dtype: tf.DType):
        source = cast(SeedSource, request.source)
        self._count = len(source)
        # Compiles the kernel, once, here and not in a thread of tf.data.
        sample_roots(store, request.plan, source.take(np.arange(min(self._count, 1)), 0)[0], 0)
        work = _Work(store, request.plan, request.layout, source, seed=seed, resample=resample, dtype=dtype)
        self.spec: GraphTensorSpec = layout_spec(store.tables, request.layout, request.components, dtype)
        self._assembly = _Assembly(store, request.layout, self.spec, work)

    def __len__(self) -> int:
        """The number of seeds (or links, with their negatives)."""
        return self._count

    def __call__(self, positions: Any, epoch: Any) -> GraphTensor:
        """The graph of the seeds at `positions` (int64 `[B]`) in `epoch` (int64)."""
        return self._assembly(positions, epoch)


@final
class _Work:
    """The part of an element that NumPy makes: a flat list of arrays, in an order that `_Assembly` knows."""

    def __init__(
        self,
        store: GraphStore,
        plan: Plan,
        layout: Layout,
        source: SeedSource,
        *,
        seed: int,
        resample: bool,
        dtype: Any,
    ):
        self._store, self._plan, self._layout, self._source = store, plan, layout, source
        self._seed, self._resample = seed, resample
        self._index = np.dtype(dtype.as_numpy_dtype)
        # Numbers, and texts on disk, are gathered by NumPy; texts in memory and ragged rows by TensorFlow, without the GIL.
        self.dense = {
            ("nodes", name): self._dense(store.tables.node_sets[name], names)
            for name, names in layout.node_features.items()
        }
        self.dense |= {
            ("edges", name): self._dense(store.tables.edge_sets[name], names)
            for name, names in layout.edge_features.items()
        }
        # Whether TensorFlow needs rows to gather by.
        self.gathers = {
            (kind, name): len(names) > len(self.dense[kind, name])
            for kind, sets in (("nodes", layout.node_features), ("edges", layout.edge_features))
            for name, names in sets.items()
        }

    @staticmethod
    def _dense(table: Any, names: Sequence[str]) -> dict[str, np.ndarray]:
        columns = {name: column_of(table, name) for name in names}
        return {
            name: column
            for name, column in columns.items()
            if isinstance(column, BytesColumn)
            or not isinstance(column, RaggedColumn)
            and column.dtype.kind not in "OSU"
        }

    def __call__(self, positions: np.ndarray, epoch: np.ndarray) -> list[np.ndarray]:
        seed = epoch_seed(self._seed, int(epoch)) if self._resample else self._seed
        roots, feature_rows = self._source.take(positions, seed)
        batch = sample_roots(self._store, self._plan, roots, seed)
        result = []
        for name, nodes in batch.node_sets.items():
            result.append(nodes.sizes.astype(self._index))
            result += [nodes.rows] * self.gathers["nodes", name]
            result += [column.take(nodes.rows, axis=0) for column in self.dense["nodes", name].values()]
        for name, edges in batch.edge_sets.items():
            dense, gathers = self.dense["edges", name], self.gathers["edges", name]
            rows = edges.rows.astype(np.int64, copy=False) if dense or gathers else edges.places
            result += [edges.sizes.astype(self._index), *[rows] * gathers]
            result += [edges.source.astype(self._index), edges.target.astype(self._index)]
            result += [column.take(rows, axis=0) for column in dense.values()]
        if self._layout.readout:
            sizes = [len(batch.roots[0])] if self._plan.joint else np.diff(roots.starts) // len(batch.roots)
            result.append(np.asarray(sizes, self._index))
            result += [ends.astype(self._index) for ends in batch.roots]
            result += [roots.rows if self._layout.readout_features else roots.rows[:0]]
            result += [feature_rows[name] for name in self._layout.seed_features]
        return result


@final
class _Assembly:
    """The part that TensorFlow makes: graphs of the arrays."""

    def __init__(self, store: GraphStore, layout: Layout, spec: Any, work: _Work):
        self._layout, self._spec, self._work = layout, spec, work
        self._tables = store.tables
        self._dtype = spec.indices_dtype
        self._dense_types: list[tf.DType] = []
        for name in layout.node_features:
            dense = work.dense["nodes", name].values()
            self._dense_types += [self._dtype, *[tf.int64] * work.gathers["nodes", name]]
            self._dense_types += [tf.as_dtype(column.dtype) for column in dense]
        for name in layout.edge_features:
            dense = work.dense["edges", name].values()
            self._dense_types += [self._dtype, *[tf.int64] * work.gathers["edges", name], self._dtype, self._dtype]
            self._dense_types += [tf.as_dtype(column.dtype) for column in dense]
        if layout.readout:
            self._dense_types += [self._dtype] * (1 + len(layout.readout_edges))
            self._dense_types += [tf.int64] * (1 + len(layout.seed_features))
        # Made here, eagerly, so that a column becomes a tensor once and not in every trace.
        self._gathered = {
            (kind, name): {
                feature: to_tensor(column_of(table, feature))
                for feature in names
                if feature not in work.dense[kind, name]
            }
            for kind, sets, tables in (
                ("nodes", layout.node_features, self._tables.node_sets),
                ("edges", layout.edge_features, self._tables.edge_sets),
            )
            for name, names in sets.items()
            for table in [tables[name]]
        }
        seed_table = self._tables.node_sets[layout.seed_set or ""]
        self._moved = {feature: to_tensor(column_of(seed_table, feature)) for feature in layout.readout_features}
        self._of_seeds = {feature: to_tensor(column) for feature, column in layout.seed_features.items()}

    def __call__(self, positions: tf.Tensor, epoch: tf.Tensor) -> GraphTensor:
        arrays = iter(tf.numpy_function(self._work, [positions, epoch], self._dense_types))
        nodes, edges = {}, {}
        for name, piece in self._layout.node_features.items():
            spec = self._spec.node_sets_spec[name]
            sizes = _shaped(next(arrays), spec.sizes_spec.shape)
            rows = _shaped(next(arrays), [None]) if self._work.gathers["nodes", name] else None
            nodes[name] = NodeSet.from_fields(
                features=self._features("nodes", name, piece, spec, rows, arrays), sizes=sizes
            )
        for name, piece in self._layout.edge_features.items():
            spec = self._spec.edge_sets_spec[name]
            sizes = _shaped(next(arrays), spec.sizes_spec.shape)
            rows = _shaped(next(arrays), [None]) if self._work.gathers["edges", name] else None
            source, target = _shaped(next(arrays), [None]), _shaped(next(arrays), [None])
            adjacency = Adjacency.from_indices(
                source=(spec.adjacency_spec.source_name, source), target=(spec.adjacency_spec.target_name, target)
            )
            features = self._features("edges", name, piece, spec, rows, arrays)
            edges[name] = EdgeSet.from_fields(features=features, sizes=sizes, adjacency=adjacency)
        if self._layout.readout:
            self._readout(nodes, edges, arrays)
        return GraphTensor.from_pieces(None, nodes, edges)

    def _features(
        self, kind: str, name: str, names: Sequence[str], spec: Any, rows: Any, arrays: Any
    ) -> dict[str, Any]:
        features = {}
        for feature in self._work.dense[kind, name]:
            features[feature] = _shaped(next(arrays), spec[feature].shape)
        for feature, column in self._gathered[kind, name].items():
            features[feature] = tf.gather(column, rows)
        return {feature: features[feature] for feature in names}

    def _readout(self, nodes: dict[str, NodeSet], edges: dict[str, EdgeSet], arrays: Any) -> None:
        spec = self._spec.node_sets_spec[READOUT]
        sizes = _shaped(next(arrays), spec.sizes_spec.shape)
        ends = [next(arrays) for _ in self._layout.readout_edges]
        rows = _shaped(next(arrays), [None])
        features = {feature: tf.gather(column, rows) for feature, column in self._moved.items()}
        for feature, column in self._of_seeds.items():
            features[feature] = tf.gather(column, _shaped(next(arrays), [None]))
        nodes[READOUT] = NodeSet.from_fields(
            features={name: _with_static_rows(value, spec[name]) for name, value in features.items()}, sizes=sizes
        )
        for (name, node_set), source in zip(self._layout.readout_edges.items(), ends, strict=True):
            source = _shaped(source, self._spec.edge_sets_spec[name].adjacency_spec[SOURCE].shape)
            places = _shaped(tf.range(tf.size(source, out_type=self._dtype), dtype=self._dtype), source.shape)
            adjacency = Adjacency.from_indices(source=(node_set, source), target=(READOUT, places))
            edges[name] = EdgeSet.from_fields(sizes=sizes, adjacency=adjacency)


def _shaped(value: tf.Tensor, shape: Any) -> tf.Tensor:
    """A tensor that NumPy made in `_Work`, with the shape that it is known to have: without an operation to check it."""
    value.set_shape(shape)
    return value


def _with_static_rows(value: Any, spec: Any) -> Any:
    """A tensor with the static shape that its spec tells."""
    return value if isinstance(value, tf.RaggedTensor) else _shaped(value, spec.shape)
