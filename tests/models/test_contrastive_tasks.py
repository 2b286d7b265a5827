"""Contrastive tasks: what they make of graphs, and runs with them, alone and beside a classification."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit import runner
from gnnkit.models import contrastive_losses

TASKS = [
    contrastive_losses.DeepGraphInfomaxTask,
    pytest.param(contrastive_losses.BarlowTwinsTask, marks=pytest.mark.slow),
    pytest.param(contrastive_losses.VicRegTask, marks=pytest.mark.slow),
    contrastive_losses.TripletLossTask,
]


def graph(rng, sides: int = 1) -> gnnkit.GraphTensor:
    n, label = int(rng.integers(2, 5)), int(rng.integers(0, 2))
    x = rng.normal(size=[n, 2, 3] if sides == 2 else [n, 3]).astype(np.float32) + label
    return gnnkit.GraphTensor.from_pieces(
        node_sets={
            "paper": gnnkit.NodeSet.from_fields(sizes=[n], features={"x": x}),
            "_readout": gnnkit.NodeSet.from_fields(sizes=[1], features={"label": np.array([label], np.int64)}),
        },
        edge_sets={
            "cites": gnnkit.EdgeSet.from_fields(
                sizes=[n - 1],
                adjacency=gnnkit.Adjacency.from_indices(
                    ("paper", np.arange(1, n, dtype=np.int32)), ("paper", np.zeros(n - 1, np.int32))
                ),
            ),
            "_readout/seed": gnnkit.EdgeSet.from_fields(
                sizes=[1], adjacency=gnnkit.Adjacency.from_indices(("paper", [0]), ("_readout", [0]))
            ),
        },
    )


def dataset(sides: int = 1, num: int = 24) -> tf.data.Dataset:
    rng = np.random.default_rng(3)
    graphs = [graph(rng, sides) for _ in range(num)]
    spec = graphs[0].spec.relax(num_nodes=True, num_edges=True)
    return tf.data.Dataset.from_generator(lambda: iter(graphs), output_signature=spec)


def model_fn(spec):
    inputs = gnnkit.keras.Input(spec)
    x = inputs.node_sets["paper"]["x"]
    pooled = gnnkit.pool_edges_to_node(
        inputs,
        "cites",
        gnnkit.TARGET,
        "mean",
        feature_value=gnnkit.broadcast_node_to_edges(inputs, "cites", gnnkit.SOURCE, feature_value=x),
    )
    state = keras.layers.Dense(4, "tanh")(keras.ops.concatenate([x, pooled], -1))
    return gnnkit.keras.Model(inputs, inputs.replace_features(node_sets={"paper": {"hidden_state": state}}))


def run(tmp_path, task, sides: int = 1, **kwargs):
    data = dataset(sides)
    kwargs = {"model_fn": model_fn, **kwargs}
    return runner.run(
        train_ds_provider=runner.PassthruDatasetProvider(data),
        optimizer_fn=lambda: keras.optimizers.Adam(0.01),
        trainer=runner.KerasTrainer(model_dir=str(tmp_path), verbose=0, summarize_every_n_steps="never"),
        task=task,
        gtspec=data.element_spec,
        global_batch_size=8,
        model_exporters=[],
        **kwargs,
    )


@pytest.mark.parametrize("make", TASKS)
def test_runs(tmp_path, make):
    result = run(tmp_path, make("paper", seed=1, projector_units=[5]), sides=2 if "Triplet" in make.__name__ else 1)
    history = result.trained_model.history.history
    assert np.isfinite(history["loss"]).all()
    names = {
        "DeepGraphInfomaxTask": {"predictions_binary_accuracy", "predictions_loss", "numerical_rank"},
        "TripletLossTask": {"positive_distance", "negative_distance", "triplet_distance"},
    }.get(make.__name__, {"numerical_rank", "rankme", "coherence"})
    assert names <= set(history)
    # Clean representations have a layer of their own: what is left when the loss is taken away.
    inner = keras.Model(result.trained_model.input, result.trained_model.get_layer("clean_representations").output)
    views = result.preprocess_model(next(iter(dataset(2 if "Triplet" in make.__name__ else 1))))[0]
    assert inner(views).shape == [1, 4]


def test_beside_a_classification(tmp_path):
    calls = []

    def counting(spec):
        calls.append(spec)
        return model_fn(spec)

    tasks = {
        "label": runner.NodeMulticlassClassification(num_classes=2, label_feature_name="label"),
        "dgi": contrastive_losses.DeepGraphInfomaxTask("paper", seed=1),
        "vicreg": contrastive_losses.VicRegTask("paper", seed=2),
    }
    result = run(tmp_path, tasks, model_fn=counting, loss_weights={"label": 1.0, "dgi": 0.5, "vicreg": 0.1})
    assert len(calls) == 1
    # The clean graph is one input, not three; corruptions are two.
    assert len(result.trained_model.input) == 3
    history = result.trained_model.history.history
    assert {"label_loss", "vicreg_loss", "dgi_predictions_binary_accuracy", "rankme"} <= set(history)
    graphs, labels = result.preprocess_model(next(iter(dataset())))
    assert len(graphs) == 3 and set(labels) == {"label", "dgi_predictions", "dgi_representations", "vicreg"}
    outputs = result.trained_model(graphs)
    assert outputs["label"].shape == [1, 2] and outputs["vicreg"].shape == [1, 2, 4]
    assert outputs["dgi_predictions"].shape == [1, 2]
    metrics = runner.evaluate(result, runner.PassthruDatasetProvider(dataset()), global_batch_size=8)
    assert {"label_sparse_categorical_accuracy"} <= set(metrics)


@pytest.mark.slow
def test_padding_changes_nothing_beside_a_classification(tmp_path):
    """The weights of components are told apart from those of the other task's rows."""
    histories = []
    for name in ("plain", "padded"):
        keras.utils.set_random_seed(1)
        data = dataset()
        padding = runner.TightPadding(data.element_spec, runner.PassthruDatasetProvider(data), {"paper": 1})
        tasks = {
            "label": runner.NodeMulticlassClassification(num_classes=2, label_feature_name="label"),
            "dgi": contrastive_losses.DeepGraphInfomaxTask("paper", seed=1),
        }
        result = run(tmp_path / name, tasks, train_padding=padding if name == "padded" else None)
        histories.append(result.trained_model.history.history)
    plain, padded = histories
    for key in ("dgi_predictions_binary_crossentropy", "dgi_predictions_binary_accuracy", "label_loss"):
        np.testing.assert_allclose(padded[key], plain[key], rtol=1e-4, err_msg=key)
