"""A graph update with one PNA convolution."""

from typing import Any

import keras

from gnnkit._names import HIDDEN_STATE, TARGET
from gnnkit.models._updates import homogeneous_graph_update
from gnnkit.models.pna._conv import PNAConv


def PNAHomGraphUpdate(
    *,
    units: int,
    mean_log_degree: float,
    receiver_tag: int = TARGET,
    feature_name: str = HIDDEN_STATE,
    name: str = "pna",
    **kwargs: Any,
) -> keras.layers.Layer:
    """Makes one `PNAConv` of a homogeneous graph (auxiliary sets aside); its result replaces the node state.

    feature_name: what is convolved. Other arguments: see `PNAConv`.
    ValueError (when first called): the graph is not homogeneous.

    >>> import gnnkit, tensorflow as tf
    >>> graph = gnnkit.homogeneous([0, 1], [1, 2], node_features=tf.ones([3, 4]))
    >>> delta = gnnkit.models.pna.mean_log_degree(graph, "edges", gnnkit.TARGET)
    >>> update = gnnkit.models.pna.PNAHomGraphUpdate(units=8, mean_log_degree=delta)
    >>> update(graph).node_sets["nodes"]["hidden_state"].shape
    TensorShape([3, 8])
    """

    def convolution() -> PNAConv:
        return PNAConv(
            units,
            mean_log_degree=mean_log_degree,
            receiver_tag=receiver_tag,
            receiver_feature=feature_name,
            sender_node_feature=feature_name,
            **kwargs,
        )

    return homogeneous_graph_update(convolution, feature_name=feature_name, name=name, who="PNAHomGraphUpdate")
