"""What a run leaves for people to look at: metrics as lines of JSON, curves and attributions as pictures, a report."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, final

import keras

from gnnkit.runner.pipeline._report import write_report
from gnnkit.runner.pipeline._summary import RunSummary
from gnnkit.runner.tasks._metrics import short_metric_names

METRICS, CURVES, SCORES, REPORT = "metrics.jsonl", "curves.png", "attribution.png", "report.html"


@final
class MetricsLog(keras.callbacks.Callback):
    """Appends a line of JSON to a file at the end of each epoch: `epoch` from 1, and the metrics.

    A run that goes on after an interruption goes on with its file; lines of epochs that are trained again go.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._begun = False

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if self._begun:
            return
        self._begun = True
        kept = []
        if epoch and self._path.is_file():
            kept = [line for line in self._path.read_text(encoding="utf-8").splitlines() if _epoch(line) <= epoch]
        self._path.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        values = {name: _finite(float(value)) for name, value in (logs or {}).items()}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"epoch": epoch + 1, **values}) + "\n")


def write_artefacts(
    folder: Path, document: Mapping[str, Any], summary: RunSummary, scores: Mapping[str, float], config: str
) -> dict[str, str]:
    """Draws what can be drawn and writes the report; returns what -> path.

    document: of `summary.json`. scores: feature -> attribution, or empty. config: the resolved config as YAML.
    Pictures are left out where matplotlib is not installed.
    """
    files: dict[str, Path] = {}
    history: Mapping[str, Sequence[float]] = document["history"]
    try:
        from gnnkit import viz

        if history:
            figure = viz.draw_history(short_history(history), best_epoch=summary.best_epoch)
            files["curves"] = viz.save_figure(figure, folder / CURVES)
        if scores:
            files["attribution picture"] = viz.save_figure(viz.draw_scores(scores), folder / SCORES)
    except ImportError:
        pass
    files["report"] = write_report(
        folder / REPORT, document, summary, config, pictures={name: path for name, path in files.items()}
    )
    return {name: str(path) for name, path in files.items()}


def short_history(history: Mapping[str, Sequence[float]]) -> dict[str, Sequence[float]]:
    """The history with the names of metrics that summaries use.

    >>> short_history({"val_sparse_categorical_accuracy": [0.5]})
    {'val_accuracy': [0.5]}
    """
    result = {}
    for name, values in history.items():
        prefix = "val_" if name.startswith("val_") else ""
        (short,) = short_metric_names({name.removeprefix(prefix): 0.0})
        result[prefix + short] = values
    return result


def _epoch(line: str) -> float:
    try:
        return int(json.loads(line)["epoch"])
    except (ValueError, KeyError, TypeError):  # Cut off by the kill.
        return math.inf


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
