"""Graph updates with GAT convolutions."""

from collections.abc import Collection
from typing import Any

import keras

from gnnkit._names import HIDDEN_STATE
from gnnkit.models._config_dict import config_dict_functions
from gnnkit.models._updates import attention_hom_graph_update, attention_mpnn_graph_update
from gnnkit.models.gat._conv import GATConv


def GATHomGraphUpdate(
    *,
    num_heads: int,
    per_head_channels: int,
    receiver_tag: int,
    feature_name: str = HIDDEN_STATE,
    share_weights: bool = True,
    name: str = "gat",
    **kwargs: Any,
) -> keras.layers.Layer:
    """Makes one `GATConv` of a homogeneous graph (auxiliary sets aside); its result replaces the node state.

    feature_name: what receivers and senders are read from. Other arguments: see `GATConv`.
    ValueError (when first called): the graph is not homogeneous.

    >>> import gnnkit, tensorflow as tf
    >>> graph = gnnkit.homogeneous([0, 1], [1, 2], node_features=tf.ones([3, 4]))
    >>> update = gnnkit.models.gat.GATHomGraphUpdate(
    ...     num_heads=2, per_head_channels=8, receiver_tag=gnnkit.TARGET)
    >>> update(graph).node_sets["nodes"]["hidden_state"].shape
    TensorShape([3, 16])
    """
    return attention_hom_graph_update(
        GATConv,
        who="GATHomGraphUpdate",
        num_heads=num_heads,
        per_head_channels=per_head_channels,
        receiver_tag=receiver_tag,
        share_weights=share_weights,
        feature_name=feature_name,
        name=name,
        **kwargs,
    )


def GATMPNNGraphUpdate(
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
    """Makes one round of message passing with a `GATConv` along each edge set.

    Other arguments, shapes and errors: see `gnnkit.models.gat_v2.GATv2MPNNGraphUpdate`.

    >>> import gnnkit, tensorflow as tf
    >>> graph = gnnkit.homogeneous([0, 1], [1, 2], node_features=tf.ones([3, 4]))
    >>> update = gnnkit.models.gat.GATMPNNGraphUpdate(
    ...     units=16, message_dim=8, num_heads=2, receiver_tag=gnnkit.TARGET)
    >>> update(graph).node_sets["nodes"]["hidden_state"].shape
    TensorShape([3, 16])
    """
    return attention_mpnn_graph_update(GATConv, **locals())


graph_update_get_config_dict, graph_update_from_config_dict = config_dict_functions(GATMPNNGraphUpdate)
