"""The convolution of UniMP."""

from typing import Any, final

import keras
from keras import ops

from gnnkit.models._attention import AttentionConv, Ends, Values, identity

_SKIP_CONNECTIONS = ("none", "sum", "gated")


@final
@keras.saving.register_keras_serializable("gnnkit")
class TransformerConv(AttentionConv):
    """Multi-head attention in which edges take part in keys and values alike, with a skip connection.

    For receiver v and sender u along edge e, in each head: `q = W_q h_v + b_q`, `k = W_k h_u + b_k + W_e x_e`,
    `m = W_m h_u + b_m + W_e x_e`, `score = q · k / sqrt(C)`; the scores of all senders of v become coefficients c by
    softmax; `p = merge_heads(Σ_u c m)`, `r = W_r h_v + b_r`, and `h_v' = activation(p + r)`.

    skip_connection: "sum": as above; "gated": `activation(g r + (1 - g) p)` with `g = sigmoid(w · [r, p, r - p])`;
        "none": `activation(p)`.
    attention_activation: applied to q and k; none in the paper.
    use_bias: whether there are the vectors b. With edges alone, `k = m = W_e x_e + b`.
    Other arguments, shapes, `return_attention` and errors: see `gnnkit.models.gat_v2.GATv2Conv`. ValueError also for an
    unknown skip_connection.

    Reference: Shi et al., Masked Label Prediction: Unified Message Passing Model for Semi-Supervised Classification,
    https://arxiv.org/abs/2009.03509.

    >>> import gnnkit, tensorflow as tf
    >>> graph = gnnkit.homogeneous([0, 1, 2], [1, 2, 2], node_features=tf.ones([3, 4]))
    >>> conv = gnnkit.models.transformer_conv.TransformerConv(
    ...     num_heads=2, per_head_channels=8, receiver_tag=gnnkit.TARGET)
    >>> state, attention = conv(graph, edge_set_name="edges", return_attention=True)
    >>> state.shape, attention.numpy().tolist()
    (TensorShape([3, 16]), [[1.0, 1.0], [0.5, 0.5], [0.5, 0.5]])
    """

    def __init__(self, *, skip_connection: str = "sum", attention_activation: Any = None, **kwargs: Any) -> None:
        super().__init__(attention_activation=attention_activation, **kwargs)
        if skip_connection not in _SKIP_CONNECTIONS:
            raise ValueError(
                f"{self._who()}: skip_connection must be one of {_SKIP_CONNECTIONS}, but got {skip_connection!r}."
            )
        self._skip_connection = skip_connection

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "skip_connection": self._skip_connection}

    def build(self, input_shape: Any = None) -> None:
        self._query = self._dense("query")
        nodes, edges = self.takes_sender_node_input, self.takes_sender_edge_input
        self._key, self._value = (self._dense(name) if nodes else None for name in ("key", "value"))
        self._edge: Any = self._dense("edge", use_bias=False if nodes else None) if edges else None
        if self._skip_connection != "none":
            self._skip = self._dense("skip", self._merged_channels)
        if self._skip_connection == "gated":
            self._gate = self._dense("gate", 1, use_bias=False)
        super().build(input_shape)

    def _attend(self, ends: Ends) -> tuple[Any, Values]:
        ends = ends.map_senders(identity, self._edge)
        queries = self._attention_activation(self._query(ends.receiver)) * self._per_head_channels**-0.5
        scores = self._products(ends, self._split_heads(queries), ends.map_senders(self._key, identity))
        return scores, self._values(ends.map_senders(self._value, identity))

    def _finish(self, pooled: Any, receiver: Any) -> Any:
        result = self._merge_heads(pooled)
        if self._skip_connection != "none":
            skip = self._skip(receiver)
            if self._skip_connection == "gated":
                gate: Any = ops.sigmoid(self._gate(ops.concatenate([skip, result, skip - result], axis=-1)))
                result = gate * skip + (1.0 - gate) * result
            else:
                result = result + skip
        return self._activation(result)
