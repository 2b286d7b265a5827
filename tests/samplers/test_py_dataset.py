import os
import subprocess
import sys

import numpy as np
import pytest

from gnnkit.samplers import EdgeTable, GraphStore, GraphTables, NodeTable, PyDataset, dataset, make_sampling_spec_tree

PROGRAM = """
import warnings
import gnnkit, keras, jax, numpy as np
from gnnkit import samplers
from gnnkit.datasets import academic_graph
from gnnkit.models import vanilla_mpnn

assert keras.backend.backend() == "jax"
store = samplers.GraphStore.from_tables(academic_graph(num_papers=120, num_authors=100, num_classes=2))
spec = samplers.make_sampling_spec_tree(store, "paper", sample_sizes=[3])
def hidden(graph):
    paper = {"hidden_state": graph.node_sets["paper"]["embedding"]}
    rest = {name: {"hidden_state": np.ones([int(sum(graph.node_sets[name].sizes)), 1], "float32")}
            for name in graph.node_sets if name not in ("paper", "_readout")}
    return graph.replace_features(node_sets={"paper": paper, **rest})
batches = samplers.PyDataset(store, spec, batch_size=50, shuffle=True, label="label", pad=True, workers=2,
                             features={"paper": ["embedding"]}, transform=hidden)
graph, labels, weights = batches[0]
inputs = gnnkit.keras.Input(graph.spec)
updated = vanilla_mpnn.VanillaMPNNGraphUpdate(units=8, message_dim=4, receiver_tag=gnnkit.SOURCE)(inputs)
roots = gnnkit.keras.layers.StructuredReadout("seed")(updated)
model = gnnkit.keras.Model(inputs, keras.layers.Dense(2)(roots))
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(keras.optimizers.Adam(0.02), loss, weighted_metrics=["accuracy"])
before = model.evaluate(batches, verbose=0)[0]
model.fit(batches, epochs=5, verbose=0)
after = model.evaluate(batches, verbose=0)[0]
assert after < before, (before, after)
assert len({tuple(leaf.shape for leaf in jax.tree.leaves(batches[i])) for i in range(len(batches))}) == 1
print("fine")
"""


@pytest.fixture(scope="module")
def store():
    rng = np.random.default_rng(0)
    features = {"row": np.arange(50), "label": rng.integers(3, size=50)}
    cites = EdgeTable(
        source_set="paper", target_set="paper", source=rng.integers(50, size=300), target=rng.integers(50, size=300)
    )
    nodes = NodeTable(num_nodes=50, features=features)
    return GraphStore.from_tables(GraphTables(node_sets={"paper": nodes}, edge_sets={"cites": cites}))


@pytest.fixture(scope="module")
def spec(store):
    return make_sampling_spec_tree(store, "paper", sample_sizes=[3, 2])


def same(a, b):
    assert a.node_sets["paper"]["row"].tolist() == np.asarray(b.node_sets["paper"]["row"]).tolist()
    adjacency, other = a.edge_sets["cites"].adjacency, b.edge_sets["cites"].adjacency
    assert adjacency.source.tolist() == np.asarray(other.source).tolist()
    assert adjacency.target.tolist() == np.asarray(other.target).tolist()


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_batches_are_those_of_the_tf_dataset(store, spec, workers):
    options = {"batch_size": 16, "shuffle": True, "resample": True, "seed": 3}
    batches = PyDataset(store, spec, workers=workers, **options)
    expected = list(dataset(store, spec, repeat=2, **options))
    assert len(batches) == 4
    for epoch in range(2):
        for i in reversed(range(4)):  # By number: in any order.
            same(batches[i], expected[4 * epoch + i])
        batches.on_epoch_end()
    same(PyDataset(store, spec, start_epoch=1, **options)[2], expected[6])


def test_padding_and_labels(store, spec):
    batches = PyDataset(store, spec, batch_size=16, label="label", pad=True)
    specs, labels = set(), []
    for i in range(len(batches)):
        graph, label, weight = batches[i]
        specs.add(graph.spec)
        real = int(weight.sum())
        assert weight.tolist() == [1.0] * real + [0.0] * (16 - real) and graph.num_components == 17
        labels += label[:real].tolist()
        assert "label" not in graph.node_sets["_readout"].features
    assert len(specs) == 1 and labels == store.node_features("paper")["label"].tolist()
    graph, label = PyDataset(store, spec, batch_size=16, label="label", drop_remainder=True)[0]
    assert graph.num_components == 16 and len(label) == 16


@pytest.mark.parametrize(
    "options, message",
    [
        ({"batch_size": 0}, "batch_size=0: expected 1 or more"),
        ({"batch_size": 4, "pad": True, "resample": True}, "with resample=True other ones may come. Give sizes"),
        ({"batch_size": 4, "pad": True, "joint": True}, "with joint=True other ones may come. Give sizes"),
        ({"batch_size": 4, "label": "lable"}, "node set 'paper' has no feature 'lable'"),
    ],
)
def test_errors(store, spec, options, message):
    with pytest.raises(ValueError, match=message):
        PyDataset(store, spec, **options)


def test_a_batch_that_is_not_there(store, spec):
    with pytest.raises(IndexError, match="Batch 5 of 5"):
        PyDataset(store, spec, batch_size=10)[5]


@pytest.mark.slow
def test_training_on_jax():
    pytest.importorskip("jax")
    env = {**os.environ, "KERAS_BACKEND": "jax"}
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, env=env, timeout=280)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.strip().endswith("fine")
