"""PadToTotalSizes, ParseExample and ParseSingleExample: as functions do, in saved models too."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit import SizeConstraints
from gnnkit.keras import layers
from gnnkit.testing import assert_graphs_equal, random_graph


@pytest.fixture
def graph():
    return random_graph(3, min_nodes=1)


SIZES = SizeConstraints(
    5,
    {"author": 20, "paper": 30, "venue": 25},
    {"cites": 30, "is_in": 30, "writes": 40},
    {"paper": 1},
)


def symbolic(graph):
    return gnnkit.keras.Input(graph.spec.relax(num_components=True, num_nodes=True, num_edges=True))


def saved(model, folder):
    model.save(folder / "model.keras")
    return keras.saving.load_model(folder / "model.keras")


def test_padding(graph):
    want, want_mask = gnnkit.pad_to_total_sizes(graph, SIZES)
    padded, mask = layers.PadToTotalSizes(SIZES)(graph)
    assert_graphs_equal(padded, want)
    np.testing.assert_array_equal(mask, want_mask)
    assert_graphs_equal(layers.PadToTotalSizes(SIZES, return_mask=False)(graph), want)
    stored = layers.PadToTotalSizes(SIZES, return_mask=False, mask_output_feature_name="is_real")(graph)
    np.testing.assert_array_equal(stored.context["is_real"], want_mask)
    assert_graphs_equal(stored.remove_features(context=["is_real"]), want)


@pytest.mark.parametrize("arguments", [{}, {"return_mask": False, "mask_output_feature_name": "m", "validate": False}])
def test_config_of_padding(arguments):
    constraints = SIZES._replace(total_num_components=tf.constant(5), total_num_edges={"cites": np.int64(9)})
    layer = layers.PadToTotalSizes(constraints, name="pad", **arguments)
    config = layer.get_config()
    assert config["sizes_constraints"] == {
        "total_num_components": 5,
        "total_num_nodes": SIZES.total_num_nodes,
        "total_num_edges": {"cites": 9},
        "min_nodes_per_component": {"paper": 1},
    }
    assert layers.PadToTotalSizes.from_config(config).get_config() == config
    assert arguments.items() <= config.items() and config["name"] == "pad"


def test_saved_model_with_padding(graph, tmp_path):
    inputs = symbolic(graph)
    padded, mask = layers.PadToTotalSizes(SIZES)(inputs)
    assert padded.node_sets["paper"]["hidden_state"].shape == (30, 4) and mask.shape == (5,)
    outputs = keras.layers.Dense(2)(layers.Pool(gnnkit.CONTEXT, "mean", node_set_name="paper")(padded))
    model = gnnkit.keras.Model(inputs, (outputs, mask))
    loaded = saved(model, tmp_path)
    for each in (graph, random_graph(4, min_nodes=1, num_components=2)):
        for got, want in zip(loaded(each), model(each), strict=True):
            np.testing.assert_array_equal(got, want)


def test_training_step_compiled_by_xla(graph):
    """The mask as sample weights: fake components change no gradient."""
    padded, mask = gnnkit.pad_to_total_sizes(graph, SIZES)
    inputs = symbolic(graph)
    hidden = layers.SimpleConv(keras.layers.Dense(4), receiver_tag=gnnkit.TARGET)(inputs, edge_set_name="cites")
    pooled = gnnkit.pool_nodes_to_context(inputs, "paper", "mean", feature_value=hidden)
    model = gnnkit.keras.Model(inputs, keras.layers.Dense(1)(pooled))

    def gradients(each, weights):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(weights[:, tf.newaxis] * (model(each) - 1) ** 2)
        return tape.gradient(loss, [w.value for w in model.trainable_variables])

    want = gradients(graph, tf.ones([3]))
    got = tf.function(gradients, jit_compile=True)(padded, tf.cast(mask, tf.float32))
    for g, w in zip(got, want, strict=True):
        np.testing.assert_allclose(g, w, rtol=1e-4, atol=1e-4)
        assert np.any(w)


def test_wrong_padding(graph):
    with pytest.raises(tf.errors.InvalidArgumentError, match="total_num_components is 1"):
        layers.PadToTotalSizes(SIZES._replace(total_num_components=1))(graph)
    with pytest.raises(ValueError, match="the context has a feature 'hidden_state' already"):
        layers.PadToTotalSizes(SIZES, mask_output_feature_name="hidden_state")(graph)

    @tf.function(input_signature=[tf.TensorSpec([], tf.int32)])
    def config_of(total):
        layers.PadToTotalSizes(SIZES._replace(total_num_components=total)).get_config()

    with pytest.raises(
        NotImplementedError, match="cannot be saved: its size .* is not known .* Make the layer with ints"
    ):
        config_of(5)


def examples():
    graphs = []
    for seed in (1, 2):
        graph = random_graph(seed, num_components=1)
        paper = graph.node_sets["paper"]
        words = tf.ragged.constant([["a"] * (i % 3) for i in range(int(paper.total_size))], tf.string, ragged_rank=1)
        graphs.append(graph.replace_features(node_sets={"paper": {"words": words, **paper.features}}))
    spec = gnnkit.create_graph_spec_from_schema_pb(gnnkit.create_schema_pb_from_graph_spec(graphs[0]))
    return spec, tf.constant([gnnkit.write_example(graph).SerializeToString() for graph in graphs])


@pytest.mark.parametrize("cls, shape", [(layers.ParseExample, [None]), (layers.ParseSingleExample, [])])
def test_parsing(cls, shape, tmp_path):
    spec, serialized = examples()
    value = serialized if shape else serialized[0]
    want = (gnnkit.parse_example if shape else gnnkit.parse_single_example)(spec, value)
    layer = cls(spec, name="parse")
    assert_graphs_equal(layer(value), want)
    assert cls.from_config(layer.get_config()).get_config() == layer.get_config()
    inputs = keras.Input(batch_shape=shape, dtype="string")
    parsed = cls(spec)(inputs)
    assert parsed.rank == len(shape)
    loaded = saved(gnnkit.keras.Model(inputs, parsed), tmp_path)
    assert_graphs_equal(loaded(value), want)


def test_wrong_parsing():
    spec, serialized = examples()
    with pytest.raises(TypeError, match="ParseExample needs a GraphTensorSpec, but got GraphTensor.*from_schema_pb"):
        layers.ParseExample(random_graph(1))
    with pytest.raises(ValueError, match="parse_example needs a vector of strings"):
        layers.ParseExample(spec)(serialized[0])


def test_deprecated_names():
    assert layers.ReadoutNamed is layers.StructuredReadout
    assert layers.ReadoutNamedIntoFeature is layers.StructuredReadoutIntoFeature
    assert list(inspect.signature(layers.PadToTotalSizes).parameters)[0] == "sizes_constraints"
