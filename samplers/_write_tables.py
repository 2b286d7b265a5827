"""`write_tables`: tables in memory as files and a graph schema."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from gnnkit.samplers._csv_lists import format_lists
from gnnkit.samplers._files import shard_names
from gnnkit.samplers._schema import dtype_number
from gnnkit.samplers._tables import Column, GraphTables, NodeTable, RaggedColumn, check_tables, take_rows

_SUFFIX = {"csv": ".csv", "parquet": ".parquet", "tfrecord": ".tfrecord"}


def write_tables(
    tables: GraphTables,
    directory: str | os.PathLike[str],
    format: Literal["csv", "parquet", "tfrecord"] = "csv",
    *,
    shards: int | None = None,
) -> pathlib.Path:
    """Writes one table for each set, and `graph_schema.pbtxt` beside them, for `read_tables` and other tools.

    Nodes without ids are called by their index. In CSV, lists are written as JSON; bytes that are not UTF-8 need Parquet
    or TFRecord.

    directory: made if absent.
    shards: None for one file a set, N for `name-00000-of-0000N` and so on.

    Returns the path of the schema.
    Raises ValueError for what the format cannot hold.

    >>> import tempfile
    >>> import numpy as np
    >>> from gnnkit.samplers import GraphTables, NodeTable, read_tables
    >>> tables = GraphTables(node_sets={"paper": NodeTable(num_nodes=2, features={"year": np.array([1999, 2003])})})
    >>> schema = write_tables(tables, tempfile.mkdtemp(), "parquet")
    >>> read_tables(schema).node_sets["paper"].features["year"]
    array([1999, 2003])
    """
    if format not in _SUFFIX:
        raise ValueError(f"format={format!r} is not known. Choose one of {', '.join(map(repr, _SUFFIX))}.")
    check_tables(tables)
    folder = pathlib.Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    schema = schema_of(tables)
    ids = {name: _ids(table) for name, table in tables.node_sets.items()}
    plain = "" if format == "csv" else "#"
    for name, nodes in tables.node_sets.items():
        entry = schema.node_sets[name]
        columns: dict[str, Column] = {f"{plain}id": ids[name], **nodes.features}
        entry.metadata.filename = _file_name(f"node_{name}", format, shards)
        entry.metadata.cardinality = nodes.num_nodes
        _write(columns, folder, entry.metadata.filename, format)
    for name, edges in tables.edge_sets.items():
        entry = schema.edge_sets[name]
        columns = {
            f"{plain}source": ids[edges.source_set][edges.source],
            f"{plain}target": ids[edges.target_set][edges.target],
            **edges.features,
        }
        entry.metadata.filename = _file_name(f"edge_{name}", format, shards)
        entry.metadata.cardinality = edges.num_edges
        _write(columns, folder, entry.metadata.filename, format)
    if tables.context:
        schema.context.metadata.filename = _file_name("context", format, None)
        _write(dict(tables.context), folder, schema.context.metadata.filename, format)
    from google.protobuf import text_format

    path = folder / "graph_schema.pbtxt"
    path.write_text(text_format.MessageToString(schema), encoding="utf-8")
    return path


def schema_of(tables: GraphTables) -> Any:
    """A GraphSchema with the sets and features that the tables hold; descriptions come from `tables.schema`."""
    from gnnkit.schemas import graph_schema_pb2

    schema = graph_schema_pb2.GraphSchema()
    old = tables.schema
    for name, nodes in tables.node_sets.items():
        entry = schema.node_sets[name]
        before = old.node_sets[name] if old is not None and name in old.node_sets else None
        _copy(entry, before, nodes.features)
    for name, edges in tables.edge_sets.items():
        entry = schema.edge_sets[name]
        before = old.edge_sets[name] if old is not None and name in old.edge_sets else None
        _copy(entry, before, edges.features)
        entry.source, entry.target = edges.source_set, edges.target_set
    _copy(schema.context, None, tables.context)
    return schema


def _copy(entry: Any, before: Any, features: Mapping[str, Column]) -> None:
    if before is not None:
        entry.description = before.description
    for name, column in features.items():
        feature = entry.features[name]
        if before is not None and name in before.features:
            feature.description = before.features[name].description
        values = column.values if isinstance(column, RaggedColumn) else column
        feature.dtype = dtype_number(values.dtype)
        shape = [-1, *values.shape[1:]] if isinstance(column, RaggedColumn) else values.shape[1:]
        for size in shape:
            feature.shape.dim.add(size=size)


def _file_name(stem: str, format: str, shards: int | None) -> str:
    # A set name may hold '/', as in `_readout/seed`; a file name may not.
    return stem.replace("/", "__") + _SUFFIX[format] + (f"@{shards}" if shards else "")


def _ids(table: NodeTable) -> np.ndarray:
    if table.ids is not None:
        return table.ids
    ids = np.empty(table.num_nodes, object)
    ids[:] = np.arange(table.num_nodes).astype("S")
    return ids


def _write(columns: dict[str, Column], folder: pathlib.Path, filename: str, format: str) -> None:
    paths = [folder / name for name in shard_names(filename)]
    rows = len(next(iter(columns.values())))
    bounds = np.linspace(0, rows, len(paths) + 1).astype(np.int64)
    for i, path in enumerate(paths):
        part = {name: take_rows(column, np.arange(bounds[i], bounds[i + 1])) for name, column in columns.items()}
        if format == "csv":
            _write_csv(part, path)
        elif format == "parquet":
            import pyarrow.parquet

            pyarrow.parquet.write_table(pa.table({name: _arrow(column) for name, column in part.items()}), path)
        else:
            from gnnkit.samplers._write_tfrecord import write_tfrecord

            write_tfrecord(part, path)


def _write_csv(columns: dict[str, Column], path: pathlib.Path) -> None:
    import pyarrow.csv

    arrays = {}
    for name, column in columns.items():
        try:
            if isinstance(column, RaggedColumn) or column.ndim > 1:
                arrays[name] = pa.array(format_lists(column), pa.string())
                continue
            array = _arrow(column)
            arrays[name] = array.cast(pa.string()) if pa.types.is_binary(array.type) else array
        except (pa.ArrowInvalid, UnicodeDecodeError) as error:
            raise ValueError(
                f"Column {name!r} holds bytes that are not UTF-8, which CSV tables cannot: "
                'use format="parquet" or "tfrecord".'
            ) from error
    pyarrow.csv.write_csv(pa.table(arrays), path)


def _arrow(column: Column) -> pa.Array:
    if isinstance(column, RaggedColumn):
        return pa.LargeListArray.from_arrays(pa.array(column.row_splits), _arrow(column.values))
    if column.dtype.kind in "OSU":
        flat = pa.array([_bytes(value) for value in column.reshape(-1)], pa.binary())
    else:
        flat = pa.array(np.ascontiguousarray(column).reshape(-1).astype(_storable(column.dtype), copy=False))
    for size in reversed(column.shape[1:]):
        flat = pa.FixedSizeListArray.from_arrays(flat, size)
    return flat


def _storable(dtype: np.dtype) -> np.dtype:
    return np.dtype(np.float32) if dtype.kind == "V" or dtype.itemsize == 2 and dtype.kind not in "iu" else dtype


def _bytes(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)
