"""Each attention convolution against its formula, edge by edge in NumPy, where tensorflow-gnn has none to compare with."""

import keras
import numpy as np
import pytest

import gnnkit
from gnnkit.models.gat import GATConv, GATHomGraphUpdate
from gnnkit.models.multi_head_attention import MultiHeadAttentionConv, MultiHeadAttentionMPNNGraphUpdate
from gnnkit.models.transformer_conv import TransformerConv
from gnnkit.testing import random_graph

H = "hidden_state"
HEADS, CHANNELS = 2, 3
SHAPE = {"num_heads": HEADS, "per_head_channels": CHANNELS, "receiver_tag": gnnkit.TARGET, "activation": None}
WRITES = {"edge_set_name": "writes"}
SENDERS = {
    "nodes": {},
    "edges": {"sender_node_feature": None, "sender_edge_feature": H},
    "both": {"sender_edge_feature": H},
}


def randomize(layer):
    rng = np.random.default_rng(1)
    layer.set_weights([rng.normal(size=w.shape) for w in layer.weights])
    return {"/".join(w.path.split("/")[-2:]): w.numpy() for w in layer.weights}


def rows(graph):
    """Of each edge: the receiver's row number; then states of receivers, and of senders and edges at each edge."""
    edges = graph.edge_sets["writes"]
    receivers = graph.node_sets["paper"][H].numpy()
    senders = graph.node_sets["author"][H].numpy()[edges.adjacency.source.numpy()]
    return edges.adjacency.target.numpy(), receivers, senders, edges[H].numpy()


def heads(values):
    return values.reshape(len(values), HEADS, CHANNELS)


def attend(scores, values, ends, num):
    """Σ softmax(scores) values at each of `num` receivers, with heads side by side."""
    result = np.zeros((num, HEADS, CHANNELS))
    for receiver in set(ends):
        at = ends == receiver
        exp = np.exp(scores[at] - scores[at].max(0))
        result[receiver] = np.sum((exp / exp.sum(0))[:, :, None] * values[at], 0)
    return result


def linear(weights, name, x):
    return x @ weights[f"{name}/kernel"] + weights.get(f"{name}/bias", 0.0)


def sender_sum(weights, node, edge, senders, edges):
    parts = [linear(weights, n, x) for n, x in ((node, senders), (edge, edges)) if f"{n}/kernel" in weights]
    return sum(parts)


@pytest.mark.parametrize("senders", SENDERS)
def test_gat(senders):
    graph = random_graph(1)
    conv = GATConv(**SHAPE, **SENDERS[senders], kernel_initializer="he_normal")
    conv(graph, **WRITES)
    weights = randomize(conv)
    ends, receivers, sender_rows, edge_rows = rows(graph)
    values = heads(sender_sum(weights, "value_node", "value_edge", sender_rows, edge_rows))
    queries = heads(linear(weights, "query", receivers))[ends]
    scores = sum(
        np.einsum("ehc,ch->eh", x, weights[f"{name}/kernel"])
        for name, x in (("attn_receiver", queries), ("attn_sender", values))
    )
    pooled = attend(np.where(scores > 0, scores, 0.2 * scores), values, ends, len(receivers))
    want = pooled.reshape(len(receivers), -1) + weights[f"{conv.name}/bias"]
    np.testing.assert_allclose(conv(graph, **WRITES), want, 1e-4, 1e-5)


def test_gat_mean_of_heads_has_its_bias_after_the_merge():
    graph = random_graph(1)
    conv, mean = (GATConv(**SHAPE, use_bias=False, heads_merge_type=kind) for kind in ("concat", "mean"))
    want = heads(conv(graph, **WRITES).numpy()).mean(1)
    mean(graph, **WRITES)
    mean.set_weights(conv.get_weights())
    np.testing.assert_allclose(mean(graph, **WRITES), want, 1e-5, 1e-6)
    biased = GATConv(**SHAPE, heads_merge_type="mean")
    biased(graph, **WRITES)
    assert biased.weights[0].shape == (CHANNELS,)


def test_gat_with_shared_weights():
    """The same matrix for both ends, by default in homogeneous graphs."""
    graph = random_graph(1, node_sets={"paper": 4}, edge_sets={"cites": ("paper", "paper", 2)})
    shared, separate = GATHomGraphUpdate(**SHAPE), GATHomGraphUpdate(**SHAPE, share_weights=False)
    shared(graph), separate(graph)
    bias, value, *scores = shared.get_weights()
    separate.set_weights([bias, value, value, *scores])
    np.testing.assert_allclose(shared(graph).node_sets["paper"][H], separate(graph).node_sets["paper"][H], 1e-5)
    with pytest.raises(ValueError, match="share_weights=True needs a sender_node_feature"):
        GATConv(**SHAPE, **SENDERS["edges"], share_weights=True)


@pytest.mark.parametrize("senders", SENDERS)
@pytest.mark.parametrize("skip_connection", ["none", "sum", "gated"])
def test_transformer_conv(senders, skip_connection):
    graph = random_graph(1)
    conv = TransformerConv(**SHAPE, **SENDERS[senders], skip_connection=skip_connection)
    conv(graph, **WRITES)
    weights = randomize(conv)
    ends, receivers, sender_rows, edge_rows = rows(graph)
    keys, values = (heads(sender_sum(weights, name, "edge", sender_rows, edge_rows)) for name in ("key", "value"))
    queries = heads(linear(weights, "query", receivers))[ends]
    pooled = attend(np.sum(queries * keys, -1) / np.sqrt(CHANNELS), values, ends, len(receivers))
    want = pooled.reshape(len(receivers), -1)
    if skip_connection == "sum":
        want = want + linear(weights, "skip", receivers)
    if skip_connection == "gated":
        skip = linear(weights, "skip", receivers)
        gate = 1 / (1 + np.exp(-linear(weights, "gate", np.concatenate([skip, want, skip - want], -1))))
        want = gate * skip + (1 - gate) * want
    np.testing.assert_allclose(conv(graph, **WRITES), want, 1e-4, 1e-5)


@pytest.mark.parametrize("senders", SENDERS)
def test_multi_head_attention_with_a_shared_key_transform(senders):
    """As without sharing, where the columns of the kernel of keys repeat for each head."""
    graph = random_graph(1)
    shared, separate = (
        MultiHeadAttentionConv(**SHAPE, **SENDERS[senders], share_key_transform=share) for share in (True, False)
    )
    shared(graph, **WRITES), separate(graph, **WRITES)
    randomize(shared)
    separate.set_weights(
        [np.concatenate([w.numpy()] * HEADS, -1) if "/key_" in w.path else w.numpy() for w in shared.weights]
    )
    for got, want in zip(*(c(graph, return_attention=True, **WRITES) for c in (shared, separate)), strict=True):
        np.testing.assert_allclose(got, want, 1e-5, 1e-6)
    # tensorflow-gnn's config lacks it (B10).
    assert MultiHeadAttentionConv.from_config(shared.get_config()).get_config()["share_key_transform"] is True


def test_multi_head_attention_regularizes_its_convolutions():
    """tensorflow-gnn leaves them out (B10)."""
    update = MultiHeadAttentionMPNNGraphUpdate(
        units=4, message_dim=6, num_heads=2, receiver_tag=gnnkit.TARGET, edge_feature=H, l2_regularization=0.5
    )
    update(random_graph(1))
    for weight in update.weights:
        weight.assign(np.ones(weight.shape))
    # Kernels everywhere, and the biases of the next states, whose names are those of Dense layers.
    regularized = [w for w in update.weights if w.name == "kernel" or w.path.split("/")[-2].startswith("dense")]
    assert len(regularized) == 3 * 5 + 2 * 2
    np.testing.assert_allclose(sum(update.losses), 0.5 * sum(np.prod(w.shape) for w in regularized))


@pytest.mark.parametrize(
    "conv_class, kwargs, message",
    [
        (MultiHeadAttentionConv, {"score_scaling": "sqrt"}, "score_scaling must be one of .*, but got 'sqrt'"),
        (MultiHeadAttentionConv, {"share_key_transform": True, "transform_keys": False}, "no transform to share"),
        (TransformerConv, {"skip_connection": "residual"}, "skip_connection must be one of .*, but got 'residual'"),
    ],
)
def test_wrong_arguments(conv_class, kwargs, message):
    with pytest.raises(ValueError, match=message):
        conv_class(**SHAPE, **kwargs)


def test_one_initializer_object_draws_different_values():
    initializer = keras.initializers.GlorotUniform()
    conv = MultiHeadAttentionConv(**SHAPE, kernel_initializer=initializer, use_bias=False)
    conv(random_graph(1), **WRITES)
    key, value, _ = conv.get_weights()
    assert np.any(key != value)
