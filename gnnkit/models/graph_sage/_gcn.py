"""The GCN aggregator of GraphSAGE, over several edge sets."""

from collections.abc import Collection
from typing import Any, final

import keras
from keras import ops

from gnnkit._names import HIDDEN_STATE
from gnnkit.graph import GraphTensor, _keras
from gnnkit.keras.layers import GraphLayer
from gnnkit.keras.layers._inputs import read_features
from gnnkit.keras.layers._receptive_field import Reads
from gnnkit.models._pool_linear import pool_linear
from gnnkit.models._propagation import check_receiver_tag
from gnnkit.models._senders import sender_of
from gnnkit.ops import node_degree, pool_neighbors_to_node


@final
@keras.saving.register_keras_serializable("gnnkit")
class GCNGraphSAGENodeSetUpdate(GraphLayer):
    """One sum or mean of the neighbours along all edge sets and the node itself.

    `h_v' = act((W Dropout(h_v) + Σ_s Σ_u W_s Dropout(h_u)) / c_v + b)`, for edge sets s and senders u of v in them; c_v is
    1 for the sum and, for the mean, the number of terms. A node without terms gets act(b).

    edge_set_names: edge sets with the updated node set at the receiving end.
    receiver_tag: the end of edges that receives: `SOURCE` or `TARGET`.
    reduce_type: "mean" or "sum".
    self_node_feature: the feature h_v, which the result replaces.
    sender_node_feature: the feature h_u.
    units: width of the result.
    dropout_rate: of states.
    activation: as in `keras.layers.Dense`.
    use_bias: whether there is b.
    share_weights: whether W and all W_s are one matrix; then all states must have the same width.
    add_self_loop: whether there is the term of the node itself.

    Input: a scalar graph and node_set_name. Output: `{self_node_feature: [V, units]}`.
    ValueError: another reduce_type or receiver_tag, nothing to aggregate, or an edge set that leads to other nodes.
    KeyError: a missing edge set or feature.

    Reference: Hamilton, Ying & Leskovec, Inductive Representation Learning on Large Graphs,
    https://arxiv.org/abs/1706.02216.

    >>> import gnnkit, tensorflow as tf
    >>> graph = gnnkit.homogeneous([0, 1], [1, 2], node_features=tf.ones([3, 4]))
    >>> update = gnnkit.models.graph_sage.GCNGraphSAGENodeSetUpdate(
    ...     edge_set_names={"edges"}, receiver_tag=gnnkit.TARGET, units=8)
    >>> update(graph, node_set_name="nodes")["hidden_state"].shape
    TensorShape([3, 8])
    """

    def __init__(
        self,
        *,
        edge_set_names: Collection[str],
        receiver_tag: int,
        reduce_type: str = "mean",
        self_node_feature: str = HIDDEN_STATE,
        sender_node_feature: str = HIDDEN_STATE,
        units: int,
        dropout_rate: float = 0.0,
        activation: Any = "relu",
        use_bias: bool = False,
        share_weights: bool = False,
        add_self_loop: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**{"name": _keras.auto_name("graph_sage_gcn_update"), **kwargs})
        if reduce_type not in ("mean", "sum"):
            raise ValueError(f"{self.name}: reduce_type must be 'mean' or 'sum', but got {reduce_type!r}.")
        check_receiver_tag(receiver_tag, self.name)
        if not (edge_set_names or add_self_loop):
            raise ValueError(f"{self.name}: there is nothing to aggregate. Set edge_set_names or add_self_loop=True.")
        self._edge_set_names = sorted(edge_set_names)
        self._receiver_tag = receiver_tag
        self._reduce_type = reduce_type
        self._self_node_feature = self_node_feature
        self._sender_node_feature = sender_node_feature
        self._units = units
        self._dropout = keras.layers.Dropout(dropout_rate, dtype=self.dtype_policy)
        self._activation = keras.activations.get(activation)
        self._use_bias = use_bias
        self._share_weights = share_weights
        self._add_self_loop = add_self_loop
        num_kernels = 1 if share_weights else len(self._edge_set_names) + add_self_loop
        self._denses = [keras.layers.Dense(units, use_bias=False, dtype=self.dtype_policy) for _ in range(num_kernels)]

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "edge_set_names": self._edge_set_names,
            "receiver_tag": self._receiver_tag,
            "reduce_type": self._reduce_type,
            "self_node_feature": self._self_node_feature,
            "sender_node_feature": self._sender_node_feature,
            "units": self._units,
            "dropout_rate": self._dropout.rate,
            "activation": keras.activations.serialize(self._activation),
            "use_bias": self._use_bias,
            "share_weights": self._share_weights,
            "add_self_loop": self._add_self_loop,
        }

    def build(self, input_shape: Any = None) -> None:
        if self._use_bias:
            self._bias = self.add_weight(name="bias", shape=(self._units,), initializer="zeros")
        super().build(input_shape)

    def reads(self) -> list[Reads]:
        """See `gnnkit.keras.trim_to_roots`."""
        return [Reads(edge_set_name=name, receiver_tag=self._receiver_tag) for name in self._edge_set_names]

    def call(self, graph: GraphTensor, *, node_set_name: str, training: bool | None = None) -> dict[str, Any]:
        def states(name: str, feature: str, argument: str) -> Any:
            value = read_features(graph.node_sets[name], feature, f"Node set {name!r}", f"{argument} of {self.name}")
            return self._dropout(self._cast(value), training=training)

        def pool_along(edge_set_name: str) -> Any:
            return lambda x: pool_neighbors_to_node(
                graph, edge_set_name, self._receiver_tag, reduce_type="sum", feature_value=x
            )

        terms = []
        for i, name in enumerate(self._edge_set_names):
            sender = sender_of(graph, name, node_set_name, self._receiver_tag, self.name)
            senders = states(sender, self._sender_node_feature, "sender_node_feature")
            terms.append(pool_linear(self._dense(i), self._units, pool_along(name), senders))
        if self._add_self_loop:
            terms.append(self._dense(-1)(states(node_set_name, self._self_node_feature, "self_node_feature")))
        result = sum(terms[1:], terms[0])
        if self._reduce_type == "mean":
            result = result / ops.cast(ops.expand_dims(self._num_terms(graph), -1), result.dtype)
        if self._use_bias:
            result = result + ops.cast(self._bias, result.dtype)
        return {self._self_node_feature: self._activation(result)}

    def _dense(self, i: int) -> Any:
        return self._denses[0 if self._share_weights else i]

    def _num_terms(self, graph: GraphTensor) -> Any:
        """How many terms each node's sum has, at least 1: `[V]` or a scalar."""
        degrees = [node_degree(graph, name, self._receiver_tag) for name in self._edge_set_names]
        total = sum(degrees, int(self._add_self_loop))
        return ops.maximum(total, 1)
