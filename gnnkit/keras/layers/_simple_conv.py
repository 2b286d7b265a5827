"""SimpleConv: one message function, one reduction."""

from typing import Any, final

import keras

from gnnkit._names import HIDDEN_STATE, TARGET
from gnnkit.keras.layers._convolution_base import AnyToAnyConvolutionBase
from gnnkit.keras.layers._inputs import FeatureName
from gnnkit.keras.layers._transform_first import Part, transform_first
from gnnkit.ops._combine import combine_values


@final
@keras.saving.register_keras_serializable("gnnkit")
class SimpleConv(AnyToAnyConvolutionBase):
    """Applies a layer to the inputs of each edge and pools its results at the receivers.

    The message of an edge is `message_fn(combine([edge, sender node, receiver]))`, without the inputs that are None.
    Where message_fn begins with a plain `keras.layers.Dense` and states are wide, its products are computed once a node
    and not once an edge: same weights, same results up to rounding.

    message_fn: a layer `[E, width] -> [E, units]`.
    reduce_type: see `gnnkit.pool`.
    combine_type: "concat" (the default) or "sum".
    Other arguments, shapes and errors: see `AnyToAnyConvolutionBase`; receiver_feature defaults to hidden_state.

    >>> import gnnkit, keras, tensorflow as tf
    >>> graph = gnnkit.homogeneous([0, 1], [1, 2], node_features=tf.ones([3, 4]))
    >>> conv = gnnkit.keras.layers.SimpleConv(keras.layers.Dense(8), "mean", receiver_tag=gnnkit.TARGET)
    >>> conv(graph, edge_set_name="edges").shape
    TensorShape([3, 8])
    """

    _sorts_edges = True

    def __init__(
        self,
        message_fn: Any,
        reduce_type: str = "sum",
        *,
        combine_type: str = "concat",
        receiver_tag: Any = TARGET,
        receiver_feature: FeatureName = HIDDEN_STATE,
        sender_node_feature: FeatureName = HIDDEN_STATE,
        sender_edge_feature: FeatureName = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            receiver_tag=receiver_tag,
            receiver_feature=receiver_feature,
            sender_node_feature=sender_node_feature,
            sender_edge_feature=sender_edge_feature,
            **kwargs,
        )
        self._message_fn = message_fn
        self._reduce_type = reduce_type
        self._combine_type = combine_type

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "message_fn": self._message_fn,
            "reduce_type": self._reduce_type,
            "combine_type": self._combine_type,
        }

    @property
    def local_parts(self) -> list[Any]:
        return [self._message_fn]

    def convolve(
        self,
        *,
        sender_node_input: Any,
        sender_edge_input: Any,
        receiver_input: Any,
        broadcast_from_sender_node: Any,
        broadcast_from_receiver: Any,
        pool_to_receiver: Any,
        extra_receiver_ops: Any = None,
    ) -> Any:
        inputs = [
            (sender_edge_input, None),
            (sender_node_input, broadcast_from_sender_node),
            (receiver_input, broadcast_from_receiver),
        ]
        parts = [Part(value, broadcast) for value, broadcast in inputs if value is not None]
        if not parts:
            raise ValueError(
                f"{self._who()} has no inputs: receiver_feature, sender_node_feature and sender_edge_feature are all None."
            )
        messages = None
        if self._combine_type == "concat":
            messages = transform_first(self._message_fn, parts, self.dtype_policy)
        if messages is None:
            messages = self._message_fn(combine_values([part.rows(part.value) for part in parts], self._combine_type))
        return pool_to_receiver(messages, reduce_type=self._reduce_type)
