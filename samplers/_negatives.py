"""Pairs of nodes that no edge joins."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, final

import numpy as np

from gnnkit.samplers._bar import first_edge
from gnnkit.samplers._draw import bounded
from gnnkit.samplers._draw_numpy import combine_all, combine_numbers, hash_bytes
from gnnkit.samplers._jit import jit
from gnnkit.samplers._links import holders
from gnnkit.samplers._roots import link_keys
from gnnkit.samplers._seeds import LinkSeeds, Negatives
from gnnkit.samplers._tables import take_rows

if TYPE_CHECKING:
    from gnnkit.samplers._store import GraphStore

_TRIES = 100  # After so many hits of edges, candidates are counted instead.


@final
class NegativeSampler:
    """Draws the ends of negatives. All that it needs is made once; `draw` is a pure function."""

    def __init__(
        self,
        store: GraphStore,
        links: LinkSeeds,
        negatives: Negatives,
        ends: tuple[int, int],
        source: np.ndarray,
        target: np.ndarray,
    ):
        self._store, self._ends = store, ends
        self._new_target = negatives.end == "target"
        sets = holders(store, links, ends)
        if not sets and (negatives.exclude is None or negatives.by == "degree"):
            names = [store.node_names[number] for number in ends]
            raise ValueError(f"Negatives: no edge set leads from node set {names[0]!r} to {names[1]!r}.")
        excluded = sets
        if negatives.exclude is not None:
            excluded = [store.edge_number(name) for name in negatives.exclude]
            for name, number in zip(negatives.exclude, excluded, strict=True):
                if (int(store.source_sets[number]), int(store.target_sets[number])) != ends:
                    raise ValueError(f"Negatives: exclude: edge set {name!r} joins other node sets than the links do.")
        self._excluded = np.array(excluded, np.int64)
        self._backwards = links.undirected and ends[0] == ends[1]
        self._by_degree = sets[0] if negatives.by == "degree" else -1
        if negatives.by == "degree" and store.edge_starts[sets[0]] == store.edge_starts[sets[0] + 1]:
            raise ValueError(f"Negatives: by='degree', but edge set {store.edge_names[sets[0]]!r} has no edges.")
        width = store.num_nodes(store.node_names[ends[1]])
        self._codes = np.unique(source * width + target)

    def draw(self, source: np.ndarray, target: np.ndarray, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(source, target) of one negative for each link. keys: uint64 `[N]`. Raises ValueError if there is none."""
        store = self._store
        kept = source if self._new_target else target
        out = np.empty(len(kept), np.int64)
        failed = _draw_ends(
            keys, kept, self._new_target, self._ends[0], self._ends[1], self._by_degree, self._excluded,
            self._backwards, self._codes, store.splits, store.split_starts, store.targets, store.edge_starts,
            store.node_keys, store.node_starts, out,
        )  # fmt: skip
        if failed >= 0:
            name = store.node_names[self._ends[0 if self._new_target else 1]]
            raise ValueError(
                f"Negatives: node {kept[failed]} of node set {name!r} has no negative: every node that could be drawn is "
                "joined with it. Leave its links out."
            )
        return (source, out) if self._new_target else (out, target)

    def subgraph_keys(self, source: np.ndarray, target: np.ndarray, keys: np.ndarray) -> np.ndarray:
        """What tells apart the draws of the subgraphs of negatives. keys: as in `draw`."""
        return combine_all(link_keys(self._store, self._ends, source, target), keys)


def negative_keys(keys: np.ndarray, numbers: np.ndarray, seed: int) -> np.ndarray:
    """The keys of the draws of negative number 1, 2, ... of links. keys: of the links."""
    base = np.uint64(combine_numbers(seed, hash_bytes(b"negatives")))
    return combine_all(combine_all(np.full(len(keys), base), keys), numbers.astype(np.uint64))


@jit
def _is_edge(edge_set, source, target, splits, split_starts, targets, edge_starts, keys):
    begin = edge_starts[edge_set] + splits[split_starts[edge_set] + source]
    end = edge_starts[edge_set] + splits[split_starts[edge_set] + source + 1]
    place = first_edge(targets, begin, end, keys, target)
    return place < end and targets[place] == target


@jit
def _fits(
    source, target, same_set, excluded, backwards, codes, width, splits, split_starts, targets, edge_starts, keys
):
    """Whether a pair is a negative."""
    if same_set and source == target:
        return False
    for way in range(2 if backwards else 1):
        a, b = (target, source) if way == 1 else (source, target)
        code = a * width + b
        place = np.searchsorted(codes, code)
        if place < len(codes) and codes[place] == code:
            return False
        for edge_set in excluded:
            if _is_edge(edge_set, a, b, splits, split_starts, targets, edge_starts, keys):
                return False
    return True


@jit
def _draw_ends(
    draw_keys, kept, new_target, source_set, target_set, by_degree, excluded, backwards, codes,
    splits, split_starts, targets, edge_starts, node_keys, node_starts, out,
):  # fmt: skip
    """Fills `out`. Returns the place of the first link without any negative, or -1."""
    keys = node_keys[node_starts[target_set] : node_starts[target_set + 1]]
    width = len(keys)
    drawn_set = target_set if new_target else source_set
    items = node_starts[drawn_set + 1] - node_starts[drawn_set]
    first = np.int64(0)
    if by_degree >= 0:  # Among edges, whose ends are the candidates.
        first = edge_starts[by_degree]
        items = edge_starts[by_degree + 1] - first
        rows = splits[split_starts[by_degree] : split_starts[by_degree + 1]]
    else:
        rows = splits[:0]
    for i in range(len(kept)):
        found = np.int64(-1)
        wanted = np.int64(-1)
        for number in range(_TRIES + 1):
            count, begin, end = 0, np.int64(0), items
            if number < _TRIES:
                if items == 0:
                    continue
                begin = bounded(draw_keys[i], number, items)
                end = begin + 1
            # The last try goes through all items: it counts those that fit, and then takes one of them.
            for again in range(2 if number == _TRIES else 1):
                if again == 1:
                    if count == 0:
                        return i
                    wanted = bounded(draw_keys[i], number, count)
                    count = 0
                for item in range(begin, end):
                    node = np.int64(item)
                    if by_degree >= 0:
                        node = np.int64(targets[first + item])
                        if not new_target:
                            node = np.int64(np.searchsorted(rows, item, side="right") - 1)
                    a, b = (kept[i], node) if new_target else (node, kept[i])
                    if _fits(
                        a, b, source_set == target_set, excluded, backwards, codes, width,
                        splits, split_starts, targets, edge_starts, keys,
                    ):  # fmt: skip
                        if number < _TRIES or again == 1 and count == wanted:
                            found = node
                            break
                        count += 1
                if found >= 0:
                    break
            if found >= 0:
                break
        if found < 0:
            return i
        out[i] = found
    return -1


def sample_negatives(
    store: GraphStore, links: LinkSeeds, negatives: Negatives | None = None, seed: int = 0
) -> LinkSeeds:
    """Links and their negatives, one after another: each link, followed by its negatives, with a label for all.

    links: must name their `edge_set`. `dataset(negatives=...)` does this for each epoch.
    Features other than the label, and cut-off times, are those of the link.

    >>> from gnnkit.datasets import academic_graph
    >>> from gnnkit.samplers import GraphStore
    >>> store = GraphStore.from_tables(academic_graph(num_papers=100, num_authors=100))
    >>> both = sample_negatives(store, LinkSeeds.from_edge_set(store, "cites", [0, 1]), Negatives(count=2))
    >>> both.features["label"]
    array([1, 0, 0, 1, 0, 0])
    """
    from gnnkit.samplers._plan import compile_plan
    from gnnkit.samplers._source import SeedSource
    from gnnkit.schemas import SamplingSpec

    if links.edge_set is None:
        raise ValueError("sample_negatives: LinkSeeds(edge_set=...) must name the edge set of the links.")
    spec = SamplingSpec()
    spec.symmetric_link_seed_op.op_name = "links"
    plan = compile_plan(store, spec, link=links.edge_set)
    negatives = negatives or Negatives()
    source = SeedSource(store, plan, dataclasses.replace(links, cutoff=None), negatives)
    roots, rows = source.take(np.arange(len(source)), seed)
    cutoff = links.cutoff
    if cutoff is not None and not isinstance(cutoff, str):
        cutoff = np.asarray(cutoff)[np.arange(len(source)) // (1 + negatives.count)]
    return dataclasses.replace(
        links,
        source=roots.rows[::2],
        target=roots.rows[1::2],
        features={name: take_rows(column, rows[name]) for name, column in source.features.items()},
        cutoff=cutoff,
    )
