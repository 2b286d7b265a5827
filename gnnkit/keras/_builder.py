"""ConvGNNBuilder: graph updates made alike for many node sets and edge sets."""

import inspect
from collections.abc import Callable, Iterable
from typing import Any

from gnnkit._names import SOURCE, TARGET
from gnnkit.graph import GraphTensorSpec, get_aux_type_prefix
from gnnkit.keras.layers._graph_update import GraphUpdate
from gnnkit.keras.layers._set_updates import NodeSetUpdate
from gnnkit.ops import reverse_tag


class ConvGNNBuilder:
    """Makes `GraphUpdate`s with the same kind of convolution on every edge set.

    convolutions_factory: `fn(edge_set_name, receiver_tag=)` to a convolution, called once for each edge set.
    nodes_next_state_factory: `fn(node_set_name)` to a next-state layer, called once for each node set.
    receiver_tag: the end of edges that receives: `SOURCE` or `TARGET`.
    node_set_update_factory: instead of `NodeSetUpdate(edge_set_inputs, next_state)`. Without nodes_next_state_factory it
        gets the inputs alone. If it takes one argument more, the name of the node set comes first, as in TF-GNN.
    graph_update_factory: instead of `GraphUpdate(deferred_init_callback=)`.

    ValueError: receiver_tag is neither.

    >>> import gnnkit, keras, tensorflow as tf
    >>> layers = gnnkit.keras.layers
    >>> builder = gnnkit.keras.ConvGNNBuilder(
    ...     lambda edge_set_name, receiver_tag: layers.SimpleConv(keras.layers.Dense(8), receiver_tag=receiver_tag),
    ...     lambda node_set_name: layers.NextStateFromConcat(keras.layers.Dense(16)), receiver_tag=gnnkit.TARGET)
    >>> graph = gnnkit.homogeneous([0, 1], [1, 2], node_features=tf.ones([3, 4]))
    >>> builder.Convolve()(graph).node_sets["nodes"]["hidden_state"].shape
    TensorShape([3, 16])
    """

    def __init__(
        self,
        convolutions_factory: Callable[..., Any],
        nodes_next_state_factory: Callable[[str], Any] | None = None,
        *,
        receiver_tag: int | None = None,
        node_set_update_factory: Callable[..., Any] | None = None,
        graph_update_factory: Callable[..., Any] | None = None,
    ) -> None:
        if receiver_tag not in (SOURCE, TARGET) or isinstance(receiver_tag, bool):
            raise ValueError(
                f"ConvGNNBuilder: receiver_tag must be gnnkit.SOURCE (0) or gnnkit.TARGET (1), but got {receiver_tag!r}."
            )
        self._convolutions_factory = convolutions_factory
        self._nodes_next_state_factory = nodes_next_state_factory
        self._receiver_tag = receiver_tag
        self._node_set_update_factory: Callable[..., Any] = node_set_update_factory or NodeSetUpdate
        self._graph_update_factory = graph_update_factory or GraphUpdate

    def Convolve(self, node_sets: Iterable[str] | None = None, name: str | None = None) -> Any:
        """A new graph update of `node_sets`; by default of all that receive, auxiliary sets aside.

        ValueError (when first called): a node set that is auxiliary or receives from no edge set.
        """
        wanted = None if node_sets is None else list(node_sets)

        def init(spec: GraphTensorSpec) -> dict[str, Any]:
            incoming = incoming_edge_sets(spec, self._receiver_tag)
            for node_set in wanted or ():
                if node_set not in incoming:
                    why = "is auxiliary" if get_aux_type_prefix(node_set) else "receives from no edge set"
                    raise ValueError(
                        f"Convolve: node set {node_set!r} {why} (receiver_tag {self._receiver_tag}); "
                        f"those that receive are {sorted(incoming)}."
                    )
            if not incoming:
                raise ValueError(
                    f"Convolve: no node set receives from an edge set at receiver_tag {self._receiver_tag}. The edge sets "
                    f"of the graph are {list(spec.edge_sets_spec)}."
                )
            return {"node_sets": {n: self._update(n, incoming[n]) for n in sorted(wanted or incoming)}}

        kwargs: dict[str, Any] = {} if name is None else {"name": name}
        return self._graph_update_factory(deferred_init_callback=init, **kwargs)

    def _update(self, node_set: str, edge_sets: list[str]) -> Any:
        convolutions = {e: self._convolutions_factory(e, receiver_tag=self._receiver_tag) for e in edge_sets}
        args = [] if self._nodes_next_state_factory is None else [self._nodes_next_state_factory(node_set)]
        if _takes_one_more(self._node_set_update_factory, 1 + len(args)):
            return self._node_set_update_factory(node_set, convolutions, *args)
        return self._node_set_update_factory(convolutions, *args)


def _takes_one_more(fn: Callable[..., Any], count: int) -> bool:
    """Whether a function needs one argument by position more than `count`."""

    def takes(number: int) -> bool:
        try:
            inspect.signature(fn).bind(*[None] * number)
        except (TypeError, ValueError):
            return False
        return True

    return takes(count + 1) and not takes(count)


def incoming_edge_sets(spec: GraphTensorSpec, receiver_tag: int) -> dict[str, list[str]]:
    """For each node set that receives, the edge sets that it receives from; auxiliary sets and hyperedges aside."""
    incoming: dict[str, list[str]] = {}
    for name, edge_set in spec.edge_sets_spec.items():
        adjacency = edge_set.adjacency_spec
        if get_aux_type_prefix(name) is not None or adjacency.tags != (SOURCE, TARGET):
            continue
        ends = adjacency.node_set_name(receiver_tag), adjacency.node_set_name(reverse_tag(receiver_tag))
        if all(get_aux_type_prefix(end) is None for end in ends):
            incoming.setdefault(ends[0], []).append(name)
    return incoming
