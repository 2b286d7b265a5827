"""What attention convolutions share: scores, softmax over the senders of each receiver, weighted sums of values."""

import abc
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import tensorflow as tf
from keras import ops

from gnnkit._names import CONTEXT, HIDDEN_STATE
from gnnkit.graph import _keras
from gnnkit.keras import clone_initializer
from gnnkit.keras.layers import AnyToAnyConvolutionBase
from gnnkit.keras.layers._attention_log import log_attention
from gnnkit.ops import _gradients, _primitives, broadcast, pool, softmax
from gnnkit.ops._head_products import head_products, products_along_edges, weighted_sum_at_nodes
from gnnkit.ops._leaky_scores import leaky_scores_along_edges
from gnnkit.ops._sort_edges import sort_edges


class Ends(NamedTuple):
    """Inputs of a convolution: rows of receivers, sender nodes and edges, and how to bring them to one row an edge."""

    receiver: Any
    sender_node: Any
    sender_edge: Any
    from_receiver: Callable[[Any], Any]
    from_sender_node: Callable[[Any], Any]
    products: Callable[..., Any]  # `(receivers [V', H, C], senders=[V, H, C])`: scalar products along edges, `[E, H]`.
    leaky_scores: Callable[..., Any]  # See `_leaky_scores`; without graph and tag.

    def map_receiver(self, fn: Callable[[Any], Any]) -> "Ends":
        return self._replace(receiver=fn(self.receiver))

    def map_senders(self, node_fn: Callable[[Any], Any], edge_fn: Callable[[Any], Any]) -> "Ends":
        return self._replace(
            sender_node=None if self.sender_node is None else node_fn(self.sender_node),
            sender_edge=None if self.sender_edge is None else edge_fn(self.sender_edge),
        )

    def from_senders(self, node_fn: Callable[[Any], Any], edge_fn: Callable[[Any], Any]) -> Any:
        """`node_fn` of sender nodes plus `edge_fn` of edges, of those that there are: `[E, ...]`.

        The function of nodes is computed before it is broadcast: once a node, not once an edge.
        """
        parts = self._parts(node_fn, edge_fn)
        # Not ops.add, which Keras 3.15 takes for the addition of a bias where there are no edges.
        return parts[0] if len(parts) == 1 else parts[0] + parts[1]

    def concat_senders(self) -> Any:
        """Sender nodes and edges, of those that there are, side by side: `[E, F]`."""
        parts = self._parts(identity, identity)
        return parts[0] if len(parts) == 1 else ops.concatenate(parts, axis=-1)

    def _parts(self, node_fn: Callable[[Any], Any], edge_fn: Callable[[Any], Any]) -> list[Any]:
        _, node, edge, *_ = self.map_senders(node_fn, edge_fn)
        parts = [] if node is None else [self.from_sender_node(node)]
        return parts if edge is None else [*parts, edge]


def identity(x: Any) -> Any:
    return x


class Values(NamedTuple):
    """What attention sums up: how to get the values of edges, `[E, H, C]`, or `[E, 1, C]` where heads share them.

    at_nodes: the sender nodes' values `[V, H, C]`, if those of edges are no more than them.
    """

    at_edges: Callable[[], Any]
    at_nodes: Any = None


def _products(
    graph: Any, tag: Any, *, feature_value: Any, senders: Any, edge_set_name: Any = None, **kwargs: Any
) -> Any:
    if edge_set_name is None:  # Nodes to the context.
        return head_products(broadcast(graph, tag, **kwargs, feature_value=feature_value), senders)
    return products_along_edges(graph, edge_set_name, tag, feature_value, senders)


def _leaky_scores(graph: Any, tag: Any, *, feature_value: Any, edge_set_name: Any = None, **kwargs: Any) -> Any:
    """See `leaky_scores_along_edges`; for nodes at the other end of edges."""
    if edge_set_name is None or tag == CONTEXT:
        return None
    return leaky_scores_along_edges(graph, edge_set_name, tag, feature_value, **kwargs)


def _weighted_sum(graph: Any, tag: Any, *, feature_value: Any, values: Values, **kwargs: Any) -> Any:
    """Values times coefficients, `feature_value` `[E, H]`, summed at each receiver: `[num_receivers, H, C]`."""
    dtype = feature_value.dtype
    if values.at_nodes is not None and tag != CONTEXT:
        nodes = ops.cast(values.at_nodes, dtype)
        return weighted_sum_at_nodes(graph, kwargs["edge_set_name"], tag, feature_value, nodes)
    weighted = ops.multiply(ops.cast(values.at_edges(), dtype), ops.expand_dims(feature_value, -1))
    return pool(graph, tag, **kwargs, reduce_type="sum", feature_value=weighted)


class AttentionConv(AnyToAnyConvolutionBase):
    """Base of convolutions whose receivers attend to their senders. Arguments: see `gnnkit.models.gat_v2.GATv2Conv`.

    A subclass makes its layers in `build`, scores senders in `_attend`, and makes the output in `_finish`.
    """

    is_local = True
    _default_name: str | None = None  # Keras' own where None.

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
        attention_activation: Any = "leaky_relu",
        heads_merge_type: str = "concat",
        activation: Any = "relu",
        kernel_initializer: Any = None,
        kernel_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        if self._default_name is not None:
            kwargs.setdefault("name", _keras.auto_name(self._default_name))
        super().__init__(
            receiver_tag=receiver_tag,
            receiver_feature=receiver_feature,
            sender_node_feature=sender_node_feature,
            sender_edge_feature=sender_edge_feature,
            extra_receiver_ops={
                "softmax": softmax,
                "products": _products,
                "leaky_scores": _leaky_scores,
                "weighted_sum": _weighted_sum,
            },
            **kwargs,
        )
        self._check(num_heads, per_head_channels, heads_merge_type)
        self._num_heads = num_heads
        self._per_head_channels = per_head_channels
        self._use_bias = use_bias
        # Of attention, which is computed in float32 where the layer computes in half precision.
        self._edge_dropout = keras.layers.Dropout(edge_dropout, dtype=self.variable_dtype)
        self._attention_activation = keras.activations.get(attention_activation)
        self._heads_merge_type = heads_merge_type
        self._activation = keras.activations.get(activation)
        self._kernel_initializer = keras.initializers.get(kernel_initializer or "glorot_uniform")
        self._kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def _check(self, num_heads: int, per_head_channels: int, heads_merge_type: str) -> None:
        if num_heads < 1 or per_head_channels < 1:
            raise ValueError(
                f"{self._who()}: num_heads and per_head_channels must be at least 1, but are {num_heads} and "
                f"{per_head_channels}."
            )
        if heads_merge_type not in ("concat", "mean"):
            raise ValueError(
                f"{self._who()}: heads_merge_type must be 'concat' or 'mean', but got {heads_merge_type!r}."
            )
        if not self.takes_receiver_input:
            raise ValueError(
                f"{self._who()}: receiver_feature must not be None, because attention is computed from receivers too."
            )
        if not (self.takes_sender_node_input or self.takes_sender_edge_input):
            raise ValueError(
                f"{self._who()} has no inputs to attend to: set sender_node_feature, sender_edge_feature or both."
            )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_heads": self._num_heads,
            "per_head_channels": self._per_head_channels,
            "use_bias": self._use_bias,
            "edge_dropout": self._edge_dropout.rate,
            "attention_activation": keras.activations.serialize(self._attention_activation),
            "heads_merge_type": self._heads_merge_type,
            "activation": keras.activations.serialize(self._activation),
            "kernel_initializer": keras.initializers.serialize(self._kernel_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self._kernel_regularizer),
        }

    @abc.abstractmethod
    def _attend(self, ends: Ends) -> tuple[Any, Values]:
        """The scores of senders `[E, H]`, and their values."""

    @abc.abstractmethod
    def _finish(self, pooled: Any, receiver: Any) -> Any:
        """The output `[num_receivers, units]`, from values pooled by attention `[num_receivers, H, units]`."""

    def call(
        self,
        graph: Any,
        *,
        edge_set_name: str | None = None,
        node_set_name: str | None = None,
        receiver_tag: Any = None,
        return_attention: bool = False,
        training: bool | None = None,
    ) -> Any:
        tag = self._resolve_tag(receiver_tag)
        went_to = None
        if tag != CONTEXT and edge_set_name is not None and edge_set_name in graph.edge_sets:
            graph, went_to = sort_edges(graph, edge_set_name, tag)
        output, attention = super().call(
            graph,
            edge_set_name=edge_set_name,
            node_set_name=node_set_name,
            receiver_tag=receiver_tag,
            training=training,
        )
        log_attention(self, attention, edge_set_name=edge_set_name, node_set_name=node_set_name)
        if not return_attention:
            return output
        return output, attention if went_to is None else _primitives.gather(attention, went_to)

    def convolve(
        self,
        *,
        sender_node_input: Any,
        sender_edge_input: Any,
        receiver_input: Any,
        broadcast_from_sender_node: Callable[[Any], Any],
        broadcast_from_receiver: Callable[[Any], Any],
        pool_to_receiver: Callable[..., Any],
        extra_receiver_ops: Any,
    ) -> tuple[Any, Any]:
        scores, values = self._attend(
            Ends(
                receiver_input,
                sender_node_input,
                sender_edge_input,
                broadcast_from_receiver,
                broadcast_from_sender_node,
                extra_receiver_ops["products"],
                extra_receiver_ops["leaky_scores"],
            )
        )
        # At least float32: exponentials and sums over many senders are beyond half precision.
        wide = keras.backend.result_type(scores.dtype, "float32")
        attention = extra_receiver_ops["softmax"](ops.cast(scores, wide))
        coefficients = self._edge_dropout(attention)
        pooled = extra_receiver_ops["weighted_sum"](coefficients, values=values)
        return self._finish(ops.cast(pooled, self.compute_dtype), receiver_input), attention

    def _dense(self, name: str, units: int | None = None, use_bias: bool | None = None) -> keras.layers.Dense:
        """A linear map, by default to all channels of all heads side by side: `[..., F]` to `[..., H * C]`."""
        return keras.layers.Dense(
            self._num_heads * self._per_head_channels if units is None else units,
            use_bias=self._use_bias if use_bias is None else use_bias,
            name=name,
            **self._kernel_arguments(),
        )

    def _sender_denses(self, name: str, units: int | None = None, use_bias: bool | None = None) -> tuple[Any, Any]:
        """Linear maps of sender nodes and of edges, whose results are added: only one of them has a bias."""
        node = self._dense(f"{name}_node", units, use_bias) if self.takes_sender_node_input else None
        edge = None
        if self.takes_sender_edge_input:
            edge = self._dense(f"{name}_edge", units, use_bias if node is None else False)
        return node, edge

    def _head_scores(self, name: str) -> "HeadScores":
        return HeadScores(self._num_heads, name=name, **self._kernel_arguments())

    def _kernel_arguments(self) -> dict[str, Any]:
        return {
            "kernel_initializer": clone_initializer(self._kernel_initializer),
            "kernel_regularizer": self._kernel_regularizer,
            "dtype": self.dtype_policy,
        }

    def _products(self, ends: Ends, queries: Any, keys: Ends) -> Any:
        """The scalar products of receivers' queries `[num_receivers, H, C]` and keys, before activation: `[E, H]`."""
        if keys.sender_edge is None:
            return ends.products(queries, senders=self._split_heads(self._attention_activation(keys.sender_node)))
        activated = self._attention_activation(keys.from_senders(identity, identity))
        return head_products(ends.from_receiver(queries), self._split_heads(activated))

    def _values(self, ends: Ends) -> Values:
        """The states of senders as values of all heads side by side."""
        return Values(
            lambda: self._split_heads(ends.from_senders(identity, identity)),
            None if ends.sender_edge is not None else self._split_heads(ends.sender_node),
        )

    def _split_heads(self, values: Any) -> Any:
        """`[N, H * C]` to `[N, H, C]`."""
        return ops.reshape(values, (-1, self._num_heads, values.shape[-1] // self._num_heads))

    @property
    def _merged_channels(self) -> int:
        return self._per_head_channels * (self._num_heads if self._heads_merge_type == "concat" else 1)

    def _merge_heads(self, pooled: Any) -> Any:
        """`[N, H, C]` to `[N, H * C]` or, for the mean, `[N, C]`."""
        if self._heads_merge_type == "mean":
            return ops.mean(pooled, axis=1)
        return ops.reshape(pooled, (-1, pooled.shape[1] * pooled.shape[2]))


class HeadScores(keras.layers.Layer):
    """The scalar product of each head's channels with a vector of its own: `[N, H * C]` to `[N, H]`."""

    def __init__(self, num_heads: int, *, kernel_initializer: Any, kernel_regularizer: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._num_heads = num_heads
        self._kernel_initializer = kernel_initializer
        self._kernel_regularizer = kernel_regularizer

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight(
            name="kernel",
            shape=(input_shape[-1] // self._num_heads, self._num_heads),
            initializer=self._kernel_initializer,
            regularizer=self._kernel_regularizer,
        )

    def call(self, values: Any) -> Any:
        blocks = self.blocks(values)
        if _primitives.is_tf(values):
            return _block_products(values, blocks)
        return ops.matmul(values, ops.transpose(blocks))

    def blocks(self, values: Any) -> Any:
        """The block-diagonal matrix `[H, H * C]`, whose product with values is several times faster than one a head."""
        if not self.built:
            self.build(values.shape)
        heads: Any = ops.expand_dims(ops.eye(self._num_heads, dtype=values.dtype), -1)
        return ops.reshape(heads * ops.transpose(self.kernel), (self._num_heads, -1))


@_gradients.custom_gradient
def _block_products(values: Any, blocks: Any) -> Any:
    """`values` `[N, F]` times the transpose of `blocks` `[H, F]`. TensorFlow's gradient of either takes twice the time."""

    def gradient(upstream: Any) -> Any:
        return tf.matmul(upstream, blocks), tf.matmul(tf.transpose(upstream), values)

    return tf.matmul(values, blocks, transpose_b=True), gradient
