"""Vectors of graphs, packed into one ragged tensor: how tf.data stores the sizes, indices and scalar features.

A graph has dozens of them, and each tensor that goes through tf.data costs some 50 microseconds, so that those of one
dtype travel together: F vectors of one graph as a ragged `[F, (values)]`, of batched graphs `[B, F, (values)]`.
"""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf


def pack(vectors: Sequence[Any], rank: int, *, batched: bool) -> tf.Tensor:
    """The variant of F vectors, `[V]` each for graphs of rank 0, else ragged of that rank; with `batched` one a graph."""
    if rank == 0:
        lengths = tf.stack([tf.size(vector, tf.int64) for vector in vectors])
        nested, values = [_splits(lengths)], tf.concat(vectors, 0)
    else:
        splits = tf.cast(tf.stack([vector.nested_row_splits[-1] for vector in vectors]), tf.int64)
        by_vector = tf.RaggedTensor.from_row_splits(
            tf.concat([vector.flat_values for vector in vectors], 0),
            _splits(tf.reshape(splits[:, 1:] - splits[:, :-1], [-1])),
            validate=False,
        )
        graphs = tf.shape(splits, tf.int64)[1] - 1
        by_graph = tf.gather(by_vector, _transposed(len(vectors), graphs))
        outer = [tf.cast(part, tf.int64) for part in vectors[0].nested_row_splits[:-1]]
        nested = [*outer, tf.range(graphs + 1) * len(vectors), by_graph.row_splits]
        values = by_graph.values
    return tf.raw_ops.RaggedTensorToVariant(rt_nested_splits=nested, rt_dense_values=values, batched_input=batched)


def unpack(variant: Any, count: int, dtype: tf.DType, rank: int) -> list[Any]:
    """The inverse of `pack`. variant: one, or a vector of those of graphs that were batched."""
    if rank == 0:
        box = tf.raw_ops.RaggedTensorFromVariant(
            encoded_ragged=variant, input_ragged_rank=1, output_ragged_rank=1, Tvalues=dtype, Tsplits=tf.int64
        )
        splits = box.output_nested_splits[0]
        if tf.executing_eagerly():  # Every batch of a dataset comes through here: NumPy takes a tenth of the time.
            splits = splits.numpy()
        lengths = splits[1:] - splits[:-1]
        return tf.raw_ops.SplitV(value=box.output_dense_values, size_splits=lengths, axis=0, num_split=count)
    spec = tf.RaggedTensorSpec([None] * (rank + 2), dtype, ragged_rank=rank + 1, row_splits_dtype=tf.int64)
    box = spec._from_compatible_tensor_list([variant])
    *outer, _, splits = box.nested_row_splits
    by_graph = tf.RaggedTensor.from_row_splits(box.flat_values, splits, validate=False)
    graphs = by_graph.nrows() // count
    by_vector = tf.gather(by_graph, _transposed(graphs, count))
    lengths = tf.reshape(by_vector.row_lengths(), tf.stack([count, graphs]))
    values = tf.split(by_vector.values, tf.reduce_sum(lengths, 1), num=count)
    starts = tf.unstack(tf.pad(tf.cumsum(lengths, axis=1), [[0, 0], [1, 0]]), num=count)
    return [
        tf.RaggedTensor.from_nested_row_splits(part, [*outer, start], validate=False)
        for part, start in zip(values, starts, strict=True)
    ]


def _splits(lengths: tf.Tensor) -> tf.Tensor:
    return tf.concat([tf.zeros([1], lengths.dtype), tf.cumsum(lengths)], 0)


def _transposed(rows: Any, columns: Any) -> tf.Tensor:
    """Where the entries of a transposed matrix are in `[rows, columns]`, flat."""
    places = tf.reshape(tf.range(tf.cast(rows * columns, tf.int64)), tf.stack([rows, columns]))
    return tf.reshape(tf.transpose(places), [-1])
