"""The graph convolution of Kipf & Welling."""

from typing import Any, final

import keras

from gnnkit._names import HIDDEN_STATE, SOURCE, TARGET
from gnnkit.graph import GraphTensor
from gnnkit.keras.layers._graph_layer import GraphLayer
from gnnkit.keras.layers._inputs import read_features
from gnnkit.ops import _primitives, reverse_tag

_NORMALIZATIONS = ("none", "in", "out", "in_out", "in_in")


@final
@keras.saving.register_keras_serializable("gnnkit")
class GCNConv(GraphLayer):
    """A convolution with normalised, optionally weighted sums of neighbours, on one edge set within one node set.

    `h_v' = act(W (c_v Σ_e w_e c_u h_u [+ c_v c_v h_v]) + b)`, with u the sender of edge e into v and the last term for
    add_self_loops. Coefficients c come from degrees: the sum of edge weights at a node, at least 1, or plus 1 with
    self-loops (which are never made as edges and have weight 1).

    units: width of the result; None leaves W, b and the activation out, so that states are only propagated.
    receiver_tag: the end of edges that receives: `SOURCE` or `TARGET`.
    activation, use_bias, kernel_initializer, kernel_regularizer: as in `keras.layers.Dense`.
    add_self_loops: whether each node receives from itself as well.
    node_feature: what is convolved, `[V, F]`.
    edge_weight_feature_name: weights of edges, `[E]`; 1 where absent.
    degree_normalization: "none"; "in": 1 / degree of the receiver; "out": 1 / degree of the sender; "in_out": 1 / square
        root of both; "in_in": 1 / square root of the receiving degrees at both ends.

    Input: a scalar graph and edge_set_name. Output: `[V, units]`.
    ValueError: ends in different node sets, unknown degree_normalization, or weights that are no vector.

    Reference: Kipf & Welling, Semi-Supervised Classification with Graph Convolutional Networks,
    https://arxiv.org/abs/1609.02907.

    >>> import gnnkit, tensorflow as tf
    >>> graph = gnnkit.homogeneous([0, 1], [1, 2], node_features=tf.ones([3, 4]))
    >>> gnnkit.models.gcn.GCNConv(8, add_self_loops=True)(graph, edge_set_name="edges").shape
    TensorShape([3, 8])
    """

    def __init__(
        self,
        units: int | None,
        *,
        receiver_tag: int = TARGET,
        activation: Any = "relu",
        use_bias: bool = True,
        add_self_loops: bool = False,
        kernel_initializer: Any = None,
        node_feature: str = HIDDEN_STATE,
        kernel_regularizer: Any = None,
        edge_weight_feature_name: str | None = None,
        degree_normalization: str = "in_out",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if degree_normalization not in _NORMALIZATIONS:
            raise ValueError(
                f"GCNConv: degree_normalization must be one of {_NORMALIZATIONS}, but got {degree_normalization!r}."
            )
        if receiver_tag not in (SOURCE, TARGET):
            raise ValueError(f"GCNConv: receiver_tag must be SOURCE (0) or TARGET (1), but got {receiver_tag!r}.")
        self._receiver_tag = receiver_tag
        self._add_self_loops = add_self_loops
        self._node_feature = node_feature
        self._edge_weight_feature_name = edge_weight_feature_name
        self._degree_normalization = degree_normalization
        self._units = units
        self._dense = keras.layers.Dense(
            1 if units is None else units,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer="glorot_uniform" if kernel_initializer is None else kernel_initializer,
            kernel_regularizer=kernel_regularizer,
            dtype=self.dtype_policy,
        )

    def get_config(self) -> dict[str, Any]:
        dense = self._dense.get_config()
        return {
            **super().get_config(),
            **{k: dense[k] for k in ("activation", "use_bias", "kernel_initializer", "kernel_regularizer")},
            "units": self._units,
            "receiver_tag": self._receiver_tag,
            "add_self_loops": self._add_self_loops,
            "node_feature": self._node_feature,
            "edge_weight_feature_name": self._edge_weight_feature_name,
            "degree_normalization": self._degree_normalization,
        }

    def call(self, graph: GraphTensor, *, edge_set_name: str) -> Any:
        edge_set = graph.edge_sets[edge_set_name]
        adjacency = edge_set.adjacency
        if adjacency.source_name != adjacency.target_name:
            raise ValueError(
                f"GCNConv: edge set {edge_set_name!r} joins node sets {adjacency.source_name!r} and "
                f"{adjacency.target_name!r}, but needs both ends in the same one. Use VanillaMPNN or SimpleConv instead."
            )
        node_set = graph.node_sets[adjacency.source_name]
        states = self._cast(
            read_features(node_set, self._node_feature, f"Node set {adjacency.source_name!r}", "node_feature")
        )
        receivers, senders = adjacency[self._receiver_tag], adjacency[reverse_tag(self._receiver_tag)]
        total = node_set.total_size
        weights = self._weights(edge_set, edge_set_name, states.dtype)
        at_receiver, at_sender = self._coefficients(receivers, senders, weights, total, states.dtype)

        scaled = states if at_sender is None else states * at_sender
        messages = _primitives.gather(scaled, senders)
        if weights is not None:
            messages = messages * weights[:, None]
        pooled = _primitives.segment_sum(messages, receivers, total)
        if self._add_self_loops:
            pooled = pooled + scaled
        result = pooled if at_receiver is None else pooled * at_receiver
        return result if self._units is None else self._dense(result)

    def _weights(self, edge_set: Any, edge_set_name: str, dtype: Any) -> Any:
        name = self._edge_weight_feature_name
        if name is None:
            return None
        weights = read_features(edge_set, name, f"Edge set {edge_set_name!r}", "edge_weight_feature_name")
        if len(weights.shape) != 1:
            raise ValueError(
                f"GCNConv: edge weights {name!r} of edge set {edge_set_name!r} must have shape [E], but have "
                f"{list(weights.shape)}. Squeeze the last dimension in MapFeatures."
            )
        return keras.ops.cast(weights, dtype)

    def _coefficients(self, receivers: Any, senders: Any, weights: Any, total: Any, dtype: Any) -> tuple[Any, Any]:
        """Factors at the receiver and at the sender, `[V, 1]`, or None for 1."""

        def degree(ends: Any) -> Any:
            # Counted in float32: float16 would be wrong beyond 2048 edges.
            if weights is None:
                result = _primitives.segment_count(ends, total, "float32")
            else:
                result = _primitives.segment_sum(keras.ops.cast(weights, "float32"), ends, total)
            return result + 1.0 if self._add_self_loops else keras.ops.maximum(result, 1.0)

        def factor(value: Any) -> Any:
            return keras.ops.expand_dims(keras.ops.cast(value, dtype), -1)

        kind = self._degree_normalization
        if kind == "none":
            return None, None
        if kind == "in":
            return factor(1.0 / degree(receivers)), None
        if kind == "out":
            return None, factor(1.0 / degree(senders))
        at_receiver = factor(keras.ops.rsqrt(degree(receivers)))
        return at_receiver, at_receiver if kind == "in_in" else factor(keras.ops.rsqrt(degree(senders)))
