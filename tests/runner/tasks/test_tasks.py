"""All tasks made of a readout and an objective: arguments, heads, weights of labels."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit import runner
from gnnkit.runner.tasks import ReadoutTask

FIRST = {"Graph": ["paper"], "RootNode": ["paper"], "Node": [], "Edge": ["cites"]}
STATE = {"Graph": "state_name", "RootNode": "state_name", "Node": "feature_name", "Edge": "node_state_name"}
KINDS = {
    "BinaryClassification": "classification_logits",
    "MulticlassClassification": "classification_logits",
    "MeanAbsoluteError": "regression_logits",
    "MeanAbsolutePercentageError": "regression_logits",
    "MeanSquaredError": "regression_logits",
    "MeanSquaredLogarithmicError": "regression_logits",
    "MeanSquaredLogScaledError": "regression_logits",
}
ALL = [(family, kind) for family in FIRST for kind in KINDS]


def make(family: str, kind: str, **kwargs) -> ReadoutTask:
    if kind == "MulticlassClassification":
        kwargs.setdefault("num_classes", 3)
    if not {"label_fn", "label_feature_name"} & kwargs.keys():
        kwargs["label_feature_name"] = "label"
    return getattr(runner, family + kind)(*FIRST[family], **kwargs)


@pytest.fixture(scope="module")
def graph() -> gnnkit.GraphTensor:
    """Two components, of 2 and 3 papers, and of 1 and 2 edges. The seeds are the last papers."""
    x = np.arange(10, dtype=np.float32).reshape(5, 2)
    ends = (("paper", [1, 3, 4]), ("paper", [0, 2, 2]))
    return gnnkit.GraphTensor.from_pieces(
        node_sets={
            "paper": gnnkit.NodeSet.from_fields(sizes=[2, 3], features={"x": x}),
            "_readout": gnnkit.NodeSet.from_fields(sizes=[1, 1], features={"label": np.array([1, 0])}),
            "_shadow/cites": gnnkit.NodeSet.from_fields(sizes=[1, 2], features={}),
        },
        edge_sets={
            "cites": gnnkit.EdgeSet.from_fields(
                sizes=[1, 2],
                features={"w": np.array([[7.0], [8.0], [9.0]], np.float32), "label": np.array([1, 2, 0])},
                adjacency=gnnkit.Adjacency.from_indices(*ends),
            ),
            "_readout/seed": gnnkit.EdgeSet.from_fields(
                sizes=[1, 1],
                features={},
                adjacency=gnnkit.Adjacency.from_indices(("paper", [1, 4]), ("_readout", [0, 1])),
            ),
            "_readout/edge": gnnkit.EdgeSet.from_fields(
                sizes=[1, 1],
                features={},
                adjacency=gnnkit.Adjacency.from_indices(("_shadow/cites", [0, 2]), ("_readout", [0, 1])),
            ),
        },
    )


def rows(task: ReadoutTask, graph: gnnkit.GraphTensor) -> list:
    return np.asarray(task.gather_activations(graph)).tolist()


@pytest.mark.parametrize(("family", "kind"), ALL)
def test_heads_and_labels(graph, family, kind):
    task = make(family, kind, name="my_head", kernel_regularizer="l2", **{STATE[family]: "x"})
    inputs = gnnkit.keras.Input(graph.spec.relax(num_components=True, num_nodes=True, num_edges=True))
    model = gnnkit.keras.Model(inputs, task.predict(inputs))
    head = model.get_layer("my_head")  # The name is kept by all tasks, as TF-GNN's B12 asks for.
    assert head.kernel_regularizer is not None
    assert head.units == (3 if kind.startswith("Multi") else 1)
    num = 3 if family == "Edge" else 2
    assert model(graph).shape == [num, head.units]
    assert inspect.signature(type(task)).parameters["name"].default == KINDS[kind]
    without, label = task.preprocess(graph)
    assert label.numpy().tolist() == ([1, 2, 0] if family == "Edge" else [1, 0])
    assert ("label" in without.edge_sets["cites"].features) == (family != "Edge")
    weights = task.sample_weights(graph, tf.constant([1.0, 0.0]))
    assert weights.numpy().tolist() == ([1, 0, 0] if family == "Edge" else [1, 0])
    loss = task.losses()
    assert loss.reduction == "mean_with_sample_weight"
    assert task.objective.main_metric in [m.name for m in task.metrics()]
    with pytest.raises(ValueError, match=r"exactly one of label_fn \(got None\) and label_feature_name \(got None\)"):
        getattr(runner, family + kind)(*FIRST[family], **({"num_classes": 3} if kind.startswith("Multi") else {}))
    with pytest.raises(ValueError, match="exactly one of label_fn"):
        make(family, kind, label_fn=runner.ContextLabelFn("y"), label_feature_name="y")


def test_what_is_read_out(graph):
    assert rows(make("Graph", "MeanSquaredError", state_name="x"), graph) == [[1, 2], [6, 7]]
    assert rows(make("Graph", "MeanSquaredError", state_name="x", reduce_type="max"), graph) == [[2, 3], [8, 9]]
    assert rows(make("RootNode", "MeanSquaredError", state_name="x"), graph) == [[0, 1], [4, 5]]
    assert rows(make("Node", "MeanSquaredError", feature_name="x"), graph) == [[2, 3], [8, 9]]
    assert rows(make("Edge", "MeanSquaredError", node_state_name="x"), graph) == [
        [2, 3, 0, 1],
        [6, 7, 4, 5],
        [8, 9, 4, 5],
    ]
    task = make("Edge", "MeanSquaredError", key="edge", node_state_name="x", edge_state_name="w")
    assert rows(task, graph) == [[2, 3, 0, 1, 7], [8, 9, 4, 5, 9]]
    without, label = task.preprocess(graph)  # With a key, labels come from the readout node set.
    assert label.numpy().tolist() == [1, 0] and "label" in without.edge_sets["cites"].features
    assert task.sample_weights(graph, tf.constant([1.0, 0.0])).numpy().tolist() == [1, 0]
    assert rows(make("Edge", "MeanSquaredError", node_state_name=None, edge_state_name="w"), graph) == [[7], [8], [9]]


def test_edges_that_are_not_there(graph):
    with pytest.raises(ValueError, match="edges of 'cites' need node_state_name or edge_state_name, but both are None"):
        make("Edge", "BinaryClassification", node_state_name=None)
    with pytest.raises(KeyError, match="edge_state_name='v': edge set 'cites' has no such feature, only"):
        make("Edge", "BinaryClassification", edge_state_name="v", node_state_name=None).predict(graph)
    task = runner.EdgeBinaryClassification("writes", label_feature_name="label")
    with pytest.raises(KeyError, match="no edge set 'writes', only"):
        task.predict(graph)
    with pytest.raises(KeyError, match="no feature 'label' of edge set 'writes', only .*'cites'"):
        task.preprocess(graph)
    with pytest.raises(KeyError, match="no feature 'lable' of edge set 'cites', only .*'label'"):
        make("Edge", "BinaryClassification", label_feature_name="lable").preprocess(graph)


PREDICTED = {  # Labels and predictions, and those of padding.
    "BinaryClassification": ([1, 0, 1], [[0.3], [-1.0], [-0.4]], 1, [99.0]),
    "MulticlassClassification": ([2, 0, 1], [[1.0, 2.0, 3.0], [0.0, 0.5, 0.0], [1.0, 0.0, 0.0]], 0, [-9.0, 9.0, 0.0]),
    "MeanAbsoluteError": ([1.0, 2.0, 0.5], [[1.5], [1.0], [0.1]], 5.0, [99.0]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_padding_changes_nothing(kind):
    labels, predictions, fill, filling = PREDICTED.get(kind, PREDICTED["MeanAbsoluteError"])
    options = {"class_weights": {1: 3.0}, "label_smoothing": 0.1} if "Classification" in kind else {}
    padded = [np.array([*labels, fill]), np.array([*predictions, filling], np.float32), np.array([1.0, 1.0, 1.0, 0.0])]
    for task in (make("Graph", kind), make("Graph", kind, **options)):
        loss = task.losses()
        assert float(loss(padded[0][:3], padded[1][:3])) == pytest.approx(float(loss(*padded)), rel=1e-6)
        assert float(loss(*padded[:2])) != pytest.approx(float(loss(*padded)), rel=1e-3)
        for alone, with_padding in zip(task.metrics(), task.metrics(), strict=True):
            alone.update_state(padded[0][:3], padded[1][:3])
            with_padding.update_state(*padded)
            assert float(alone.result()) == pytest.approx(float(with_padding.result()), rel=1e-5), alone.name


def test_labels_with_and_without_a_last_dimension():
    labels, predictions = np.array([1.0, 2.0, 0.5]), np.array([[1.5], [1.0], [0.1]], np.float32)
    for kind in KINDS:
        if kind != "MulticlassClassification":
            task = make("Graph", kind)
            values = [float(task.losses()(y, predictions)) for y in (labels, labels[:, None])]
            assert values[0] == pytest.approx(values[1])
            for metric in task.metrics():
                if "precision" not in metric.name and "recall" not in metric.name and "auc" not in metric.name:
                    metric.update_state(labels, predictions)
                    value = float(metric.result())
                    metric.reset_state()
                    metric.update_state(labels[:, None], predictions)
                    assert value == pytest.approx(float(metric.result())), metric.name


def test_class_weights_of_classes():
    labels, logits = np.array([2, 0, 1, 2]), np.random.default_rng(1).normal(size=[4, 3]).astype("float32")
    log_shares = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    each = -log_shares[range(4), labels]
    weights, mask = np.array([2.0, 1.0, 5.0]), np.array([1.0, 0.0, 1.0, 1.0])
    for form in ([2.0, 1.0, 5.0], {0: 2.0, 2: 5.0}):
        loss = make("Node", "MulticlassClassification", class_weights=form).losses()
        # As with class_weight of fit: not divided by the weights of classes.
        assert float(loss(labels, logits)) == pytest.approx(np.mean(weights[labels] * each))
        assert float(loss(labels, logits, mask)) == pytest.approx(np.sum(mask * weights[labels] * each) / 3)
    task = runner.NodeMulticlassClassification(
        class_names=["a", "b", "c"], class_weights={"a": 2.0, "c": 5.0}, label_feature_name="y"
    )
    assert float(task.losses()(labels, logits)) == pytest.approx(np.mean(weights[labels] * each))
    loss = make("Node", "MulticlassClassification", class_weights=[2, 1, 5], label_smoothing=0.3).losses()
    smooth = 0.7 * each - 0.3 * log_shares.mean(-1)
    assert float(loss(labels, logits)) == pytest.approx(np.mean(weights[labels] * smooth))
    # Smoothing as Keras has it for one-hot labels.
    loss = make("Node", "MulticlassClassification", label_smoothing=0.3).losses()
    dense = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.3)
    assert float(loss(labels, logits)) == pytest.approx(float(dense(np.eye(3)[labels], logits)), rel=1e-6)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert float(again(labels, logits)) == pytest.approx(float(loss(labels, logits)))


def test_class_weights_of_yes_and_no():
    labels = np.array([[1, 0], [0, 0], [1, 1]])
    logits = np.random.default_rng(1).normal(size=[3, 2]).astype("float32")
    each = np.log1p(np.exp(-np.where(labels == 1, logits, -logits)))
    task = make("Node", "BinaryClassification", units=2, class_weights=[2.0, 5.0])
    weights = np.where(labels == 1, 5.0, 2.0)
    assert float(task.losses()(labels, logits)) == pytest.approx(np.mean(weights * each))
    assert float(task.losses()(labels, logits, np.array([0.0, 1.0, 1.0]))) == pytest.approx(
        np.mean((weights * each)[1:])
    )
    plain, weighted = (
        make("Node", "BinaryClassification", units=2, class_weights=w, label_smoothing=0.2).losses()
        for w in (None, {0: 1.0})
    )
    assert float(plain(labels, logits)) == pytest.approx(float(weighted(labels, logits)), rel=1e-6)
    assert float(plain(labels, logits)) != pytest.approx(np.mean(each), rel=1e-3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"class_weights": {3: 1.0}}, r"class_weights names the classes \[3\], but there are only \[0, 1, 2\]"),
        ({"class_weights": [1.0, 2.0]}, r"class_weights has 2 weights, but there are 3 classes"),
        ({"class_weights": [1.0, 2.0, -1.0]}, r"must be finite and not negative, but are \[1.0, 2.0, -1.0\]"),
        ({"label_smoothing": 1.0}, r"label_smoothing must be in \[0, 1\), but is 1.0"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ValueError, match=message):
        make("Graph", "MulticlassClassification", **options)


def test_wrong_regressions():
    with pytest.raises(ValueError, match="There is no regression loss 'mse', only .*'mean_squared_error'"):
        gnnkit.runner.tasks.Regression("mse")
    with pytest.raises(ValueError, match="A regression needs units >= 1, but got 0"):
        make("Graph", "MeanSquaredError", units=0)
    with pytest.raises(ValueError, match="reduction"):
        make("Graph", "MeanSquaredLogScaledError", reduction="some")
    with pytest.raises(
        ValueError, match=r"standardize must be two sequences of 2 numbers, .* but got \(\[1.0\], \[2.0\]\)"
    ):
        gnnkit.runner.tasks.Regression(num_outputs=2, standardize=([1.0], [2.0]))


def test_standardized_numbers(tmp_path):
    objective = gnnkit.runner.tasks.Regression(num_outputs=2, standardize=([5.0, -1.0], [10.0, 1.0]))
    head = objective.head(name="numbers", kernel_regularizer=keras.regularizers.L2(0.25))
    x = np.array([[1.0, 2.0, 3.0]], np.float32)
    outputs = head(x)
    kernel, bias = head.trainable_variables
    np.testing.assert_allclose(outputs, [5.0, -1.0] + np.array([10.0, 1.0]) * (x @ kernel + bias), rtol=1e-6)
    assert float(head.losses[0]) == pytest.approx(0.25 * np.sum(np.square(kernel)), rel=1e-6)
    inputs = keras.Input([3])
    model = keras.Model(inputs, head(inputs))
    model.save(tmp_path / "model.keras")
    np.testing.assert_allclose(keras.models.load_model(tmp_path / "model.keras")(x), outputs)


def test_log_scaled_error():
    loss = make("Node", "MeanSquaredLogScaledError", alpha_loss_param=2.0, epsilon_loss_param=0.5, reduction="sum")
    values = float(loss.losses()(np.array([1.0, 2.0]), np.array([[3.0], [-1.0]])))
    expected = 4 + 2 * np.log(1.5 / 3.5) ** 2 + 4 + 2 * np.log(2.5 / 0.5) ** 2
    assert values == pytest.approx(expected, rel=1e-6)
