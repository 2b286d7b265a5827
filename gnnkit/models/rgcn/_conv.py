"""The relational graph convolution on one edge set with kinds of edges."""

from typing import Any, final

import keras
from keras import ops

from gnnkit._names import HIDDEN_STATE
from gnnkit.keras.layers import AnyToAnyConvolutionBase
from gnnkit.models.rgcn._kernels import RelationKernels
from gnnkit.ops import _primitives


@final
@keras.saving.register_keras_serializable("gnnkit")
class RGCNConv(AnyToAnyConvolutionBase):
    """A convolution with a matrix for each relation, which is a number on each edge.

    `h_v' = act(W_0 h_v + Σ_r 1/c_vr Σ_u W_r h_u + b)`, with u the senders of edges of relation r into v, and c_vr their
    number. With num_bases, `W_r = Σ_b a_rb V_b`: relations share the matrices V. Where each relation has an edge set of
    its own, use `RGCNGraphUpdate`.

    units: width of the result.
    num_relations: how many relations there are; they are numbered from 0.
    relation_feature: the relation of each edge, int `[E]`.
    receiver_tag: who receives: `SOURCE` or `TARGET`; may be given in the call instead.
    num_bases: how many matrices V; None for a free matrix for each relation.
    reduce_type: "mean" as above, or "sum" for c_vr = 1.
    receiver_feature: h_v. sender_node_feature: h_u.
    use_bias: whether there is b.
    activation: of the result.
    kernel_regularizer: of all matrices.

    Input, and other errors: see `gnnkit.keras.layers.AnyToAnyConvolutionBase`. Output: `[num_receivers, units]`.
    ValueError: a feature that is None, another reduce_type, or relations that are no vector of integers.

    Reference: Schlichtkrull et al., Modeling Relational Data with Graph Convolutional Networks,
    https://arxiv.org/abs/1703.06103.

    >>> import gnnkit, tensorflow as tf
    >>> graph = gnnkit.homogeneous(
    ...     [0, 1], [1, 2], node_features=tf.ones([3, 4]), edge_features={"relation": tf.constant([0, 2])})
    >>> conv = gnnkit.models.rgcn.RGCNConv(8, num_relations=3, num_bases=2, receiver_tag=gnnkit.TARGET)
    >>> conv(graph, edge_set_name="edges").shape
    TensorShape([3, 8])
    """

    is_local = True

    def __init__(
        self,
        units: int,
        *,
        num_relations: int,
        relation_feature: str = "relation",
        receiver_tag: Any = None,
        num_bases: int | None = None,
        reduce_type: str = "mean",
        receiver_feature: str = HIDDEN_STATE,
        sender_node_feature: str = HIDDEN_STATE,
        use_bias: bool = True,
        activation: Any = "relu",
        kernel_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            receiver_tag=receiver_tag,
            receiver_feature=receiver_feature,
            sender_node_feature=sender_node_feature,
            sender_edge_feature=relation_feature,
            **kwargs,
        )
        if not (self.takes_receiver_input and self.takes_sender_node_input and self.takes_sender_edge_input):
            raise ValueError(
                f"{self._who()}: receiver_feature, sender_node_feature and relation_feature must not be None."
            )
        if reduce_type not in ("mean", "sum"):
            raise ValueError(f"{self._who()}: reduce_type must be 'mean' or 'sum', but got {reduce_type!r}.")
        self._units = units
        self._num_relations = num_relations
        self._num_bases = num_bases
        self._reduce_type = reduce_type
        self._use_bias = use_bias
        self._activation = keras.activations.get(activation)
        self._kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        relation_feature = config.pop("sender_edge_feature")
        return {
            **config,
            "relation_feature": relation_feature,
            "units": self._units,
            "num_relations": self._num_relations,
            "num_bases": self._num_bases,
            "reduce_type": self._reduce_type,
            "use_bias": self._use_bias,
            "activation": keras.activations.serialize(self._activation),
            "kernel_regularizer": keras.regularizers.serialize(self._kernel_regularizer),
        }

    def build(self, input_shape: Any = None) -> None:
        regularizer, dtype = self._kernel_regularizer, self.dtype_policy
        self._kernels = RelationKernels(self._num_relations, self._units, self._num_bases, regularizer, dtype=dtype)
        self._own = keras.layers.Dense(
            self._units, use_bias=self._use_bias, kernel_regularizer=regularizer, dtype=dtype
        )
        super().build(input_shape)

    def convolve(
        self,
        *,
        sender_node_input: Any,
        sender_edge_input: Any,
        receiver_input: Any,
        broadcast_from_sender_node: Any,
        broadcast_from_receiver: Any,
        pool_to_receiver: Any,
        **kwargs: Any,
    ) -> Any:
        if sender_node_input is None:
            raise ValueError(f"{self._who()}: edges that send to the context have no sender nodes to convolve.")
        relations = sender_edge_input
        if len(relations.shape) != 1 or not keras.backend.is_int_dtype(relations.dtype):
            raise ValueError(
                f"{self._who()}: relation_feature must hold integers of shape [E], but they are "
                f"{keras.backend.standardize_dtype(relations.dtype)} of shape {list(relations.shape)}."
            )

        def pairs_of(nodes: Any, broadcast: Any) -> tuple[Any, Any]:
            """The number of pairs of a node and a relation, and the pair of each edge: int `[E]`."""
            shape: Any = ops.shape(nodes)
            ids = broadcast(_primitives.arange(shape[0], relations.dtype))
            return shape[0] * self._num_relations, ids * self._num_relations + relations

        # Each node's state under each relation, once: there are usually more edges than that.
        kernels: Any = ops.transpose(self._kernels(sender_node_input), (1, 0, 2))
        transformed = ops.matmul(sender_node_input, ops.reshape(kernels, (kernels.shape[0], -1)))
        _, pairs = pairs_of(sender_node_input, broadcast_from_sender_node)
        messages = _primitives.gather(ops.reshape(transformed, (-1, self._units)), pairs)
        if self._reduce_type == "mean":
            num, pairs = pairs_of(receiver_input, broadcast_from_receiver)
            counts = _primitives.gather(_primitives.segment_count(pairs, num, "float32"), pairs)
            messages = messages / ops.cast(ops.expand_dims(counts, -1), messages.dtype)
        return self._activation(self._own(receiver_input) + pool_to_receiver(messages, reduce_type="sum"))
