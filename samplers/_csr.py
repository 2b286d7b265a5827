"""Edges sorted by source, then by the rank of the target, then by row: two counting sorts, O(V + E)."""

from __future__ import annotations

import numpy as np

from gnnkit.samplers._jit import jit


@jit
def sort_edges(source, target, rank, order, splits, targets, rows):
    """source, target: int64 `[E]`. rank: int64 `[Vt]`, place of each target node; order: its inverse.

    Fills splits (int64 `[Vs + 1]`, given as zeros), targets and rows (`[E]`).
    """
    count = len(source)
    # First by target: stable, so rows stay in order among parallel edges.
    starts = np.zeros(len(rank) + 1, np.int64)
    for i in range(count):
        starts[rank[target[i]] + 1] += 1
    for i in range(len(rank)):
        starts[i + 1] += starts[i]
    by_target = np.empty(count, rows.dtype)
    for i in range(count):
        place = rank[target[i]]
        by_target[starts[place]] = i
        starts[place] += 1
    # Then by source: stable, so targets stay in order.
    for i in range(count):
        splits[source[i] + 1] += 1
    for i in range(len(splits) - 1):
        splits[i + 1] += splits[i]
    cursor = splits.copy()
    for i in range(count):
        row = by_target[i]
        place = cursor[source[row]]
        cursor[source[row]] += 1
        rows[place] = row
        targets[place] = target[row]
