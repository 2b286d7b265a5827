"""Bugs of TF-GNN's operations, by their numbers in the reference: gnnkit is right."""

import numpy as np
import pytest
import tensorflow as tf

import gnnkit

LOWEST, HIGHEST = np.finfo(np.float32).min, np.finfo(np.float32).max
GRAPH = gnnkit.homogeneous([0, 1], [0, 0], node_set_sizes=[3], edge_features={"w": [[2.0], [3.0]]})


def test_b7_unknown_reduce_type():
    """TF-GNN's KeyError says no more than 'median'."""
    with pytest.raises(
        KeyError, match=r"Unknown reduce_type 'median'. Known: max, max_no_inf, mean, min, min_no_inf, sum"
    ):
        gnnkit.pool_edges_to_node(GRAPH, "edges", gnnkit.TARGET, "median", feature_name="w")


@pytest.mark.parametrize(
    "reduce_type, result, of_nothing",
    [
        ("sum", 5, 0), ("mean", 2.5, 0), ("prod", 6, 1), ("max", 3, LOWEST), ("min", 2, HIGHEST),
        ("max_no_inf", 3, 0), ("min_no_inf", 2, 0),
    ],
)  # fmt: skip
def test_b7_empty_segments(reduce_type, result, of_nothing):
    """As the docstring says; that of TF-GNN promises infinities."""
    pooled = gnnkit.pool_edges_to_node(GRAPH, "edges", gnnkit.TARGET, reduce_type, feature_name="w")
    np.testing.assert_array_equal(pooled, np.array([[result], [of_nothing], [of_nothing]], np.float32))


def test_b7_mean_of_integers():
    graph = GRAPH.replace_features(edge_sets={"edges": {"w": tf.constant([1, 2])}})
    pooled = gnnkit.pool_edges_to_node(graph, "edges", gnnkit.TARGET, "mean", feature_name="w")
    assert pooled.dtype == tf.float64 and pooled.numpy().tolist() == [1.5, 0, 0]
