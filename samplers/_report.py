"""What reading tables met: rows read, rows skipped, columns not used."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import final

# Kinds of bad rows.
EMPTY_ID = "empty id"
DUPLICATE_ID = "duplicate id"
UNKNOWN_ENDPOINT = "unknown endpoint"
SKIPPED_ENDPOINT = "endpoint was skipped"
WRONG_TYPE = "wrong type"
EMPTY_CELL = "empty cell"
WRONG_LENGTH = "wrong number of values"
WRONG_WIDTH = "wrong number of columns"


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class SetReport:
    """rows: that became nodes or edges. skipped: kind -> rows left out. unused_columns: those not in the schema."""

    rows: int
    skipped: Mapping[str, int] = dataclasses.field(default_factory=dict)
    unused_columns: tuple[str, ...] = ()


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class ReadReport:
    """What `read_tables` met, by set: `nodes/NAME`, `edges/NAME`, `context`."""

    sets: Mapping[str, SetReport]

    @property
    def skipped(self) -> dict[str, int]:
        """Rows skipped by kind, summed over the sets."""
        total: dict[str, int] = {}
        for report in self.sets.values():
            for kind, count in report.skipped.items():
                total[kind] = total.get(kind, 0) + count
        return total

    @property
    def num_skipped(self) -> int:
        return sum(self.skipped.values())

    def __str__(self) -> str:
        lines = []
        for name, report in self.sets.items():
            line = f"{name}: {report.rows:,} rows"
            if report.skipped:
                kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(report.skipped.items()))
                line += f"; skipped {sum(report.skipped.values()):,}: {kinds}"
            if report.unused_columns:
                line += f"; columns not in the schema: {', '.join(report.unused_columns)}"
            lines.append(line)
        return "\n".join(lines)
