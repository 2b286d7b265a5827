"""run(): from examples to a trained and exported model, and the errors on the way."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit import runner
from gnnkit.models.vanilla_mpnn import VanillaMPNNGraphUpdate


def _provider(elements, seed=None):
    dataset = tf.data.Dataset.from_tensor_slices(elements)
    return runner.PassthruDatasetProvider(dataset, shuffle_datasets=seed is not None, seed=seed)


def _graph_provider(graphs, gtspec):
    dataset = tf.data.Dataset.from_generator(lambda: iter(graphs), output_signature=gtspec)
    return runner.PassthruDatasetProvider(dataset)


def _task():
    return runner.RootNodeMulticlassClassification(
        "paper", num_classes=2, label_fn=runner.RootNodeLabelFn("paper", feature_name="label")
    )


def _without_context_label(graph):
    return graph.remove_features(context=["label"])


@pytest.fixture
def settings(tmp_path, gtspec, examples, model_fn):
    return {
        "train_ds_provider": _provider(examples[:32], seed=1),
        "model_fn": model_fn,
        "optimizer_fn": lambda: keras.optimizers.Adam(0.02),
        "trainer": runner.KerasTrainer(model_dir=str(tmp_path), verbose=0, summarize_every_n_steps="never"),
        "task": _task(),
        "gtspec": gtspec,
        "global_batch_size": 8,
        "feature_processors": [_without_context_label],
        "model_exporters": [],
    }


def test_a_run_on_serialized_examples_learns(settings, examples):
    result = runner.run(**{**settings, "valid_ds_provider": _provider(examples[32:]), "epochs": 25})
    history = result.trained_model.history.history
    assert len(history["loss"]) == 25
    assert history["loss"][-1] < 0.7 * history["loss"][0]
    assert {"val_loss", "val_sparse_categorical_accuracy"} <= set(history)
    metrics = runner.evaluate(result, _provider(examples[:32]), global_batch_size=16)
    assert runner.short_metric_names(metrics)["accuracy"] > 0.75
    # The weights are those of the best evaluation.
    metrics = runner.evaluate(result, _provider(examples[32:]), global_batch_size=8)
    np.testing.assert_allclose(metrics["loss"], min(history["val_loss"]), rtol=1e-5)


@pytest.mark.slow
def test_graphs_and_serialized_examples_train_the_same(settings, graphs, gtspec, examples):
    losses = []
    for provider in (_provider(examples[:16]), _graph_provider(graphs[:16], gtspec)):
        keras.utils.set_random_seed(7)
        result = runner.run(**{**settings, "train_ds_provider": provider, "epochs": 2})
        losses.append(result.trained_model.history.history["loss"])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_metrics_twice(settings, examples):
    histories = []
    for _ in range(2):
        keras.utils.set_random_seed(7)
        settings["train_ds_provider"] = _provider(examples[:32], seed=3)
        result = runner.run(**{**settings, "valid_ds_provider": _provider(examples[32:]), "epochs": 3})
        histories.append(result.trained_model.history.history)
    assert histories[0] == histories[1]


@pytest.mark.slow
def test_a_provider_of_merged_batches_is_not_batched_again(settings, gtspec, examples):
    class Provider:
        def get_batched_dataset(self, context, batch_size):
            assert batch_size == 8
            dataset = tf.data.Dataset.from_tensor_slices(examples[:16]).batch(batch_size)
            return dataset.map(lambda s: gnnkit.parse_example(gtspec, s).merge_batch_to_components())

    result = runner.run(**{**settings, "train_ds_provider": Provider()})
    assert len(result.trained_model.history.history["loss"]) == 1


def test_the_models_of_the_result(settings, graphs):
    result = runner.run(**settings)
    graph, label = result.preprocess_model(graphs[0])
    assert label.numpy().tolist() == [int(graphs[0].node_sets["paper"]["label"][0])]
    assert list(graph.node_sets["paper"].features) == ["x"]
    base = result.base_model(graph)
    assert isinstance(base, gnnkit.GraphTensor)
    logits = result.trained_model(graph)
    assert logits.shape == [1, 2]
    head = result.trained_model.get_layer("classification_logits")
    np.testing.assert_allclose(head(base.node_sets["paper"]["hidden_state"][:1]), logits, rtol=1e-5)


def _message_passing(spec):
    graph = gnnkit.keras.Input(spec)
    states = gnnkit.keras.layers.MapFeatures(
        node_sets_fn=lambda node_set, node_set_name: keras.layers.Dense(8)(node_set["x"])
    )(graph)
    update = VanillaMPNNGraphUpdate(units=8, message_dim=8, receiver_tag=gnnkit.TARGET)
    return gnnkit.keras.Model(graph, update(states))


@pytest.mark.slow
def test_states_that_no_root_reads_are_not_computed(settings, graphs):
    settings["model_fn"] = _message_passing
    results = []
    for trim in (True, False):
        keras.utils.set_random_seed(7)
        results.append(runner.run(**settings, trim_to_roots=trim))
    trimmed, whole = results
    losses = [r.trained_model.history.history["loss"] for r in results]
    np.testing.assert_allclose(*losses, rtol=1e-4)
    assert _layer_types(trimmed.trained_model) >= {"TrimPlan", "TakeRows"}
    assert not _layer_types(whole.trained_model) & {"TrimPlan", "TakeRows"}
    # The base model is the one that model_fn made, with the trained weights.
    assert not _layer_types(trimmed.base_model) & {"TrimPlan", "TakeRows"}
    graph, _ = trimmed.preprocess_model(graphs[0])
    states = trimmed.base_model(graph).node_sets["paper"]["hidden_state"]
    assert len(states) == graph.node_sets["paper"].total_size
    head = trimmed.trained_model.get_layer("classification_logits")
    np.testing.assert_allclose(head(states[:1]), trimmed.trained_model(graph), rtol=1e-4, atol=1e-6)


def _layer_types(model):
    return {type(layer).__name__ for layer in model._flatten_layers()}


def test_labels_by_structured_readout_do_not_reach_the_model(settings):
    def add_readout(graph):
        graph = gnnkit.add_readout_from_first_node(graph, "seed", node_set_name="paper", readout_node_set="_readout:it")
        return gnnkit.structured_readout_into_feature(
            graph, "seed", feature_name="label", remove_input_feature=True, readout_node_set="_readout:it"
        )

    seen = []

    def model_fn(spec):
        seen.append(spec)
        return settings["model_fn"](spec)

    task = runner.NodeMulticlassClassification(
        class_names=["no", "yes"],
        label_feature_name="label",
        readout_node_set="_readout:it",
        per_class_statistics=True,
    )
    result = runner.run(
        **{
            **settings,
            "model_fn": model_fn,
            "task": task,
            "feature_processors": [_without_context_label, add_readout],
        }
    )
    assert list(seen[0].node_sets_spec["_readout:it"].features_spec) == []
    assert list(result.raw_preprocess_model.output[0].node_sets["_readout:it"].features) == ["label"]
    assert "precision_for_yes" in result.trained_model.history.history


def test_several_tasks_share_the_base_model(settings, graphs):
    calls = []

    def model_fn(spec):
        calls.append(spec)
        return settings["model_fn"](spec)

    tasks = {
        "many": runner.RootNodeMulticlassClassification(
            "paper", num_classes=2, label_fn=runner.ContextLabelFn("label")
        ),
        "one": runner.RootNodeBinaryClassification("paper", label_fn=runner.ContextLabelFn("label")),
    }
    result = runner.run(
        **{
            **settings,
            "model_fn": model_fn,
            "task": tasks,
            "loss_weights": {"many": 1.0, "one": 0.5},
            "feature_processors": [lambda g: g.remove_features(node_sets={"paper": ["label"]})],
        }
    )
    assert len(calls) == 1
    assert isinstance(result.trained_model.input, gnnkit.GraphTensor)  # One forward pass for both.
    graph, labels = result.preprocess_model(graphs[0])
    assert set(labels) == {"many", "one"}
    outputs = result.trained_model(graph)
    assert outputs["many"].shape == [1, 2] and outputs["one"].shape == [1, 1]
    assert {"many_sparse_categorical_accuracy", "one_binary_accuracy"} <= set(result.trained_model.history.history)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gtspec": None}, r"gtspec must be a GraphTensorSpec, but got NoneType.*dataset.element_spec"),
        ({"global_batch_size": 0}, r"global_batch_size must be a positive int, but got 0"),
        ({"epochs": 1.5}, r"epochs must be a positive int, but got 1.5"),
        ({"optimizer_fn": "adam"}, r"optimizer_fn must make an optimizer when called, but got str"),
        ({"task": "classification"}, r"task must be a gnnkit.runner.Task .* but got str"),
        ({"loss_weights": {"a": 1.0}}, r"loss_weights needs several tasks"),
        ({"train_padding": object()}, r"train_padding must be a gnnkit.runner.GraphTensorPadding, .* but got object"),
        (
            {"tf_data_service_config": 1},
            r"tf_data_service_config must be a gnnkit.runner.TFDataServiceConfig, but got int",
        ),
        ({"use_data_service_for_validation": True}, r"for_validation=True needs tf_data_service_config"),
        ({"jit_compile": True}, r"jit_compile=True needs batches of static sizes: pass train_padding, for example"),
        ({"train_ds_provider": None}, r"train_ds_provider is None"),
        ({"train_ds_provider": [1]}, r"train_ds_provider must have get_dataset\(context\), but got list"),
        ({"model_fn": lambda spec: None}, r"(?s)model_fn\(spec\) must return a keras.Model.*NoneType"),
        ({"feature_processors": [lambda g: (g, 1)]}, r"feature_processors\[0\] .* must return a GraphTensor.*tuple"),
    ],
)
def test_wrong_arguments(settings, change, message):
    with pytest.raises(ValueError, match=message):
        runner.run(**{**settings, **change})


def test_an_error_in_a_callback_names_the_stage(settings):
    def model_fn(spec):
        raise RuntimeError("no such layer")

    with pytest.raises(RuntimeError, match=r"(?s)no such layer.*stage: model_fn"):
        runner.run(**{**settings, "model_fn": model_fn})
    with pytest.raises(ZeroDivisionError, match=r"(?s)stage: feature_processors\[1\]"):
        runner.run(**{**settings, "feature_processors": [_without_context_label, lambda g: 1 / 0]})
    task = runner.RootNodeMulticlassClassification("paper", num_classes=2, label_feature_name="label")
    with pytest.raises(
        KeyError, match=r"(?s)read from node set '_readout', which the graph lacks.*stage: task.preproc"
    ):
        runner.run(**{**settings, "task": task})


def test_wrong_elements_are_named(settings, graphs, gtspec, examples):
    strings = tf.data.Dataset.from_tensor_slices(examples[:4])
    merged = strings.batch(2).map(lambda s: gnnkit.parse_example(gtspec, s))
    bare = merged.map(lambda g: g.remove_features(node_sets={"paper": ["x"]}).merge_batch_to_components())
    wide = merged.map(
        lambda g: g.replace_features(
            context={"label": tf.cast(g.context["label"], tf.int32)}
        ).merge_batch_to_components()
    )
    for dataset, message in [
        (
            strings.batch(2),
            r"(?s)train_ds_provider .* string .* shape \(None,\).*leave .batch\(\) out.*stage: train",
        ),
        (merged, r"GraphTensors of rank 1 .* leave .batch\(\) out"),
        (strings.map(lambda s: (s, 1)), r"tuple of 2 \(string tensor of shape \(\), int32 .*Labels come out"),
        (strings.map(tf.strings.length), r"elements of type int32 tensor of shape \(\)"),
        (bare, r"Missing: \[\"node set 'paper' feature 'x'\"\]; not in gtspec: nothing"),
        (wide, r"context feature 'label' has dtype int32, but gtspec says int64"),
        (strings.take(0), r"(?s)training dataset is empty"),
        (strings.repeat(), r"(?s)training dataset is infinite. Pass KerasTrainer\(steps_per_epoch=...\)"),
    ]:
        with pytest.raises(ValueError, match=message):
            runner.run(**{**settings, "train_ds_provider": runner.PassthruDatasetProvider(dataset)})
