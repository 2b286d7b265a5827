"""Softmax and first nodes against plain NumPy."""

import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.testing import random_graph

H = "hidden_state"


def softmax_by_hand(values, ids):
    result = np.zeros_like(values)
    for i in np.unique(ids):
        exp = np.exp(values[ids == i] - values[ids == i].max(0))
        result[ids == i] = exp / exp.sum(0)
    return result


@pytest.mark.parametrize("seed", range(3))
def test_softmax_per_node(run, seed):
    graph = random_graph(seed)
    adjacency = graph.edge_sets["cites"].adjacency
    got = run(lambda g: gnnkit.softmax_edges_per_node(g, "cites", gnnkit.SOURCE, feature_name=H), graph)
    want = softmax_by_hand(graph.edge_sets["cites"][H].numpy(), adjacency.source.numpy())
    np.testing.assert_allclose(got, want, 1e-5, 1e-6)


def test_softmax_of_several_edge_sets_is_shared(run):
    graph = random_graph(1)
    names = ["writes", "cites"]
    got = run(lambda g: gnnkit.softmax(g, gnnkit.TARGET, edge_set_name=names, feature_name=H), graph)
    values = np.concatenate([graph.edge_sets[n][H] for n in names])
    ids = np.concatenate([graph.edge_sets[n].adjacency.target for n in names])
    np.testing.assert_allclose(np.concatenate(got), softmax_by_hand(values, ids), 1e-5, 1e-6)


def test_softmax_per_component(run):
    graph = random_graph(2)
    paper = graph.node_sets["paper"]
    got = run(lambda g: gnnkit.softmax(g, gnnkit.CONTEXT, node_set_name="paper", feature_name=H), graph)
    want = softmax_by_hand(paper[H].numpy(), np.repeat(np.arange(3), paper.sizes))
    np.testing.assert_allclose(got, want, 1e-5, 1e-6)


def test_softmax_of_large_values_and_its_gradient():
    graph = gnnkit.homogeneous([0, 1, 1], [0, 0, 1], node_features={"x": [0, 0]})
    values = tf.constant([1e4, 1e4 + 1, -1e4])
    with tf.GradientTape() as tape:
        tape.watch(values)
        result = gnnkit.softmax(graph, gnnkit.TARGET, edge_set_name="edges", feature_value=values)
        loss = result[0]
    p = 1 / (1 + np.e)
    np.testing.assert_allclose(result, [p, 1 - p, 1], 1e-4)
    np.testing.assert_allclose(tape.gradient(loss, values), [p * (1 - p), -p * (1 - p), 0], 1e-3)


def test_gather_first_node(run):
    graph = random_graph(1, min_nodes=1)
    got = run(lambda g: gnnkit.gather_first_node(g, "paper", feature_name=H), graph)
    sizes = graph.node_sets["paper"].sizes.numpy()
    np.testing.assert_array_equal(got, graph.node_sets["paper"][H].numpy()[np.cumsum(sizes) - sizes])


def test_gather_first_node_of_an_empty_component(run):
    nodes = gnnkit.NodeSet.from_fields(sizes=[1, 0], features={"x": [1.0]})
    graph = gnnkit.GraphTensor.from_pieces(node_sets={"nodes": nodes})
    with pytest.raises(tf.errors.InvalidArgumentError, match="node set .*nodes.* has a component without nodes"):
        run(lambda g: gnnkit.gather_first_node(g, "nodes", feature_name="x"), graph)
