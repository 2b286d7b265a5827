"""Edges that a subgraph must not hold: the links that are to be predicted."""

from __future__ import annotations

from gnnkit.samplers._hash_table import STAMP, VALUE, enter, find, rehash
from gnnkit.samplers._jit import jit


@jit
def first_edge(targets, begin, end, target_keys, target):
    """Where the edges to `target` begin among the edges `[begin, end)` of one node: neighbours are sorted by key.

    target_keys: uint64, of the target node set.
    """
    low, high = begin, end
    key = target_keys[target]
    while low < high:
        middle = (low + high) // 2
        other = targets[middle]
        if target_keys[other] < key or (target_keys[other] == key and other < target):
            low = middle + 1
        else:
            high = middle
    return low


@jit
def bar_links(
    links, begin, end, bars, splits, split_starts, targets, edge_starts, target_sets, node_keys, node_starts,
    barred, stamp,
):  # fmt: skip
    """Enters all edges that are one of the links, and for each node how many of its edges are.

    links: int64 `[2, L]`, rows of source and target, of which `[begin, end)` count. bars: int64, for each edge set:
    1 if edges from source to target are barred, 2 for edges from target to source, 3 for both.
    Keys in the table: the place of an edge; or -1 - the place of a node's row split, whose value is the number.
    Returns the table (a larger one where it was too small) and its number of entries.
    """
    count = 0
    for i in range(begin, end):
        for edge_set in range(len(bars)):
            for way in range(2):
                if bars[edge_set] >> way & 1 == 0:
                    continue
                node, target = links[way, i], links[1 - way, i]
                split = split_starts[edge_set] + node
                place = edge_starts[edge_set] + splits[split]
                last = edge_starts[edge_set] + splits[split + 1]
                keys = node_keys[node_starts[target_sets[edge_set]] : node_starts[target_sets[edge_set] + 1]]
                place = first_edge(targets, place, last, keys, target)
                while place < last and targets[place] == target:
                    if 2 * (count + 2) > barred.shape[1]:
                        barred = rehash(barred, stamp)
                    if enter(barred, stamp, place, 0):
                        count += 1
                        if enter(barred, stamp, -1 - split, 0):
                            count += 1
                        barred[VALUE, find(barred, stamp, -1 - split)] += 1
                    place += 1
    return barred, count


@jit
def num_barred_of(barred, stamp, split):
    """How many edges of a node are barred. split: the place of its row split."""
    slot = find(barred, stamp, -1 - split)
    return barred[VALUE, slot] if barred[STAMP, slot] == stamp else 0
