"""The reduce types of pooling, over the values of one or more sets as if they were one.

Each set is reduced by itself: putting together the results takes less time than putting together the values.
"""

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from gnnkit.graph import _field
from gnnkit.graph._missing import MissingError
from gnnkit.ops import _known, _primitives

# values: one `[E, ...]` a set; ids: int `[E]` alike; num: how many segments. Returns `[num, ...]`.
Reduction = Callable[[Sequence[Any], Sequence[Any], Any], Any]


def _of_sets(reduce: Callable[[Any, Any, Any], Any], combine: Callable[[Any, Any], Any]) -> Reduction:
    def reduction(values: Sequence[Any], ids: Sequence[Any], num: Any) -> Any:
        return functools.reduce(combine, [reduce(v, i, num) for v, i in zip(values, ids, strict=True)])

    return reduction


def _maximum(x: Any, y: Any) -> Any:
    return tf.maximum(x, y) if _primitives.is_tf(x) else keras.ops.maximum(x, y)


def _minimum(x: Any, y: Any) -> Any:
    return tf.minimum(x, y) if _primitives.is_tf(x) else keras.ops.minimum(x, y)


reduce_sum = _of_sets(_primitives.segment_sum, _primitives.add)
reduce_max = _of_sets(_primitives.segment_max, _maximum)
_reduce_min = _of_sets(_primitives.segment_min, _minimum)


def _reduce_mean(values: Sequence[Any], ids: Sequence[Any], num: Any) -> Any:
    if _is_wide(values):
        return _primitives.divide_by_count(reduce_sum(values, ids, num), ids, num)
    return _primitives.segment_mean(_primitives.concat(values), _primitives.concat(ids), num)


def _is_wide(values: Sequence[Any]) -> bool:
    """Whether a sum of the values can be trusted, and is of use for their mean."""
    return not _field.is_ragged_tensor(values[0]) and _field.dtype_of(values[0]) in (tf.float32, tf.float64)


def _max_no_inf(values: Sequence[Any], ids: Sequence[Any], num: Any) -> Any:
    """0 for an empty segment, and where the maximum is the lowest value of the dtype or -inf."""
    result = reduce_max(values, ids, num)
    return _zero_where(_comparable(result) <= _primitives.limits(_field.dtype_of(result))[0], result, ids[0])


def _min_no_inf(values: Sequence[Any], ids: Sequence[Any], num: Any) -> Any:
    """0 for an empty segment, and where the minimum is the highest value of the dtype or inf."""
    result = _reduce_min(values, ids, num)
    return _zero_where(_comparable(result) >= _primitives.limits(_field.dtype_of(result))[1], result, ids[0])


def _comparable(values: Any) -> Any:
    """Eagerly, NumPy compares faster than TensorFlow."""
    numbers = _field.to_numpy(values)
    return values if numbers is None else numbers


def _zero_where(drop: Any, values: Any, ids: Any) -> Any:
    if isinstance(drop, np.ndarray) and isinstance(values, tf.Tensor):
        if not drop.any():
            return values
        return tf.raw_ops.SelectV2(condition=_known.mask(ids, drop), t=_zero(values.dtype), e=values)
    if isinstance(values, tf.Tensor):
        return tf.raw_ops.SelectV2(condition=drop, t=tf.constant(0, values.dtype), e=values)
    if _primitives.is_tf(values):
        return tf.where(drop, tf.zeros_like(values), values)
    return keras.ops.where(drop, keras.ops.zeros_like(values), values)


@functools.lru_cache
def _zero(dtype: tf.DType) -> tf.Tensor:
    """For eager mode."""
    return tf.constant(0, dtype)


# In TF-GNN's order of registration.
_REDUCTIONS: dict[str, Reduction] = {
    "max": reduce_max,
    "max_no_inf": _max_no_inf,
    "mean": _reduce_mean,
    "min": _reduce_min,
    "min_no_inf": _min_no_inf,
    "sum": reduce_sum,
    "prod": _of_sets(_primitives.segment_prod, operator.mul),
}


def get_registered_reduce_operation_names() -> list[str]:
    """The reduce types that pooling knows. Several can be joined with `|`.

    >>> import gnnkit
    >>> gnnkit.get_registered_reduce_operation_names()
    ['max', 'max_no_inf', 'mean', 'min', 'min_no_inf', 'sum', 'prod']
    """
    return list(_REDUCTIONS)


def reduce_segments(reduce_type: str, values: Sequence[Any], ids: Sequence[Any], num: Any) -> Any:
    """Reduces by `reduce_type`, one of the names or several joined by `|` (results side by side on the last axis)."""
    if not reduce_type or not isinstance(reduce_type, str):
        raise ValueError(f"reduce_type must be a name or several joined by '|', but got {reduce_type!r}.")
    kinds = reduce_type.split("|")
    for kind in kinds:
        if kind not in _REDUCTIONS:
            raise MissingError(
                f"Unknown reduce_type {kind!r}. Known: {', '.join(_REDUCTIONS)}; join several with '|', as in "
                "'mean|max'."
            )
    if len(kinds) == 1:
        return _REDUCTIONS[reduce_type](values, ids, num)
    shape = _field.shape_of(values[0])
    if shape is None or len(shape) < 2:
        raise ValueError(
            f"reduce_type {reduce_type!r} joins several reductions on the last axis, which needs values of rank "
            f"at least 2, [items, ..., units], but got shape {values[0].shape}."
        )
    results: dict[str, Any] = {}
    if {"sum", "mean"} <= set(kinds) and _is_wide(values):
        results["sum"] = reduce_sum(values, ids, num)
        results["mean"] = _primitives.divide_by_count(results["sum"], ids, num)
    for kind in kinds:
        if kind not in results:
            results[kind] = _REDUCTIONS[kind](values, ids, num)
    return _primitives.concat([results[kind] for kind in kinds], -1)
