"""Tasks that predict something for each component as a whole: each a readout and an objective."""

import abc
from collections.abc import Sequence
from typing import Any, ClassVar, final

from gnnkit._names import HIDDEN_STATE
from gnnkit.runner.tasks._classes import Binary, ClassWeights, Multiclass
from gnnkit.runner.tasks._numbers import Regression
from gnnkit.runner.tasks._readouts import PooledNodes
from gnnkit.runner.tasks._task import LabelFn, ReadoutTask


@final
class GraphBinaryClassification(ReadoutTask):
    """Yes or no for each component as a whole.

    node_set_name: the node set that is pooled.
    state_name: the feature of the base model's output that is pooled.
    reduce_type: how; see `gnnkit.pool_nodes_to_context`.
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
        reduce_type: str = "mean",
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
            readout=PooledNodes(node_set_name, state_name, reduce_type),
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
class GraphMulticlassClassification(ReadoutTask):
    """One of several classes for each component as a whole.

    Arguments: see `GraphBinaryClassification`, `ReadoutTask` and `gnnkit.runner.tasks.Multiclass`.

    >>> from gnnkit.runner.tasks import ContextLabelFn
    >>> task = GraphMulticlassClassification("atom", num_classes=3, label_fn=ContextLabelFn("family"))
    """

    def __init__(
        self,
        node_set_name: str,
        *,
        num_classes: int | None = None,
        class_names: Sequence[str] | None = None,
        per_class_statistics: bool = False,
        state_name: str = HIDDEN_STATE,
        reduce_type: str = "mean",
        name: str = "classification_logits",
        label_fn: LabelFn | None = None,
        label_feature_name: str | None = None,
        readout_node_set: str = "_readout",
        kernel_regularizer: Any = None,
        class_weights: ClassWeights | None = None,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(
            readout=PooledNodes(node_set_name, state_name, reduce_type),
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


class _GraphRegression(ReadoutTask, abc.ABC):
    """A regression with one of Keras' losses."""

    _loss: ClassVar[str]

    def __init__(
        self,
        node_set_name: str,
        *,
        units: int = 1,
        state_name: str = HIDDEN_STATE,
        reduce_type: str = "mean",
        name: str = "regression_logits",
        label_fn: LabelFn | None = None,
        label_feature_name: str | None = None,
        readout_node_set: str = "_readout",
        kernel_regularizer: Any = None,
    ) -> None:
        super().__init__(
            readout=PooledNodes(node_set_name, state_name, reduce_type),
            objective=Regression(self._loss, units),
            label_fn=label_fn,
            label_feature_name=label_feature_name,
            readout_node_set=readout_node_set,
            name=name,
            kernel_regularizer=kernel_regularizer,
        )


@final
class GraphMeanAbsoluteError(_GraphRegression):
    """Numbers for each component as a whole, by the mean absolute error.

    node_set_name: the node set that is pooled.
    state_name: the feature of the base model's output that is pooled.
    reduce_type: how; see `gnnkit.pool_nodes_to_context`.
    readout_node_set: where `label_feature_name` is read.
    units: numbers for each.
    Other arguments: see `ReadoutTask`.
    """

    _loss = "mean_absolute_error"


@final
class GraphMeanAbsolutePercentageError(_GraphRegression):
    """Numbers for each component as a whole, by the mean absolute error in per cent of the label.

    Arguments: see `GraphMeanAbsoluteError`.
    """

    _loss = "mean_absolute_percentage_error"


@final
class GraphMeanSquaredError(_GraphRegression):
    """Numbers for each component as a whole, by the mean squared error.

    Arguments: see `GraphMeanAbsoluteError`.
    """

    _loss = "mean_squared_error"


@final
class GraphMeanSquaredLogarithmicError(_GraphRegression):
    """Numbers for each component as a whole, by the mean squared difference of `log(1 + x)`.

    Arguments: see `GraphMeanAbsoluteError`.
    """

    _loss = "mean_squared_logarithmic_error"


@final
class GraphMeanSquaredLogScaledError(ReadoutTask):
    """Numbers for each component as a whole, by `gnnkit.runner.tasks.MeanSquaredLogScaledError`.

    alpha_loss_param, epsilon_loss_param: see there.
    reduction: see `gnnkit.runner.tasks.Regression`.
    Other arguments: see `GraphMeanAbsoluteError`.
    """

    def __init__(
        self,
        node_set_name: str,
        *,
        units: int = 1,
        state_name: str = HIDDEN_STATE,
        reduce_type: str = "mean",
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
            readout=PooledNodes(node_set_name, state_name, reduce_type),
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
