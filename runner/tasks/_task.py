"""A task put together from a readout, an objective and a source of labels."""

from collections.abc import Callable
from typing import Any

from gnnkit.graph import GraphTensor, check_scalar_graph_tensor
from gnnkit.runner._interfaces import Task
from gnnkit.runner.tasks._label_fns import ReadoutLabelFn
from gnnkit.runner.tasks._objectives import Objective
from gnnkit.runner.tasks._readouts import ReadoutRule

LabelFn = Callable[[GraphTensor], tuple[GraphTensor, Any]]


class ReadoutTask(Task):
    """Predicts labels of the rows that `readout` finds, with a linear head.

    readout: which nodes.
    objective: the head's size, the loss and the metrics.
    label_fn: graph to (graph without label, label), or label_feature_name: the feature of `readout_node_set` that holds
        the labels. Exactly one.
    name: of the head's layer.
    kernel_regularizer: of the head.

    >>> from gnnkit.runner.tasks import ContextLabelFn, Multiclass, ReadoutTask, RootNodes
    >>> task = ReadoutTask(
    ...     readout=RootNodes("paper"), objective=Multiclass(num_classes=5), label_fn=ContextLabelFn("label"))
    """

    def __init__(
        self,
        *,
        readout: ReadoutRule,
        objective: Objective,
        label_fn: LabelFn | None = None,
        label_feature_name: str | None = None,
        readout_node_set: str = "_readout",
        name: str = "classification_logits",
        kernel_regularizer: Any = None,
    ) -> None:
        if (label_fn is None) == (label_feature_name is None):
            raise ValueError(
                f"{type(self).__name__}: pass exactly one of label_fn (got {label_fn!r}) and label_feature_name "
                f"(got {label_feature_name!r}). For a feature of the root nodes: "
                "label_fn=gnnkit.runner.RootNodeLabelFn(NODE_SET, feature_name=FEATURE)."
            )
        self.readout = readout
        self.objective = objective
        self._label_fn: LabelFn = label_fn or ReadoutLabelFn(str(label_feature_name), readout_node_set=readout_node_set)
        self._name = name
        self._kernel_regularizer = kernel_regularizer

    def preprocess(self, inputs: GraphTensor) -> tuple[GraphTensor, Any]:
        """The graph and its labels, `[R]`."""
        check_scalar_graph_tensor(inputs, type(self).__name__)
        return self._label_fn(inputs)

    def sample_weights(self, inputs: GraphTensor, component_weights: Any) -> Any:
        """The weights of labels, `[R]`, out of those of components, `[C]`: 0 for padding."""
        return self.readout.weights(inputs, component_weights)

    def gather_activations(self, inputs: GraphTensor) -> Any:
        """What the head takes, `[R, F]`."""
        return self.readout(inputs)

    def predict(self, *args: GraphTensor) -> Any:
        """The head's outputs, `[R, K]`."""
        (graph,) = args
        check_scalar_graph_tensor(graph, type(self).__name__)
        head = self.objective.head(name=self._name, kernel_regularizer=self._kernel_regularizer)
        return head(self.gather_activations(graph))

    def losses(self) -> Any:
        """The objective's loss."""
        return self.objective.losses()

    def metrics(self) -> list[Any]:
        """The objective's metrics."""
        return self.objective.metrics()
