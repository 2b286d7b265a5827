"""The objective of regression."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, final

import keras

from gnnkit.runner.tasks._losses import REDUCTION, MeanSquaredLogScaledError
from gnnkit.runner.tasks._objectives import Objective
from gnnkit.runner.tasks._standardized_head import StandardizedHead

_LOSSES: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "mean_absolute_error": keras.losses.MeanAbsoluteError,
        "mean_absolute_percentage_error": keras.losses.MeanAbsolutePercentageError,
        "mean_squared_error": keras.losses.MeanSquaredError,
        "mean_squared_logarithmic_error": keras.losses.MeanSquaredLogarithmicError,
        "mean_squared_log_scaled_error": MeanSquaredLogScaledError,
    }
)


@final
@dataclasses.dataclass(frozen=True)
class Regression(Objective):
    """Numbers: labels `[R]` or `[R, num_outputs]`, outputs are the numbers themselves.

    loss: `mean_absolute_error`, `mean_absolute_percentage_error`, `mean_squared_error`,
        `mean_squared_logarithmic_error` (the losses of Keras) or `mean_squared_log_scaled_error` (see
        `MeanSquaredLogScaledError`).
    num_outputs: numbers for each example.
    loss_arguments: more arguments of the loss's class.
    reduction: as in losses of Keras; `auto` is the mean, or, with weights of examples, the weighted mean.
    standardize: (mean, standard deviation) of the labels, `num_outputs` numbers each. The head then learns labels of any
        size equally fast; outputs, loss and metrics stay in the units of the labels.

    >>> Regression("mean_absolute_error").losses().name
    'mean_absolute_error'
    """

    loss: str = "mean_squared_error"
    num_outputs: int = 1
    loss_arguments: Mapping[str, Any] = dataclasses.field(default_factory=dict, kw_only=True)
    reduction: str = dataclasses.field(default="auto", kw_only=True)
    standardize: tuple[Sequence[float], Sequence[float]] | None = dataclasses.field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if self.loss not in _LOSSES:
            raise ValueError(f"There is no regression loss {self.loss!r}, only {sorted(_LOSSES)}.")
        if self.num_outputs < 1:
            raise ValueError(f"A regression needs units >= 1, but got {self.num_outputs}.")
        if self.standardize is not None and [len(v) for v in self.standardize] != [self.num_outputs] * 2:
            raise ValueError(
                f"standardize must be two sequences of {self.num_outputs} numbers, means and standard deviations, but got "
                f"{self.standardize!r}."
            )
        self.losses()  # Tells of wrong arguments at once.

    @property
    def units(self) -> int:
        return self.num_outputs

    @property
    def main_metric(self) -> str:
        return "mean_squared_error" if "squared" in self.loss else "mean_absolute_error"

    def head(self, *, name: str, kernel_regularizer: Any) -> keras.layers.Layer:
        if self.standardize is None:
            return super().head(name=name, kernel_regularizer=kernel_regularizer)
        return StandardizedHead(*self.standardize, kernel_regularizer=kernel_regularizer, name=name)

    def losses(self) -> Any:
        reduction = REDUCTION if self.reduction == "auto" else self.reduction
        return _LOSSES[self.loss](reduction=reduction, **self.loss_arguments)

    def metrics(self) -> list[Any]:
        return [
            keras.metrics.MeanSquaredError(),
            keras.metrics.MeanAbsoluteError(),
            keras.metrics.MeanSquaredLogarithmicError(),
            keras.metrics.MeanAbsolutePercentageError(),
        ]
