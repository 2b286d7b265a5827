"""Which edge sets tell that a link is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gnnkit.samplers._seeds import LinkSeeds

if TYPE_CHECKING:
    from gnnkit.samplers._store import GraphStore
    from gnnkit.samplers._tables import GraphTables


def holders(store: GraphStore, links: LinkSeeds, ends: tuple[int, int]) -> list[int]:
    """Numbers of the edge sets that hold such links. Raises ValueError for one between other node sets."""
    between = [
        i for i in range(len(store.edge_names)) if (int(store.source_sets[i]), int(store.target_sets[i])) == ends
    ]
    if links.edge_set is None:
        return between
    number = store.edge_number(links.edge_set)
    if number not in between:
        raise ValueError(
            f"LinkSeeds: edge set {links.edge_set!r} joins {store.node_names[int(store.source_sets[number])]!r} and "
            f"{store.node_names[int(store.target_sets[number])]!r}, but the plan is for links between "
            f"{store.node_names[ends[0]]!r} and {store.node_names[ends[1]]!r}."
        )
    return [number]


def bars(store: GraphStore, links: LinkSeeds, ends: tuple[int, int]) -> np.ndarray:
    """int64, for each edge set: 1 if it holds the links, 2 if it holds them backwards, 3 for both."""
    result = np.zeros(len(store.edge_names), np.int64)
    for number in holders(store, links, ends):
        result[number] |= 3 if links.undirected and ends[0] == ends[1] else 1
        for name in reversed_sets(store.tables, store.edge_names[number]):
            result[store.edge_number(name)] |= 2
    for name in links.reversed_edge_sets:
        number = store.edge_number(name)
        if (int(store.target_sets[number]), int(store.source_sets[number])) != ends:
            raise ValueError(
                f"LinkSeeds: reversed_edge_sets: edge set {name!r} does not lead from "
                f"{store.node_names[ends[1]]!r} to {store.node_names[ends[0]]!r}."
            )
        result[number] |= 2
    return result


def reversed_sets(tables: GraphTables, name: str) -> list[str]:
    """The edge sets that hold the edges of an edge set backwards: those that the schema calls reversed, or that have the
    same rows with source and target exchanged."""
    return [other for other in tables.edge_sets if other != name and _reverses(tables, name, other)]


def _reverses(tables: GraphTables, name: str, other: str) -> bool:
    table, reverse = tables.edge_sets[name], tables.edge_sets[other]
    if (reverse.source_set, reverse.target_set) != (table.target_set, table.source_set):
        return False
    schema = tables.schema
    if schema is not None and name in schema.edge_sets and other in schema.edge_sets:
        a, b = schema.edge_sets[name].metadata, schema.edge_sets[other].metadata
        if a.filename and a.filename == b.filename and _is_reversed(a) != _is_reversed(b):
            return True
    if table.num_edges != reverse.num_edges:
        return False
    return np.array_equal(table.source, reverse.target) and np.array_equal(table.target, reverse.source)


def _is_reversed(metadata: Any) -> bool:
    return any(pair.key == "edge_type" and pair.value == "reversed" for pair in metadata.extra)
