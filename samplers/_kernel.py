"""The kernel that samples the subgraphs of a batch of seeds, one after another.

A subgraph's nodes get their index in the batch when they are met first; the seed is met first of all. Nodes and edges
are written to one growing list with the number of their set, and sorted into sets at the end. Lists and hash tables are
int64 matrices with a column an entry, as every further array makes compiling slower.
"""

from __future__ import annotations

import numpy as np

from gnnkit.samplers._draw import combine, draw_uniform, mix
from gnnkit.samplers._jit import jit

# Rows of a hash table. An entry counts only if it carries the stamp in use, so that a table is emptied in no time.
_KEY, _VALUE, _STAMP = 0, 1, 2


@jit
def _grow(matrix, needed):
    """A longer copy of a list, with room for `needed` entries."""
    longer = np.empty((matrix.shape[0], max(needed, 2 * matrix.shape[1])), np.int64)
    for i in range(matrix.shape[0]):
        for j in range(matrix.shape[1]):
            longer[i, j] = matrix[i, j]
    return longer


@jit
def _find(table, stamp, key):
    """The column of a key, or the free column where it belongs."""
    mask = table.shape[1] - 1
    slot = np.int64(mix(np.uint64(key)) & np.uint64(mask))
    while table[_STAMP, slot] == stamp and table[_KEY, slot] != key:
        slot = (slot + 1) & mask
    return slot


@jit
def _rehash(table, stamp):
    """The entries of one stamp in a table of twice the size."""
    more = np.zeros((3, 2 * table.shape[1]), np.int64)
    for i in range(table.shape[1]):
        if table[_STAMP, i] == stamp:
            slot = _find(more, stamp, table[_KEY, i])
            for j in range(3):
                more[j, slot] = table[j, i]
    return more


@jit
def _enter(table, stamp, key, value):
    """Enters a key that is absent. Returns False if it was there."""
    slot = _find(table, stamp, key)
    if table[_STAMP, slot] == stamp:
        return False
    table[_KEY, slot] = key
    table[_VALUE, slot] = value
    table[_STAMP, slot] = stamp
    return True


@jit
def sample_components(
    splits,
    split_starts,
    targets,
    edge_starts,
    source_sets,
    target_sets,
    node_keys,
    node_starts,
    max_degree,
    hop_edge_sets,
    hop_sizes,
    hop_hashes,
    input_starts,
    inputs,
    seed_set,
    seeds,
    subgraph_keys,
    seed,
):
    """Returns (node sizes `[sets, B]`, nodes `[2, V]`, edge sizes `[sets, B]`, edges `[4, E]`).

    Rows of nodes: set, node. Rows of edges: set, place in `targets`, source and target as node indices in the batch.
    """
    num_hops = len(hop_edge_sets)
    batch = len(seeds)
    node_sizes = np.zeros((len(node_starts) - 1, batch), np.int64)
    edge_sizes = np.zeros((len(edge_starts) - 1, batch), np.int64)
    totals = np.zeros(len(node_starts) - 1, np.int64)
    nodes, edges = np.empty((2, 1024), np.int64), np.empty((4, 1024), np.int64)
    num_nodes, num_edges = 0, 0
    met = np.zeros((3, 1024), np.int64)  # Node -> index in the batch.
    seen = np.zeros((3, 1024), np.int64)  # Nodes that an operation has taken in, or yielded.
    known = np.zeros((3, 1024), np.int64)  # Edges, where two operations draw from one edge set.
    stamp = 0
    # The nodes that each operation has yielded, with their indices in the batch; operation 0 is the seed.
    front, union = np.empty((2, 1024), np.int64), np.empty((2, 1024), np.int64)
    front_starts = np.zeros(num_hops + 2, np.int64)
    uses = np.zeros(len(edge_starts) - 1, np.int64)
    largest = 1
    for hop in range(num_hops):
        uses[hop_edge_sets[hop]] += 1
        largest = max(largest, min(max_degree, hop_sizes[hop]))
    drawn = np.empty(largest, np.int64)
    table_size = 64
    while table_size < 2 * largest:
        table_size *= 2
    draw_table = np.full(table_size, -1, np.int64)

    for b in range(batch):
        stamp += 1
        component = stamp
        _enter(met, component, node_starts[seed_set] + seeds[b], totals[seed_set])
        if num_nodes + 1 > nodes.shape[1]:
            nodes = _grow(nodes, num_nodes + 1)
        nodes[0, num_nodes] = seed_set
        nodes[1, num_nodes] = seeds[b]
        front[0, 0] = seeds[b]
        front[1, 0] = totals[seed_set]
        front_starts[1] = 1
        num_nodes += 1
        totals[seed_set] += 1
        node_sizes[seed_set, b] = 1
        met_count, known_count = 1, 0
        subgraph = combine(seed, subgraph_keys[b])

        for hop in range(num_hops):
            edge_set = hop_edge_sets[hop]
            source_set, target_set = source_sets[edge_set], target_sets[edge_set]
            split_start, edge_start = split_starts[edge_set], edge_starts[edge_set]
            # The union of the inputs, in the order of their meeting.
            num_union = 0
            stamp += 1
            for i in range(input_starts[hop], input_starts[hop + 1]):
                begin, end = front_starts[inputs[i]], front_starts[inputs[i] + 1]
                if num_union + end - begin > union.shape[1]:
                    union = _grow(union, num_union + end - begin)
                for j in range(begin, end):
                    if 2 * (num_union + 1) > seen.shape[1]:
                        seen = _rehash(seen, stamp)
                    if _enter(seen, stamp, front[0, j], 0):
                        union[0, num_union] = front[0, j]
                        union[1, num_union] = front[1, j]
                        num_union += 1

            stamp += 1
            yielded = front_starts[hop + 1]
            num_yielded = 0
            hop_key = combine(subgraph, hop_hashes[hop])
            for i in range(num_union):
                node = union[0, i]
                row_start = splits[split_start + node]
                degree = splits[split_start + node + 1] - row_start
                draw_key = combine(hop_key, node_keys[node_starts[source_set] + node])
                count = draw_uniform(draw_key, degree, hop_sizes[hop], drawn, draw_table)
                if num_edges + count > edges.shape[1]:
                    edges = _grow(edges, num_edges + count)
                if num_nodes + count > nodes.shape[1]:
                    nodes = _grow(nodes, num_nodes + count)
                if yielded + num_yielded + count > front.shape[1]:
                    front = _grow(front, yielded + num_yielded + count)
                while 2 * (met_count + count) > met.shape[1]:
                    met = _rehash(met, component)
                while 2 * (num_yielded + count) > seen.shape[1]:
                    seen = _rehash(seen, stamp)
                while 2 * (known_count + count) > known.shape[1]:
                    known = _rehash(known, component)
                for j in range(count):
                    position = edge_start + row_start + drawn[j]
                    target = np.int64(targets[position])
                    if _enter(met, component, node_starts[target_set] + target, totals[target_set]):
                        nodes[0, num_nodes] = target_set
                        nodes[1, num_nodes] = target
                        num_nodes += 1
                        met_count += 1
                        totals[target_set] += 1
                        node_sizes[target_set, b] += 1
                    index = met[_VALUE, _find(met, component, node_starts[target_set] + target)]
                    if _enter(seen, stamp, target, 0):
                        front[0, yielded + num_yielded] = target
                        front[1, yielded + num_yielded] = index
                        num_yielded += 1
                    if uses[edge_set] > 1:
                        if not _enter(known, component, position, 0):
                            continue
                        known_count += 1
                    edges[0, num_edges] = edge_set
                    edges[1, num_edges] = position
                    edges[2, num_edges] = union[1, i]
                    edges[3, num_edges] = index
                    edge_sizes[edge_set, b] += 1
                    num_edges += 1
            front_starts[hop + 2] = yielded + num_yielded
    return node_sizes, nodes[:, :num_nodes], edge_sizes, edges[:, :num_edges]


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
