"""Finished runs side by side: their metrics, and the values of their configs that differ. No TensorFlow."""

import dataclasses
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, final

import yaml
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gnnkit.runner._errors import RunError

# Where a run writes, and what follows from that, is no choice of its user's.
_NOT_COMPARED = ("model_dir",)
_SHOWN = ("accuracy", ".loss", "mean_absolute_error", "mrr")
_MAIN = ("mrr", "accuracy", "mean_absolute_error", "loss")  # What runs are ordered by, if one of them is there.
_WIDE = 250
_SMALLER_IS_BETTER = ("loss", "crossentropy", "error")


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class ComparedRun:
    """One row. metrics: `part.name` -> value. differences: dotted config key -> value, of keys that differ."""

    name: str
    model_dir: str
    metrics: Mapping[str, float]
    differences: Mapping[str, Any]
    epochs: int
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return dataclasses.asdict(self)


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Comparison:
    """Runs, the best by `metric` first."""

    rows: tuple[ComparedRun, ...]
    metric: str

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps({"metric": self.metric, "runs": [row.to_dict() for row in self.rows]})

    def show(self, console: Console | None = None) -> None:
        """Prints a table. console: standard output by default."""
        if console is None:
            console = Console()
            if not console.is_terminal:
                console.width = _WIDE  # What goes into a file or a pipe is not folded.
        keys = list(dict.fromkeys(key for row in self.rows for key in row.differences))
        metrics = sorted({name for row in self.rows for name in row.metrics if name.endswith(_SHOWN)} | {self.metric})
        metrics.sort(key=lambda name: name != self.metric)
        table = Table(box=None, pad_edge=False)
        table.add_column("run", overflow="fold")
        for key in keys:
            table.add_column(_last(key, keys), overflow="fold")
        for name in metrics:
            table.add_column(name, justify="right")
        table.add_column("epochs", justify="right")
        table.add_column("s", justify="right")
        for row in self.rows:
            values = [Text(_short(row.differences.get(key))) for key in keys]
            numbers = [f"{row.metrics[name]:.4f}" if name in row.metrics else "" for name in metrics]
            table.add_row(Text(row.name), *values, *numbers, str(row.epochs), f"{row.seconds:.0f}")
        console.print(table)


def compare_runs(folders: Iterable[Path], *, metric: str | None = None) -> Comparison:
    """Reads `summary.json` and `config.yaml` of each run.

    metric: `part.name` to order by; by default the first that there is of MRR, accuracy, mean absolute error and loss,
        of the last part that was evaluated.
    `RunError`: a folder is not of a finished run, or no run has the metric.
    """
    folders = [Path(folder) for folder in folders]
    summaries, configs = [], []
    for folder in folders:
        try:
            summaries.append(json.loads((folder / "summary.json").read_text(encoding="utf-8")))
            configs.append(flat_config(yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))))
        except (OSError, ValueError, yaml.YAMLError) as error:
            raise RunError(
                f"{folder} is not the folder of a finished run ({type(error).__name__}: {error}). "
                "Give the model_dir of runs that `gnnkit run` has finished."
            ) from error
    keys = list(dict.fromkeys(key for config in configs for key in config))
    differing = [
        key
        for key in keys
        if key.split(".")[0] not in _NOT_COMPARED and len({repr(config.get(key)) for config in configs}) > 1
    ]
    rows = [
        ComparedRun(
            name=summary["name"],
            model_dir=str(folder),
            metrics={f"{part}.{name}": v for part, values in summary["metrics"].items() for name, v in values.items()},
            differences={key: config.get(key) for key in differing},
            epochs=summary["epochs"],
            seconds=sum(summary["seconds"].values()),
        )
        for folder, summary, config in zip(folders, summaries, configs, strict=True)
    ]
    known = sorted({name for row in rows for name in row.metrics})
    metric = metric or _default_metric(known)
    if metric not in known:
        raise RunError(f"No run has the metric {metric!r}; there are {', '.join(known) or 'none'}.")
    sign = 1 if any(part in metric for part in _SMALLER_IS_BETTER) else -1
    rows.sort(key=lambda row: (metric not in row.metrics, sign * row.metrics.get(metric, 0.0), row.name))
    return Comparison(rows=tuple(rows), metric=metric)


def flat_config(config: Any, prefix: str = "") -> dict[str, Any]:
    """Dotted key -> value of a plain config.

    >>> flat_config({"a": {"b": 1, "c": [{"d": 2}]}})
    {'a.b': 1, 'a.c.0.d': 2}
    """
    if isinstance(config, Mapping) and config:
        items: Iterable[tuple[Any, Any]] = config.items()
    elif isinstance(config, list) and config and all(isinstance(item, Mapping) for item in config):
        items = enumerate(config)
    else:
        return {prefix[:-1]: config}
    return {key: value for name, item in items for key, value in flat_config(item, f"{prefix}{name}.").items()}


def _default_metric(known: list[str]) -> str:
    for metric in _MAIN:
        for part in ("test.", "valid."):
            found = [name for name in known if name.startswith(part) and name.endswith(metric)]
            if found:
                return found[0]
    return known[0] if known else "test.accuracy"


def _last(key: str, keys: list[str]) -> str:
    """The last part of a dotted key, where that tells it from the others."""
    last = key.rpartition(".")[2]
    return key if last.isdigit() or sum(other.rpartition(".")[2] == last for other in keys) > 1 else last


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
