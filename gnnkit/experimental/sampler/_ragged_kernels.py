"""Kernels over ragged rows of integers, compiled by Numba; they hold no GIL."""

from __future__ import annotations

import numpy as np

from gnnkit.samplers._draw import bounded, combine, mix
from gnnkit.samplers._jit import jit

_SMALL = 32  # Up to so many samples, looking through them beats a hash table.


@jit
def _table_size(count):
    size = 64
    while size < 2 * count:
        size *= 2
    return size


@jit
def _slot(keys, stamps, stamp, key):
    """The place of a key in a hash table, or the free place where it belongs. Entries with other stamps are free."""
    mask = len(keys) - 1
    slot = np.int64(mix(np.uint64(key)) & np.uint64(mask))
    while stamps[slot] == stamp and keys[slot] != key:
        slot = (slot + 1) & mask
    return slot


@jit
def _draw(key, degree, size, out, start, keys, stamps, stamp):
    """Writes `size` of `degree` positions to out[start:], each subset equally likely: R. Floyd's algorithm, O(size)."""
    for i in range(size):
        last = degree - size + i
        position = bounded(key, i, last + 1)
        taken = False
        if size <= _SMALL:
            for j in range(i):
                if out[start + j] == position:
                    taken = True
                    break
            out[start + i] = last if taken else position
            continue
        slot = _slot(keys, stamps, stamp, position)
        if stamps[slot] == stamp:
            position = last
            slot = _slot(keys, stamps, stamp, position)
        keys[slot], stamps[slot] = position, stamp
        out[start + i] = position


@jit
def choose(counts, starts, degrees, key, out):
    """For each row, `counts[row]` different numbers of `range(degrees[row])`, plus `starts[row]`, to `out`."""
    largest = 0
    for row in range(len(counts)):
        if _SMALL < counts[row] < degrees[row]:
            largest = max(largest, counts[row])
    keys = np.empty(_table_size(largest), np.int64)
    stamps = np.zeros(len(keys), np.int64)
    place = 0
    for row in range(len(counts)):
        count = counts[row]
        if count == degrees[row]:
            for i in range(count):
                out[place + i] = i
        else:
            _draw(combine(key, np.uint64(row)), degrees[row], count, out, place, keys, stamps, row + 1)
        for i in range(count):
            out[place + i] += starts[row]
        place += count


@jit
def unique_rows(values, splits, out, out_splits):
    """The different values of each row, in the order of their first occurrence. Returns their number."""
    largest = 0
    for row in range(len(splits) - 1):
        largest = max(largest, splits[row + 1] - splits[row])
    keys = np.empty(_table_size(largest), np.int64)
    stamps = np.zeros(len(keys), np.int64)
    place = 0
    for row in range(len(splits) - 1):
        for i in range(splits[row], splits[row + 1]):
            slot = _slot(keys, stamps, row + 1, values[i])
            if stamps[slot] != row + 1:
                keys[slot], stamps[slot] = values[i], row + 1
                out[place] = values[i]
                place += 1
        out_splits[row + 1] = place
    return place


@jit
def find_rows(values, splits, vocabulary, vocabulary_splits, out):
    """The first place of each value in its row of the vocabulary, or -1, to `out`.

    Returns (a value that is not there, an entry of the vocabulary that occurs twice), as places, or -1.
    """
    largest = 0
    for row in range(len(vocabulary_splits) - 1):
        largest = max(largest, vocabulary_splits[row + 1] - vocabulary_splits[row])
    size = _table_size(largest)
    keys = np.empty(size, np.int64)
    found = np.empty(size, np.int64)
    stamps = np.zeros(size, np.int64)
    missing, twice = -1, -1
    for row in range(len(splits) - 1):
        for i in range(vocabulary_splits[row], vocabulary_splits[row + 1]):
            slot = _slot(keys, stamps, row + 1, vocabulary[i])
            if stamps[slot] == row + 1:
                twice = i
            else:
                keys[slot], found[slot], stamps[slot] = vocabulary[i], i - vocabulary_splits[row], row + 1
        for i in range(splits[row], splits[row + 1]):
            slot = _slot(keys, stamps, row + 1, values[i])
            if stamps[slot] == row + 1:
                out[i] = found[slot]
            else:
                out[i] = -1
                missing = i
    return missing, twice


@jit
def group_by_source(source, splits, order):
    """Edges by source, in their order: `splits` (int64 `[V + 1]`, given as zeros), `order` (int64 `[E]`)."""
    for edge in range(len(source)):
        splits[source[edge] + 1] += 1
    for node in range(len(splits) - 1):
        splits[node + 1] += splits[node]
    cursor = splits.copy()
    for edge in range(len(source)):
        order[cursor[source[edge]]] = edge
        cursor[source[edge]] += 1
