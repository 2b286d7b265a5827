"""Merging a batch of graphs into one scalar graph."""

from typing import Any

import numpy as np
import tensorflow as tf

from gnnkit.graph import _field
from gnnkit.graph._graph_tensor import GraphTensor
from gnnkit.graph._symbolic import graph_function


@graph_function
def merge_batch_to_components(graph: GraphTensor) -> GraphTensor:
    """See `GraphTensor.merge_batch_to_components`."""
    graph = graph._map(_field.to_tf)
    while graph.rank > 1:
        graph = graph._map(_merge_dims)
    if graph.rank == 0:
        return graph
    merged = graph._map(_merge_dims)
    starts = {name: _starts(node_set.sizes) for name, node_set in graph.node_sets.items()}
    for name, edge_set in graph.edge_sets.items():
        by_tag = merged.edge_sets[name].adjacency._by_tag
        for tag, (node_set_name, index) in edge_set.adjacency.get_indices_dict().items():
            by_tag[tag] = _merge_index(index, starts[node_set_name])
    return merged


def _merge_dims(field: Any) -> Any:
    """`[B, n, ...]` or `[B, (n), ...]` to `[sum of n, ...]`."""
    if isinstance(field, tf.RaggedTensor):
        return field.values
    batch, items, *inner = field.shape
    total = -1 if None in (batch, items) else batch * items
    if None not in inner and (total != -1 or 0 not in inner):
        return tf.reshape(field, tf.constant([total, *inner], tf.int64))
    shape = tf.shape(field)
    return tf.reshape(field, tf.concat([[shape[0] * shape[1]], shape[2:]], axis=0))


def _starts(sizes: Any) -> Any:
    """How many items the graphs before each one have, from sizes `[B, C]` or `[B, (C)]`: int `[B]`."""
    ragged = isinstance(sizes, tf.RaggedTensor)
    counts = _field.to_numpy(sizes.values if ragged else sizes)
    if counts is None:
        return tf.cumsum(tf.reduce_sum(sizes, axis=1), exclusive=True)
    first = sizes.row_starts().numpy() if ragged else np.arange(len(counts)) * counts.shape[1]
    return np.append(0, np.cumsum(counts))[first].astype(counts.dtype)


def _merge_index(index: Any, starts: Any) -> Any:
    """Indices `[B, E]` or `[B, (E)]` that count the nodes of each graph, as indices that count all: `[sum of E]`."""
    if not isinstance(index, tf.RaggedTensor):
        return _merge_dims(index + starts[:, np.newaxis])
    numbers = _field.to_numpy(index.values)
    if numbers is None:
        return index.values + tf.gather(starts, _field.row_ids(index.row_splits, index.values))
    return tf.constant(numbers + np.repeat(starts, index.row_lengths().numpy()))
