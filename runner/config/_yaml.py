"""YAML with the line of every value, and without the surprises of YAML 1.1."""

import re
from typing import Any

import yaml

from gnnkit.runner.config._errors import ConfigError, Problem
from gnnkit.runner.config._source import KeyPath, Source


class _Loader(yaml.SafeLoader):
    """Scalars as in YAML 1.2: `no` is a text (a country), `1e-3` is a number, `1:30` is a text."""

    yaml_implicit_resolvers: dict[str, list[Any]] = {}


_SCALARS = [
    ("tag:yaml.org,2002:null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("tag:yaml.org,2002:bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("tag:yaml.org,2002:int", r"^[-+]?[0-9]+$", list("-+0123456789")),
    (
        "tag:yaml.org,2002:float",
        r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
        list("-+.0123456789"),
    ),
    ("tag:yaml.org,2002:merge", r"^<<$", ["<"]),
]
for _tag, _pattern, _first in _SCALARS:
    _Loader.add_implicit_resolver(_tag, re.compile(_pattern), _first)


def _int(loader: _Loader, node: yaml.ScalarNode) -> int:
    # SafeLoader reads a leading 0 as octal.
    return int(loader.construct_scalar(node))


_Loader.add_constructor("tag:yaml.org,2002:int", _int)


class Dumper(yaml.SafeDumper):
    """Writes lists of plain values on one line, and quotes texts that a reader of YAML 1.1 or 1.2 would take for
    something else."""

    def represent_sequence(self, tag: str, sequence: Any, flow_style: bool | None = None) -> yaml.SequenceNode:
        plain = all(not isinstance(item, (list, dict)) for item in sequence)
        return super().represent_sequence(tag, sequence, flow_style=plain or flow_style)

    def represent_text(self, data: str) -> yaml.ScalarNode:
        other = any(re.match(pattern, data) for _, pattern, _ in _SCALARS)
        return self.represent_scalar("tag:yaml.org,2002:str", data, style="'" if other else None)

    def ignore_aliases(self, data: Any) -> bool:
        return True


Dumper.add_representer(str, Dumper.represent_text)


def parse_text(text: str, file: str) -> tuple[dict[str, Any], Source]:
    """Parses the text of a config file.

    text: YAML.
    file: the file's name, for messages.
    Returns the plain values, and where they stand. Raises `ConfigError` for text that is not YAML, keys that are not
    texts, repeated keys, and a document that is no mapping.
    """
    loader = _Loader(text)
    try:
        try:
            node = loader.get_single_node()
            lines: dict[KeyPath, int] = {}
            problems: list[Problem] = []
            if node is not None:
                _scan(node, (), lines, problems, set())
            if problems:
                raise ConfigError(problems, Source(file=file, lines=lines))
            values = loader.construct_document(node) if node is not None else {}
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        detail = " ".join(part for part in (error.context, error.problem) if part)
        raise ConfigError(
            [Problem(path=(), message=f"this is not YAML: {detail}.")], Source(file=file, lines={(): line})
        ) from None
    except yaml.YAMLError as error:
        raise ConfigError([Problem(path=(), message=f"this is not YAML: {error}.")], Source(file=file)) from None
    source = Source(file=file, lines=lines)
    if not isinstance(values, dict):
        message = f"expected keys with values, as in 'seed: 0'; got {values!r}."
        raise ConfigError([Problem(path=(), message=message)], source)
    return values, source


def parse_value(text: str) -> Any:
    """The value of an override: YAML, so that `3` is a number, `[8, 4]` a list and `a` a text."""
    loader = _Loader(text)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()


def _scan(node: yaml.Node, path: KeyPath, lines: dict[KeyPath, int], problems: list[Problem], active: set[int]) -> None:
    """Notes the line of each value; finds repeated keys, which YAML parsers drop in silence."""
    lines.setdefault(path, node.start_mark.line + 1)
    if id(node) in active:
        problems.append(Problem(path=path, message="the alias refers to a value that it is part of."))
        return
    active = active | {id(node)}
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                continue
            line = key.start_mark.line + 1
            name = key.value if isinstance(key, yaml.ScalarNode) else None
            if name is None or key.tag != "tag:yaml.org,2002:str":
                shown = name if name is not None else "a list or mapping"
                message = f"the key {shown} on line {line} is not a text; put it in quotes."
                problems.append(Problem(path=path, message=message))
                continue
            if name in seen:
                message = f"the key is given twice, on line {seen[name]} and on line {line}; keep one."
                problems.append(Problem(path=(*path, name), message=message))
                lines[(*path, name)] = line
                continue
            seen[name] = line
            lines[(*path, name)] = line
            _scan(value, (*path, name), lines, problems, active)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _scan(value, (*path, index), lines, problems, active)
