"""The only place that touches TensorFlow names outside its documented API."""

from typing import Any

import tensorflow as tf

CompositeTensor: Any = tf.__internal__.CompositeTensor  # pyright: ignore[reportAttributeAccessIssue]


def register_type_spec(name: str):
    """Registers a TypeSpec class, so that SavedModels and tf.data snapshots can hold it by `name`."""

    def register(cls: Any) -> Any:
        try:
            from tensorflow.python.framework import type_spec_registry
        except ImportError:  # A later TensorFlow moved it: only saving specs is lost.
            return cls
        return type_spec_registry.register(name)(cls)

    return register


def in_xla() -> bool:
    """Whether the graph that is being built is for XLA: under `jit_compile=True`, directly or further out.

    TensorFlow says so nowhere in its documented API. Where a later version says it elsewhere, the answer is always yes:
    then operations take the kernels that XLA knows too.
    """
    try:
        from tensorflow.python.ops.control_flow_util import GraphOrParentsInXlaContext
    except ImportError:
        return True
    return GraphOrParentsInXlaContext(tf.compat.v1.get_default_graph())


def with_static_ragged_shape(value: tf.RaggedTensor, spec: tf.RaggedTensorSpec) -> tf.RaggedTensor:
    """A ragged tensor that knows its static shape, as one has that a spec puts together.

    Where a later version has no such method, only the sizes of ragged dimensions stay unknown.
    """
    value = value.with_row_splits_dtype(spec.row_splits_dtype)
    if spec.shape[0] is not None:
        value.row_splits.set_shape([spec.shape[0] + 1])
    set_shape = getattr(value, "_set_shape", None)
    if set_shape is not None:
        set_shape(spec.shape)
    return value
