"""Tasks that predict something for edges of one set: each a readout and an objective."""

import abc
from collections.abc import Sequence
from typing import Any, ClassVar, final

from gnnkit._names import HIDDEN_STATE
from gnnkit.runner.tasks._classes import Binary, ClassWeights, Multiclass
from gnnkit.runner.tasks._edges import Edges
from gnnkit.runner.tasks._label_fns import EdgeLabelFn
from gnnkit.runner.tasks._numbers import Regression
from gnnkit.runner.tasks._task import LabelFn, ReadoutTask


class _EdgeTask(ReadoutTask, abc.ABC):
    """A task whose labels may be a feature of the edges themselves."""

    def __init__(
        self, *, readout: Edges, label_fn: LabelFn | None, label_feature_name: str | None, **kwargs: Any
    ) -> None:
        if readout.key is None and label_fn is None and label_feature_name is not None:
            label_fn, label_feature_name = EdgeLabelFn(readout.edge_set_name, feature_name=label_feature_name), None
        super().__init__(readout=readout, label_fn=label_fn, label_feature_name=label_feature_name, **kwargs)


@final
class EdgeBinaryClassification(_EdgeTask):
    """Yes or no for edges of one set.

    edge_set_name, key, node_state_name, edge_state_name, readout_node_set, validate: see `gnnkit.runner.tasks.Edges`.
    label_feature_name: without key, a feature of the edge set, which is taken out of the graph.
    units: questions, each with its logit.
    Other arguments: see `ReadoutTask` and `gnnkit.runner.tasks.Binary`.
    """

    def __init__(
        self,
        edge_set_name: str,
        units: int = 1,
        *,
        key: str | None = None,
        node_state_name: str | None = HIDDEN_STATE,
        edge_state_name: str | None = None,
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
            readout=Edges(edge_set_name, key, node_state_name, edge_state_name, readout_node_set, validate),
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
class EdgeMulticlassClassification(_EdgeTask):
    """One of several classes for edges of one set.

    Arguments: see `EdgeBinaryClassification`, `ReadoutTask` and `gnnkit.runner.tasks.Multiclass`.

    >>> task = EdgeMulticlassClassification("cites", num_classes=3, label_feature_name="reason")
    """

    def __init__(
        self,
        edge_set_name: str,
        *,
        num_classes: int | None = None,
        class_names: Sequence[str] | None = None,
        per_class_statistics: bool = False,
        key: str | None = None,
        node_state_name: str | None = HIDDEN_STATE,
        edge_state_name: str | None = None,
        readout_node_set: str = "_readout",
        validate: bool = True,
        name: str = "classification_logits",
        label_fn: LabelFn | None = None,
        label_feature_name: str | None = None,
        kernel_regularizer: Any = None,
        class_weights: ClassWeights | None = None,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(
            readout=Edges(edge_set_name, key, node_state_name, edge_state_name, readout_node_set, validate),
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


class _EdgeRegression(_EdgeTask, abc.ABC):
    """A regression with one of Keras' losses."""

    _loss: ClassVar[str]

    def __init__(
        self,
        edge_set_name: str,
        *,
        units: int = 1,
        key: str | None = None,
        node_state_name: str | None = HIDDEN_STATE,
        edge_state_name: str | None = None,
        readout_node_set: str = "_readout",
        validate: bool = True,
        name: str = "regression_logits",
        label_fn: LabelFn | None = None,
        label_feature_name: str | None = None,
        kernel_regularizer: Any = None,
    ) -> None:
        super().__init__(
            readout=Edges(edge_set_name, key, node_state_name, edge_state_name, readout_node_set, validate),
            objective=Regression(self._loss, units),
            label_fn=label_fn,
            label_feature_name=label_feature_name,
            readout_node_set=readout_node_set,
            name=name,
            kernel_regularizer=kernel_regularizer,
        )


@final
class EdgeMeanAbsoluteError(_EdgeRegression):
    """Numbers for edges of one set, by the mean absolute error.

    edge_set_name, key, node_state_name, edge_state_name, readout_node_set, validate: see `gnnkit.runner.tasks.Edges`.
    label_feature_name: without key, a feature of the edge set, which is taken out of the graph.
    units: numbers for each.
    Other arguments: see `ReadoutTask`.
    """

    _loss = "mean_absolute_error"


@final
class EdgeMeanAbsolutePercentageError(_EdgeRegression):
    """Numbers for edges of one set, by the mean absolute error in per cent of the label.

    Arguments: see `EdgeMeanAbsoluteError`.
    """

    _loss = "mean_absolute_percentage_error"


@final
class EdgeMeanSquaredError(_EdgeRegression):
    """Numbers for edges of one set, by the mean squared error.

    Arguments: see `EdgeMeanAbsoluteError`.
    """

    _loss = "mean_squared_error"


@final
class EdgeMeanSquaredLogarithmicError(_EdgeRegression):
    """Numbers for edges of one set, by the mean squared difference of `log(1 + x)`.

    Arguments: see `EdgeMeanAbsoluteError`.
    """

    _loss = "mean_squared_logarithmic_error"


@final
class EdgeMeanSquaredLogScaledError(_EdgeTask):
    """Numbers for edges of one set, by `gnnkit.runner.tasks.MeanSquaredLogScaledError`.

    alpha_loss_param, epsilon_loss_param: see there.
    reduction: see `gnnkit.runner.tasks.Regression`.
    Other arguments: see `EdgeMeanAbsoluteError`.
    """

    def __init__(
        self,
        edge_set_name: str,
        *,
        units: int = 1,
        key: str | None = None,
        node_state_name: str | None = HIDDEN_STATE,
        edge_state_name: str | None = None,
        readout_node_set: str = "_readout",
        validate: bool = True,
        name: str = "regression_logits",
        label_fn: LabelFn | None = None,
        label_feature_name: str | None = None,
        kernel_regularizer: Any = None,
        alpha_loss_param: float = 5.0,
        epsilon_loss_param: float = 1e-8,
        reduction: str = "auto",
    ) -> None:
        super().__init__(
            readout=Edges(edge_set_name, key, node_state_name, edge_state_name, readout_node_set, validate),
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
