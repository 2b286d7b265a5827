"""The convolution with several aggregators and scalers."""

from collections.abc import Sequence
from typing import Any, final

import keras
from keras import ops

from gnnkit._names import HIDDEN_STATE
from gnnkit.keras import clone_initializer
from gnnkit.keras.layers import AnyToAnyConvolutionBase

_AGGREGATORS = ("mean", "min", "max", "std")
_SCALERS = ("identity", "amplification", "attenuation")
_EPSILON = 1e-5


@final
@keras.saving.register_keras_serializable("gnnkit")
class PNAConv(AnyToAnyConvolutionBase):
    """A convolution with every combination of several aggregators and several scalers by degree.

    `h_v' = act(U [h_v, s(d_v) agg_u m_uv for each scaler s and aggregator agg])` with messages
    `m_uv = W_u h_u + W_e x_e + W_v h_v + b`. The aggregators are the element-wise mean, minimum, maximum and standard
    deviation `sqrt(relu(mean(m²) - mean(m)²) + 1e-5)`; the scalers are 1, `log(d_v + 1) / δ` (amplification) and
    `δ / log(d_v + 1)` (attenuation), for d_v senders of v. A receiver without senders gets `act(U [h_v, 0])`.

    units: width of the result.
    mean_log_degree: δ, the mean of `log(d_v + 1)` in the training data: see `gnnkit.models.pna.mean_log_degree`.
    message_units: width of messages; units by default.
    aggregators: of "mean", "min", "max", "std".
    scalers: of "identity", "amplification", "attenuation".
    receiver_tag: who receives: `SOURCE`, `TARGET` or `CONTEXT`; may be given in the call instead.
    receiver_feature, sender_node_feature, sender_edge_feature: h_v, h_u and x_e; each may be None.
    activation: of the result.
    kernel_initializer, kernel_regularizer: as in `keras.layers.Dense`, for all matrices.

    Input, and other errors: see `gnnkit.keras.layers.AnyToAnyConvolutionBase`. Output: `[num_receivers, units]`.
    ValueError: an unknown aggregator or scaler, none at all, no feature of senders, or a mean_log_degree that is not
        positive.

    Reference: Corso et al., Principal Neighbourhood Aggregation for Graph Nets, https://arxiv.org/abs/2004.05718.

    >>> import gnnkit, tensorflow as tf
    >>> graph = gnnkit.homogeneous([0, 1], [1, 2], node_features=tf.ones([3, 4]))
    >>> conv = gnnkit.models.pna.PNAConv(8, mean_log_degree=0.5, receiver_tag=gnnkit.TARGET)
    >>> conv(graph, edge_set_name="edges").shape
    TensorShape([3, 8])
    """

    is_local = True

    def __init__(
        self,
        units: int,
        *,
        mean_log_degree: float,
        message_units: int | None = None,
        aggregators: Sequence[str] = _AGGREGATORS,
        scalers: Sequence[str] = _SCALERS,
        receiver_tag: Any = None,
        receiver_feature: str | None = HIDDEN_STATE,
        sender_node_feature: str | None = HIDDEN_STATE,
        sender_edge_feature: str | None = None,
        activation: Any = "relu",
        kernel_initializer: Any = "glorot_uniform",
        kernel_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            receiver_tag=receiver_tag,
            receiver_feature=receiver_feature,
            sender_node_feature=sender_node_feature,
            sender_edge_feature=sender_edge_feature,
            **kwargs,
        )
        for argument, names, known in (
            ("aggregators", aggregators, _AGGREGATORS),
            ("scalers", scalers, _SCALERS),
        ):
            if not names or isinstance(names, str) or not set(names) <= set(known):
                raise ValueError(f"{self._who()}: {argument} must be a sequence of some of {known}, but got {names!r}.")
        if mean_log_degree <= 0:
            raise ValueError(f"{self._who()}: mean_log_degree must be positive, but is {mean_log_degree}.")
        if not (self.takes_sender_node_input or self.takes_sender_edge_input):
            raise ValueError(f"{self._who()} has no messages: set sender_node_feature, sender_edge_feature or both.")
        self._units = units
        self._mean_log_degree = float(mean_log_degree)
        self._message_units = units if message_units is None else message_units
        self._aggregators = tuple(aggregators)
        self._scalers = tuple(scalers)
        self._activation = keras.activations.get(activation)
        self._kernel_initializer = keras.initializers.get(kernel_initializer)
        self._kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": self._units,
            "mean_log_degree": self._mean_log_degree,
            "message_units": self._message_units,
            "aggregators": list(self._aggregators),
            "scalers": list(self._scalers),
            "activation": keras.activations.serialize(self._activation),
            "kernel_initializer": keras.initializers.serialize(self._kernel_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self._kernel_regularizer),
        }

    def build(self, input_shape: Any = None) -> None:
        nodes, edges = self.takes_sender_node_input, self.takes_sender_edge_input
        self._node: Any = self._dense("node", self._message_units) if nodes else None
        self._edge: Any = self._dense("edge", self._message_units, use_bias=not nodes) if edges else None
        if self.takes_receiver_input:
            self._receiver = self._dense("receiver", self._message_units, use_bias=False)
        self._update = self._dense("update", self._units)
        super().build(input_shape)

    def _dense(self, name: str, units: int, use_bias: bool = True) -> keras.layers.Dense:
        return keras.layers.Dense(
            units,
            use_bias=use_bias,
            kernel_initializer=clone_initializer(self._kernel_initializer),
            kernel_regularizer=self._kernel_regularizer,
            name=name,
            dtype=self.dtype_policy,
        )

    def convolve(
        self,
        *,
        sender_node_input: Any,
        sender_edge_input: Any,
        receiver_input: Any,
        broadcast_from_sender_node: Any,
        pool_to_receiver: Any,
        **kwargs: Any,
    ) -> Any:
        parts = []
        if sender_node_input is not None:
            parts.append(broadcast_from_sender_node(self._node(sender_node_input)))
        if sender_edge_input is not None:
            parts.append(self._edge(sender_edge_input))
        messages: Any = sum(parts[1:], parts[0])
        # In float32 at least: squares and counts are beyond half precision.
        wide: Any = ops.cast(messages, keras.backend.result_type(messages.dtype, "float32"))
        # The receiver's part is the same for all its messages: it moves their mean, minimum and maximum by that much.
        shift = 0.0 if receiver_input is None else ops.cast(self._receiver(receiver_input), wide.dtype)
        degree = pool_to_receiver(ops.ones_like(wide[:, :1]), reduce_type="sum")
        aggregates = [self._aggregate(kind, wide, shift, pool_to_receiver) for kind in self._aggregators]
        pooled = ops.where(degree > 0, ops.concatenate(aggregates, axis=-1), 0.0)
        scaled = ops.concatenate([pooled * factor for factor in self._factors(degree)], axis=-1)
        inputs = [] if receiver_input is None else [receiver_input]
        return self._activation(self._update(ops.concatenate([*inputs, ops.cast(scaled, messages.dtype)], axis=-1)))

    def _aggregate(self, kind: str, messages: Any, shift: Any, pool: Any) -> Any:
        if kind in ("min", "max"):
            return pool(messages, reduce_type=f"{kind}_no_inf") + shift
        mean = pool(messages, reduce_type="mean")
        if kind == "mean":
            return mean + shift
        variance: Any = pool(ops.square(messages), reduce_type="mean") - ops.square(mean)
        positive: Any = ops.relu(variance)
        return ops.sqrt(positive + _EPSILON)

    def _factors(self, degree: Any) -> list[Any]:
        log_degree: Any = ops.log1p(ops.maximum(degree, 1.0))
        relative = log_degree / self._mean_log_degree
        factors = {"identity": 1.0, "amplification": relative, "attenuation": 1.0 / relative}
        return [factors[name] for name in self._scalers]
