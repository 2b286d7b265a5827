"""From the `filename` of a schema to files: format, shards, directory."""

from __future__ import annotations

import pathlib
import re
from typing import Literal

Format = Literal["csv", "parquet", "tfrecord"]

_FORMATS: tuple[tuple[str, Format], ...] = (
    (r"[_.-]csv\b", "csv"),
    (r"[_.-](parquet|pq)\b", "parquet"),
    (r"[_.-]tfrecords?|\btfr\b", "tfrecord"),
)


def guess_format(filename: str) -> Format:
    """The format that a file name tells.

    >>> guess_format("nodes.csv"), guess_format("nodes.tfrecord@7")
    ('csv', 'tfrecord')
    """
    name = pathlib.PurePath(filename).name
    for pattern, result in _FORMATS:
        if re.search(pattern, name):
            return result
    raise ValueError(
        f"Cannot tell the format of {filename!r}: expected a name with .csv, .parquet, .tfrecord or .tfr in it."
    )


def shard_names(filename: str) -> list[str]:
    """The names of all files that a name stands for.

    >>> shard_names("a.csv@2")
    ['a.csv-00000-of-00002', 'a.csv-00001-of-00002']
    """
    base, at, count = filename.rpartition("@")
    if not at:
        return [filename]
    if not count.isdigit() or int(count) < 1:
        raise ValueError(f"File name {filename!r}: after '@' comes the number of shards, as in 'name@10'.")
    return [f"{base}-{i:05d}-of-{int(count):05d}" for i in range(int(count))]


def find_files(filename: str, directory: pathlib.Path | None, where: str) -> list[pathlib.Path]:
    """All files of a table, which must exist. where: how errors name the set."""
    names = shard_names(filename)
    base = directory or pathlib.Path()
    paths = [base / name for name in names]
    missing = [str(path) for path in paths if not path.is_file()]
    if missing:
        raise FileNotFoundError(
            f"{where}: {len(missing)} of {len(paths)} file(s) of {filename!r} do not exist: {', '.join(missing[:3])}"
            f"{', ...' if len(missing) > 3 else ''}. File names are relative to the schema's directory, "
            "or to the one given as directory=..."
        )
    return paths
