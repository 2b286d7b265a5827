"""Which edges of one node a sampling operation takes: all strategies, with cut-off times, and links to be left out.

A pure function of the draw's key and of the node's edges in their canonical order, with their weights and times.
"""

from __future__ import annotations

import numpy as np

from gnnkit.samplers._draw import bounded, combine, draw_uniform
from gnnkit.samplers._hash_table import holds
from gnnkit.samplers._jit import jit
from gnnkit.samplers._tree import draw_tree

# How: any edge, the last in an order, by the sums or by the maxima of a tree.
UNIFORM, LAST, SUM, MAXIMUM = 0, 1, 2, 3

# Columns of the matrix of hops. ORDER, KEYS, TREE: where the hop's edge set begins in the arrays of that name, or -1.
# CUTOFF: which of the two cut-offs holds, see `_feature_order.cutoffs`.
EDGE_SET, SIZE, HASH, HOW, REPLACE, ORDER, KEYS, TREE, CUTOFF = range(9)
HOP_COLUMNS = 9

_THIN = np.uint64(0x7468696E)  # Tells the second draw of a key from the first.


@jit
def count_until(keys, start, count, cutoff):
    """How many of `count` ascending keys are at most the cut-off."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if keys[start + middle] <= cutoff:
            low = middle + 1
        else:
            high = middle
    return low


@jit
def choose(
    key, degree, hop, row_start, here, cutoff, order, keys, weights, tree,
    barred, barred_stamp, num_barred, out, table, changes, changed, stamp,
):  # fmt: skip
    """Writes positions, in canonical order, of the chosen edges of one node to `out`; returns their number.

    hop: a row of the matrix of hops. row_start: of the node within its edge set; here: within all edges.
    cutoff: int64; with times, edges whose key is larger do not exist.
    barred: hash table of edges (places among all) that do not exist, of which at most `num_barred` are this node's.
    out: room for size + num_barred. table: as `draw_uniform` needs it for that size; changes, changed, stamp: as
    `draw_tree` needs them, stamp being another one in each call.
    """
    how, size, replace = hop[HOW], hop[SIZE], hop[REPLACE] != 0
    first = hop[ORDER] + row_start if hop[ORDER] >= 0 else np.int64(-1)
    limit = degree
    if hop[KEYS] >= 0:
        limit = count_until(keys, hop[KEYS] + row_start, degree, cutoff)
    if how == SUM or how == MAXIMUM:
        return draw_tree(
            key, limit, degree, size, how == MAXIMUM, replace, weights, tree, hop[TREE] + row_start, order, first,
            barred, barred_stamp, here, num_barred, changes, changed, stamp, out,
        )  # fmt: skip
    count = 0
    if how == LAST:
        place = limit - 1
        while place >= 0 and count < size:
            position = np.int64(order[first + place])
            place -= 1
            if num_barred == 0 or not holds(barred, barred_stamp, here + position):
                out[count] = position
                count += 1
        return count
    if replace:
        if limit <= num_barred:  # Only then there may be nothing to draw.
            place = 0
            while place < limit:
                position = np.int64(order[first + place]) if first >= 0 else place
                if not holds(barred, barred_stamp, here + position):
                    break
                place += 1
            if place == limit:
                return 0
        number = 0
        while count < size and limit > 0:
            place = bounded(key, number, limit)
            number += 1
            position = np.int64(order[first + place]) if first >= 0 else place
            if num_barred == 0 or not holds(barred, barred_stamp, here + position):
                out[count] = position
                count += 1
        return count
    drawn = draw_uniform(key, limit, size + num_barred, out, table)
    if first >= 0:
        for i in range(drawn):
            out[i] = order[first + out[i]]
    if num_barred == 0:
        return drawn
    for i in range(drawn):
        if not holds(barred, barred_stamp, here + out[i]):
            out[count] = out[i]
            count += 1
    if count > size:  # A random subset of a random subset is a random subset.
        for i in range(size):
            j = i + bounded(combine(key, _THIN), i, count - i)
            out[i], out[j] = out[j], out[i]
        count = size
    return count
