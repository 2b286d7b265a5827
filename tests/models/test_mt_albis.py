"""MtAlbis against its formula. The laws of all layers are in tests/keras, parity in tests/parity."""

import keras
import numpy as np
import pytest

import gnnkit
from gnnkit.models.gat_v2 import GATv2Conv
from gnnkit.models.mt_albis import MtAlbisGraphUpdate
from gnnkit.testing import random_graph

SETS = {"node_sets": {"a": 2, "b": 3}, "edge_sets": {"e": ("a", "b", 1), "f": ("b", "b", 1)}}
H = "hidden_state"
GRAPH = random_graph(1, **SETS)


def make(**kwargs):
    return MtAlbisGraphUpdate(**{"units": 4, "message_dim": 6, "receiver_tag": gnnkit.TARGET, **kwargs})


@pytest.mark.parametrize("combine, edge_feature", [("concat", None), ("sum", H)])
@pytest.mark.parametrize("reduce_type, width", [("mean", 6), ("mean|sum", 12)])
def test_formula(combine, edge_feature, reduce_type, width):
    update = make(
        edge_feature_name=edge_feature,
        edge_set_combine_type=combine,
        simple_conv_reduce_type=reduce_type,
        normalization_type="none",
    )
    got = update(GRAPH).node_sets["b"][H]
    states = {name: node_set[H].numpy() for name, node_set in GRAPH.node_sets.items()}
    weights = [w.numpy() for w in update.weights]
    assert len(weights) == 6  # Two edge sets' messages, in the order of their names, then the next state.
    pooled = []
    for name, kernel, bias in (("e", *weights[0:2]), ("f", *weights[2:4])):
        edges = GRAPH.edge_sets[name]
        source, target = edges.adjacency.source.numpy(), edges.adjacency.target.numpy()
        parts = [edges[H].numpy()] if edge_feature else []
        parts += [states[edges.adjacency.source_name][source], states["b"][target]]
        messages = np.maximum(np.concatenate(parts, -1) @ kernel + bias, 0)
        total = np.zeros((len(states["b"]), 6))
        np.add.at(total, target, messages)
        mean = total / np.maximum(np.bincount(target, minlength=len(total)), 1)[:, None]
        pooled.append(np.concatenate([mean, total], -1)[:, :width])
    combined = np.sum(pooled, 0) if combine == "sum" else np.concatenate(pooled, -1)
    want = np.maximum(np.concatenate([states["b"], combined], -1) @ weights[4] + weights[5], 0)
    np.testing.assert_allclose(got, want, 1e-4, 1e-5)


def test_attention_on_some_edge_sets():
    update = make(attention_type="gat_v2", attention_num_heads=2, attention_edge_set_names=["e"])
    update(GRAPH)
    convolutions = update._node_set_updates["b"]._edge_set_inputs
    assert isinstance(convolutions["e"], GATv2Conv)
    assert isinstance(convolutions["f"], gnnkit.keras.layers.SimpleConv)


@pytest.mark.parametrize("attention_type", ["none", "multi_head", "gat_v2"])
def test_regularization_leaves_out_biases(attention_type):
    update = make(attention_type=attention_type, attention_num_heads=2, l2_regularization=0.5)
    update(GRAPH)
    for weight in update.weights:
        weight.assign(np.ones(weight.shape))
    total = sum(np.prod(w.shape) for w in update.weights if w.name == "kernel")
    np.testing.assert_allclose(sum(update.losses), 0.5 * total)


def test_edge_dropout_drops_whole_messages():
    edges = np.zeros(50, np.int32)
    graph = gnnkit.homogeneous(edges, edges, node_features=keras.ops.ones([1, 2]))
    update = make(edge_dropout_rate=0.5, simple_conv_reduce_type="sum", normalization_type="none", units=6)
    update(graph)
    message, next_state = [w for w in update.weights if w.name == "kernel"]
    message.assign(np.ones(message.shape))
    next_state.assign(np.eye(8)[:, 2:])  # The pooled messages as they are.
    result = update(graph, training=True).node_sets["nodes"][H].numpy()[0]
    np.testing.assert_allclose(result, result[0])  # 4 for each edge, doubled for those that are left.
    assert 8 * 10 < result[0] < 8 * 40 and result[0] % 8 == 0


def test_residual():
    graph = random_graph(1, node_sets={"a": 2, "b": 4}, edge_sets=SETS["edge_sets"])
    update = make(next_state_type="residual", normalization_type="none")
    update(graph)
    for weight in update.weights:
        weight.assign(np.zeros(weight.shape))
    np.testing.assert_array_equal(update(graph).node_sets["b"][H], graph.node_sets["b"][H])
    with pytest.raises(ValueError, match="adds the old state, of width 3, to the new one, of width 4. Set units=3"):
        make(next_state_type="residual")(GRAPH)


@pytest.mark.parametrize(
    "argument", ["attention_type", "normalization_type", "next_state_type", "edge_set_combine_type"]
)
def test_unknown_choices(argument):
    with pytest.raises(ValueError, match=f"MtAlbisGraphUpdate: {argument} must be one of .* but got 'x'"):
        make(**{argument: "x"})


def test_heads_must_divide_channels():
    with pytest.raises(ValueError, match="message_dim must be divisible by attention_num_heads, but got 6 and 4"):
        make(attention_type="multi_head")
    make()  # No attention, no heads.
