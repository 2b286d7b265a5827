"""More rows at the end of a field."""

from typing import Any

import keras
import tensorflow as tf

from gnnkit.graph import _field
from gnnkit.ops import _primitives


def append_rows(values: Any, num: Any, fill: Any = None, total: int | None = None) -> Any:
    """Values `[N, ...]` and `num` rows of `fill` or, where ragged, empty ones: `[N + num, ...]`.

    fill: a scalar; 0, False or `""` by default. total: N + num where it is static.
    """
    if isinstance(values, tf.RaggedTensor):
        return _append_ragged_rows(values, tf.cast(num, values.row_splits.dtype), fill, total)
    if _primitives.is_tf(values):
        shape = tf.concat([tf.cast(num, tf.int32)[tf.newaxis], tf.shape(values)[1:]], 0)
        new = tf.zeros(shape, values.dtype) if fill is None else tf.fill(shape, fill)
        return with_rows(tf.concat([values, new], 0), total)
    shape = (_primitives.static_size(num), *values.shape[1:])
    return keras.ops.concatenate([values, keras.ops.full(shape, fill or 0, _field.dtype_of(values).name)])


def _append_ragged_rows(values: tf.RaggedTensor, num: tf.Tensor, fill: Any, total: int | None) -> tf.RaggedTensor:
    length: Any = values.uniform_row_length
    if length is None:
        splits = tf.concat([values.row_splits, tf.fill([num], values.row_splits[-1])], 0)
        splits = with_rows(splits, None if total is None else total + 1)
        return tf.RaggedTensor.from_row_splits(values.values, splits, validate=False)
    inner = append_rows(values.values, num * length, fill)
    num_rows = values.nrows() + num if total is None else total
    return tf.RaggedTensor.from_uniform_row_length(inner, length, num_rows, validate=False)


def with_rows(values: tf.Tensor, total: int | None) -> tf.Tensor:
    """The same values, with their number of rows as static shape where it is known."""
    return values if total is None else tf.ensure_shape(values, [total, *values.shape[1:]])
