"""The aggregators of GraphSAGE: of neighbours' states, or of a layer over them."""

from typing import Any, final

import keras

from gnnkit._names import HIDDEN_STATE
from gnnkit.keras.layers import AnyToAnyConvolutionBase
from gnnkit.models._pool_linear import pool_linear


class _GraphSAGEConv(AnyToAnyConvolutionBase):
    """What both aggregators share: their senders are nodes alone, whose values drop out edge by edge."""

    is_local = True
    _sorts_edges = True

    def __init__(self, *, units: int, reduce_type: str, dropout_rate: float, **kwargs: Any) -> None:
        kwargs.setdefault("receiver_feature", None)
        super().__init__(**kwargs)
        if not self.takes_sender_node_input or self.takes_sender_edge_input or self.takes_receiver_input:
            raise ValueError(
                f"{self._who()} convolves sender nodes and nothing else: sender_node_feature must be set, "
                "sender_edge_feature and receiver_feature must not."
            )
        self._units = units
        self._reduce_type = reduce_type
        self._dropout = keras.layers.Dropout(dropout_rate, dtype=self.dtype_policy)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": self._units,
            "reduce_type": self._reduce_type,
            "dropout_rate": self._dropout.rate,
        }

    def build(self, input_shape: Any = None) -> None:
        self._dense = keras.layers.Dense(self._units, use_bias=False, dtype=self.dtype_policy)
        super().build(input_shape)

    def _drops(self, training: bool | None) -> bool:
        return bool(training and self._dropout.rate)


@final
@keras.saving.register_keras_serializable("gnnkit")
class GraphSAGEAggregatorConv(_GraphSAGEConv):
    """The element-wise mean (or sum, maximum, ...) of neighbours: `W reduce_u Dropout(h_u)`.

    receiver_tag: who receives: `SOURCE`, `TARGET` or `CONTEXT`.
    reduce_type: see `gnnkit.pool`.
    sender_node_feature: what is aggregated.
    units: width of the result.
    dropout_rate: of senders' values, for each edge by itself.

    Input, other arguments and errors: see `gnnkit.keras.layers.AnyToAnyConvolutionBase`. Output: `[num_receivers, units]`.
    ValueError: no sender_node_feature, or a receiver_feature or sender_edge_feature.

    Reference: Hamilton, Ying & Leskovec, Inductive Representation Learning on Large Graphs,
    https://arxiv.org/abs/1706.02216.

    >>> import gnnkit, tensorflow as tf
    >>> graph = gnnkit.homogeneous([0, 1], [1, 2], node_features=tf.ones([3, 4]))
    >>> conv = gnnkit.models.graph_sage.GraphSAGEAggregatorConv(receiver_tag=gnnkit.TARGET, units=8)
    >>> conv(graph, edge_set_name="edges").shape
    TensorShape([3, 8])
    """

    def __init__(
        self,
        *,
        receiver_tag: Any,
        reduce_type: str = "mean",
        sender_node_feature: str | None = HIDDEN_STATE,
        units: int,
        dropout_rate: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            receiver_tag=receiver_tag,
            reduce_type=reduce_type,
            sender_node_feature=sender_node_feature,
            units=units,
            dropout_rate=dropout_rate,
            **kwargs,
        )

    def convolve(
        self,
        *,
        sender_node_input: Any,
        broadcast_from_sender_node: Any,
        pool_to_receiver: Any,
        training: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        def pool(states: Any) -> Any:
            messages = self._dropout(broadcast_from_sender_node(states), training=training)
            return pool_to_receiver(messages, reduce_type=self._reduce_type)

        if self._reduce_type in ("sum", "mean") and not self._drops(training):
            return pool_linear(self._dense, self._units, pool, sender_node_input)
        return self._dense(pool(sender_node_input))


@final
@keras.saving.register_keras_serializable("gnnkit")
class GraphSAGEPoolingConv(_GraphSAGEConv):
    """The element-wise maximum (or mean, ...) of a layer over neighbours: `W' reduce_u act(W Dropout(h_u) + b)`.

    hidden_units: width of the layer over neighbours.
    reduce_type: see `gnnkit.pool`.
    use_bias: whether there is b.
    activation: of the layer over neighbours.
    Other arguments, shapes, errors and the reference: see `GraphSAGEAggregatorConv`.

    >>> import gnnkit, tensorflow as tf
    >>> graph = gnnkit.homogeneous([0, 1], [1, 2], node_features=tf.ones([3, 4]))
    >>> conv = gnnkit.models.graph_sage.GraphSAGEPoolingConv(receiver_tag=gnnkit.TARGET, units=8, hidden_units=6)
    >>> conv(graph, edge_set_name="edges").shape
    TensorShape([3, 8])
    """

    def __init__(
        self,
        *,
        receiver_tag: Any,
        sender_node_feature: str | None = HIDDEN_STATE,
        units: int,
        hidden_units: int,
        reduce_type: str = "max_no_inf",
        use_bias: bool = True,
        dropout_rate: float = 0.0,
        activation: Any = "relu",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            receiver_tag=receiver_tag,
            reduce_type=reduce_type,
            sender_node_feature=sender_node_feature,
            units=units,
            dropout_rate=dropout_rate,
            **kwargs,
        )
        self._hidden = keras.layers.Dense(hidden_units, activation, use_bias, dtype=self.dtype_policy)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "hidden_units": self._hidden.units,
            "use_bias": self._hidden.use_bias,
            "activation": keras.activations.serialize(self._hidden.activation),
        }

    def convolve(
        self,
        *,
        sender_node_input: Any,
        broadcast_from_sender_node: Any,
        pool_to_receiver: Any,
        training: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        if self._drops(training):
            messages = self._hidden(self._dropout(broadcast_from_sender_node(sender_node_input), training=training))
        else:
            messages = broadcast_from_sender_node(self._hidden(sender_node_input))  # Once a node, not once an edge.
        return self._dense(pool_to_receiver(messages, reduce_type=self._reduce_type))
