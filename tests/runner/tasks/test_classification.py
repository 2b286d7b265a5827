"""Classification tasks: labels, heads, losses and metrics."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit import runner
from gnnkit.runner.tasks import Binary, Multiclass, ReadoutTask, RootNodes


def _merged(graphs, n=3):
    spec = graphs[0].spec.relax(num_nodes=True, num_edges=True)
    dataset = tf.data.Dataset.from_generator(lambda: iter(graphs[:n]), output_signature=spec).batch(n)
    return next(iter(dataset)).merge_batch_to_components()


def _labels(graphs, n=3):
    return [int(g.context["label"][0]) for g in graphs[:n]]


def test_label_functions_take_the_label_out_of_the_graph(graphs):
    graph = _merged(graphs)
    without, label = runner.RootNodeLabelFn("paper", feature_name="label")(graph)
    assert label.numpy().tolist() == _labels(graphs)
    assert list(without.node_sets["paper"].features) == ["x"]
    without, label = runner.ContextLabelFn("label")(graph)
    assert label.numpy().tolist() == _labels(graphs)
    assert list(without.context.features) == []
    with pytest.raises(KeyError, match="context has no feature 'lable', only \\['label'\\]"):
        runner.ContextLabelFn("lable")(graph)


@pytest.mark.parametrize("make", [runner.RootNodeMulticlassClassification, runner.NodeMulticlassClassification])
def test_constructor_errors(make):
    args = ["paper"] if make is runner.RootNodeMulticlassClassification else []
    with pytest.raises(ValueError, match=r"exactly one of num_classes \(got None\) and class_names \(got None\)"):
        make(*args, label_feature_name="y")
    with pytest.raises(ValueError, match=r"exactly one of num_classes \(got 2\) and class_names"):
        make(*args, num_classes=2, class_names=["a", "b"], label_feature_name="y")
    with pytest.raises(ValueError, match=r"exactly one of label_fn \(got None\) and label_feature_name \(got None\)"):
        make(*args, num_classes=2)
    with pytest.raises(ValueError, match=r"exactly one of label_fn .* and label_feature_name \(got 'y'\)"):
        make(*args, num_classes=2, label_feature_name="y", label_fn=runner.ContextLabelFn("label"))


def test_label_feature_name_reads_the_tasks_own_readout_node_set(graphs):
    graph = gnnkit.add_readout_from_first_node(
        _merged(graphs), "seed", node_set_name="paper", readout_node_set="_readout:train"
    )
    graph = gnnkit.structured_readout_into_feature(
        graph, "seed", feature_name="label", readout_node_set="_readout:train"
    )
    task = runner.NodeMulticlassClassification(
        num_classes=2, label_feature_name="label", readout_node_set="_readout:train"
    )
    _, label = task.preprocess(graph)
    assert label.numpy().tolist() == _labels(graphs)
    with pytest.raises(KeyError, match="node set '_readout', which the graph lacks; it has .*'_readout:train'"):
        runner.NodeBinaryClassification(label_feature_name="label").preprocess(graph)


def test_root_and_structured_readout_of_the_same_nodes_agree(graphs):
    graph = gnnkit.add_readout_from_first_node(_merged(graphs), "seed", node_set_name="paper")
    root = runner.RootNodeMulticlassClassification(
        "paper", num_classes=3, state_name="x", label_fn=runner.ContextLabelFn("label")
    )
    node = runner.NodeMulticlassClassification(
        num_classes=3, feature_name="x", label_fn=runner.ContextLabelFn("label"), kernel_regularizer="l2"
    )
    inputs = gnnkit.keras.Input(graph.spec.relax(num_components=True, num_nodes=True, num_edges=True))
    models = [gnnkit.keras.Model(inputs, task.predict(inputs)) for task in (root, node)]
    heads = [m.get_layer("classification_logits") for m in models]
    assert heads[1].kernel_regularizer is not None
    heads[1].set_weights(heads[0].get_weights())
    np.testing.assert_allclose(models[0](graph), models[1](graph))
    np.testing.assert_allclose(models[0](graph), heads[0](gnnkit.gather_first_node(graph, "paper", feature_name="x")))


def test_predictions_need_scalar_graphs(graphs, gtspec):
    batch = gnnkit.parse_example(gtspec, [gnnkit.write_example(g).SerializeToString() for g in graphs[:2]])
    task = runner.RootNodeBinaryClassification("paper", label_fn=runner.ContextLabelFn("label"))
    with pytest.raises(ValueError, match="RootNodeBinaryClassification needs a scalar GraphTensor"):
        task.preprocess(batch)


@pytest.mark.parametrize("labels", [[1, 0], [[1], [0]]])
def test_binary_metrics_cut_logits_at_zero(labels):
    # As issue B11 of TF-GNN has it: these logits are all right, although one is below 0.5.
    metrics = {m.name: m for m in Binary(recall_at_precisions=[0.5]).metrics()}
    for metric in metrics.values():
        metric.update_state(np.array(labels), np.array([[0.3], [-0.2]], np.float32))
    values = {name: float(metric.result()) for name, metric in metrics.items()}
    assert values["binary_accuracy"] == 1.0
    assert values["precision"] == 1.0 and values["recall"] == 1.0
    assert values["auc_roc"] == pytest.approx(1.0) and values["auc_pr"] == pytest.approx(1.0)
    assert values["recall_at_precision_50"] == 1.0
    expected = np.mean([np.log1p(np.exp(-0.3)), np.log1p(np.exp(-0.2))])
    assert values["binary_crossentropy"] == pytest.approx(expected, rel=1e-5)
    assert float(Binary().losses()(np.array(labels), np.array([[0.3], [-0.2]], np.float32))) == pytest.approx(expected)


def test_metrics_of_each_class():
    metrics = {m.name: m for m in Multiclass(class_names=["a", "b"], per_class_statistics=True).metrics()}
    logits = np.array([[2.0, 1.0], [2.0, 1.0], [0.0, 1.0], [3.0, 1.0]], np.float32)
    for metric in metrics.values():
        metric.update_state(np.array([0, 1, 1, 0]), logits)
    values = {name: round(float(metric.result()), 4) for name, metric in metrics.items()}
    assert values["precision_for_a"] == 0.6667 and values["recall_for_a"] == 1.0
    assert values["precision_for_b"] == 1.0 and values["recall_for_b"] == 0.5
    assert values["sparse_categorical_accuracy"] == 0.75
    assert runner.short_metric_names(values)["accuracy"] == 0.75


@pytest.mark.parametrize("objective", [Multiclass(num_classes=2, per_class_statistics=True), Binary(1, (0.5,))])
def test_metrics_can_be_saved(objective):
    for metric in objective.metrics():
        again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(metric))
        assert again.name == metric.name
        assert objective.main_metric in [m.name for m in objective.metrics()]


def test_a_task_of_ones_own_is_a_readout_and_an_objective(graphs):
    task = ReadoutTask(readout=RootNodes("paper", "x"), objective=Binary(3), label_fn=runner.ContextLabelFn("label"))
    assert task.predict(_merged(graphs)).shape == [3, 3]
    with pytest.raises(ValueError, match="needs units >= 1, but got 0"):
        Binary(0)
