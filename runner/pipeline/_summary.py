"""What a run ends with: one object, shown as tables or as one line of JSON."""

import dataclasses
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class FeatureScore:
    """How much the predictions rest on one feature.

    feature: `set.name`. score: mean absolute attribution. share: its part of the sum over all features.
    """

    feature: str
    score: float
    share: float


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class RunSummary:
    """The outcome of a run.

    name: of the run. model_dir: where its files are. seed: the seed.
    metrics: part (`valid`, `test`) -> metric (`accuracy`, `loss`) -> value.
    epochs: epochs trained, those before an interruption included. best_epoch: the one whose weights were kept, from 1.
    resumed_from: epochs that were done when the run went on, or 0.
    graph: set -> number of items, under `nodes`, `edges` and `split`.
    attribution: the top features (with `attention`, edges), or empty. explainer: how they were found.
    completeness_error: relative, of integrated gradients.
    files: what -> path. seconds: stage -> seconds. parameters: number of weights.
    waiting: the share of the time of training steps in which the trainer waited for data, after the first step; None
        where it was not measured.
    """

    name: str
    model_dir: str
    seed: int
    metrics: Mapping[str, Mapping[str, float]]
    epochs: int
    graph: Mapping[str, Mapping[str, int]]
    files: Mapping[str, str]
    seconds: Mapping[str, float]
    best_epoch: int | None = None
    resumed_from: int = 0
    parameters: int | None = None
    attribution: tuple[FeatureScore, ...] = ()
    explainer: str = "integrated_gradients"
    completeness_error: float | None = None
    waiting: float | None = None
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values: what `--json` prints."""
        attribution: dict[str, Any] = {}
        if self.attribution:
            attribution = {
                "explainer": self.explainer,
                "top": [dataclasses.asdict(score) for score in self.attribution],
                "completeness_error": self.completeness_error,
            }
        return {
            "name": self.name,
            "metrics": {part: dict(values) for part, values in self.metrics.items()},
            "model_dir": self.model_dir,
            "seed": self.seed,
            "epochs": self.epochs,
            "best_epoch": self.best_epoch,
            "resumed_from": self.resumed_from,
            "parameters": self.parameters,
            "graph": {kind: dict(counts) for kind, counts in self.graph.items()},
            "attribution": attribution,
            "files": dict(self.files),
            "seconds": {stage: round(value, 3) for stage, value in self.seconds.items()},
            "waiting": None if self.waiting is None else round(self.waiting, 4),
            "notes": list(self.notes),
        }

    def to_json(self) -> str:
        """One line of JSON. Numbers that JSON does not have (NaN) become null."""
        return json.dumps(_finite(self.to_dict()), allow_nan=False)

    def show(self, console: Console | None = None) -> None:
        """Prints tables. console: standard output by default."""
        console = console if console is not None else Console()
        parts = [self._graph_table(), self._metrics_table()]
        if self.attribution:
            parts.append(self._attribution_table())
        parts.append(self._files_table())
        for part in parts:
            console.print(part)
        if self.notes:
            console.print(Panel(Group(*(Text(note) for note in self.notes)), title="Notes", title_align="left"))

    def _graph_table(self) -> Group:
        title = f"{self.name}: the graph"
        table = Table(box=None, pad_edge=False)
        table.add_column("set", justify="left")
        table.add_column("items", justify="right")
        for kind in ("nodes", "edges", "split"):
            for name, count in self.graph.get(kind, {}).items():
                label = {"nodes": f"{name} nodes", "edges": f"{name} edges", "split": f"in {name}"}[kind]
                table.add_row(Text(label), f"{count:,}")
        return _titled(title, table)

    def _metrics_table(self) -> Group:
        names = sorted({name for values in self.metrics.values() for name in values})
        if all(values.get("crossentropy") == values.get("loss") for values in self.metrics.values()):
            names = [name for name in names if name != "crossentropy"]  # The same without regularization.
        epochs = f"{self.epochs} epochs"
        if self.best_epoch is not None and self.best_epoch != self.epochs:
            epochs += f", weights of epoch {self.best_epoch}"
        if self.resumed_from:
            epochs += f", resumed after epoch {self.resumed_from}"
        table = Table(box=None, pad_edge=False)
        title = f"Metrics (seed {self.seed}, {epochs})"
        table.add_column("part")
        for name in names:
            table.add_column(name, justify="right")
        for part, values in self.metrics.items():
            table.add_row(Text(part), *(f"{values[name]:.4f}" if name in values else "" for name in names))
        return _titled(title, table)

    def _attribution_table(self) -> Group:
        table = Table(box=None, pad_edge=False)
        what = "edge" if self.explainer == "attention" else "feature"
        title = f"{what.capitalize()}s that predictions rest on ({self.explainer.replace('_', ' ')}"
        if self.completeness_error is not None and math.isfinite(self.completeness_error):
            title += f", complete up to {self.completeness_error:.1%}"
        title += ")"
        table.add_column(what)
        table.add_column("share", justify="right")
        table.add_column("")
        largest = max(score.share for score in self.attribution) or 1.0
        for score in self.attribution:
            eighths = round(8 * 24 * score.share / largest)
            bar = "█" * (eighths // 8) + "▏▎▍▌▋▊▉"[eighths % 8 - 1 : eighths % 8]
            table.add_row(Text(score.feature), f"{score.share:.1%}", Text(bar, style="cyan"))
        return _titled(title, table)

    def _files_table(self) -> Group:
        total = sum(self.seconds.values())
        table = Table(box=None, pad_edge=False)
        waited = "" if self.waiting is None else f"; {self.waiting:.0%} of training was waiting for data"
        title = f"Files (of a run of {total:.0f} s{waited})"
        table.add_column("what")
        table.add_column("path", overflow="fold")
        for what, path in self.files.items():
            table.add_row(Text(what), Text(str(Path(path))))
        return _titled(title, table)


def top_features(scores: Mapping[str, float], top: int) -> tuple[FeatureScore, ...]:
    """The `top` features with the largest scores; shares are of the sum over all scores given."""
    total = sum(scores.values()) or 1.0
    ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:top]
    return tuple(FeatureScore(feature=name, score=value, share=value / total) for name, value in ranked)


def _titled(title: str, table: Table) -> Group:
    # A table's own title would be broken to the width of the table.
    return Group(Text(f"\n{title}", style="bold"), table)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
