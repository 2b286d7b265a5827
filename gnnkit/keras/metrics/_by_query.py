"""Ranking metrics of predictions for a whole dataset, in any order."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gnnkit.keras.metrics._ranking import NDCG, HitsAtK, MeanReciprocalRank

_AT_ONCE = 1 << 20  # Candidates, so that long lists do not fill the memory.


def evaluate_ranking(
    labels: Any, scores: Any, query_ids: Any, *, weights: Any = None, hits_at: Sequence[int] = (1, 3, 10)
) -> dict[str, float]:
    """MRR, hits at k and NDCG of scored pairs, where pairs with the same query id compete with each other.

    labels: `[R]` or `[R, 1]`, over 0 for true pairs. scores: as labels, say from `model.predict`.
    query_ids: `[R]`, numbers or strings, such as the ids of the sources. Lists may be of different lengths.
    weights: `[R]`. Their meaning, and that of ranks and ties: see `MeanReciprocalRank`.
    Returns `mrr`, `hits_at_K`, `ndcg`.
    ValueError: lengths that differ.

    >>> evaluate_ranking([1, 0, 0, 1], [0.9, 0.1, 0.8, 0.2], ["a", "a", "b", "b"], hits_at=[1])
    {'mrr': 0.75, 'hits_at_1': 0.5, 'ndcg': 0.8155}
    """
    scores = np.asarray(scores, np.float32).reshape(-1)
    labels = np.asarray(labels, np.float32).reshape(-1)
    query_ids = np.asarray(query_ids).reshape(-1)
    weights = np.ones_like(scores) if weights is None else np.asarray(weights, np.float32).reshape(-1)
    lengths = {"labels": len(labels), "scores": len(scores), "query_ids": len(query_ids), "weights": len(weights)}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"evaluate_ranking needs values for the same pairs, but their numbers are {lengths}.")
    metrics: list[Any] = [MeanReciprocalRank(), *(HitsAtK(k) for k in hits_at), NDCG()]
    _, list_of, sizes = np.unique(query_ids, return_inverse=True, return_counts=True)
    order = np.argsort(list_of, kind="stable")
    ends = np.cumsum(sizes)
    # Lists of about the same length go together, so that little is filled up.
    by_size = np.argsort(sizes, kind="stable")
    start = 0
    while start < len(by_size):
        stop = start + 1
        while stop < len(by_size) and (stop + 1 - start) * sizes[by_size[stop]] <= _AT_ONCE:
            stop += 1
        chosen = by_size[start:stop]
        width = max(2, int(sizes[chosen].max()))
        place = np.arange(width)
        there = place < sizes[chosen][:, None]
        rows = order[np.where(there, (ends - sizes)[chosen][:, None] + place, 0)]
        for metric in metrics:
            metric.update_state(labels[rows], scores[rows], weights[rows] * there)
        start = stop
    return {metric.name: float(metric.result()) for metric in metrics}
