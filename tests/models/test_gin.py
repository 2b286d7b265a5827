"""GIN against its formula with dense matrices. The laws of all layers are in tests/keras."""

import keras
import numpy as np
import pytest

import gnnkit
from gnnkit.models.gin import GINConv, GINHomGraphUpdate
from gnnkit.testing import random_graph

H = "hidden_state"
HOMOGENEOUS = {"node_sets": {"paper": 4}, "edge_sets": {"cites": ("paper", "paper", 4)}}


def mlp():
    return keras.Sequential([keras.layers.Dense(5, "tanh"), keras.layers.Dense(3)])


def by_hand(conv, states, summed, epsilon):
    first, bias, second, second_bias = (w.numpy() for w in conv.weights if len(w.shape))
    return np.tanh(((1 + epsilon) * states + summed) @ first + bias) @ second + second_bias


@pytest.mark.parametrize("train_epsilon", [False, True])
@pytest.mark.parametrize("receiver_tag", [gnnkit.SOURCE, gnnkit.TARGET])
def test_formula(receiver_tag, train_epsilon):
    graph = random_graph(2, **HOMOGENEOUS)
    states, adjacency = graph.node_sets["paper"][H].numpy(), graph.edge_sets["cites"].adjacency
    conv = GINConv(mlp(), receiver_tag=receiver_tag, epsilon=0.25, train_epsilon=train_epsilon)
    got = conv(graph, edge_set_name="cites")
    assert len(conv.weights) == 4 + train_epsilon
    matrix = np.zeros([len(states)] * 2)  # matrix[v, u]: the number of edges from u to v.
    np.add.at(matrix, (adjacency[receiver_tag].numpy(), adjacency[1 - receiver_tag].numpy()), 1)
    np.testing.assert_allclose(got, by_hand(conv, states, matrix @ states, 0.25), 1e-4, 1e-5)


def test_formula_with_edges():
    graph = random_graph(2, **HOMOGENEOUS)
    states, edges = graph.node_sets["paper"][H].numpy(), graph.edge_sets["cites"]
    conv = GINConv(mlp(), receiver_tag=gnnkit.TARGET, sender_edge_feature=H)
    got = conv(graph, edge_set_name="cites")
    summed = np.zeros_like(states)
    messages = np.maximum(states[edges.adjacency.source.numpy()] + edges[H].numpy(), 0)
    np.add.at(summed, edges.adjacency.target.numpy(), messages)
    np.testing.assert_allclose(got, by_hand(conv, states, summed, 0.0), 1e-4, 1e-5)


def test_graph_update():
    graph = random_graph(2, **HOMOGENEOUS)
    update = GINHomGraphUpdate(units=3, hidden_units=5, train_epsilon=True, epsilon=0.5)
    assert update(graph).node_sets["paper"][H].shape[1] == 3
    assert update.name == "gin"
    assert [w.shape for w in update.weights] == [(), (4, 5), (5,), (5, 3), (3,)]
    assert float(update.weights[0]) == 0.5


def test_told_apart_where_means_and_maxima_are_not():
    """One neighbour and two equal ones (Figure 3 of the paper)."""
    graph = gnnkit.homogeneous([0, 1, 2], [3, 4, 4], node_features=np.ones([5, 1], "float32"))
    out = GINConv(keras.layers.Dense(2, kernel_initializer="ones"), receiver_tag=gnnkit.TARGET)(
        graph, edge_set_name="edges"
    )
    assert out[3, 0] == 2.0 and out[4, 0] == 3.0


def test_errors():
    graph = random_graph(1, min_nodes=1)
    with pytest.raises(ValueError, match="the widths are {'receivers': 4, 'sender nodes': 3}"):
        GINConv(mlp(), receiver_tag=gnnkit.TARGET)(graph, edge_set_name="writes")
    with pytest.raises(ValueError, match="neither feature may be None"):
        GINConv(mlp(), receiver_feature=None)
