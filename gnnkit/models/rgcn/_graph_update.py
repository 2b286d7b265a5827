"""A graph update with relational convolutions, in which edge sets are relations."""

from collections.abc import Collection
from typing import Any

import keras

from gnnkit._names import HIDDEN_STATE
from gnnkit.keras import ConvGNNBuilder
from gnnkit.models.rgcn._node_set_update import RGCNNodeSetUpdate


def RGCNGraphUpdate(
    *,
    units: int,
    receiver_tag: int,
    node_set_names: Collection[str] | None = None,
    num_bases: int | None = None,
    feature_name: str = HIDDEN_STATE,
    name: str = "rgcn",
    **kwargs: Any,
) -> keras.layers.Layer:
    """Makes one round of message passing in which each edge set is a relation.

    Each node set has a `RGCNNodeSetUpdate` from all edge sets into it; edge sets into the same node set share matrices
    if there are num_bases.

    receiver_tag: the end of edges that receives: `SOURCE` or `TARGET`.
    node_set_names: the node sets to update; all that receive by default.
    Other arguments: see `RGCNNodeSetUpdate`.

    Input: a scalar graph. Output: the graph with new states `[V, units]`.
    Errors: see `gnnkit.keras.ConvGNNBuilder` and `RGCNNodeSetUpdate`.

    >>> import gnnkit, tensorflow as tf
    >>> graph = gnnkit.homogeneous([0, 1], [1, 2], node_features=tf.ones([3, 4]))
    >>> update = gnnkit.models.rgcn.RGCNGraphUpdate(units=8, receiver_tag=gnnkit.TARGET)
    >>> update(graph).node_sets["nodes"]["hidden_state"].shape
    TensorShape([3, 8])
    """

    def node_set_update(edge_sets: dict[str, Any]) -> RGCNNodeSetUpdate:
        return RGCNNodeSetUpdate(
            edge_set_names=edge_sets,
            receiver_tag=receiver_tag,
            units=units,
            num_bases=num_bases,
            feature_name=feature_name,
            **kwargs,
        )

    builder = ConvGNNBuilder(
        lambda edge_set_name, receiver_tag: None, receiver_tag=receiver_tag, node_set_update_factory=node_set_update
    )
    return builder.Convolve(node_set_names, name=name)
