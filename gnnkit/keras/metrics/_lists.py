"""Lists of candidates, and where the scores put them. Q lists, N candidates each."""

import dataclasses
from typing import Any

import keras

ops: Any = keras.ops  # Its functions have no types of results, which pyright takes for None.


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lists:
    """Candidates, all `[Q, N]` and float32, those with the highest scores first.

    label: relevance. weight: 0 for what is no candidate. group: int32, the number in the list of the score; candidates
    with equal scores share it.
    """

    label: Any
    weight: Any
    group: Any

    def sum_of_groups(self, values: Any) -> Any:
        """The sum of values `[Q, N]` over candidates with equal scores: `[Q, N]`, by number of the score."""
        num_lists, size = ops.shape(values)
        ids = ops.reshape(self.group + size * ops.arange(num_lists, dtype="int32")[:, None], [-1])
        sums = ops.segment_sum(ops.reshape(values, [-1]), ids, num_segments=num_lists * size)
        return ops.reshape(sums, [num_lists, size])

    def of_group(self, values: Any) -> Any:
        """For each candidate the value `[Q, N]` of its group."""
        return ops.take_along_axis(values, self.group, axis=1)


def make_lists(y_true: Any, y_pred: Any, sample_weight: Any, list_size: int | None, who: str) -> Lists:
    """Sorts candidates by their scores. Shapes: see `MeanReciprocalRank`."""
    score = ops.cast(ops.convert_to_tensor(y_pred), "float32")
    shape = list(score.shape)
    if list_size is None:
        if len(shape) != 2 or shape[1] == 1:
            raise ValueError(
                f"{who}: scores must have shape [lists, candidates], but have {shape}. Where they are in one row, pass "
                "list_size, the number of candidates in a list."
            )
        num = ops.shape(score)[1]
    else:
        if len(shape) > 2 or (len(shape) == 2 and shape[1] not in (1, None)):
            raise ValueError(f"{who}: with list_size, scores must have shape [R] or [R, 1], but have {shape}.")
        if shape[0] is not None and shape[0] % list_size:
            raise ValueError(
                f"{who}: {shape[0]} scores cannot be cut into lists of list_size={list_size}. Batches must hold whole "
                "lists."
            )
        num = list_size
        score = ops.reshape(score, [-1, num])
    label = ops.reshape(ops.cast(y_true, "float32"), ops.shape(score))
    if sample_weight is None:
        weight = ops.ones_like(score)
    else:
        weight = ops.reshape(ops.cast(sample_weight, "float32"), [ops.shape(score)[0], -1])
        weight = ops.broadcast_to(weight, ops.shape(score))
    order = ops.argsort(-score, axis=1)
    score, label, weight = (ops.take_along_axis(x, order, axis=1) for x in (score, label, weight))
    starts = ops.cast(ops.not_equal(score[:, 1:], score[:, :-1]), "int32")
    group = ops.pad(ops.cumsum(starts, axis=1), [[0, 0], [1, 0]])
    return Lists(label=label, weight=weight, group=group)
