"""`--set a.b=c`: values that the command line puts into a config."""

import copy
import re
from collections.abc import Iterable
from typing import Any

import yaml

from gnnkit.runner.config._errors import Problem
from gnnkit.runner.config._source import KeyPath, dotted
from gnnkit.runner.config._yaml import parse_value


def apply(values: dict[str, Any], overrides: Iterable[str]) -> tuple[dict[str, Any], dict[KeyPath, str], list[Problem]]:
    """Puts overrides into plain values.

    values: the parsed config; it is not changed.
    overrides: texts `a.b=c`. Numbers are indices of lists (`sampling.hops.0.size=4`); a dot that belongs to a name is
        written as a backslash and a dot. The value is YAML.
    Returns the new values, which paths were set by which override, and what was wrong.
    """
    values = copy.deepcopy(values)
    origins: dict[KeyPath, str] = {}
    problems: list[Problem] = []
    for override in overrides:
        key, equals, text = override.partition("=")
        if not equals or not key.strip():
            message = f"--set {override}: expected KEY=VALUE, as in training.epochs=5."
            problems.append(Problem(path=(), message=message))
            continue
        parts = [part.replace("\\.", ".") for part in re.split(r"(?<!\\)\.", key.strip())]
        try:
            value = parse_value(text)
        except yaml.YAMLError:
            message = f"--set {override}: the value {text!r} is not YAML; put texts with special signs in quotes."
            problems.append(Problem(path=tuple(parts), message=message))
            continue
        path = _put(values, parts, value, override, problems)
        if path is not None:
            # What an earlier override set below this path is gone.
            origins = {old: text for old, text in origins.items() if old[: len(path)] != path}
            origins[path] = override
    return values, origins, problems


def _put(
    values: dict[str, Any], parts: list[str], value: Any, override: str, problems: list[Problem]
) -> KeyPath | None:
    """Sets one value in place; returns its path, or None after noting a problem."""
    holder: Any = values
    path: KeyPath = ()
    for place, part in enumerate(parts):
        last = place == len(parts) - 1
        if isinstance(holder, list):
            if not part.isdigit() or int(part) >= len(holder):
                expected = f"a number from 0 to {len(holder) - 1}" if holder else "nothing, as the list is empty"
                message = f"--set {override}: {dotted(path)} is a list; expected {expected}, got {part!r}."
                problems.append(Problem(path=path, message=message))
                return None
            key: Any = int(part)
        elif isinstance(holder, dict):
            key = part
        else:
            whole = f"--set '{'.'.join(parts[:place])}={{{part}: ...}}'"
            message = f"--set {override}: {dotted(path)} is {holder!r} and has no key {part!r}; replace it: {whole}."
            problems.append(Problem(path=path, message=message))
            return None
        path = (*path, key)
        if last:
            holder[key] = value
        else:
            if isinstance(holder, dict) and holder.get(part) is None:
                holder[part] = {}
            holder = holder[key]
    return path
