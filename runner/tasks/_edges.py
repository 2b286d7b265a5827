"""Predictions for edges."""

import dataclasses
from typing import Any, final

import keras

import gnnkit
from gnnkit.graph import GraphTensor
from gnnkit.runner.tasks._readouts import ReadoutRule

_STATE = "#edge_state"


@final
@dataclasses.dataclass(frozen=True)
class Edges(ReadoutRule):
    """Edges of one set, each by the states of its source, of its target, and its own, side by side.

    edge_set_name: the edge set.
    key: takes the edges that `_readout/KEY` points from, through the node set `_shadow/EDGE_SET`; see
        `gnnkit.structured_readout`. None for all edges: R = E.
    node_state_name: the feature of the nodes at both ends; None leaves them out.
    edge_state_name: the feature of the edges; None leaves it out. One of both is needed.
    """

    edge_set_name: str
    key: str | None = None
    node_state_name: str | None = gnnkit.HIDDEN_STATE
    edge_state_name: str | None = None
    readout_node_set: str = "_readout"
    validate: bool = True

    def __post_init__(self) -> None:
        if self.node_state_name is None and self.edge_state_name is None:
            raise ValueError(
                f"Predictions for edges of {self.edge_set_name!r} need node_state_name or edge_state_name, but both are "
                "None."
            )

    def __call__(self, graph: GraphTensor) -> Any:
        edge_set, states = self.edge_set(graph), []
        if self.node_state_name is not None:
            for tag in (gnnkit.SOURCE, gnnkit.TARGET):
                states.append(
                    gnnkit.broadcast_node_to_edges(graph, self.edge_set_name, tag, feature_name=self.node_state_name)
                )
        if self.edge_state_name is not None:
            if self.edge_state_name not in edge_set.features:
                raise KeyError(
                    f"edge_state_name={self.edge_state_name!r}: edge set {self.edge_set_name!r} has no such feature, "
                    f"only {list(edge_set.features)}."
                )
            states.append(edge_set[self.edge_state_name])
        state = states[0] if len(states) == 1 else keras.ops.concatenate(states, axis=-1)
        if self.key is None:
            return state
        graph = graph.replace_features(edge_sets={self.edge_set_name: {**edge_set.features, _STATE: state}})
        return gnnkit.structured_readout(
            graph, self.key, feature_name=_STATE, readout_node_set=self.readout_node_set, validate=self.validate
        )

    def weights(self, graph: GraphTensor, component_weights: Any) -> Any:
        if self.key is None:
            return gnnkit.broadcast_context_to_edges(graph, self.edge_set_name, feature_value=component_weights)
        return gnnkit.broadcast_context_to_nodes(graph, self.readout_node_set, feature_value=component_weights)

    def edge_set(self, graph: GraphTensor) -> Any:
        """The edge set of the graph. KeyError: there is none."""
        if self.edge_set_name not in graph.edge_sets:
            raise KeyError(f"The graph has no edge set {self.edge_set_name!r}, only {list(graph.edge_sets)}.")
        return graph.edge_sets[self.edge_set_name]
