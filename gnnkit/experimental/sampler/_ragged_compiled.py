"""Operations on ragged rows by compiled kernels, which hold no GIL, called from TensorFlow graphs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from gnnkit.experimental.sampler import _ragged_kernels as kernels

NUMBERS = (tf.int64, tf.int32)  # What the kernels take.


def call(function: Callable[..., Any], inputs: list[Any], dtypes: Any, shapes: Any) -> Any:
    """`tf.numpy_function` whose results have known shapes; the same inputs give the same results."""
    results = tf.numpy_function(function, inputs, dtypes, stateful=False)
    if not isinstance(results, (list, tuple)):
        return tf.ensure_shape(results, shapes)
    return [tf.ensure_shape(result, shape) for result, shape in zip(results, shapes, strict=True)]


def random_key(seed: int | None) -> tf.Tensor:
    """A new random number with every call: int64. `tf.random.set_seed` and `seed` make the sequence repeatable."""
    return tf.random.uniform([], tf.int64.min, tf.int64.max, tf.int64, seed=seed)


def choose(counts: tf.Tensor, starts: tf.Tensor, degrees: tf.Tensor, seed: int | None) -> tf.Tensor:
    """See `_ragged_tf.choose`."""
    return call(_choose, [counts, starts, degrees, random_key(seed)], tf.int64, [None])


def _choose(counts: np.ndarray, starts: np.ndarray, degrees: np.ndarray, key: np.ndarray) -> np.ndarray:
    out = np.empty(counts.sum(), np.int64)
    kernels.choose(counts, starts, degrees, np.int64(key).view(np.uint64), out)
    return out


def unique(ragged: tf.RaggedTensor) -> tf.RaggedTensor:
    splits = ragged.row_splits
    values, new_splits = call(
        _unique, [ragged.values, splits], [ragged.values.dtype, splits.dtype], [[None], splits.shape]
    )
    return tf.RaggedTensor.from_row_splits(values, new_splits, validate=False)


def _unique(values: np.ndarray, splits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    out, out_splits = np.empty_like(values), np.zeros_like(splits)
    count = kernels.unique_rows(values, splits, out, out_splits)
    return out[:count], out_splits


def find(values: tf.RaggedTensor, vocabulary: tf.RaggedTensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """See `_ragged_tf.find`."""
    inputs = [values.values, values.row_splits, vocabulary.values, vocabulary.row_splits]
    found, missing, twice = call(_find, inputs, [tf.int64] * 3, [values.values.shape, [], []])
    return found, missing, twice


def _find(
    values: np.ndarray, splits: np.ndarray, vocabulary: np.ndarray, vocabulary_splits: np.ndarray
) -> tuple[np.ndarray, np.int64, np.int64]:
    out = np.empty(len(values), np.int64)
    missing, twice = kernels.find_rows(values, splits, vocabulary, vocabulary_splits, out)
    return out, np.int64(missing), np.int64(twice)
