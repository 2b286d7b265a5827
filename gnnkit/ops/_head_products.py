"""Scalar products and weighted sums of what nodes at both ends of edges have in each attention head."""

from typing import Any

import tensorflow as tf
from keras import ops

from gnnkit.graph import GraphTensor
from gnnkit.ops import _gradients, _primitives, _sorted_segments, _sparse_products
from gnnkit.ops._broadcast import broadcast_node_to_edges
from gnnkit.ops._pool import pool_edges_to_node, reverse_tag


def head_products(x: Any, y: Any) -> Any:
    """The scalar product of two vectors a head: of `[E, H, C]` and `[E, H, C]` or `[E, 1, C]`, `[E, H]`."""
    if not (_primitives.is_tf(x) and x.shape[1:] == y.shape[1:]):
        return ops.sum(x * y, axis=-1)

    @_gradients.custom_gradient
    def products(x: Any, y: Any) -> Any:
        # TensorFlow's gradient of the sum would first repeat the upstream C times.
        return tf.reduce_sum(x * y, -1), lambda upstream: (upstream[..., tf.newaxis] * y, upstream[..., tf.newaxis] * x)

    return products(x, y)


def products_along_edges(graph: GraphTensor, edge_set_name: str, tag: int, receivers: Any, senders: Any) -> Any:
    """The scalar products of the values `[V', H, C]` of nodes at `tag` and `[V, H, C]` at the other end: `[E, H]`."""
    ends = _ends(graph, edge_set_name, tag, receivers, senders)
    if ends is not None:
        return _sparse_products.edge_products(receivers, senders, ends)
    at_receivers = broadcast_node_to_edges(graph, edge_set_name, tag, feature_value=receivers)
    at_senders = broadcast_node_to_edges(graph, edge_set_name, reverse_tag(tag), feature_value=senders)
    return head_products(at_receivers, at_senders)


def weighted_sum_at_nodes(graph: GraphTensor, edge_set_name: str, tag: int, coefficients: Any, senders: Any) -> Any:
    """For each node at `tag`, the sum of senders' values `[V, H, C]` times coefficients `[E, H]`: `[V', H, C]`."""
    ends = _ends(graph, edge_set_name, tag, senders)
    if ends is not None:
        return _sparse_products.weighted_sum(coefficients, senders, ends)
    values = broadcast_node_to_edges(graph, edge_set_name, reverse_tag(tag), feature_value=senders)
    return pool_edges_to_node(
        graph, edge_set_name, tag, "sum", feature_value=values * ops.expand_dims(coefficients, -1)
    )


def _ends(graph: GraphTensor, edge_set_name: str, tag: int, *values: Any) -> Any:
    """The pattern of edges where products with values are faster without a row an edge."""
    adjacency = graph.edge_sets[edge_set_name].adjacency
    receivers, senders = adjacency[tag], adjacency[reverse_tag(tag)]
    if not all(_sparse_products.applies(v, receivers, senders) for v in values):
        return None
    num_receivers, num_senders = (
        graph.node_sets[adjacency.node_set_name(t)]._num_items() for t in (tag, reverse_tag(tag))
    )
    segments = _sorted_segments.segments_of(receivers, num_receivers)
    return _sparse_products.pattern(segments, senders, num_senders, values[0].shape[1])
