"""SampledDatasetProvider: subgraphs of a store, shared out, and in the order and with the samples of their epoch."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from gnnkit import runner, samplers
from gnnkit.datasets import academic_graph
from gnnkit.keras import Input, Model
from gnnkit.keras.layers import MapFeatures
from gnnkit.models.vanilla_mpnn import VanillaMPNNGraphUpdate

HOW = {"features": {"paper": ["embedding"]}, "readout_features": ["label"]}


@pytest.fixture(scope="module")
def store():
    return samplers.GraphStore.from_tables(academic_graph(num_papers=60, num_authors=40, feature_dim=4))


@pytest.fixture(scope="module")
def spec(store):
    return samplers.SamplingSpecBuilder(store).seed("paper").sample(4, "cites").build()


def first_states(node_set, node_set_name):
    return keras.layers.Dense(4)(node_set["embedding"]) if node_set_name == "paper" else None


def seeds_of(dataset, store):
    """Rows of the roots, told by their features."""
    table = np.asarray(store.node_features("paper")["embedding"])
    found = []
    for graph in dataset:
        starts = np.concatenate([[0], np.cumsum(graph.node_sets["paper"].sizes)[:-1]])
        for root in graph.node_sets["paper"]["embedding"].numpy()[starts]:
            found.append(int(np.flatnonzero((table == root).all(axis=1))[0]))
    return found


def test_pipelines_share_the_seeds(store, spec):
    provider = runner.SampledDatasetProvider(store, spec, range(10), **HOW)
    shares = [
        seeds_of(provider.get_batched_dataset(tf.distribute.InputContext(3, index, 3), 2), store) for index in range(3)
    ]
    assert sorted(seed for share in shares for seed in share) == list(range(10))
    assert [len(share) for share in shares] == [4, 3, 3]


def test_order_and_samples_are_those_of_the_epoch(store, spec):
    def make():
        return runner.SampledDatasetProvider(store, spec, shuffle=True, resample=True, seed=3, **HOW)

    context = tf.distribute.InputContext()
    dataset = make().get_dataset(context)
    epochs = [seeds_of(dataset, store) for _ in range(2)]
    assert sorted(epochs[0]) == sorted(epochs[1]) == list(range(60)) and epochs[0] != epochs[1]
    resumed = make()
    resumed.set_initial_epoch(1)
    assert seeds_of(resumed.get_dataset(context), store) == epochs[1]


def test_gtspec_is_that_of_the_elements(store, spec):
    for joint in (False, True):
        provider = runner.SampledDatasetProvider(store, spec, joint=joint, **HOW)
        assert provider.gtspec == provider.get_dataset(tf.distribute.InputContext()).element_spec
    with pytest.raises(ValueError, match="has no feature 'titel'"):
        _ = runner.SampledDatasetProvider(store, spec, features={"paper": ["titel"]}).gtspec


@pytest.mark.slow
@pytest.mark.parametrize("joint", [False, True])
def test_a_run(store, spec, tmp_path, joint):
    def provider(seeds, training):
        return runner.SampledDatasetProvider(
            store, spec, seeds, shuffle=training, resample=training, joint=joint, **HOW
        )

    def model_fn(gtspec):
        inputs = Input(gtspec)
        graph = MapFeatures(node_sets_fn=first_states)(inputs)
        update = VanillaMPNNGraphUpdate(units=4, message_dim=4, receiver_tag=0, node_set_names=["paper"])
        return Model(inputs, update(graph))

    train = provider(range(40), True)
    classes = int(np.max(store.node_features("paper")["label"])) + 1
    task = (
        runner.NodeMulticlassClassification("seed", num_classes=classes, label_feature_name="label")
        if joint
        else runner.RootNodeMulticlassClassification("paper", num_classes=classes, label_feature_name="label")
    )
    result = runner.run(
        train_ds_provider=train,
        valid_ds_provider=provider(range(40, 60), False),
        model_fn=model_fn,
        optimizer_fn=keras.optimizers.Adam,
        trainer=runner.KerasTrainer(model_dir=str(tmp_path), verbose=0),
        task=task,
        gtspec=train.gtspec,
        global_batch_size=20,
        epochs=2,
        model_exporters=[],
    )
    assert len(result.trained_model.history.history["val_loss"]) == 2
