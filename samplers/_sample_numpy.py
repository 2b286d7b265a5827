"""What the kernel does for uniform draws, in NumPy: the same subgraphs, at a fraction of its speed.

Numba takes ten seconds to compile the kernel when it runs for the first time on a machine. Meanwhile batches are sampled
here. All subgraphs of a batch take a hop at once; a node or edge of subgraph b is known by b * (number of all) + itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

import numpy as np

from gnnkit.samplers._choose import EDGE_SET, HASH, SIZE
from gnnkit.samplers._draw_numpy import combine, draw_uniform

if TYPE_CHECKING:
    from gnnkit.samplers._plan import Plan
    from gnnkit.samplers._store import GraphStore

LARGEST = 256  # Sizes of hops up to which this is fast enough to be of use.


@final
class _Met:
    """The keys that were met, in the order of their first meeting."""

    def __init__(self) -> None:
        self.keys = np.empty(0, np.int64)

    def meet(self, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(the place of each key among all that were met, whether it is its first meeting)."""
        known = len(self.keys)
        every = np.concatenate([self.keys, keys])
        _, first, which = np.unique(every, return_index=True, return_inverse=True)
        new = np.sort(first[first >= known])
        places = np.where(first < known, first, known + np.searchsorted(new, first))
        self.keys = np.concatenate([self.keys, every[new]])
        is_first = np.zeros(len(every), bool)
        is_first[new] = True
        return places[which.reshape(-1)[known:]], is_first[known:]


def sample_uniform(
    store: GraphStore, plan: Plan, seeds: np.ndarray, seed_starts: np.ndarray, subgraph_keys: np.ndarray, seed: int
) -> tuple[Any, ...]:
    """(node sizes, nodes, node starts, edge sizes, edges, edge starts, seeds): as `sample_components` and `by_set` give.

    plan: whose `weights` array is None. Other arguments: as of the kernel.
    """
    hops, input_starts, inputs, _, parallel_edges, *_ = plan.arrays
    batch, all_edges = len(subgraph_keys), max(1, len(store.targets))
    counts = np.maximum(np.diff(store.node_starts), 1)
    met = [_Met() for _ in store.node_names]
    edges: list[list[tuple[np.ndarray, ...]]] = [[] for _ in store.edge_names]
    known = _Met()
    uses = np.zeros(len(store.edge_names), np.int64)
    np.add.at(uses, hops[:, EDGE_SET], 1 if parallel_edges else 2)
    seeded = combine(np.array([seed % 2**64], np.uint64), subgraph_keys)

    def first_of_each(b: np.ndarray, node: np.ndarray, place: np.ndarray) -> tuple[np.ndarray, ...]:
        """Nodes ordered by subgraph, each once in it."""
        order = np.argsort(b, kind="stable")
        b, node, place = b[order], node[order], place[order]
        _, is_first = _Met().meet(b * (node.max(initial=0) + 1) + node)
        return b[is_first], node[is_first], place[is_first]

    b = np.repeat(np.arange(batch), np.diff(seed_starts))
    roots, _ = met[plan.seed_set].meet(b * counts[plan.seed_set] + seeds[1])
    fronts = [first_of_each(b, seeds[1], roots)]
    for number, hop in enumerate(hops):
        edge_set = int(hop[EDGE_SET])
        source_set, target_set = int(store.source_sets[edge_set]), int(store.target_sets[edge_set])
        parts = [fronts[i] for i in inputs[input_starts[number] : input_starts[number + 1]]]
        b, node, place = first_of_each(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
        begin = store.splits[store.split_starts[edge_set] + node]
        degree = store.splits[store.split_starts[edge_set] + node + 1] - begin
        hop_keys = combine(seeded, np.array([hop[HASH]], np.int64).view(np.uint64))
        key = combine(hop_keys[b], store.node_keys[store.node_starts[source_set] + node])
        drawn, positions = draw_uniform(key, degree, int(hop[SIZE]))
        b, place, begin = (np.repeat(column, drawn) for column in (b, place, begin + store.edge_starts[edge_set]))
        positions = positions + begin
        target = store.targets[positions].astype(np.int64)
        reached, _ = met[target_set].meet(b * counts[target_set] + target)
        fronts.append(first_of_each(b, target, reached))
        if uses[edge_set] > 1:
            name = positions
            if not parallel_edges:
                # Edges between the same nodes lie side by side: the first names all.
                name = positions.copy()
                while (same := (name > begin) & (store.targets[np.maximum(name - 1, 0)] == target)).any():
                    name -= same
            _, new = known.meet(b * all_edges + name)
            b, positions, place, reached = b[new], positions[new], place[new], reached[new]
        edges[edge_set].append((b, positions, place, reached))

    # Nodes and edges of one subgraph lie side by side, in the order of their meeting.
    index, rows, node_sizes = [], [], np.zeros((len(met), batch), np.int64)
    for i, nodes in enumerate(met):
        b = nodes.keys // counts[i]
        order = np.argsort(b, kind="stable")
        index.append(np.empty(len(order), np.int64))
        index[i][order] = np.arange(len(order))
        rows.append((nodes.keys % counts[i])[order])
        node_sizes[i] = np.bincount(b, minlength=batch)
    columns, edge_sizes = [], np.zeros((len(edges), batch), np.int64)
    for i, parts in enumerate(edges):
        empty = (np.empty(0, np.int64),) * 4
        b, positions, source, target = (np.concatenate(column) for column in zip(empty, *parts, strict=True))
        order = np.argsort(b, kind="stable")
        source_set, target_set = int(store.source_sets[i]), int(store.target_sets[i])
        columns.append(np.stack([positions[order], index[source_set][source[order]], index[target_set][target[order]]]))
        edge_sizes[i] = np.bincount(b, minlength=batch)
    return (
        node_sizes,
        np.concatenate(rows)[None],
        np.cumsum([0, *map(len, rows)]),
        edge_sizes,
        np.concatenate([np.empty((3, 0), np.int64), *columns], axis=1),
        np.cumsum([0, *(part.shape[1] for part in columns)]),
        index[plan.seed_set][roots],
    )
