"""A graph update with one GCN convolution."""

from typing import Any

import keras

from gnnkit._names import HIDDEN_STATE, TARGET
from gnnkit.models._updates import homogeneous_graph_update
from gnnkit.models.gcn._conv import GCNConv


def GCNHomGraphUpdate(
    *, units: int | None, receiver_tag: int = TARGET, feature_name: str = HIDDEN_STATE, name: str = "gcn", **kwargs: Any
) -> keras.layers.Layer:
    """Makes one GCN convolution of a homogeneous graph (auxiliary sets aside); its result replaces the node state.

    feature_name: what is convolved. Other arguments: see `GCNConv`.
    ValueError (when first called): the graph is not homogeneous.

    >>> import gnnkit, tensorflow as tf
    >>> graph = gnnkit.homogeneous([0, 1], [1, 2], node_features=tf.ones([3, 4]))
    >>> update = gnnkit.models.gcn.GCNHomGraphUpdate(units=8, add_self_loops=True)
    >>> update(graph).node_sets["nodes"]["hidden_state"].shape
    TensorShape([3, 8])
    """

    def convolution() -> GCNConv:
        return GCNConv(units, receiver_tag=receiver_tag, node_feature=feature_name, **kwargs)

    return homogeneous_graph_update(convolution, feature_name=feature_name, name=name, who="GCNHomGraphUpdate")
