"""pandas DataFrames to tables and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from gnnkit._names import ID_NAME
from gnnkit.interop._optional import require
from gnnkit.interop._rows import rows_of, to_rows
from gnnkit.samplers._schema import FeatureType, feature_type
from gnnkit.samplers._tables import Column, EdgeTable, GraphTables, NodeTable, RaggedColumn
from gnnkit.samplers._write_tables import schema_of

COMPONENT = "#component"


class Frames(NamedTuple):
    """A graph in DataFrames; `from_pandas(*frames)` reads them.

    nodes: node set -> one row a node, with its id as the index.
    edges: edge set -> one row an edge, with the ids of its ends in `source` and `target`.
    endpoints: edge set -> (source node set, target node set).
    context: the features of the graph in one row; None if there are none.
    """

    nodes: dict[str, Any]
    edges: dict[str, Any]
    endpoints: dict[str, tuple[str, str]]
    context: Any = None


def from_pandas(
    nodes: Any,
    edges: Any = None,
    endpoints: Mapping[str, tuple[str, str]] | None = None,
    context: Any = None,
    *,
    schema: Any = None,
) -> GraphTables:
    """Makes tables of DataFrames; `samplers.to_graph_tensor` makes a GraphTensor of them.

    nodes: node set -> DataFrame with one row a node; a single DataFrame is the node set `nodes`. Ids are in the column
      `id` (or `#id`), else in the index.
    edges: edge set -> DataFrame with one row an edge, and ids of nodes in `source` and `target` (or `#source` and
      `#target`); a single DataFrame is the edge set `edges`.
    endpoints: edge set -> (source node set, target node set); may be left out if there is one node set.
    context: a DataFrame with one row, the features of the graph.
    schema: a GraphSchema; then the features are those of the schema, in their dtypes and shapes. Without it, all other
      columns are features: numbers keep their dtype, texts become bytes; cells with lists or arrays become vectors, or a
      `RaggedColumn` where their lengths differ.

    ValueError: empty or repeated ids, ends that are no node, missing values, columns of a kind that no feature has.
    ImportError: pandas is not installed.

    >>> import pandas as pd
    >>> papers = pd.DataFrame({"id": ["a", "b"], "year": [1999, 2003]})
    >>> cites = pd.DataFrame({"source": ["b"], "target": ["a"], "weight": [0.5]})
    >>> tables = from_pandas({"paper": papers}, {"cites": cites})
    >>> tables.node_sets["paper"].features["year"], tables.edge_sets["cites"].source
    (array([1999, 2003]), array([1]))
    """
    pd = require("pandas")
    node_frames = {"nodes": nodes} if isinstance(nodes, pd.DataFrame) else dict(nodes)
    edge_frames = {"edges": edges} if isinstance(edges, pd.DataFrame) else dict(edges or {})
    node_sets, ids = {}, {}
    for name, frame in node_frames.items():
        what = f"Node set {name!r}"
        ids[name], has_names, features = _split_ids(pd, frame, what)
        node_sets[name] = NodeTable(
            num_nodes=len(frame),
            ids=_texts(ids[name]) if has_names else None,
            features=_features(features, what, _known(schema, "node_sets", name)),
        )
    edge_sets = {}
    for name, frame in edge_frames.items():
        what = f"Edge set {name!r}"
        source_set, target_set = _ends(name, endpoints or {}, list(node_frames))
        source_column, target_column = (_column_name(frame, end, what) for end in ("source", "target"))
        edge_sets[name] = EdgeTable(
            source_set=source_set,
            target_set=target_set,
            source=_look_up(frame[source_column], ids[source_set], what, source_set),
            target=_look_up(frame[target_column], ids[target_set], what, target_set),
            features=_features(
                frame.drop(columns=[source_column, target_column]), what, _known(schema, "edge_sets", name)
            ),
        )
    if context is not None and len(context) != 1:
        raise ValueError(f"The context has {len(context)} rows; tables hold one graph, whose context is one row.")
    known = None if schema is None else schema.context.features
    columns = {} if context is None else _features(context, "Context", known)
    tables = GraphTables(node_sets=node_sets, edge_sets=edge_sets, context=columns, schema=schema)
    return tables.replace(schema=schema_of(tables))


def to_pandas(graph: Any) -> Frames:
    """Makes DataFrames of a graph, with all its features.

    graph: `GraphTables`, or a scalar GraphTensor with values. Several components give frames with a column `#component`
      and a context of one row each, which `from_pandas` does not read.

    Vectors are arrays in cells, ragged rows arrays (lists, of texts); texts are str (bytes, where they are not UTF-8).

    ValueError: a batch, a symbolic graph, or hyperedges. ImportError: pandas is not installed.

    >>> import gnnkit
    >>> graph = gnnkit.homogeneous([0, 1], [1, 2], node_features={"x": [5, 6, 7]})
    >>> to_pandas(graph).edges["edges"]
       source  target
    0       0       1
    1       1       2
    """
    pd = require("pandas")
    components: dict[tuple[str, str], np.ndarray] = {}
    tables = graph
    if not isinstance(graph, GraphTables):
        from gnnkit.interop._graphs import check_values, component_of
        from gnnkit.samplers._graph_tensor import tables_from_graph_tensor

        check_values(graph, "to_pandas()")
        has_components = int(graph.total_num_components) != 1
        tables = tables_from_graph_tensor(graph.replace_features(context={}) if has_components else graph)
        if has_components:
            components = {("nodes", name): component_of(piece) for name, piece in graph.node_sets.items()}
            components |= {("edges", name): component_of(piece) for name, piece in graph.edge_sets.items()}
            tables = tables.replace(context=graph.context.features)
    nodes, edges, ids = {}, {}, {}
    for name, table in tables.node_sets.items():
        ids[name] = pd.RangeIndex(table.num_nodes) if table.ids is None else pd.Index(rows_of(table.ids), name="id")
        nodes[name] = _frame(pd, table.features, ids[name], components.get(("nodes", name)))
    for name, table in tables.edge_sets.items():
        features = _frame(pd, table.features, pd.RangeIndex(table.num_edges), components.get(("edges", name)))
        features.insert(0, "source", ids[table.source_set][table.source])
        features.insert(1, "target", ids[table.target_set][table.target])
        edges[name] = features
    endpoints = {name: (table.source_set, table.target_set) for name, table in tables.edge_sets.items()}
    context = _frame(pd, tables.context, None) if tables.context else None
    return Frames(nodes, edges, endpoints, context)


def _split_ids(pd: Any, frame: Any, what: str) -> tuple[Any, bool, Any]:
    """(ids, whether they are more than row numbers, the frame without them)."""
    column = next((name for name in (ID_NAME, "id") if name in frame.columns), None)
    index = frame.index if column is None else pd.Index(frame[column])
    if index.hasnans:
        raise ValueError(f"{what}: row {int(np.argmax(index.isna()))} has no id.")
    if not index.is_unique:
        raise ValueError(f"{what}: the id {index[index.duplicated()][0]!r} occurs more than once.")
    has_names = not index.equals(pd.RangeIndex(len(frame)))
    return index, has_names, frame if column is None else frame.drop(columns=column)


def _ends(name: str, endpoints: Mapping[str, tuple[str, str]], node_sets: list[str]) -> tuple[str, str]:
    if name not in endpoints and len(node_sets) != 1:
        raise ValueError(
            f"Say which node sets edge set {name!r} joins: endpoints={{{name!r}: (source set, target set)}}; "
            f"the node sets are {sorted(node_sets)}."
        )
    ends = endpoints.get(name, (node_sets[0], node_sets[0]))
    for end in ends:
        if end not in node_sets:
            raise ValueError(f"Edge set {name!r} joins node set {end!r}, but the node sets are {sorted(node_sets)}.")
    return ends


def _column_name(frame: Any, end: str, what: str) -> str:
    for name in (f"#{end}", end):
        if name in frame.columns:
            return name
    raise ValueError(f"{what} has no column {end!r}; it has {list(frame.columns)}.")


def _look_up(column: Any, ids: Any, what: str, node_set: str) -> np.ndarray:
    """int64 `[E]`: the nodes that ids stand for."""
    found = ids.get_indexer(column)
    bad = np.flatnonzero(found < 0)
    if len(bad):
        more = f" ({len(bad) - 1:,} more rows like it.)" if len(bad) > 1 else ""
        hint = f" Ids are {ids.dtype}, the column is {column.dtype}." if ids.dtype != column.dtype else ""
        raise ValueError(
            f"{what}: row {bad[0]}, column {column.name!r}: {column.iloc[bad[0]]!r} is not the id of a node of "
            f"{node_set!r}.{hint}{more}"
        )
    return found.astype(np.int64)


def _known(schema: Any, kind: str, name: str) -> Mapping[str, Any] | None:
    """The features of a set in the schema; None without a schema."""
    if schema is None:
        return None
    sets = getattr(schema, kind)
    if name not in sets:
        raise ValueError(f"The schema has no {kind[:-1].replace('_', ' ')} {name!r}; it has {sorted(sets)}.")
    return sets[name].features


def _features(frame: Any, what: str, known: Mapping[str, Any] | None) -> dict[str, Column]:
    features = {}
    for name in frame.columns if known is None else known:
        if str(name).startswith("#"):
            continue
        where = f"{what}, feature {name!r}"
        if name not in frame.columns:
            raise ValueError(f"{where}: the schema has it, but the columns are {list(frame.columns)}.")
        kind = None if known is None else feature_type(known[name], where)
        features[name] = _column(frame[name], where, kind)
    return features


def _column(series: Any, what: str, kind: FeatureType | None) -> Column:
    if series.dtype.name == "category":
        series = series.astype(series.cat.categories.dtype)
    missing = series.isna().to_numpy() if series.dtype.kind not in "fV" else np.zeros(len(series), bool)
    if missing.any():
        raise ValueError(f"{what}: row {int(np.argmax(missing))} has no value. Fill it, or drop the row.")
    if series.dtype.kind in "biuf":
        values = series.to_numpy(dtype=getattr(series.dtype, "numpy_dtype", series.dtype))
    elif series.dtype.kind == "O":
        values = series.tolist()
    else:
        raise ValueError(f"{what}: the column is {series.dtype}; expected numbers, texts or lists of them.")
    if kind is None and isinstance(values, np.ndarray):
        return values
    dims = None if kind is None else tuple(None if size < 0 else size for size in kind.shape)
    rows = to_rows(values, what, None if kind is None else kind.dtype, dims)
    if len(rows.lengths) > 1:
        raise ValueError(f"{what} has {len(rows.lengths)} ragged dimensions; tables hold features with one.")
    if not rows.lengths:
        return rows.values
    return RaggedColumn(values=rows.values, row_splits=np.concatenate([[0], np.cumsum(rows.lengths[0])]))


def _frame(pd: Any, features: Mapping[str, Any], index: Any, component: np.ndarray | None = None) -> Any:
    columns = {name: _cells(column) for name, column in sorted(features.items())}
    if component is not None:
        columns = {COMPONENT: component, **columns}
    return pd.DataFrame(columns, index=index)


def _cells(column: Any) -> Any:
    if isinstance(column, np.ndarray) and column.ndim == 1 and column.dtype.kind in "biuf":
        return column
    rows = rows_of(column)
    if rows and isinstance(rows[0], str):
        return rows
    cells = np.empty(len(rows), object)
    cells[:] = rows
    return cells


def _texts(ids: Any) -> np.ndarray:
    result = np.empty(len(ids), object)
    result[:] = [node_id if isinstance(node_id, bytes) else str(node_id).encode() for node_id in ids]
    return result
