"""The kernel that samples the subgraphs of a batch, one after another.

A subgraph's nodes get their index in the batch when they are met first; the seeds are met first of all. Nodes and edges
are written to one growing list with the number of their set, and sorted into sets at the end.
"""

from __future__ import annotations

import numpy as np

from gnnkit.samplers._bar import bar_links, num_barred_of
from gnnkit.samplers._choose import (
    CUTOFF,
    EDGE_SET,
    HASH,
    HOW,
    KEYS,
    LAST,
    ORDER,
    REPLACE,
    SIZE,
    choose,
    count_until,
)
from gnnkit.samplers._connect import edges_to, lookup_cost, met_nodes
from gnnkit.samplers._draw import combine, draw_uniform
from gnnkit.samplers._hash_table import KEY, STAMP, VALUE, enter, find, grow, holds, rehash
from gnnkit.samplers._jit import jit
from gnnkit.samplers._tree import room_for_changes


@jit
def sample_components(
    splits, split_starts, targets, edge_starts, source_sets, target_sets, node_keys, node_starts, max_degree,
    hops, input_starts, inputs, connect, parallel_edges, seed_sets, order, keys, weights, tree,
    seeds, seed_starts, subgraph_keys, cutoffs, links, link_starts, bars, seed,
):  # fmt: skip
    """Samples B subgraphs.

    The first line of arguments is the store's. hops: int64 `[hops, 9]`, see `_choose`. connect: like hops, edge sets of
    which all edges between met nodes are taken. seed_sets: the node set of each seed operation.
    weights: None for a plan of uniform draws only, without replacement, cut-offs, links and connecting edges, for which
    a short form of this function is compiled.
    order, keys, weights, tree: see `_feature_order`.
    seeds: int64 `[2, S]`, seed operation and row; those of subgraph b are `seed_starts[b]` to `[b + 1]`, sorted by
    operation. subgraph_keys: uint64 `[B]`. cutoffs: int64 `[2, B]`. links, bars: see `bar_links`; link_starts as above.

    Returns (node sizes `[sets, B]`, nodes `[2, V]`, edge sizes `[sets, B]`, edges `[4, E]`, seeds `[S]`).
    Rows of nodes: set, node. Rows of edges: set, place in `targets`, source and target as node indices in the batch.
    Seeds: node indices.
    """
    num_seed_ops, num_hops = len(seed_sets), len(hops)
    batch = len(subgraph_keys)
    node_sizes = np.zeros((len(node_starts) - 1, batch), np.int64)
    edge_sizes = np.zeros((len(edge_starts) - 1, batch), np.int64)
    totals = np.zeros(len(node_starts) - 1, np.int64)
    nodes, edges = np.empty((2, 1024), np.int64), np.empty((4, 1024), np.int64)
    num_nodes, num_edges = 0, 0
    roots = np.empty(seeds.shape[1], np.int64)
    met = np.zeros((3, 1024), np.int64)  # Node -> index in the batch.
    seen = np.zeros((3, 1024), np.int64)  # Nodes that an operation has taken in, or yielded.
    known = np.zeros((3, 1024), np.int64)  # Edges, where they may come twice.
    barred = np.zeros((3, 64), np.int64)
    stamp = 0
    # The nodes that each operation has yielded, with their indices in the batch; seed operations come first.
    front, union = np.empty((2, 1024), np.int64), np.empty((2, 1024), np.int64)
    front_starts = np.zeros(num_seed_ops + num_hops + 1, np.int64)
    uses = np.zeros(len(edge_starts) - 1, np.int64)
    onward = np.zeros(num_hops, np.bool_)  # Whether a later hop starts from what this one yields.
    for i in range(len(inputs)):
        if inputs[i] >= num_seed_ops:
            onward[inputs[i] - num_seed_ops] = True
    largest, room = 1, 64
    for hop in range(num_hops):
        uses[hops[hop, EDGE_SET]] += 1 if parallel_edges else 2
        size = hops[hop, SIZE] if hops[hop, REPLACE] else min(max_degree, hops[hop, SIZE])
        largest = max(largest, size)
        if weights is not None and hops[hop, HOW] > LAST:
            room = max(room, room_for_changes(size, max_degree))
    for i in range(len(connect)):
        uses[connect[i, EDGE_SET]] += 2
    drawn = np.empty(largest, np.int64)
    table_size = 64
    while table_size < 2 * largest:
        table_size *= 2
    draw_table = np.full(table_size, -1, np.int64)
    changes, changed = np.zeros((3, room), np.int64), np.empty(room, np.float64)
    draws = 0
    members, found = np.empty(0, np.int64), np.empty(64, np.int64)

    for b in range(batch):
        stamp += 1
        component = stamp
        first_node = num_nodes
        met_count, known_count, num_front = 0, 0, 0
        i = seed_starts[b]
        for op in range(num_seed_ops):
            stamp += 1
            node_set = seed_sets[op]
            num_seen = 0
            while i < seed_starts[b + 1] and seeds[0, i] == op:
                if num_nodes + 1 > nodes.shape[1]:
                    nodes = grow(nodes, num_nodes + 1)
                if num_front + 1 > front.shape[1]:
                    front = grow(front, num_front + 1)
                if 2 * (met_count + 1) > met.shape[1]:
                    met = rehash(met, component)
                if 2 * (num_seen + 1) > seen.shape[1]:
                    seen = rehash(seen, stamp)
                row = seeds[1, i]
                slot = find(met, component, node_starts[node_set] + row)
                if met[STAMP, slot] == component:
                    index = met[VALUE, slot]
                else:  # New: written here, as calling a function with all these arrays takes longer than its work.
                    index = totals[node_set]
                    met[KEY, slot] = node_starts[node_set] + row
                    met[VALUE, slot] = index
                    met[STAMP, slot] = component
                    nodes[0, num_nodes] = node_set
                    nodes[1, num_nodes] = row
                    num_nodes += 1
                    met_count += 1
                    totals[node_set] += 1
                    node_sizes[node_set, b] += 1
                if enter(seen, stamp, row, 0):
                    num_seen += 1
                    front[0, num_front] = row
                    front[1, num_front] = index
                    num_front += 1
                roots[i] = index
                i += 1
            front_starts[op + 1] = num_front
        num_barred = 0
        if weights is not None:
            if link_starts[b + 1] > link_starts[b]:
                barred, num_barred = bar_links(
                    links, link_starts[b], link_starts[b + 1], bars, splits, split_starts, targets, edge_starts,
                    target_sets, node_keys, node_starts, barred, component,
                )  # fmt: skip
        subgraph = combine(seed, subgraph_keys[b])

        for hop in range(num_hops):
            edge_set = hops[hop, EDGE_SET]
            source_set, target_set = source_sets[edge_set], target_sets[edge_set]
            split_start, edge_start = split_starts[edge_set], edge_starts[edge_set]
            # The union of the inputs, in the order of their meeting.
            num_union = 0
            stamp += 1
            for i in range(input_starts[hop], input_starts[hop + 1]):
                begin, end = front_starts[inputs[i]], front_starts[inputs[i] + 1]
                if num_union + end - begin > union.shape[1]:
                    union = grow(union, num_union + end - begin)
                for j in range(begin, end):
                    if 2 * (num_union + 1) > seen.shape[1]:
                        seen = rehash(seen, stamp)
                    if enter(seen, stamp, front[0, j], 0):
                        union[0, num_union] = front[0, j]
                        union[1, num_union] = front[1, j]
                        num_union += 1

            stamp += 1
            yielded = front_starts[num_seed_ops + hop]
            num_yielded = 0
            hop_key = combine(subgraph, np.uint64(hops[hop, HASH]))
            cutoff = cutoffs[hops[hop, CUTOFF], b]
            for i in range(num_union):
                node = union[0, i]
                row_start = splits[split_start + node]
                degree = splits[split_start + node + 1] - row_start
                draw_key = combine(hop_key, node_keys[node_starts[source_set] + node])
                if weights is None:
                    count = draw_uniform(draw_key, degree, hops[hop, SIZE], drawn, draw_table)
                else:
                    missing = 0
                    if num_barred > 0:
                        missing = num_barred_of(barred, component, split_start + node)
                        if missing > 0:
                            if largest + missing > len(drawn):
                                drawn = np.empty(2 * (largest + missing), np.int64)
                                while table_size < 2 * len(drawn):
                                    table_size *= 2
                                draw_table = np.full(table_size, -1, np.int64)
                            if hops[hop, HOW] > LAST and room < room_for_changes(hops[hop, SIZE] + missing, degree):
                                room = room_for_changes(hops[hop, SIZE] + missing, degree)
                                changes, changed = np.zeros((3, room), np.int64), np.empty(room, np.float64)
                    draws += 1
                    count = choose(
                        draw_key, degree, hops[hop], row_start, edge_start + row_start, cutoff, order, keys, weights, tree,
                        barred, component, missing, drawn, draw_table, changes, changed, draws,
                    )  # fmt: skip
                if num_edges + count > edges.shape[1]:
                    edges = grow(edges, num_edges + count)
                if num_nodes + count > nodes.shape[1]:
                    nodes = grow(nodes, num_nodes + count)
                if onward[hop] and yielded + num_yielded + count > front.shape[1]:
                    front = grow(front, yielded + num_yielded + count)
                while 2 * (met_count + count) > met.shape[1]:
                    met = rehash(met, component)
                while onward[hop] and 2 * (num_yielded + count) > seen.shape[1]:
                    seen = rehash(seen, stamp)
                while 2 * (known_count + count) > known.shape[1]:
                    known = rehash(known, component)
                for j in range(count):
                    position = edge_start + row_start + drawn[j]
                    target = np.int64(targets[position])
                    slot = find(met, component, node_starts[target_set] + target)
                    if met[STAMP, slot] == component:
                        index = met[VALUE, slot]
                    else:  # New: written here, as calling a function with all these arrays takes longer than its work.
                        index = totals[target_set]
                        met[KEY, slot] = node_starts[target_set] + target
                        met[VALUE, slot] = index
                        met[STAMP, slot] = component
                        nodes[0, num_nodes] = target_set
                        nodes[1, num_nodes] = target
                        num_nodes += 1
                        met_count += 1
                        totals[target_set] += 1
                        node_sizes[target_set, b] += 1
                    if onward[hop] and enter(seen, stamp, target, 0):
                        front[0, yielded + num_yielded] = target
                        front[1, yielded + num_yielded] = index
                        num_yielded += 1
                    if uses[edge_set] > 1:
                        key = position
                        if not parallel_edges:  # Edges between the same nodes lie side by side: the first names all.
                            while key > edge_start + row_start and targets[key - 1] == target:
                                key -= 1
                        if enter(known, component, key, 0):
                            known_count += 1
                        elif not (parallel_edges and hops[hop, REPLACE]):
                            continue
                    edges[0, num_edges] = edge_set
                    edges[1, num_edges] = position
                    edges[2, num_edges] = union[1, i]
                    edges[3, num_edges] = index
                    edge_sizes[edge_set, b] += 1
                    num_edges += 1
            front_starts[num_seed_ops + hop + 1] = yielded + num_yielded

        if weights is not None:
            for c in range(len(connect)):
                edge_set = connect[c, EDGE_SET]
                source_set, target_set = source_sets[edge_set], target_sets[edge_set]
                cutoff = cutoffs[connect[c, CUTOFF], b]
                target_keys = node_keys[node_starts[target_set] : node_starts[target_set + 1]]
                collected = False
                for i in range(first_node, num_nodes):
                    if nodes[0, i] != source_set:
                        continue
                    node = nodes[1, i]
                    source = met[VALUE, find(met, component, node_starts[source_set] + node)]
                    row_start = splits[split_starts[edge_set] + node]
                    count = splits[split_starts[edge_set] + node + 1] - row_start
                    if connect[c, KEYS] >= 0:
                        count = count_until(keys, connect[c, KEYS] + row_start, count, cutoff)
                    here = edge_starts[edge_set] + row_start
                    # A node of many edges is not read through: each met node is looked up among its neighbours.
                    looked_up = connect[c, ORDER] < 0 and count > lookup_cost(node_sizes[target_set, b], count)
                    if looked_up:
                        if not collected:
                            members = met_nodes(nodes, first_node, num_nodes, target_set, target_keys)
                            collected = True
                        found, count = edges_to(targets, here, here + count, target_keys, members, found)
                    for j in range(count):
                        position = found[j] if looked_up else here + j
                        if connect[c, ORDER] >= 0:
                            position = here + order[connect[c, ORDER] + row_start + j]
                        target = np.int64(targets[position])
                        slot = find(met, component, node_starts[target_set] + target)
                        if met[STAMP, slot] != component or num_barred > 0 and holds(barred, component, position):
                            continue
                        key = position
                        if not parallel_edges:
                            while key > here and targets[key - 1] == target:
                                key -= 1
                        if 2 * (known_count + 1) > known.shape[1]:
                            known = rehash(known, component)
                        if not enter(known, component, key, 0):
                            continue
                        known_count += 1
                        if num_edges + 1 > edges.shape[1]:
                            edges = grow(edges, num_edges + 1)
                        edges[0, num_edges] = edge_set
                        edges[1, num_edges] = position
                        edges[2, num_edges] = source
                        edges[3, num_edges] = met[VALUE, slot]
                        edge_sizes[edge_set, b] += 1
                        num_edges += 1
    return node_sizes, nodes[:, :num_nodes], edge_sizes, edges[:, :num_edges], roots


@jit
def by_set(table, num_sets):
    """Columns of an int64 matrix stably sorted by their first entry, a set number, and where each set starts.

    Returns (the other rows, sorted; int64 `[num_sets + 1]`).
    """
    starts = np.zeros(num_sets + 1, np.int64)
    for i in range(table.shape[1]):
        starts[table[0, i] + 1] += 1
    for i in range(num_sets):
        starts[i + 1] += starts[i]
    result = np.empty((table.shape[0] - 1, table.shape[1]), np.int64)
    cursor = starts.copy()
    for i in range(table.shape[1]):
        place = cursor[table[0, i]]
        cursor[table[0, i]] += 1
        for j in range(1, table.shape[0]):
            result[j - 1, place] = table[j, i]
    return result, starts
