"""Classification by TF-GNN's names: each a readout and an objective."""

from collections.abc import Sequence
from typing import Any, final

from gnnkit._names import HIDDEN_STATE
from gnnkit.runner.tasks._objectives import Binary, Multiclass
from gnnkit.runner.tasks._readouts import RootNodes, StructuredNodes
from gnnkit.runner.tasks._task import LabelFn, ReadoutTask


@final
class RootNodeBinaryClassification(ReadoutTask):
    """Yes or no for the first node of each component.

    node_set_name: the node set of the roots.
    units: questions, each with its logit.
    state_name: the feature of the base model's output that the head takes.
    readout_node_set: where `label_feature_name` is read.
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
    ) -> None:
        super().__init__(
            readout=RootNodes(node_set_name, state_name),
            objective=Binary(units, tuple(recall_at_precisions)),
            label_fn=label_fn,
            label_feature_name=label_feature_name,
            readout_node_set=readout_node_set,
            name=name,
            kernel_regularizer=kernel_regularizer,
        )


@final
class RootNodeMulticlassClassification(ReadoutTask):
    """One of several classes for the first node of each component.

    node_set_name: the node set of the roots.
    state_name: the feature of the base model's output that the head takes.
    readout_node_set: where `label_feature_name` is read.
    Other arguments: see `ReadoutTask` and `gnnkit.runner.tasks.Multiclass`.

    >>> from gnnkit.runner.tasks import RootNodeLabelFn
    >>> task = RootNodeMulticlassClassification(
    ...     "paper", num_classes=3, label_fn=RootNodeLabelFn("paper", feature_name="venue"))
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
    ) -> None:
        super().__init__(
            readout=RootNodes(node_set_name, state_name),
            objective=Multiclass(num_classes, class_names, per_class_statistics),
            label_fn=label_fn,
            label_feature_name=label_feature_name,
            readout_node_set=readout_node_set,
            name=name,
            kernel_regularizer=kernel_regularizer,
        )


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
    ) -> None:
        super().__init__(
            readout=StructuredNodes(key, feature_name, readout_node_set, validate),
            objective=Binary(units, tuple(recall_at_precisions)),
            label_fn=label_fn,
            label_feature_name=label_feature_name,
            readout_node_set=readout_node_set,
            name=name,
            kernel_regularizer=kernel_regularizer,
        )


@final
class NodeMulticlassClassification(ReadoutTask):
    """One of several classes for nodes found by structured readout.

    key, feature_name, readout_node_set, validate: see `gnnkit.structured_readout`.
    Other arguments: see `ReadoutTask` and `gnnkit.runner.tasks.Multiclass`.

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
    ) -> None:
        super().__init__(
            readout=StructuredNodes(key, feature_name, readout_node_set, validate),
            objective=Multiclass(num_classes, class_names, per_class_statistics),
            label_fn=label_fn,
            label_feature_name=label_feature_name,
            readout_node_set=readout_node_set,
            name=name,
            kernel_regularizer=kernel_regularizer,
        )
