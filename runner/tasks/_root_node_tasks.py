"""Tasks that predict something for the first node of each component: each a readout and an objective."""

import abc
from collections.abc import Sequence
from typing import Any, ClassVar, final

from gnnkit._names import HIDDEN_STATE
from gnnkit.runner.tasks._classes import Binary, ClassWeights, Multiclass
from gnnkit.runner.tasks._numbers import Regression
from gnnkit.runner.tasks._readouts import RootNodes
from gnnkit.runner.tasks._task import LabelFn, ReadoutTask


@final
class RootNodeBinaryClassification(ReadoutTask):
    """Yes or no for the first node of each component.

    node_set_name: the node set of the roots.
    state_name: the feature of the base model's output that the head takes.
    readout_node_set: where `label_feature_name` is read.
    units: questions, each with its logit.
    Other arguments: see `ReadoutTask` and `gnnkit.runner.tasks.Binary`.
    """

    def __init__(
        self,
        node_set_name: str,
        units: int = 1,
        *,
        state_name: str = HIDDEN_STATE,
        name: str = "classification_logits",
        label_fn: LabelFn | None = None,
        label_feature_name: str | None = None,
        readout_node_set: str = "_readout",
        kernel_regularizer: Any = None,
        recall_at_precisions: Sequence[float] = (),
        class_weights: ClassWeights | None = None,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(
            readout=RootNodes(node_set_name, state_name),
            objective=Binary(
                units,
                tuple(recall_at_precisions),
                class_weights=class_weights,
                label_smoothing=label_smoothing,
            ),
            label_fn=label_fn,
            label_feature_name=label_feature_name,
            readout_node_set=readout_node_set,
            name=name,
            kernel_regularizer=kernel_regularizer,
        )


@final
class RootNodeMulticlassClassification(ReadoutTask):
    """One of several classes for the first node of each component.

    Arguments: see `RootNodeBinaryClassification`, `ReadoutTask` and `gnnkit.runner.tasks.Multiclass`.

    >>> from gnnkit.runner.tasks import RootNodeLabelFn
    >>> task = RootNodeMulticlassClassification(
    ...     "paper", num_classes=3,
    ...     label_fn=RootNodeLabelFn("paper", feature_name="venue"))
    """

    def __init__(
        self,
        node_set_name: str,
        *,
        num_classes: int | None = None,
        class_names: Sequence[str] | None = None,
        per_class_statistics: bool = False,
        state_name: str = HIDDEN_STATE,
        name: str = "classification_logits",
        label_fn: LabelFn | None = None,
        label_feature_name: str | None = None,
        readout_node_set: str = "_readout",
        kernel_regularizer: Any = None,
        class_weights: ClassWeights | None = None,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(
            readout=RootNodes(node_set_name, state_name),
            objective=Multiclass(
                num_classes,
                class_names,
                per_class_statistics,
                class_weights=class_weights,
                label_smoothing=label_smoothing,
            ),
            label_fn=label_fn,
            label_feature_name=label_feature_name,
            readout_node_set=readout_node_set,
            name=name,
            kernel_regularizer=kernel_regularizer,
        )


class _RootNodeRegression(ReadoutTask, abc.ABC):
    """A regression with one of Keras' losses."""

    _loss: ClassVar[str]

    def __init__(
        self,
        node_set_name: str,
        *,
        units: int = 1,
        state_name: str = HIDDEN_STATE,
        name: str = "regression_logits",
        label_fn: LabelFn | None = None,
        label_feature_name: str | None = None,
        readout_node_set: str = "_readout",
        kernel_regularizer: Any = None,
    ) -> None:
        super().__init__(
            readout=RootNodes(node_set_name, state_name),
            objective=Regression(self._loss, units),
            label_fn=label_fn,
            label_feature_name=label_feature_name,
            readout_node_set=readout_node_set,
            name=name,
            kernel_regularizer=kernel_regularizer,
        )


@final
class RootNodeMeanAbsoluteError(_RootNodeRegression):
    """Numbers for the first node of each component, by the mean absolute error.

    node_set_name: the node set of the roots.
    state_name: the feature of the base model's output that the head takes.
    readout_node_set: where `label_feature_name` is read.
    units: numbers for each.
    Other arguments: see `ReadoutTask`.
    """

    _loss = "mean_absolute_error"


@final
class RootNodeMeanAbsolutePercentageError(_RootNodeRegression):
    """Numbers for the first node of each component, by the mean absolute error in per cent of the label.

    Arguments: see `RootNodeMeanAbsoluteError`.
    """

    _loss = "mean_absolute_percentage_error"


@final
class RootNodeMeanSquaredError(_RootNodeRegression):
    """Numbers for the first node of each component, by the mean squared error.

    Arguments: see `RootNodeMeanAbsoluteError`.
    """

    _loss = "mean_squared_error"


@final
class RootNodeMeanSquaredLogarithmicError(_RootNodeRegression):
    """Numbers for the first node of each component, by the mean squared difference of `log(1 + x)`.

    Arguments: see `RootNodeMeanAbsoluteError`.
    """

    _loss = "mean_squared_logarithmic_error"


@final
class RootNodeMeanSquaredLogScaledError(ReadoutTask):
    """Numbers for the first node of each component, by `gnnkit.runner.tasks.MeanSquaredLogScaledError`.

    alpha_loss_param, epsilon_loss_param: see there.
    reduction: see `gnnkit.runner.tasks.Regression`.
    Other arguments: see `RootNodeMeanAbsoluteError`.
    """

    def __init__(
        self,
        node_set_name: str,
        *,
        units: int = 1,
        state_name: str = HIDDEN_STATE,
        name: str = "regression_logits",
        label_fn: LabelFn | None = None,
        label_feature_name: str | None = None,
        readout_node_set: str = "_readout",
        kernel_regularizer: Any = None,
        alpha_loss_param: float = 5.0,
        epsilon_loss_param: float = 1e-8,
        reduction: str = "auto",
    ) -> None:
        super().__init__(
            readout=RootNodes(node_set_name, state_name),
            objective=Regression(
                "mean_squared_log_scaled_error",
                units,
                loss_arguments={"alpha_loss_param": alpha_loss_param, "epsilon_loss_param": epsilon_loss_param},
                reduction=reduction,
            ),
            label_fn=label_fn,
            label_feature_name=label_feature_name,
            readout_node_set=readout_node_set,
            name=name,
            kernel_regularizer=kernel_regularizer,
        )
