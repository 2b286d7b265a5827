"""Draws by weight: a binary tree over the edges of each node, in whose nodes lie the sums, or maxima, of their leaves.

The edges of a node, its leaves, are numbered from 0. An inner node covers `[lo, lo + size)`, where size is a power of
two and lo a multiple of it, and is stored at the place `lo + size / 2`, where its halves meet: so a node of d edges
needs d places, of which the first is free. Where a half would begin behind the last leaf, the other half stands for
both. What one draw changes (edges already drawn, edges after the cut-off) it notes in a hash table of its own, as the
tree is shared. Every change recomputes sums from their two parts: nothing cancels, whatever the weights.
"""

from __future__ import annotations

import numpy as np

from gnnkit.samplers._draw import unit
from gnnkit.samplers._hash_table import KEY, STAMP, find, holds
from gnnkit.samplers._jit import jit

_NOTHING = -np.inf


@jit
def _join(a, b, maximum):
    return max(a, b) if maximum else a + b


@jit
def _total(tree, weights, start, lo, size, limit, changes, changed, stamp):
    """The value of the leaves `[lo, min(lo + size, limit))`."""
    key = -1 - lo
    while size > 1:
        size //= 2
        if lo + size < limit:
            key = lo + size
            break
    slot = find(changes, stamp, key)
    if changes[STAMP, slot] == stamp:
        return changed[slot]
    return tree[start + key] if key >= 0 else weights[start + lo]


@jit
def _change(changes, changed, stamp, key, value):
    slot = find(changes, stamp, key)
    changes[KEY, slot] = key
    changes[STAMP, slot] = stamp
    changed[slot] = value


@jit
def _update(tree, weights, start, leaf, limit, maximum, only_cut, changes, changed, stamp):
    """Recomputes the nodes above a leaf; with only_cut those that the limit cuts."""
    size = 2
    while size < 2 * limit:
        lo = leaf // size * size
        middle = lo + size // 2
        if middle < limit and (lo + size > limit or not only_cut):
            a = _total(tree, weights, start, lo, size // 2, limit, changes, changed, stamp)
            b = _total(tree, weights, start, middle, size // 2, limit, changes, changed, stamp)
            _change(changes, changed, stamp, middle, _join(a, b, maximum))
        size *= 2


@jit
def build_trees(splits, weights, tree, maximum):
    """Fills in the trees of all nodes. splits: int64 `[V + 1]`. weights, tree: float64 `[E]`."""
    for node in range(len(splits) - 1):
        start, degree = splits[node], splits[node + 1] - splits[node]
        half = 1
        while half < degree:
            for middle in range(half, degree, 2 * half):
                right = half
                while right > 1 and middle + right // 2 >= degree:
                    right //= 2
                a = weights[start + middle - 1] if half == 1 else tree[start + middle - half // 2]
                b = weights[start + middle] if right == 1 else tree[start + middle + right // 2]
                tree[start + middle] = _join(a, b, maximum)
            half *= 2


@jit
def room_for_changes(draws, degree):
    """Entries that the table of one draw must have: a power of two."""
    levels, size = 2, 1
    while size < degree:
        size *= 2
        levels += 1
    needed = 64
    while needed < 2 * (draws + 1) * levels:
        needed *= 2
    return needed


@jit
def draw_tree(
    key, limit, degree, size, maximum, replace, weights, tree, start, order, first,
    barred, barred_stamp, here, num_barred, changes, changed, stamp, out,
):  # fmt: skip
    """Draws up to `size` of the first `limit` leaves, in O(size log limit); returns the number.

    With maximum: the leaves of the largest weights, later ones first among equals. Otherwise, one after another: each
    in proportion to its weight among those not yet drawn; with `replace`, among all. A weight of 0 is never drawn.
    order: leaf -> position, from `first` on (first < 0: leaves are positions). Edge `here + position` is left out if it
    is in `barred`. out: receives positions. changes, changed: scratch, see `room_for_changes`.
    """
    if limit <= 0:
        return 0
    root = 1
    while root < limit:
        root *= 2
    if limit < degree:
        _update(tree, weights, start, limit - 1, limit, maximum, True, changes, changed, stamp)
    nothing = _NOTHING if maximum else 0.0
    count, number = 0, 0
    while count < size:
        total = _total(tree, weights, start, 0, root, limit, changes, changed, stamp)
        if total <= nothing:
            break
        point = unit(key, number) * total
        number += 1
        lo, half = 0, root
        while half > 1:
            half //= 2
            middle = lo + half
            if middle >= limit:
                continue
            left = _total(tree, weights, start, lo, half, limit, changes, changed, stamp)
            right = _total(tree, weights, start, middle, half, limit, changes, changed, stamp)
            if maximum:
                if right >= left:
                    lo = middle
            elif left <= 0 or (right > 0 and point >= left):
                point -= left
                lo = middle
        position = np.int64(order[first + lo]) if first >= 0 else lo
        out_of_bounds = num_barred > 0 and holds(barred, barred_stamp, here + position)
        if not out_of_bounds:
            out[count] = position
            count += 1
        if out_of_bounds or not replace:
            _change(changes, changed, stamp, -1 - lo, nothing)
            _update(tree, weights, start, lo, limit, maximum, False, changes, changed, stamp)
    return count
