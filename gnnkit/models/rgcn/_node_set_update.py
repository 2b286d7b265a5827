"""The relational graph convolution with an edge set for each relation."""

from collections.abc import Collection
from typing import Any, final

import keras

from gnnkit._names import HIDDEN_STATE
from gnnkit.graph import GraphTensor
from gnnkit.keras.layers import GraphLayer
from gnnkit.keras.layers._inputs import read_features
from gnnkit.keras.layers._receptive_field import Reads
from gnnkit.models._pool_linear import pool_linear
from gnnkit.models._propagation import check_receiver_tag
from gnnkit.models._senders import sender_of
from gnnkit.models.rgcn._kernels import RelationKernels
from gnnkit.ops import pool_neighbors_to_node


@final
@keras.saving.register_keras_serializable("gnnkit")
class RGCNNodeSetUpdate(GraphLayer):
    """Updates a node set from several edge sets, each of which is a relation with a matrix of its own.

    `h_v' = act(W_0 h_v + Σ_r reduce_u W_r h_u + b)`, with u the senders of the edges of edge set r into v. With num_bases,
    `W_r = Σ_b a_rb V_b`: relations share the matrices V, and all senders must have states of the same width.

    edge_set_names: edge sets with the updated node set at the receiving end.
    receiver_tag: the end of edges that receives: `SOURCE` or `TARGET`.
    units: width of the new state.
    num_bases: how many matrices V; None for a free matrix for each relation.
    reduce_type: "mean" as in the paper, or "sum".
    feature_name: h, of all node sets; on the updated one the result replaces it.
    use_bias: whether there is b.
    activation: of the result.
    kernel_regularizer: of all matrices.

    Input: a scalar graph and node_set_name. Output: `{feature_name: [V, units]}`.
    ValueError: another reduce_type or receiver_tag, no edge sets, one that leads to other nodes, or, with num_bases, states
    of different widths. KeyError: a missing edge set or feature.

    Reference: Schlichtkrull et al., Modeling Relational Data with Graph Convolutional Networks,
    https://arxiv.org/abs/1703.06103.
    """

    def __init__(
        self,
        *,
        edge_set_names: Collection[str],
        receiver_tag: int,
        units: int,
        num_bases: int | None = None,
        reduce_type: str = "mean",
        feature_name: str = HIDDEN_STATE,
        use_bias: bool = True,
        activation: Any = "relu",
        kernel_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_receiver_tag(receiver_tag, self.name)
        if reduce_type not in ("mean", "sum"):
            raise ValueError(f"{self.name}: reduce_type must be 'mean' or 'sum', but got {reduce_type!r}.")
        if not edge_set_names:
            raise ValueError(f"{self.name}: edge_set_names is empty, so there is nothing to receive.")
        self._edge_set_names = sorted(edge_set_names)
        self._receiver_tag = receiver_tag
        self._units = units
        self._num_bases = num_bases
        self._reduce_type = reduce_type
        self._feature_name = feature_name
        self._activation = keras.activations.get(activation)
        self._kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self._own = self._dense(use_bias)
        if num_bases is None:
            self._relations: Any = [self._dense(False) for _ in self._edge_set_names]
        else:
            self._relations = RelationKernels(
                len(self._edge_set_names), units, num_bases, self._kernel_regularizer, dtype=self.dtype_policy
            )

    def _dense(self, use_bias: bool) -> keras.layers.Dense:
        regularizer = self._kernel_regularizer
        return keras.layers.Dense(
            self._units, use_bias=use_bias, kernel_regularizer=regularizer, dtype=self.dtype_policy
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "edge_set_names": self._edge_set_names,
            "receiver_tag": self._receiver_tag,
            "units": self._units,
            "num_bases": self._num_bases,
            "reduce_type": self._reduce_type,
            "feature_name": self._feature_name,
            "use_bias": self._own.use_bias,
            "activation": keras.activations.serialize(self._activation),
            "kernel_regularizer": keras.regularizers.serialize(self._kernel_regularizer),
        }

    def reads(self) -> list[Reads]:
        """See `gnnkit.keras.trim_to_roots`."""
        return [Reads(edge_set_name=name, receiver_tag=self._receiver_tag) for name in self._edge_set_names]

    def call(self, graph: GraphTensor, *, node_set_name: str) -> dict[str, Any]:
        senders = {}
        for name in self._edge_set_names:
            sender = sender_of(graph, name, node_set_name, self._receiver_tag, self.name)
            senders[name] = self._states(graph, sender)
        result = self._own(self._states(graph, node_set_name))
        for name, linear in zip(self._edge_set_names, self._linear_maps(senders), strict=True):

            def pool(x: Any, name: str = name) -> Any:
                return pool_neighbors_to_node(
                    graph, name, self._receiver_tag, reduce_type=self._reduce_type, feature_value=x
                )

            result = result + pool_linear(linear, self._units, pool, senders[name])
        return {self._feature_name: self._activation(result)}

    def _linear_maps(self, senders: dict[str, Any]) -> list[Any]:
        """From the states of senders to messages, for each edge set."""
        if self._num_bases is None:
            return self._relations
        widths = {name: states.shape[-1] for name, states in senders.items()}
        if len(set(widths.values())) > 1:
            raise ValueError(
                f"{self.name}: with num_bases, senders must have states of the same width, but along the edge sets the "
                f"widths are {widths}. Bring them to one width with MapFeatures first, or leave num_bases out."
            )
        kernels = self._relations(next(iter(senders.values())))
        return [lambda x, i=i: keras.ops.matmul(x, kernels[i]) for i in range(len(senders))]

    def _states(self, graph: GraphTensor, name: str) -> Any:
        states = read_features(
            graph.node_sets[name], self._feature_name, f"Node set {name!r}", f"feature_name of {self.name}"
        )
        return self._cast(states)
