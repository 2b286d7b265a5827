"""Combining several tensors with the same rows."""

import functools
import operator
from collections.abc import Sequence
from typing import Any

from gnnkit.graph import _field
from gnnkit.graph._symbolic import graph_function
from gnnkit.ops import _primitives


@graph_function
def combine_values(inputs: Sequence[Any], combine_type: str) -> Any:
    """Combines tensors `[N, ...]`: "sum", or "concat" on the last axis. Ragged ones must all be ragged.

    ValueError: another combine_type, no inputs, or inputs to sum whose shapes differ.

    >>> import gnnkit, tensorflow as tf
    >>> gnnkit.combine_values([tf.ones([2, 1]), tf.zeros([2, 2])], "concat").shape
    TensorShape([2, 3])
    """
    if combine_type not in ("sum", "concat"):
        raise ValueError(f"combine_values: combine_type must be 'sum' or 'concat', but got {combine_type!r}.")
    if not inputs:
        raise ValueError("combine_values: there are no inputs to combine.")
    values = [_field.as_field(value, f"combine_values: inputs[{i}]") for i, value in enumerate(inputs)]
    if len(values) == 1:
        return values[0]
    if combine_type == "concat":
        return _primitives.concat(values, axis=-1)
    shapes = [tuple(value.shape[1:]) for value in values]
    if any(shape != shapes[0] for shape in shapes):
        raise ValueError(
            f"combine_values: to be summed, inputs must have the same shape, but rows have shapes {shapes}. "
            "Use combine_type='concat', or transform the inputs to one width first."
        )
    return functools.reduce(operator.add, values)
