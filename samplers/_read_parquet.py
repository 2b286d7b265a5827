"""Parquet tables."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from gnnkit.samplers._raw import RawTable, Wanted, match_columns


def read_parquet(files: Sequence[pathlib.Path], wanted: Wanted) -> RawTable:
    """Reads Parquet files. Ids may be strings, bytes or integers; they may be called `id` or `#id`."""
    tables, unused = [], {}
    for file in files:
        try:
            names = pyarrow.parquet.read_schema(file).names
        except pa.ArrowInvalid as error:
            raise ValueError(f"{file} cannot be read as Parquet: {error}") from error
        found = match_columns(names, wanted, file)
        unused |= dict.fromkeys(name for name in names if name not in found.values())
        table = pyarrow.parquet.read_table(file, columns=list(found.values()))
        tables.append(table.select([found[column] for column in wanted]).rename_columns(list(wanted)))
    rows = np.cumsum([0, *(table.num_rows for table in tables)])
    try:
        joined = pa.concat_tables(tables, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise ValueError(
            f"{files[0]} and its {len(files) - 1} other shards differ in their column types: {error}"
        ) from error
    return RawTable(
        columns={name: joined.column(name) for name in wanted},
        files=files,
        file_rows=rows,
        line=lambda file, row: f"row {row + 1}",
        unused=tuple(unused),
    )
