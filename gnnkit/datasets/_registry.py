"""Data sets by name, for configs."""

from __future__ import annotations

import difflib
import importlib
import inspect
from collections.abc import Callable
from typing import Any

from gnnkit.samplers._tables import GraphTables

# Name -> (module, function); a module is imported when its data set is asked for.
_LOADERS = {
    "academic": ("gnnkit.datasets._academic", "academic_graph"),
    "cora": ("gnnkit.datasets._cora", "cora"),
}


def available() -> list[str]:
    """Names that `load` knows.

    >>> available()
    ['academic', 'cora']
    """
    return sorted(_LOADERS)


def loader(name: str) -> Callable[..., GraphTables]:
    """The function that makes a data set. Raises ValueError with the nearest match for an unknown name."""
    if name not in _LOADERS:
        near = difflib.get_close_matches(str(name), _LOADERS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"There is no data set {name!r}.{hint} Known: {', '.join(available())}.")
    module, function = _LOADERS[name]
    return getattr(importlib.import_module(module), function)


def load(name: str, **arguments: Any) -> GraphTables:
    """Loads or generates a data set by name.

    arguments: of the data set's function, such as `num_papers` of `academic_graph`.

    Raises ValueError for an unknown name or argument, with the nearest match.

    >>> load("academic", num_papers=50, num_authors=60).node_sets["paper"].num_nodes
    50
    """
    function = loader(name)
    known = list(inspect.signature(function).parameters)
    for argument in arguments:
        if argument not in known:
            near = difflib.get_close_matches(argument, known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"Data set {name!r} has no argument {argument!r}.{hint} Known: {', '.join(known)}.")
    return function(**arguments)
