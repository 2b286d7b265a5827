"""Access to the columns of tables, with messages that name set and feature."""

from typing import Any, Literal

import numpy as np

from gnnkit.runner._errors import RunError
from gnnkit.samplers import GraphTables, RaggedColumn

Kind = Literal["node_sets", "edge_sets"]


def column_of(tables: GraphTables, kind: Kind, set_name: str, feature: str) -> np.ndarray | RaggedColumn:
    """One feature of one set. Raises `RunError` naming what there is if it is not there."""
    sets = getattr(tables, kind)
    noun = kind[:-1].replace("_", " ")
    if set_name not in sets:
        raise RunError(f"There is no {noun} {set_name!r} in the data; there are {', '.join(sorted(sets)) or 'none'}.")
    features = sets[set_name].features
    if feature not in features:
        known = ", ".join(sorted(features)) or "none"
        raise RunError(f"{noun.capitalize()} {set_name!r} has no feature {feature!r}; it has {known}.")
    return features[feature]


def dense_column(tables: GraphTables, kind: Kind, set_name: str, feature: str, *, rank: int | None = 1) -> np.ndarray:
    """One feature with the same shape for all items; rank: the expected number of dimensions, items included."""
    column = column_of(tables, kind, set_name, feature)
    if isinstance(column, RaggedColumn):
        raise RunError(f"{set_name}.{feature} is ragged; expected the same number of values for each item.")
    column = np.asarray(column)
    if rank is not None and column.ndim != rank:
        expected = "one value" if rank == 1 else "one vector"
        raise RunError(f"{set_name}.{feature} has shape {list(column.shape)}; expected {expected} for each item.")
    return column


def text(value: Any) -> str:
    """A value of a table as text: bytes are decoded."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def row_ids(count: int) -> np.ndarray:
    """Ids of nodes that have none: their rows as texts, as `write_tables` calls them. Bytes `[V]`."""
    return np.array([b"%d" % row for row in range(count)], object)


def show_nodes(rows: np.ndarray, ids: np.ndarray | None, limit: int = 5) -> str:
    """`A1, A7, ...`, or `rows 0, 6, ...` where nodes have no ids."""
    names = [text(ids[row]) if ids is not None else str(int(row)) for row in rows[:limit]]
    more = f", ... ({len(rows) - limit:,} more)" if len(rows) > limit else ""
    return ("nodes " if ids is not None else "rows ") + ", ".join(names) + more
