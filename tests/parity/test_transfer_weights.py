"""Models of tensorflow-gnn, moved to gnnkit, predict the same."""

import re
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.interop.tfgnn import to_tfgnn, transfer_weights
from gnnkit.testing import random_graph

H = "hidden_state"
GRAPH = random_graph(1)
HOMOGENEOUS = random_graph(3, node_sets={"paper": 4}, edge_sets={"cites": ("paper", "paper", 2)})
CONV = {"units": 4, "message_dim": 4, "receiver_tag": 1}
UPDATES = {
    "vanilla_mpnn": lambda k, name: k.vanilla_mpnn.VanillaMPNNGraphUpdate(**CONV, use_layer_normalization=True),
    "gcn": lambda k, name: k.gcn.GCNHomGraphUpdate(units=4, add_self_loops=True, name=name),
    "gat_v2": lambda k, name: k.gat_v2.GATv2MPNNGraphUpdate(num_heads=2, edge_feature=H, **CONV),
    "multi_head_attention": lambda k, name: k.multi_head_attention.MultiHeadAttentionMPNNGraphUpdate(
        num_heads=2, **CONV
    ),
    "mt_albis": lambda k, name: k.mt_albis.MtAlbisGraphUpdate(
        attention_type="gat_v2", attention_num_heads=2, normalization_type="batch", state_dropout_rate=0.2, **CONV
    ),
    "hgt": lambda k, name: k.hgt.HGTGraphUpdate(num_heads=2, per_head_channels=2, receiver_tag=1, name=name),
    "graph_sage": lambda k, name: k.graph_sage.GraphSAGEGraphUpdate(units=4, hidden_units=4, receiver_tag=1, name=name),
}


def functional(k, graph, update=None, units=3):
    """Sets with layers of different depths, two updates, two heads."""

    def dense(features, **kwargs):
        return k.keras.layers.Dense(4, "relu", **kwargs)(features)

    def first_state(node_set, *, node_set_name):
        if node_set_name == "paper":
            return dense(dense(dense(node_set[H])))
        return dense(node_set[H], trainable=node_set_name != "author")

    ours = k.library is gnnkit
    graph_in = gnnkit.keras.Input(graph.spec) if ours else k.keras.layers.Input(type_spec=to_tfgnn(graph).spec)
    x = k.layers.MapFeatures(
        node_sets_fn=first_state,
        edge_sets_fn=lambda edge_set, *, edge_set_name: dense(edge_set[H]),
        context_fn=lambda context: dense(context[H]),
    )(graph_in)
    if update is not None:
        x = update(k, "second")(update(k, "first")(x))
    pooled = k.layers.Pool(k.CONTEXT, "mean", node_set_name="paper")(x)
    context = k.layers.Readout(from_context=True)(x)
    logits = k.keras.layers.Dense(units)(k.keras.layers.Concatenate()([dense(pooled), dense(context)]))
    return (gnnkit.keras.Model if ours else k.keras.Model)(graph_in, [logits, dense(pooled)])


def randomize(model):
    """As if trained: no two weights are the same, and variances are positive."""
    random = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(random.uniform(0.1 if "variance" in weight.name else -0.5, 1.0, weight.shape))


def assert_same_predictions(theirs, ours, graph):
    for got, want in zip(ours(graph), theirs(to_tfgnn(graph)), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-5)


SLOW = set(UPDATES) - {"vanilla_mpnn", "gat_v2"}


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow) if n in SLOW else n for n in UPDATES])
def test_same_predictions(libraries, name):
    graph = HOMOGENEOUS if name == "gcn" else GRAPH
    ours, theirs = (functional(k, graph, UPDATES[name]) for k in libraries)
    randomize(theirs)
    transfer_weights(theirs, ours)
    assert_same_predictions(theirs, ours, graph)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Encoding a StructuredValue with type tensorflow_gnn:UserWarning")
def test_loaded_model(libraries, tmp_path):
    """tensorflow-gnn saves to folders, which only Keras 2 reads."""
    ours, theirs = (functional(k, HOMOGENEOUS, UPDATES["vanilla_mpnn"]) for k in libraries)
    randomize(theirs)
    theirs.save(tmp_path / "model")
    loaded = libraries[1].keras.models.load_model(tmp_path / "model")
    transfer_weights(loaded, ours)
    assert_same_predictions(theirs, ours, HOMOGENEOUS)


def test_sets_and_their_order(libraries):
    """tensorflow-gnn keeps sets in the order in which they were given, gnnkit sorts them."""
    states, ends = tf.eye(3, 4), tf.constant([0, 1, 2])

    def make(k):
        library = k.library
        graph = library.GraphTensor.from_pieces(
            node_sets={
                name: library.NodeSet.from_fields(sizes=[3], features={H: states + shift})
                for name, shift in (("b", 0.0), ("a", 1.0))
            },
            edge_sets={
                name: library.EdgeSet.from_fields(
                    sizes=[3],
                    features={},
                    adjacency=library.Adjacency.from_indices((source, ends), (target, ends[::-1])),
                )
                for name, source, target in (("z", "b", "a"), ("y", "a", "a"), ("x", "a", "b"))
            },
        )
        layer = k.vanilla_mpnn.VanillaMPNNGraphUpdate(**CONV)
        layer(graph)
        return graph, layer

    (our_graph, ours), (their_graph, theirs) = (make(k) for k in libraries)
    randomize(theirs)
    transfer_weights(theirs, ours)
    got, want = ours(our_graph), theirs(their_graph)
    for name in ("a", "b"):
        np.testing.assert_allclose(got.node_sets[name][H], want.node_sets[name][H], rtol=1e-5, atol=1e-5)


def test_mixed_precision(libraries):
    def make(k):
        k.keras.mixed_precision.set_global_policy("mixed_float16")
        try:
            return k.keras.Sequential([k.keras.layers.Dense(4), k.keras.layers.LSTM(3), k.keras.layers.Dense(2)])
        finally:
            k.keras.mixed_precision.set_global_policy("float32")

    ours, theirs = (make(k) for k in libraries)
    inputs = np.random.default_rng(0).random((2, 5, 3), np.float32)
    ours(inputs), theirs(inputs)
    randomize(theirs)
    transfer_weights(theirs, ours)
    np.testing.assert_allclose(ours(inputs), theirs(inputs), rtol=1e-2)


def test_models_with_weights_of_their_own(libraries):
    """Subclasses, with a model inside that is used twice."""

    def make(k):
        class Scaled(k.keras.Model):
            def __init__(self):
                super().__init__()
                self.scale = self.add_weight(name="scale", shape=(2,))
                self.inner = k.keras.Sequential([k.keras.layers.Dense(2), k.keras.layers.Dense(2)])
                self.again = self.inner

            def call(self, inputs):
                return self.again(self.inner(inputs)) * self.scale

        return Scaled()

    ours, theirs = (make(k) for k in libraries)
    inputs = np.float32([[1, 2]])
    ours(inputs), theirs(inputs)
    randomize(theirs)
    transfer_weights(theirs, ours)
    np.testing.assert_allclose(ours(inputs), theirs(inputs), rtol=1e-5)


def test_another_shape(libraries):
    ours, theirs = (functional(k, GRAPH, units=units) for k, units in zip(libraries, (3, 5), strict=True))
    before = ours.get_weights()
    text = (
        r"Where tensorflow-gnn's Dense 'dense\w*' has 'dense\w*/bias:0' of shape \(5,\), gnnkit's Dense 'dense\w*' has "
        r"'dense\w*/bias' of shape \(3,\). Nothing was copied."
    )
    with pytest.raises(ValueError, match=text):
        transfer_weights(theirs, ours)
    for weight, same in zip(ours.weights, before, strict=True):
        np.testing.assert_array_equal(weight, same)


def sequential(k, *units, **kwargs):
    return k.keras.Sequential([k.keras.Input((2,)), *(k.keras.layers.Dense(n, name=f"d{n}", **kwargs) for n in units)])


@pytest.mark.parametrize(
    "theirs, ours, text",
    [
        (lambda k: sequential(k, 3, 4), lambda k: sequential(k, 3),
         "tensorflow-gnn's Dense 'd4' has 'd4/bias:0' of shape (4,), gnnkit's model has no further layer with weights"),
        (lambda k: sequential(k, 3), lambda k: sequential(k, 3, 4),
         "tensorflow-gnn's model has no further layer with weights, gnnkit's Dense 'd4' has "),
        (lambda k: sequential(k, 3), lambda k: sequential(k, 3, use_bias=False),
         "tensorflow-gnn's Dense 'd3' has 'd3/bias:0' of shape (3,), gnnkit's Dense 'd3' has "),
        (lambda k: sequential(k, 3), lambda k: k.keras.layers.Dense(3),
         "gnnkit's model has no further layer with weights. Nothing was copied. Make both with the same program and "
         "arguments, and call both on a graph"),
    ],
)  # fmt: skip
def test_other_models(libraries, theirs, ours, text):
    with pytest.raises(ValueError, match=re.escape(text)):
        transfer_weights(theirs(libraries[1]), ours(libraries[0]))


def test_other_arguments(libraries):
    ours, theirs = (k.keras.layers.Dense(1) for k in libraries)
    with pytest.raises(
        TypeError, match=r"tfgnn_model must be a model or layer of Keras 2 \(tf_keras\), but is keras\."
    ):
        transfer_weights(ours, theirs)
    with pytest.raises(TypeError, match=r"gnnkit_model must be a model or layer of Keras 3, but is tf_keras\."):
        transfer_weights(theirs, theirs)


def test_without_tf_keras(monkeypatch):
    monkeypatch.setitem(sys.modules, "tf_keras", None)
    with pytest.raises(ImportError, match=r"transfer_weights needs tf-keras.*gnnkit\[interop\]"):
        transfer_weights(keras.layers.Dense(1), keras.layers.Dense(1))
