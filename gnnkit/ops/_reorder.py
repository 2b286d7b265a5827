"""The same graph with its nodes in another order."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from gnnkit.graph import EdgeSet, GraphTensor, NodeSet, _field, check_scalar_graph_tensor
from gnnkit.graph._checks import without_quotes
from gnnkit.graph._symbolic import graph_function
from gnnkit.ops import _primitives
from gnnkit.ops._checks import check_vector
from gnnkit.ops._resolve import components_of


@graph_function
def reorder_nodes(graph_tensor: GraphTensor, node_indices: Mapping[str, Any], *, validate: bool = True) -> GraphTensor:
    """The graph with the nodes of some node sets in another order, and edges that join the same nodes as before.

    graph_tensor: a scalar graph.
    node_indices: node set name -> int `[V]`; entry i is the old position of the node that is put at position i.
        A permutation that leaves each node in its component.
    validate: checks that (InvalidArgumentError) when run, on the TensorFlow backend.

    ValueError: an unknown node set, positions of no integer type, or a batched graph.

    >>> import gnnkit
    >>> graph = gnnkit.homogeneous([0], [2], node_features={"x": [10, 20, 30]})
    >>> graph = gnnkit.reorder_nodes(graph, {"nodes": [2, 0, 1]})
    >>> graph.node_sets["nodes"]["x"].numpy().tolist()
    [30, 10, 20]
    >>> adjacency = graph.edge_sets["edges"].adjacency
    >>> adjacency.source.numpy().tolist(), adjacency.target.numpy().tolist()
    ([1], [0])
    """
    fn = "reorder_nodes"
    check_scalar_graph_tensor(graph_tensor, fn)
    node_sets: dict[str, NodeSet] = dict(graph_tensor.node_sets)
    new_position = {}
    for name, order in node_indices.items():
        if name not in node_sets:
            raise ValueError(f"{fn}: the graph has no node set {name!r}; it has {list(node_sets)}.")
        what = f"{fn}: node_indices[{name!r}]"
        order = _field.as_index(order, what)
        if _field.dtype_of(order) not in (tf.int32, tf.int64):
            raise ValueError(f"{what} must be int32 or int64, but is {_field.dtype_of(order).name}.")
        node_set = node_sets[name]
        if validate:
            order = _check_order(check_vector(order, node_set.total_size, what), node_set, what)
        new_position[name] = _field.cast(_primitives.invert_permutation(order), graph_tensor.indices_dtype)
        node_sets[name] = node_set.replace_features(
            {feature: _primitives.gather(value, order) for feature, value in node_set.features.items()}
        )
    edge_sets = {name: _relabel(edge_set, new_position) for name, edge_set in graph_tensor.edge_sets.items()}
    return GraphTensor.from_pieces(graph_tensor.context, node_sets, edge_sets)


def _check_order(order: Any, node_set: Any, what: str) -> Any:
    if not _primitives.is_tf(order):
        return order
    what, components = without_quotes(what), components_of(node_set)

    def require(got: Any, want: Any, message: str) -> Any:
        check = tf.debugging.assert_equal(got, want, f"{what} must {message}")
        with tf.control_dependencies([] if check is None else [check]):
            return tf.identity(order)

    num, ones = tf.size(order, order.dtype), tf.ones_like(order)
    order = require(
        tf.reduce_all((order >= 0) & (order < num)), True, "be a permutation of 0, 1, ... number of nodes - 1"
    )
    order = require(tf.math.unsorted_segment_sum(ones, order, num), ones, "be a permutation: each node once")
    return require(tf.gather(components, order), components, "leave each node in its component")


def _relabel(edge_set: EdgeSet, new_position: Mapping[str, Any]) -> EdgeSet:
    adjacency = edge_set.adjacency
    ends = adjacency.get_indices_dict().values()
    if not any(name in new_position for name, _ in ends):
        return edge_set
    fields = [_primitives.gather(new_position[name], index) if name in new_position else index for name, index in ends]
    return EdgeSet.from_fields(
        sizes=edge_set.sizes,
        features=edge_set.features,
        adjacency=adjacency._from_fields(adjacency._structure(), fields),
    )
