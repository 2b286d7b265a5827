"""The graph convolution of Kipf & Welling."""

from typing import Any, final

import keras

from gnnkit._names import HIDDEN_STATE, TARGET
from gnnkit.graph import GraphTensor
from gnnkit.keras.layers._graph_layer import GraphLayer
from gnnkit.keras.layers._inputs import read_features
from gnnkit.keras.layers._receptive_field import Reads
from gnnkit.models._propagation import NORMALIZATIONS, check_receiver_tag, propagation_reads, read_propagation


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
        if degree_normalization not in NORMALIZATIONS:
            raise ValueError(
                f"GCNConv: degree_normalization must be one of {NORMALIZATIONS}, but got {degree_normalization!r}."
            )
        check_receiver_tag(receiver_tag, "GCNConv")
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

    def reads(self, edge_set_name: str) -> Reads:
        """See `gnnkit.keras.trim_to_roots`: coefficients of senders come from their degrees in the whole graph."""
        return propagation_reads(edge_set_name, self._receiver_tag, self._degree_normalization)

    def call(self, graph: GraphTensor, *, edge_set_name: str) -> Any:
        node_set, propagate = read_propagation(
            graph,
            edge_set_name,
            receiver_tag=self._receiver_tag,
            add_self_loops=self._add_self_loops,
            edge_weight_feature_name=self._edge_weight_feature_name,
            degree_normalization=self._degree_normalization,
            dtype=self.compute_dtype,
            who="GCNConv",
        )
        name = graph.edge_sets[edge_set_name].adjacency.source_name
        states = self._cast(read_features(node_set, self._node_feature, f"Node set {name!r}", "node_feature"))
        if self._units is None:
            return propagate(states)
        if self._units >= states.shape[-1]:
            return self._dense(propagate(states))
        # The same, with fewer columns along the edges.
        if not self._dense.built:
            self._dense.build(states.shape)
        result = propagate(keras.ops.matmul(states, self._dense.kernel))
        return self._dense.activation(result if self._dense.bias is None else result + self._dense.bias)
