"""The convolution of GATv2."""

import functools
from typing import Any, final

import keras

from gnnkit._names import HIDDEN_STATE
from gnnkit.graph import _keras
from gnnkit.models._attention import AttentionConv, Ends, Values, identity

_SLOPE = 0.2  # Keras' default for leaky ReLU.


@final
@keras.saving.register_keras_serializable("gnnkit")
class GATv2Conv(AttentionConv):
    """Multi-head attention with scores from a hidden layer over receiver and sender, as in GATv2.

    For receiver v and sender u along edge e, in each head:
    `q = W_q h_v + b_q`, `m = W_n h_u + b_n + W_e x_e`, `score = a · attention_activation(q + m)`;
    the scores of all senders of v become coefficients c by softmax; `h_v' = activation(merge_heads(Σ_u c m))`.

    num_heads, per_head_channels: attention heads H, and the width C of each.
    receiver_tag: who receives: `SOURCE`, `TARGET` or `CONTEXT`; may be given in the call instead.
    receiver_feature: the feature h_v.
    sender_node_feature, sender_edge_feature: the features h_u and x_e, or None to leave their term out. With edges alone,
        b_n is added to W_e x_e.
    use_bias: whether there are b_q and b_n.
    edge_dropout: rate at which coefficients are dropped in training.
    attention_activation, activation: see the formula. `leaky_relu` has slope 0.2.
    heads_merge_type: "concat": heads side by side; "mean": their mean.
    kernel_initializer, kernel_regularizer: of the matrices W and the vectors a.

    Input: a scalar graph and one of `edge_set_name`, `node_set_name` (nodes to context). Output: `[num_receivers, H * C]`,
    or `[num_receivers, C]` for the mean; `activation(0)` for a receiver without senders. With `return_attention=True` in
    the call: a pair of it and the coefficients before dropout, `[num_senders, H]`, which sum to 1 at each receiver.
    ValueError: no receiver feature, no sender feature, unknown heads_merge_type; others: see
    `gnnkit.keras.layers.AnyToAnyConvolutionBase`.

    Reference: Brody et al., How Attentive are Graph Attention Networks?, https://arxiv.org/abs/2105.14491.

    >>> import gnnkit, tensorflow as tf
    >>> graph = gnnkit.homogeneous([0, 1, 2], [1, 2, 2], node_features=tf.ones([3, 4]))
    >>> conv = gnnkit.models.gat_v2.GATv2Conv(num_heads=2, per_head_channels=8, receiver_tag=gnnkit.TARGET)
    >>> state, attention = conv(graph, edge_set_name="edges", return_attention=True)
    >>> state.shape, attention.numpy().tolist()
    (TensorShape([3, 16]), [[1.0, 1.0], [0.5, 0.5], [0.5, 0.5]])
    """

    _default_name = "gat_v2_conv"

    def build(self, input_shape: Any = None) -> None:
        self._query = self._dense("query")
        self._value_node, self._value_edge = self._sender_denses("value")
        self._scores = self._head_scores("attn_logits")
        super().build(input_shape)

    def _attend(self, ends: Ends) -> tuple[Any, Values]:
        queries = self._query(ends.receiver)
        senders = ends.map_senders(self._value_node, self._value_edge)
        if senders.sender_edge is not None:
            values = senders.from_senders(identity, identity)
            return self._hidden_scores(ends, queries, values), Values(lambda: self._split_heads(values))
        scores = self._leaky_scores(queries, senders)
        if scores is None:
            scores = self._hidden_scores(ends, queries, senders.from_senders(identity, identity))
        return scores, self._values(senders)

    def _hidden_scores(self, ends: Ends, queries: Any, values: Any) -> Any:
        return self._scores(self._attention_activation(ends.from_receiver(queries) + values))

    def _leaky_scores(self, queries: Any, senders: Ends) -> Any:
        """The scores for the default activation, or None where they are computed from a row an edge."""
        if self._attention_activation is not keras.activations.leaky_relu:
            return None
        vectors = functools.partial(self._scores.blocks, queries)
        return senders.leaky_scores(queries, senders=senders.sender_node, vectors=vectors, slope=_SLOPE)

    def _finish(self, pooled: Any, receiver: Any) -> Any:
        return self._activation(self._merge_heads(pooled))


def GATv2EdgePool(
    *,
    num_heads: int,
    per_head_channels: int,
    receiver_tag: int | str | None = None,
    receiver_feature: str = HIDDEN_STATE,
    sender_feature: str = HIDDEN_STATE,
    **kwargs: Any,
) -> GATv2Conv:
    """Makes a `GATv2Conv` in which nodes or the context attend to edges alone.

    sender_feature: the feature of edges. Other arguments: see `GATv2Conv`.

    >>> import gnnkit, tensorflow as tf
    >>> graph = gnnkit.homogeneous([0, 1], [1, 2], node_features=tf.ones([3, 4]), edge_features=tf.ones([2, 5]))
    >>> pool = gnnkit.models.gat_v2.GATv2EdgePool(num_heads=2, per_head_channels=8, receiver_tag=gnnkit.TARGET)
    >>> pool(graph, edge_set_name="edges").shape
    TensorShape([3, 16])
    """
    kwargs.setdefault("name", _keras.auto_name("gat_v2_edge_pool"))
    return GATv2Conv(
        num_heads=num_heads,
        per_head_channels=per_head_channels,
        receiver_tag=receiver_tag,
        receiver_feature=receiver_feature,
        sender_node_feature=None,
        sender_edge_feature=sender_feature,
        **kwargs,
    )
