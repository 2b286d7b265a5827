"""Node ids: from bytes to row numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import final

import numpy as np
import pyarrow as pa

from gnnkit.samplers import _report
from gnnkit.samplers._arrow import pc
from gnnkit.samplers._bad_rows import BadRows
from gnnkit.samplers._convert import id_column
from gnnkit.samplers._raw import RawTable


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class IdIndex:
    """ids: the nodes' ids in the order of their indices. skipped: ids of rows that did not become nodes."""

    ids: pa.ChunkedArray
    skipped: pa.ChunkedArray | None = None


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class NodeIds:
    """The id column of a node table, bad rows and all."""

    column: pa.ChunkedArray

    def keep(self, keep: np.ndarray) -> tuple[IdIndex, np.ndarray, np.ndarray]:
        """(index, rows kept int64 `[V]`, ids of those rows as bytes)."""
        rows = np.flatnonzero(keep)
        if len(rows) == len(keep):
            return IdIndex(ids=self.column), rows, _as_objects(self.column)
        ids = self.column.take(pa.array(rows))
        skipped = self.column.take(pa.array(np.flatnonzero(~keep)))
        return IdIndex(ids=ids, skipped=skipped), rows, _as_objects(ids)


def node_ids(raw: RawTable, bad: BadRows) -> NodeIds:
    """Reads `#id`, reports empty and doubled ids."""
    column = id_column(raw.columns["#id"])
    empty = pc.equal(pc.binary_length(column), 0).to_numpy()
    bad.add(_report.EMPTY_ID, "#id", empty, lambda row: "every node needs an id")
    encoded = column.combine_chunks().dictionary_encode()
    codes = encoded.indices.to_numpy()
    if len(encoded.dictionary) < len(codes):
        first = np.full(len(encoded.dictionary), -1, np.int64)
        order = np.arange(len(codes) - 1, -1, -1)
        first[codes[order]] = order  # The last write, which is the first row, stays.
        doubled = (first[codes] != np.arange(len(codes))) & ~empty
        bad.add(
            _report.DUPLICATE_ID,
            "#id",
            doubled,
            lambda row: f"{column[row].as_py()!r} is the id of {raw.locate(int(first[codes[row]]))} as well",
        )
    return NodeIds(column=column)


def unique_ids(columns: Sequence[pa.ChunkedArray]) -> tuple[IdIndex, np.ndarray]:
    """The nodes of a set that is only known by its edges: all ids, each once, sorted."""
    chunks = [chunk for column in columns for chunk in id_column(column).chunks]
    ids = pc.unique(pa.chunked_array(chunks, pa.large_binary()))
    ids = ids.filter(pc.greater(pc.binary_length(ids), 0))
    ids = pa.chunked_array([ids.take(pc.sort_indices(ids))])
    return IdIndex(ids=ids), _as_objects(ids)


def endpoints(raw: RawTable, column_name: str, index: IdIndex, node_set: str, bad: BadRows) -> np.ndarray:
    """int64 `[E]`: the node that each edge names. Reports empty and unknown ids."""
    column = id_column(raw.columns[column_name])
    empty = pc.equal(pc.binary_length(column), 0).to_numpy()
    bad.add(_report.EMPTY_ID, column_name, empty, lambda row: f"the id of a node of {node_set!r} was expected")
    found = pc.index_in(column, value_set=index.ids)
    missing = found.is_null().to_numpy() & ~empty
    if missing.any() and index.skipped is not None:
        gone = pc.is_in(column, value_set=index.skipped).to_numpy() & missing
        tell = lambda row: f"{column[row].as_py()!r} is a node of {node_set!r} that was skipped"  # noqa: E731
        bad.add(_report.SKIPPED_ENDPOINT, column_name, gone, tell)
        missing &= ~gone
    bad.add(
        _report.UNKNOWN_ENDPOINT,
        column_name,
        missing,
        lambda row: f"{column[row].as_py()!r} is not the id of a node of {node_set!r}",
    )
    return pc.fill_null(found, 0).to_numpy().astype(np.int64)


def _as_objects(column: pa.ChunkedArray) -> np.ndarray:
    result = np.empty(len(column), object)
    result[:] = column.to_numpy()
    return result
