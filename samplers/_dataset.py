"""Sampled subgraphs as a `tf.data.Dataset`."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, Unpack, cast, final

import numpy as np
import tensorflow as tf

from gnnkit._names import SOURCE
from gnnkit.graph import Adjacency, EdgeSet, GraphTensor, NodeSet
from gnnkit.samplers._bytes_column import BytesColumn
from gnnkit.samplers._graph_tensor import layout_spec, to_tensor
from gnnkit.samplers._layout import READOUT, Features, Layout, column_of
from gnnkit.samplers._order import epoch_order, epoch_seed
from gnnkit.samplers._plan import Plan, PlanOptions
from gnnkit.samplers._sample import sample_roots
from gnnkit.samplers._seeds import Negatives
from gnnkit.samplers._source import SeedSource, resolve_request
from gnnkit.samplers._store import GraphStore
from gnnkit.samplers._tables import RaggedColumn


def dataset(
    store: GraphStore,
    spec: Any,
    seeds: Any = None,
    *,
    batch_size: int | None = None,
    drop_remainder: bool = False,
    shuffle: bool = False,
    seed: int = 0,
    repeat: int | None = 1,
    resample: bool = False,
    start_epoch: int = 0,
    start_batch: int = 0,
    features: Features = None,
    readout: bool = False,
    readout_features: Sequence[str] = (),
    input_context: tf.distribute.InputContext | None = None,
    num_threads: int | None = None,
    prefetch: int = 2,
    indices_dtype: Any = "int32",
    negatives: Negatives | None = None,
    **options: Unpack[PlanOptions],
) -> tf.data.Dataset:
    """Samples subgraphs around seeds, in threads that run ahead of the consumer.

    The elements, and their order, are the same for any number of threads. What is sampled for a seed does not depend on
    the batch size or on other seeds.

    store: the graph. spec: a SamplingSpec, the path of one, or a `Plan`.
    seeds: int `[N]`, rows of the seed node set; or its ids, bytes or text; None for all nodes; or `NodeSeeds`, or, for a
      spec with symmetric_link_seed_op, `LinkSeeds`, with features and cut-off times. A seed that occurs several times
      gets a subgraph of its own each time.
    batch_size: seeds in an element, which is the scalar graph of that many components; None for a graph of one seed.
    drop_remainder: leave out the last, smaller batch of an epoch; the number of components is then static.
    shuffle: a new order of the seeds in each epoch. seed: of order and sampling.
    repeat: epochs in the dataset; None for no end.
    resample: draw new subgraphs in each epoch; otherwise an epoch is like the one before.
    start_epoch: the first epoch, to go on where a run has stopped. With `shuffle` or `resample`, reading the dataset
      again (as `Dataset.repeat` and Keras do) goes on with the epochs after those read before.
    start_batch: batches of the first epoch to leave out, the first time that the dataset is read: they are not sampled.
      A `tf.train.Checkpoint` of an iterator of the dataset tells the position too.
    features: set -> names of the features to take, `#id` among them if wanted; None for all features, without ids. If
      given, sets that it does not name have none. Where a node set and an edge set have one name, write `nodes/NAME`.
    readout: add the node set `_readout`, one node a seed, and the edge set `_readout/seed` from the seeds to it. Implied
      by features of seeds, and by links.
    readout_features: features that move from the seed node set to `_readout`, such as the label; implies `readout`.
    input_context: of `tf.distribute`: this worker takes every n-th seed.
    negatives: pairs without an edge that follow each link.
    options: of `compile_plan`, if spec is no `Plan`: weights, times, replace, link, joint, parallel_edges, connect.
    num_threads: batches that are sampled at once; None lets tf.data choose.
    prefetch: batches kept ready.

    Returns a dataset of scalar `GraphTensor`s, whose spec `store.graph_tensor_spec(spec, ...)` tells beforehand. The
    seed is node 0 of its component; with `joint` a batch is one component, in which each seed occurs once, those of the
    batch first. Links have no `_readout/seed` but `_readout/source` and `_readout/target`, as in TF-GNN.
    Raises ValueError for what does not fit.

    >>> from gnnkit.datasets import academic_graph
    >>> from gnnkit.samplers import GraphStore, make_sampling_spec_tree
    >>> store = GraphStore.from_tables(academic_graph(num_papers=100, num_authors=100))
    >>> spec = make_sampling_spec_tree(store, "paper", sample_sizes=[4, 4])
    >>> graphs = dataset(store, spec, batch_size=32, features={"paper": ["embedding"]}, readout_features=["label"])
    >>> graph = next(iter(graphs))
    >>> int(graph.num_components), graph.node_sets["_readout"]["label"].shape.as_list()
    (32, [32])
    """
    for name, value in (("batch_size", batch_size), ("repeat", repeat), ("num_threads", num_threads)):
        if value is not None and value < 1:
            raise ValueError(f"{name}={value}: expected 1 or more, or None.")
    if start_epoch < 0 or start_batch < 0:
        raise ValueError(f"start_epoch={start_epoch}, start_batch={start_batch}: expected 0 or more.")
    request = resolve_request(
        store,
        spec,
        seeds,
        with_seeds=True,
        batch_size=batch_size,
        drop_remainder=drop_remainder,
        negatives=negatives,
        features=features,
        readout=readout,
        readout_features=readout_features,
        options=options,
    )
    source, layout = cast(SeedSource, request.source), request.layout
    count = len(source)
    # Compiles the kernel, once, here and not in a thread of tf.data.
    sample_roots(store, request.plan, source.take(np.arange(min(count, 1)), 0)[0], 0)
    dtype = tf.as_dtype(indices_dtype)
    shard = (0, 1) if input_context is None else (input_context.input_pipeline_id, input_context.num_input_pipelines)
    changes = shuffle or resample
    readings = itertools.count()

    def first_position(_: Any) -> np.ndarray:
        # tf.data calls this when a reading begins.
        reading = next(readings)
        epoch = start_epoch + reading * repeat if changes and repeat is not None else start_epoch
        return np.array([epoch, 0 if reading else start_batch], np.int64)

    def order(epoch: Any) -> np.ndarray:
        return epoch_order(count, shuffle=shuffle, seed=seed, epoch=int(epoch), shard=shard)

    def batches(epoch: tf.Tensor) -> tf.data.Dataset:
        positions = tf.ensure_shape(tf.numpy_function(order, [epoch], tf.int64), [None])
        result = tf.data.Dataset.from_tensor_slices(positions)
        return result.batch(batch_size or 1, drop_remainder=drop_remainder).map(lambda part: (part, epoch))

    def epochs(position: tf.Tensor) -> tf.data.Dataset:
        begin = position[0]
        end = tf.int64.max if repeat is None else begin + repeat
        return tf.data.Dataset.range(begin, end).flat_map(batches).skip(position[1])

    work = _Work(store, request.plan, layout, source, seed=seed, resample=resample, dtype=dtype)
    make = _Assembly(store, layout, layout_spec(store.tables, layout, request.components, dtype), work)
    begin = tf.data.Dataset.from_tensors(0).map(lambda x: tf.numpy_function(first_position, [x], tf.int64))
    result = begin.map(lambda x: tf.ensure_shape(x, [2])).flat_map(epochs)
    # AutoGraph would only make tracing slower.
    graph_of = tf.autograph.experimental.do_not_convert(make.__call__)
    result = result.map(graph_of, num_parallel_calls=num_threads or tf.data.AUTOTUNE, deterministic=True)
    # That functions of Python have no state that matters lets iterators be checkpointed.
    stateless = tf.data.Options()
    stateless.experimental_external_state_policy = tf.data.experimental.ExternalStatePolicy.IGNORE
    result = result.with_options(stateless)
    if repeat is not None and not start_batch:
        mine = len(range(shard[0], count, shard[1]))
        size = batch_size or 1
        per_epoch = mine // size if drop_remainder else -(-mine // size)
        result = result.apply(tf.data.experimental.assert_cardinality(per_epoch * repeat))
    return result.prefetch(prefetch)


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
            result += [nodes.sizes.astype(self._index), nodes.rows]
            result += [column.take(nodes.rows, axis=0) for column in self.dense["nodes", name].values()]
        for name, edges in batch.edge_sets.items():
            rows = edges.rows.astype(np.int64, copy=False)
            result += [edges.sizes.astype(self._index), rows]
            result += [edges.source.astype(self._index), edges.target.astype(self._index)]
            result += [column.take(rows, axis=0) for column in self.dense["edges", name].values()]
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
            self._dense_types += [self._dtype, tf.int64, *(tf.as_dtype(column.dtype) for column in dense)]
        for name in layout.edge_features:
            dense = work.dense["edges", name].values()
            self._dense_types += [self._dtype, tf.int64, self._dtype, self._dtype]
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
            sizes, rows = tf.ensure_shape(next(arrays), spec.sizes_spec.shape), tf.ensure_shape(next(arrays), [None])
            nodes[name] = NodeSet.from_fields(
                features=self._features("nodes", name, piece, spec, rows, arrays), sizes=sizes
            )
        for name, piece in self._layout.edge_features.items():
            spec = self._spec.edge_sets_spec[name]
            sizes, rows = tf.ensure_shape(next(arrays), spec.sizes_spec.shape), tf.ensure_shape(next(arrays), [None])
            source, target = tf.ensure_shape(next(arrays), [None]), tf.ensure_shape(next(arrays), [None])
            adjacency = Adjacency.from_indices(
                source=(spec.adjacency_spec.source_name, source), target=(spec.adjacency_spec.target_name, target)
            )
            features = self._features("edges", name, piece, spec, rows, arrays)
            edges[name] = EdgeSet.from_fields(features=features, sizes=sizes, adjacency=adjacency)
        if self._layout.readout:
            self._readout(nodes, edges, arrays)
        return GraphTensor.from_pieces(None, nodes, edges)

    def _features(
        self, kind: str, name: str, names: Sequence[str], spec: Any, rows: tf.Tensor, arrays: Any
    ) -> dict[str, Any]:
        features = {}
        for feature in self._work.dense[kind, name]:
            features[feature] = tf.ensure_shape(next(arrays), spec[feature].shape)
        for feature, column in self._gathered[kind, name].items():
            features[feature] = tf.gather(column, rows)
        return {feature: features[feature] for feature in names}

    def _readout(self, nodes: dict[str, NodeSet], edges: dict[str, EdgeSet], arrays: Any) -> None:
        spec = self._spec.node_sets_spec[READOUT]
        sizes = tf.ensure_shape(next(arrays), spec.sizes_spec.shape)
        ends = [next(arrays) for _ in self._layout.readout_edges]
        rows = tf.ensure_shape(next(arrays), [None])
        features = {feature: tf.gather(column, rows) for feature, column in self._moved.items()}
        for feature, column in self._of_seeds.items():
            features[feature] = tf.gather(column, tf.ensure_shape(next(arrays), [None]))
        nodes[READOUT] = NodeSet.from_fields(
            features={name: _with_static_rows(value, spec[name]) for name, value in features.items()}, sizes=sizes
        )
        for (name, node_set), source in zip(self._layout.readout_edges.items(), ends, strict=True):
            source = tf.ensure_shape(source, self._spec.edge_sets_spec[name].adjacency_spec[SOURCE].shape)
            places = tf.ensure_shape(tf.range(tf.size(source, out_type=self._dtype), dtype=self._dtype), source.shape)
            adjacency = Adjacency.from_indices(source=(node_set, source), target=(READOUT, places))
            edges[name] = EdgeSet.from_fields(sizes=sizes, adjacency=adjacency)


def _with_static_rows(value: Any, spec: Any) -> Any:
    """A tensor with the static shape that its spec tells."""
    return value if isinstance(value, tf.RaggedTensor) else tf.ensure_shape(value, spec.shape)
