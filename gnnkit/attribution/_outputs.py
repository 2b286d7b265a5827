"""What explainers need of the function that they explain."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf


def python_function(fn: Callable[..., Any]) -> Callable[..., Any]:
    """`fn`, or what is under it if it is a `tf.function`, whose graph no explainer can look into."""
    return getattr(fn, "python_function", fn)


def score_rows(outputs: Any, who: str) -> tf.Tensor:
    """Scores `[R, K]`. ValueError: there are no scores in `outputs`."""
    if not isinstance(outputs, tf.Tensor) or outputs.shape.rank not in (1, 2) or not outputs.dtype.is_floating:
        what = (
            f"{outputs.dtype.name} of shape {outputs.shape}"
            if isinstance(outputs, tf.Tensor)
            else type(outputs).__name__
        )
        raise ValueError(
            f"{who}: the model must return scores [R, K] or [R] (floats), but returned {what}. Of several outputs choose "
            "one: lambda graph: model(graph)['NAME']."
        )
    return outputs if outputs.shape.rank == 2 else outputs[:, tf.newaxis]


def select(outputs: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """The score of the target in each row: `[R]`."""
    return tf.gather(outputs, target, axis=1, batch_dims=1)


def resolve_target(outputs: tf.Tensor, target: Any) -> tf.Tensor:
    """int64 `[R]`: the given output of each row, or the largest."""
    if target is None:
        target = tf.argmax(outputs, axis=-1)
    return tf.broadcast_to(tf.cast(target, tf.int64), tf.shape(outputs)[:1])
