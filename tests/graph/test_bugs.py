"""Bugs of TF-GNN's data model, by their numbers in the reference: gnnkit is right."""

import pytest
import tensorflow as tf

import gnnkit


@pytest.fixture
def runtime_checks():
    gnnkit.enable_graph_tensor_validation_at_runtime()
    yield
    gnnkit.disable_graph_tensor_validation_at_runtime()


@pytest.mark.parametrize("source, target, end", [([0], [2], 1), ([0], [-1], 1), ([2], [0], 0), ([-1], [0], 0)])
def test_b1_indices_out_of_range_at_any_end(runtime_checks, source, target, end):
    """TF-GNN checks one end of edges within a node set, and no negative index."""
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=f"Edge set `edges`, endpoint {end}: index outside of node"
    ):
        gnnkit.homogeneous(source, target, node_set_sizes=[2])


def test_b1_checks_can_be_switched_off():
    """TF-GNN asks whether a function is true, instead of calling it."""
    assert int(gnnkit.homogeneous([5], [5], node_set_sizes=[2]).edge_sets["edges"].total_size) == 1


def test_b2_numbers_of_components_differ():
    with pytest.raises(ValueError, match=r"node set 'b' has sizes of shape \[1\] \(last: components\), .* has \[2\]"):
        gnnkit.GraphTensor.from_pieces(
            node_sets={"a": gnnkit.NodeSet.from_fields(sizes=[1, 1]), "b": gnnkit.NodeSet.from_fields(sizes=[1])}
        )


def test_b2_sizes_differ_from_rows():
    with pytest.raises(ValueError, match=r"NodeSet: sizes \[3\] add up to 3 items, but the features .* have 2"):
        gnnkit.NodeSet.from_fields(sizes=[3], features={"x": [1.0, 2.0]})
    with pytest.raises(ValueError, match=r"EdgeSet: sizes \[1\] add up to 1 items, but the features or indices have 2"):
        gnnkit.EdgeSet.from_fields(
            sizes=[1], adjacency=gnnkit.Adjacency.from_indices(source=("a", [0, 1]), target=("a", [1, 0]))
        )


def test_b4_constraints_of_several_components():
    graph = gnnkit.homogeneous([0, 3], [1, 2], node_set_sizes=[2, 2], edge_set_sizes=[1, 1])
    assert gnnkit.assert_constraints(graph) is None
    crossing = gnnkit.homogeneous([0, 1], [1, 2], node_set_sizes=[2, 2], edge_set_sizes=[1, 1])
    with pytest.raises(tf.errors.InvalidArgumentError, match="Edge set `edges`, endpoint 0: index leaves the nodes of"):
        gnnkit.assert_constraints(crossing)
