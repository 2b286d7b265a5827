"""Where data sets lie on this machine."""

from __future__ import annotations

import os
import pathlib

VARIABLE = "GNNKIT_DATA"


def find(name: str, path: str | os.PathLike[str] | None) -> pathlib.Path:
    """The file of a data set.

    path: the file itself or its folder; by default the folder that GNNKIT_DATA names, then `~/.cache/gnnkit`.

    Raises FileNotFoundError that says where it looked and what to do.
    """
    if path is not None:
        given = pathlib.Path(path)
        candidates = [given / name if given.is_dir() else given]
    else:
        folders = [pathlib.Path(os.environ[VARIABLE])] if os.environ.get(VARIABLE) else []
        candidates = [folder / name for folder in (*folders, pathlib.Path.home() / ".cache" / "gnnkit")]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise FileNotFoundError(
        f"There is no {name}: looked for {', '.join(map(str, candidates))}. Give path=..., or put the file "
        f"into a folder and name that folder in the environment variable {VARIABLE}."
    )
