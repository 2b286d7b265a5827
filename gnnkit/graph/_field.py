"""Fields: the tensors at the leaves of a graph, whatever their kind.

A field is a `tf.Tensor`, `tf.RaggedTensor`, `keras.KerasTensor`, NumPy array, JAX array or, in a spec, a
`tf.TensorSpec` or `tf.RaggedTensorSpec`. The functions here answer the same questions about all of them.
"""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

Field = Any
_SPECS = (tf.TensorSpec, tf.RaggedTensorSpec)
_OF_NUMBERS = {"int64": "int32", "float64": "float32"}
_KINDS = (tf.Tensor, tf.RaggedTensor, keras.KerasTensor, tf.Variable)


def is_ragged_tensor(value: Any) -> bool:
    """Whether `value` is ragged: a `tf.RaggedTensor` or a ragged symbolic Keras tensor."""
    if isinstance(value, keras.KerasTensor):
        return bool(getattr(value, "ragged", False))
    return isinstance(value, tf.RaggedTensor)


def is_dense_tensor(value: Any) -> bool:
    """Whether `value` is a dense tensor: a `tf.Tensor`, an array or a dense symbolic Keras tensor."""
    if isinstance(value, keras.KerasTensor):
        return not is_ragged_tensor(value)
    return isinstance(value, (tf.Tensor, tf.Variable, np.ndarray)) or type(value).__module__.startswith("jax")


def is_symbolic(value: Any) -> bool:
    return isinstance(value, keras.KerasTensor)


def is_field(value: Any) -> bool:
    return is_dense_tensor(value) or is_ragged_tensor(value) or isinstance(value, _SPECS)


def as_field(value: Any, what: str, dtype: Any = None) -> Field:
    """Makes a field of anything array-like; what is a field already stays as it is.

    On the TensorFlow backend, arrays and lists become `tf.Tensor`s; elsewhere numbers stay arrays.
    """
    if isinstance(value, _KINDS) or isinstance(value, _SPECS):
        return value
    if not isinstance(value, np.ndarray) and hasattr(value, "shape") and hasattr(value, "dtype"):
        if keras.backend.backend() != "tensorflow":
            return value
    try:
        if keras.backend.backend() == "tensorflow":
            return tf.convert_to_tensor(value, dtype)
        if dtype is not None:
            return np.asarray(value, tf.as_dtype(dtype).as_numpy_dtype)
        array = np.asarray(value)
        # Python's numbers get the dtype that TensorFlow gives them.
        return array if isinstance(value, np.ndarray) else array.astype(_OF_NUMBERS.get(array.dtype.name, array.dtype))
    except (ValueError, TypeError) as e:
        raise type(e)(
            f"{what} must be a tensor or something that converts to one, but got {type(value).__name__}: {e}. "
            "Pass ragged data as a tf.RaggedTensor (tf.ragged.constant)."
        ) from e


def as_index(value: Any, what: str) -> Field:
    """Makes a field of sizes or indices; an empty list, which has no dtype of its own, becomes int32."""
    return as_field(value, what, tf.int32 if isinstance(value, (list, tuple)) and not value else None)


def constant(values: Any, dtype: tf.DType) -> Field:
    """Numbers as a field: a `tf.Tensor` on the TensorFlow backend, elsewhere an array."""
    array = np.asarray(values, dtype.as_numpy_dtype)
    return tf.constant(array) if keras.backend.backend() == "tensorflow" else array


def dtype_of(field: Field) -> tf.DType:
    dtype = field.dtype
    if isinstance(dtype, tf.DType):
        return dtype
    if getattr(dtype, "kind", None) in ("O", "S", "U"):  # NumPy's ways to hold strings.
        return tf.string
    return tf.as_dtype(dtype)


def shape_of(field: Field) -> tuple[int | None, ...] | None:
    """The static shape, `None` for an unknown dimension; `None` where not even the rank is known."""
    shape = field.shape
    if isinstance(shape, tf.TensorShape):
        return None if shape.rank is None else tuple(shape.as_list())
    return tuple(shape)


def static_size(field: Field, dims: int | None = None) -> int | None:
    """The product of the first `dims` dimensions (None: of all); None where one is not known."""
    shape = shape_of(field)
    if shape is None:
        return None
    size = 1
    for dim in shape[:dims]:
        if dim is None:
            return None
        size *= dim
    return size


def row_splits_dtype_of(field: Field) -> tf.DType | None:
    """The dtype of row splits of a ragged field; None for a dense one."""
    if isinstance(field, tf.RaggedTensor):
        return field.row_splits.dtype
    if isinstance(field, tf.RaggedTensorSpec):
        return field.row_splits_dtype
    if is_ragged_tensor(field):
        return tf.as_dtype(getattr(field, "row_splits_dtype", None) or tf.int64)
    return None


def ragged_rank_of(field: Field) -> int:
    """Ragged dimensions of a ragged field. Keras forgets it for inputs: then up to the last unknown dimension."""
    rank = field.ragged_rank
    if rank is None:
        rank = max(i for i, dim in enumerate(field.shape) if dim is None)
    return rank


def spec_of(field: Field) -> Any:
    """The `tf.TensorSpec` or `tf.RaggedTensorSpec` of a field."""
    if isinstance(field, _SPECS):
        return field
    if is_ragged_tensor(field):
        if isinstance(field, tf.RaggedTensor):
            return tf.RaggedTensorSpec.from_value(field)
        return tf.RaggedTensorSpec(field.shape, dtype_of(field), ragged_rank_of(field), row_splits_dtype_of(field))
    return tf.TensorSpec(shape_of(field), dtype_of(field))


def row_ids(splits: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    """The row of each of `values` `[N]`, parted by `splits` int `[B + 1]`: int64 `[N]`.

    In one kernel; `RaggedTensor.value_rowids` takes a dozen.
    """
    return tf.raw_ops.RaggedTensorToSparse(rt_nested_splits=[splits], rt_dense_values=values).sparse_indices[:, 0]


def to_numpy(field: Field) -> np.ndarray | None:
    """The values of a dense field where they can be had at once: arrays, and tensors in eager mode.

    Small computations on indices take NumPy a tenth of the time that TensorFlow takes to call its kernels.
    """
    if isinstance(field, tf.Tensor):
        return field.numpy() if hasattr(field, "numpy") and tf.executing_eagerly() else None
    return field if isinstance(field, np.ndarray) else None


def to_tf(field: Field) -> Any:
    """The field as something TensorFlow takes."""
    if isinstance(field, (tf.Tensor, tf.RaggedTensor)):
        return field
    if isinstance(field, keras.KerasTensor):
        raise TypeError(
            f"A symbolic Keras graph cannot be used as a value here (field {field!r}). "
            "Use it inside a Keras layer, or build a model with gnnkit.keras.Model."
        )
    return tf.convert_to_tensor(field)


def cast(field: Field, dtype: tf.DType) -> Field:
    """Casts a dense or ragged field of numbers; nothing happens if it has this dtype."""
    if dtype_of(field) == dtype:
        return field
    if isinstance(field, tf.TensorSpec):
        return tf.TensorSpec(field.shape, dtype, field.name)
    if isinstance(field, tf.RaggedTensorSpec):
        return tf.RaggedTensorSpec(field.shape, dtype, field.ragged_rank, field.row_splits_dtype)
    if isinstance(field, np.ndarray):
        return field.astype(dtype.as_numpy_dtype)
    if isinstance(field, (tf.Tensor, tf.RaggedTensor, tf.Variable)):
        return tf.cast(field, dtype)
    return keras.ops.cast(field, dtype.name)


def cast_row_splits(field: Field, dtype: tf.DType) -> Field:
    """Casts the row splits of a ragged field; a dense one stays."""
    if row_splits_dtype_of(field) in (None, dtype):
        return field
    if isinstance(field, tf.RaggedTensor):
        return field.with_row_splits_dtype(dtype)
    if isinstance(field, tf.RaggedTensorSpec):
        return tf.RaggedTensorSpec(field.shape, field.dtype, field.ragged_rank, dtype)
    return field


def with_leading_shape(field: Field, lead: tf.TensorShape) -> Field:
    """The field with its first dimensions known to be `lead`; ragged tensors and arrays stay as they are."""
    if not isinstance(field, (*_SPECS, tf.Tensor)):
        return field
    shape = lead.concatenate(field.shape[len(lead) :])
    if isinstance(field, tf.TensorSpec):
        return tf.TensorSpec(shape, field.dtype, field.name)
    if isinstance(field, tf.RaggedTensorSpec):
        return tf.RaggedTensorSpec(shape, field.dtype, field.ragged_rank, field.row_splits_dtype)
    return tf.ensure_shape(field, shape)


def describe(field: Field) -> str:
    """`float32[None, 4]`, for messages and reprs."""
    shape = shape_of(field)
    dims = "?" if shape is None else ", ".join(str(d) for d in shape)
    return f"{'ragged ' if row_splits_dtype_of(field) else ''}{dtype_of(field).name}[{dims}]"
