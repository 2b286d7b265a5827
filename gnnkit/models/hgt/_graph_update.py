"""The graph update of Hu et al.'s heterogeneous graph transformers."""

from collections.abc import Collection, Sequence
from typing import Any, final

import keras
from keras import ops

from gnnkit._names import HIDDEN_STATE, SOURCE, TARGET
from gnnkit.graph import GraphTensor
from gnnkit.keras import clone_initializer
from gnnkit.keras._builder import incoming_edge_sets
from gnnkit.keras.layers._attention_log import log_attention
from gnnkit.keras.layers._graph_layer import GraphLayer
from gnnkit.keras.layers._inputs import read_features
from gnnkit.keras.layers._receptive_field import Reads
from gnnkit.models._config_dict import config_dict_functions
from gnnkit.ops import broadcast_node_to_edges, pool_edges_to_node, reverse_tag, softmax


@final
@keras.saving.register_keras_serializable("gnnkit")
class HGTGraphUpdate(GraphLayer):
    """One round of a heterogeneous graph transformer: nodes attend to their senders along all edge sets at once.

    For receiver v and sender u along edge e of edge set r, in each head, with matrices of v's and u's node sets and of r:
    `q = W_q h_v + b_q`, `k = W_k h_u + b_k`, `m = (W_m h_u + b_m) W_r'`, `score = p_r (q W_r) · k / sqrt(C)`; the scores of
    all senders of v, in all edge sets, become coefficients c by softmax;
    `z = Dropout(W_a activation(Σ c m) + b_a)`; `h_v' = LayerNorm(σ(s) z + (1 - σ(s)) h_v)`.

    num_heads, per_head_channels: attention heads H, and the width C of each.
    receiver_tag: the end of edges that receives: `SOURCE` or `TARGET`.
    use_weighted_skip: whether there is the weight s of each node set, at first 1; else `h_v' = LayerNorm(z + h_v)`.
    dropout_rate, use_layer_norm, activation: see the formula.
    kernel_initializer: of all matrices W.
    use_bias: whether there are biases b.
    feature_name: the node state h, read and replaced.
    node_set_names: the node sets to update; all ordinary ones that receive by default.

    Input: a scalar graph with the node state on all node sets that send or receive; features of edges are not used.
    Auxiliary sets do not take part. Output: the graph with new states
    `[V, H * C]`, where receivers without senders have m = 0. With `return_attention=True` in the call: a pair of it and
    the coefficients `{edge set name: [E, H]}`.
    ValueError: no set receives, or one of node_set_names does not; a receiver's state is neither H * C wide nor, for a
    latent node set, of width 0 (which is left out of h_v'). KeyError: no node state.

    Reference: Hu et al., Heterogeneous Graph Transformer, https://arxiv.org/abs/2003.01332.

    >>> import gnnkit, tensorflow as tf
    >>> graph = gnnkit.homogeneous([0, 1, 2], [1, 2, 2], node_features=tf.ones([3, 4]))
    >>> update = gnnkit.models.hgt.HGTGraphUpdate(num_heads=2, per_head_channels=2, receiver_tag=gnnkit.TARGET)
    >>> graph, attention = update(graph, return_attention=True)
    >>> graph.node_sets["nodes"]["hidden_state"].shape, attention["edges"].numpy().tolist()
    (TensorShape([3, 4]), [[1.0, 1.0], [0.5, 0.5], [0.5, 0.5]])
    """

    def __init__(
        self,
        *,
        num_heads: int,
        per_head_channels: int,
        receiver_tag: int,
        use_weighted_skip: bool = True,
        dropout_rate: float = 0.2,
        use_layer_norm: bool = True,
        kernel_initializer: Any = None,
        use_bias: bool = True,
        activation: Any = "gelu",
        feature_name: str = HIDDEN_STATE,
        node_set_names: Collection[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if num_heads < 1 or per_head_channels < 1:
            raise ValueError(
                f"HGTGraphUpdate: num_heads and per_head_channels must be at least 1, but are {num_heads} and "
                f"{per_head_channels}."
            )
        if receiver_tag not in (SOURCE, TARGET):
            raise ValueError(
                f"HGTGraphUpdate: receiver_tag must be gnnkit.SOURCE (0) or gnnkit.TARGET (1), but got {receiver_tag!r}."
            )
        self._num_heads = num_heads
        self._per_head_channels = per_head_channels
        self._receiver_tag = receiver_tag
        self._use_weighted_skip = use_weighted_skip
        self._dropout = keras.layers.Dropout(dropout_rate, dtype=self.dtype_policy)
        self._use_layer_norm = use_layer_norm
        self._kernel_initializer = keras.initializers.get(kernel_initializer or "glorot_uniform")
        self._use_bias = use_bias
        self._activation = keras.activations.get(activation)
        self._feature_name = feature_name
        self._node_set_names = None if node_set_names is None else sorted(node_set_names)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_heads": self._num_heads,
            "per_head_channels": self._per_head_channels,
            "receiver_tag": self._receiver_tag,
            "use_weighted_skip": self._use_weighted_skip,
            "dropout_rate": self._dropout.rate,
            "use_layer_norm": self._use_layer_norm,
            "kernel_initializer": keras.initializers.serialize(self._kernel_initializer),
            "use_bias": self._use_bias,
            "activation": keras.activations.serialize(self._activation),
            "feature_name": self._feature_name,
            "node_set_names": self._node_set_names,
        }

    def build(self, input_shape: Any = None) -> None:
        graph = self.first_graph
        self._incoming = {k: sorted(v) for k, v in sorted(incoming_edge_sets(graph.spec, self._receiver_tag).items())}
        if self._node_set_names is not None and (wrong := sorted({*self._node_set_names} - {*self._incoming})):
            raise ValueError(
                f"HGTGraphUpdate: node_set_names has {wrong[0]!r}, which does not receive from an edge set at "
                f"receiver_tag {self._receiver_tag}. Those that do are {list(self._incoming)}."
            )
        if self._node_set_names is not None:
            self._incoming = {name: self._incoming[name] for name in self._node_set_names}
        if not self._incoming:
            raise ValueError(
                f"HGTGraphUpdate: no node set receives from an edge set at receiver_tag {self._receiver_tag}. The edge "
                f"sets of the graph are {list(graph.edge_sets)}."
            )
        receivers, edge_sets = list(self._incoming), sorted(e for names in self._incoming.values() for e in names)
        senders = sorted({self._sender(graph, e) for e in edge_sets})
        skips = [name for name in receivers if self._use_weighted_skip and self._state(graph, name).shape[-1] != 0]
        self._skips = {name: self.add_weight(name=f"skip_{name}", shape=(), initializer="ones") for name in skips}
        self._priors = {
            name: self.add_weight(name=f"priors_{name}", shape=(self._num_heads,), initializer="ones")
            for name in edge_sets
        }
        self._keys = self._denses("key_node", senders)
        self._messages = self._denses("message_node", senders)
        self._queries = self._denses("query_node", receivers)
        self._aggregates = self._denses("aggr_node", receivers)
        if self._use_layer_norm:
            self._normalizations = {
                name: keras.layers.LayerNormalization(name=f"normalization_{name}", dtype=self.dtype_policy)
                for name in receivers
            }
        self._edge_queries = self._head_maps("attention_edge", edge_sets)
        self._edge_messages = self._head_maps("message_edge", edge_sets)
        super().build(input_shape)

    def _denses(self, kind: str, node_sets: Sequence[str]) -> dict[str, Any]:
        """`[V, F]` to `[V, H * C]`."""
        return {
            name: keras.layers.Dense(
                self._num_heads * self._per_head_channels,
                use_bias=self._use_bias,
                kernel_initializer=clone_initializer(self._kernel_initializer),
                name=f"{kind}_{name}",
                dtype=self.dtype_policy,
            )
            for name in node_sets
        }

    def _head_maps(self, kind: str, edge_sets: Sequence[str]) -> dict[str, Any]:
        """`[V, H, C]` to `[V, H, C]`, with a matrix for each head."""
        return {
            name: keras.layers.EinsumDense(
                "vhc,hcd->vhd",
                output_shape=(self._num_heads, self._per_head_channels),
                kernel_initializer=clone_initializer(self._kernel_initializer),
                name=f"{kind}_{name}",
                dtype=self.dtype_policy,
            )
            for name in edge_sets
        }

    def reads_by_node_set(self) -> dict[str, list[Reads]]:
        """For each updated node set, what its nodes read; see `gnnkit.keras.trim_to_roots`."""

        def reads(edge_set: str) -> Reads:
            return Reads(edge_set_name=edge_set, receiver_tag=self._receiver_tag, separate_receivers=False)

        return {name: [reads(edge_set) for edge_set in edge_sets] for name, edge_sets in self._incoming.items()}

    def call(self, graph: GraphTensor, *, return_attention: bool = False) -> Any:
        senders = {self._sender(graph, name) for names in self._incoming.values() for name in names}
        keys = {name: self._split_heads(self._keys[name](self._state(graph, name))) for name in senders}
        messages = {name: self._split_heads(self._messages[name](self._state(graph, name))) for name in senders}
        attention: dict[str, Any] = {}
        node_sets = {}
        for receiver, edge_sets in self._incoming.items():
            state = self._state(graph, receiver)
            attention |= self._attend(graph, edge_sets, self._split_heads(self._queries[receiver](state)), keys)
            pooled = self._pool(graph, edge_sets, messages, attention)
            result = self._dropout(self._aggregates[receiver](self._activation(pooled)))
            result = self._add_skip(receiver, result, state)
            if self._use_layer_norm:
                result = self._normalizations[receiver](result)
            node_sets[receiver] = {**graph.node_sets[receiver].features, self._feature_name: result}
        for name, coefficients in attention.items():
            log_attention(self, coefficients, edge_set_name=name)
        graph = graph.replace_features(node_sets=node_sets)
        return (graph, attention) if return_attention else graph

    def _attend(self, graph: GraphTensor, edge_sets: list[str], queries: Any, keys: Any) -> dict[str, Any]:
        """Coefficients of one receiving node set: edge set name -> `[E, H]`."""
        scores = []
        for name in edge_sets:
            # The query is transformed, not the key: once a receiver.
            query = self._broadcast(graph, name, self._receiver_tag, self._edge_queries[name](queries))
            key = self._broadcast(graph, name, reverse_tag(self._receiver_tag), keys[self._sender(graph, name)])
            score: Any = _wide(ops.sum(query * key, axis=-1))
            scores.append(score * ops.cast(self._priors[name], score.dtype) * self._per_head_channels**-0.5)
        results = softmax(graph, self._receiver_tag, edge_set_name=edge_sets, feature_value=scores)
        return dict(zip(edge_sets, results, strict=True))

    def _pool(self, graph: GraphTensor, edge_sets: list[str], messages: Any, attention: Any) -> Any:
        """Sums of messages, weighted by attention: `[V, H * C]`."""
        total: Any = 0
        for name in edge_sets:
            values = self._edge_messages[name](messages[self._sender(graph, name)])
            values = self._broadcast(graph, name, reverse_tag(self._receiver_tag), values)
            weighted = _wide(values) * ops.expand_dims(attention[name], -1)
            total += pool_edges_to_node(graph, name, self._receiver_tag, "sum", feature_value=weighted)
        return ops.reshape(ops.cast(total, self.compute_dtype), (-1, self._num_heads * self._per_head_channels))

    def _add_skip(self, node_set: str, result: Any, state: Any) -> Any:
        if state.shape[-1] == 0:
            return result
        if not self._use_weighted_skip:
            return result + state
        weight: Any = ops.sigmoid(ops.cast(self._skips[node_set], result.dtype))
        return result * weight + state * (1 - weight)

    def _split_heads(self, values: Any) -> Any:
        """`[V, H * C]` to `[V, H, C]`."""
        return ops.reshape(values, (-1, self._num_heads, self._per_head_channels))

    def _state(self, graph: GraphTensor, node_set: str) -> Any:
        what = f"Node set {node_set!r}"
        state = self._cast(read_features(graph.node_sets[node_set], self._feature_name, what, "HGTGraphUpdate"))
        width = self._num_heads * self._per_head_channels
        if node_set in self._incoming and state.shape[-1] not in (0, width):
            raise ValueError(
                f"HGTGraphUpdate: the state {self._feature_name!r} of node set {node_set!r} is {state.shape[-1]} wide, but "
                f"is added to a new one of width num_heads * per_head_channels = {width}. Make the two agree, say with "
                "gnnkit.keras.layers.MapFeatures before the first update."
            )
        return state

    def _sender(self, graph: GraphTensor, edge_set: str) -> str:
        return graph.edge_sets[edge_set].adjacency.node_set_name(reverse_tag(self._receiver_tag))

    def _broadcast(self, graph: GraphTensor, edge_set: str, tag: int, values: Any) -> Any:
        return broadcast_node_to_edges(graph, edge_set, tag, feature_value=values)


def _wide(values: Any) -> Any:
    """At least float32: exponentials and sums over many senders are beyond half precision."""
    return ops.cast(values, keras.backend.result_type(values.dtype, "float32"))


graph_update_get_config_dict, graph_update_from_config_dict = config_dict_functions(HGTGraphUpdate)
