"""GraphUpdate: one round of message passing over a heterogeneous graph."""

from collections.abc import Callable, Mapping
from typing import Any, final

import keras

from gnnkit.graph import GraphTensor
from gnnkit.graph._missing import MissingError
from gnnkit.keras.layers._graph_layer import GraphLayer
from gnnkit.keras.layers._inputs import as_features
from gnnkit.keras.layers._receptive_field import Reads, ReadsAll, check_local, describe, receivers_of


@final
@keras.saving.register_keras_serializable("gnnkit")
class GraphUpdate(GraphLayer):
    """Updates edge sets, then node sets, then the context; each stage sees the results of the one before.

    edge_sets: edge set name -> `EdgeSetUpdate`, or a layer called with `(graph, edge_set_name=)`.
    node_sets: node set name -> `NodeSetUpdate`, or a layer called with `(graph, node_set_name=)`.
    context: a `ContextUpdate`, or a layer called with `(graph)`.
    deferred_init_callback: instead of the others, a function from the `GraphTensorSpec` of the first input to a dict
        of them, called once.

    Each returns a new `hidden_state` or a dict of features, which replace features of the same name; the others stay.

    Input: a scalar graph. Output: the graph with updated features. ValueError: nothing to update. KeyError: a set that
    the graph lacks.

    >>> import gnnkit, keras, tensorflow as tf
    >>> from gnnkit.keras import layers
    >>> graph = gnnkit.homogeneous([0, 1], [1, 2], node_features=tf.ones([3, 4]))
    >>> update = layers.GraphUpdate(node_sets={"nodes": layers.NodeSetUpdate(
    ...     {"edges": layers.SimpleConv(keras.layers.Dense(8, "relu"), receiver_tag=gnnkit.TARGET)},
    ...     layers.NextStateFromConcat(keras.layers.Dense(16)))})
    >>> update(graph).node_sets["nodes"]["hidden_state"].shape
    TensorShape([3, 16])
    """

    def __init__(
        self,
        *,
        edge_sets: Mapping[str, Any] | None = None,
        node_sets: Mapping[str, Any] | None = None,
        context: Any = None,
        deferred_init_callback: Callable[..., Mapping[str, Any]] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._deferred_init_callback = deferred_init_callback
        self._edge_set_updates: dict[str, Any] = {}
        self._node_set_updates: dict[str, Any] = {}
        self._context_update: Any = None
        if deferred_init_callback is None:
            self._set_updates(edge_sets, node_sets, context)
        elif edge_sets or node_sets or context:
            raise ValueError("GraphUpdate: pass either deferred_init_callback or edge_sets, node_sets and context.")

    def _set_updates(self, edge_sets: Any = None, node_sets: Any = None, context: Any = None) -> None:
        if not (edge_sets or node_sets or context is not None):
            raise ValueError("GraphUpdate: there is nothing to update. Pass edge_sets, node_sets or context.")
        self._edge_set_updates = dict(sorted((edge_sets or {}).items()))
        self._node_set_updates = dict(sorted((node_sets or {}).items()))
        self._context_update = context

    def build(self, input_shape: Any = None) -> None:
        if self._deferred_init_callback is not None:
            self._set_updates(**self._deferred_init_callback(self.first_graph.spec))
            self._deferred_init_callback = None
        self.built = True

    def get_config(self) -> dict[str, Any]:
        if self._deferred_init_callback is not None:
            raise ValueError(
                f"GraphUpdate {self.name!r} has not been called yet, so its deferred_init_callback did not run and there "
                "is nothing to save. Call it on a graph (or gnnkit.keras.Input(spec)) first."
            )
        return {
            **super().get_config(),
            "edge_sets": dict(self._edge_set_updates),
            "node_sets": dict(self._node_set_updates),
            "context": self._context_update,
        }

    def reads_by_node_set(self) -> dict[str, list[Reads]]:
        """For each updated node set, what its nodes read; see `gnnkit.keras.trim_to_roots`. ReadsAll: maybe everything."""
        if self._context_update is not None:
            raise ReadsAll(f"{describe(self)} updates the context, which reads all rows")
        for update in self._edge_set_updates.values():
            check_local(update)
        for update in self._node_set_updates.values():
            if not hasattr(update, "reads"):
                raise ReadsAll(f"{describe(update)} does not say which rows it reads")
        return {name: update.reads() for name, update in self._node_set_updates.items()}

    def call(self, graph: GraphTensor) -> GraphTensor:
        for name in [*self._edge_set_updates, *self._node_set_updates]:
            if name not in (graph.edge_sets if name in self._edge_set_updates else graph.node_sets):
                raise MissingError(
                    f"GraphUpdate {self.name!r} updates set {name!r}, which the graph lacks; it has node sets "
                    f"{list(graph.node_sets)} and edge sets {list(graph.edge_sets)}."
                )
        if self._edge_set_updates:
            new = {
                name: {**graph.edge_sets[name].features, **as_features(update(graph, edge_set_name=name))}
                for name, update in self._edge_set_updates.items()
            }
            graph = graph.replace_features(edge_sets=new)
        if self._node_set_updates:
            receivers = {receivers_of(graph, name): update for name, update in self._node_set_updates.items()}
            new = {
                name: {**graph.node_sets[name].features, **as_features(update(graph, node_set_name=name))}
                for name, update in receivers.items()
            }
            graph = graph.replace_features(node_sets=new)
        if self._context_update is not None:
            features = {**graph.context.features, **as_features(self._context_update(graph))}
            graph = graph.replace_features(context=features)
        return graph
