"""CSV tables. All cells are read as text; `_convert.py` makes numbers of them and finds the cells that are none."""

from __future__ import annotations

import csv
import io
import pathlib
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.csv

from gnnkit.samplers._csv_lists import holds_lists, parse_lists
from gnnkit.samplers._raw import BadLine, RawTable, Wanted, match_columns


def read_csv(files: Sequence[pathlib.Path], wanted: Wanted) -> RawTable:
    """Reads CSV files with a header. An empty cell is null, a quoted empty cell (`""`) an empty text.

    Lists are written as JSON; an empty cell is an empty list.
    """
    tables, bad_lines, unused = [], [], {}
    for file in files:
        table, bad = _read_one(file, wanted, unused)
        tables.append(table)
        bad_lines += bad
    rows = np.cumsum([0, *(table.num_rows for table in tables)])
    joined = pa.concat_tables(tables)
    return RawTable(
        columns={name: joined.column(name) for name in wanted},
        files=files,
        file_rows=rows,
        line=_line,
        bad_lines=bad_lines,
        unused=tuple(unused),
    )


def _read_one(file: pathlib.Path, wanted: Wanted, unused: dict[str, None]) -> tuple[pa.Table, list[BadLine]]:
    header = next(_records(file), (1, []))[1]
    if not header:
        raise ValueError(f"{file} is empty. The first line of a CSV table names its columns.")
    found = match_columns(header, wanted, file)
    unused |= dict.fromkeys(name for name in header if name not in found.values())
    bad: list[BadLine] = []

    def on_bad(row: pyarrow.csv.InvalidRow) -> str:
        text = f"{row.actual_columns} columns instead of {row.expected_columns}: {row.text!r}"
        bad.append(BadLine(file=file, index=None, text=text))
        return "skip"

    types = {found[column]: pa.binary() if kind.kind == "bytes" else pa.string() for column, kind in wanted.items()}
    try:
        with pa.input_stream(str(file)) as stream:  # Inflates .gz and the like.
            table = pyarrow.csv.read_csv(
                stream,
                parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=on_bad),
                convert_options=pyarrow.csv.ConvertOptions(
                    column_types=types,
                    include_columns=list(types),
                    null_values=[""],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=False,
                ),
            )
    except pa.ArrowInvalid as error:
        raise ValueError(f"{file} cannot be read as CSV: {error}") from error
    columns = {
        column: parse_lists(table[found[column]], kind) if holds_lists(kind) else table[found[column]]
        for column, kind in wanted.items()
    }
    return pa.table(columns), bad


def _records(file: pathlib.Path) -> Iterator[tuple[int, list[str]]]:
    """(line where it starts, cells) of each record, header included. Slow: for headers and error messages."""
    with pa.input_stream(str(file)) as stream:
        reader = csv.reader(io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline=""))
        start = 1
        for cells in reader:
            if cells:
                yield start, cells
            start = reader.line_num + 1


def _line(file: pathlib.Path, row: int) -> str:
    for i, (start, _) in enumerate(_records(file)):
        if i == row + 1:
            return f"line {start}"
    return f"row {row}"


def line_of_bad_width(file: pathlib.Path) -> str:
    """The place of the first record that has not as many cells as the header."""
    records = _records(file)
    _, header = next(records)
    for start, cells in records:
        if len(cells) != len(header):
            return f"line {start}"
    return "some line"
