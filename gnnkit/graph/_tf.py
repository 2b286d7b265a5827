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
