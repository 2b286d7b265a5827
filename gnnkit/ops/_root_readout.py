"""A readout node for each component: for predictions about first nodes, or about whole components."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from gnnkit.graph import Adjacency, EdgeSet, GraphTensor, NodeSet, check_scalar_graph_tensor
from gnnkit.graph._checks import without_quotes
from gnnkit.graph._symbolic import graph_function
from gnnkit.ops import _primitives
from gnnkit.ops._first_node import first_node_index
from gnnkit.ops._readout import check_new_feature
from gnnkit.ops._resolve import resolve_value


@graph_function
def add_readout_from_first_node(
    graph: GraphTensor, key: str, *, node_set_name: str, readout_node_set: str = "_readout"
) -> GraphTensor:
    """The graph with a readout of the first node of each component, as edge set `_readout/KEY`.

    graph: a scalar graph.
    readout_node_set: is added, with one node a component, unless it is there already.

    ValueError: an unknown node set, or an edge set `_readout/KEY` that is there already. InvalidArgumentError: a
    component without a node in the set, or a readout node set that does not have one node a component.
    """
    fn = "add_readout_from_first_node"
    check_scalar_graph_tensor(graph, fn)
    if node_set_name not in graph.node_sets:
        raise ValueError(f"{fn}: the graph has no node set {node_set_name!r}; it has {list(graph.node_sets)}.")
    edge_set_name = f"{readout_node_set}/{key}"
    if edge_set_name in graph.edge_sets:
        raise ValueError(f"{fn}: the graph has an edge set {edge_set_name!r} already. Choose another key.")
    sizes = _one_a_component(graph, readout_node_set, fn)
    readout_nodes = _primitives.arange(graph.total_num_components, graph.indices_dtype)
    first_nodes = first_node_index(graph.node_sets[node_set_name], node_set_name)
    adjacency = Adjacency.from_indices((node_set_name, first_nodes), (readout_node_set, readout_nodes))
    node_sets = {
        **graph.node_sets,
        readout_node_set: NodeSet.from_fields(sizes=sizes, features=_features(graph, readout_node_set)),
    }
    edge_sets = {**graph.edge_sets, edge_set_name: EdgeSet.from_fields(sizes=sizes, adjacency=adjacency)}
    return GraphTensor.from_pieces(graph.context, node_sets, edge_sets)


@graph_function
def context_readout_into_feature(
    graph: GraphTensor,
    *,
    feature_name: str,
    new_feature_name: str | None = None,
    remove_input_feature: bool = False,
    overwrite: bool = False,
    readout_node_set: str = "_readout",
) -> GraphTensor:
    """The graph with a feature of the context copied to the readout node set, which has one node a component.

    graph: a scalar graph.
    new_feature_name: its name there; `feature_name` by default.
    remove_input_feature: takes the feature away from the context.
    overwrite: allows replacing a feature of that name; ValueError otherwise.
    readout_node_set: is added, with one node a component, unless it is there already.

    KeyError: missing feature. InvalidArgumentError: a readout node set that does not have one node a component.

    >>> import gnnkit
    >>> graph = gnnkit.homogeneous([0], [1], node_features={"x": [10, 20]}, context_features={"label": [7]})
    >>> graph = gnnkit.experimental.context_readout_into_feature(graph, feature_name="label")
    >>> graph.node_sets["_readout"]["label"].numpy().tolist()
    [7]
    """
    fn = "context_readout_into_feature"
    check_scalar_graph_tensor(graph, fn)
    value = resolve_value(graph.context, "the context", fn, None, feature_name)
    new_name = feature_name if new_feature_name is None else new_feature_name
    features = _features(graph, readout_node_set)
    check_new_feature(new_name, features, readout_node_set, overwrite, fn)
    readout = NodeSet.from_fields(
        sizes=_one_a_component(graph, readout_node_set, fn), features={**features, new_name: value}
    )
    if remove_input_feature:
        graph = graph.remove_features(context=[feature_name])
    return GraphTensor.from_pieces(graph.context, {**graph.node_sets, readout_node_set: readout}, graph.edge_sets)


def _features(graph: GraphTensor, node_set_name: str) -> Mapping[str, Any]:
    return graph.node_sets[node_set_name].features if node_set_name in graph.node_sets else {}


def _one_a_component(graph: GraphTensor, node_set_name: str, fn: str) -> Any:
    """Sizes of 1; checked against those of the node set where there is one, on the TensorFlow backend."""
    ones = graph.context.sizes
    if node_set_name not in graph.node_sets or not _primitives.is_tf(ones):
        return ones
    message = without_quotes(f"{fn}: node set {node_set_name!r} is there already, but not with one node a component")
    check = tf.debugging.assert_equal(graph.node_sets[node_set_name].sizes, ones, message)
    with tf.control_dependencies([] if check is None else [check]):
        return tf.identity(ones)
