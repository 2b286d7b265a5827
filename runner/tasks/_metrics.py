"""Metrics that Keras lacks for logits."""

from collections.abc import Mapping
from typing import Any, final

import keras

from gnnkit.runner.tasks._losses import in_shape_of, ops


@final
@keras.saving.register_keras_serializable("gnnkit")
class LogitsCrossentropy(keras.metrics.MeanMetricWrapper):
    """Binary cross entropy of labels `[R]` or `[R, K]` and logits `[R, K]`. (Keras' own metric refuses the former.)"""

    def __init__(self, name: str = "binary_crossentropy", dtype: Any = None) -> None:
        super().__init__(fn=_crossentropy, name=name, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": self.dtype}


def _crossentropy(y_true: Any, y_pred: Any) -> Any:
    y_pred = ops.convert_to_tensor(y_pred)
    return keras.losses.binary_crossentropy(in_shape_of(y_true, y_pred), y_pred, from_logits=True)


@final
@keras.saving.register_keras_serializable("gnnkit")
class LogitsMetric(keras.metrics.Metric):
    """A metric of probabilities, given logits."""

    def __init__(self, metric: keras.metrics.Metric, name: str | None = None) -> None:
        super().__init__(name=name or metric.name)
        self.metric = metric

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self.metric.update_state(y_true, ops.sigmoid(y_pred), sample_weight)

    def result(self) -> Any:
        return self.metric.result()

    def reset_state(self) -> None:
        self.metric.reset_state()

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "metric": keras.saving.serialize_keras_object(self.metric)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "LogitsMetric":
        return cls(keras.saving.deserialize_keras_object(config["metric"]), name=config["name"])


class _ClassStatistic(keras.metrics.Metric):
    """Counts of one class among predictions that are the class with the largest logit."""

    def __init__(self, class_id: int, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.class_id = class_id
        self.hits = self.add_weight(name="hits", initializer="zeros")
        self.total = self.add_weight(name="total", initializer="zeros")

    def _count(self, y_true: Any, y_pred: Any, sample_weight: Any, *, of_predicted: bool) -> None:
        y_pred = ops.convert_to_tensor(y_pred)
        predicted = ops.equal(ops.argmax(y_pred, axis=-1), self.class_id)
        actual = ops.reshape(ops.equal(ops.cast(y_true, "int64"), self.class_id), ops.shape(predicted))
        weight = 1.0 if sample_weight is None else ops.reshape(ops.cast(sample_weight, "float32"), ops.shape(predicted))
        both = ops.cast(ops.logical_and(predicted, actual), "float32")
        self.hits.assign_add(ops.sum(both * weight))
        self.total.assign_add(ops.sum(ops.cast(predicted if of_predicted else actual, "float32") * weight))

    def result(self) -> Any:
        return ops.divide_no_nan(self.hits, self.total)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "class_id": self.class_id}


@final
@keras.saving.register_keras_serializable("gnnkit")
class ClassPrecision(_ClassStatistic):
    """The share of right ones among the predictions of one class. `class_id`: its number."""

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self._count(y_true, y_pred, sample_weight, of_predicted=True)


@final
@keras.saving.register_keras_serializable("gnnkit")
class ClassRecall(_ClassStatistic):
    """The share of one class that is predicted to be so. `class_id`: its number."""

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self._count(y_true, y_pred, sample_weight, of_predicted=False)


_SHORT = {
    "sparse_categorical_accuracy": "accuracy",
    "categorical_accuracy": "accuracy",
    "binary_accuracy": "accuracy",
    "sparse_categorical_crossentropy": "crossentropy",
    "categorical_crossentropy": "crossentropy",
    "binary_crossentropy": "crossentropy",
}


def short_metric_names(metrics: Mapping[str, float]) -> dict[str, float]:
    """Metrics by the name that all tasks share: `accuracy` for `sparse_categorical_accuracy` and so on.

    metrics: as from `model.evaluate(..., return_dict=True)` or one epoch's logs; a prefix `val_` stays.

    >>> short_metric_names({"loss": 0.5, "val_sparse_categorical_accuracy": 0.9})
    {'loss': 0.5, 'val_accuracy': 0.9}
    """
    result = {}
    for name, value in metrics.items():
        prefix = "val_" if name.startswith("val_") else ""
        result[prefix + _short(name.removeprefix("val_"))] = value
    return result


def _short(name: str) -> str:
    # Of several tasks, metrics are called TASK_METRIC.
    long = next((long for long in _SHORT if name == long or name.endswith(f"_{long}")), None)
    return name if long is None else name.removesuffix(long) + _SHORT[long]
