"""A graph update with one GIN convolution."""

from typing import Any

import keras

from gnnkit._names import HIDDEN_STATE, TARGET
from gnnkit.models._updates import homogeneous_graph_update
from gnnkit.models.gin._conv import GINConv


def GINHomGraphUpdate(
    *,
    units: int,
    hidden_units: int | None = None,
    activation: Any = "relu",
    receiver_tag: int = TARGET,
    feature_name: str = HIDDEN_STATE,
    name: str = "gin",
    **kwargs: Any,
) -> keras.layers.Layer:
    """Makes one `GINConv` of a homogeneous graph (auxiliary sets aside); its result replaces the node state.

    The layer f is a perceptron of two layers.

    units: width of the new state.
    hidden_units: width of the hidden layer of f; units by default.
    activation: of both layers.
    feature_name: what is convolved. Other arguments: see `GINConv`.
    ValueError (when first called): the graph is not homogeneous.

    >>> import gnnkit, tensorflow as tf
    >>> graph = gnnkit.homogeneous([0, 1], [1, 2], node_features=tf.ones([3, 4]))
    >>> gnnkit.models.gin.GINHomGraphUpdate(units=8)(graph).node_sets["nodes"]["hidden_state"].shape
    TensorShape([3, 8])
    """

    def convolution() -> GINConv:
        widths = (units if hidden_units is None else hidden_units, units)
        transformation = keras.Sequential([keras.layers.Dense(width, activation) for width in widths])
        features: dict[str, Any] = {"receiver_feature": feature_name, "sender_node_feature": feature_name}
        return GINConv(transformation, receiver_tag=receiver_tag, **features, **kwargs)

    return homogeneous_graph_update(convolution, feature_name=feature_name, name=name, who="GINHomGraphUpdate")
