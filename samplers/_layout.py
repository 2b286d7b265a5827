"""Which sets and features of a graph's tables go into the GraphTensors made of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import final

from gnnkit._names import ID_NAME
from gnnkit.samplers._tables import Column, EdgeTable, GraphTables, NodeTable

READOUT = "_readout"
READOUT_EDGES = "_readout/seed"
READOUT_SOURCE, READOUT_TARGET = "_readout/source", "_readout/target"

Features = Mapping[str, Sequence[str]] | None


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Layout:
    """node_features, edge_features: set -> names of the features it carries, for all sets of the graph.

    seed_set: the node set that `_readout` reads from. readout: whether there is a `_readout` node set.
    readout_features: features of the seed set that only `_readout` carries.
    readout_edges: edge sets from the seeds to `_readout` -> the node set that they start from.
    seed_features: further features of `_readout`, with a row for each seed or link.
    one_each: whether `_readout` has one node a component.
    """

    node_features: Mapping[str, tuple[str, ...]]
    edge_features: Mapping[str, tuple[str, ...]]
    seed_set: str | None = None
    readout: bool = False
    readout_features: tuple[str, ...] = ()
    readout_edges: Mapping[str, str] = dataclasses.field(default_factory=dict)
    seed_features: Mapping[str, Column] = dataclasses.field(default_factory=dict)
    one_each: bool = True


def column_of(table: NodeTable | EdgeTable, feature: str) -> Column:
    """A feature's column; `#id` is the column of ids."""
    if feature == ID_NAME and isinstance(table, NodeTable) and table.ids is not None:
        return table.ids
    return table.features[feature]


def make_layout(
    tables: GraphTables,
    node_sets: Iterable[str],
    edge_sets: Iterable[str],
    *,
    features: Features,
    seed_set: str | None = None,
    readout: bool = False,
    readout_features: Sequence[str] = (),
    target_set: str | None = None,
    seed_features: Mapping[str, Column] | None = None,
    one_each: bool = True,
) -> Layout:
    """Resolves the arguments of `dataset`, which explains them. Raises ValueError for names that are not there.

    seed_set, target_set: of the seeds, or of the two ends of links. Other arguments: see `Layout`.
    """
    nodes = {name: tables.node_sets[name] for name in sorted(node_sets)}
    edges = {name: tables.edge_sets[name] for name in sorted(edge_sets)}
    wanted = _by_kind(features, tables) if features is not None else None
    node_features = {name: _select("nodes", name, table, wanted) for name, table in nodes.items()}
    edge_features = {name: _select("edges", name, table, wanted) for name, table in edges.items()}
    seed_features = dict(seed_features or {})
    if readout_features:
        if target_set is not None:
            raise ValueError(
                f"readout_features={list(readout_features)}: a link has two ends. Give `_readout` its features by "
                "LinkSeeds(features=...)."
            )
        if seed_set is None:
            raise ValueError(f"readout_features={list(readout_features)} need a node set to read from.")
        known = _names(nodes[seed_set])
        for feature in readout_features:
            if feature not in known:
                raise ValueError(f"readout_features: node set {seed_set!r} has no feature {feature!r}; it has {known}.")
            if feature in seed_features:
                raise ValueError(
                    f"readout_features: {feature!r} is a feature of the seeds as well. Rename one of them."
                )
        # Only the roots' labels may be seen, and only in `_readout`.
        kept = tuple(feature for feature in node_features[seed_set] if feature not in readout_features)
        node_features[seed_set] = kept
    return Layout(
        node_features=node_features,
        edge_features=edge_features,
        seed_set=seed_set,
        readout=readout or bool(readout_features) or bool(seed_features) or target_set is not None,
        readout_features=tuple(sorted(readout_features)),
        readout_edges={READOUT_EDGES: seed_set or ""}
        if target_set is None
        else {READOUT_SOURCE: seed_set or "", READOUT_TARGET: target_set},
        seed_features=seed_features,
        one_each=one_each,
    )


def _names(table: NodeTable | EdgeTable) -> list[str]:
    has_ids = isinstance(table, NodeTable) and table.ids is not None
    return sorted(table.features) + ([ID_NAME] if has_ids else [])


def _by_kind(features: Mapping[str, Sequence[str]], tables: GraphTables) -> dict[tuple[str, str], Sequence[str]]:
    result = {}
    for key, names in features.items():
        kind, _, rest = key.partition("/")
        found = [(k, key) for k, sets in (("nodes", tables.node_sets), ("edges", tables.edge_sets)) if key in sets]
        if not found and rest in {"nodes": tables.node_sets, "edges": tables.edge_sets}.get(kind, {}):
            found = [(kind, rest)]
        if len(found) != 1:
            what = "is the name of a node set and of an edge set" if found else "names no set"
            raise ValueError(
                f"features: {key!r} {what}. Node sets: {sorted(tables.node_sets)}; "
                f"edge sets: {sorted(tables.edge_sets)}. "
                "Write 'nodes/NAME' or 'edges/NAME' to tell them apart."
            )
        if isinstance(names, str):
            raise ValueError(f"features[{key!r}] is the text {names!r}; expected a list of feature names.")
        result[found[0]] = names
    return result


def _select(
    kind: str, name: str, table: NodeTable | EdgeTable, wanted: Mapping[tuple[str, str], Sequence[str]] | None
) -> tuple[str, ...]:
    if wanted is None:
        return tuple(sorted(table.features))
    selected = wanted.get((kind, name), ())
    known = _names(table)
    for feature in selected:
        if feature not in known:
            what = "Node" if kind == "nodes" else "Edge"
            raise ValueError(f"features: {what} set {name!r} has no feature {feature!r}; it has {known}.")
    return tuple(sorted(selected))
