"""Objectives of classification."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any, final

import keras

from gnnkit.keras.metrics import LogitsAccuracy
from gnnkit.runner.tasks._losses import REDUCTION, WeightedBinaryCrossentropy, WeightedSparseCategoricalCrossentropy
from gnnkit.runner.tasks._metrics import ClassPrecision, ClassRecall, LogitsCrossentropy, LogitsMetric
from gnnkit.runner.tasks._objectives import Objective

ClassWeights = Mapping[Any, float] | Sequence[float]


@final
@dataclasses.dataclass(frozen=True)
class Multiclass(Objective):
    """One of several classes, numbered from 0: labels int `[R]`, outputs are logits.

    num_classes: their number, or class_names: their names, in order. Exactly one.
    per_class_statistics: precision and recall of each class besides.
    class_weights: class (number or name) to a factor of the losses of its examples, 1 where not named; or a factor for
        each class, in order. The weights of examples (0 for padding) multiply it, and only they are divided by again,
        as with `class_weight` of `keras.Model.fit`. Metrics take no notice of it.
    label_smoothing: in [0, 1): the share of each label that is spread evenly over all classes in the loss, not in the
        metrics.

    >>> Multiclass(class_names=["cat", "dog"], class_weights={"dog": 2.0}).units
    2
    """

    num_classes: int | None = None
    class_names: Sequence[str] | None = None
    per_class_statistics: bool = False
    class_weights: ClassWeights | None = dataclasses.field(default=None, kw_only=True)
    label_smoothing: float = dataclasses.field(default=0.0, kw_only=True)

    def __post_init__(self) -> None:
        if (self.num_classes is None) == (self.class_names is None):
            raise ValueError(
                f"Pass exactly one of num_classes (got {self.num_classes!r}) and class_names "
                f"(got {self.class_names!r})."
            )
        if self.units < 1:
            raise ValueError(f"A classification needs at least one class, but got {self.units}.")
        _check_smoothing(self.label_smoothing)
        weights_of_classes(self.class_weights, self._names)

    @property
    def _names(self) -> list[Any]:
        return list(range(self.units) if self.class_names is None else self.class_names)

    @property
    def units(self) -> int:
        return len(self.class_names) if self.class_names is not None else int(self.num_classes or 0)

    @property
    def main_metric(self) -> str:
        return "sparse_categorical_accuracy"

    def losses(self) -> Any:
        if self.class_weights is None and not self.label_smoothing:
            return keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction=REDUCTION)
        weights = weights_of_classes(self.class_weights, self._names)
        return WeightedSparseCategoricalCrossentropy(weights, self.label_smoothing)

    def metrics(self) -> list[Any]:
        metrics: list[Any] = [
            keras.metrics.SparseCategoricalAccuracy(),
            keras.metrics.SparseCategoricalCrossentropy(from_logits=True),
        ]
        if self.per_class_statistics:
            for index, name in enumerate(self.class_names or [f"class_{i}" for i in range(self.units)]):
                metrics.append(ClassPrecision(index, name=f"precision_for_{name}"))
                metrics.append(ClassRecall(index, name=f"recall_for_{name}"))
        return metrics


@final
@dataclasses.dataclass(frozen=True)
class Binary(Objective):
    """Yes or no, `units` times: labels 0 or 1, `[R]` or `[R, units]`, outputs are logits.

    recall_at_precisions: precisions in (0, 1) for which the best recall is measured besides.
    class_weights: factors of the losses of zeros and ones, as `[w0, w1]` or `{0: w0, 1: w1}`; see `Multiclass`. Where
        there are several questions, each answer is weighted for itself.
    label_smoothing: in [0, 1): how much of each label is moved to one half in the loss, not in the metrics.

    >>> Binary(class_weights={1: 10.0}).losses().class_weights
    [1.0, 10.0]
    """

    num_outputs: int = 1
    recall_at_precisions: Sequence[float] = ()
    class_weights: ClassWeights | None = dataclasses.field(default=None, kw_only=True)
    label_smoothing: float = dataclasses.field(default=0.0, kw_only=True)

    def __post_init__(self) -> None:
        if self.num_outputs < 1:
            raise ValueError(f"A binary classification needs units >= 1, but got {self.num_outputs}.")
        _check_smoothing(self.label_smoothing)
        weights_of_classes(self.class_weights, [0, 1])

    @property
    def units(self) -> int:
        return self.num_outputs

    @property
    def main_metric(self) -> str:
        return "binary_accuracy"

    def losses(self) -> Any:
        weights = weights_of_classes(self.class_weights, [0, 1])
        if weights is None:
            return keras.losses.BinaryCrossentropy(
                from_logits=True, label_smoothing=self.label_smoothing, reduction=REDUCTION
            )
        return WeightedBinaryCrossentropy(weights, self.label_smoothing)

    def metrics(self) -> list[Any]:
        # A logit is positive where the probability is over one half.
        return [
            keras.metrics.Precision(thresholds=0.0, name="precision"),
            keras.metrics.Recall(thresholds=0.0, name="recall"),
            *(
                LogitsMetric(keras.metrics.RecallAtPrecision(p, name=f"recall_at_precision_{100 * p:g}"))
                for p in self.recall_at_precisions
            ),
            keras.metrics.AUC(from_logits=True, name="auc_roc"),
            keras.metrics.AUC(curve="PR", from_logits=True, name="auc_pr"),
            LogitsAccuracy(),
            LogitsCrossentropy(),
        ]


def weights_of_classes(class_weights: ClassWeights | None, classes: Sequence[Any]) -> list[float] | None:
    """The weight of each class, in order. ValueError: unknown classes, another number of them, no weights."""
    if class_weights is None:
        return None
    if isinstance(class_weights, Mapping):
        unknown = [c for c in class_weights if c not in classes]
        if unknown:
            raise ValueError(f"class_weights names the classes {unknown}, but there are only {list(classes)}.")
        weights = [float(class_weights.get(c, 1.0)) for c in classes]
    else:
        weights = [float(w) for w in class_weights]
    if len(weights) != len(classes):
        raise ValueError(
            f"class_weights has {len(weights)} weights, but there are {len(classes)} classes: {list(classes)}. "
            "Pass one for each, or a mapping from classes to weights."
        )
    if not all(math.isfinite(w) and w >= 0 for w in weights):
        raise ValueError(f"class_weights must be finite and not negative, but are {weights}.")
    return weights


def _check_smoothing(label_smoothing: float) -> None:
    if not 0 <= label_smoothing < 1:
        raise ValueError(f"label_smoothing must be in [0, 1), but is {label_smoothing!r}.")
