"""What losses, metrics and layers over batches of representations have in common."""

from typing import Any

import keras

ops: Any = keras.ops  # Its functions have no types of results, which pyright takes for None.


def as_matrix(representations: Any, who: str) -> Any:
    """Representations `[B, D]` in float32, or float64 where they are so."""
    x = ops.convert_to_tensor(representations)
    if len(x.shape) != 2:
        raise ValueError(f"{who}: representations must have shape [batch size, dimensions], but have {list(x.shape)}.")
    # Half precision is not enough for sums over batches, and has no singular values.
    return x if x.dtype == "float64" else ops.cast(x, "float32")


def shares(sample_weight: Any, x: Any) -> Any:
    """The weight of each row of `x` `[B, ...]`: `[B]`, with sum 1 (or 0, if all weights are); equal ones for None."""
    if sample_weight is None:
        weight = ops.ones_like(x[:, 0])
    else:
        weight = ops.reshape(ops.cast(sample_weight, x.dtype), [-1])
    return ops.divide_no_nan(weight, ops.sum(weight))
