"""`read_tables`: the files that a graph schema names, as tables in memory."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Mapping
from typing import Any, Literal, final

import numpy as np

from gnnkit.samplers import _report
from gnnkit.samplers._files import find_files, guess_format
from gnnkit.samplers._progress import Progress
from gnnkit.samplers._raw import RawTable, Wanted
from gnnkit.samplers._schema import FeatureType, feature_type, is_auxiliary, load_schema
from gnnkit.samplers._tables import Column, EdgeTable, GraphTables, NodeTable, take_rows

_BYTES = FeatureType(dtype=np.dtype(object), text="DT_STRING")


def read_tables(
    schema: Any,
    directory: str | os.PathLike[str] | None = None,
    on_bad_rows: Literal["error", "skip"] = "error",
    progress: Progress | None = None,
) -> GraphTables:
    """Reads the node and edge tables that a schema names.

    The format is told by the file name: CSV (with a header; an `id` column for nodes, `source` and `target` for edges;
    lists as JSON, `[1, 2]`, where an empty cell is an empty list), Parquet, or TFRecord of tf.Example (`#id`, `#source`,
    `#target`). `name@N` stands for N shards. Edge sets with `metadata { extra { key: "edge_type" value: "reversed" } }`
    swap source and target. Node sets without a file get the nodes that edges mention, sorted by id.

    schema: a GraphSchema proto or the path of one (text or binary).
    directory: what file names are relative to; by default the schema's directory.
    on_bad_rows: "error" raises on the first row that cannot be a node or an edge; "skip" leaves such rows out and
      counts them in `.report`.
    progress: called as `progress(done, total, set_name)` before each set and after the last.

    Returns `GraphTables`; indices int64, strings as bytes.
    Raises ValueError that names file, line and column of a bad row, or a column that is missing; FileNotFoundError.

    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "paper.csv").write_text("id,year\\na,1999\\nb,2003\\n")
    >>> _ = (folder / "cites.csv").write_text("source,target\\nb,a\\n")
    >>> _ = (folder / "schema.pbtxt").write_text('''
    ...     node_sets { key: "paper" value { features { key: "year" value { dtype: DT_INT64 } }
    ...                                      metadata { filename: "paper.csv" } } }
    ...     edge_sets { key: "cites" value { source: "paper" target: "paper" metadata { filename: "cites.csv" } } }''')
    >>> tables = read_tables(folder / "schema.pbtxt")
    >>> tables.node_sets["paper"].features["year"], tables.edge_sets["cites"].source
    (array([1999, 2003]), array([1]))
    """
    if on_bad_rows not in ("error", "skip"):
        raise ValueError(f'on_bad_rows={on_bad_rows!r} is not known. Choose "error" or "skip".')
    schema, base = load_schema(schema)
    if directory is not None:
        base = pathlib.Path(directory)
        if not base.is_dir():
            raise FileNotFoundError(f"directory={str(directory)!r} is not a directory.")
    reader = _Reader(schema, base, skip=on_bad_rows == "skip", progress=progress)
    return reader.read()


def _reversed(metadata: Any) -> bool:
    return any(extra.key == "edge_type" and extra.value == "reversed" for extra in metadata.extra)


@final
class _Reader:
    def __init__(self, schema: Any, base: pathlib.Path | None, *, skip: bool, progress: Progress | None):
        self._schema, self._base, self._skip, self._progress = schema, base, skip, progress
        self._reports: dict[str, _report.SetReport] = {}
        # Files are read once, also if two edge sets share one. (file name, what is wanted of it) -> table.
        self._cache: dict[str, tuple[Wanted, RawTable]] = {}

    def read(self) -> GraphTables:
        from gnnkit.samplers._ids import IdIndex

        schema = self._schema
        node_names, edge_names = sorted(schema.node_sets), sorted(self._edge_names())
        total = len(node_names) + len(edge_names)
        latent = {name for name in node_names if not schema.node_sets[name].metadata.filename}
        nodes: dict[str, NodeTable] = {}
        ids: dict[str, IdIndex] = {}
        for done, name in enumerate(node_names):
            self._tell(done, total, name)
            if name not in latent:
                nodes[name], ids[name] = self._nodes(name)
        mentioned: dict[str, list[Any]] = {name: [] for name in latent}
        if latent:
            for name in edge_names:
                for end, node_set in zip(("#source", "#target"), self._ends(name), strict=True):
                    if node_set in latent:
                        mentioned[node_set].append(self._raw_edges(name)[1].columns[self._column(name, end)])
            for name in sorted(latent):
                if mentioned[name] or not is_auxiliary(name):
                    nodes[name], ids[name] = self._latent(name, mentioned[name])
        edges: dict[str, EdgeTable] = {}
        for done, name in enumerate(edge_names):
            self._tell(len(node_names) + done, total, name)
            edges[name] = self._edges(name, ids)
        context = self._context()
        self._tell(total, total, "")
        report = _report.ReadReport(sets=self._reports)
        return GraphTables(node_sets=nodes, edge_sets=edges, context=context, schema=schema, report=report)

    def _tell(self, done: int, total: int, name: str) -> None:
        if self._progress is not None:
            self._progress(done, total, name)

    def _edge_names(self) -> list[str]:
        names = []
        for name, edge_set in self._schema.edge_sets.items():
            for end in (edge_set.source, edge_set.target):
                if end not in self._schema.node_sets:
                    raise ValueError(
                        f"Edge set {name!r} joins node set {end!r}, but the schema has the node sets "
                        f"{sorted(self._schema.node_sets)}."
                    )
            if edge_set.metadata.filename:
                names.append(name)
            elif not is_auxiliary(name):
                raise ValueError(
                    f"Edge set {name!r} has no file: set metadata {{ filename: ... }} in the schema, or remove the set."
                )
        return names

    def _ends(self, name: str) -> tuple[str, str]:
        edge_set = self._schema.edge_sets[name]
        return edge_set.source, edge_set.target

    def _column(self, name: str, end: str) -> str:
        """The column of the file that holds an end."""
        if not _reversed(self._schema.edge_sets[name].metadata):
            return end
        return "#target" if end == "#source" else "#source"

    def _raw(self, filename: str, wanted: Wanted, where: str) -> RawTable:
        files = find_files(filename, self._base, where)
        kind = guess_format(filename)
        if kind == "csv":
            from gnnkit.samplers._read_csv import read_csv as read
        elif kind == "parquet":
            from gnnkit.samplers._read_parquet import read_parquet as read
        else:
            from gnnkit.samplers._read_tfrecord import read_tfrecord as read
        return read(files, wanted)

    def _raw_edges(self, name: str) -> tuple[Wanted, RawTable]:
        edge_set = self._schema.edge_sets[name]
        where = f"Edge set {name!r}"
        wanted = {"#source": _BYTES, "#target": _BYTES, **_types(edge_set.features, where)}
        filename = edge_set.metadata.filename
        if filename in self._cache:
            before, raw = self._cache[filename]
            if all(before.get(column) == kind for column, kind in wanted.items()) and len(before) == len(wanted):
                return wanted, raw
        raw = self._raw(filename, wanted, where)
        self._cache[filename] = wanted, raw
        return wanted, raw

    def _nodes(self, name: str) -> tuple[NodeTable, Any]:
        from gnnkit.samplers._bad_rows import BadRows
        from gnnkit.samplers._ids import node_ids

        node_set = self._schema.node_sets[name]
        where = f"Node set {name!r}"
        wanted = {"#id": _BYTES, **_types(node_set.features, where)}
        raw = self._raw(node_set.metadata.filename, wanted, where)
        bad = BadRows(raw, where, skip=self._skip)
        column = node_ids(raw, bad)
        features = _features(raw, wanted, bad)
        index, kept, ids = column.keep(~bad.dropped)
        table = NodeTable(num_nodes=len(kept), ids=ids, features=_kept(features, kept, bad.dropped))
        self._report(f"nodes/{name}", len(kept), bad.counts, raw)
        return table, index

    def _latent(self, name: str, mentioned: list[Any]) -> tuple[NodeTable, Any]:
        from gnnkit.samplers._ids import unique_ids

        features = sorted(self._schema.node_sets[name].features.keys() - {"#id"})
        if features:
            raise ValueError(
                f"Node set {name!r} has features {features} but no file: "
                "set metadata { filename: ... } in the schema."
            )
        index, ids = unique_ids(mentioned)
        self._reports[f"nodes/{name}"] = _report.SetReport(rows=len(ids))
        return NodeTable(num_nodes=len(ids), ids=ids), index

    def _edges(self, name: str, ids: Mapping[str, Any]) -> EdgeTable:
        from gnnkit.samplers._bad_rows import BadRows
        from gnnkit.samplers._ids import endpoints

        wanted, raw = self._raw_edges(name)
        bad = BadRows(raw, f"Edge set {name!r}", skip=self._skip)
        ends = []
        for end, node_set in zip(("#source", "#target"), self._ends(name), strict=True):
            ends.append(endpoints(raw, self._column(name, end), ids[node_set], node_set, bad))
        features = _features(raw, wanted, bad)
        kept = np.flatnonzero(~bad.dropped)
        self._report(f"edges/{name}", len(kept), bad.counts, raw)
        filename = self._schema.edge_sets[name].metadata.filename
        if not any(
            other > name and self._schema.edge_sets[other].metadata.filename == filename for other in self._edge_names()
        ):
            self._cache.pop(filename, None)  # Nobody else needs it: do not hold two graphs in memory.
        source_set, target_set = self._ends(name)
        return EdgeTable(
            source_set=source_set,
            target_set=target_set,
            source=ends[0][kept] if bad.dropped.any() else ends[0],
            target=ends[1][kept] if bad.dropped.any() else ends[1],
            features=_kept(features, kept, bad.dropped),
        )

    def _context(self) -> dict[str, Column]:
        from gnnkit.samplers._bad_rows import BadRows

        context = self._schema.context
        if not context.metadata.filename:
            return {}
        wanted = _types(context.features, "Context")
        raw = self._raw(context.metadata.filename, wanted, "Context")
        if raw.num_rows != 1:
            raise ValueError(
                f"Context: {context.metadata.filename} has {raw.num_rows} rows; a graph's context is one row."
            )
        features = _features(raw, wanted, BadRows(raw, "Context", skip=False))
        self._report("context", 1, {}, raw)
        return features

    def _report(self, label: str, rows: int, skipped: Mapping[str, int], raw: RawTable) -> None:
        self._reports[label] = _report.SetReport(rows=rows, skipped=dict(skipped), unused_columns=raw.unused)


def _types(features: Any, where: str) -> dict[str, FeatureType]:
    return {
        name: feature_type(features[name], f"{where}, feature {name!r}")
        for name in sorted(features)
        if not name.startswith("#")
    }


def _features(raw: RawTable, wanted: Wanted, bad: Any) -> dict[str, Column]:
    from gnnkit.samplers._convert import convert

    return {
        name: convert(raw.columns[name], kind, name, bad) for name, kind in wanted.items() if not name.startswith("#")
    }


def _kept(features: Mapping[str, Column], kept: np.ndarray, dropped: np.ndarray) -> dict[str, Column]:
    return {name: take_rows(column, kept) for name, column in features.items()} if dropped.any() else dict(features)
