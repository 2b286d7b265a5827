"""Edge sets that lead to a node set."""

from gnnkit.graph import GraphTensor
from gnnkit.graph._missing import MissingError
from gnnkit.ops import reverse_tag


def sender_of(graph: GraphTensor, edge_set_name: str, node_set_name: str, receiver_tag: int, who: str) -> str:
    """The node set that sends along an edge set. ValueError if another one than `node_set_name` receives."""
    if edge_set_name not in graph.edge_sets:
        raise MissingError(f"{who}: the graph has no edge set {edge_set_name!r}; it has {list(graph.edge_sets)}.")
    adjacency = graph.edge_sets[edge_set_name].adjacency
    receiver = adjacency.node_set_name(receiver_tag)
    if receiver != node_set_name:
        raise ValueError(
            f"{who}: edge set {edge_set_name!r} leads to node set {receiver!r} at receiver_tag {receiver_tag}, and not to "
            f"{node_set_name!r}, which is updated. Leave it out of edge_set_names."
        )
    return adjacency.node_set_name(reverse_tag(receiver_tag))
