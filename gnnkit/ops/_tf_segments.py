"""TensorFlow's segment reductions, with cheaper gradients inside of `tf.function`.

TensorFlow's own gradients allow for negative ids, which drop their rows, and pass over all rows several times for it.
Ids here are indices of a graph, which are not negative. Eagerly, a custom gradient would cost more than it saves.
"""

from collections.abc import Callable
from typing import Any

import tensorflow as tf


def segment_sum(values: Any, ids: Any, num: Any) -> Any:
    if not _has_own_gradient(values):
        return tf.math.unsorted_segment_sum(values, ids, num)

    @tf.custom_gradient
    def reduce(values: tf.Tensor, ids: tf.Tensor) -> Any:
        result = tf.math.unsorted_segment_sum(values, ids, num)
        return result, lambda upstream: (tf.gather(upstream, ids), None)

    return reduce(values, ids)


def segment_max(values: Any, ids: Any, num: Any) -> Any:
    return _extreme(tf.math.unsorted_segment_max, values, ids, num)


def segment_min(values: Any, ids: Any, num: Any) -> Any:
    return _extreme(tf.math.unsorted_segment_min, values, ids, num)


def _extreme(kernel: Callable[[Any, Any, Any], Any], values: Any, ids: Any, num: Any) -> Any:
    """Equal extremes share the gradient, as in TensorFlow."""
    if not _has_own_gradient(values):
        return kernel(values, ids, num)

    @tf.custom_gradient
    def reduce(values: tf.Tensor, ids: tf.Tensor) -> Any:
        result = kernel(values, ids, num)

        def gradient(upstream: tf.Tensor) -> Any:
            hit = tf.equal(values, tf.gather(result, ids))
            hits = tf.math.unsorted_segment_sum(tf.cast(hit, upstream.dtype), ids, tf.shape(result)[0])
            return tf.where(hit, tf.gather(upstream / hits, ids), tf.zeros([], upstream.dtype)), None

        return result, gradient

    return reduce(values, ids)


def _has_own_gradient(values: Any) -> bool:
    return not tf.executing_eagerly() and isinstance(values, tf.Tensor) and values.dtype.is_floating
