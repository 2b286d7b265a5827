"""APPNP against its formula with dense matrices. The laws of all layers are in tests/keras."""

import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.models.appnp import APPNPConv, APPNPHomGraphUpdate
from gnnkit.testing import random_graph

H = "hidden_state"


def weighted_graph(seed=2):
    graph = random_graph(seed, node_sets={"paper": 4}, edge_sets={"cites": ("paper", "paper", 2)})
    edges = graph.edge_sets["cites"]
    return graph.replace_features(edge_sets={"cites": {"weight": tf.abs(edges[H][:, 0])}})


@pytest.mark.parametrize("weight", [None, "weight"])
@pytest.mark.parametrize("self_loops", [False, True])
@pytest.mark.parametrize("receiver_tag", [gnnkit.SOURCE, gnnkit.TARGET])
def test_formula(receiver_tag, self_loops, weight):
    graph = weighted_graph()
    edges, states = graph.edge_sets["cites"], graph.node_sets["paper"][H].numpy()
    conv = APPNPConv(
        num_steps=3,
        teleport_probability=0.2,
        receiver_tag=receiver_tag,
        add_self_loops=self_loops,
        edge_weight_feature_name=weight,
    )
    got = conv(graph, edge_set_name="cites")
    receivers, senders = edges.adjacency[receiver_tag].numpy(), edges.adjacency[1 - receiver_tag].numpy()
    matrix = np.zeros([len(states)] * 2)
    np.add.at(matrix, (receivers, senders), edges["weight"].numpy() if weight else 1)
    received, sent = (matrix.sum(axis) + 1 if self_loops else np.maximum(matrix.sum(axis), 1) for axis in (1, 0))
    matrix = (matrix + np.eye(len(states)) * self_loops) / np.sqrt(np.outer(received, sent))
    want = states
    for _ in range(3):
        want = 0.8 * matrix @ want + 0.2 * states
    np.testing.assert_allclose(got, want, 1e-4, 1e-5)
    assert not conv.weights


def test_converges_to_personalized_pagerank():
    """Equation 3 of the paper: `a (I - (1 - a) Â)^-1 H`."""
    graph = gnnkit.homogeneous(
        [0, 1, 1, 2, 2, 3], [1, 0, 2, 1, 3, 2], node_features=np.eye(4, dtype="float32")
    )  # A path of four nodes.
    got = APPNPConv(num_steps=200, teleport_probability=0.1)(graph, edge_set_name="edges")
    with_loops = np.eye(4) + np.eye(4, k=1) + np.eye(4, k=-1)
    degree = with_loops.sum(1)
    want = 0.1 * np.linalg.inv(np.eye(4) - 0.9 * with_loops / np.sqrt(np.outer(degree, degree)))
    np.testing.assert_allclose(got, want, 1e-4, 1e-5)


def test_edge_dropout():
    """Edges and self-loops drop out, the first state does not; the mean over many draws is the result without."""
    num = 4000
    loops = gnnkit.homogeneous([], [], node_features=np.ones([num, 1], "float32"))
    conv = APPNPConv(num_steps=1, teleport_probability=0.25, edge_dropout=0.5)
    np.testing.assert_allclose(conv(loops, edge_set_name="edges", training=False), np.ones([num, 1]), 1e-6)
    noisy = conv(loops, edge_set_name="edges", training=True).numpy()
    assert set(np.unique(noisy.round(4))) == {0.25, 1.75}
    np.testing.assert_allclose(noisy.mean(), 1.0, atol=0.1)

    star = gnnkit.homogeneous(
        np.arange(1, num + 1), np.arange(1, num + 1), node_features=np.ones([num + 1, 1], "float32")
    )
    conv = APPNPConv(num_steps=1, teleport_probability=0.0, edge_dropout=0.5, add_self_loops=False)
    noisy = conv(star, edge_set_name="edges", training=True).numpy()[1:]
    assert set(np.unique(noisy.round(4))) == {0.0, 2.0}


def test_graph_update():
    graph = weighted_graph()
    update = APPNPHomGraphUpdate(num_steps=2, edge_weight_feature_name="weight", feature_name=H)
    want = APPNPConv(num_steps=2, edge_weight_feature_name="weight")(graph, edge_set_name="cites")
    np.testing.assert_array_equal(update(graph).node_sets["paper"][H], want)
    assert update.name == "appnp"


def test_errors():
    for arguments in ({"num_steps": 0}, {"teleport_probability": 1.5}):
        with pytest.raises(ValueError, match="num_steps must be at least 1 and teleport_probability in"):
            APPNPConv(**arguments)
    with pytest.raises(ValueError, match="receiver_tag must be SOURCE"):
        APPNPConv(receiver_tag=gnnkit.CONTEXT)
    with pytest.raises(ValueError, match="APPNPConv: edge set 'writes' joins node sets 'author' and 'paper'"):
        APPNPConv()(random_graph(1), edge_set_name="writes")
