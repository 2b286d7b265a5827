"""fit, evaluate and predict on datasets of graphs of varying sizes; no retracing; two devices."""

import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.keras import layers
from gnnkit.models.gcn import GCNHomGraphUpdate
from gnnkit.testing import random_graph

ROOT = pathlib.Path(__file__).resolve().parents[2]
SETS = {"node_sets": {"paper": 4}, "edge_sets": {"cites": ("paper", "paper", 2)}}


def make_dataset(num_graphs: int = 8, batch_size: int = 2) -> tf.data.Dataset:
    """Merged batches: each of another number of nodes and edges. The label: the sum of all node states of the graph."""
    graphs = [random_graph(seed, min_nodes=1, num_components=1, **SETS) for seed in range(num_graphs)]
    spec = graphs[0].spec.relax(num_nodes=True, num_edges=True)
    dataset = tf.data.Dataset.from_generator(lambda: iter(graphs), output_signature=spec)
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(num_graphs))

    def split(graph):
        graph = graph.merge_batch_to_components()
        total = gnnkit.pool_nodes_to_context(graph, "paper", feature_name="hidden_state")
        return graph, tf.reduce_sum(total, axis=-1, keepdims=True)

    return dataset.batch(batch_size).map(split)


class CountsTraces(keras.layers.Layer):
    """Counts how often it is traced or run eagerly."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def call(self, x):
        self.count += 1
        return x


def make_model(spec, cls=gnnkit.keras.Model, counter=None):
    inputs = gnnkit.keras.Input(spec)
    graph = GCNHomGraphUpdate(units=8, add_self_loops=True)(inputs)
    x = layers.Pool(gnnkit.CONTEXT, "sum", node_set_name="paper")(graph)
    model = cls(inputs, keras.layers.Dense(1)(x if counter is None else counter(x)))
    model.compile(keras.optimizers.Adam(0.02), "mse", metrics=["mae"])
    return model


@pytest.mark.parametrize("cls", [gnnkit.keras.Model, pytest.param(keras.Model, marks=pytest.mark.slow)])
def test_fit_evaluate_predict(cls):
    dataset = make_dataset()
    model = make_model(dataset.element_spec[0], cls)
    before = model.evaluate(dataset, verbose=0)[0]
    history = model.fit(dataset, epochs=15, validation_data=dataset, verbose=0).history
    assert history["loss"][-1] < 0.5 * before
    assert np.isclose(history["val_loss"][-1], model.evaluate(dataset, verbose=0)[0], rtol=1e-4)
    predictions = model.predict(dataset, verbose=0)
    by_hand = np.concatenate([model(graph) for graph, _ in dataset])
    np.testing.assert_allclose(predictions, by_hand, 1e-5, 1e-5)


def test_no_retracing_from_batch_to_batch():
    dataset = make_dataset()
    counter = CountsTraces()
    model = make_model(dataset.element_spec[0], counter=counter)
    model.fit(dataset.take(1), verbose=0)
    after_first = counter.count
    model.fit(dataset, epochs=3, verbose=0)
    assert counter.count == after_first
    # predict() has no iterator inside its tf.function: traced for the first shapes, then for unknown sizes, then no more.
    model.predict(dataset, verbose=0)
    assert counter.count <= after_first + 2
    after_first = counter.count
    model.predict(make_dataset(16), verbose=0)
    assert counter.count == after_first


def test_no_retracing_of_a_function_with_the_signature_of_the_dataset():
    dataset = make_dataset().map(lambda graph, label: graph)
    traces = []

    @tf.function(input_signature=[dataset.element_spec])
    def step(graph):
        traces.append(graph)
        return gnnkit.pool_nodes_to_context(graph, "paper", feature_name="hidden_state")

    for graph in dataset:
        step(graph)
    assert len(traces) == 1


def test_sample_weights_and_class_weights():
    dataset = make_dataset().map(lambda graph, label: (graph, label, tf.zeros_like(label[:, 0])))
    model = make_model(dataset.element_spec[0])
    weights = model.get_weights()
    assert model.evaluate(dataset, verbose=0)[0] == 0.0
    model.fit(dataset, verbose=0)
    for before, after in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"], indirect=True)
def test_two_layers_of_gcn_train_in_mixed_precision(policy):
    """TF-GNN's GCN crashes there (B8)."""
    dataset = make_dataset()
    inputs = gnnkit.keras.Input(dataset.element_spec[0])
    graph = GCNHomGraphUpdate(units=8, add_self_loops=True, name="first")(inputs)
    graph = GCNHomGraphUpdate(units=8, add_self_loops=True, name="second")(graph)
    assert graph.node_sets["paper"]["hidden_state"].dtype == policy.removeprefix("mixed_")
    assert graph.edge_sets["cites"]["hidden_state"].dtype == "float32"  # Passed through, not computed with.
    x = layers.Pool(gnnkit.CONTEXT, "mean", node_set_name="paper")(graph)
    model = gnnkit.keras.Model(inputs, keras.layers.Dense(1, dtype="float32")(x))
    model.compile("adam", "mse")
    history = model.fit(dataset, epochs=3, verbose=0).history["loss"]
    assert np.isfinite(history).all() and history[-1] < history[0]


def test_regularization_losses_reach_the_model():
    dataset = make_dataset()
    inputs = gnnkit.keras.Input(dataset.element_spec[0])
    graph = GCNHomGraphUpdate(units=8, kernel_regularizer=keras.regularizers.L2(0.1))(inputs)
    model = gnnkit.keras.Model(inputs, layers.Readout(node_set_name="paper")(graph))
    kernel = next(w for w in model.weights if w.path.endswith("kernel"))
    (loss,) = model.losses
    np.testing.assert_allclose(loss, 0.1 * np.sum(kernel.numpy() ** 2), 1e-5)


TWO_DEVICES = """
import sys
import keras, tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
sys.path.insert(0, sys.argv[1])
import test_training as t
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
assert strategy.num_replicas_in_sync == 2
dataset = t.make_dataset(16)
with strategy.scope():
    model = t.make_model(dataset.element_spec[0])
# Not rebatched by Keras: the first dimension of merged graphs is no batch of examples.
options = tf.data.Options()
options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
history = model.fit(strategy.distribute_datasets_from_function(lambda c: dataset.with_options(options).repeat()),
                    steps_per_epoch=8, epochs=6, verbose=0).history["loss"]
assert history[-1] < history[0], history
print("fine")
"""


@pytest.mark.slow
def test_mirrored_strategy_on_two_logical_cpus(clean_environment):
    environment = {**clean_environment, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT)}
    result = subprocess.run(
        [sys.executable, "-c", TWO_DEVICES, os.path.dirname(__file__)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0 and "fine" in result.stdout, result.stderr[-3000:]
