"""What a trained model says about nodes, edges, links or graphs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from gnnkit.runner._errors import RunError
from gnnkit.runner.config import LinkPrediction, Numbers, YesOrNo
from gnnkit.runner.data._batches import BatchProvider
from gnnkit.runner.pipeline._predictions import ClassPredictions, LinkPredictions, NumberPredictions, Predictions
from gnnkit.runner.pipeline._progress import Reporter

if TYPE_CHECKING:
    from gnnkit.runner.pipeline._trained import TrainedRun


def predict(run: TrainedRun, rows: np.ndarray, reporter: Reporter, task: str | None = None) -> Predictions:
    """The predictions for rows of what the run is about, int64 `[N]` (or pairs `[N, 2]`), in that order.

    task: the name of one of several tasks; by default the first that has labels. `RunError`: it is none.
    """
    name = task if task is not None else next(iter(run.config.labelled_tasks))
    if name not in run.config.labelled_tasks:
        known = ", ".join(n for n in run.config.labelled_tasks if n) or "none, as there is one task only"
        raise RunError(f"There is no task {name!r} with labels to predict; there are {known}.")
    section, labels = run.config.labelled_tasks[name], run.data.labels[name]
    common: Any = {"keys": labels.items.keys(rows), "noun": labels.items.noun}
    outputs = _outputs(run, rows, reporter, name) if len(rows) else np.empty((0, 1), np.float32)
    if isinstance(section, LinkPrediction):
        scores = outputs[:, 0].astype(np.float64)
        probabilities = (1 / (1 + np.exp(-scores))).astype(np.float32)
        return LinkPredictions(**common, probabilities=probabilities, known=_are_edges(labels.items, rows))
    values = labels.values[rows]
    if not labels.names:
        known = values.reshape(len(rows), -1) if isinstance(section, Numbers) else None
        return NumberPredictions(**common, values=outputs.reshape(len(rows), -1), labels=known)
    names = labels.names
    return ClassPredictions(
        **common,
        classes=names,
        probabilities=_probabilities(outputs, len(names), isinstance(section, YesOrNo)),
        labels=tuple(names[value] if value >= 0 else None for value in values),
    )


def _are_edges(items: Any, rows: np.ndarray) -> np.ndarray:
    pairs, edges = items.pairs(rows), items.pairs(np.arange(items.count))
    width = int(max(pairs[:, 1].max(initial=0), edges[:, 1].max(initial=0))) + 1
    return np.isin(pairs[:, 0] * width + pairs[:, 1], edges[:, 0] * width + edges[:, 1])


def _outputs(run: TrainedRun, rows: np.ndarray, reporter: Reporter, task: str) -> np.ndarray:
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
            outputs = run.outputs(graph)
            parts.append(np.asarray(outputs[task] if task else outputs))
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
