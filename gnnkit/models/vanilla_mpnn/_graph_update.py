"""A graph update with Dense messages and a Dense next state."""

from collections.abc import Collection
from typing import Any

import keras

from gnnkit._names import HIDDEN_STATE
from gnnkit.keras import ConvGNNBuilder
from gnnkit.keras.layers import NextStateFromConcat, SimpleConv
from gnnkit.models._config_dict import config_dict_functions
from gnnkit.models._updates import dense_with_dropout


def VanillaMPNNGraphUpdate(
    *,
    units: int,
    message_dim: int,
    receiver_tag: int,
    node_set_names: Collection[str] | None = None,
    edge_feature: str | None = None,
    reduce_type: str = "sum",
    l2_regularization: float = 0.0,
    dropout_rate: float = 0.0,
    kernel_initializer: Any = "glorot_uniform",
    use_layer_normalization: bool = False,
) -> keras.layers.Layer:
    """Makes one round of message passing from all edge sets to all node sets.

    For a node v with neighbours u along each edge set: messages `m = Dropout(relu(W [e, h_u, h_v] + b))` of width
    message_dim are pooled by reduce_type; the new state is `Dropout(relu(W' [h_v, pooled of each edge set] + b'))` of
    width units, layer-normalised at the end on request.

    units: width of the new states. message_dim: width of messages.
    receiver_tag: the end of edges that receives: `SOURCE` or `TARGET`.
    node_set_names: the node sets to update; all that receive by default.
    edge_feature: a feature of all edge sets that messages see.
    reduce_type: see `gnnkit.pool`.
    l2_regularization: coefficient, for kernels and biases.
    dropout_rate: for messages (before they are pooled) and new states.

    Input: a scalar graph with `hidden_state` `[V, F]` on all its ordinary node sets. Output: the graph with new states
    `[V, units]`. Errors: see `gnnkit.keras.ConvGNNBuilder` and `gnnkit.keras.layers.SimpleConv`.

    Reference: Gilmer et al., Neural Message Passing for Quantum Chemistry, https://arxiv.org/abs/1704.01212.

    >>> import gnnkit, tensorflow as tf
    >>> graph = gnnkit.homogeneous([0, 1], [1, 2], node_features=tf.ones([3, 4]))
    >>> update = gnnkit.models.vanilla_mpnn.VanillaMPNNGraphUpdate(
    ...     units=16, message_dim=8, receiver_tag=gnnkit.TARGET)
    >>> update(graph).node_sets["nodes"]["hidden_state"].shape
    TensorShape([3, 16])
    """

    regularizer = keras.regularizers.L2(l2_regularization) if l2_regularization else None

    def dense(width: int) -> keras.layers.Layer:
        return dense_with_dropout(width, "relu", kernel_initializer, regularizer, dropout_rate)

    def next_state(node_set_name: str) -> Any:
        transformation = dense(units)
        if use_layer_normalization:
            transformation = keras.Sequential([transformation, keras.layers.LayerNormalization()])
        return NextStateFromConcat(transformation)

    def convolution(edge_set_name: str, receiver_tag: int) -> Any:
        return SimpleConv(
            dense(message_dim),
            reduce_type,
            receiver_tag=receiver_tag,
            receiver_feature=HIDDEN_STATE,
            sender_edge_feature=edge_feature,
        )

    builder = ConvGNNBuilder(convolution, next_state, receiver_tag=receiver_tag)
    return builder.Convolve(node_set_names)


graph_update_get_config_dict, graph_update_from_config_dict = config_dict_functions(VanillaMPNNGraphUpdate)
