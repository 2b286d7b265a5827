"""GraphTensors to networkx graphs."""

from typing import Any

import numpy as np

from gnnkit.graph import GraphTensor
from gnnkit.interop._graphs import check_values, component_of
from gnnkit.interop._optional import require
from gnnkit.interop._rows import rows_of

TYPE, COMPONENT, LOCAL_ID, NUM_COMPONENTS = "#type", "#component", "#local_id", "#num_components"


def to_networkx(graph: GraphTensor) -> Any:
    """Makes a `networkx.MultiDiGraph` of a GraphTensor, with all its features.

    Nodes are called 0, 1, ... over all node sets, which come in the order of their names. Attributes of nodes are
    `#type` (the node set), `#component`, `#local_id` (the place in the node set) and the features; of edges `#type` (the
    edge set), `#local_id` and the features. Context features are attributes of the graph: their value, or, unless there
    is just one component, one value a component in a list beside `#num_components`.

    Numbers are NumPy scalars, vectors arrays, ragged rows lists or arrays, texts `str` (`bytes` if not UTF-8).

    graph: scalar, with values.

    ValueError: a batch, a symbolic graph, or hyperedges. ImportError: networkx is not installed.

    >>> import gnnkit
    >>> graph = gnnkit.homogeneous([0, 1], [1, 2], node_features={"age": [30, 40, 50]}, edge_features={"w": [0.5, 1.0]})
    >>> nx_graph = gnnkit.interop.to_networkx(graph)
    >>> nx_graph.nodes[2]["age"], nx_graph.edges[0, 1, 0]["w"], nx_graph.nodes[2]["#type"]
    (np.int32(50), np.float32(0.5), 'nodes')
    """
    nx = require("networkx")
    check_values(graph, "to_networkx()")
    result = nx.MultiDiGraph()
    context = {name: rows_of(field) for name, field in graph.context.features.items()}
    components = int(graph.total_num_components)
    if components == 1:
        result.graph.update({name: values[0] for name, values in context.items()})
    else:
        result.graph.update({**context, NUM_COMPONENTS: components})
    first = first_ids(graph)
    for name, node_set in graph.node_sets.items():
        placed = {COMPONENT: component_of(node_set).tolist()}
        result.add_nodes_from(enumerate(_attributes(name, node_set, placed), first[name]))
    for name, edge_set in graph.edge_sets.items():
        source, target = global_ends(edge_set, first)
        result.add_edges_from(zip(source, target, _attributes(name, edge_set, {}), strict=True))
    return result


def first_ids(graph: GraphTensor) -> dict[str, int]:
    """Node set -> the number of its first node, where nodes are counted over all node sets."""
    first, count = {}, 0
    for name, node_set in graph.node_sets.items():
        first[name] = count
        count += int(node_set.total_size)
    return first


def global_ends(edge_set: Any, first: dict[str, int]) -> tuple[list[int], list[int]]:
    """Sources and targets of the edges, counted over all node sets."""
    adjacency = edge_set.adjacency
    source = np.asarray(adjacency.source) + first[adjacency.source_name]
    target = np.asarray(adjacency.target) + first[adjacency.target_name]
    return source.tolist(), target.tolist()


def _attributes(name: str, piece: Any, placed: dict[str, list[int]]) -> list[dict[str, Any]]:
    """One dictionary an item."""
    count = int(piece.total_size)
    columns = {feature: rows_of(field) for feature, field in piece.features.items()}
    columns |= {TYPE: [name] * count, **placed, LOCAL_ID: list(range(count))}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
