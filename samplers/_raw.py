"""A table as it lies in its files: Arrow columns, and where each row came from."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, final

import numpy as np

from gnnkit.samplers._schema import FeatureType

if TYPE_CHECKING:
    import pyarrow as pa

IDS = ("#id", "#source", "#target")


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class BadLine:
    """A row that could not be split into columns. text: what came and what was expected."""

    file: pathlib.Path
    index: int | None
    text: str


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class RawTable:
    """columns: name -> column of N rows; `#id`, `#source` and `#target` have these names whatever the file calls them.

    files: the shards. file_rows: int64 `[len(files) + 1]`, the first row of each.
    bad_lines: rows that are not in the columns. unused: columns that nobody asked for.
    line: (file, row in the file) -> its place in words.
    """

    columns: Mapping[str, pa.ChunkedArray]
    files: Sequence[pathlib.Path]
    file_rows: np.ndarray
    line: Callable[[pathlib.Path, int], str]
    bad_lines: Sequence[BadLine] = ()
    unused: tuple[str, ...] = ()

    @property
    def num_rows(self) -> int:
        return int(self.file_rows[-1])

    def locate(self, row: int) -> str:
        """File and line of a row, in words."""
        shard = int(np.searchsorted(self.file_rows, row, side="right")) - 1
        file = self.files[shard]
        return f"{file}, {self.line(file, row - int(self.file_rows[shard]))}"


Wanted = Mapping[str, FeatureType]  # Column -> type; IDS have type bytes.


def plain_name(column: str) -> str:
    """How a CSV file calls a column: `id` for `#id`."""
    return column.removeprefix("#") if column in IDS else column


def match_columns(names: Sequence[str], wanted: Wanted, file: pathlib.Path) -> dict[str, str]:
    """Wanted column -> name in the file. Raises ValueError on a missing or a doubled column."""
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise ValueError(f"{file}: column {doubled[0]!r} occurs twice. Its columns are {list(names)}.")
    found = {}
    for column in wanted:
        options = [column, plain_name(column)]
        matches = [name for name in options if name in names]
        if not matches:
            raise ValueError(
                f"{file}: column {plain_name(column)!r} is missing. The schema asks for it; "
                f"the file has {list(names)}. Add the column, or remove the feature from the schema."
            )
        found[column] = matches[0]
    return found
