"""Self loops: an edge from each node to itself."""

from typing import Any

import keras

from gnnkit.graph import EdgeSet, GraphTensor, check_scalar_graph_tensor
from gnnkit.graph._symbolic import graph_function
from gnnkit.ops import _primitives
from gnnkit.ops._append_rows import append_rows
from gnnkit.ops._resolve import components_of, get_edge_set


@graph_function
def add_self_loops(graph: GraphTensor, edge_set_name: str) -> GraphTensor:
    """The graph with one more edge at each node, from the node to itself, whether or not it has such an edge already.

    graph: a scalar graph.
    edge_set_name: edges from a node set to itself.

    The loops of a component come after its other edges. Their features are 0, False or `""`; ragged ones are empty.
    KeyError: unknown edge set. ValueError: edges between different node sets, or a batched graph.

    >>> import gnnkit
    >>> graph = gnnkit.homogeneous([0], [1], node_features={"x": [10, 20]}, edge_features={"w": [0.5]})
    >>> edges = gnnkit.add_self_loops(graph, "edges").edge_sets["edges"]
    >>> edges.adjacency.source.numpy().tolist(), edges.adjacency.target.numpy().tolist(), edges["w"].numpy().tolist()
    ([0, 0, 1], [1, 0, 1], [0.5, 0.0, 0.0])
    """
    fn = "add_self_loops"
    check_scalar_graph_tensor(graph, fn)
    edge_set = get_edge_set(graph, fn, edge_set_name)
    names = sorted({name for name, _ in edge_set.adjacency.get_indices_dict().values()})
    if len(names) > 1:
        raise ValueError(f"{fn}: edge set {edge_set_name!r} must join one node set with itself, but it joins {names}.")
    node_set = graph.node_sets[names[0]]
    num_nodes = node_set.total_size
    nodes = _primitives.arange(num_nodes, graph.indices_dtype)
    order = _loops_after_edges(edge_set, node_set, nodes)

    def with_loops(index: Any) -> Any:
        return _primitives.gather(_primitives.concat([index, nodes]), order)

    features = {
        name: _primitives.gather(append_rows(value, num_nodes), order) for name, value in edge_set.features.items()
    }
    with_them = EdgeSet.from_fields(
        sizes=edge_set.sizes + node_set.sizes, features=features, adjacency=edge_set.adjacency._map(with_loops)
    )
    return GraphTensor.from_pieces(graph.context, graph.node_sets, {**graph.edge_sets, edge_set_name: with_them})


def _loops_after_edges(edge_set: Any, node_set: Any, nodes: Any) -> Any:
    """From edges and then loops to each component's edges and then its loops: int `[E + V]`, where each row was."""
    edges = _primitives.arange(edge_set.total_size, edge_set.indices_dtype)
    loops_up_to, edges_up_to = keras.ops.cumsum(node_set.sizes), keras.ops.cumsum(edge_set.sizes)
    loops_before = _primitives.gather(loops_up_to - node_set.sizes, components_of(edge_set))
    edges_before = _primitives.gather(edges_up_to, components_of(node_set))
    return _primitives.invert_permutation(_primitives.concat([edges + loops_before, edges_before + nodes]))
