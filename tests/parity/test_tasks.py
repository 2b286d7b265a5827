"""The tasks of gnnkit.runner against those of tensorflow_gnn.runner: arguments, labels, predictions, losses, metrics."""

import importlib
import inspect
import types
import warnings
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit import runner

OBJECTIVES = [
    "BinaryClassification",
    "MulticlassClassification",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "MeanSquaredLogScaledError",
]
FIRST = {"Graph": ["paper"], "RootNode": ["paper"], "Node": ["seed"]}
TASKS = [(readout, objective) for readout in FIRST for objective in OBJECTIVES]
LINKS = ["DotProductLinkPrediction", "HadamardProductLinkPrediction"]

# Names of tensorflow_gnn.runner that gnnkit.runner still lacks; none of them is a task.
OWED = {"IntegratedGradientsExporter", "ParameterServerStrategy", "SubmoduleExporter", "TPUStrategy"}


@pytest.fixture(scope="module")
def theirs(tfgnn) -> types.ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("tensorflow_gnn.runner")


def make_both(theirs: Any, name: str, first: list[str], **kwargs: Any) -> tuple[Any, Any]:
    if name.endswith("MulticlassClassification"):
        kwargs.setdefault("num_classes", 3)
    kwargs.setdefault("label_feature_name", "label")
    return tuple(getattr(module, name)(*first, **kwargs) for module in (runner, theirs))


def build(library: Any) -> Any:
    x = np.random.default_rng(3).normal(size=[5, 4]).astype("float32")
    return library.GraphTensor.from_pieces(
        context=library.Context.from_fields(features={"y": tf.constant([2, 1])}),
        node_sets={
            "paper": library.NodeSet.from_fields(
                sizes=tf.constant([2, 3]), features={"x": tf.constant(x), "y": tf.constant([2, 0, 1, 1, 0])}
            ),
            "_readout": library.NodeSet.from_fields(sizes=tf.constant([1, 1]), features={"label": tf.constant([1, 0])}),
        },
        edge_sets={
            f"_readout/{key}": library.EdgeSet.from_fields(
                sizes=tf.constant([1, 1]),
                features={},
                adjacency=library.Adjacency.from_indices(
                    ("paper", tf.constant(papers)), ("_readout", tf.constant([0, 1]))
                ),
            )
            for key, papers in {"seed": [1, 4], "source": [0, 3], "target": [1, 2]}.items()
        },
    )


@pytest.fixture(scope="module")
def graphs(tfgnn) -> tuple[Any, Any]:
    return build(gnnkit), build(tfgnn)


def test_names(theirs):
    missing = {name for name in dir(theirs) if not name.startswith("_") and not hasattr(runner, name)}
    assert missing <= OWED, f"not there: {missing - OWED}"


@pytest.mark.parametrize("name", [readout + objective for readout, objective in TASKS] + LINKS)
def test_arguments(theirs, name):
    ours, wanted = (inspect.signature(getattr(module, name)).parameters for module in (runner, theirs))
    # What gnnkit adds is keyword-only, and optional.
    added = [p for p in ours.values() if p.name not in wanted]
    assert all(p.kind == p.KEYWORD_ONLY and p.default is not p.empty for p in added)
    assert [p for p in ours if p in wanted] == list(wanted)
    for parameter in wanted.values():
        assert ours[parameter.name].kind == parameter.kind, parameter
        assert ours[parameter.name].default == parameter.default, parameter
    if "LinkPrediction" not in name:
        assert ours["kernel_regularizer"].default is None  # Of the next version of tensorflow_gnn, as is:
        assert "Binary" not in name or ours["recall_at_precisions"].default == ()
    for method in ("losses", "metrics", "predict", "preprocess", "gather_activations"):
        assert hasattr(getattr(runner, name), method) or not hasattr(getattr(theirs, name), method)


def test_label_functions(theirs, graphs, assert_same_graph):
    for name, args, kwargs in [
        ("ContextLabelFn", ["y"], {}),
        ("RootNodeLabelFn", ["paper"], {"feature_name": "y"}),
    ]:
        (our_graph, our_label), (their_graph, their_label) = (
            getattr(module, name)(*args, **kwargs)(graph)
            for module, graph in zip((runner, theirs), graphs, strict=True)
        )
        assert_same_graph(our_graph, their_graph)
        np.testing.assert_array_equal(our_label, their_label)
        assert our_label.dtype == their_label.dtype


@pytest.mark.parametrize(("readout", "objective"), TASKS)
def test_preprocess_and_predict(theirs, graphs, assert_same_graph, readout, objective):
    state = {"feature_name" if readout == "Node" else "state_name": "x"}
    ours, wanted = make_both(theirs, readout + objective, FIRST[readout], **state)
    (our_graph, our_label), (their_graph, their_label) = (
        task.preprocess(graph) for task, graph in zip((ours, wanted), graphs, strict=True)
    )
    assert_same_graph(our_graph, their_graph)
    np.testing.assert_array_equal(our_label, their_label)
    np.testing.assert_allclose(ours.gather_activations(graphs[0]), wanted.gather_activations(graphs[1]), rtol=1e-6)
    their_inputs = tf.keras.layers.Input(type_spec=graphs[1].spec)
    inputs = gnnkit.keras.Input(graphs[0].spec)
    their_model = tf.keras.Model(their_inputs, wanted.predict(their_inputs))
    model = gnnkit.keras.Model(inputs, ours.predict(inputs))
    assert [w.shape for w in model.weights] == [tuple(w.shape) for w in their_model.weights]
    model.set_weights([w + 0.5 for w in their_model.get_weights()])
    their_model.set_weights(model.get_weights())
    np.testing.assert_allclose(model(graphs[0]), their_model(graphs[1]), rtol=1e-5)
    name = inspect.signature(type(ours)).parameters["name"].default
    assert model.get_layer(name) is not None
    # B12: the log-scaled error leaves its head without the name.
    if objective != "MeanSquaredLogScaledError":
        assert their_model.get_layer(name) is not None


# Labels, predictions. Predictions stay positive: see the log-scaled error in README.md.
RANDOM = np.random.default_rng(7)
VALUES = {
    "BinaryClassification": (RANDOM.integers(0, 2, [40, 1]), RANDOM.normal(size=[40, 1])),
    "MulticlassClassification": (RANDOM.integers(0, 3, [40]), RANDOM.normal(size=[40, 3])),
    "regression": (RANDOM.uniform(0.1, 4, [40, 1]), RANDOM.uniform(0.1, 4, [40, 1])),
}
NAMES = {"from_logits_precision": "precision", "from_logits_recall": "recall"}


def metrics_of(task: Any) -> dict[str, Any]:
    found = {}
    for metric in task.metrics():
        name = metric.name
        for suffix in [f"_{i}" for i in range(1, 200)]:  # Their metrics without a name are numbered.
            name = name.removesuffix(suffix) if name.startswith("from_logits") else name
        found[NAMES.get(name, name)] = metric
    return found


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("weighted", [False, True])
def test_losses_and_metrics(theirs, objective, weighted):
    labels, predictions = VALUES.get(objective, VALUES["regression"])
    labels, predictions = labels.astype("float32" if labels.dtype.kind == "f" else "int32"), predictions.astype("f4")
    weights = RANDOM.uniform(0.5, 2.0, [40]).astype("float32") if weighted else None
    kwargs = {"per_class_statistics": True} if objective.startswith("Multiclass") else {}
    tasks = make_both(theirs, "Graph" + objective, ["paper"], **kwargs)
    for ours, wanted in [tasks, make_both(theirs, "Node" + objective, ["seed"], **kwargs)]:
        got = float(ours.losses()(labels, predictions, weights))
        expected = float(wanted.losses()(labels, predictions, weights))
        if weighted:
            if objective == "MeanSquaredLogScaledError":
                # B12c: one value for the batch, so that weights scale it.
                expected = np.average(
                    [float(wanted.losses()(labels[i : i + 1], predictions[i : i + 1])) for i in range(40)],
                    weights=weights,
                )
            else:
                expected *= 40 / weights.sum()  # They divide by the number of examples, padding and all.
        assert got == pytest.approx(expected, rel=1e-5)
    ours, wanted = (metrics_of(task) for task in tasks)
    assert list(ours)[-len(wanted) :] == list(wanted) or set(ours) == set(wanted)
    for name, metric in wanted.items():
        if not hasattr(metric, "update_state"):  # The cross entropy is a loss there.
            metric = tf.keras.metrics.MeanMetricWrapper(
                lambda y, p: tf.keras.losses.binary_crossentropy(y, p, from_logits=True), name
            )
        for each in (metric, ours[name]):
            for part in (slice(0, 15), slice(15, 40)):
                each.update_state(labels[part], predictions[part], None if weights is None else weights[part])
        if name == "binary_accuracy":
            right = (predictions > 0) == (labels > 0)  # B11: they cut logits at one half.
            assert float(ours[name].result()) == pytest.approx(np.average(right[:, 0], weights=weights), rel=1e-5)
            right = (predictions > 0.5) == (labels > 0)
            assert float(metric.result()) == pytest.approx(np.average(right[:, 0], weights=weights), rel=1e-5)
        else:
            assert float(ours[name].result()) == pytest.approx(float(metric.result()), rel=1e-5), name


def test_log_scaled_error_where_tfgnn_is_wrong(theirs):
    ours, wanted = make_both(theirs, "GraphMeanSquaredLogScaledError", ["paper"])
    labels, predictions = np.array([[0.0], [2.0], [1.0]], "f4"), np.array([[-2.0], [-1.0], [0.5]], "f4")
    expected = float(wanted.losses()(labels, predictions))
    assert float(ours.losses()(labels, predictions)) == pytest.approx(expected, rel=1e-5)
    # Labels without a last dimension are paired with all predictions by them.
    assert float(ours.losses()(labels[:, 0], predictions)) == pytest.approx(expected, rel=1e-5)
    assert float(wanted.losses()(labels[:, 0], predictions)) != pytest.approx(expected, rel=1e-2)
    # B12c: what is weighted by 0 counts all the same.
    weights = np.array([0.0, 0.0, 1.0], "f4")
    alone = float(wanted.losses()(labels[2:], predictions[2:]))
    assert float(ours.losses()(labels, predictions, weights)) == pytest.approx(alone, rel=1e-5)
    assert float(wanted.losses()(labels, predictions, weights)) > 10 * alone
    # Negative labels: an error of TensorFlow, here NaN.
    assert np.isnan(float(ours.losses()(-labels, predictions)))
    with pytest.raises(tf.errors.InvalidArgumentError):
        wanted.losses()(-labels, predictions)


def test_label_feature_name_where_tfgnn_is_wrong(theirs, graphs):
    # B12b: the readout node set of the task is not where they look for the label.
    ours, wanted = make_both(theirs, "NodeMeanSquaredError", ["seed"], readout_node_set="_readout:other")
    wanted.preprocess(graphs[1])
    with pytest.raises(KeyError, match="read from node set '_readout:other', which the graph lacks"):
        ours.preprocess(graphs[0])


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_errors(theirs, objective):
    num = {"num_classes": 3} if objective.startswith("Multiclass") else {}
    for kwargs in [num, {**num, "label_fn": len, "label_feature_name": "y"}]:
        for module in (runner, theirs):
            with pytest.raises(ValueError):
                getattr(module, "Graph" + objective)("paper", **kwargs)
    if num:
        for module in (runner, theirs):
            with pytest.raises(ValueError):
                getattr(module, "Graph" + objective)("paper", class_names=["a"], **num, label_fn=len)


@pytest.mark.parametrize("name", LINKS)
def test_links(theirs, graphs, assert_same_graph, name):
    tasks = [getattr(module, name)(node_feature_name="x") for module in (runner, theirs)]
    (our_graph, our_label), (their_graph, their_label) = (
        task.preprocess(graph) for task, graph in zip(tasks, graphs, strict=True)
    )
    assert_same_graph(our_graph, their_graph)
    np.testing.assert_array_equal(our_label, their_label)
    their_inputs = tf.keras.layers.Input(type_spec=graphs[1].spec)
    inputs = gnnkit.keras.Input(graphs[0].spec)
    their_model = tf.keras.Model(their_inputs, tasks[1].predict(their_inputs))
    model = gnnkit.keras.Model(inputs, tasks[0].predict(inputs))
    model.set_weights(their_model.get_weights())
    scores = their_model(graphs[1])
    np.testing.assert_allclose(model(graphs[0]), scores, rtol=1e-5)
    assert [layer.name for layer in model.layers if layer.weights] == [
        layer.name for layer in their_model.layers if layer.weights
    ]
    labels, predictions = (x.astype("float32") for x in VALUES["BinaryClassification"])
    for weights in (None, RANDOM.uniform(0.5, 2.0, [40]).astype("float32")):
        ours, wanted = (float(task.losses()(labels, predictions, weights)) for task in tasks)
        assert ours == pytest.approx(wanted * (1.0 if weights is None else 40 / weights.sum()), rel=1e-5)
    ours, wanted = tasks[0].metrics()[0], tasks[1].metrics()
    assert ours.name == wanted.name == "binary_accuracy"
    for metric in (ours, wanted):
        metric.update_state(np.array([[1], [0]]), np.array([[0.3], [-0.2]], "float32"))
    assert float(ours.result()) == 1.0 and float(wanted.result()) == 0.5  # B11


@pytest.mark.parametrize("name", LINKS)
def test_links_where_tfgnn_is_wrong(theirs, graphs, name):
    # B11: they read the states at `_readout`, whatever the task says.
    tasks = [
        getattr(module, name)(node_feature_name="x", readout_node_set_name="_readout:other")
        for module in (runner, theirs)
    ]
    assert tasks[1].predict(graphs[1]).shape == [2, 1]
    with pytest.raises(ValueError, match="no readout node set '_readout:other'"):
        tasks[0].predict(graphs[0])
