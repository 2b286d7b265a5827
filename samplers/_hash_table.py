"""Growing lists and hash tables for kernels: int64 matrices with a column an entry.

One type for all, as every further type makes compiling slower. Rows of a hash table are key, value and stamp: an entry
counts only if it carries the stamp in use, so that a table is emptied in no time.
"""

from __future__ import annotations

import numpy as np

from gnnkit.samplers._draw import mix
from gnnkit.samplers._jit import jit

KEY, VALUE, STAMP = 0, 1, 2


@jit
def grow(matrix, needed):
    """A longer copy of a list, with room for `needed` entries."""
    longer = np.empty((matrix.shape[0], max(needed, 2 * matrix.shape[1])), np.int64)
    for i in range(matrix.shape[0]):
        for j in range(matrix.shape[1]):
            longer[i, j] = matrix[i, j]
    return longer


@jit
def find(table, stamp, key):
    """The column of a key, or the free column where it belongs."""
    mask = table.shape[1] - 1
    slot = np.int64(mix(np.uint64(key)) & np.uint64(mask))
    while table[STAMP, slot] == stamp and table[KEY, slot] != key:
        slot = (slot + 1) & mask
    return slot


@jit
def rehash(table, stamp):
    """The entries of one stamp in a table of twice the size."""
    more = np.zeros((3, 2 * table.shape[1]), np.int64)
    for i in range(table.shape[1]):
        if table[STAMP, i] == stamp:
            slot = find(more, stamp, table[KEY, i])
            for j in range(3):
                more[j, slot] = table[j, i]
    return more


@jit
def enter(table, stamp, key, value):
    """Enters a key that is absent. Returns False if it was there."""
    slot = find(table, stamp, key)
    if table[STAMP, slot] == stamp:
        return False
    table[KEY, slot] = key
    table[VALUE, slot] = value
    table[STAMP, slot] = stamp
    return True


@jit
def holds(table, stamp, key):
    """Whether a key is there."""
    return table[STAMP, find(table, stamp, key)] == stamp
