"""Seeds as the kernel takes them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, final

import numpy as np

from gnnkit.samplers._draw_numpy import combine_all, fold, hash_bytes
from gnnkit.samplers._feature_order import cutoffs, describe, no_cutoffs
from gnnkit.samplers._links import bars
from gnnkit.samplers._order import occurrences, resolve_seeds
from gnnkit.samplers._seeds import LinkSeeds, NodeSeeds
from gnnkit.samplers._tables import Column, RaggedColumn, take_rows

if TYPE_CHECKING:
    from gnnkit.samplers._plan import Plan
    from gnnkit.samplers._store import GraphStore


@final
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Roots:
    """The seeds of N subgraphs.

    rows: int64 `[S]`, of node tables; those of subgraph i are `starts[i]` to `starts[i + 1]` (links: source, target).
    keys: uint64 `[N]`, what tells apart the draws of the subgraphs.
    cutoffs: int64 `[2, N]`, see `_feature_order.cutoffs`, or None.
    bars: int64, see `_links.bars`; None for seeds that are nodes.
    feature_rows: int64, for each seed node, or each link, the row of its features.
    features: of `_readout`.
    """

    rows: np.ndarray
    starts: np.ndarray
    keys: np.ndarray
    feature_rows: np.ndarray
    cutoffs: np.ndarray | None = None
    bars: np.ndarray | None = None
    features: Mapping[str, Column] = dataclasses.field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.keys)

    def take(self, positions: np.ndarray) -> Roots:
        """The seeds of some of the subgraphs, without features."""
        lengths = np.diff(self.starts)[positions]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        places = np.arange(starts[-1]) + np.repeat(self.starts[positions] - starts[:-1], lengths)
        return Roots(
            rows=self.rows[places],
            starts=starts,
            keys=self.keys[positions],
            feature_rows=self.feature_rows[places if self.bars is None else positions],
            cutoffs=None if self.cutoffs is None else np.ascontiguousarray(self.cutoffs[:, positions]),
            bars=self.bars,
        )

    def with_repetition(self, repetition: Any) -> Roots:
        """Roots whose draws differ for each number; 0 changes nothing."""
        repetition = np.broadcast_to(np.asarray(repetition, np.int64), self.keys.shape)
        if not repetition.any():
            return self
        return dataclasses.replace(self, keys=combine_all(self.keys, repetition.astype(np.uint64)))


def make_roots(store: GraphStore, plan: Plan, seeds: Any, *, repetitions: bool = False) -> Roots:
    """Checks seeds against a plan. repetitions: subgraphs of equal seeds get draws of their own.

    seeds: as `dataset` takes them. Raises ValueError for what does not fit.
    """
    if isinstance(seeds, LinkSeeds) != plan.links:
        raise ValueError(
            f"The sampling spec has a {'symmetric_link_seed_op' if plan.links else 'seed_op'}, "
            f"which takes {'LinkSeeds' if plan.links else 'nodes'}; got {type(seeds).__name__}."
        )
    roots = _of_links(store, plan, seeds) if isinstance(seeds, LinkSeeds) else _of_nodes(store, plan, seeds)
    return roots.with_repetition(occurrences(roots.keys)) if repetitions else roots


def _of_nodes(store: GraphStore, plan: Plan, seeds: Any) -> Roots:
    seeds = seeds if isinstance(seeds, NodeSeeds) else NodeSeeds(nodes=seeds)
    node_set = store.node_names[plan.seed_set]
    if isinstance(seeds.nodes, RaggedColumn):
        nodes, starts = seeds.nodes.values, np.asarray(seeds.nodes.row_splits, np.int64)
        if (np.diff(starts) < 1).any():
            raise ValueError(f"Subgraph {int(np.argmax(np.diff(starts) < 1))} has no seed; expected at least one.")
    else:
        nodes, starts = seeds.nodes, None
    rows = check_rows(store, node_set, resolve_seeds(store, node_set, nodes), "Seed")
    starts = np.arange(len(rows) + 1) if starts is None else starts
    node_keys = store.node_keys[store.node_starts[plan.seed_set] + rows]
    keys = node_keys if len(starts) == len(rows) + 1 else fold(node_keys, starts)
    cutoff = seeds.cutoff
    if isinstance(cutoff, str):
        features = store.node_features(node_set)
        if cutoff not in features:
            raise ValueError(f"cutoff={cutoff!r}: node set {node_set!r} has {sorted(features) or 'no features'}.")
        cutoff = take_rows(features[cutoff], rows[starts[:-1]])
    _check_features(seeds.features, len(rows), "NodeSeeds", "seeds")
    return Roots(
        rows=rows,
        starts=starts,
        keys=keys,
        feature_rows=np.arange(len(rows)),
        cutoffs=_check_cutoffs(plan, cutoff, len(keys)),
        features=seeds.features,
    )


def _of_links(store: GraphStore, plan: Plan, links: LinkSeeds) -> Roots:
    names = [store.node_names[number] for number in plan.seed_sets]
    ends = []
    for name, nodes, what in zip(names, (links.source, links.target), ("source", "target"), strict=True):
        ends.append(check_rows(store, name, resolve_seeds(store, name, nodes), f"LinkSeeds: {what}"))
    if len(ends[0]) != len(ends[1]):
        raise ValueError(f"LinkSeeds: {len(ends[0])} sources, but {len(ends[1])} targets.")
    count = len(ends[0])
    _check_features(links.features, count, "LinkSeeds", "links")
    cutoff = links.cutoff
    if isinstance(cutoff, str):
        if cutoff not in links.features:
            raise ValueError(f"cutoff={cutoff!r}: the links have {sorted(links.features) or 'no features'}.")
        cutoff = links.features[cutoff]
    return Roots(
        rows=np.stack(ends, axis=1).reshape(-1),
        starts=2 * np.arange(count + 1),
        keys=link_keys(store, plan.seed_sets, *ends),
        feature_rows=np.arange(count),
        cutoffs=_check_cutoffs(plan, cutoff, count),
        bars=bars(store, links, (plan.seed_sets[0], plan.seed_sets[1])),
        features=links.features,
    )


def link_keys(store: GraphStore, ends: Sequence[int], source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The key of each link, of those of its ends."""
    a, b = (store.node_keys[store.node_starts[s] + r] for s, r in zip(ends, (source, target), strict=True))
    return fold(np.stack([a, b], axis=1).reshape(-1), 2 * np.arange(len(source) + 1))


def kernel_arguments(store: GraphStore, plan: Plan, roots: Roots) -> tuple[tuple[Any, ...], np.ndarray]:
    """(seeds, seed_starts, subgraph_keys, cutoffs, links, link_starts, bars), and where the kernel has each seed."""
    count = len(roots)
    ops = np.zeros(len(roots.rows), np.int64)
    links = np.empty((2, 0), np.int64)
    link_starts = np.zeros(count + 1, np.int64)
    starts, keys, limits = roots.starts, roots.keys, roots.cutoffs
    order = np.arange(len(ops))
    if plan.links:
        ops[1::2] = 1
        links = np.ascontiguousarray(roots.rows.reshape(-1, 2).T)
        link_starts = np.arange(count + 1)
    if plan.joint:
        if limits is not None:
            raise ValueError("Cut-off times need a graph for each seed, so that seeds share no nodes: joint=False.")
        order = np.argsort(ops, kind="stable")
        count, keys = 1, np.array([hash_bytes(b"joint")], np.uint64)
        starts, link_starts = np.array([0, len(ops)]), np.array([0, links.shape[1]])
    seeds = np.stack([ops[order], roots.rows[order]])
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    limits = no_cutoffs(count) if limits is None else limits
    empty = np.zeros(len(store.edge_names), np.int64)
    return (seeds, starts, keys, limits, links, link_starts, empty if roots.bars is None else roots.bars), place


def check_rows(store: GraphStore, node_set: str, rows: Any, what: str) -> np.ndarray:
    """Rows of a node set as int64 `[N]`. Raises ValueError for others."""
    rows = np.asarray(rows)
    if rows.ndim != 1 or rows.dtype.kind not in "iu" and rows.size:
        raise ValueError(
            f"{what}s must be integers of shape [B], rows of node set {node_set!r}; got dtype {rows.dtype}, shape "
            f"{list(rows.shape)}. GraphStore.indices({node_set!r}, ids) makes them of ids."
        )
    rows = rows.astype(np.int64)
    num_nodes = store.num_nodes(node_set)
    if len(rows) and (rows.min() < 0 or rows.max() >= num_nodes):
        bad = rows.min() if rows.min() < 0 else rows.max()
        raise ValueError(f"{what} {bad} is not a row of node set {node_set!r}, which has {num_nodes} nodes.")
    return rows


def _check_features(features: Mapping[str, Column], count: int, what: str, items: str) -> None:
    for name, column in features.items():
        if len(column) != count:
            raise ValueError(f"{what}: feature {name!r} has {len(column)} rows, but there are {count} {items}.")


def _check_cutoffs(plan: Plan, cutoff: Any, count: int) -> np.ndarray | None:
    if cutoff is None:
        return None
    if not plan.timed:
        raise ValueError(
            "Cut-off times are given, but no edge set has a time: compile_plan(times={EDGE_SET: FEATURE})."
        )
    cutoff = cutoff if isinstance(cutoff, RaggedColumn) else np.asarray(cutoff)
    if isinstance(cutoff, RaggedColumn) or cutoff.shape != (count,) or cutoff.dtype.kind not in "iubf":
        raise ValueError(f"Cut-off times must be one number for each of {count} subgraphs; got {describe(cutoff)}.")
    if cutoff.dtype.kind == "f" and np.isnan(cutoff).any():
        raise ValueError(f"The cut-off time of subgraph {int(np.argmax(np.isnan(cutoff)))} is nan.")
    return cutoffs(cutoff)
