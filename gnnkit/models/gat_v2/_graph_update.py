"""Graph updates with GATv2 convolutions."""

import warnings
from collections.abc import Collection
from typing import Any

import keras

from gnnkit._names import HIDDEN_STATE, TARGET
from gnnkit.models._config_dict import config_dict_functions
from gnnkit.models._updates import attention_hom_graph_update, attention_mpnn_graph_update
from gnnkit.models.gat_v2._conv import GATv2Conv


def GATv2HomGraphUpdate(
    *,
    num_heads: int,
    per_head_channels: int,
    receiver_tag: int,
    feature_name: str = HIDDEN_STATE,
    heads_merge_type: str = "concat",
    name: str = "gat_v2",
    **kwargs: Any,
) -> keras.layers.Layer:
    """Makes one `GATv2Conv` of a homogeneous graph (auxiliary sets aside); its result replaces the node state.

    feature_name: what receivers and senders are read from. Other arguments: see `GATv2Conv`.
    ValueError (when first called): the graph is not homogeneous.

    >>> import gnnkit, tensorflow as tf
    >>> graph = gnnkit.homogeneous([0, 1], [1, 2], node_features=tf.ones([3, 4]))
    >>> update = gnnkit.models.gat_v2.GATv2HomGraphUpdate(
    ...     num_heads=2, per_head_channels=8, receiver_tag=gnnkit.TARGET)
    >>> update(graph).node_sets["nodes"]["hidden_state"].shape
    TensorShape([3, 16])
    """
    return attention_hom_graph_update(
        GATv2Conv,
        who="GATv2HomGraphUpdate",
        num_heads=num_heads,
        per_head_channels=per_head_channels,
        receiver_tag=receiver_tag,
        heads_merge_type=heads_merge_type,
        feature_name=feature_name,
        name=name,
        **kwargs,
    )


def GATv2GraphUpdate(
    *,
    num_heads: int,
    per_head_channels: int,
    edge_set_name: str,
    feature_name: str = HIDDEN_STATE,
    name: str = "gat_v2",
    **kwargs: Any,
) -> keras.layers.Layer:
    """Deprecated: `GATv2HomGraphUpdate` with `receiver_tag=TARGET`. edge_set_name is not used."""
    del edge_set_name
    warnings.warn(
        "GATv2GraphUpdate is deprecated; use GATv2HomGraphUpdate(..., receiver_tag=gnnkit.TARGET).",
        DeprecationWarning,
        stacklevel=2,
    )
    return GATv2HomGraphUpdate(
        num_heads=num_heads,
        per_head_channels=per_head_channels,
        receiver_tag=TARGET,
        feature_name=feature_name,
        name=name,
        **kwargs,
    )


def GATv2MPNNGraphUpdate(
    *,
    units: int,
    message_dim: int,
    num_heads: int,
    heads_merge_type: str = "concat",
    receiver_tag: int,
    node_set_names: Collection[str] | None = None,
    edge_feature: str | None = None,
    l2_regularization: float = 0.0,
    edge_dropout_rate: float = 0.0,
    state_dropout_rate: float = 0.0,
    attention_activation: Any = "leaky_relu",
    conv_activation: Any = "relu",
    activation: Any = "relu",
    kernel_initializer: Any = "glorot_uniform",
) -> keras.layers.Layer:
    """Makes one round of message passing with a `GATv2Conv` along each edge set.

    The new state of a node v is `Dropout(activation(W [h_v, result of each edge set's convolution] + b))`.

    units: width of the new states.
    message_dim: width of all heads of a convolution together.
    num_heads, heads_merge_type, attention_activation: see `GATv2Conv`.
    receiver_tag: the end of edges that receives: `SOURCE` or `TARGET`.
    node_set_names: the node sets to update; all that receive by default.
    edge_feature: a feature of all edge sets that convolutions see.
    l2_regularization: coefficient, for kernels of the convolutions, and for kernel and bias of the new state.
    edge_dropout_rate: of attention coefficients. state_dropout_rate: of new states.
    conv_activation: the activation of the convolutions.
    kernel_initializer: of all kernels.

    Input: a scalar graph with `hidden_state` `[V, F]` on all its ordinary node sets. Output: the graph with new states
    `[V, units]`. ValueError: message_dim is no multiple of num_heads; others: see `gnnkit.keras.ConvGNNBuilder`.

    >>> import gnnkit, tensorflow as tf
    >>> graph = gnnkit.homogeneous([0, 1], [1, 2], node_features=tf.ones([3, 4]))
    >>> update = gnnkit.models.gat_v2.GATv2MPNNGraphUpdate(
    ...     units=16, message_dim=8, num_heads=2, receiver_tag=gnnkit.TARGET)
    >>> update(graph).node_sets["nodes"]["hidden_state"].shape
    TensorShape([3, 16])
    """
    return attention_mpnn_graph_update(GATv2Conv, **locals())


graph_update_get_config_dict, graph_update_from_config_dict = config_dict_functions(GATv2MPNNGraphUpdate)
