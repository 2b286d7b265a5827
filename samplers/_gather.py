"""Rows of columns on their way into tensors: those that NumPy gathers, so that a column on disk stays there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from gnnkit.samplers._bytes_column import BytesColumn
from gnnkit.samplers._tables import Column, RaggedColumn


def in_numpy(column: Column) -> bool:
    """Whether NumPy gathers: numbers, and what is on disk. Texts and ragged rows in memory go by TensorFlow, which
    gathers them without the GIL from a tensor that is made once."""
    if isinstance(column, RaggedColumn):
        return isinstance(column.values, BytesColumn) or _is_mapped(column.values) or _is_mapped(column.row_splits)
    return isinstance(column, BytesColumn) or column.dtype.kind not in "OSU"


def _is_mapped(array: Any) -> bool:
    while isinstance(array, np.ndarray):
        if isinstance(array, np.memmap):
            return True
        array = array.base
    return False


def types(column: Column) -> list[tf.DType]:
    """The types of what `take` gives."""
    values = column.values if isinstance(column, RaggedColumn) else column
    dtype = tf.string if values.dtype.kind in "OSU" else tf.as_dtype(values.dtype)
    return [dtype, tf.int64] if isinstance(column, RaggedColumn) else [dtype]


def take(column: Column, rows: np.ndarray) -> list[np.ndarray]:
    """Some rows of a column: the array, or values and row splits."""
    if isinstance(column, RaggedColumn):
        taken = column.take(rows)
        return [taken.values, taken.row_splits]
    return [column.take(rows, axis=0)]


def to_field(arrays: Iterator[tf.Tensor], spec: Any) -> Any:
    """The field that the next of `arrays` make, which are tensors of what `take` gave. spec: of the field."""
    values = next(arrays)
    if not isinstance(spec, tf.RaggedTensorSpec):
        return shaped(values, spec.shape)
    shape = spec.shape.as_list()
    splits = shaped(next(arrays), [None if shape[0] is None else shape[0] + 1])
    return tf.RaggedTensor.from_row_splits(shaped(values, [None, *shape[2:]]), splits, validate=False)


def shaped(tensor: tf.Tensor, shape: Any) -> tf.Tensor:
    """A tensor that NumPy made, with the shape that it is known to have: without an operation to check it."""
    tensor.set_shape(shape)
    return tensor
