"""Personalised PageRank as a convolution."""

from typing import Any, final

import keras
from keras import ops

from gnnkit._names import HIDDEN_STATE, TARGET
from gnnkit.graph import GraphTensor
from gnnkit.keras.layers import GraphLayer
from gnnkit.keras.layers._inputs import read_features
from gnnkit.keras.layers._receptive_field import Reads
from gnnkit.models._propagation import check_receiver_tag, propagation_reads, read_propagation


@final
@keras.saving.register_keras_serializable("gnnkit")
class APPNPConv(GraphLayer):
    """Propagates states, usually predictions, by steps of personalised PageRank, on one edge set within one node set.

    `z_v <- (1 - a) Σ_u w_e z_u / sqrt(d_v d_u) + a h_v`, num_steps times from z = h, with u the sender of edge e into v and
    a the teleport probability. Self-loops take part as edges of weight 1; d_v and d_u are the sums of weights of edges
    into v and out of u, as in `gnnkit.models.gcn.GCNConv`. There are no weights to train.

    num_steps: how often states are propagated.
    teleport_probability: how much of the first state there is in each step.
    receiver_tag: the end of edges that receives: `SOURCE` or `TARGET`.
    edge_dropout: of edges and self-loops, in each step anew.
    add_self_loops: whether each node receives from itself as well.
    node_feature: what is propagated, `[V, F]`.
    edge_weight_feature_name: weights of edges, `[E]`; 1 where absent.

    Input: a scalar graph and edge_set_name. Output: `[V, F]`.
    ValueError: ends in different node sets, weights that are no vector, or arguments out of range.

    Reference: Gasteiger, Bojchevski & Günnemann, Predict then Propagate: Graph Neural Networks meet Personalized
    PageRank, https://arxiv.org/abs/1810.05997.

    >>> import gnnkit, tensorflow as tf
    >>> graph = gnnkit.homogeneous([0], [1], node_features=tf.constant([[1.0], [0.0]]))
    >>> conv = gnnkit.models.appnp.APPNPConv(num_steps=1, teleport_probability=0.5, add_self_loops=False)
    >>> conv(graph, edge_set_name="edges").numpy().tolist()
    [[0.5], [0.5]]
    """

    def __init__(
        self,
        *,
        num_steps: int = 10,
        teleport_probability: float = 0.1,
        receiver_tag: int = TARGET,
        edge_dropout: float = 0.0,
        add_self_loops: bool = True,
        node_feature: str = HIDDEN_STATE,
        edge_weight_feature_name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if num_steps < 1 or not 0 <= teleport_probability <= 1:
            raise ValueError(
                "APPNPConv: num_steps must be at least 1 and teleport_probability in [0, 1], but they are "
                f"{num_steps} and {teleport_probability}."
            )
        check_receiver_tag(receiver_tag, "APPNPConv")
        self._num_steps = num_steps
        self._teleport_probability = teleport_probability
        self._receiver_tag = receiver_tag
        self._edge_dropout = keras.layers.Dropout(edge_dropout, dtype=self.dtype_policy)
        self._add_self_loops = add_self_loops
        self._node_feature = node_feature
        self._edge_weight_feature_name = edge_weight_feature_name

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_steps": self._num_steps,
            "teleport_probability": self._teleport_probability,
            "receiver_tag": self._receiver_tag,
            "edge_dropout": self._edge_dropout.rate,
            "add_self_loops": self._add_self_loops,
            "node_feature": self._node_feature,
            "edge_weight_feature_name": self._edge_weight_feature_name,
        }

    def reads(self, edge_set_name: str) -> Reads:
        """See `gnnkit.keras.trim_to_roots`."""
        return propagation_reads(edge_set_name, self._receiver_tag, "in_out", self._num_steps)

    def call(self, graph: GraphTensor, *, edge_set_name: str, training: bool | None = None) -> Any:
        node_set, propagate = read_propagation(
            graph,
            edge_set_name,
            receiver_tag=self._receiver_tag,
            add_self_loops=self._add_self_loops,
            edge_weight_feature_name=self._edge_weight_feature_name,
            degree_normalization="in_out",
            dtype=self.compute_dtype,
            who="APPNPConv",
        )
        name = graph.edge_sets[edge_set_name].adjacency.source_name
        first = self._cast(read_features(node_set, self._node_feature, f"Node set {name!r}", "node_feature"))

        def factor(like: Any) -> Any:
            if not (training and self._edge_dropout.rate):
                return None
            ones = ops.ones_like(like, dtype=first.dtype)
            return self._edge_dropout(ops.expand_dims(ones, -1), training=True)

        states = first
        for _ in range(self._num_steps):
            propagated = propagate(states, edge_factor=factor(propagate.senders), loop_factor=factor(first[:, 0]))
            states = (1.0 - self._teleport_probability) * propagated + self._teleport_probability * first
        return states
