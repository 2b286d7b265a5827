"""Checks of values between the pieces of a graph: numbers of components, indices of all tags."""

from typing import Any

import tensorflow as tf

from gnnkit.graph import _checks


def with_runtime_checks(graph: Any) -> Any:
    """The same graph, whose numbers of components and indices are checked when it is computed.

    Scalar graphs and batches of rank 1; symbolic Keras graphs and arrays are left alone.
    """
    if graph.rank > 1 or not isinstance(graph.context.sizes, tf.Tensor | tf.RaggedTensor):
        return graph
    component_asserts(graph)
    result = graph._map(lambda field: field)
    for name, edge_set in graph._edge_sets.items():
        for tag, (node_set_name, index) in edge_set.adjacency.get_indices_dict().items():
            result._edge_sets[name]._adjacency._by_tag[tag] = _checks.check_indices_runtime(
                f"Edge set {name!r}, endpoint {tag}",
                index,
                _limit(graph._node_sets[node_set_name], index),
                node_set_name,
            )
    return result


def component_asserts(graph: Any) -> list[Any]:
    """Asserts that all sets have as many components as the context."""
    return [
        tf.debugging.assert_equal(
            tf.cast(piece.num_components, tf.int64),
            tf.cast(graph.num_components, tf.int64),
            message=_checks.without_quotes(
                f"{kind} {name!r}: its number of components differs from that of the context"
            ),
        )
        for kind, pieces in (("Node set", graph._node_sets), ("Edge set", graph._edge_sets))
        for name, piece in pieces.items()
    ]


def _limit(node_set: Any, index: Any) -> Any:
    """The number of nodes that each index may point at, in a shape that goes with the flat values of `index`."""
    if node_set.rank == 0:
        return node_set.total_size
    per_graph = tf.reduce_sum(node_set.sizes, axis=1)
    if isinstance(index, tf.RaggedTensor):
        return tf.gather(per_graph, index.value_rowids())
    return per_graph[:, tf.newaxis]
