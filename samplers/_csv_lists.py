"""Lists in the cells of CSV tables, as JSON: `[1, 2]`, `["a", "b"]`, `[[0.5, 1], [2, 3]]`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from gnnkit.samplers._schema import FeatureType
from gnnkit.samplers._tables import Column, RaggedColumn


def holds_lists(kind: FeatureType) -> bool:
    """Whether the cells of a column of this type are lists. Lists of one value are written as that value."""
    return kind.shape not in ((), (1,))


def parse_lists(column: pa.ChunkedArray, kind: FeatureType) -> pa.ChunkedArray:
    """Cells as lists of texts, nested ones flat: `_convert.py` makes numbers of them. Null where a cell is no JSON.

    An empty cell is an empty list.
    """
    item = pa.binary() if kind.kind == "bytes" else pa.string()
    return pa.chunked_array([pa.array(map(_parse, column.to_pylist()), pa.large_list(item))])


def _parse(cell: str | bytes | None) -> list[str | None] | None:
    if cell is None or not cell.strip():
        return []
    try:
        return list(_leaves(json.loads(cell, parse_int=str, parse_float=str, parse_constant=str)))
    except (ValueError, RecursionError):
        return None


def _leaves(value: Any) -> Iterator[str | None]:
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, dict):
        raise ValueError("an object is no list")
    else:
        yield str(value).lower() if isinstance(value, bool) else value


def format_lists(column: Column) -> list[str]:
    """The cell of each row.

    UnicodeDecodeError: bytes that are not UTF-8.
    """
    if isinstance(column, RaggedColumn):
        rows = np.split(column.values, column.row_splits[1:-1])
    else:
        rows = list(column)
    return [json.dumps(row.tolist(), ensure_ascii=False, default=bytes.decode) for row in rows]
