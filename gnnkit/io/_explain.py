"""Why bytes could not be parsed, in words of the graph."""

from collections.abc import Mapping

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError

_DTYPES = {"bytes_list": "string", "float_list": "float32", "int64_list": "int64"}


def explain(
    serialized: np.ndarray, features: Mapping[str, tuple[str, tf.DType]]
) -> tf.errors.InvalidArgumentError | None:
    """An error that names the first feature of another type, or the first of `serialized` that is no tf.train.Example.

    serialized: bytes `[B]`.
    features: what each key stands for, and its dtype.
    """
    for number, data in enumerate(serialized):
        where = f"example {number} of the batch"
        try:
            stored = tf.train.Example.FromString(data).features.feature
        except DecodeError:
            return _error(
                f"A string is no serialized tf.train.Example: truncated, damaged or something else ({where})."
            )
        for key in sorted(stored.keys() & features.keys()):
            (what, dtype), kind = features[key], stored[key].WhichOneof("kind")
            if kind is not None and _DTYPES[kind] != dtype.name:
                return _error(
                    f"{what} ({key}): Data types don't match. Expected type: {dtype.name}, "
                    f"actual type: {_DTYPES[kind]} ({where})."
                )
    return None


def _error(message: str) -> tf.errors.InvalidArgumentError:
    return tf.errors.InvalidArgumentError(None, None, message)
