"""Merging a batch of graphs into one scalar graph."""

from typing import Any

import tensorflow as tf

from gnnkit.graph import _field
from gnnkit.graph._graph_tensor import GraphTensor
from gnnkit.graph._symbolic import graph_function


@graph_function
def merge_batch_to_components(graph: GraphTensor) -> GraphTensor:
    """See `GraphTensor.merge_batch_to_components`."""
    graph = graph._map(_field.to_tf)
    while graph.rank > 1:
        graph = _flatten_outer(graph)
    if graph.rank == 0:
        return graph
    merged = graph._map(_merge_dims)
    for name, edge_set in graph.edge_sets.items():
        adjacency = merged.edge_sets[name].adjacency
        for tag, (node_set_name, index) in edge_set.adjacency.get_indices_dict().items():
            sizes = graph.node_sets[node_set_name].sizes
            per_graph = tf.reduce_sum(sizes, axis=1)
            offsets = tf.cumsum(per_graph, exclusive=True)
            if isinstance(index, tf.RaggedTensor):
                shift = tf.gather(offsets, index.value_rowids())
            else:
                shift = tf.repeat(offsets, tf.shape(index)[1])
            adjacency._by_tag[tag] = adjacency._by_tag[tag] + shift
    return merged


def _merge_dims(field: Any) -> Any:
    """`[B, n, ...]` or `[B, (n), ...]` to `[sum of n, ...]`."""
    if isinstance(field, tf.RaggedTensor):
        static = field.shape[2:]
        values = field.values
        if isinstance(values, tf.RaggedTensor):
            return values
        if field.uniform_row_length is not None and static.is_fully_defined() and field.ragged_rank == 1:
            return tf.reshape(values, [-1, *static])
        return values
    shape, dynamic = field.shape, tf.shape(field)
    items = shape[0] * shape[1] if None not in (shape[0], shape[1]) else -1
    if shape[2:].is_fully_defined() and (items != -1 or 0 not in shape[2:].as_list()):
        return tf.reshape(field, [items, *shape[2:]])
    return tf.reshape(field, tf.concat([[dynamic[0] * dynamic[1]], dynamic[2:]], axis=0))


def _flatten_outer(graph: GraphTensor) -> GraphTensor:
    return graph._map(_merge_dims)
