"""XLA on padded graphs; what layers and models say about it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.keras import layers
from gnnkit.models.gat_v2 import GATv2MPNNGraphUpdate
from gnnkit.testing import random_graph

SETS = {
    "node_sets": {"author": 3, "paper": 4},
    "edge_sets": {"cites": ("paper", "paper", 2), "writes": ("author", "paper", 2)},
}
SIZES = gnnkit.SizeConstraints(
    4, {"author": 20, "paper": 20}, {"cites": 30, "writes": 30}, min_nodes_per_component={"paper": 1}
)


def padded_dataset():
    """Batches of one size, with the sum of the papers' states as labels, and 0 as weight of padding."""
    graphs = [random_graph(seed, min_nodes=1, **SETS) for seed in range(4)]
    spec = graphs[0].spec.relax(num_nodes=True, num_edges=True)
    dataset = tf.data.Dataset.from_generator(lambda: iter(graphs), output_signature=spec)
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(len(graphs)))

    def pad(graph):
        padded, mask = gnnkit.pad_to_total_sizes(graph, SIZES)
        label = gnnkit.pool_nodes_to_context(padded, "paper", feature_name="hidden_state")[:, :1]
        return padded, label, tf.cast(mask, tf.float32)

    return dataset.map(pad)


def make_model(spec, trim=False):
    inputs = gnnkit.keras.Input(spec)
    mapped = layers.MapFeatures(
        node_sets_fn=lambda node_set, node_set_name: keras.layers.Dense(8)(node_set["hidden_state"])
    )(inputs)
    hidden = GATv2MPNNGraphUpdate(units=8, message_dim=8, num_heads=2, receiver_tag=gnnkit.TARGET)(mapped)
    roots = layers.ReadoutFirstNode(node_set_name="paper")(hidden)
    model = gnnkit.keras.Model(inputs, keras.layers.Dense(1)(roots))
    return gnnkit.keras.trim_to_roots(model) if trim else model


def fit(model, dataset, **kwargs):
    model.compile(keras.optimizers.Adam(0.02), "mse", **kwargs)
    return model.fit(dataset, epochs=3, verbose=0).history["loss"]


@pytest.mark.slow
def test_fit_on_padded_graphs():
    dataset = padded_dataset()
    histories = []
    for jit in (False, True):
        keras.utils.set_random_seed(1)
        model = make_model(dataset.element_spec[0])
        assert model.supports_jit
        histories.append(fit(model, dataset, jit_compile=jit))
        assert model.jit_compile == jit
    np.testing.assert_allclose(*histories, rtol=1e-3)
    assert histories[1][-1] < histories[1][0]


def test_loaded_models_support_it_too(tmp_path):
    model = make_model(padded_dataset().element_spec[0])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert all(layer.supports_jit for layer in loaded._flatten_layers())


def test_models_of_unknown_sizes_do_not_support_it():
    dataset = padded_dataset()
    spec = dataset.element_spec[0]
    relaxed = spec.relax(num_components=True, num_nodes=True, num_edges=True)
    model = make_model(relaxed)
    assert not model.supports_jit
    with pytest.warns(UserWarning, match="doesn't support `jit_compile=True`"):
        model.compile("adam", "mse", jit_compile=True)
    assert not model.jit_compile
    # Trimmed graphs have other sizes from batch to batch.
    trimmed = make_model(spec, trim=True)
    assert not all(layer.supports_jit for layer in trimmed._flatten_layers())
    trimmed.compile("adam", "mse")
    assert not trimmed.jit_compile


@pytest.mark.slow
def test_all_layers(case):
    """The same outputs and gradients as without."""
    graph, layer = case.graph(), case.make()

    def outputs_and_gradients(graph):
        with tf.GradientTape() as tape:
            output = layer(graph, **case.call_kwargs)
            fields = output._fields() if isinstance(output, gnnkit.GraphTensor) else [output]
            floats = [x for x in fields if x.dtype.is_floating]
            loss = tf.add_n([tf.reduce_sum(x**2) for x in floats])
        return floats, tape.gradient(loss, [w.value for w in layer.trainable_variables])

    want = outputs_and_gradients(graph)
    got = tf.function(outputs_and_gradients, jit_compile=True, autograph=False)(graph)
    for x, y in zip(tf.nest.flatten(got), tf.nest.flatten(want), strict=True):
        np.testing.assert_allclose(x, y, 1e-3, 1e-4)
