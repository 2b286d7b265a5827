"""The laws over all layers and models: see `gnnkit.testing.assert_layer_contract`."""

import keras
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.testing import assert_layer_contract


def test_contract(case):
    assert_layer_contract(case.make(), case.graph(), **case.contract_kwargs)


def _leaves(output):
    return output._fields() if isinstance(output, gnnkit.GraphTensor) else [output]


def test_graphs_of_other_sizes_after_the_first(case):
    """Nothing of the first graph's sizes sticks; components without nodes or edges are fine."""
    layer = case.make()
    layer(case.graph(3), **case.call_kwargs)
    other = case.graph(4)
    expected = case.make()
    expected(other, **case.call_kwargs)
    expected.set_weights(layer.get_weights())
    for got, want in zip(
        _leaves(layer(other, **case.call_kwargs)), _leaves(expected(other, **case.call_kwargs)), strict=True
    ):
        tf.debugging.assert_near(tf.cast(got, tf.float32), tf.cast(want, tf.float32), 1e-5, 1e-5)


def test_int64_indices(case):
    layer = case.make()
    graph = case.graph()
    want = _leaves(layer(graph, **case.call_kwargs))
    got = _leaves(layer(graph.with_indices_dtype(tf.int64), **case.call_kwargs))
    for g, w in zip(got, want, strict=True):
        tf.debugging.assert_near(tf.cast(g, tf.float32), tf.cast(w, tf.float32), 1e-5, 1e-5)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Encoding a StructuredValue with type gnnkit.GraphTensorSpec")
def test_saved_model(case, tmp_path):
    """As a SavedModel, a layer gives the same for graphs of any sizes, and keeps its weights."""
    layer, graph = case.make(), case.graph()
    layer(graph, **case.call_kwargs)
    spec = graph.spec.relax(num_components=True, num_nodes=True, num_edges=True)
    module = tf.Module()
    module.layer = layer
    module.call = tf.function(lambda graph: layer(graph, **case.call_kwargs), input_signature=[spec], autograph=False)
    tf.saved_model.save(module, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    for each in (graph, case.graph(4)):
        want, got = _leaves(layer(each, **case.call_kwargs)), _leaves(loaded.call(each))
        for g, w in zip(got, want, strict=True):
            tf.debugging.assert_near(tf.cast(g, tf.float32), tf.cast(w, tf.float32), 1e-5, 1e-5)
    kept = {variable.name for variable in loaded.call.get_concrete_function(spec).variables}
    assert len(kept) >= len(layer.trainable_weights)


@pytest.mark.parametrize(
    "policy", ["mixed_float16", pytest.param("mixed_bfloat16", marks=pytest.mark.slow)], indirect=True
)
def test_mixed_precision(case, policy):
    """Computes in half precision, keeps float32 weights, and stays near the result in float32."""
    graph = case.graph()
    layer = case.make()
    inputs = gnnkit.keras.Input(graph.spec.relax(num_components=True, num_nodes=True, num_edges=True))
    model = gnnkit.keras.Model(inputs, layer(inputs, **case.call_kwargs))
    halves = [x for x in _leaves(model(graph)) if x.dtype.is_floating]
    assert all(w.dtype == "float32" for w in layer.weights)
    if layer.weights:
        assert any(x.dtype == policy.removeprefix("mixed_") for x in halves), [x.dtype for x in halves]
    keras.config.set_dtype_policy("float32")
    full = case.make()
    wholes = [x for x in _leaves(full(graph, **case.call_kwargs)) if x.dtype.is_floating]
    full.set_weights(layer.get_weights())
    wholes = [x for x in _leaves(full(graph, **case.call_kwargs)) if x.dtype.is_floating]
    for half, whole in zip(halves, wholes, strict=True):
        tf.debugging.assert_near(tf.cast(half, tf.float32), whole, 0.1, 0.1)
