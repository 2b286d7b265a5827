"""Checks of tensors that callers give."""

from typing import Any

import tensorflow as tf

from gnnkit.graph import _field
from gnnkit.graph._checks import without_quotes
from gnnkit.ops import _primitives


def check_vector(values: Any, num: Any, what: str) -> Any:
    """The values, checked to have shape `[num]`: InvalidArgumentError, or ValueError for arrays."""
    shape = _field.shape_of(values)
    if not _primitives.is_tf(values):
        if shape != (_primitives.static_size(num),):
            raise ValueError(f"{what} must have one entry an item, shape [{num}], but has shape {list(shape or ())}.")
        return values
    if shape is not None and len(shape) != 1:
        message = f"{what} must be a vector with one entry an item, but has shape {list(shape)}."
        raise tf.errors.InvalidArgumentError(None, None, message)
    check = tf.debugging.assert_equal(
        tf.size(values, num.dtype), num, without_quotes(f"{what} must have one entry an item")
    )
    with tf.control_dependencies([] if check is None else [check]):
        return tf.identity(values)
