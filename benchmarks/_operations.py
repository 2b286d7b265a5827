"""The operations on graphs that benchmarks time, written once for both libraries."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

Op = Callable[[Any, Any], Any]  # (library, graph) -> result


def make_graph(library: Any, *, nodes: int, edges: int, width: int, components: int = 1) -> Any:
    """Node set `a`, edge sets `e` and `f` within it, components of equal size, a feature `x` everywhere, a readout."""
    rng = np.random.default_rng(0)

    def features(rows: int) -> dict[str, Any]:
        return {"x": tf.constant(rng.standard_normal((rows, width)), tf.float32)}

    def edge_set() -> Any:
        starts = np.repeat(np.arange(components) * (nodes // components), edges // components)
        source, target = (tf.constant(starts + rng.integers(nodes // components, size=edges), tf.int32) for _ in "st")
        return library.EdgeSet.from_fields(
            sizes=tf.fill([components], edges // components),
            features=features(edges),
            adjacency=library.Adjacency.from_indices(("a", source), ("a", target)),
        )

    node_set = library.NodeSet.from_fields(sizes=tf.fill([components], nodes // components), features=features(nodes))
    context = library.Context.from_fields(features=features(components))
    graph = library.GraphTensor.from_pieces(context, {"a": node_set}, {"e": edge_set(), "f": edge_set()})
    return library.add_readout_from_first_node(graph, "seed", node_set_name="a")


def make_again(library: Any, graph: Any) -> Any:
    """The nodes and the edge set `e` of `graph`, put together from their tensors."""
    nodes, edges = graph.node_sets["a"], graph.edge_sets["e"]
    adjacency = library.Adjacency.from_indices(("a", edges.adjacency.source), ("a", edges.adjacency.target))
    return library.GraphTensor.from_pieces(
        node_sets={"a": library.NodeSet.from_fields(sizes=nodes.sizes, features={"x": nodes["x"]})},
        edge_sets={
            "e": library.EdgeSet.from_fields(sizes=edges.sizes, features={"x": edges["x"]}, adjacency=adjacency)
        },
    )


def replace_features(library: Any, graph: Any) -> Any:
    del library
    return graph.replace_features(node_sets={"a": {"x": graph.node_sets["a"]["x"]}})


def pool_edges(kind: str) -> Op:
    return lambda lib, graph: lib.pool_edges_to_node(graph, "e", lib.TARGET, kind, feature_name="x")


REDUCE_TYPES = ("sum", "mean", "max", "min", "prod", "max_no_inf", "min_no_inf", "mean|max|sum")
OPERATIONS: dict[str, Op] = {
    **{f"pool_edges_to_node {kind}": pool_edges(kind) for kind in REDUCE_TYPES},
    "pool mean, 2 edge sets": lambda lib, graph: lib.pool(
        graph, lib.TARGET, edge_set_name=["e", "f"], reduce_type="mean", feature_name="x"
    ),
    "pool_nodes_to_context sum": lambda lib, graph: lib.pool_nodes_to_context(graph, "a", "sum", feature_name="x"),
    "pool_edges_to_context mean": lambda lib, graph: lib.pool_edges_to_context(graph, "e", "mean", feature_name="x"),
    "pool_neighbors_to_node mean": lambda lib, graph: lib.pool_neighbors_to_node(
        graph, "e", lib.TARGET, reduce_type="mean", feature_name="x"
    ),
    "softmax": lambda lib, graph: lib.softmax(graph, lib.TARGET, edge_set_name="e", feature_name="x"),
    "softmax, 2 edge sets": lambda lib, graph: lib.softmax(
        graph, lib.TARGET, edge_set_name=["e", "f"], feature_name="x"
    ),
    "softmax per component": lambda lib, graph: lib.softmax(graph, lib.CONTEXT, node_set_name="a", feature_name="x"),
    "broadcast_node_to_edges": lambda lib, graph: lib.broadcast_node_to_edges(graph, "e", lib.SOURCE, feature_name="x"),
    "broadcast_context_to_nodes": lambda lib, graph: lib.broadcast_context_to_nodes(graph, "a", feature_name="x"),
    "broadcast_context_to_edges": lambda lib, graph: lib.broadcast_context_to_edges(graph, "e", feature_name="x"),
    "node_degree": lambda lib, graph: lib.node_degree(graph, "e", lib.TARGET),
    "gather_first_node": lambda lib, graph: lib.gather_first_node(graph, "a", feature_name="x"),
    "structured_readout": lambda lib, graph: lib.structured_readout(graph, "seed", feature_name="x"),
}
