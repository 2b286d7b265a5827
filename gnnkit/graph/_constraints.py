"""The check of everything that a valid graph must hold, as one operation."""

from typing import Any

import tensorflow as tf

from gnnkit.graph import _checks, _field
from gnnkit.graph._graph_tensor import GraphTensor
from gnnkit.graph._queries import check_scalar_graph_tensor
from gnnkit.graph._runtime import component_asserts


def assert_constraints(graph: GraphTensor) -> Any:
    """Checks the values of a graph: one size a component, as many items as sizes count, edges within their component.

    graph: scalar, with any number of components.

    Returns the operation that checks, for `tf.control_dependencies`; None in eager mode.

    tf.errors.InvalidArgumentError: when run, naming the set, and the feature or endpoint. ValueError: a batch of graphs.

    >>> import gnnkit
    >>> gnnkit.assert_constraints(gnnkit.homogeneous([0, 1], [1, 2], node_set_sizes=[2, 1], edge_set_sizes=[1, 1]))
    Traceback (most recent call last):
    ...
    tensorflow.python.framework.errors_impl.InvalidArgumentError: Edge set `edges`, endpoint 0: index leaves ...
    """
    check_scalar_graph_tensor(graph, "assert_constraints")
    graph = graph._map(_field.to_tf)
    asserts = component_asserts(graph)
    asserts += _piece_asserts("Context", graph.context, {})
    for name, node_set in graph.node_sets.items():
        asserts += _piece_asserts(f"Node set {name!r}", node_set, {})
    for name, edge_set in graph.edge_sets.items():
        ends = edge_set.adjacency.get_indices_dict()
        fields = {f"endpoint {tag}": index for tag, (_, index) in ends.items()}
        asserts += _piece_asserts(f"Edge set {name!r}", edge_set, fields)
    with tf.control_dependencies(_in_graph(asserts)):
        for name, edge_set in graph.edge_sets.items():
            for tag, (node_set_name, index) in edge_set.adjacency.get_indices_dict().items():
                what = (
                    f"Edge set {name!r}, endpoint {tag}: index leaves the nodes of its component in {node_set_name!r}"
                )
                asserts += _index_asserts(what, index, edge_set.sizes, graph.node_sets[node_set_name].sizes)
    return tf.group(*_in_graph(asserts))


def _piece_asserts(what: str, piece: Any, fields: dict[str, Any]) -> list[Any]:
    message = _checks.without_quotes(f"{what}: a size is negative")
    negative = tf.debugging.assert_non_negative(piece.sizes, message=message)
    return [negative, *_checks.item_asserts(what, piece.sizes, [*fields.items(), *piece.features.items()])]


def _index_asserts(what: str, index: Any, num_edges: Any, num_nodes: Any) -> list[Any]:
    ends = tf.cumsum(num_nodes)
    message = _checks.without_quotes(what)
    return [
        tf.debugging.assert_greater_equal(index, tf.repeat(ends - num_nodes, num_edges), message=message),
        tf.debugging.assert_less(index, tf.repeat(ends, num_edges), message=message),
    ]


def _in_graph(asserts: list[Any]) -> list[Any]:
    """Eager assertions have run already, and are None."""
    return [a for a in asserts if a is not None]
