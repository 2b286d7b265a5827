"""A graph update with one APPNP convolution."""

from typing import Any

import keras

from gnnkit._names import HIDDEN_STATE, TARGET
from gnnkit.models._updates import homogeneous_graph_update
from gnnkit.models.appnp._conv import APPNPConv


def APPNPHomGraphUpdate(
    *, receiver_tag: int = TARGET, feature_name: str = HIDDEN_STATE, name: str = "appnp", **kwargs: Any
) -> keras.layers.Layer:
    """Makes one `APPNPConv` of a homogeneous graph (auxiliary sets aside); its result replaces the node state.

    feature_name: what is propagated. Other arguments: see `APPNPConv`.
    ValueError (when first called): the graph is not homogeneous.

    >>> import gnnkit, tensorflow as tf
    >>> graph = gnnkit.homogeneous([0, 1], [1, 2], node_features=tf.ones([3, 4]))
    >>> update = gnnkit.models.appnp.APPNPHomGraphUpdate(num_steps=10, teleport_probability=0.1)
    >>> update(graph).node_sets["nodes"]["hidden_state"].shape
    TensorShape([3, 4])
    """

    def convolution() -> APPNPConv:
        return APPNPConv(receiver_tag=receiver_tag, node_feature=feature_name, **kwargs)

    return homogeneous_graph_update(convolution, feature_name=feature_name, name=name, who="APPNPHomGraphUpdate")
