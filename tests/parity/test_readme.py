"""The table of differences names tests that are there."""

import pathlib
import re

import pytest

FOLDER = pathlib.Path(__file__).parent
ROWS = [
    line for line in (FOLDER / "README.md").read_text().splitlines() if line.startswith("| ") and "Test |" not in line
]


@pytest.mark.parametrize("row", ROWS, ids=[row.split("|")[1].strip()[:40] for row in ROWS])
def test_each_difference_is_pinned(row):
    cells = re.split(r"(?<!\\)\|", row)
    assert len(cells) == 7 and all(cell.strip() for cell in cells[1:4])
    references = re.findall(r"`(\S+\.py)::(\w+)`", cells[5])
    assert references
    for file, name in references:
        assert re.search(rf"def {name}\(", (FOLDER / file).read_text()), f"{file} has no {name}"
