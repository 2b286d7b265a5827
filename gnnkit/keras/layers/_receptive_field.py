"""What rows a layer reads for each row of its result: so that rows that nobody reads can be left out."""

import dataclasses
from typing import Any, final

import keras

RECEIVERS = "_receivers/"
"""Prefix of a node set that stands for another one where it receives. The other then holds the senders."""


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Reads:
    """For each receiver: the edges of `edge_set_name` that have it at `receiver_tag`, and the nodes at their other ends.

    hops: how often that is repeated, from the nodes at the other ends on.
    degrees: ends of edges. For all nodes that are read, the edges that have them at such an end are counted.
    separate_receivers: whether the layer takes receivers and senders from two node sets.
    """

    edge_set_name: str
    receiver_tag: int
    hops: int = 1
    degrees: tuple[int, ...] = ()
    separate_receivers: bool = True


class ReadsAll(Exception):
    """A layer may read any row of its input. Its text: which layer, and why."""


def receivers_of(graph: Any, node_set_name: str) -> str:
    """The node set to update: the one that stands for the named one where it receives, if there is one."""
    name = f"{RECEIVERS}{node_set_name}"
    return name if name in graph.node_sets else node_set_name


def reads_of_convolution(layer: Any, edge_set_name: str) -> Reads:
    """What a convolution along an edge set reads. ReadsAll: it does not say."""
    reads = getattr(layer, "reads", None)
    if reads is None:
        raise ReadsAll(f"{describe(layer)} does not say which rows it reads")
    return reads(edge_set_name)


def check_local(layer: Any) -> None:
    """ReadsAll unless each row of the layer's result is known to depend on the same row of its inputs alone.

    Layers say so by an attribute `is_local`, or by `local_parts`, the layers that must be; many of Keras' own are known.
    """
    parts = getattr(layer, "local_parts", None)
    if parts is not None:
        for part in parts:
            check_local(part)
        return
    local = getattr(layer, "is_local", None)
    if local is False:
        raise ReadsAll(f"{describe(layer)} does not say is_local = True")
    if local is True:
        return
    if getattr(layer, "activity_regularizer", None) is not None:
        raise ReadsAll(f"{describe(layer)} has an activity_regularizer, which reads all rows")
    if isinstance(layer, keras.Model):
        for part in layer.layers:
            check_local(part)
        operations = [op for op in getattr(layer, "operations", ()) if not isinstance(op, keras.layers.Layer)]
        if operations:
            raise ReadsAll(f"{describe(layer)} computes {operations[0].name!r}, which may read all rows")
    elif not _is_known(layer):
        why = "is computed over all rows" if isinstance(layer, _OVER_ROWS) else "does not say is_local = True"
        raise ReadsAll(f"{describe(layer)} {why}")


def describe(layer: Any) -> str:
    return f"{type(layer).__name__} {layer.name!r}" if hasattr(layer, "name") else type(layer).__name__


_layers: Any = keras.layers
_OVER_ROWS = (_layers.BatchNormalization,)
_OF_ROWS = (
    _layers.InputLayer,
    _layers.Identity,
    _layers.Dense,
    _layers.Embedding,
    _layers.Activation,
    _layers.ReLU,
    _layers.LeakyReLU,
    _layers.ELU,
    _layers.Dropout,
    _layers.GaussianNoise,
    _layers.Rescaling,
    _layers.Normalization,
    _layers.Add,
    _layers.Subtract,
    _layers.Multiply,
    _layers.Average,
    _layers.Maximum,
    _layers.Minimum,
    _layers.Hashing,
    _layers.Discretization,
)


def _is_known(layer: Any) -> bool:
    if type(layer) in _OF_ROWS:
        return True
    if type(layer) in (_layers.LayerNormalization, _layers.Concatenate, _layers.Softmax):
        axes = layer.axis if isinstance(layer.axis, (list, tuple)) else [layer.axis]
        return 0 not in axes
    return False
