"""The elements of a dataset of sampled subgraphs: which seeds, in which epoch, to a GraphTensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast, final

import numpy as np
import tensorflow as tf

from gnnkit._names import SOURCE
from gnnkit.graph import Adjacency, EdgeSet, GraphTensor, GraphTensorSpec, NodeSet
from gnnkit.samplers._at_exit import Resting
from gnnkit.samplers._gather import in_numpy, shaped, take, to_field, types
from gnnkit.samplers._graph_tensor import layout_spec, to_tensor
from gnnkit.samplers._layout import READOUT, Layout, column_of
from gnnkit.samplers._order import epoch_seed
from gnnkit.samplers._plan import Plan
from gnnkit.samplers._sample import sample_roots
from gnnkit.samplers._source import Request, SeedSource
from gnnkit.samplers._store import GraphStore
from gnnkit.samplers._tables import Column


@final
class Elements:
    """Samples the graphs of a request; a pure function, in eager mode and in the functions of `tf.data`.

    seed, resample: see `dataset`. spec: of the graphs.
    """

    def __init__(self, store: GraphStore, request: Request, *, seed: int, resample: bool, dtype: tf.DType):
        source = cast(SeedSource, request.source)
        self._count = len(source)
        # Loads the kernel, or begins to compile it, here and not in a thread of tf.data.
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
    """The part of an element that NumPy makes, in an order that `_Assembly` knows: all sizes and indices in one array,
    their lengths, and features."""

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
        # Of each set, the columns that NumPy gathers.
        self.dense = {
            ("nodes", name): self._dense(store.tables.node_sets[name], names)
            for name, names in layout.node_features.items()
        }
        self.dense |= {
            ("edges", name): self._dense(store.tables.edge_sets[name], names)
            for name, names in layout.edge_features.items()
        }
        self.moved = self._dense(store.tables.node_sets[layout.seed_set or ""], layout.readout_features)
        # Whether TensorFlow needs rows to gather by.
        self.gathers = {
            (kind, name): len(names) > len(self.dense[kind, name])
            for kind, sets in (("nodes", layout.node_features), ("edges", layout.edge_features))
            for name, names in sets.items()
        }

    @staticmethod
    def _dense(table: Any, names: Sequence[str]) -> dict[str, Column]:
        columns = {name: column_of(table, name) for name in names}
        return {name: column for name, column in columns.items() if in_numpy(column)}

    def __call__(self, positions: np.ndarray, epoch: np.ndarray) -> list[np.ndarray]:
        seed = epoch_seed(self._seed, int(epoch)) if self._resample else self._seed
        roots, feature_rows = self._source.take(positions, seed)
        batch = sample_roots(self._store, self._plan, roots, seed)
        indices, result = [], []
        for name, nodes in batch.node_sets.items():
            indices.append(nodes.sizes)
            result += [nodes.rows] * self.gathers["nodes", name]
            result += [part for column in self.dense["nodes", name].values() for part in take(column, nodes.rows)]
        for name, edges in batch.edge_sets.items():
            dense, gathers = self.dense["edges", name], self.gathers["edges", name]
            rows = edges.rows.astype(np.int64, copy=False) if dense or gathers else edges.places
            indices += [edges.sizes, edges.source, edges.target]
            result += [rows] * gathers
            result += [part for column in dense.values() for part in take(column, rows)]
        if self._layout.readout:
            sizes = [len(batch.roots[0])] if self._plan.joint else np.diff(roots.starts) // len(batch.roots)
            indices += [np.asarray(sizes), *batch.roots]
            result += [roots.rows if self._layout.readout_features else roots.rows[:0]]
            result += [part for column in self.moved.values() for part in take(column, roots.rows)]
            result += [feature_rows[name] for name in self._layout.seed_features]
        lengths = np.array([len(part) for part in indices])
        # One array, as each one costs some 20 microseconds under the GIL on its way to TensorFlow.
        return [np.concatenate(indices, dtype=self._index, casting="same_kind"), lengths, *result]


@final
class _Assembly:
    """The part that TensorFlow makes: graphs of the arrays."""

    def __init__(self, store: GraphStore, layout: Layout, spec: Any, work: _Work):
        self._layout, self._spec, self._work = layout, spec, work
        self._sampled = Resting(work)
        self._tables = store.tables
        self._dtype = spec.indices_dtype
        self._dense_types: list[tf.DType] = [spec.indices_dtype, tf.int64]
        for kind, sets in (("nodes", layout.node_features), ("edges", layout.edge_features)):
            for name in sets:
                self._dense_types += [tf.int64] * work.gathers[kind, name]
                self._dense_types += [dtype for column in work.dense[kind, name].values() for dtype in types(column)]
        self._num_indices = len(layout.node_features) + 3 * len(layout.edge_features)
        if layout.readout:
            self._num_indices += 1 + len(layout.readout_edges)
            self._dense_types += [tf.int64, *(dtype for column in work.moved.values() for dtype in types(column))]
            self._dense_types += [tf.int64] * len(layout.seed_features)
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
        self._moved = {
            feature: to_tensor(column_of(seed_table, feature))
            for feature in layout.readout_features
            if feature not in work.moved
        }
        self._of_seeds = {feature: to_tensor(column) for feature, column in layout.seed_features.items()}

    def __call__(self, positions: tf.Tensor, epoch: tf.Tensor) -> GraphTensor:
        packed, lengths, *rest = tf.numpy_function(self._sampled, [positions, epoch], self._dense_types)
        indices = iter(tf.split(shaped(packed, [None]), shaped(lengths, [self._num_indices]), num=self._num_indices))
        arrays = iter(rest)
        nodes, edges = {}, {}
        for name, piece in self._layout.node_features.items():
            spec = self._spec.node_sets_spec[name]
            sizes = shaped(next(indices), spec.sizes_spec.shape)
            rows = shaped(next(arrays), [None]) if self._work.gathers["nodes", name] else None
            nodes[name] = NodeSet.from_fields(
                features=self._features("nodes", name, piece, spec, rows, arrays), sizes=sizes
            )
        for name, piece in self._layout.edge_features.items():
            spec = self._spec.edge_sets_spec[name]
            sizes = shaped(next(indices), spec.sizes_spec.shape)
            rows = shaped(next(arrays), [None]) if self._work.gathers["edges", name] else None
            source, target = next(indices), next(indices)
            adjacency = Adjacency.from_indices(
                source=(spec.adjacency_spec.source_name, source), target=(spec.adjacency_spec.target_name, target)
            )
            features = self._features("edges", name, piece, spec, rows, arrays)
            edges[name] = EdgeSet.from_fields(features=features, sizes=sizes, adjacency=adjacency)
        if self._layout.readout:
            self._readout(nodes, edges, indices, arrays)
        return GraphTensor.from_pieces(None, nodes, edges)

    def _features(
        self, kind: str, name: str, names: Sequence[str], spec: Any, rows: Any, arrays: Any
    ) -> dict[str, Any]:
        features = {}
        for feature in self._work.dense[kind, name]:
            features[feature] = to_field(arrays, spec[feature])
        for feature, column in self._gathered[kind, name].items():
            features[feature] = tf.gather(column, rows)
        return {feature: features[feature] for feature in names}

    def _readout(self, nodes: dict[str, NodeSet], edges: dict[str, EdgeSet], indices: Any, arrays: Any) -> None:
        spec = self._spec.node_sets_spec[READOUT]
        sizes = shaped(next(indices), spec.sizes_spec.shape)
        ends = [next(indices) for _ in self._layout.readout_edges]
        rows = shaped(next(arrays), [None])
        features = {feature: tf.gather(column, rows) for feature, column in self._moved.items()}
        for feature in self._work.moved:
            features[feature] = to_field(arrays, spec[feature])
        for feature, column in self._of_seeds.items():
            features[feature] = tf.gather(column, shaped(next(arrays), [None]))
        nodes[READOUT] = NodeSet.from_fields(
            features={name: _with_static_rows(value, spec[name]) for name, value in features.items()}, sizes=sizes
        )
        for (name, node_set), source in zip(self._layout.readout_edges.items(), ends, strict=True):
            source = shaped(source, self._spec.edge_sets_spec[name].adjacency_spec[SOURCE].shape)
            places = shaped(tf.range(tf.size(source, out_type=self._dtype), dtype=self._dtype), source.shape)
            adjacency = Adjacency.from_indices(source=(node_set, source), target=(READOUT, places))
            edges[name] = EdgeSet.from_fields(sizes=sizes, adjacency=adjacency)


def _with_static_rows(value: Any, spec: Any) -> Any:
    """A tensor with the static shape that its spec tells."""
    return value if isinstance(value, tf.RaggedTensor) else shaped(value, spec.shape)
