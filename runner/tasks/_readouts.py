"""Where predictions are made: one choice of a task."""

import abc
import dataclasses
from typing import Any, final

import keras

import gnnkit
from gnnkit.graph import GraphTensor


class ReadoutRule(abc.ABC):
    """Which rows of the base model's output predictions are made for."""

    @abc.abstractmethod
    def __call__(self, graph: GraphTensor) -> Any:
        """States `[R, F]` out of the scalar graph, R predictions."""

    @abc.abstractmethod
    def weights(self, graph: GraphTensor, component_weights: Any) -> Any:
        """The weights `[R]` of predictions, out of those of components, `[C]`: 0 for padding."""


@final
@dataclasses.dataclass(frozen=True)
class RootNodes(ReadoutRule):
    """The first node of each component: R = C."""

    node_set_name: str
    feature_name: str = gnnkit.HIDDEN_STATE

    def __call__(self, graph: GraphTensor) -> Any:
        return gnnkit.gather_first_node(graph, self.node_set_name, feature_name=self.feature_name)

    def weights(self, graph: GraphTensor, component_weights: Any) -> Any:
        return component_weights


@final
@dataclasses.dataclass(frozen=True)
class StructuredNodes(ReadoutRule):
    """The nodes that edge sets `_readout/KEY` point from; see `gnnkit.structured_readout`."""

    key: str = "seed"
    feature_name: str = gnnkit.HIDDEN_STATE
    readout_node_set: str = "_readout"
    validate: bool = True

    def __call__(self, graph: GraphTensor) -> Any:
        return gnnkit.structured_readout(
            graph,
            self.key,
            feature_name=self.feature_name,
            readout_node_set=self.readout_node_set,
            validate=self.validate,
        )

    def weights(self, graph: GraphTensor, component_weights: Any) -> Any:
        return gnnkit.broadcast_context_to_nodes(graph, self.readout_node_set, feature_value=component_weights)


@final
@dataclasses.dataclass(frozen=True)
class NodePairs(ReadoutRule):
    """The pairs of nodes that edge sets `_readout/SOURCE_KEY` and `_readout/TARGET_KEY` point from, both states side by
    side: as links are sampled around."""

    source_key: str = "source"
    target_key: str = "target"
    feature_name: str = gnnkit.HIDDEN_STATE
    readout_node_set: str = "_readout"
    validate: bool = True

    def __call__(self, graph: GraphTensor) -> Any:
        return keras.ops.concatenate([end(graph) for end in self.ends], axis=-1)

    @property
    def ends(self) -> tuple[StructuredNodes, StructuredNodes]:
        """The readouts of sources and of targets."""
        source, target = (
            StructuredNodes(key, self.feature_name, self.readout_node_set, self.validate)
            for key in (self.source_key, self.target_key)
        )
        return source, target

    def weights(self, graph: GraphTensor, component_weights: Any) -> Any:
        return self.ends[0].weights(graph, component_weights)


@final
@dataclasses.dataclass(frozen=True)
class PooledNodes(ReadoutRule):
    """The nodes of each component together: R = C. reduce_type: see `gnnkit.pool_nodes_to_context`."""

    node_set_name: str
    feature_name: str = gnnkit.HIDDEN_STATE
    reduce_type: str = "mean"

    def __call__(self, graph: GraphTensor) -> Any:
        return gnnkit.pool_nodes_to_context(graph, self.node_set_name, self.reduce_type, feature_name=self.feature_name)

    def weights(self, graph: GraphTensor, component_weights: Any) -> Any:
        return component_weights
