"""Label functions: a graph to (the graph without its label, the label)."""

from typing import Any, final

import gnnkit
from gnnkit.graph import GraphTensor


@final
class ContextLabelFn:
    """Takes the label from a feature of the context, `[C, ...]`.

    >>> import gnnkit, tensorflow as tf
    >>> graph = gnnkit.GraphTensor.from_pieces(context=gnnkit.Context.from_fields(features={"label": [3]}))
    >>> graph, label = ContextLabelFn("label")(graph)
    >>> label.numpy().tolist(), list(graph.context.features)
    ([3], [])
    """

    def __init__(self, feature_name: str) -> None:
        self._feature_name = feature_name

    def __call__(self, inputs: GraphTensor) -> tuple[GraphTensor, Any]:
        """The graph without the label, and the label. KeyError: there is no such feature."""
        if self._feature_name not in inputs.context.features:
            raise KeyError(
                f"ContextLabelFn: the context has no feature {self._feature_name!r}, only "
                f"{list(inputs.context.features)}."
            )
        label = inputs.context[self._feature_name]
        return inputs.remove_features(context=[self._feature_name]), label


@final
class RootNodeLabelFn:
    """Takes the label from a feature of the first node of each component: `[C, ...]`.

    The feature is removed from all nodes: those of the neighbours would give much away.

    node_set_name: the node set of the roots.
    feature_name: the label.
    """

    def __init__(self, node_set_name: str, *, feature_name: str = gnnkit.HIDDEN_STATE) -> None:
        self._node_set_name = node_set_name
        self._feature_name = feature_name

    def __call__(self, inputs: GraphTensor) -> tuple[GraphTensor, Any]:
        """The graph without the label, and the label. KeyError: there is no such node set or feature."""
        label = gnnkit.gather_first_node(inputs, self._node_set_name, feature_name=self._feature_name)
        return inputs.remove_features(node_sets={self._node_set_name: [self._feature_name]}), label


@final
class EdgeLabelFn:
    """Takes the label from a feature of the edges of one set, `[E, ...]`, and removes it.

    edge_set_name: the edge set.
    feature_name: the label.

    >>> graph = gnnkit.homogeneous([0], [1], node_set_sizes=[2], edge_features={"label": [1]})
    >>> graph, label = EdgeLabelFn("edges", feature_name="label")(graph)
    >>> label.numpy().tolist(), list(graph.edge_sets["edges"].features)
    ([1], [])
    """

    def __init__(self, edge_set_name: str, *, feature_name: str) -> None:
        self._edge_set_name = edge_set_name
        self._feature_name = feature_name

    def __call__(self, inputs: GraphTensor) -> tuple[GraphTensor, Any]:
        """The graph without the label, and the label. KeyError: there is no such edge set or feature."""
        edge_set = inputs.edge_sets.get(self._edge_set_name)
        if edge_set is None or self._feature_name not in edge_set.features:
            there_is = list(inputs.edge_sets) if edge_set is None else list(edge_set.features)
            raise KeyError(
                f"EdgeLabelFn: there is no feature {self._feature_name!r} of edge set {self._edge_set_name!r}, only "
                f"{there_is}."
            )
        label = edge_set[self._feature_name]
        return inputs.remove_features(edge_sets={self._edge_set_name: [self._feature_name]}), label


@final
class ReadoutLabelFn:
    """Takes the label from a feature of a readout node set, `[R, ...]`, and leaves the graph as it is.

    `run` takes the features of auxiliary sets away before the model sees the graph.
    """

    def __init__(self, feature_name: str, *, readout_node_set: str = "_readout") -> None:
        self._feature_name = feature_name
        self._readout_node_set = readout_node_set

    def __call__(self, inputs: GraphTensor) -> tuple[GraphTensor, Any]:
        """The graph, and the label. KeyError: there is no such node set or feature."""
        node_set = inputs.node_sets.get(self._readout_node_set)
        if node_set is None:
            raise KeyError(
                f"label_feature_name={self._feature_name!r} is read from node set {self._readout_node_set!r}, which "
                f"the graph lacks; it has {list(inputs.node_sets)}. Add it with gnnkit.add_readout_from_first_node and "
                "gnnkit.structured_readout_into_feature in a feature processor, or pass label_fn."
            )
        if self._feature_name not in node_set.features:
            raise KeyError(
                f"label_feature_name={self._feature_name!r}: node set {self._readout_node_set!r} has no such feature, "
                f"only {list(node_set.features)}. Read it out with gnnkit.structured_readout_into_feature in a feature "
                "processor, or pass label_fn."
            )
        return inputs, node_set[self._feature_name]
