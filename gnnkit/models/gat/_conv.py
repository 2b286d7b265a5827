"""The convolution of GAT."""

from typing import Any, final

import keras

from gnnkit.models._attention import AttentionConv, Ends, Values


@final
@keras.saving.register_keras_serializable("gnnkit")
class GATConv(AttentionConv):
    """Multi-head attention with additive scores, as in the first version of GAT.

    For receiver v and sender u along edge e, in each head: `m = W h_u + W_e x_e`,
    `score = attention_activation(a_r · W_r h_v + a_s · m)`; the scores of all senders of v become coefficients c by
    softmax; `h_v' = activation(merge_heads(Σ_u c m) + b)`. In contrast to GATv2, all receivers rank the same senders alike.

    share_weights: whether `W_r = W`, as in the paper; receivers and senders then need states of the same width.
    use_bias: whether there is b.
    Other arguments, shapes, `return_attention` and errors: see `gnnkit.models.gat_v2.GATv2Conv`. ValueError also for
    share_weights without a sender_node_feature.

    Reference: Veličković et al., Graph Attention Networks, https://arxiv.org/abs/1710.10903.

    >>> import gnnkit, tensorflow as tf
    >>> graph = gnnkit.homogeneous([0, 1, 2], [1, 2, 2], node_features=tf.ones([3, 4]))
    >>> conv = gnnkit.models.gat.GATConv(num_heads=2, per_head_channels=8, receiver_tag=gnnkit.TARGET)
    >>> state, attention = conv(graph, edge_set_name="edges", return_attention=True)
    >>> state.shape, attention.numpy().tolist()
    (TensorShape([3, 16]), [[1.0, 1.0], [0.5, 0.5], [0.5, 0.5]])
    """

    def __init__(self, *, share_weights: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if share_weights and not self.takes_sender_node_input:
            raise ValueError(f"{self._who()}: share_weights=True needs a sender_node_feature to share weights with.")
        self._share_weights = share_weights

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "share_weights": self._share_weights}

    def build(self, input_shape: Any = None) -> None:
        self._value_node, self._value_edge = self._sender_denses("value", use_bias=False)
        self._query = self._value_node if self._share_weights else self._dense("query", use_bias=False)
        self._receiver_scores = self._head_scores("attn_receiver")
        self._sender_scores = self._head_scores("attn_sender")
        if self._use_bias:
            self._bias = self.add_weight(name="bias", shape=(self._merged_channels,), initializer="zeros")
        super().build(input_shape)

    def _attend(self, ends: Ends) -> tuple[Any, Values]:
        # The scores need no more than a sum over edges: all products are with nodes.
        ends = ends.map_receiver(self._query).map_senders(self._value_node, self._value_edge)
        scores = ends.from_receiver(self._receiver_scores(ends.receiver))
        scores += ends.from_senders(self._sender_scores, self._sender_scores)
        return self._attention_activation(scores), self._values(ends)

    def _finish(self, pooled: Any, receiver: Any) -> Any:
        result = self._merge_heads(pooled)
        return self._activation(result + self._bias if self._use_bias else result)
