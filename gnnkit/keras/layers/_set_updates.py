"""Updates of one edge set, one node set, or the context; parts of a `GraphUpdate`."""

from collections.abc import Mapping, Sequence
from typing import Any, final

import keras

from gnnkit._names import HIDDEN_STATE, SOURCE, TARGET
from gnnkit.graph import GraphTensor
from gnnkit.graph._missing import MissingError
from gnnkit.keras.layers._graph_layer import GraphLayer
from gnnkit.keras.layers._inputs import FeatureName, read_features
from gnnkit.keras.layers._receptive_field import Reads, check_local, reads_of_convolution
from gnnkit.ops import broadcast_context_to_edges, broadcast_context_to_nodes, broadcast_node_to_edges


def _broadcast(value: Any, fn: Any) -> Any:
    return {k: fn(v) for k, v in value.items()} if isinstance(value, dict) else fn(value)


@final
@keras.saving.register_keras_serializable("gnnkit")
class EdgeSetUpdate(GraphLayer):
    """Makes a new state of edges from their old state, the states of their ends, and the context.

    next_state: called with `(edge_input, {tag: node_input}, context_input)`.
    edge_input_feature, node_input_feature, context_input_feature: a feature name, several (then a dict), or None.
    node_input_tags: the ends to read, `SOURCE` and `TARGET` by default.

    Input: a scalar graph and `edge_set_name`. Output: what next_state returns, `[E, units]`. KeyError: missing features.
    """

    def __init__(
        self,
        next_state: Any,
        *,
        edge_input_feature: FeatureName = HIDDEN_STATE,
        node_input_tags: Sequence[int] = (SOURCE, TARGET),
        node_input_feature: FeatureName = HIDDEN_STATE,
        context_input_feature: FeatureName = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._next_state = next_state
        self._edge_input_feature = edge_input_feature
        self._node_input_tags = tuple(node_input_tags)
        self._node_input_feature = node_input_feature
        self._context_input_feature = context_input_feature

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "next_state": self._next_state,
            "edge_input_feature": self._edge_input_feature,
            "node_input_tags": list(self._node_input_tags),
            "node_input_feature": self._node_input_feature,
            "context_input_feature": self._context_input_feature,
        }

    @property
    def local_parts(self) -> list[Any]:
        return [self._next_state]

    def call(self, graph: GraphTensor, edge_set_name: str) -> Any:
        what = f"Edge set {edge_set_name!r}"
        edge_set = graph.edge_sets[edge_set_name]
        edge_input = read_features(edge_set, self._edge_input_feature, what, "edge_input_feature")
        node_inputs = {}
        for tag in self._node_input_tags:
            if self._node_input_feature is None:
                break
            name = edge_set.adjacency.node_set_name(tag)
            value = read_features(
                graph.node_sets[name], self._node_input_feature, f"Node set {name!r}", "node_input_feature"
            )
            node_inputs[tag] = _broadcast(
                value, lambda v, t=tag: broadcast_node_to_edges(graph, edge_set_name, t, feature_value=v)
            )
        context = read_features(graph.context, self._context_input_feature, "The context", "context_input_feature")
        context = _broadcast(context, lambda v: broadcast_context_to_edges(graph, edge_set_name, feature_value=v))
        return self._next_state((edge_input, node_inputs, context))


@final
@keras.saving.register_keras_serializable("gnnkit")
class NodeSetUpdate(GraphLayer):
    """Makes a new state of nodes from their old state, their incoming messages, and the context.

    edge_set_inputs: edge set name -> a convolution, called with `(graph, edge_set_name=)`, that gives `[V, units]`.
    next_state: called with `(node_input, {edge_set_name: pooled}, context_input)`.
    node_input_feature, context_input_feature: a feature name, several (then a dict), or None.

    Input: a scalar graph and `node_set_name`. Output: what next_state returns, `[V, units]`. KeyError: missing features
    or edge sets.
    """

    def __init__(
        self,
        edge_set_inputs: Mapping[str, Any],
        next_state: Any,
        *,
        node_input_feature: FeatureName = HIDDEN_STATE,
        context_input_feature: FeatureName = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._edge_set_inputs = dict(sorted(edge_set_inputs.items()))
        self._next_state = next_state
        self._node_input_feature = node_input_feature
        self._context_input_feature = context_input_feature

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "edge_set_inputs": dict(self._edge_set_inputs),
            "next_state": self._next_state,
            "node_input_feature": self._node_input_feature,
            "context_input_feature": self._context_input_feature,
        }

    def reads(self) -> list[Reads]:
        """What `gnnkit.keras.trim_to_roots` must leave in the graph for a node. ReadsAll: maybe everything."""
        check_local(self._next_state)
        return [reads_of_convolution(conv, name) for name, conv in self._edge_set_inputs.items()]

    def call(self, graph: GraphTensor, node_set_name: str) -> Any:
        node_input = read_features(
            graph.node_sets[node_set_name],
            self._node_input_feature,
            f"Node set {node_set_name!r}",
            "node_input_feature",
        )
        for name in self._edge_set_inputs:
            if name not in graph.edge_sets:
                raise MissingError(
                    f"The update of node set {node_set_name!r} receives from edge set {name!r}, which the graph lacks; "
                    f"it has {list(graph.edge_sets)}."
                )
        pooled = {name: conv(graph, edge_set_name=name) for name, conv in self._edge_set_inputs.items()}
        context = read_features(graph.context, self._context_input_feature, "The context", "context_input_feature")
        context = _broadcast(context, lambda v: broadcast_context_to_nodes(graph, node_set_name, feature_value=v))
        return self._next_state((node_input, pooled, context))


@final
@keras.saving.register_keras_serializable("gnnkit")
class ContextUpdate(GraphLayer):
    """Makes a new state of components from their old state and pooled nodes and edges.

    node_set_inputs: node set name -> a layer called with `(graph, node_set_name=)` that gives `[C, units]`.
    next_state: called with `(context_input, {node_set_name: pooled}, {edge_set_name: pooled})`.
    edge_set_inputs: likewise for edge sets, called with `(graph, edge_set_name=)`.
    context_input_feature: a feature name, several (then a dict), or None.

    Input: a scalar graph. Output: what next_state returns, `[C, units]`. KeyError: missing features.
    """

    def __init__(
        self,
        node_set_inputs: Mapping[str, Any] | None,
        next_state: Any,
        *,
        edge_set_inputs: Mapping[str, Any] | None = None,
        context_input_feature: FeatureName = HIDDEN_STATE,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._node_set_inputs = dict(sorted((node_set_inputs or {}).items()))
        self._edge_set_inputs = dict(sorted((edge_set_inputs or {}).items()))
        self._next_state = next_state
        self._context_input_feature = context_input_feature

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "node_set_inputs": dict(self._node_set_inputs),
            "next_state": self._next_state,
            "edge_set_inputs": dict(self._edge_set_inputs),
            "context_input_feature": self._context_input_feature,
        }

    def call(self, graph: GraphTensor) -> Any:
        state = read_features(graph.context, self._context_input_feature, "The context", "context_input_feature")
        nodes = {name: pool(graph, node_set_name=name) for name, pool in self._node_set_inputs.items()}
        edges = {name: pool(graph, edge_set_name=name) for name, pool in self._edge_set_inputs.items()}
        return self._next_state((state, nodes, edges))
