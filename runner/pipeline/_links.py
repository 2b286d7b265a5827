"""Edges that are to be predicted, taken out of the graph."""

import dataclasses

import numpy as np

from gnnkit.samplers import EdgeTable, GraphTables
from gnnkit.samplers._links import reversed_sets
from gnnkit.samplers._tables import take_rows

KNOWN = "_known_links"
"""An edge set that holds all edges, for negatives; it is not sampled."""


def without_held_out(tables: GraphTables, edge_set: str, rows: np.ndarray) -> GraphTables:
    """The tables without some edges of a set, and without the same edges in sets that hold them reversed.

    rows: int64 `[N]`, of the edges.
    """
    table = tables.edge_sets[edge_set]
    kept = np.ones(table.num_edges, bool)
    kept[rows] = False
    changed = {edge_set: _only(table, kept)}
    width = tables.node_sets[table.target_set].num_nodes
    held_out = np.asarray(table.source)[rows] * width + np.asarray(table.target)[rows]
    # Parallel edges of which one stays are not held out.
    held_out = np.setdiff1d(held_out, np.asarray(table.source)[kept] * width + np.asarray(table.target)[kept])
    for name in reversed_sets(tables, edge_set):
        other = tables.edge_sets[name]
        codes = np.asarray(other.target) * width + np.asarray(other.source)
        changed[name] = _only(other, ~np.isin(codes, held_out))
    return tables.replace(edge_sets={**tables.edge_sets, **changed})


def _only(table: EdgeTable, kept: np.ndarray) -> EdgeTable:
    rows = np.flatnonzero(kept)
    features = {name: take_rows(column, rows) for name, column in table.features.items()}
    return dataclasses.replace(
        table, source=np.asarray(table.source)[rows], target=np.asarray(table.target)[rows], features=features
    )
