"""What is predicted, and for what: nodes of a set, edges of a set, links that may be there or not, whole graphs."""

import abc
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from gnnkit.runner.config._base import Count, Positive, Section, Switch, Text, infer_type
from gnnkit.runner.config._contrastive import BarlowTwins, DeepGraphInfomax, Triplet, VicReg
from gnnkit.runner.config._predicted import Classes, Numbers, YesOrNo
from gnnkit.runner.config._user_class import Path


class NodeTask(Section, abc.ABC):
    """A task about the nodes of a set."""

    node_set: Text
    """The node set that predictions are for."""


class NodeClassification(NodeTask, Classes):
    """Each node of a set belongs to one of several classes."""

    type: Literal["node_classification"] = "node_classification"
    """This task."""


class BinaryNodeClassification(NodeTask, YesOrNo):
    """Each node of a set is positive or negative."""

    type: Literal["binary_node_classification"] = "binary_node_classification"
    """This task."""


class NodeRegression(NodeTask, Numbers):
    """Each node of a set has a number, or a vector of numbers."""

    type: Literal["node_regression"] = "node_regression"
    """This task."""


class EdgeTask(Section, abc.ABC):
    """A task about the edges of a set."""

    edge_set: Text
    """The edge set that predictions are for. They are made from the states of the nodes at both ends. With sampling, the
    edge itself is not part of what the model sees; on the whole graph it is, without its label."""


class EdgeClassification(EdgeTask, Classes):
    """Each edge of a set belongs to one of several classes."""

    type: Literal["edge_classification"] = "edge_classification"
    """This task."""


class BinaryEdgeClassification(EdgeTask, YesOrNo):
    """Each edge of a set is positive or negative."""

    type: Literal["binary_edge_classification"] = "binary_edge_classification"
    """This task."""


class EdgeRegression(EdgeTask, Numbers):
    """Each edge of a set has a number, or a vector of numbers."""

    type: Literal["edge_regression"] = "edge_regression"
    """This task."""


class LinkPrediction(Section):
    """Whether two nodes are joined by an edge of a set.

    The split is one of edges. The model sees the edges of the training part only, and never the one that it is asked
    about. Negatives are pairs that no edge joins.
    """

    type: Literal["link_prediction"] = "link_prediction"
    """This task."""

    label: ClassVar[str] = "label"
    # What the samplers call it.

    edge_set: Text
    """The edge set whose edges are predicted."""

    head: Literal["dot_product", "hadamard_product"] = "dot_product"
    """How two states give a score: their dot product, behind one more linear layer on the states; or a linear layer on
    their product entry by entry."""

    negatives: Count = 1
    """Negatives for each edge in training."""

    candidates: Count = 20
    """Negatives for each edge of the validation and test parts, among which the edge is ranked."""

    negatives_by: Literal["uniform", "degree"] = "uniform"
    """How negatives are drawn: every node with equal chances, or in proportion to its edges in `edge_set`."""

    negatives_end: Literal["target", "source"] = "target"
    """The end of the edge that is drawn anew."""

    hits_at: tuple[Count, ...] = (1, 3, 10)
    """Ranks k for which the share of edges that are among the first k is measured."""

    undirected: Switch = True
    """Whether an edge the other way round is the same link, within one node set."""

    weight: Positive = 1.0
    """Of the task's loss in the sum of losses, where there are several `tasks`."""


class GraphTask(Section, abc.ABC):
    """A task about whole graphs."""

    node_set: Text
    """The node set whose states are pooled into one of the graph."""

    reduce_type: str = "mean"
    """How they are pooled: `mean`, `sum`, `max` or `min`, or several, as `mean|max`."""


class GraphClassification(GraphTask, Classes):
    """Each graph belongs to one of several classes. The label is a feature of the context."""

    type: Literal["graph_classification"] = "graph_classification"
    """This task."""


class BinaryGraphClassification(GraphTask, YesOrNo):
    """Each graph is positive or negative. The label is a feature of the context."""

    type: Literal["binary_graph_classification"] = "binary_graph_classification"
    """This task."""


class GraphRegression(GraphTask, Numbers):
    """Each graph has a number, or a vector of numbers. The label is a feature of the context."""

    type: Literal["graph_regression"] = "graph_regression"
    """This task."""


class CustomTask(NodeTask):
    """A task of the user's: a Python class with the methods of `gnnkit.runner.Task`, about the nodes of a set.

    Its graphs have the node set `_readout` with the label, and the edge set `_readout/seed` from the nodes that
    predictions are for.
    """

    type: Literal["custom"] = "custom"
    """Given by the key `class`; need not be written."""

    class_: Path = Field(alias="class")
    """Dotted path, such as `my_package.tasks.MyTask`; the module must be importable."""

    args: dict[str, Any] = {}
    """Keyword arguments."""

    label: Text
    """The feature that holds what is predicted, which is moved to `_readout` as it is. Never an input of the model."""

    weight: Positive = 1.0
    """Of the task's loss in the sum of losses, where there are several `tasks`."""


LabelledTask = (
    NodeClassification
    | BinaryNodeClassification
    | NodeRegression
    | CustomTask
    | EdgeClassification
    | BinaryEdgeClassification
    | EdgeRegression
    | GraphClassification
    | BinaryGraphClassification
    | GraphRegression
    | LinkPrediction
)
ContrastiveTask = DeepGraphInfomax | BarlowTwins | VicReg | Triplet

Task = Annotated[
    LabelledTask | ContrastiveTask, Field(discriminator="type"), BeforeValidator(infer_type(("class", "custom")))
]
