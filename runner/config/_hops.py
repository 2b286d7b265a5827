"""The hops of a sampling section, written out against a schema."""

import dataclasses
from collections.abc import Collection
from typing import Any

from gnnkit.runner.config._sampling import SEED, HopSampling, TreeSampling


@dataclasses.dataclass(frozen=True, kw_only=True)
class ResolvedHop:
    """One sampling operation.

    name: its unique name. inputs: `seed` or names of earlier hops. edge_set, size: as in the config.
    source, target: the node sets that it leads between. depth: edges between the root and what it reaches.
    strategy, weight, time, replace: how edges are chosen.
    """

    name: str
    inputs: tuple[str, ...]
    edge_set: str
    source: str
    target: str
    size: int
    depth: int
    strategy: str
    weight: str | None = None
    time: str | None = None
    replace: bool = False


def resolve_hops(
    sampling: HopSampling | TreeSampling, seed_sets: Collection[str], schema: Any
) -> tuple[ResolvedHop, ...]:
    """Writes out names, starts and node sets of all hops.

    sampling: a section that `check_against_schema` has accepted for `schema`.
    seed_sets: the node set of the roots, or those at both ends of links.
    schema: a `GraphSchema` message.
    """
    seed_sets = (seed_sets,) if isinstance(seed_sets, str) else seed_sets
    return _listed(sampling, schema) if isinstance(sampling, HopSampling) else _tree(sampling, seed_sets, schema)


def _listed(sampling: HopSampling, schema: Any) -> tuple[ResolvedHop, ...]:
    hops: list[ResolvedHop] = []
    depths = {SEED: 0}
    for index, hop in enumerate(sampling.hops):
        inputs = hop.from_ or (hops[-1].name if hops else SEED,)
        edge_set = schema.edge_sets[hop.edge_set]
        resolved = ResolvedHop(
            name=hop.name or f"hop{index + 1}",
            inputs=inputs,
            edge_set=hop.edge_set,
            source=edge_set.source,
            target=edge_set.target,
            size=hop.size,
            depth=1 + max(depths[name] for name in inputs),
            strategy=hop.strategy,
            weight=hop.weight,
            time=hop.time,
            replace=hop.replace,
        )
        depths[resolved.name] = resolved.depth
        hops.append(resolved)
    return tuple(hops)


def _tree(sampling: TreeSampling, seed_sets: str | Collection[str], schema: Any) -> tuple[ResolvedHop, ...]:
    """All edge sets that leave what was reached one depth before, one hop for each edge set and depth."""
    hops: list[ResolvedHop] = []
    frontier: dict[str, list[str]] = {node_set: [SEED] for node_set in seed_sets}
    for depth, size in enumerate(sampling.sizes, start=1):
        following: dict[str, list[str]] = {}
        for name in sorted(sampling.edge_sets if sampling.edge_sets is not None else schema.edge_sets):
            edge_set = schema.edge_sets[name]
            if edge_set.source not in frontier:
                continue
            hop = ResolvedHop(
                name=f"{name}.{depth}",
                inputs=tuple(frontier[edge_set.source]),
                edge_set=name,
                source=edge_set.source,
                target=edge_set.target,
                size=size,
                depth=depth,
                strategy="uniform",
            )
            hops.append(hop)
            following.setdefault(edge_set.target, []).append(hop.name)
        frontier = following
    return tuple(hops)
