"""What is predicted: the number of outputs, the loss and the metrics. The other choice of a task."""

import abc
import dataclasses
from collections.abc import Sequence
from typing import Any, final

import keras

from gnnkit.runner.tasks._metrics import ClassPrecision, ClassRecall, LogitsAccuracy, LogitsCrossentropy, LogitsMetric


class Objective(abc.ABC):
    """The head, loss and metrics for some kind of label."""

    @property
    @abc.abstractmethod
    def units(self) -> int:
        """Outputs of the linear head, K."""

    @property
    @abc.abstractmethod
    def main_metric(self) -> str:
        """The name of the metric that people look at first."""

    @abc.abstractmethod
    def losses(self) -> Any:
        """The loss of labels and head outputs `[R, K]`."""

    @abc.abstractmethod
    def metrics(self) -> list[Any]:
        """New metrics of labels and head outputs."""


@final
@dataclasses.dataclass(frozen=True)
class Multiclass(Objective):
    """One of several classes, numbered from 0: labels int `[R]`, outputs are logits.

    num_classes: their number, or class_names: their names, in order. Exactly one.
    per_class_statistics: precision and recall of each class besides.

    >>> Multiclass(class_names=["cat", "dog"]).units
    2
    """

    num_classes: int | None = None
    class_names: Sequence[str] | None = None
    per_class_statistics: bool = False

    def __post_init__(self) -> None:
        if (self.num_classes is None) == (self.class_names is None):
            raise ValueError(
                f"Pass exactly one of num_classes (got {self.num_classes!r}) and class_names "
                f"(got {self.class_names!r})."
            )
        if self.units < 1:
            raise ValueError(f"A classification needs at least one class, but got {self.units}.")

    @property
    def units(self) -> int:
        return len(self.class_names) if self.class_names is not None else int(self.num_classes or 0)

    @property
    def main_metric(self) -> str:
        return "sparse_categorical_accuracy"

    def losses(self) -> Any:
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def metrics(self) -> list[Any]:
        metrics: list[Any] = [
            keras.metrics.SparseCategoricalAccuracy(),
            keras.metrics.SparseCategoricalCrossentropy(from_logits=True),
        ]
        if self.per_class_statistics:
            names = self.class_names if self.class_names is not None else [str(i) for i in range(self.units)]
            for index, name in enumerate(names):
                metrics.append(ClassPrecision(index, name=f"precision_for_{name}"))
                metrics.append(ClassRecall(index, name=f"recall_for_{name}"))
        return metrics


@final
@dataclasses.dataclass(frozen=True)
class Binary(Objective):
    """Yes or no, `units` times: labels 0 or 1, `[R]` or `[R, units]`, outputs are logits.

    recall_at_precisions: precisions in (0, 1) for which the best recall is measured besides.
    """

    num_outputs: int = 1
    recall_at_precisions: Sequence[float] = ()

    def __post_init__(self) -> None:
        if self.num_outputs < 1:
            raise ValueError(f"A binary classification needs units >= 1, but got {self.num_outputs}.")

    @property
    def units(self) -> int:
        return self.num_outputs

    @property
    def main_metric(self) -> str:
        return "binary_accuracy"

    def losses(self) -> Any:
        return keras.losses.BinaryCrossentropy(from_logits=True)

    def metrics(self) -> list[Any]:
        # A logit is positive where the probability is over one half.
        return [
            keras.metrics.Precision(thresholds=0.0, name="precision"),
            keras.metrics.Recall(thresholds=0.0, name="recall"),
            keras.metrics.AUC(from_logits=True, name="auc_roc"),
            keras.metrics.AUC(curve="PR", from_logits=True, name="auc_pr"),
            LogitsAccuracy(),
            LogitsCrossentropy(),
            *(
                LogitsMetric(keras.metrics.RecallAtPrecision(p, name=f"recall_at_precision_{p}"))
                for p in self.recall_at_precisions
            ),
        ]
