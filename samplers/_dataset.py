"""Sampled subgraphs as a `tf.data.Dataset`."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, Unpack

import numpy as np
import tensorflow as tf

from gnnkit.samplers._at_exit import Resting
from gnnkit.samplers._elements import Elements
from gnnkit.samplers._layout import Features
from gnnkit.samplers._order import epoch_order
from gnnkit.samplers._plan import PlanOptions
from gnnkit.samplers._seeds import Negatives
from gnnkit.samplers._source import resolve_request
from gnnkit.samplers._store import GraphStore


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
    elements = Elements(store, request, seed=seed, resample=resample, dtype=tf.as_dtype(indices_dtype))
    count = len(elements)
    shard = (0, 1) if input_context is None else (input_context.input_pipeline_id, input_context.num_input_pipelines)
    changes = shuffle or resample
    readings = itertools.count()

    # AutoGraph would only make tracing slower: half a second before the first batch.
    plain = tf.autograph.experimental.do_not_convert

    @Resting
    def first_position(_: Any) -> np.ndarray:
        # tf.data calls this when a reading begins.
        reading = next(readings)
        epoch = start_epoch + reading * repeat if changes and repeat is not None else start_epoch
        return np.array([epoch, 0 if reading else start_batch], np.int64)

    @Resting
    def order(epoch: Any) -> np.ndarray:
        return epoch_order(count, shuffle=shuffle, seed=seed, epoch=int(epoch), shard=shard)

    size = batch_size or 1

    def batches(epoch: tf.Tensor) -> tf.data.Dataset:
        positions = tf.ensure_shape(tf.numpy_function(order, [epoch], tf.int64), [None])
        number = tf.size(positions, tf.int64)
        # Cut out of the order at once: as elements to be batched, the positions would each cost a microsecond or more.
        begins = tf.data.Dataset.range(0, number - (size - 1 if drop_remainder else 0), size)

        def part(begin: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            seeds = positions[begin : tf.minimum(begin + size, number)]
            return tf.ensure_shape(seeds, [size if drop_remainder else None]), epoch

        return begins.map(plain(part))

    def epochs(position: tf.Tensor) -> tf.data.Dataset:
        begin = position[0]
        end = tf.int64.max if repeat is None else begin + repeat
        return tf.data.Dataset.range(begin, end).flat_map(plain(batches)).skip(position[1])

    def position(x: tf.Tensor) -> tf.Tensor:
        return tf.ensure_shape(tf.numpy_function(first_position, [x], tf.int64), [2])

    result = tf.data.Dataset.from_tensors(0).map(plain(position)).flat_map(plain(epochs))
    result = result.map(
        plain(elements.__call__), num_parallel_calls=num_threads or tf.data.AUTOTUNE, deterministic=True
    )
    # That functions of Python have no state that matters lets iterators be checkpointed.
    stateless = tf.data.Options()
    stateless.experimental_external_state_policy = tf.data.experimental.ExternalStatePolicy.IGNORE
    result = result.with_options(stateless)
    if repeat is not None and not start_batch:
        mine = len(range(shard[0], count, shard[1]))
        per_epoch = mine // size if drop_remainder else -(-mine // size)
        result = result.apply(tf.data.experimental.assert_cardinality(per_epoch * repeat))
    return result.prefetch(prefetch)
