"""A graph update with GraphSAGE's aggregators and next state."""

from collections.abc import Collection
from typing import Any

import keras

from gnnkit._names import HIDDEN_STATE
from gnnkit.keras import ConvGNNBuilder
from gnnkit.keras.layers import NodeSetUpdate
from gnnkit.models.graph_sage._conv import GraphSAGEAggregatorConv, GraphSAGEPoolingConv
from gnnkit.models.graph_sage._next_state import GraphSAGENextState


def GraphSAGEGraphUpdate(
    *,
    units: int,
    hidden_units: int | None = None,
    receiver_tag: int,
    node_set_names: Collection[str] | None = None,
    reduce_type: str = "mean",
    use_pooling: bool = True,
    use_bias: bool = True,
    dropout_rate: float = 0.0,
    l2_normalize: bool = True,
    combine_type: str = "sum",
    activation: Any = "relu",
    feature_name: str = HIDDEN_STATE,
    name: str = "graph_sage",
    **kwargs: Any,
) -> keras.layers.Layer:
    """Makes one round of GraphSAGE from all edge sets to all node sets.

    Along each edge set there is a `GraphSAGEPoolingConv`, or without use_pooling a `GraphSAGEAggregatorConv`; a
    `GraphSAGENextState` makes the new state of each node set.

    hidden_units: of the pooling convolutions; needed with use_pooling, and only then.
    receiver_tag: the end of edges that receives: `SOURCE` or `TARGET`.
    node_set_names: the node sets to update; all that receive by default.
    use_bias, dropout_rate: for convolutions (those that pool, with use_bias) and next states.
    activation: for next states; convolutions that pool have relu, as in tensorflow-gnn.
    feature_name: the feature that is read and replaced on all node sets.
    kwargs: for convolutions and next states, such as dtype.
    Other arguments: see these layers.

    Input: a scalar graph. Output: the graph with new states `[V, units]`, or wider with combine_type "concat".
    ValueError: use_pooling and hidden_units without each other; see also `gnnkit.keras.ConvGNNBuilder`.

    Reference: Hamilton, Ying & Leskovec, Inductive Representation Learning on Large Graphs,
    https://arxiv.org/abs/1706.02216.

    >>> import gnnkit, tensorflow as tf
    >>> graph = gnnkit.homogeneous([0, 1], [1, 2], node_features=tf.ones([3, 4]))
    >>> update = gnnkit.models.graph_sage.GraphSAGEGraphUpdate(units=16, hidden_units=8, receiver_tag=gnnkit.TARGET)
    >>> update(graph).node_sets["nodes"]["hidden_state"].shape
    TensorShape([3, 16])
    """
    if use_pooling != (hidden_units is not None):
        raise ValueError(
            "GraphSAGEGraphUpdate: use_pooling and hidden_units go together, but got "
            f"use_pooling={use_pooling} and hidden_units={hidden_units}. Set hidden_units, or use_pooling=False."
        )

    def convolution(edge_set_name: str, receiver_tag: int) -> Any:
        arguments: dict[str, Any] = {
            "receiver_tag": receiver_tag,
            "reduce_type": reduce_type,
            "sender_node_feature": feature_name,
            "units": units,
            "dropout_rate": dropout_rate,
            **kwargs,
        }
        if hidden_units is None:
            return GraphSAGEAggregatorConv(**arguments)
        return GraphSAGEPoolingConv(hidden_units=hidden_units, use_bias=use_bias, **arguments)

    def next_state(node_set_name: str) -> GraphSAGENextState:
        return GraphSAGENextState(
            units=units,
            use_bias=use_bias,
            dropout_rate=dropout_rate,
            feature_name=feature_name,
            l2_normalize=l2_normalize,
            combine_type=combine_type,
            activation=activation,
            **kwargs,
        )

    def node_set_update(edge_set_inputs: Any, next_state: Any) -> NodeSetUpdate:
        return NodeSetUpdate(edge_set_inputs, next_state, node_input_feature=feature_name)

    builder = ConvGNNBuilder(
        convolution, next_state, receiver_tag=receiver_tag, node_set_update_factory=node_set_update
    )
    return builder.Convolve(node_set_names, name=name)
