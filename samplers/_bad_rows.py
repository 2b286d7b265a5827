"""Rows that cannot become nodes or edges: an error about the first one, or a count of them all."""

from __future__ import annotations

from collections.abc import Callable
from typing import final

import numpy as np

from gnnkit.samplers._raw import RawTable, plain_name
from gnnkit.samplers._report import WRONG_WIDTH

_WAY_OUT = 'Correct the table, or pass on_bad_rows="skip" to leave such rows out and count them.'


@final
class BadRows:
    """Collects the bad rows of one set.

    where: how errors name the set. skip: count and leave out, instead of raising.
    dropped: bool `[N]`, the rows to leave out. counts: kind -> rows; a row counts once, for its first fault.
    """

    def __init__(self, raw: RawTable, where: str, *, skip: bool):
        self._raw, self.where, self._skip = raw, where, skip
        self.dropped = np.zeros(raw.num_rows, bool)
        self.counts: dict[str, int] = {}
        if raw.bad_lines:
            if not skip:
                from gnnkit.samplers._read_csv import line_of_bad_width

                line = raw.bad_lines[0]
                raise ValueError(f"{where}: {line.file}, {line_of_bad_width(line.file)}: {line.text}. {_WAY_OUT}")
            self.counts[WRONG_WIDTH] = len(raw.bad_lines)

    def add(self, kind: str, column: str, mask: np.ndarray, tell: Callable[[int], str]) -> None:
        """Marks rows as bad. mask: bool `[N]`. tell: row -> what came and what was expected."""
        if not mask.any():
            return
        if not self._skip:
            row = int(np.argmax(mask))
            more = int(mask.sum()) - 1
            others = f" ({more:,} more rows like it.)" if more else ""
            raise ValueError(
                f"{self.where}: {self._raw.locate(row)}, column {plain_name(column)!r}: {kind}: {tell(row)}."
                f"{others} {_WAY_OUT}"
            )
        fresh = int((mask & ~self.dropped).sum())
        if fresh:
            self.counts[kind] = self.counts.get(kind, 0) + fresh
            self.dropped |= mask
