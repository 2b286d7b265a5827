"""Coefficients of all attention layers of a model, and rankings of edges and nodes by them."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.attribution import attention, top_edges, top_nodes
from gnnkit.keras import layers
from gnnkit.models.gat import GATMPNNGraphUpdate
from gnnkit.models.gat_v2 import GATv2Conv, GATv2MPNNGraphUpdate
from gnnkit.models.hgt import HGTGraphUpdate
from gnnkit.models.mt_albis import MtAlbisGraphUpdate
from gnnkit.models.multi_head_attention import MultiHeadAttentionMPNNGraphUpdate
from gnnkit.models.transformer_conv import TransformerConvMPNNGraphUpdate
from gnnkit.models.vanilla_mpnn import VanillaMPNNGraphUpdate
from gnnkit.testing import random_graph

SETS = {
    "node_sets": {"author": 4, "paper": 4},
    "edge_sets": {"cites": ("paper", "paper", 2), "writes": ("author", "paper", 2)},
}
SIZES = {"units": 4, "message_dim": 4, "receiver_tag": gnnkit.TARGET}
UPDATES = {
    "gat_v2": lambda: GATv2MPNNGraphUpdate(num_heads=2, **SIZES),
    "gat": lambda: GATMPNNGraphUpdate(num_heads=2, **SIZES),
    "multi_head_attention": lambda: MultiHeadAttentionMPNNGraphUpdate(num_heads=2, **SIZES),
    "transformer_conv": lambda: TransformerConvMPNNGraphUpdate(num_heads=2, **SIZES),
    "mt_albis": lambda: MtAlbisGraphUpdate(attention_type="gat_v2", attention_num_heads=2, **SIZES),
    "hgt": lambda: HGTGraphUpdate(num_heads=2, per_head_channels=2, receiver_tag=gnnkit.TARGET),
}


@pytest.fixture(scope="module")
def graph():
    return random_graph(3, min_nodes=1, **SETS)


FAST = ("gat_v2", "hgt")


@pytest.mark.parametrize("name", [n if n in FAST else pytest.param(n, marks=pytest.mark.slow) for n in UPDATES])
def test_every_attention_layer_of_a_model_is_heard(graph, name):
    """In a functional model of two updates: both layers, on each edge set that they attend along; sums are 1."""
    inputs = gnnkit.keras.Input(graph.spec.relax(num_nodes=True, num_edges=True))
    hidden = UPDATES[name]()(UPDATES[name]()(inputs))
    model = gnnkit.keras.Model(inputs, layers.ReadoutFirstNode(node_set_name="paper")(hidden))
    result = attention(model, graph)
    over_all = 0.0
    for edge_set in graph.edge_sets:
        features = result.edge_sets[edge_set].features
        assert len(features) == 2, list(features)
        receivers = graph.edge_sets[edge_set].adjacency[gnnkit.TARGET].numpy()
        for values in features.values():
            assert values.shape == (len(receivers), 2)
            sums = np.stack([np.bincount(receivers, v, minlength=100) for v in values.numpy().T], 1)
            over_all += sums
            if name != "hgt":
                np.testing.assert_allclose(sums[np.unique(receivers)], 1, atol=1e-5)
    if name == "hgt":  # Over all edge sets into a node set; both are into papers here.
        assert {graph.edge_sets[e].adjacency.target_name for e in graph.edge_sets} == {"paper"}
        np.testing.assert_allclose(over_all[over_all.sum(1) > 0], 2, atol=1e-5)


def test_the_values_are_those_of_the_layer(graph):
    conv = GATv2Conv(num_heads=2, per_head_channels=3, receiver_tag=gnnkit.TARGET, name="conv")
    _, want = conv(graph, edge_set_name="cites", return_attention=True)
    result = attention(lambda g: (conv(g, edge_set_name="cites"), conv(g, edge_set_name="cites")), graph)
    features = result.edge_sets["cites"].features
    assert set(features) == {"conv", "conv_2"}
    tf.debugging.assert_near(features["conv"], want)
    tf.debugging.assert_near(features["conv_2"], want)
    assert not result.node_sets["paper"].features
    best = top_edges(result, 1)[0]
    means = want.numpy().mean(axis=1)
    assert best.value == pytest.approx(means.max(), abs=1e-6) and best.edge == int(means.argmax())
    assert {(node.node_set_name, node.node) for node in top_nodes(result, None) if node.value == best.value} >= {
        ("paper", best.source)
    }


def test_nodes_that_send_to_the_context(graph):
    conv = GATv2Conv(num_heads=1, per_head_channels=2, receiver_tag=gnnkit.CONTEXT, name="pool")
    result = attention(lambda g: conv(g, node_set_name="author"), graph)
    assert result.node_sets["author"]["pool"].shape == (int(graph.node_sets["author"].total_size), 1)


def test_errors(graph):
    update = VanillaMPNNGraphUpdate(**SIZES)
    with pytest.raises(ValueError, match="no attention layer of gnnkit was called. Use a model with attention"):
        attention(update, graph)
    conv = GATv2Conv(num_heads=1, per_head_channels=2, receiver_tag=gnnkit.TARGET, name="conv")
    compiled = tf.function(lambda g: conv(g, edge_set_name="cites"), autograph=False)
    with pytest.raises(ValueError, match="layer 'conv' is called in a tf.function"):
        attention(lambda g: compiled(g), graph)
    assert attention(compiled, graph).edge_sets["cites"].features  # What is under it is called.

    def with_loops(graph):
        return conv(gnnkit.add_self_loops(graph, "cites"), edge_set_name="cites")

    with pytest.raises(ValueError, match="'conv' attends along .* items of 'cites', of which the graph has"):
        attention(with_loops, graph)


def test_trimmed_models_are_refused(graph):
    """Sampled, rooted subgraphs: the last update sees the edges at the roots alone."""
    inputs = hidden = gnnkit.keras.Input(graph.spec.relax(num_nodes=True, num_edges=True))
    for _ in range(2):
        hidden = UPDATES["gat_v2"]()(hidden)
    model = gnnkit.keras.Model(inputs, keras.layers.Dense(1)(layers.ReadoutFirstNode(node_set_name="paper")(hidden)))
    attention(model, graph)
    with pytest.raises(ValueError, match="without trimming"):
        attention(gnnkit.keras.trim_to_roots(model), graph)
