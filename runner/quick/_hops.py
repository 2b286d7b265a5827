"""How far to sample: a guess from the edge sets and their degrees."""

from typing import Any

import numpy as np

from gnnkit.samplers import EdgeTable, GraphTables

_SIZES = (16, 8)  # At the first and the second depth.
_MOST_NODES = 600  # In a subgraph, on average: more makes steps slow.


def guess_sampling(tables: GraphTables, node_set: str) -> tuple[dict[str, Any] | str, int]:
    """(the sampling section, rounds of message passing that bring everything to the root).

    Two hops along all edge sets; then one more along those that lead to a single node, which are attributes kept in
    tables of their own (an airline's country). A graph without edges that leave `node_set` is not sampled.
    """
    edges = {name: table for name, table in sorted(tables.edge_sets.items()) if not name.startswith(tuple("_#!%.^~"))}
    sizes: list[int] = list(_SIZES)
    while True:
        hops, depth, estimate = _hops(tables, edges, node_set, sizes)
        if estimate <= _MOST_NODES or max(sizes) <= 2:
            break
        sizes = [max(2, size // 2) for size in sizes]
    return ({"hops": hops}, depth) if hops else ("none", 1)


def _hops(
    tables: GraphTables, edges: dict[str, EdgeTable], node_set: str, sizes: list[int]
) -> tuple[list[dict[str, Any]], int, float]:
    degrees = {
        name: np.bincount(table.source, minlength=tables.node_sets[table.source_set].num_nodes)
        for name, table in edges.items()
    }
    hops: list[dict[str, Any]] = []
    front = {"seed": (node_set, 1.0)}  # Name of an operation -> (where it arrives, nodes there).
    total, depth = 1.0, 0
    for level in range(len(sizes) + 1):
        last = level == len(sizes)
        reached: dict[str, tuple[str, float]] = {}
        for name, table in edges.items():
            starts = [op for op, (at, _) in front.items() if at == table.source_set]
            if not starts or not len(degrees[name]) or last and degrees[name].max(initial=0) > 1:
                continue
            size = 1 if degrees[name].max(initial=0) <= 1 else sizes[min(level, len(sizes) - 1)]
            count = sum(front[op][1] for op in starts) * float(np.minimum(degrees[name], size).mean())
            hop = {"name": f"{name}_{level + 1}", "edge_set": name, "size": size, "from": starts}
            hops.append(hop)
            reached[hop["name"]] = (table.target_set, min(count, tables.node_sets[table.target_set].num_nodes))
            total += count
        if not reached:
            break
        front, depth = reached, level + 1
    return hops, depth, total
