"""GCN against its formula with dense matrices. The laws of all layers are in tests/keras, parity in tests/parity."""

import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.models.gcn import GCNConv, GCNHomGraphUpdate
from gnnkit.testing import random_graph

SETS = {"node_sets": {"paper": 4}, "edge_sets": {"cites": ("paper", "paper", 2)}}


def propagated(graph, states, receiver_tag, self_loops, normalization, weights):
    """C_receiver (A [+ I]) C_sender H, with A[v, u] the weight of edges from u to v."""
    adjacency = graph.edge_sets["cites"].adjacency
    receivers, senders = adjacency[receiver_tag].numpy(), adjacency[1 - receiver_tag].numpy()
    matrix = np.zeros([len(states)] * 2)
    np.add.at(matrix, (receivers, senders), weights)
    received, sent = matrix.sum(1), matrix.sum(0)
    received, sent = (d + 1 if self_loops else np.maximum(d, 1) for d in (received, sent))
    left, right = {
        "none": (1, 1),
        "in": (1 / received, 1),
        "out": (1, 1 / sent),
        "in_out": (received**-0.5, sent**-0.5),
        "in_in": (received**-0.5, received**-0.5),
    }[normalization]
    matrix = matrix + (np.eye(len(states)) if self_loops else 0)
    return (np.ones(len(states)) * left)[:, None] * (matrix @ ((np.ones(len(states)) * right)[:, None] * states))


@pytest.mark.parametrize("normalization", ["none", "in", "out", "in_out", "in_in"])
@pytest.mark.parametrize("self_loops", [False, True])
@pytest.mark.parametrize("receiver_tag", [gnnkit.SOURCE, gnnkit.TARGET])
def test_formula(normalization, self_loops, receiver_tag):
    graph = random_graph(2, **SETS)
    edges, states = graph.edge_sets["cites"], graph.node_sets["paper"]["hidden_state"].numpy()
    weights = np.abs(edges["hidden_state"].numpy()[:, 0])
    graph = graph.replace_features(edge_sets={"cites": {"weight": weights}})
    for name, value in ((None, np.ones_like(weights)), ("weight", weights)):
        conv = GCNConv(
            3,
            receiver_tag=receiver_tag,
            add_self_loops=self_loops,
            degree_normalization=normalization,
            edge_weight_feature_name=name,
        )
        got = conv(graph, edge_set_name="cites")
        kernel, bias = (w.numpy() for w in conv.weights)
        want = propagated(graph, states, receiver_tag, self_loops, normalization, value)
        np.testing.assert_allclose(got, np.maximum(want @ kernel + bias, 0), 1e-4, 1e-5)
        only_propagated = GCNConv(
            None,
            receiver_tag=receiver_tag,
            add_self_loops=self_loops,
            degree_normalization=normalization,
            edge_weight_feature_name=name,
        )
        np.testing.assert_allclose(only_propagated(graph, edge_set_name="cites"), want, 1e-4, 1e-5)


def test_degrees_beyond_the_range_of_half_precision():
    """5,000 edges into one node: float16 would count 2,048."""
    num = 5000
    source, target = np.arange(1, num + 1), np.zeros(num, np.int64)
    states = tf.ones([num + 1, 2], tf.float16)
    graph = gnnkit.homogeneous(source, target, node_features=states)
    conv = GCNConv(None, degree_normalization="in", dtype="float16")
    pooled = conv(graph, edge_set_name="edges")
    ones = GCNConv(None, degree_normalization="in", dtype="float32")(graph, edge_set_name="edges")
    assert float(ones[0, 0]) == 1.0
    assert pooled.dtype == tf.float16


def test_auxiliary_sets_do_not_count():
    graph = random_graph(1, min_nodes=1, **SETS)
    graph = gnnkit.add_readout_from_first_node(graph, "seed", node_set_name="paper")
    got = GCNHomGraphUpdate(units=3)(graph)
    assert got.node_sets["paper"]["hidden_state"].shape[1] == 3
    assert "_readout/seed" in got.edge_sets


def test_names():
    update = GCNHomGraphUpdate(units=3)
    assert update.name == "gcn"
    assert GCNHomGraphUpdate(units=3, name="other").name == "other"
