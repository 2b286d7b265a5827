"""Scores of edges from a hidden layer over both ends, with few rows an edge, on a CPU in `tf.function`."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from gnnkit.graph import GraphTensor
from gnnkit.ops import _gradients, _sorted_segments
from gnnkit.ops._pool import reverse_tag
from gnnkit.ops._sorted_segments import Segments


def leaky_scores_along_edges(
    graph: GraphTensor,
    edge_set_name: str,
    tag: int,
    receivers: Any,
    senders: Any,
    vectors: Callable[[], Any],
    slope: float,
) -> Any:
    """`vectors · leaky_relu(x + y)` of the values x `[V', F]` of nodes at `tag` and y `[V, F]` at the other end: `[E, H]`.

    vectors: makes them, `[H, F]`. slope: of the leaky ReLU for negative numbers; positive.

    None where it takes no less memory than with operations of their own.
    """
    adjacency = graph.edge_sets[edge_set_name].adjacency
    segments = []
    for t, values in ((tag, receivers), (reverse_tag(tag), senders)):
        if _gradients.are_off() or not _sorted_segments.applies(values, adjacency[t]):
            return None
        segments.append(_sorted_segments.segments_of(adjacency[t], tf.shape(values)[0]))
    return _leaky_scores(receivers, senders, vectors(), slope, *segments)


def _leaky_scores(x: Any, y: Any, vectors: Any, slope: float, receivers: Segments, senders: Segments) -> tf.Tensor:
    num = len(receivers.tensors)

    @_gradients.custom_gradient
    def scores(x: tf.Tensor, y: tf.Tensor, vectors: tf.Tensor, *tensors: tf.Tensor) -> Any:
        receivers, senders = Segments(*tensors[:num]), Segments(*tensors[num:])
        at_receivers, at_senders = (
            tf.raw_ops.GatherV2(params=values, indices=segments.ids, axis=0)
            for values, segments in ((x, receivers), (y, senders))
        )
        hidden = tf.nn.leaky_relu(at_receivers + at_senders, slope)

        def gradient(upstream: tf.Tensor) -> Any:
            # Hidden values have the signs of the sums, which need not be kept and can become hidden values in place.
            by_sums = tf.raw_ops.LeakyReluGrad(gradients=tf.matmul(upstream, vectors), features=hidden, alpha=slope)
            by_x, by_y = (
                tf.ensure_shape(_sorted_segments.sum_rows(by_sums, segments), values.shape)
                for values, segments in ((x, receivers), (y, senders))
            )
            return by_x, by_y, tf.matmul(tf.transpose(upstream), hidden), *[None] * len(tensors)

        return tf.matmul(hidden, vectors, transpose_b=True), gradient

    return scores(x, y, vectors, *receivers.tensors, *senders.tensors)
