"""Broadcasting: node or context values to edges, context values to nodes."""

from typing import Any

from gnnkit._names import CONTEXT
from gnnkit.graph import GraphTensor
from gnnkit.graph._symbolic import graph_function
from gnnkit.ops import _primitives
from gnnkit.ops._resolve import Segments, resolve_segments, resolve_value


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
    segments = resolve_segments(
        graph_tensor, fn, node_tag, edge_set_name=edge_set_name, single=True, allow_context=False
    )
    return _broadcast(segments, fn, feature_value, feature_name)


@graph_function
def broadcast_context_to_nodes(
    graph_tensor: GraphTensor, node_set_name: str, *, feature_value: Any = None, feature_name: str | None = None
) -> Any:
    """The value of each node's component: `[C, ...]` to `[V, ...]`. See `broadcast_node_to_edges`."""
    fn = "broadcast_context_to_nodes"
    segments = resolve_segments(graph_tensor, fn, CONTEXT, node_set_name=node_set_name, single=True)
    return _broadcast(segments, fn, feature_value, feature_name)


@graph_function
def broadcast_context_to_edges(
    graph_tensor: GraphTensor, edge_set_name: str, *, feature_value: Any = None, feature_name: str | None = None
) -> Any:
    """The value of each edge's component: `[C, ...]` to `[E, ...]`. See `broadcast_node_to_edges`."""
    fn = "broadcast_context_to_edges"
    segments = resolve_segments(graph_tensor, fn, CONTEXT, edge_set_name=edge_set_name, single=True)
    return _broadcast(segments, fn, feature_value, feature_name)


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

    edge_set_name or node_set_name: where to; a sequence of names gives a list of results. All edge sets must have the
        same node set at `from_tag`.
    Other arguments and errors: see `broadcast_node_to_edges`.
    """
    segments = resolve_segments(
        graph_tensor, "broadcast", from_tag, edge_set_name=edge_set_name, node_set_name=node_set_name
    )
    return _broadcast(segments, "broadcast", feature_value, feature_name)


def _broadcast(segments: Segments, fn: str, feature_value: Any, feature_name: str | None) -> Any:
    value = resolve_value(segments.at, segments.label, fn, feature_value, feature_name)
    results = [_primitives.gather(value, ids) for ids in segments.ids]
    return results if segments.sets.was_sequence else results[0]
