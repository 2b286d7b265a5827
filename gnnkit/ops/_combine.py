"""Combining several tensors with the same rows."""

from collections.abc import Sequence
from typing import Any

import keras


def combine_values(inputs: Sequence[Any], combine_type: str) -> Any:
    """Combines tensors `[N, ...]`: "sum", or "concat" on the last axis.

    ValueError: another combine_type, no inputs, or inputs to sum whose shapes differ.

    >>> import gnnkit, tensorflow as tf
    >>> gnnkit.combine_values([tf.ones([2, 1]), tf.zeros([2, 2])], "concat").shape
    TensorShape([2, 3])
    """
    if combine_type not in ("sum", "concat"):
        raise ValueError(f"combine_values: combine_type must be 'sum' or 'concat', but got {combine_type!r}.")
    if not inputs:
        raise ValueError("combine_values: there are no inputs to combine.")
    if len(inputs) == 1:
        return inputs[0]
    if combine_type == "concat":
        return keras.ops.concatenate(inputs, axis=-1)
    shapes = [tuple(value.shape[1:]) for value in inputs]
    if any(shape != shapes[0] for shape in shapes):
        raise ValueError(
            f"combine_values: to be summed, inputs must have the same shape, but rows have shapes {shapes}. "
            "Use combine_type='concat', or transform the inputs to one width first."
        )
    result = inputs[0]
    for value in inputs[1:]:
        result = keras.ops.add(result, value)
    return result
