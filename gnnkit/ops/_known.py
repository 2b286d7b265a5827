"""What can be computed at once, eagerly, from ids, and is remembered with them: tensors do not change."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import tensorflow as tf

from gnnkit.graph import _field

_MARK = "_gnnkit_known"
T = TypeVar("T")


def remembered(tensor: Any, key: Any, make: Callable[[], T]) -> T:
    """What `make` made when it was first asked for under `key`; for eager tensors in eager mode."""
    if not isinstance(tensor, tf.Tensor):
        return make()
    known = getattr(tensor, _MARK, None)
    if known is None:
        known = {}
        setattr(tensor, _MARK, known)
    if key not in known:
        known[key] = make()
    return known[key]


def counts(ids: Any, num: Any) -> np.ndarray | None:
    """How many of ids int `[E]` equal i, `[num]`, where they are at hand.

    None also for ids out of range: TensorFlow's kernels say what becomes of them.
    """
    if not isinstance(ids, (np.ndarray, tf.Tensor)) or not tf.executing_eagerly():
        return None
    if isinstance(ids, tf.Tensor) and not hasattr(ids, "numpy"):
        return None
    num = int(num)
    return remembered(ids, num, lambda: _counts(ids, num))


def _counts(ids: Any, num: int) -> np.ndarray | None:
    known = _field.to_numpy(ids)
    if known is None or (known.size and not 0 <= known.min() <= known.max() < num):
        return None
    return np.bincount(known, minlength=num)


def count_tensor(ids: Any, num: Any, dtype: tf.DType) -> Any:
    """`counts` as a field of `dtype`."""
    known = counts(ids, num)
    if known is None:
        return None
    return remembered(ids, (len(known), dtype), lambda: _field.constant(known, dtype))


def divisor(ids: Sequence[Any], num: Any, dtype: tf.DType, rank: int) -> Any:
    """`counts` of all `ids` together, but 1 for none, as a field `[num, 1, ...]` of `rank` dimensions."""
    known = [found for i in ids if (found := counts(i, num)) is not None]
    if len(known) < len(ids):
        return None
    first, *others = ids

    def make() -> Any:
        total = np.maximum(np.sum(known, axis=0), 1)
        # With the others, so that nothing else gets their place in memory.
        return _field.constant(total.reshape(-1, *[1] * (rank - 1)), dtype), others

    return remembered(first, (len(known[0]), dtype, rank, *map(id, others)), make)[0]


def mask(ids: Any, values: np.ndarray) -> Any:
    """`values`, bool, as a tensor. The last one is kept with ids: mostly it says which of them have no items."""
    known = remembered(ids, "mask", list)
    if not (known and known[0].shape == values.shape and np.array_equal(known[0], values)):
        known[:] = [values, tf.constant(values)]
    return known[1]
