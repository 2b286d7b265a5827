"""Baselines: the input that stands for "nothing known", where attributions are counted from."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from gnnkit.attribution._features import FeatureKey, all_features, flat
from gnnkit.graph import GraphTensor

NAMES = ("zero", "mean", "random")


def baseline_values(
    graph: GraphTensor, keys: list[FeatureKey], baseline: Any, seed: int | None
) -> dict[FeatureKey, Any]:
    """The numbers of the baseline for each feature, in the feature's shape; see `integrated_gradients`."""
    features = all_features(graph)
    if isinstance(baseline, GraphTensor):
        given: Mapping[FeatureKey, Any] = all_features(baseline)
        missing = [k for k in keys if k not in given]
        if missing:
            raise ValueError(f"integrated_gradients: the baseline graph lacks the features {missing}.")
    elif isinstance(baseline, Mapping):
        given = baseline
        unknown = sorted(map(str, set(given) - set(keys)))
        if unknown:
            raise ValueError(
                f"integrated_gradients: the baseline names {unknown}, which are not attributed. Attributed are {keys}."
            )
    else:
        given = dict.fromkeys(keys, baseline)
    return {key: values_like(key, flat(features[key]), given.get(key, "zero"), seed, i) for i, key in enumerate(keys)}


def values_like(key: FeatureKey, numbers: tf.Tensor, baseline: Any, seed: int | None, stream: int) -> tf.Tensor:
    """A baseline, name or values, in the shape of `numbers`. stream: tells the random numbers of features apart."""
    if not isinstance(baseline, str):
        value = tf.cast(flat(tf.convert_to_tensor(baseline) if not _is_ragged(baseline) else baseline), numbers.dtype)
        try:
            return tf.broadcast_to(value, tf.shape(numbers))
        except (ValueError, tf.errors.InvalidArgumentError) as e:  # ValueError: in a tf.function.
            raise ValueError(
                f"integrated_gradients: the baseline of {key} has shape {value.shape}, which does not broadcast to the "
                f"feature's {numbers.shape}."
            ) from e
    if baseline == "zero":
        return tf.zeros_like(numbers)
    if baseline == "mean":
        count = tf.maximum(tf.cast(tf.shape(numbers)[0], numbers.dtype), 1)
        return tf.broadcast_to(tf.reduce_sum(numbers, axis=0, keepdims=True) / count, tf.shape(numbers))
    if baseline == "random":
        low, high = (f(numbers, axis=0, keepdims=True) for f in (tf.reduce_min, tf.reduce_max))
        dtype = tf.float64 if numbers.dtype == tf.float64 else tf.float32
        if seed is None:
            share = tf.random.uniform(tf.shape(numbers), dtype=dtype)
        else:
            share = tf.random.stateless_uniform(tf.shape(numbers), seed=[seed, stream], dtype=dtype)
        # Without items there are no columns' ends either, but nothing is computed from them.
        return low + tf.cast(share, numbers.dtype) * (high - low)
    raise ValueError(
        f"integrated_gradients: baseline must be one of {NAMES} or values, but got {baseline!r} for {key}."
    )


def _is_ragged(value: Any) -> bool:
    return isinstance(value, tf.RaggedTensor)
