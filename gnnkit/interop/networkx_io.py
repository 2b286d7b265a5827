"""The names of TF-GNN's `converters.networkx_io`: the structure of a graph, without features.

`gnnkit.interop.to_networkx` and `from_networkx` keep everything.
"""

from typing import Any

from gnnkit._names import ID_NAME
from gnnkit.graph import GraphTensor
from gnnkit.interop._graphs import check_values
from gnnkit.interop._optional import require
from gnnkit.interop._rows import rows_of
from gnnkit.interop._to_networkx import first_ids, global_ends


def to_edge_list(tf_gnn_graph: GraphTensor) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Lists all nodes and edges, of all components.

    Returns nodes, with `#global_id` (counted over all node sets), `#local_id` (in its node set), `#id` (the feature
    `#id` as text, else the local id as text) and `#type` (the node set); and edges, with `source` and `target` (global
    ids), `#src_id`, `#target_id`, `#src_type`, `#target_type` and `#type` (the edge set).

    ValueError: a batch, a symbolic graph, or hyperedges.

    >>> import gnnkit
    >>> nodes, edges = gnnkit.interop.to_edge_list(gnnkit.interop.triple_to_graphtensor([("ann", "knows", "bob")]))
    >>> [node["#id"] for node in nodes], edges[0]["#target_id"]
    (['ann', 'bob'], 'bob')
    """
    check_values(tf_gnn_graph, "to_edge_list()")
    first = first_ids(tf_gnn_graph)
    nodes, edges = [], []
    for name, node_set in tf_gnn_graph.node_sets.items():
        ids = rows_of(node_set[ID_NAME]) if ID_NAME in node_set.features else range(int(node_set.total_size))
        nodes += [
            {"#global_id": first[name] + i, "#local_id": i, "#id": str(node_id), "#type": name}
            for i, node_id in enumerate(ids)
        ]
    for name, edge_set in tf_gnn_graph.edge_sets.items():
        for source, target in zip(*global_ends(edge_set, first), strict=True):
            edge = {"source": source, "target": target}
            edge |= {"#src_id": nodes[source]["#id"], "#target_id": nodes[target]["#id"]}
            edge |= {"#src_type": nodes[source]["#type"], "#target_type": nodes[target]["#type"], "#type": name}
            edges.append(edge)
    return nodes, edges


def to_networkx_graph(tf_gnn_graph: GraphTensor) -> Any:
    """Makes a `networkx.MultiDiGraph` of nodes 0, 1, ... with the attributes `#type`, `#id` and `#local_id`.

    Their meaning, and errors: see `to_edge_list`. ImportError: networkx is not installed.
    """
    result = require("networkx").MultiDiGraph()
    nodes, edges = to_edge_list(tf_gnn_graph)
    result.add_nodes_from((node["#global_id"], {k: node[k] for k in ("#type", "#id", "#local_id")}) for node in nodes)
    result.add_edges_from((edge["source"], edge["target"]) for edge in edges)
    return result
