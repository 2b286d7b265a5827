"""Ranks of true candidates among false ones."""

import abc
from typing import Any, final

import keras

from gnnkit.keras.metrics._lists import Lists, make_lists, ops


class _RankingMetric(keras.metrics.Metric, abc.ABC):
    """A weighted mean over positives, or over lists."""

    def __init__(self, *, list_size: int | None, name: str, dtype: Any) -> None:
        super().__init__(name=name, dtype=dtype)
        if list_size is not None and list_size < 2:
            raise ValueError(f"{type(self).__name__}: list_size must be 2 or more, or None, but is {list_size}.")
        self.list_size = list_size
        self._sum = self.add_weight(initializer="zeros", name="sum")
        self._weight = self.add_weight(initializer="zeros", name="weight")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds lists. For shapes see the class."""
        lists = make_lists(y_true, y_pred, sample_weight, self.list_size, type(self).__name__)
        values, weights = self._values(lists)
        self._sum.assign_add(ops.cast(ops.sum(values * weights), self.dtype))
        self._weight.assign_add(ops.cast(ops.sum(weights), self.dtype))

    @abc.abstractmethod
    def _values(self, lists: Lists) -> tuple[Any, Any]:
        """Values and their weights, of the same shape."""

    def result(self) -> Any:
        return ops.divide_no_nan(self._sum, self._weight)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "list_size": self.list_size}


@final
@keras.saving.register_keras_serializable("gnnkit")
class MeanReciprocalRank(_RankingMetric):
    """The mean of `1 / rank` over positives; the rank of a positive is 1 if no negative of its list scores higher.

    The other positives of the list are no competitors (the "filtered" ranks of link prediction). Negatives with the score
    of the positive are ranked in random order: the value is the mean over all orders, so that equal scores for all give
    what guessing gives.

    list_size: None for lists as rows: y_true and y_pred `[Q, N]`, sample_weight `[Q]` or `[Q, N]`. With a number N, y_true
        and y_pred are `[R]` or `[R, 1]`, sample_weight is `[R]`, and N in a row are a list.
    y_true: over 0 for positives. y_pred: scores. sample_weight: 0 for what is no candidate, such as padding; the weight of
        a positive is its weight in the mean.
    ValueError: other shapes.

    Reference: Bordes et al., Translating Embeddings for Modeling Multi-relational Data, NIPS 2013 (filtered ranks).

    >>> metric = MeanReciprocalRank()
    >>> metric.update_state([[1, 0, 0], [0, 0, 1]], [[0.9, 0.1, 0.2], [0.8, 0.1, 0.2]])
    >>> float(metric.result())  # Ranks 1 and 2.
    0.75
    """

    def __init__(self, list_size: int | None = None, name: str = "mrr", dtype: Any = None) -> None:
        super().__init__(list_size=list_size, name=name, dtype=dtype)

    def _values(self, lists: Lists) -> tuple[Any, Any]:
        above, ties, weight = _competitors(lists)
        harmonic = ops.pad(ops.cumsum(1.0 / ops.arange(1.0, ops.shape(above)[1] + 2.0)), [[1, 0]])
        first, last = (ops.take(harmonic, ops.cast(x, "int32")) for x in (above, above + ties + 1.0))
        return (last - first) / (ties + 1.0), weight


@final
@keras.saving.register_keras_serializable("gnnkit")
class HitsAtK(_RankingMetric):
    """The share of positives whose rank is at most k. Ranks, ties and other arguments: see `MeanReciprocalRank`.

    >>> metric = HitsAtK(1, list_size=3)
    >>> metric.update_state([1, 0, 0, 0, 0, 1], [0.9, 0.1, 0.2, 0.8, 0.1, 0.2])
    >>> metric.name, float(metric.result())
    ('hits_at_1', 0.5)
    """

    def __init__(self, k: int, list_size: int | None = None, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(list_size=list_size, name=name or f"hits_at_{k}", dtype=dtype)
        if k < 1:
            raise ValueError(f"HitsAtK: k must be 1 or more, but is {k}.")
        self.k = k

    def _values(self, lists: Lists) -> tuple[Any, Any]:
        above, ties, weight = _competitors(lists)
        return ops.clip((self.k - above) / (ties + 1.0), 0.0, 1.0), weight

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "k": self.k}


@final
@keras.saving.register_keras_serializable("gnnkit")
class NDCG(_RankingMetric):
    """Normalized discounted cumulative gain: the mean over lists of `Σ gain / log2(1 + rank)`, over its best value.

    Gains are y_true, not negative. Candidates with equal scores share their gains and places. Lists without gain are left
    out. The weight of a list is the mean of the weights of its candidates (those over 0).

    k: looks at the first k places; None for all.
    Other arguments: see `MeanReciprocalRank`.

    Reference: Järvelin and Kekäläinen, Cumulated gain-based evaluation of IR techniques, TOIS 2002.

    >>> metric = NDCG()
    >>> metric.update_state([[0.0, 1.0, 0.0]], [[0.9, 0.5, 0.2]])
    >>> round(float(metric.result()), 4)  # 1 / log2(3)
    0.6309
    """

    def __init__(
        self, k: int | None = None, list_size: int | None = None, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(list_size=list_size, name=name or ("ndcg" if k is None else f"ndcg_at_{k}"), dtype=dtype)
        if k is not None and k < 1:
            raise ValueError(f"NDCG: k must be 1 or more, or None, but is {k}.")
        self.k = k

    def _values(self, lists: Lists) -> tuple[Any, Any]:
        used = ops.cast(lists.weight > 0, "float32")
        gains = lists.label * used
        size = ops.shape(gains)[1]
        places = ops.arange(0.0, size)
        discounts = ops.log(2.0) / ops.log(places + 2.0)
        if self.k is not None:
            discounts = discounts * ops.cast(places < self.k, "float32")
        until = ops.pad(ops.cumsum(discounts), [[1, 0]])  # Sums of the discounts of the first 0, 1, ... N places.
        num, gain = lists.sum_of_groups(used), lists.sum_of_groups(gains)
        end = ops.cumsum(num, axis=1)
        first, last = (ops.take(until, ops.cast(x, "int32")) for x in (end - num, end))
        found = ops.sum(ops.divide_no_nan(gain, num) * (last - first), axis=1)
        best = ops.sum(-ops.sort(-gains, axis=1) * discounts, axis=1)
        weight = ops.divide_no_nan(ops.sum(lists.weight, axis=1), ops.sum(used, axis=1))
        return ops.divide_no_nan(found, best), weight * ops.cast(best > 0, "float32")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "k": self.k}


def _competitors(lists: Lists) -> tuple[Any, Any, Any]:
    """For each candidate the numbers of negatives with higher and with the same score; and weights, 0 for negatives."""
    positive = ops.cast(lists.label > 0, "float32")
    negatives = lists.sum_of_groups((1.0 - positive) * ops.cast(lists.weight > 0, "float32"))
    above = ops.cumsum(negatives, axis=1) - negatives
    return lists.of_group(above), lists.of_group(negatives), positive * lists.weight
