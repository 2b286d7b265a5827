"""The convolution with scaled dot-product attention."""

from typing import Any, final

import keras
from keras import ops

from gnnkit._names import HIDDEN_STATE
from gnnkit.graph import _keras
from gnnkit.models._attention import AttentionConv, Ends, Values
from gnnkit.ops._head_products import head_products

_SCORE_SCALINGS = ("none", "rsqrt_dim", "trainable_elup1")


@final
@keras.saving.register_keras_serializable("gnnkit")
class MultiHeadAttentionConv(AttentionConv):
    """Multi-head attention with scaled scalar products of queries and keys, as in Transformers.

    For receiver v and sender u along edge e, in each head:
    `q = attention_activation(W_q h_v + b_q)`, `k = attention_activation(W_k h_u + b_k + W_k' x_e)`,
    `m = W_m h_u + b_m + W_m' x_e`, `score = scale q · k`; the scores of all senders of v become coefficients c by
    softmax; `h_v' = merge_heads(activation(Σ_u c m))`.

    inputs_dropout: rate at which entries of h_v, h_u and x_e are dropped in training.
    transform_keys: whether there are W_k and W_k'. Else `k = [h_u, x_e]` in all heads, and q has the width of that.
    share_key_transform: whether all heads have the same W_k and W_k', so that these are narrower.
    score_scaling: "rsqrt_dim": the scale is `1 / sqrt(width of k)`; "trainable_elup1": `1 + elu(w)` with a weight w for
        each head, at first 0; "none": 1.
    transform_values_after_pooling: whether to compute `activation(W_m Σ_u c [h_u, x_e] + b_m)` instead: the transform of
        values once a receiver.
    Other arguments, shapes, `return_attention` and errors: see `gnnkit.models.gat_v2.GATv2Conv`. ValueError also for an
    unknown score_scaling and for share_key_transform without transform_keys.

    Reference: Vaswani et al., Attention Is All You Need, https://arxiv.org/abs/1706.03762.

    >>> import gnnkit, tensorflow as tf
    >>> graph = gnnkit.homogeneous([0, 1, 2], [1, 2, 2], node_features=tf.ones([3, 4]))
    >>> conv = gnnkit.models.multi_head_attention.MultiHeadAttentionConv(
    ...     num_heads=2, per_head_channels=8, receiver_tag=gnnkit.TARGET)
    >>> state, attention = conv(graph, edge_set_name="edges", return_attention=True)
    >>> state.shape, attention.numpy().tolist()
    (TensorShape([3, 16]), [[1.0, 1.0], [0.5, 0.5], [0.5, 0.5]])
    """

    def __init__(
        self,
        *,
        num_heads: int,
        per_head_channels: int,
        receiver_tag: int | str | None = None,
        receiver_feature: str = HIDDEN_STATE,
        sender_node_feature: str | None = HIDDEN_STATE,
        sender_edge_feature: str | None = None,
        use_bias: bool = True,
        edge_dropout: float = 0.0,
        inputs_dropout: float = 0.0,
        attention_activation: Any = None,
        activation: Any = "relu",
        kernel_initializer: Any = None,
        kernel_regularizer: Any = None,
        transform_keys: bool = True,
        share_key_transform: bool = False,
        score_scaling: str = "rsqrt_dim",
        transform_values_after_pooling: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            num_heads=num_heads,
            per_head_channels=per_head_channels,
            receiver_tag=receiver_tag,
            receiver_feature=receiver_feature,
            sender_node_feature=sender_node_feature,
            sender_edge_feature=sender_edge_feature,
            use_bias=use_bias,
            edge_dropout=edge_dropout,
            attention_activation=attention_activation,
            activation=activation,
            kernel_initializer=kernel_initializer,
            kernel_regularizer=kernel_regularizer,
            **kwargs,
        )
        if score_scaling not in _SCORE_SCALINGS:
            raise ValueError(
                f"{self._who()}: score_scaling must be one of {_SCORE_SCALINGS}, but got {score_scaling!r}."
            )
        if share_key_transform and not transform_keys:
            raise ValueError(
                f"{self._who()}: share_key_transform=True needs transform_keys=True: there is no transform to share."
            )
        self._inputs_dropout = keras.layers.Dropout(inputs_dropout, dtype=self.dtype_policy)
        self._transform_keys = transform_keys
        self._share_key_transform = share_key_transform
        self._score_scaling = score_scaling
        self._transform_values_after_pooling = transform_values_after_pooling

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "inputs_dropout": self._inputs_dropout.rate,
            "transform_keys": self._transform_keys,
            "share_key_transform": self._share_key_transform,
            "score_scaling": self._score_scaling,
            "transform_values_after_pooling": self._transform_values_after_pooling,
        }

    def build(self, input_shape: Any = None) -> None:
        if self._score_scaling == "trainable_elup1":
            self._scale_weight = self.add_weight(name="score_scaling", shape=(self._num_heads, 1), initializer="zeros")
        if self._transform_keys:
            units = self._per_head_channels if self._share_key_transform else None
            self._key_node, self._key_edge = self._sender_denses("key", units)
        if self._transform_values_after_pooling:
            self._value_pooled = keras.layers.EinsumDense(
                "vhf,hfc->vhc",
                output_shape=(self._num_heads, self._per_head_channels),
                bias_axes="hc" if self._use_bias else None,
                name="value_pooled",
                **self._kernel_arguments(),
            )
        else:
            self._value_node, self._value_edge = self._sender_denses("value")
        self._query = self._dense("query")
        super().build(input_shape)

    def _attend(self, ends: Ends) -> tuple[Any, Values]:
        ends = ends.map_receiver(self._inputs_dropout).map_senders(self._inputs_dropout, self._inputs_dropout)
        scores = self._scores(ends)
        if self._transform_values_after_pooling:
            return scores, Values(lambda: ops.expand_dims(ends.concat_senders(), 1))
        return scores, self._values(ends.map_senders(self._value_node, self._value_edge))

    def _scores(self, ends: Ends) -> Any:
        if self._transform_keys and not self._share_key_transform:
            keys = ends.map_senders(self._key_node, self._key_edge)
            return self._products(ends, self._queries(ends, self._per_head_channels), keys)
        # All heads have the same keys, [E, 1, F].
        keys: Any = ends.concat_senders()
        if self._transform_keys:
            keys = self._attention_activation(ends.from_senders(self._key_node, self._key_edge))
        queries = ends.from_receiver(self._queries(ends, keys.shape[-1]))
        return head_products(queries, ops.expand_dims(keys, 1))

    def _queries(self, ends: Ends, width: int) -> Any:
        """`[num_receivers, H, C]`, scaled before the broadcast, since there are fewer receivers than edges."""
        queries = self._attention_activation(self._query_of_width(width)(ends.receiver))
        return self._split_heads(queries) * self._scale(width)

    def _query_of_width(self, width: int) -> keras.layers.Dense:
        if not self._query.built:
            self._query.units = self._num_heads * width
        return self._query

    def _scale(self, width: int) -> Any:
        if self._score_scaling == "trainable_elup1":
            return ops.add(ops.elu(self._scale_weight), 1.0)
        return width**-0.5 if self._score_scaling == "rsqrt_dim" else 1.0

    def _finish(self, pooled: Any, receiver: Any) -> Any:
        if self._transform_values_after_pooling:
            pooled = self._value_pooled(pooled)
        return self._merge_heads(self._activation(pooled))


def MultiHeadAttentionEdgePool(
    *,
    num_heads: int,
    per_head_channels: int,
    receiver_tag: int | str | None = None,
    receiver_feature: str = HIDDEN_STATE,
    sender_feature: str = HIDDEN_STATE,
    **kwargs: Any,
) -> MultiHeadAttentionConv:
    """Makes a `MultiHeadAttentionConv` in which nodes or the context attend to edges alone.

    sender_feature: the feature of edges. Other arguments: see `MultiHeadAttentionConv`.

    >>> import gnnkit, tensorflow as tf
    >>> graph = gnnkit.homogeneous([0, 1], [1, 2], node_features=tf.ones([3, 4]), edge_features=tf.ones([2, 5]))
    >>> pool = gnnkit.models.multi_head_attention.MultiHeadAttentionEdgePool(
    ...     num_heads=2, per_head_channels=8, receiver_tag=gnnkit.TARGET)
    >>> pool(graph, edge_set_name="edges").shape
    TensorShape([3, 16])
    """
    kwargs.setdefault("name", _keras.auto_name("multi_head_attention_edge_pool"))
    return MultiHeadAttentionConv(
        num_heads=num_heads,
        per_head_channels=per_head_channels,
        receiver_tag=receiver_tag,
        receiver_feature=receiver_feature,
        sender_node_feature=None,
        sender_edge_feature=sender_feature,
        **kwargs,
    )
