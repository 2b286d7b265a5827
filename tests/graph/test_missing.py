"""Asking for what is not there: a KeyError that can be read, wherever it comes through."""

import pickle

import keras
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.testing import random_graph

GRAPH = random_graph(1)


@pytest.mark.parametrize(
    "ask, message",
    [
        (lambda: GRAPH.node_sets["papers"], "The graph has no node set 'papers', only ['author', 'paper', 'venue']."),
        (lambda: GRAPH.edge_sets["cite"], "The graph has no edge set 'cite', only ['cites', 'is_in', 'writes']."),
        (lambda: GRAPH.spec.node_sets_spec["x"], "The graph has no node set 'x', only ['author', 'paper', 'venue']."),
        (lambda: GRAPH.context.features["x"], "Context has no feature 'x', only ['hidden_state']."),
        (lambda: GRAPH.node_sets["paper"]["x"], "NodeSet has no feature 'x', only ['hidden_state']."),
        (lambda: GRAPH.spec.edge_sets_spec["cites"]["x"], "EdgeSetSpec has no feature 'x', only ['hidden_state']."),
    ],
)
def test_texts(ask, message):
    with pytest.raises(KeyError) as info:
        ask()
    assert str(info.value) == message


def test_mappings():
    sets = GRAPH.node_sets
    assert list(sets) == list(sets.keys()) == ["author", "paper", "venue"] and len(sets) == 3
    assert "paper" in sets and "x" not in sets and sets.get("x") is None
    assert dict(sets.items()) == sets and list(sets.values()) == [sets[name] for name in sets]
    assert repr(sets) == repr(dict(sets))
    with pytest.raises(TypeError, match="does not support item assignment"):
        sets["x"] = 1


@keras.saving.register_keras_serializable("gnnkit_tests")
class ReadsTooMuch(keras.layers.Layer):
    """Not a layer of gnnkit: Keras writes of its arguments."""

    def call(self, graph):
        return gnnkit.broadcast_node_to_edges(graph, "nope", gnnkit.SOURCE, feature_name="hidden_state")


def test_in_layers_and_datasets():
    layer = ReadsTooMuch()
    dataset = tf.data.Dataset.from_tensors(GRAPH)
    for call in (lambda: layer(GRAPH), lambda: dataset.map(lambda graph: layer(graph))):
        with pytest.raises(KeyError, match="broadcast_node_to_edges: the graph has no edge set 'nope'; it has") as info:
            call()
        assert "\n" in str(info.value) and "\\n" not in str(info.value)


def test_pickle():
    with pytest.raises(KeyError) as info:
        GRAPH.node_sets["papers"]
    assert str(pickle.loads(pickle.dumps(info.value))) == str(info.value)
