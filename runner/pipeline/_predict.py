"""What a trained model says about nodes, as a table."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np
import tensorflow as tf

from gnnkit.runner._errors import RunError
from gnnkit.runner.config import BinaryNodeClassification
from gnnkit.runner.data._batches import BatchProvider
from gnnkit.runner.pipeline._columns import text
from gnnkit.runner.pipeline._progress import Reporter

if TYPE_CHECKING:
    import pyarrow as pa

    from gnnkit.runner.pipeline._trained import TrainedRun

_SHOWN = 10


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Predictions:
    """Predicted classes of N nodes, K classes.

    ids: N texts. classes: names of the classes. probabilities: float32 `[N, K]`.
    labels: the known class of each node, or None where there is none.

    >>> import numpy as np
    >>> predictions = Predictions(ids=("a",), classes=("no", "yes"), probabilities=np.array([[0.25, 0.75]]), labels=(None,))
    >>> predictions.predicted
    ('yes',)
    """

    ids: tuple[str, ...]
    classes: tuple[str, ...]
    probabilities: np.ndarray
    labels: tuple[str | None, ...]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def predicted(self) -> tuple[str, ...]:
        """The most probable class of each node."""
        return tuple(self.classes[place] for place in self.probabilities.argmax(axis=1))

    def to_arrow(self) -> pa.Table:
        """Columns `id`, `predicted`, `label` (null where unknown) and `probability_CLASS` for each class."""
        import pyarrow as pa

        columns: dict[str, Any] = {
            "id": pa.array(self.ids, pa.string()),
            "predicted": pa.array(self.predicted, pa.string()),
            "label": pa.array(self.labels, pa.string()),
        }
        for place, name in enumerate(self.classes):
            columns[f"probability_{name}"] = pa.array(self.probabilities[:, place].astype(np.float32))
        return pa.table(columns)

    def write(self, path: str | Path) -> Path:
        """Writes `to_arrow` to a file that ends with `.parquet` or `.csv`. `RunError`: another ending."""
        import pyarrow.csv
        import pyarrow.parquet

        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".parquet":
            pyarrow.parquet.write_table(self.to_arrow(), str(path))
        elif path.suffix == ".csv":
            pyarrow.csv.write_csv(self.to_arrow(), str(path))
        else:
            raise RunError(f"Cannot write predictions to {path}: expected a name that ends with .parquet or .csv.")
        return path

    def __repr__(self) -> str:
        best = self.probabilities.max(axis=1) if len(self) else []
        lines = [
            f"  {name}: {guess} ({share:.1%}){'' if label is None else f', label {label}'}"
            for name, guess, share, label in list(zip(self.ids, self.predicted, best, self.labels, strict=True))[
                :_SHOWN
            ]
        ]
        more = [f"  ... ({len(self) - _SHOWN:,} more)"] if len(self) > _SHOWN else []
        return "\n".join([f"Predictions of {len(self):,} nodes in {len(self.classes)} classes", *lines, *more])


def predict(run: TrainedRun, rows: np.ndarray, reporter: Reporter) -> Predictions:
    """The predictions for rows of the task's node set, int64 `[N]`, in that order."""
    table = run.data.tables.node_sets[run.config.task.node_set]
    ids = tuple(text(table.ids[row]) if table.ids is not None else str(row) for row in rows)
    names = run.data.labels.names
    known = tuple(names[value] if value >= 0 else None for value in run.data.labels.values[rows])
    logits = np.empty((0, 1), np.float32)
    if len(rows):
        logits = _logits(run, rows, reporter)
    binary = isinstance(run.config.task, BinaryNodeClassification)
    return Predictions(ids=ids, classes=names, probabilities=_probabilities(logits, len(names), binary), labels=known)


def _logits(run: TrainedRun, rows: np.ndarray, reporter: Reporter) -> np.ndarray:
    batches = BatchProvider(
        name="prediction",
        delegate=run.data.provider(rows),
        gtspec=run.result.gtspec,  # type: ignore[arg-type]
        preprocess_model=run.result.preprocess_model,  # type: ignore[arg-type]
        global_batch_size=run.batch_size,
        drop_remainder=False,
    )
    parts = []
    with reporter.stage("predict", "Predicting", total=len(rows)) as advance:
        for graph, _ in batches.get_dataset(tf.distribute.InputContext()):
            parts.append(np.asarray(run.logits(graph)))
            advance(sum(map(len, parts)))
    return np.concatenate(parts).astype(np.float32)


def _probabilities(logits: np.ndarray, num_classes: int, binary: bool) -> np.ndarray:
    if not len(logits):
        return np.empty((0, num_classes), np.float32)
    if binary:
        positive = 1 / (1 + np.exp(-logits[:, 0].astype(np.float64)))
        return np.stack([1 - positive, positive], axis=1).astype(np.float32)
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)
