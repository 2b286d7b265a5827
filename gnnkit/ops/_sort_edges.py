"""Edges in the order of their receivers."""

from typing import Any

from gnnkit.graph import EdgeSet, GraphTensor
from gnnkit.ops import _primitives, _sorted_segments


def sort_edges(graph: GraphTensor, edge_set_name: str, receiver_tag: int) -> tuple[GraphTensor, Any]:
    """The graph with the edges of one set sorted by receiver, where operations on edges are faster for that.

    Then what goes between receivers and edges need not jump, and the ids of receivers are marked: see `_sorted_segments`.
    The second result says where each edge went: int `[E]`, or None where the graph is the same.
    """
    edge_set = graph.edge_sets[edge_set_name]
    adjacency = edge_set.adjacency
    receivers = adjacency[receiver_tag]
    if not _sorted_segments.can_sort(receivers):
        return graph, None
    num = graph.node_sets[adjacency.node_set_name(receiver_tag)]._num_items()
    segments = _sorted_segments.segments_of(receivers, num)
    order = segments.order
    if order is None:
        return graph, None

    def sort(index: Any) -> Any:
        if index is receivers:
            return _sorted_segments.mark_sorted(segments.sorted_ids, segments.sizes)
        return _sorted_segments.in_order(index, order)

    edges = EdgeSet.from_fields(
        sizes=edge_set.sizes,
        features={name: _primitives.gather(value, order) for name, value in edge_set.features.items()},
        adjacency=adjacency._map(sort),
    )
    edge_sets = {**graph.edge_sets, edge_set_name: edges}
    return GraphTensor.from_pieces(graph.context, graph.node_sets, edge_sets), _primitives.invert_permutation(order)
