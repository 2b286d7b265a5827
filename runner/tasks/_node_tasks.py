"""Tasks that predict something for nodes found by structured readout: each a readout and an objective."""

import abc
from collections.abc import Sequence
from typing import Any, ClassVar, final

from gnnkit._names import HIDDEN_STATE
from gnnkit.runner.tasks._classes import Binary, ClassWeights, Multiclass
from gnnkit.runner.tasks._numbers import Regression
from gnnkit.runner.tasks._readouts import StructuredNodes
from gnnkit.runner.tasks._task import LabelFn, ReadoutTask


@final
class NodeBinaryClassification(ReadoutTask):
    """Yes or no for nodes found by structured readout.

    key, feature_name, readout_node_set, validate: see `gnnkit.structured_readout`.
    units: questions, each with its logit.
    Other arguments: see `ReadoutTask` and `gnnkit.runner.tasks.Binary`.
    """

    def __init__(
        self,
        key: str = "seed",
        units: int = 1,
        *,
        feature_name: str = HIDDEN_STATE,
        readout_node_set: str = "_readout",
        validate: bool = True,
        name: str = "classification_logits",
        label_fn: LabelFn | None = None,
        label_feature_name: str | None = None,
        kernel_regularizer: Any = None,
        recall_at_precisions: Sequence[float] = (),
        class_weights: ClassWeights | None = None,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(
            readout=StructuredNodes(key, feature_name, readout_node_set, validate),
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
class NodeMulticlassClassification(ReadoutTask):
    """One of several classes for nodes found by structured readout.

    Arguments: see `NodeBinaryClassification`, `ReadoutTask` and `gnnkit.runner.tasks.Multiclass`.

    >>> task = NodeMulticlassClassification(num_classes=3, label_feature_name="venue")
    """

    def __init__(
        self,
        key: str = "seed",
        *,
        feature_name: str = HIDDEN_STATE,
        readout_node_set: str = "_readout",
        validate: bool = True,
        num_classes: int | None = None,
        class_names: Sequence[str] | None = None,
        per_class_statistics: bool = False,
        name: str = "classification_logits",
        label_fn: LabelFn | None = None,
        label_feature_name: str | None = None,
        kernel_regularizer: Any = None,
        class_weights: ClassWeights | None = None,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(
            readout=StructuredNodes(key, feature_name, readout_node_set, validate),
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


class _NodeRegression(ReadoutTask, abc.ABC):
    """A regression with one of Keras' losses."""

    _loss: ClassVar[str]

    def __init__(
        self,
        key: str = "seed",
        *,
        units: int = 1,
        name: str = "regression_logits",
        label_fn: LabelFn | None = None,
        label_feature_name: str | None = None,
        feature_name: str = HIDDEN_STATE,
        readout_node_set: str = "_readout",
        validate: bool = True,
        kernel_regularizer: Any = None,
    ) -> None:
        super().__init__(
            readout=StructuredNodes(key, feature_name, readout_node_set, validate),
            objective=Regression(self._loss, units),
            label_fn=label_fn,
            label_feature_name=label_feature_name,
            readout_node_set=readout_node_set,
            name=name,
            kernel_regularizer=kernel_regularizer,
        )


@final
class NodeMeanAbsoluteError(_NodeRegression):
    """Numbers for nodes found by structured readout, by the mean absolute error.

    key, feature_name, readout_node_set, validate: see `gnnkit.structured_readout`.
    units: numbers for each.
    Other arguments: see `ReadoutTask`.
    """

    _loss = "mean_absolute_error"


@final
class NodeMeanAbsolutePercentageError(_NodeRegression):
    """Numbers for nodes found by structured readout, by the mean absolute error in per cent of the label.

    Arguments: see `NodeMeanAbsoluteError`.
    """

    _loss = "mean_absolute_percentage_error"


@final
class NodeMeanSquaredError(_NodeRegression):
    """Numbers for nodes found by structured readout, by the mean squared error.

    Arguments: see `NodeMeanAbsoluteError`.
    """

    _loss = "mean_squared_error"


@final
class NodeMeanSquaredLogarithmicError(_NodeRegression):
    """Numbers for nodes found by structured readout, by the mean squared difference of `log(1 + x)`.

    Arguments: see `NodeMeanAbsoluteError`.
    """

    _loss = "mean_squared_logarithmic_error"


@final
class NodeMeanSquaredLogScaledError(ReadoutTask):
    """Numbers for nodes found by structured readout, by `gnnkit.runner.tasks.MeanSquaredLogScaledError`.

    alpha_loss_param, epsilon_loss_param: see there.
    reduction: see `gnnkit.runner.tasks.Regression`.
    Other arguments: see `NodeMeanAbsoluteError`.
    """

    def __init__(
        self,
        key: str = "seed",
        *,
        units: int = 1,
        name: str = "regression_logits",
        label_fn: LabelFn | None = None,
        label_feature_name: str | None = None,
        feature_name: str = HIDDEN_STATE,
        readout_node_set: str = "_readout",
        validate: bool = True,
        kernel_regularizer: Any = None,
        alpha_loss_param: float = 5.0,
        epsilon_loss_param: float = 1e-8,
        reduction: str = "auto",
    ) -> None:
        super().__init__(
            readout=StructuredNodes(key, feature_name, readout_node_set, validate),
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
