"""TensorFlow's segment reductions, with cheaper gradients inside of `tf.function`.

TensorFlow's own gradients allow for negative ids, which drop their rows, and pass over all rows several times for it.
Ids here are indices of a graph, which are not negative. Eagerly, a custom gradient would cost more than it saves.
"""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from gnnkit.ops import _gradients, _sorted_segments


def segment_sum(values: Any, ids: Any, num: Any) -> Any:
    if _sorted_segments.applies(values, ids):
        return _sorted_segments.segment_sum(values, ids, num)
    if not _has_own_gradient(values):
        return tf.math.unsorted_segment_sum(values, ids, num)

    @_gradients.custom_gradient
    def reduce(values: tf.Tensor, ids: tf.Tensor) -> Any:
        result = tf.math.unsorted_segment_sum(values, ids, num)
        return result, lambda upstream: (tf.gather(upstream, ids), None)

    return reduce(values, ids)


def segment_max(values: Any, ids: Any, num: Any) -> Any:
    return _extreme(_sorted_segments.segment_max, tf.math.unsorted_segment_max, values, ids, num)


def segment_min(values: Any, ids: Any, num: Any) -> Any:
    return _extreme(_sorted_segments.segment_min, tf.math.unsorted_segment_min, values, ids, num)


def _extreme(sorting: Callable[..., Any], kernel: Callable[..., Any], values: Any, ids: Any, num: Any) -> Any:
    """Equal extremes share the gradient, as in TensorFlow."""
    if not _has_own_gradient(values):
        return kernel(values, ids, num)
    # To sort takes longer than it saves here, unless somebody did it already.
    kernel = sorting if _sorted_segments.applies(values, ids) and _sorted_segments.are_sorted(ids) else kernel

    @_gradients.custom_gradient
    def reduce(values: tf.Tensor, ids: tf.Tensor) -> Any:
        result = kernel(values, ids, num)

        def gradient(upstream: tf.Tensor) -> Any:
            hit = tf.cast(tf.equal(values, _gather(result, ids)), upstream.dtype)
            hits = segment_sum(hit, ids, tf.shape(result)[0])
            return hit * _gather(tf.math.divide_no_nan(upstream, hits), ids), None

        return result, gradient

    return reduce(values, ids)


def _gather(values: tf.Tensor, ids: tf.Tensor) -> tf.Tensor:
    return _sorted_segments.gather(values, ids) if _sorted_segments.applies(values, ids) else tf.gather(values, ids)


def _has_own_gradient(values: Any) -> bool:
    return not tf.executing_eagerly() and isinstance(values, tf.Tensor) and values.dtype.is_floating
