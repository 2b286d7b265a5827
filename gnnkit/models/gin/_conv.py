"""The graph isomorphism convolution."""

from typing import Any, final

import keras
from keras import ops

from gnnkit._names import HIDDEN_STATE
from gnnkit.keras.layers import AnyToAnyConvolutionBase


@final
@keras.saving.register_keras_serializable("gnnkit")
class GINConv(AnyToAnyConvolutionBase):
    """A layer over the sum of a node's state and its neighbours' states: `f((1 + ε) h_v + Σ_u h_u)`.

    With sender_edge_feature x, messages are `relu(h_u + x_e)` instead of `h_u` (known as GINE).

    transformation: the layer f, `[V, F] -> [V, units]`: in the paper a perceptron of two layers.
    receiver_tag: who receives: `SOURCE`, `TARGET` or `CONTEXT`; may be given in the call instead.
    epsilon: ε, or where it starts.
    train_epsilon: whether ε is a weight.
    receiver_feature, sender_node_feature, sender_edge_feature: what is added; all of the same width F.

    Input, and other errors: see `gnnkit.keras.layers.AnyToAnyConvolutionBase`. Output: `[num_receivers, units]`.
    ValueError: no receiver_feature or sender_node_feature, or inputs of different widths.

    References: Xu et al., How Powerful are Graph Neural Networks?, https://arxiv.org/abs/1810.00826; with edges, Hu et
    al., Strategies for Pre-training Graph Neural Networks, https://arxiv.org/abs/1905.12265.

    >>> import gnnkit, keras, tensorflow as tf
    >>> graph = gnnkit.homogeneous([0, 1], [1, 2], node_features=tf.ones([3, 4]))
    >>> mlp = keras.Sequential([keras.layers.Dense(8, "relu"), keras.layers.Dense(8)])
    >>> gnnkit.models.gin.GINConv(mlp, receiver_tag=gnnkit.TARGET)(graph, edge_set_name="edges").shape
    TensorShape([3, 8])
    """

    def __init__(
        self,
        transformation: Any,
        *,
        receiver_tag: Any = None,
        epsilon: float = 0.0,
        train_epsilon: bool = False,
        receiver_feature: str = HIDDEN_STATE,
        sender_node_feature: str = HIDDEN_STATE,
        sender_edge_feature: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            receiver_tag=receiver_tag,
            receiver_feature=receiver_feature,
            sender_node_feature=sender_node_feature,
            sender_edge_feature=sender_edge_feature,
            **kwargs,
        )
        if not (self.takes_receiver_input and self.takes_sender_node_input):
            raise ValueError(f"{self._who()} adds states of receivers and senders: neither feature may be None.")
        self._transformation = transformation
        self._epsilon = epsilon
        self._train_epsilon = train_epsilon

    @property
    def local_parts(self) -> list[Any]:
        return [self._transformation]

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "transformation": self._transformation,
            "epsilon": self._epsilon,
            "train_epsilon": self._train_epsilon,
        }

    def build(self, input_shape: Any = None) -> None:
        if self._train_epsilon:
            initializer = keras.initializers.Constant(self._epsilon)
            self._trained_epsilon = self.add_weight(name="epsilon", shape=(), initializer=initializer)
        super().build(input_shape)

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
        inputs = {"receivers": receiver_input, "sender nodes": sender_node_input}
        if self.takes_sender_edge_input:
            inputs["edges"] = sender_edge_input
        widths = {what: None if x is None else x.shape[-1] for what, x in inputs.items()}
        if len(set(widths.values())) > 1:
            raise ValueError(
                f"{self._who()} adds its inputs, which must have the same width, but the widths are {widths}. "
                "Bring them to one width with MapFeatures first."
            )
        messages = broadcast_from_sender_node(sender_node_input)
        if sender_edge_input is not None:
            messages = ops.relu(messages + sender_edge_input)
        epsilon: Any = self._epsilon
        if self._train_epsilon:
            epsilon = ops.cast(self._trained_epsilon, receiver_input.dtype)
        pooled = pool_to_receiver(messages, reduce_type="sum")
        return self._transformation((1.0 + epsilon) * receiver_input + pooled)
