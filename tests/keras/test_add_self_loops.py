"""AddSelfLoops: the operation as a layer, which saves and loads (tensorflow-gnn's does not)."""

import keras
import numpy as np
import pytest

import gnnkit
from gnnkit.keras import layers
from gnnkit.testing import assert_graphs_equal, random_graph

GRAPH = random_graph(1, min_nodes=1)


def test_the_operation():
    assert_graphs_equal(layers.AddSelfLoops("cites")(GRAPH), gnnkit.add_self_loops(GRAPH, "cites"))
    with pytest.raises(ValueError, match="must join one node set with itself"):
        layers.AddSelfLoops("writes")(GRAPH)


def test_config():
    layer = layers.AddSelfLoops("cites", name="loops")
    again = layers.AddSelfLoops.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert again.edge_set_name == "cites" and again.name == "loops"


def test_in_a_saved_model(tmp_path):
    inputs = gnnkit.keras.Input(GRAPH.spec.relax(num_components=True, num_nodes=True, num_edges=True))
    graph = layers.AddSelfLoops("cites")(inputs)
    pooled = layers.SimpleConv(keras.layers.Dense(3), "mean", receiver_tag=gnnkit.TARGET)(graph, edge_set_name="cites")
    model = gnnkit.keras.Model(inputs, pooled)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(GRAPH), model(GRAPH))
    assert np.all(np.any(model(GRAPH), axis=-1))  # Each node receives at least its own message.


def test_half_precision_keeps_the_features():
    layer = layers.AddSelfLoops("cites", dtype="mixed_float16")
    assert_graphs_equal(layer(GRAPH), gnnkit.add_self_loops(GRAPH, "cites"))
