"""Edges sorted by source, then by the rank of the target, then by row, in parallel over ranges of sources.

Sources are counted, edges are placed behind their sources, and the edges of each source are sorted. Every step is done
for a range of sources at a time, so that threads share nothing; beside the result, a range needs its own counters.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from gnnkit.samplers._jit import jit

_SMALL = 1 << 20  # Up to this number of edges, NumPy is done before the kernels would be loaded.
_RUN = 16  # Up to this length, sorting by insertion beats merging.


@jit
def count_edges(source, low, high, splits):
    """Adds the number of edges of each source `s` in `[low, high)` to `splits[s + 1]`."""
    for i in range(len(source)):
        s = source[i]
        if low <= s < high:
            splits[s + 1] += 1


@jit
def place_edges(source, low, high, splits, rows):
    """Writes the rows of the edges of all sources in `[low, high)`, in ascending order, from `splits` on."""
    cursor = splits[low:high].copy()
    for i in range(len(source)):
        s = source[i]
        if low <= s < high:
            rows[cursor[s - low]] = i
            cursor[s - low] += 1


@jit
def sort_neighbors(target, rank, low, high, splits, rows, targets):
    """Sorts the rows of each source in `[low, high)` by the rank of their target, stably, and fills in the targets.

    rank: place of each target node, or empty if that is its index.
    """
    longest = 0
    for s in range(low, high):
        longest = max(longest, splits[s + 1] - splits[s])
    keys, other_keys = np.empty(longest, np.int64), np.empty(longest, np.int64)
    other_rows = np.empty(longest, rows.dtype)
    ranked = len(rank) > 0
    for s in range(low, high):
        begin, count = splits[s], splits[s + 1] - splits[s]
        ascending = True
        for i in range(count):
            node = np.int64(target[rows[begin + i]])
            keys[i] = rank[node] if ranked else node
            ascending = ascending and (i == 0 or keys[i - 1] <= keys[i])
        if not ascending:
            sort_by_key(keys, rows[begin : begin + count], other_keys, other_rows, count)
        for i in range(count):
            targets[begin + i] = target[rows[begin + i]]


@jit
def sort_by_key(keys, values, other_keys, other_values, count):
    """Sorts the first `count` keys, and values with them: a stable merge sort from runs that are sorted by insertion."""
    for start in range(0, count, _RUN):
        for i in range(start + 1, min(start + _RUN, count)):
            key, value = keys[i], values[i]
            j = i
            while j > start and keys[j - 1] > key:
                keys[j], values[j] = keys[j - 1], values[j - 1]
                j -= 1
            keys[j], values[j] = key, value
    width = _RUN
    while width < count:
        for start in range(0, count, 2 * width):
            middle, end = min(start + width, count), min(start + 2 * width, count)
            a, b = start, middle
            for place in range(start, end):
                first = b >= end or a < middle and keys[a] <= keys[b]
                source = a if first else b
                other_keys[place], other_values[place] = keys[source], values[source]
                if first:
                    a += 1
                else:
                    b += 1
        for i in range(count):
            keys[i], values[i] = other_keys[i], other_values[i]
        width *= 2


def sort_edges(
    source: np.ndarray,
    target: np.ndarray,
    rank: np.ndarray,
    splits: np.ndarray,
    targets: np.ndarray,
    rows: np.ndarray,
    *,
    num_threads: int | None = None,
    tick: Callable[[float], Any] = lambda share: None,
) -> None:
    """source, target: int32 or int64 `[E]`. rank: int `[Vt]`, place of each target node; empty if that is its index.

    Fills splits (int64 `[Vs + 1]`, given as zeros), targets and rows (`[E]`).
    num_threads: None for one a core. tick: is told the share of the work that is done.
    """
    if len(source) <= _SMALL:
        _sort_small(source, target, rank, splits, targets, rows)
        return tick(1.0)
    threads = num_threads or min(16, os.cpu_count() or 1)
    threads = max(1, min(threads, len(source) // 65536 + 1))
    nodes = len(splits) - 1
    with ThreadPoolExecutor(threads) as pool:
        bounds = [nodes * i // threads for i in range(threads + 1)]
        _run(pool, bounds, lambda low, high: count_edges(source, low, high, splits))
        tick(0.2)
        np.cumsum(splits, out=splits)
        # Ranges with like numbers of edges, many enough for progress and for threads of unlike speed.
        _run(pool, _balanced(splits, threads), lambda low, high: place_edges(source, low, high, splits, rows))
        tick(0.6)
        parts = _balanced(splits, threads * max(1, min(64, len(source) // 2**20)))
        done = itertools.count(1)

        def sort(low: int, high: int) -> None:
            sort_neighbors(target, rank, low, high, splits, rows, targets)
            tick(0.6 + 0.4 * next(done) / (len(parts) - 1))

        _run(pool, parts, sort)


def _sort_small(
    source: np.ndarray, target: np.ndarray, rank: np.ndarray, splits: np.ndarray, targets: np.ndarray, rows: np.ndarray
) -> None:
    rows[:] = np.lexsort((rank[target] if len(rank) else target, source))
    targets[:] = target[rows]
    splits[1:] = np.cumsum(np.bincount(source, minlength=len(splits) - 1))


def _balanced(splits: np.ndarray, parts: int) -> list[int]:
    """Bounds of ranges of nodes with about as many edges each."""
    wanted = np.linspace(0, splits[-1], parts + 1)[1:-1]
    return [0, *np.maximum.accumulate(np.searchsorted(splits, wanted)).tolist(), len(splits) - 1]


def _run(pool: ThreadPoolExecutor, bounds: list[int], work: Callable[[int, int], None]) -> None:
    ranges = [(low, high) for low, high in itertools.pairwise(bounds) if low < high]
    list(pool.map(lambda part: work(*part), ranges))
