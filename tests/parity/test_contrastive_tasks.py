"""Contrastive tasks against tensorflow-gnn: arguments, graphs, labels, predictions, losses, metrics."""

import importlib
import inspect
import types
import warnings

import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.models import contrastive_losses as ours

TASKS = {
    "DeepGraphInfomaxTask": {},
    "BarlowTwinsTask": {"lambda_": 0.3, "normalize_batch": False},
    "VicRegTask": {"sim_weight": 3.0, "var_weight": 4.0, "cov_weight": 5.0},
    "TripletLossTask": {"margin": 0.3},
}


@pytest.fixture(scope="module")
def theirs(tfgnn) -> types.ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("tensorflow_gnn.models.contrastive_losses")


def build(library, views: int):
    x = np.random.default_rng(2).normal(size=[7, 2, 4] if views == 3 else [7, 4]).astype("float32")
    return library.GraphTensor.from_pieces(
        context=library.Context.from_fields(features={"y": tf.constant([1, 2, 3])}),
        node_sets={"paper": library.NodeSet.from_fields(sizes=tf.constant([2, 1, 4]), features={"x": tf.constant(x)})},
    )


def make(library, name, **kwargs):
    corruptor = library.Corruptor(corruption_fn=lambda value, parameter: 2 * value, default=1.0)
    return getattr(library, name)("paper", feature_name="x", corruptor=corruptor, **kwargs)


def models(theirs, tfgnn, name, **kwargs):
    views = 3 if name.startswith("Triplet") else 2
    graphs = build(gnnkit, views), build(tfgnn, views)
    tasks = make(ours, name, **kwargs), make(theirs, name, **kwargs)
    inputs = gnnkit.keras.Input(graphs[0].spec), tf.keras.layers.Input(type_spec=graphs[1].spec)
    made = [task.preprocess(x) for task, x in zip(tasks, inputs, strict=True)]
    predictions = [task.predict(*x) for task, (x, _) in zip(tasks, made, strict=True)]
    return (
        tasks,
        graphs,
        (gnnkit.keras.Model(inputs[0], [tuple(made[0][0]), made[0][1]]), tf.keras.Model(inputs[1], made[1])),
        (gnnkit.keras.Model(inputs[0], predictions[0]), tf.keras.Model(inputs[1], predictions[1])),
    )


@pytest.mark.parametrize("name", [*TASKS, "ContrastiveLossTask"])
def test_arguments(theirs, name):
    have, wanted = (inspect.signature(getattr(module, name)).parameters for module in (ours, theirs))
    wanted = {n: p for n, p in wanted.items() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}
    assert [n for n in have if n in wanted] == list(wanted)
    for parameter in wanted.values():
        assert have[parameter.name].kind == parameter.kind
        assert have[parameter.name].default == parameter.default
    assert {m for m in dir(getattr(theirs, name)) if not m.startswith("_")} <= set(dir(getattr(ours, name)))


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("projected", [False, True])
def test_graphs_and_predictions(theirs, tfgnn, assert_same_graph, name, projected):
    kwargs = {"projector_units": [5, 3]} if projected else {}
    _, graphs, preprocess, predict = models(theirs, tfgnn, name, **kwargs)
    (our_graphs, our_labels), (their_graphs, their_labels) = (
        model(graph) for model, graph in zip(preprocess, graphs, strict=True)
    )
    for ours_, theirs_ in zip(our_graphs, their_graphs, strict=True):
        assert_same_graph(ours_, theirs_)
    tf.nest.map_structure(np.testing.assert_array_equal, our_labels, their_labels)
    weights = predict[1].get_weights()
    assert [w.shape for w in predict[0].get_weights()] == [w.shape for w in weights]
    weights = [w + 0.1 for w in weights]
    for model in predict:
        model.set_weights(weights)
    got, expected = (model(graph) for model, graph in zip(predict, graphs, strict=True))
    tf.nest.map_structure(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), got, expected)
    assert predict[0].get_layer("clean_representations") and predict[1].get_layer("clean_representations")


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("given", [False, True])
def test_losses_and_metrics(theirs, name, given):
    kwargs = TASKS[name] if given else {}
    tasks = [getattr(module, name)("paper", **kwargs) for module in (ours, theirs)]
    rng = np.random.default_rng(1)
    if name == "DeepGraphInfomaxTask":
        y_true = {"predictions": np.array([[0, 1]] * 6), "representations": np.zeros([6, 0], "int32")}
        y_pred = {"predictions": rng.normal(size=[6, 2]), "representations": rng.normal(size=[6, 2, 4])}
        y_pred = {key: value.astype("float32") for key, value in y_pred.items()}
        got, expected = (
            [float(task.losses()[key](y_true[key], y_pred[key])) for key in ("predictions", "representations")]
            for task in tasks
        )
        have, wanted = (task.metrics() for task in tasks)
        assert have.keys() == wanted.keys()
        pairs = [(h, w, y_true[key], y_pred[key]) for key in have for h, w in zip(have[key], wanted[key], strict=True)]
    else:
        y_true = np.zeros([6, 0], "int32")
        y_pred = rng.normal(size=[6, 2] if name == "TripletLossTask" else [6, 2, 4]).astype("float32")
        got, expected = (float(task.losses()(y_true, y_pred)) for task in tasks)
        pairs = [(h, w, y_true, y_pred) for h, w in zip(tasks[0].metrics(), tasks[1].metrics(), strict=True)]
    assert got == pytest.approx(expected, rel=1e-4)
    for have, wanted, labels, predictions in pairs:
        assert have.name == wanted.name
        values = []
        for metric in (have, wanted):
            if hasattr(metric, "update_state"):
                for part in (slice(0, 4), slice(4, 6)):
                    metric.update_state(labels[part], predictions[part])
                values.append(metric.result())
            else:
                values.append(metric(labels, predictions))  # A loss in the place of a metric.
        if have.name == "binary_accuracy":
            assert float(values[0]) == pytest.approx(np.mean((predictions > 0) == labels))  # B11
            assert float(values[1]) == pytest.approx(np.mean((predictions > 0.5) == labels))
        elif isinstance(values[0], dict):
            assert values[0].keys() == values[1].keys()
            assert {k: float(v) for k, v in values[0].items()} == pytest.approx(
                {k: float(v) for k, v in values[1].items()}, rel=1e-4
            )
        else:
            assert float(values[0]) == pytest.approx(float(values[1]), rel=1e-5)


@pytest.mark.parametrize("name", TASKS)
def test_weights_of_examples(name):
    # B12c: what has weight 0, as padding has, is as if it were not there.
    task = getattr(ours, name)("paper")
    rng = np.random.default_rng(1)
    y_pred = rng.normal(size=[6, 2] if name in ("TripletLossTask", "DeepGraphInfomaxTask") else [6, 2, 4]).astype("f4")
    y_true, weights = np.array([[0, 1]] * 6), np.array([1.0, 1.0, 1.0, 1.0, 0.0, 0.0], "f4")
    loss, metrics = task.losses(), task.metrics()
    if name == "DeepGraphInfomaxTask":
        loss, metrics = loss["predictions"], metrics["predictions"]
    alone = float(loss(y_true[:4], y_pred[:4]))
    assert float(loss(y_true, y_pred, weights)) == pytest.approx(alone, rel=1e-4)
    for metric in metrics:
        metric.update_state(y_true[:4], y_pred[:4])
        alone = metric.result()
        metric.reset_state()
        metric.update_state(y_true, y_pred, weights)
        tf.nest.map_structure(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4), metric.result(), alone)


def test_errors(theirs):
    with pytest.raises(ValueError, match=r"projector_units must be positive, but are \[0\]"):
        ours.VicRegTask("paper", projector_units=[0])
    with pytest.raises(ValueError, match=r"feature 'x' of node set 'paper' must hold anchors .* \[7, 4\]"):
        ours.TripletLossTask("paper").preprocess(build(gnnkit, 2))
    with pytest.raises(
        ValueError, match=r"DeepGraphInfomaxTask needs representations of shape .* has shape \[3, 2, 4\]"
    ):
        graph = build(gnnkit, 3)
        ours.DeepGraphInfomaxTask("paper", feature_name="x").predict(graph, graph)
    for module in (ours, theirs):
        with pytest.raises(TypeError):
            module.ContrastiveLossTask("paper")
