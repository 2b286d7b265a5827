"""Graph updates that several models make in the same way."""

from collections.abc import Callable, Collection
from typing import Any

import keras

from gnnkit.graph import GraphTensorSpec, get_homogeneous_node_and_edge_set_name
from gnnkit.keras import ConvGNNBuilder, clone_initializer
from gnnkit.keras.layers import GraphUpdate, NextStateFromConcat, NodeSetUpdate, SingleInputNextState


def homogeneous_graph_update(
    make_convolution: Callable[[], Any], *, feature_name: str, name: str, who: str
) -> keras.layers.Layer:
    """One convolution of a homogeneous graph (auxiliary sets aside); its result replaces the node state."""

    def init(spec: GraphTensorSpec) -> dict[str, Any]:
        node_set, edge_set = get_homogeneous_node_and_edge_set_name(spec, who)
        update = NodeSetUpdate({edge_set: make_convolution()}, SingleInputNextState(), node_input_feature=feature_name)
        return {"node_sets": {node_set: update}}

    return GraphUpdate(deferred_init_callback=init, name=name)


def attention_hom_graph_update(
    conv_class: Callable[..., Any], *, who: str, feature_name: str, name: str, **conv_kwargs: Any
) -> keras.layers.Layer:
    """One attention convolution of a homogeneous graph; receivers and senders are read from `feature_name`."""

    def convolution() -> Any:
        return conv_class(receiver_feature=feature_name, sender_node_feature=feature_name, **conv_kwargs)

    return homogeneous_graph_update(convolution, feature_name=feature_name, name=name, who=who)


def attention_mpnn_graph_update(
    conv_class: Callable[..., Any],
    *,
    units: int,
    message_dim: int,
    num_heads: int,
    receiver_tag: int,
    node_set_names: Collection[str] | None,
    edge_feature: str | None,
    l2_regularization: float,
    edge_dropout_rate: float,
    state_dropout_rate: float,
    conv_activation: Any,
    activation: Any,
    kernel_initializer: Any,
    **conv_kwargs: Any,
) -> keras.layers.Layer:
    """Attention along each edge set and a Dense next state: see `gnnkit.models.gat_v2.GATv2MPNNGraphUpdate`."""
    if message_dim % num_heads:
        raise ValueError(f"message_dim must be divisible by num_heads, but got {message_dim} and {num_heads}.")
    regularizer = keras.regularizers.L2(l2_regularization) if l2_regularization else None

    def convolution(edge_set_name: str, receiver_tag: int) -> Any:
        return conv_class(
            num_heads=num_heads,
            per_head_channels=message_dim // num_heads,
            receiver_tag=receiver_tag,
            sender_edge_feature=edge_feature,
            edge_dropout=edge_dropout_rate,
            activation=conv_activation,
            kernel_initializer=clone_initializer(kernel_initializer),
            kernel_regularizer=regularizer,
            **conv_kwargs,
        )

    def next_state(node_set_name: str) -> Any:
        return NextStateFromConcat(
            dense_with_dropout(units, activation, kernel_initializer, regularizer, state_dropout_rate)
        )

    return ConvGNNBuilder(convolution, next_state, receiver_tag=receiver_tag).Convolve(node_set_names)


def dense_with_dropout(
    units: int, activation: Any, kernel_initializer: Any, regularizer: Any, dropout_rate: float
) -> keras.layers.Layer:
    """`Dropout(activation(W x + b))`, with kernel and bias regularized."""
    dense = keras.layers.Dense(
        units,
        activation=activation,
        kernel_initializer=clone_initializer(kernel_initializer),
        kernel_regularizer=regularizer,
        bias_regularizer=regularizer,
    )
    return keras.Sequential([dense, keras.layers.Dropout(dropout_rate)]) if dropout_rate else dense
