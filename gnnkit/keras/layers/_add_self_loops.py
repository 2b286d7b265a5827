"""Self loops as a layer."""

from typing import Any, final

import keras

from gnnkit import ops
from gnnkit.graph import GraphTensor
from gnnkit.keras.layers._graph_layer import GraphLayer


@final
@keras.saving.register_keras_serializable("gnnkit")
class AddSelfLoops(GraphLayer):
    """`gnnkit.add_self_loops` as a layer: the graph with one more edge at each node, from the node to itself.

    >>> import gnnkit
    >>> graph = gnnkit.homogeneous([0], [1], node_features={"x": [10, 20]})
    >>> gnnkit.keras.layers.AddSelfLoops("edges")(graph).edge_sets["edges"].adjacency.target.numpy().tolist()
    [1, 0, 1]
    """

    def __init__(self, edge_set_name: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.edge_set_name = edge_set_name

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "edge_set_name": self.edge_set_name}

    def call(self, graph_tensor: GraphTensor) -> GraphTensor:
        return ops.add_self_loops(graph_tensor, self.edge_set_name)
