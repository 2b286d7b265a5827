"""assert_constraints: everything that a valid graph must hold."""

import pytest
import tensorflow as tf

import gnnkit


def _graph(source, target, nodes=(2, 1), edges=(1, 1), x=None) -> gnnkit.GraphTensor:
    """Nodes 0 and 1 are in the first component, node 2 is in the second."""
    return gnnkit.homogeneous(
        tf.constant(source),
        tf.constant(target),
        node_features=None if x is None else {"x": x},
        node_set_sizes=tf.constant(nodes),
        edge_set_sizes=tf.constant(edges),
    )


INT, FLOAT = tf.TensorSpec([None], tf.int32), tf.TensorSpec([None], tf.float32)


@tf.function(input_signature=[INT, INT, INT, INT, FLOAT])
def _assert_in_function(source, target, nodes, edges, x):
    graph = gnnkit.homogeneous(source, target, node_features={"x": x}, node_set_sizes=nodes, edge_set_sizes=edges)
    with tf.control_dependencies([gnnkit.assert_constraints(graph)]):
        return tf.size(source)


def _assert_eagerly(source, target, nodes, edges, x):
    gnnkit.disable_graph_tensor_validation()  # Or the graph could not be made.
    try:
        graph = _graph(source, target, nodes, edges, tf.constant(x, tf.float32))
    finally:
        gnnkit.enable_graph_tensor_validation()
    assert gnnkit.assert_constraints(graph) is None


GOOD = {"source": [0, 2], "target": [1, 2], "nodes": [2, 1], "edges": [1, 1], "x": [1.0, 2.0, 3.0]}
BAD = {
    "source beyond its node set": ({"source": [0, 3]}, "Edge set `edges`, endpoint 0: index leaves the nodes of its"),
    "target beyond its node set": ({"target": [0, 3]}, "Edge set `edges`, endpoint 1: index leaves the nodes of its"),
    "negative source": ({"source": [-1, 2]}, "endpoint 0: index leaves the nodes of its component in `nodes`"),
    "negative target": ({"target": [-1, 2]}, "endpoint 1: index leaves the nodes of its component in `nodes`"),
    "source in the next component": ({"source": [2, 2]}, "endpoint 0: index leaves the nodes"),
    "target in the component before": ({"target": [0, 1]}, "endpoint 1: index leaves the nodes"),
    "component without nodes": ({"nodes": [3, 0]}, "endpoint 0: index leaves the nodes"),
    "number of edges": ({"edges": [1, 2]}, "Edge set `edges`: number of items of `endpoint 0` differs from the sum"),
    "number of nodes": ({"nodes": [2, 2]}, "Node set `nodes`: number of items of `x` differs from the sum of sizes"),
    "negative size": ({"nodes": [4, -1]}, "Node set `nodes`: a size is negative"),
    "number of components": ({"edges": [1, 1, 0]}, "Edge set `edges`: its number of components differs"),
}


@pytest.mark.parametrize("check", [_assert_eagerly, _assert_in_function], ids=["eager", "function"])
def test_good(check):
    check(*GOOD.values())
    check([], [], [2, 1], [0, 0], GOOD["x"])


@pytest.mark.parametrize("check", [_assert_eagerly, _assert_in_function], ids=["eager", "function"])
@pytest.mark.parametrize("case", BAD)
def test_bad(check, case):
    changes, message = BAD[case]
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        check(*{**GOOD, **changes}.values())


def test_hyperedges_and_ragged_features():
    def graph(last):
        index = {0: ("a", [0, 1]), 4: ("b", [0, last])}
        return gnnkit.GraphTensor.from_pieces(
            node_sets={
                "a": gnnkit.NodeSet.from_fields(sizes=[1, 1], features={"r": tf.ragged.constant([[1], []])}),
                "b": gnnkit.NodeSet.from_fields(sizes=[1, 2]),
            },
            edge_sets={
                "h": gnnkit.EdgeSet.from_fields(sizes=[1, 1], adjacency=gnnkit.HyperAdjacency.from_indices(index))
            },
        )

    gnnkit.assert_constraints(graph(2))
    with pytest.raises(tf.errors.InvalidArgumentError, match="Edge set `h`, endpoint 4: index leaves .* in `b`"):
        gnnkit.assert_constraints(graph(0))


def test_batches_are_refused():
    batch = next(iter(tf.data.Dataset.from_tensors(_graph([0, 2], [1, 2])).batch(1)))
    with pytest.raises(ValueError, match="assert_constraints needs a scalar GraphTensor.*merge_batch_to_components"):
        gnnkit.assert_constraints(batch)
    gnnkit.assert_constraints(batch.merge_batch_to_components())
