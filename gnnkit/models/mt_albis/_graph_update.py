"""The graph update of MtAlbis."""

from collections.abc import Collection
from typing import Any, Literal

import keras

from gnnkit._names import HIDDEN_STATE
from gnnkit.keras import ConvGNNBuilder, clone_initializer
from gnnkit.keras.layers import ItemDropout, SimpleConv
from gnnkit.models._config_dict import config_dict_functions
from gnnkit.models.gat_v2 import GATv2Conv
from gnnkit.models.mt_albis._next_state import MtAlbisNextState
from gnnkit.models.multi_head_attention import MultiHeadAttentionConv

_CHOICES = {
    "attention_type": ("none", "multi_head", "gat_v2"),
    "normalization_type": ("layer", "batch", "none"),
    "next_state_type": ("dense", "residual"),
    "edge_set_combine_type": ("concat", "sum"),
}


def MtAlbisGraphUpdate(
    *,
    units: int,
    message_dim: int,
    receiver_tag: int,
    node_set_names: Collection[str] | None = None,
    edge_feature_name: str | None = None,
    attention_type: Literal["none", "multi_head", "gat_v2"] = "none",
    attention_edge_set_names: Collection[str] | None = None,
    attention_num_heads: int = 4,
    simple_conv_reduce_type: str = "mean",
    simple_conv_use_receiver_state: bool = True,
    state_dropout_rate: float = 0.0,
    edge_dropout_rate: float = 0.0,
    l2_regularization: float = 0.0,
    kernel_initializer: Any = "glorot_uniform",
    normalization_type: Literal["layer", "batch", "none"] = "layer",
    batch_normalization_momentum: float = 0.99,
    next_state_type: Literal["dense", "residual"] = "dense",
    edge_set_combine_type: Literal["concat", "sum"] = "concat",
) -> keras.layers.Layer:
    """Makes one round of message passing from all edge sets to all node sets, with or without attention.

    For a node v with neighbours u along each edge set: messages `m = relu(W [e, h_u, h_v] + b)` of width message_dim are
    pooled; the new state is `normalize([h_v +] Dropout(relu(W' [h_v, Dropout(combined pooled)] + b')))` of width units.

    units: width of the new states. message_dim: width of messages.
    receiver_tag: the end of edges that receives: `SOURCE` or `TARGET`.
    node_set_names: the node sets to update; all that receive by default.
    edge_feature_name: a feature of all edge sets that messages see.
    attention_type: "none", or what pools messages instead: "multi_head" (`MultiHeadAttentionConv`) or "gat_v2"
        (`GATv2Conv`), with attention_num_heads heads of together message_dim channels.
    attention_edge_set_names: the edge sets with attention; all by default.
    simple_conv_reduce_type: how messages without attention are pooled; see `gnnkit.pool`.
    simple_conv_use_receiver_state: whether messages without attention see h_v.
    state_dropout_rate: of entries of the pooled messages and of the new state.
    edge_dropout_rate: of whole messages (of attention coefficients, with attention).
    l2_regularization: coefficient, for kernels and not for biases.
    kernel_initializer: of all kernels.
    normalization_type: "layer", "batch" (with batch_normalization_momentum) or "none".
    next_state_type: "dense", or "residual" to add the old state, unless its width is 0.
    edge_set_combine_type: "concat" or "sum", of pooled messages from several edge sets.

    Input: a scalar graph with `hidden_state` `[V, F]` on all its ordinary node sets. Output: the graph with new states
    `[V, units]`. ValueError: an unknown type; message_dim is no multiple of attention_num_heads; old states of another
    width than units for "residual"; others: see `gnnkit.keras.ConvGNNBuilder`.

    >>> import gnnkit, tensorflow as tf
    >>> graph = gnnkit.homogeneous([0, 1], [1, 2], node_features=tf.ones([3, 4]))
    >>> update = gnnkit.models.mt_albis.MtAlbisGraphUpdate(
    ...     units=16, message_dim=8, receiver_tag=gnnkit.TARGET, simple_conv_reduce_type="mean|sum")
    >>> update(graph).node_sets["nodes"]["hidden_state"].shape
    TensorShape([3, 16])
    """
    given = {
        "attention_type": attention_type,
        "normalization_type": normalization_type,
        "next_state_type": next_state_type,
        "edge_set_combine_type": edge_set_combine_type,
    }
    for argument, value in given.items():
        if value not in _CHOICES[argument]:
            raise ValueError(f"MtAlbisGraphUpdate: {argument} must be one of {_CHOICES[argument]}, but got {value!r}.")
    if attention_type != "none" and message_dim % attention_num_heads:
        raise ValueError(
            f"MtAlbisGraphUpdate: message_dim must be divisible by attention_num_heads, but got {message_dim} and "
            f"{attention_num_heads}."
        )
    regularizer = keras.regularizers.L2(l2_regularization) if l2_regularization else None

    def convolution(edge_set_name: str, receiver_tag: int) -> Any:
        if attention_type != "none" and (attention_edge_set_names is None or edge_set_name in attention_edge_set_names):
            conv_class = GATv2Conv if attention_type == "gat_v2" else MultiHeadAttentionConv
            return conv_class(
                num_heads=attention_num_heads,
                per_head_channels=message_dim // attention_num_heads,
                receiver_tag=receiver_tag,
                sender_edge_feature=edge_feature_name,
                edge_dropout=edge_dropout_rate,
                kernel_initializer=clone_initializer(kernel_initializer),
                kernel_regularizer=regularizer,
            )
        message: Any = keras.layers.Dense(
            message_dim,
            "relu",
            kernel_initializer=clone_initializer(kernel_initializer),
            kernel_regularizer=regularizer,
        )
        if edge_dropout_rate:
            message = keras.Sequential([message, ItemDropout(edge_dropout_rate)])
        return SimpleConv(
            message,
            simple_conv_reduce_type,
            receiver_tag=receiver_tag,
            receiver_feature=HIDDEN_STATE if simple_conv_use_receiver_state else None,
            sender_edge_feature=edge_feature_name,
        )

    def next_state(node_set_name: str) -> Any:
        return MtAlbisNextState(
            units,
            next_state_type=next_state_type,
            edge_set_combine_type=edge_set_combine_type,
            normalization_type=normalization_type,
            batch_normalization_momentum=batch_normalization_momentum,
            dropout_rate=state_dropout_rate,
            kernel_initializer=clone_initializer(kernel_initializer),
            kernel_regularizer=regularizer,
        )

    return ConvGNNBuilder(convolution, next_state, receiver_tag=receiver_tag).Convolve(node_set_names)


graph_update_get_config_dict, graph_update_from_config_dict = config_dict_functions(MtAlbisGraphUpdate)
