"""What is remembered with ids, eagerly, is right for each question that is asked about them."""

import numpy as np
import tensorflow as tf

import gnnkit
from gnnkit.ops import _known, _primitives

IDS = tf.constant([3, 0, 0, 3, 1, 3])
OTHERS = tf.constant([2, 0])


def test_counts_by_number_and_dtype():
    for _ in range(2):
        assert _primitives.segment_count(IDS, 5, "int32").numpy().tolist() == [2, 1, 0, 3, 0]
        assert _primitives.segment_count(IDS, 4, "float32").numpy().tolist() == [2.0, 1.0, 0.0, 3.0]
    assert _primitives.segment_count(IDS, 4, "float32").dtype == tf.float32
    assert _known.counts(IDS, 3) is None  # Out of range: for TensorFlow's kernels to judge.
    assert _known.counts(IDS.numpy(), 4).tolist() == [2, 1, 0, 3]


def test_not_in_functions():
    answers = []
    tf.function(lambda i: answers.extend([_known.counts(i, 5), _known.counts(IDS, 5)]))(IDS)
    assert answers == [None, None]


def test_means_of_one_set_and_of_several():
    ones = [tf.ones([6, 2]), 4 * tf.ones([2, 2])]
    for _ in range(2):
        alone = _primitives.divide_by_count(tf.fill([4, 2], 6.0), [IDS], 4)
        both = _primitives.divide_by_count(tf.fill([4, 2], 6.0), [IDS, OTHERS], 4)
        assert alone[:, 0].numpy().tolist() == [3, 6, 6, 2] and both[:, 0].numpy().tolist() == [2, 6, 6, 2]
    nodes = gnnkit.NodeSet.from_fields(sizes=[4])
    edge_sets = {
        name: gnnkit.EdgeSet.from_fields(
            sizes=tf.shape(ids), adjacency=gnnkit.Adjacency.from_indices(("a", ids), ("a", ids))
        )
        for name, ids in (("e", IDS), ("f", OTHERS))
    }
    graph = gnnkit.GraphTensor.from_pieces(node_sets={"a": nodes}, edge_sets=edge_sets)
    for kinds in ("mean|max|sum", "sum|mean"):
        got = gnnkit.pool(graph, gnnkit.TARGET, edge_set_name=["e", "f"], reduce_type=kinds, feature_value=ones)
        apart = [
            gnnkit.pool(graph, gnnkit.TARGET, edge_set_name=["e", "f"], reduce_type=kind, feature_value=ones)
            for kind in kinds.split("|")
        ]
        np.testing.assert_array_equal(got, tf.concat(apart, 1))
        np.testing.assert_array_equal(apart[kinds.split("|").index("mean")][:, 0], [2, 1, 4, 1])


def test_masks_follow_the_values():
    for values, want in (
        ([1.0, 2, 3, 4, 5, 6], [3, 5, 0, 6]),
        ([1.0, 2, 3, 4, -np.inf, 6], [3, 0, 0, 6]),
        ([1.0, 2, 3, 4, 5, 6], [3, 5, 0, 6]),
    ):
        nodes = gnnkit.NodeSet.from_fields(sizes=[4])
        ends = gnnkit.Adjacency.from_indices(("a", IDS), ("a", IDS))
        edges = gnnkit.EdgeSet.from_fields(sizes=[6], adjacency=ends)
        graph = gnnkit.GraphTensor.from_pieces(node_sets={"a": nodes}, edge_sets={"e": edges})
        got = gnnkit.pool_edges_to_node(graph, "e", gnnkit.TARGET, "max_no_inf", feature_value=values)
        assert got.numpy().tolist() == want
