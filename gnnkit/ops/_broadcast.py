"""Broadcasting: node or context values to edges, context values to nodes."""

from typing import Any

from gnnkit._names import CONTEXT
from gnnkit.graph import GraphTensor, check_scalar_graph_tensor
from gnnkit.graph._symbolic import graph_function
from gnnkit.ops import _primitives
from gnnkit.ops._resolve import check_tag, get_edge_set, get_node_set, resolve_sets, resolve_value


@graph_function
def broadcast_node_to_edges(
    graph_tensor: GraphTensor,
    edge_set_name: str,
    node_tag: int,
    *,
    feature_value: Any = None,
    feature_name: str | None = None,
) -> Any:
    """The value of each edge's node at the end `node_tag`.

    graph_tensor: a scalar graph.
    edge_set_name: the edges to broadcast to.
    node_tag: `SOURCE`, `TARGET` or another tag of the adjacency.
    feature_value: `[V, ...]`, or feature_name: a feature of the node set. Exactly one.

    Returns `[E, ...]`. KeyError: unknown set or feature. ValueError: a wrong tag, or a batched graph.

    >>> import gnnkit
    >>> graph = gnnkit.homogeneous([0, 0], [1, 2], node_features={"x": [10, 20, 30]})
    >>> gnnkit.broadcast_node_to_edges(graph, "edges", gnnkit.TARGET, feature_name="x").numpy().tolist()
    [20, 30]
    """
    fn = "broadcast_node_to_edges"
    check_scalar_graph_tensor(graph_tensor, fn)
    check_tag(node_tag, fn, allow_context=False)
    adjacency = get_edge_set(graph_tensor, fn, edge_set_name).adjacency
    node_set_name = adjacency.node_set_name(node_tag)
    node_set = get_node_set(graph_tensor, fn, node_set_name)
    value = resolve_value(node_set, f"node set {node_set_name!r}", fn, feature_value, feature_name)
    return _primitives.gather(value, adjacency[node_tag])


@graph_function
def broadcast_context_to_nodes(
    graph_tensor: GraphTensor, node_set_name: str, *, feature_value: Any = None, feature_name: str | None = None
) -> Any:
    """The value of each node's component: `[C, ...]` to `[V, ...]`. See `broadcast_node_to_edges`."""
    fn = "broadcast_context_to_nodes"
    check_scalar_graph_tensor(graph_tensor, fn)
    return _from_context(graph_tensor, get_node_set(graph_tensor, fn, node_set_name), fn, feature_value, feature_name)


@graph_function
def broadcast_context_to_edges(
    graph_tensor: GraphTensor, edge_set_name: str, *, feature_value: Any = None, feature_name: str | None = None
) -> Any:
    """The value of each edge's component: `[C, ...]` to `[E, ...]`. See `broadcast_node_to_edges`."""
    fn = "broadcast_context_to_edges"
    check_scalar_graph_tensor(graph_tensor, fn)
    return _from_context(graph_tensor, get_edge_set(graph_tensor, fn, edge_set_name), fn, feature_value, feature_name)


def _from_context(graph_tensor: GraphTensor, piece: Any, fn: str, feature_value: Any, feature_name: str | None) -> Any:
    value = resolve_value(graph_tensor.context, "the context", fn, feature_value, feature_name)
    return _primitives.repeat(value, piece.sizes, piece.total_size)


@graph_function
def broadcast(
    graph_tensor: GraphTensor,
    from_tag: Any,
    *,
    edge_set_name: Any = None,
    node_set_name: Any = None,
    feature_value: Any = None,
    feature_name: str | None = None,
) -> Any:
    """Broadcasts from nodes (`SOURCE`, `TARGET`) to edges, or from the context to nodes or edges.

    edge_set_name or node_set_name: where to; a sequence of names gives a list of results.
    Other arguments and errors: see `broadcast_node_to_edges`.
    """
    fn = "broadcast"
    check_tag(from_tag, fn)
    sets = resolve_sets(graph_tensor, fn, edge_set_name, node_set_name)
    if from_tag != CONTEXT and not sets.are_edges:
        raise ValueError(f"{fn}: from tag {from_tag!r} goes to edges only; pass edge_set_name, or from_tag=CONTEXT.")
    results = []
    for name, piece in zip(sets.names, sets.pieces, strict=True):
        if from_tag == CONTEXT:
            results.append(_from_context(graph_tensor, piece, fn, feature_value, feature_name))
        else:
            results.append(
                broadcast_node_to_edges(
                    graph_tensor, name, from_tag, feature_value=feature_value, feature_name=feature_name
                )  # type: ignore[arg-type]
            )
    return results if sets.was_sequence else results[0]
