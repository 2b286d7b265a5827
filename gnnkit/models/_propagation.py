"""Normalised sums over neighbours within one node set, as GCN and APPNP make them."""

from typing import Any, NamedTuple

from keras import ops

from gnnkit._names import SOURCE, TARGET
from gnnkit.graph import GraphTensor
from gnnkit.keras.layers._inputs import read_features
from gnnkit.keras.layers._receptive_field import Reads
from gnnkit.ops import _primitives, reverse_tag
from gnnkit.ops._message_factors import message_factor, scale_messages
from gnnkit.ops._neighbors import neighbor_sum

NORMALIZATIONS = ("none", "in", "out", "in_out", "in_in")


class Propagation(NamedTuple):
    """`h_v' = c_v Σ_e w_e c_u h_u [+ c_v c_v h_v]` over edges e from u to v, the last term for self-loops.

    weights: `[E, 1]`; at_receiver, at_sender: the coefficients c, `[V, 1]`. None for 1.
    """

    receivers: Any
    senders: Any
    num_nodes: Any
    weights: Any
    at_receiver: Any
    at_sender: Any
    self_loops: bool

    def __call__(self, states: Any, edge_factor: Any = None, loop_factor: Any = None) -> Any:
        """The sums of states `[V, F]`. edge_factor `[E, 1]`, loop_factor `[V, 1]`: further factors of the terms."""
        scaled = _times(states, self.at_sender)
        weights = self.weights if edge_factor is None else _times(edge_factor, self.weights)
        pooled = neighbor_sum(scaled, self.senders, self.receivers, self.num_nodes, weights)
        if self.self_loops:
            pooled = pooled + _times(scaled, loop_factor)
        return _times(pooled, self.at_receiver)


def _times(values: Any, factor: Any) -> Any:
    return values if factor is None else values * factor


def check_receiver_tag(receiver_tag: Any, who: str) -> None:
    if receiver_tag not in (SOURCE, TARGET):
        raise ValueError(f"{who}: receiver_tag must be SOURCE (0) or TARGET (1), but got {receiver_tag!r}.")


def propagation_reads(edge_set_name: str, receiver_tag: int, degree_normalization: str, hops: int = 1) -> Reads:
    """What is read of an edge set for each receiver: see `gnnkit.keras.trim_to_roots`."""
    degrees = {"out": (reverse_tag(receiver_tag),), "in_out": (reverse_tag(receiver_tag),), "in_in": (receiver_tag,)}
    return Reads(
        edge_set_name=edge_set_name,
        receiver_tag=receiver_tag,
        hops=hops,
        degrees=degrees.get(degree_normalization, ()),
        separate_receivers=False,  # Both ends must be in the same node set.
    )


def read_propagation(
    graph: GraphTensor,
    edge_set_name: str,
    *,
    receiver_tag: int,
    add_self_loops: bool,
    edge_weight_feature_name: str | None,
    degree_normalization: str,
    dtype: Any,
    who: str,
) -> tuple[Any, Propagation]:
    """The node set of an edge set, and how to propagate there. Arguments: see `gnnkit.models.gcn.GCNConv`.

    ValueError: ends in different node sets, or weights that are no vector. KeyError: missing weights.
    """
    edge_set = graph.edge_sets[edge_set_name]
    adjacency = edge_set.adjacency
    if adjacency.source_name != adjacency.target_name:
        raise ValueError(
            f"{who}: edge set {edge_set_name!r} joins node sets {adjacency.source_name!r} and "
            f"{adjacency.target_name!r}, but needs both ends in the same one. Use VanillaMPNN or SimpleConv instead."
        )
    receivers, senders = adjacency[receiver_tag], adjacency[reverse_tag(receiver_tag)]
    node_set = graph.node_sets[adjacency.source_name]
    num_nodes = node_set.total_size
    weights = None
    if edge_weight_feature_name is not None:
        weights = _read_weights(edge_set, edge_weight_feature_name, edge_set_name, who)

    def degree(ends: Any) -> Any:
        # Counted in float32: float16 would be wrong beyond 2048 edges.
        if weights is None:
            result = _primitives.segment_count(ends, num_nodes, "float32")
        else:
            result = _primitives.segment_sum(ops.cast(weights, "float32"), ends, num_nodes)
        return result + 1.0 if add_self_loops else ops.maximum(result, 1.0)

    def column(value: Any) -> Any:
        return ops.expand_dims(ops.cast(value, dtype), -1)

    at_receiver = at_sender = None
    if degree_normalization == "in":
        at_receiver = column(1.0 / degree(receivers))
    elif degree_normalization == "out":
        at_sender = column(1.0 / degree(senders))
    elif degree_normalization in ("in_out", "in_in"):
        at_sender = at_receiver = column(ops.rsqrt(degree(receivers)))
        if degree_normalization == "in_out":
            at_sender = column(ops.rsqrt(degree(senders)))
    edge_weights = None if weights is None else column(weights)
    if message_factor(edge_set_name) is not None:
        ones: Any = ops.ones_like(receivers, dtype=dtype)
        edge_weights = scale_messages(edge_set_name, column(ones) if edge_weights is None else edge_weights)
    return node_set, Propagation(receivers, senders, num_nodes, edge_weights, at_receiver, at_sender, add_self_loops)


def _read_weights(edge_set: Any, name: str, edge_set_name: str, who: str) -> Any:
    weights = read_features(edge_set, name, f"Edge set {edge_set_name!r}", "edge_weight_feature_name")
    if len(weights.shape) != 1:
        raise ValueError(
            f"{who}: edge weights {name!r} of edge set {edge_set_name!r} must have shape [E], but have "
            f"{list(weights.shape)}. Squeeze the last dimension in MapFeatures."
        )
    return weights
