"""What a graph can be given as, and the data section of the config that stands for it."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from gnnkit.runner._errors import RunError
from gnnkit.runner.config import read_schema_file, table_problems
from gnnkit.samplers import EdgeTable, GraphTables, read_tables, write_tables

SCHEMA = "graph_schema.pbtxt"


def as_tables(graph: Any) -> tuple[GraphTables, Path | None]:
    """(the tables, the schema file that they were read from or None).

    graph: `GraphTables`, a `GraphTensor`, a schema file, or a folder with `graph_schema.pbtxt`.
    `ValueError`: something else. `RunError`: files that are not there or do not fit their schema.
    """
    if isinstance(graph, GraphTables):
        return graph, None
    if isinstance(graph, (str, os.PathLike)):
        path = Path(graph).expanduser()
        path = path / SCHEMA if path.is_dir() else path
        try:
            schema = read_schema_file(path)
            if problems := table_problems(schema, path.parent):
                raise RunError("\n  ".join([f"{path}: tables are missing:", *problems]))
            return read_tables(str(path)), path.resolve()
        except (OSError, ValueError) as error:
            raise RunError(f"The graph cannot be read: {error}") from error
    from gnnkit.graph import GraphTensor
    from gnnkit.samplers import tables_from_graph_tensor

    if isinstance(graph, GraphTensor):
        return tables_from_graph_tensor(graph), None
    raise ValueError(
        f"gnnkit.train: graph must be a schema file, a folder with {SCHEMA}, gnnkit.samplers.GraphTables or a "
        f"GraphTensor, but got {type(graph).__name__}. gnnkit.interop makes GraphTensors of pandas tables, networkx "
        "graphs and SciPy matrices."
    )


def with_reversed(tables: GraphTables) -> tuple[GraphTables, dict[str, str]]:
    """Adds each edge set that has no counterpart once more, backwards, so that messages can flow both ways.

    Returns the tables and new name -> the edge set that it turns around. Features go along.

    >>> from gnnkit.samplers import NodeTable
    >>> tables = GraphTables(
    ...     node_sets={"a": NodeTable(num_nodes=2), "b": NodeTable(num_nodes=1)},
    ...     edge_sets={"of": EdgeTable(source_set="a", target_set="b", source=np.array([0, 1]), target=np.array([0, 0]))})
    >>> both, added = with_reversed(tables)
    >>> added, both.edge_sets["reversed_of"].source.tolist()
    ({'reversed_of': 'of'}, [0, 0])
    """
    edge_sets = dict(tables.edge_sets)
    added: dict[str, str] = {}
    for name, table in tables.edge_sets.items():
        if name.startswith(tuple("_#!%.^~")) or _has_counterpart(name, tables):
            continue
        new = f"reversed_{name}"
        while new in edge_sets:
            new += "_"
        edge_sets[new] = EdgeTable(
            source_set=table.target_set,
            target_set=table.source_set,
            source=table.target,
            target=table.source,
            features=table.features,
        )
        added[new] = name
    return tables.replace(edge_sets=edge_sets), added


def _has_counterpart(name: str, tables: GraphTables) -> bool:
    """Whether most edges of a set lie, turned around, in some set (of undirected graphs: in itself)."""
    table = tables.edge_sets[name]
    if not table.num_edges:
        return True
    width = max(1, tables.node_sets[table.source_set].num_nodes)
    backwards = np.unique(table.target.astype(np.int64) * width + table.source)
    for other in tables.edge_sets.values():
        if (other.source_set, other.target_set) == (table.target_set, table.source_set):
            there = np.unique(other.source.astype(np.int64) * width + other.target)
            if np.isin(backwards, there, assume_unique=True).mean() > 0.5:
                return True
    return False


def data_section(tables: GraphTables, schema_file: Path | None, added: dict[str, str], folder: Path) -> dict[str, Any]:
    """Writes what the config needs into `folder` and returns its data section.

    A graph in memory is written as Parquet tables. One in files stays where it is; edge sets that were added get their
    place in a copy of its schema.
    """
    if schema_file is None:
        write_tables(tables, folder / "graph", "parquet")
        return {"schema": f"graph/{SCHEMA}"}
    if not added:
        return {"schema": str(schema_file)}
    from google.protobuf import text_format

    schema = read_schema_file(schema_file)
    for new, name in added.items():
        entry = schema.edge_sets[new]
        entry.CopyFrom(schema.edge_sets[name])
        entry.source, entry.target = schema.edge_sets[name].target, schema.edge_sets[name].source
        kept = [extra for extra in entry.metadata.extra if extra.key != "edge_type"]
        was_reversed = len(kept) < len(entry.metadata.extra)
        del entry.metadata.extra[:]
        entry.metadata.extra.extend(kept)
        if not was_reversed:
            entry.metadata.extra.add(key="edge_type", value="reversed")
    (folder / SCHEMA).write_text(text_format.MessageToString(schema), encoding="utf-8")
    return {"schema": SCHEMA, "directory": str(schema_file.parent)}
