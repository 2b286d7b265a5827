"""Gather, sort and reduce by segments, on plain tensors: the arithmetic under all graph operations.

TensorFlow tensors (dense or ragged, of any dtype) use TensorFlow's kernels; arrays of other backends use `keras.ops`.
"""

import functools
import operator
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from gnnkit.graph import _field
from gnnkit.ops import _known, _sorted_segments, _tf_segments

_TF = (tf.Tensor, tf.RaggedTensor)


def is_tf(value: Any) -> bool:
    return isinstance(value, _TF)


def gather(values: Any, index: Any, few: bool = False) -> Any:
    """Rows of `values` `[V, ...]` at `index` int `[E]`: `[E, ...]`. few: whether E is far below V."""
    if isinstance(values, tf.Tensor) and isinstance(index, tf.Tensor):
        if _sorted_segments.applies(values, index):
            return _sorted_segments.gather(values, index, few)
        return tf.raw_ops.GatherV2(params=values, indices=index, axis=0)  # Half the time of tf.gather, eagerly.
    if is_tf(values) or is_tf(index):
        return tf.gather(values, index)
    return keras.ops.take(values, index, axis=0)


def add(x: Any, y: Any) -> Any:
    """`x + y` for tensors of one dtype and shape. Eagerly, two thirds of the operator's time."""
    return tf.raw_ops.AddV2(x=x, y=y) if isinstance(x, tf.Tensor) else x + y


def divide(x: Any, y: Any) -> Any:
    """`x / y` for tensors of one floating dtype. Eagerly, a third of the operator's time."""
    if isinstance(x, tf.Tensor):
        return tf.raw_ops.RealDiv(x=x, y=y)
    return tf.realdiv(x, y) if is_tf(x) else x / y


def exp(x: Any) -> Any:
    """The exponential function. Eagerly, two thirds of the time of tf.exp."""
    if isinstance(x, tf.Tensor):
        return tf.raw_ops.Exp(x=x)
    return tf.exp(x) if is_tf(x) else keras.ops.exp(x)


def concat(values: Sequence[Any], axis: int = 0) -> Any:
    """Values one after the other; all ragged or all dense."""
    if len(values) == 1:
        return values[0]
    if any(map(is_tf, values)):
        return tf.concat(values, axis)
    return keras.ops.concatenate(values, axis)


def arange(num: Any, dtype: Any) -> Any:
    """0, 1, ... `num` - 1: `[num]`."""
    if keras.backend.backend() == "tensorflow":
        return tf.range(tf.cast(num, dtype))
    return keras.ops.arange(static_size(num), dtype=keras.backend.standardize_dtype(dtype))


def argsort(values: Any) -> Any:
    """The order that sorts `values` `[N]`, stable: int32 `[N]`."""
    return tf.argsort(values, stable=True) if is_tf(values) else keras.ops.argsort(values)


def invert_permutation(order: Any) -> Any:
    """Where each of 0, 1, ... N - 1 lies in `order` int `[N]`: int `[N]`. InvalidArgumentError for no permutation."""
    return tf.math.invert_permutation(order) if is_tf(order) else keras.ops.argsort(order)


def true_indices(mask: Any) -> Any:
    """The positions of True in `mask` bool `[N]`, ascending."""
    if is_tf(mask):
        return tf.where(mask)[:, 0]
    static_size(keras.ops.sum(mask))
    return keras.ops.nonzero(mask)[0]


def static_size(num: Any) -> int:
    """`num` as an int, for backends other than TensorFlow. ValueError where it is not known yet."""
    try:
        return int(num)
    except TypeError as e:
        raise ValueError(
            "The number of rows of a result depends on values of the graph here, but jax.jit compiles for shapes that "
            "are known beforehand. Do this step outside of jit, in the input pipeline."
        ) from e


def component_ids(sizes: Any, total: Any) -> Any:
    """The component of each item: int `[total]` with values in `[0, C)`, from sizes `[C]`."""
    counts = _field.to_numpy(sizes)
    if counts is not None:
        return _field.constant(np.repeat(np.arange(len(counts)), counts), _field.dtype_of(sizes))
    if is_tf(sizes):
        # How many components end at or before each item. A search takes longer where there are many of them.
        ends = tf.cumsum(sizes)
        ended = tf.cumsum(tf.math.unsorted_segment_sum(tf.ones_like(ends), ends, total + 1)[:-1])
        return _sorted_segments.mark_sorted(tf.ensure_shape(ended, [tf.get_static_value(total)]), sizes)
    # Other backends need the total to be static: padded graphs have it.
    return keras.ops.searchsorted(keras.ops.cumsum(sizes), arange(total, sizes.dtype), side="right")


def segment_sum(values: Any, ids: Any, num: Any) -> Any:
    """Sums rows of `values` `[E, ...]` by `ids` int `[E]`: `[num, ...]`; 0 for an empty segment."""
    if is_tf(values):
        return _tf_segments.segment_sum(values, ids, num)
    return keras.ops.segment_sum(values, ids, static_size(num))


def segment_count(ids: Any, num: Any, dtype: Any) -> Any:
    """How many of `ids` int `[E]` equal i: `[num]`."""
    known = _known.count_tensor(ids, num, tf.as_dtype(dtype))
    if known is not None:
        return known
    if is_tf(ids):
        sizes = _sorted_segments.known_sizes(ids)
        if sizes is not None:
            return tf.ensure_shape(tf.cast(sizes, dtype), [tf.get_static_value(num)])
        return tf.math.unsorted_segment_sum(tf.ones_like(ids, dtype=dtype), ids, num)
    ones = keras.ops.ones_like(ids, dtype=keras.backend.standardize_dtype(dtype))
    return keras.ops.segment_sum(ones, ids, static_size(num))


def segment_mean(values: Any, ids: Any, num: Any) -> Any:
    """Means by segment; 0 for an empty one. Integers give float64, as in TensorFlow (float32 on JAX)."""
    if isinstance(values, tf.RaggedTensor) or (is_tf(values) and values.dtype.is_integer):
        return tf.math.unsorted_segment_mean(values, ids, num)
    dtype = _field.dtype_of(values)
    if dtype in (tf.float16, tf.bfloat16):
        # They cannot count (float16 stops at 2048), let alone sum that many values.
        return _field.cast(segment_mean(_field.cast(values, tf.float32), ids, num), dtype)
    return divide_by_count(segment_sum(values, ids, num), [ids], num)


def divide_by_count(totals: Any, ids: Sequence[Any], num: Any) -> Any:
    """Row i of `totals` `[num, ...]` by how many of all `ids`, int `[E]` a set, equal i, if any."""
    dtype, rank = _field.dtype_of(totals), len(totals.shape)
    known = _known.divisor(ids, num, dtype, rank)
    if known is not None:
        return divide(totals, known)
    counts = functools.reduce(operator.add, [segment_count(i, num, dtype) for i in ids])
    return divide(totals, keras.ops.reshape(keras.ops.maximum(counts, 1), (-1, *[1] * (rank - 1))))


def segment_max(values: Any, ids: Any, num: Any) -> Any:
    """Maxima by segment; the lowest value of the dtype for an empty one."""
    if is_tf(values):
        return _tf_segments.segment_max(values, ids, num)
    result = keras.ops.segment_max(values, ids, static_size(num))
    return keras.ops.maximum(result, limits(_field.dtype_of(values))[0])


def segment_min(values: Any, ids: Any, num: Any) -> Any:
    """Minima by segment; the highest value of the dtype for an empty one."""
    if is_tf(values):
        return _tf_segments.segment_min(values, ids, num)
    import jax

    return keras.ops.minimum(jax.ops.segment_min(values, ids, static_size(num)), limits(_field.dtype_of(values))[1])


def segment_prod(values: Any, ids: Any, num: Any) -> Any:
    """Products by segment; 1 for an empty one."""
    if is_tf(values):
        return tf.math.unsorted_segment_prod(values, ids, num)
    import jax

    return jax.ops.segment_prod(values, ids, static_size(num))


@functools.lru_cache
def limits(dtype: tf.DType) -> tuple[Any, Any]:
    """The lowest and the highest number, as Python has them: comparisons with NumPy's take three times as long."""
    return np.asarray(dtype.min).item(), np.asarray(dtype.max).item()
