"""Edges between nodes that a subgraph has met, found without reading all edges of nodes that have many."""

from __future__ import annotations

import numpy as np

from gnnkit.samplers._bar import first_edge
from gnnkit.samplers._csr import sort_by_key
from gnnkit.samplers._jit import jit

_SIGN = np.uint64(1 << 63)


@jit
def lookup_cost(members, degree):
    """Steps that it takes to look so many nodes up among the neighbours of one."""
    bits = 2
    while degree >> bits:
        bits += 1
    return members * bits


@jit
def met_nodes(nodes, begin, end, node_set, keys):
    """The nodes of one set among the met ones `[begin, end)`, in canonical order. keys: uint64, of the set."""
    count = 0
    for i in range(begin, end):
        count += nodes[0, i] == node_set
    members, ranks = np.empty(count, np.int64), np.empty(count, np.int64)
    count = 0
    for i in range(begin, end):
        if nodes[0, i] == node_set:
            members[count] = nodes[1, i]
            ranks[count] = np.int64(keys[nodes[1, i]] ^ _SIGN)  # In the order of unsigned numbers.
            count += 1
    sort_by_key(ranks, members, np.empty(count, np.int64), np.empty(count, np.int64), count)
    return members


@jit
def edges_to(targets, begin, end, keys, members, out):
    """Places, in canonical order, of those edges `[begin, end)` of one node that lead to a member.

    keys: as above. out: is used if it is long enough. Returns (places, their number).
    """
    count, place = 0, begin
    for i in range(len(members)):
        place = first_edge(targets, place, end, keys, members[i])
        while place < end and targets[place] == members[i]:
            if count == len(out):
                longer = np.empty(2 * count, np.int64)
                longer[:count] = out
                out = longer
            out[count] = place
            count += 1
            place += 1
    return out, count
