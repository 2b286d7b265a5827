"""The base of convolutions: who sends, who receives, and how values get from one to the other."""

import abc
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from gnnkit._names import CONTEXT, HIDDEN_STATE, SOURCE, TARGET
from gnnkit.graph import GraphTensor
from gnnkit.graph._missing import MissingError
from gnnkit.keras.layers._graph_layer import GraphLayer
from gnnkit.keras.layers._inputs import FeatureName, read_features
from gnnkit.keras.layers._receptive_field import Reads, ReadsAll, check_local
from gnnkit.ops import broadcast, pool, reverse_tag
from gnnkit.ops._neighbors import pool_without_rows
from gnnkit.ops._sort_edges import sort_edges


class AnyToAnyConvolutionBase(GraphLayer, abc.ABC):
    """Base of layers that compute messages from senders and pool them at receivers.

    A subclass defines `convolve`; the same subclass then works as a convolution from nodes to nodes along an edge set
    (`receiver_tag` `SOURCE` or `TARGET`), and as a pooling of edges or of nodes to the context (`CONTEXT`).

    receiver_tag: who receives: `SOURCE`, `TARGET` or `CONTEXT`; may be given in the call instead.
    receiver_feature: feature of the receiver that messages see, or None.
    sender_node_feature: feature of the node at the other end (or, for nodes to context, of the nodes), or None. Not
        used where edges send to the context.
    sender_edge_feature: feature of the edges, or None.
    extra_receiver_ops: name -> a function like `gnnkit.softmax(graph, per_tag, *, edge_set_name or node_set_name,
        feature_value)`, handed to `convolve` with everything but feature_value filled in.

    Input: a scalar graph and one of `edge_set_name`, `node_set_name`. Output: `[num_receivers, units]`.
    ValueError: no or contradicting receiver_tag, or inputs that the kind of receiver cannot have.
    KeyError: a missing set or feature.

    is_local: a subclass sets this to True if a row of its result depends only on that receiver, its edges and the nodes at
        their other ends, and not, say, on a mean over all nodes: see `gnnkit.keras.trim_to_roots`.
    """

    is_local: bool = False
    # Whether the result does not depend on the order of edges: then `convolve` may get them sorted by receiver.
    _sorts_edges = False

    def __init__(
        self,
        *,
        receiver_tag: Any = None,
        receiver_feature: FeatureName = HIDDEN_STATE,
        sender_node_feature: FeatureName = HIDDEN_STATE,
        sender_edge_feature: FeatureName = None,
        extra_receiver_ops: Mapping[str, Callable[..., Any]] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._receiver_tag = receiver_tag
        self._receiver_feature = receiver_feature
        self._sender_node_feature = sender_node_feature
        self._sender_edge_feature = sender_edge_feature
        self._extra_receiver_ops = dict(extra_receiver_ops or {})
        parameters = inspect.signature(self.convolve).parameters
        self._convolve_takes_training = "training" in parameters or any(
            p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()
        )

    def get_config(self) -> dict[str, Any]:
        # Not extra_receiver_ops: functions, which the subclass passes again.
        return {
            **super().get_config(),
            "receiver_tag": self._receiver_tag,
            "receiver_feature": self._receiver_feature,
            "sender_node_feature": self._sender_node_feature,
            "sender_edge_feature": self._sender_edge_feature,
        }

    @property
    def takes_receiver_input(self) -> bool:
        """Whether `convolve` gets a receiver input."""
        return self._receiver_feature is not None

    @property
    def takes_sender_node_input(self) -> bool:
        """Whether `convolve` gets a sender node input."""
        return self._sender_node_feature is not None

    @property
    def takes_sender_edge_input(self) -> bool:
        """Whether `convolve` gets a sender edge input."""
        return self._sender_edge_feature is not None

    @abc.abstractmethod
    def convolve(
        self,
        *,
        sender_node_input: Any,
        sender_edge_input: Any,
        receiver_input: Any,
        broadcast_from_sender_node: Callable[[Any], Any],
        broadcast_from_receiver: Callable[[Any], Any],
        pool_to_receiver: Callable[..., Any],
        extra_receiver_ops: Mapping[str, Callable[..., Any]] | None = None,
        **kwargs: Any,
    ) -> Any:
        """Computes the convolution.

        sender_node_input: `[V_sender, ...]` or None; sender_edge_input: `[E, ...]` or None.
        receiver_input: `[num_receivers, ...]` or None.
        broadcast_from_sender_node, broadcast_from_receiver: to one row an edge (or node, for nodes to context).
        pool_to_receiver: called with `(values, reduce_type=)`, back to one row a receiver.
        extra_receiver_ops: the functions given to the constructor, called with values.
        kwargs: `training`, where the subclass takes it.

        Returns `[num_receivers, units]`.
        """

    def call(
        self,
        graph: GraphTensor,
        *,
        edge_set_name: str | None = None,
        node_set_name: str | None = None,
        receiver_tag: Any = None,
        training: bool | None = None,
    ) -> Any:
        tag = self._resolve_tag(receiver_tag)
        if (edge_set_name is None) == (node_set_name is None):
            raise ValueError(f"{self._who()}: pass exactly one of edge_set_name and node_set_name.")
        set_args = {"edge_set_name": edge_set_name} if edge_set_name is not None else {"node_set_name": node_set_name}
        if tag == CONTEXT:
            receiver, receiver_what = graph.context, "The context"
            sender_node, edges, sender_what = self._context_senders(graph, edge_set_name, node_set_name)
        else:
            if edge_set_name is None:
                raise ValueError(
                    f"{self._who()}: receiver_tag {tag} needs edge_set_name; node_set_name goes to CONTEXT."
                )
            edges = _get(graph.edge_sets, edge_set_name, "edge set", self._who())
            if self._sorts_edges:
                graph, _ = sort_edges(graph, edge_set_name, tag)
                edges = graph.edge_sets[edge_set_name]
            names = edges.adjacency.node_set_name(tag), edges.adjacency.node_set_name(reverse_tag(tag))
            receiver, receiver_what = graph.node_sets[names[0]], f"Node set {names[0]!r}"
            sender_node, sender_what = graph.node_sets[names[1]], f"Node set {names[1]!r}"

        def extra(fn: Callable[..., Any]) -> Callable[..., Any]:
            return lambda value, **kw: fn(graph, tag, **set_args, feature_value=value, **kw)

        send, pool_to_receiver = _channels(graph, tag, set_args)
        kwargs: dict[str, Any] = {"training": training} if self._convolve_takes_training else {}
        if self._extra_receiver_ops:
            kwargs["extra_receiver_ops"] = {k: extra(fn) for k, fn in self._extra_receiver_ops.items()}
        return self.convolve(
            sender_node_input=self._read(sender_node, self._sender_node_feature, sender_what, "sender_node_feature"),
            sender_edge_input=self._read(
                edges, self._sender_edge_feature, f"Edge set {edge_set_name!r}", "sender_edge_feature"
            ),
            receiver_input=self._read(receiver, self._receiver_feature, receiver_what, "receiver_feature"),
            broadcast_from_sender_node=send,
            broadcast_from_receiver=lambda x: broadcast(graph, tag, **set_args, feature_value=x),
            pool_to_receiver=pool_to_receiver,
            **kwargs,
        )

    def reads(self, edge_set_name: str) -> Reads:
        """What `gnnkit.keras.trim_to_roots` must leave in the graph for a receiver. ReadsAll: maybe everything."""
        check_local(self)
        if self._receiver_tag not in (SOURCE, TARGET):
            raise ReadsAll(f"{self._who()} has receiver_tag {self._receiver_tag!r}")
        return Reads(edge_set_name=edge_set_name, receiver_tag=self._receiver_tag)

    def _context_senders(self, graph: GraphTensor, edge_set_name: Any, node_set_name: Any) -> tuple[Any, Any, str]:
        if node_set_name is not None:
            if self.takes_sender_edge_input:
                raise ValueError(
                    f"{self._who()}: node set {node_set_name!r} sends to the context, where there are no edges, but "
                    f"sender_edge_feature={self._sender_edge_feature!r}. Set sender_edge_feature=None."
                )
            return _get(graph.node_sets, node_set_name, "node set", self._who()), None, f"Node set {node_set_name!r}"
        # No node is the sender then: as in TF-GNN, sender_node_feature (by default hidden_state) is not used.
        if not self.takes_sender_edge_input:
            raise ValueError(
                f"{self._who()}: edge set {edge_set_name!r} sends to the context, but sender_edge_feature is None, so "
                "there is nothing to send. Set sender_edge_feature."
            )
        return None, _get(graph.edge_sets, edge_set_name, "edge set", self._who()), ""

    def _read(self, piece: Any, name: FeatureName, what: str, argument: str) -> Any:
        if name is None or piece is None:
            return None
        return self._cast(read_features(piece, name, what, f"{argument} of {self._who()}"))

    def _resolve_tag(self, tag: Any) -> Any:
        if tag is not None and self._receiver_tag is not None and tag != self._receiver_tag:
            raise ValueError(
                f"{self._who()} was made with receiver_tag={self._receiver_tag!r}, but called with {tag!r}. Give it once."
            )
        tag = self._receiver_tag if tag is None else tag
        if tag is None or isinstance(tag, bool) or tag not in (SOURCE, TARGET, CONTEXT):
            raise ValueError(
                f"{self._who()}: receiver_tag must be gnnkit.SOURCE (0), gnnkit.TARGET (1) or gnnkit.CONTEXT, in the "
                f"constructor or the call, but got {tag!r}."
            )
        return tag

    def _who(self) -> str:
        return f"{type(self).__name__} {self.name!r}"


def _channels(
    graph: GraphTensor, tag: Any, set_args: Mapping[str, Any]
) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """`broadcast_from_sender_node` and `pool_to_receiver` of `convolve`.

    What was broadcast, and is pooled as it is, needs no row an edge where `pool_without_rows` finds a shorter way.
    """
    sent: dict[int, tuple[Any, Any]] = {}  # By id: tensors have no hash. What is kept keeps its id.

    def send(x: Any) -> Any:
        if tag == CONTEXT:
            return x
        rows = broadcast(graph, reverse_tag(tag), **set_args, feature_value=x)
        sent[id(rows)] = rows, x
        return rows

    def pool_to_receiver(x: Any, reduce_type: str, **kwargs: Any) -> Any:
        if id(x) in sent:
            names, states = [set_args["edge_set_name"]], sent[id(x)][1]
            pooled = pool_without_rows(graph, names, tag, reverse_tag(tag), reduce_type, states)
            if pooled is not None:
                return pooled
        return pool(graph, tag, **set_args, reduce_type=reduce_type, feature_value=x, **kwargs)

    return send, pool_to_receiver


def _get(pieces: Any, name: str, kind: str, who: str) -> Any:
    if name not in pieces:
        raise MissingError(f"{who}: the graph has no {kind} {name!r}; it has {list(pieces)}.")
    return pieces[name]
