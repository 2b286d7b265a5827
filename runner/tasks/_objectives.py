"""What is predicted: the number of outputs, the loss and the metrics. The other choice of a task."""

import abc
from typing import Any

import keras


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

    def head(self, *, name: str, kernel_regularizer: Any) -> keras.layers.Layer:
        """The head, from states `[R, F]` to outputs `[R, K]`."""
        return keras.layers.Dense(self.units, name=name, kernel_regularizer=kernel_regularizer)

    @abc.abstractmethod
    def losses(self) -> Any:
        """The loss of labels and head outputs `[R, K]`: with weights of examples, a weighted mean."""

    @abc.abstractmethod
    def metrics(self) -> list[Any]:
        """New metrics of labels and head outputs."""
