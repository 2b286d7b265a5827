"""VanillaMPNN against its formula. The laws of all layers are in tests/keras, parity in tests/parity."""

import keras
import numpy as np
import pytest

import gnnkit
from gnnkit.models.vanilla_mpnn import VanillaMPNNGraphUpdate
from gnnkit.testing import random_graph

SETS = {"node_sets": {"a": 2, "b": 3}, "edge_sets": {"e": ("a", "b", 1), "f": ("b", "b", 1)}}
H = "hidden_state"


def by_path(layer):
    return {w.path.removeprefix(layer.name + "/"): w.numpy() for w in layer.weights}


@pytest.mark.parametrize("edge_feature", [None, H])
def test_formula(edge_feature):
    graph = random_graph(1, **SETS)
    update = VanillaMPNNGraphUpdate(
        units=4, message_dim=5, receiver_tag=gnnkit.TARGET, edge_feature=edge_feature, reduce_type="sum"
    )
    got = update(graph).node_sets["b"][H]
    states = {name: node_set[H].numpy() for name, node_set in graph.node_sets.items()}
    weights = [w.numpy() for w in update.weights]
    assert len(weights) == 6  # Two edge sets' messages, in the order of their names, then the next state.
    inputs = [states["b"]]
    for name, kernel, bias in (("e", *weights[0:2]), ("f", *weights[2:4])):
        edges = graph.edge_sets[name]
        ends = edges.adjacency
        parts = [edges[H].numpy()] if edge_feature else []
        parts += [states[ends.source_name][ends.source.numpy()], states["b"][ends.target.numpy()]]
        messages = np.maximum(np.concatenate(parts, -1) @ kernel + bias, 0)
        pooled = np.zeros((len(states["b"]), 5))
        np.add.at(pooled, ends.target.numpy(), messages)
        inputs.append(pooled)
    want = np.maximum(np.concatenate(inputs, -1) @ weights[4] + weights[5], 0)
    np.testing.assert_allclose(got, want, 1e-4, 1e-5)


def test_which_node_sets_are_updated():
    graph = random_graph(1, **SETS)
    for arguments, widths in (
        ({"receiver_tag": gnnkit.TARGET}, {"a": 2, "b": 9}),
        ({"receiver_tag": gnnkit.SOURCE}, {"a": 9, "b": 9}),
        ({"receiver_tag": gnnkit.SOURCE, "node_set_names": ["a"]}, {"a": 9, "b": 3}),
    ):
        got = VanillaMPNNGraphUpdate(units=9, message_dim=5, **arguments)(graph)
        assert {k: v[H].shape[1] for k, v in got.node_sets.items()} == widths


def test_regularization_covers_biases():
    update = VanillaMPNNGraphUpdate(units=2, message_dim=2, receiver_tag=gnnkit.TARGET, l2_regularization=0.5)
    update(random_graph(1, **SETS))
    for weight in update.weights:
        weight.assign(np.ones(weight.shape))
    total = sum(np.prod(w.shape) for w in update.weights)
    np.testing.assert_allclose(sum(update.losses), 0.5 * total)


def test_dropout_and_normalization():
    graph = random_graph(1, **SETS)
    update = VanillaMPNNGraphUpdate(
        units=16, message_dim=8, receiver_tag=gnnkit.TARGET, dropout_rate=0.5, use_layer_normalization=True
    )
    quiet, noisy = update(graph, training=False), update(graph, training=True)
    assert np.any(np.abs(quiet.node_sets["b"][H] - noisy.node_sets["b"][H]) > 1e-3)
    # Normalised last: also after dropout.
    for result in (quiet, noisy):
        np.testing.assert_allclose(np.mean(result.node_sets["b"][H], -1), 0, atol=1e-5)


def test_one_initializer_object_draws_different_values():
    initializer = keras.initializers.GlorotUniform()
    update = VanillaMPNNGraphUpdate(units=4, message_dim=4, receiver_tag=gnnkit.SOURCE, kernel_initializer=initializer)
    update(random_graph(1, node_sets={"a": 2}, edge_sets={"e": ("a", "a", 1), "f": ("a", "a", 1)}))
    kernels = [w.numpy() for w in update.weights if w.shape == (4, 4)]
    assert len(kernels) == 2 and np.any(kernels[0] != kernels[1])
