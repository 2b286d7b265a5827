"""From a YAML file to a `RunConfig`, and back."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from gnnkit.runner.config._checks import no_task
from gnnkit.runner.config._errors import ConfigError, Problem
from gnnkit.runner.config._explain import explain
from gnnkit.runner.config._overrides import apply
from gnnkit.runner.config._run import RunConfig
from gnnkit.runner.config._schema_file import check
from gnnkit.runner.config._source import Source
from gnnkit.runner.config._yaml import Dumper, parse_text


def load(path: str | Path, overrides: Iterable[str] = ()) -> RunConfig:
    """Reads and checks a config file.

    path: a YAML file. Relative paths of inputs in it start from its folder; `model_dir` from the current directory.
    overrides: texts `a.b=c`, as after `--set`; see `gnnkit run --help`.
    Returns the config, checked against the schema where it names one. Neither TensorFlow nor the tables are touched.
    The names in a dataset by name are checked by `check_against_schema` once it is there.
    Raises `ConfigError` that lists every wrong key and value with its line.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ConfigError([Problem(path=(), message=f"cannot be read: {reason}.")], Source(file=str(path))) from None
    return loads(text, overrides, file=str(path))


def loads(text: str, overrides: Iterable[str] = (), *, file: str = "config.yaml") -> RunConfig:
    """Like `load`, from text.

    file: a name for messages; relative paths of inputs start from its folder.
    """
    values, source = parse_text(text, file)
    values, origins, problems = apply(values, overrides)
    source = Source(file=file, lines=source.lines, overrides=origins)
    if problems:
        raise ConfigError(problems, source)
    try:
        config = RunConfig.model_validate(values, context=source)
    except ValidationError as error:
        problems = explain(error, RunConfig, source)
        if "task" not in values and "tasks" not in values:
            problems.append(no_task())
        sections = list(RunConfig.model_fields)
        problems.sort(key=lambda p: sections.index(str(p.path[0])) if p.path and p.path[0] in sections else -1)
        raise ConfigError(problems, source) from None
    config._source = source
    check(config)
    return config


def to_plain(config: RunConfig) -> dict[str, Any]:
    """The config as plain values, every default written out, paths absolute: what `dump_resolved` writes."""
    values = config.model_dump(mode="json", by_alias=True, context=None)
    values["model_dir"] = str(config.output_directory)
    return values


def to_yaml(config: RunConfig) -> str:
    """The config with all defaults and absolute paths as YAML; `loads` of it gives the same run."""
    head = "# Every value of this run, defaults included. `gnnkit run` on this file repeats it.\n"
    return head + yaml.dump(to_plain(config), Dumper=Dumper, sort_keys=False, allow_unicode=True, width=120)


def dump_resolved(config: RunConfig, path: str | Path) -> None:
    """Writes `to_yaml` of a config to a file."""
    Path(path).write_text(to_yaml(config), encoding="utf-8")
