"""Exported models score serialized Examples without gnnkit, as the trainer did."""

import json
import os
import pathlib
import subprocess
import sys
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit import runner

# Runs where gnnkit cannot be imported.
_SCORE = """
import json, os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "gnnkit":
            raise ImportError(name)
sys.meta_path.insert(0, Blocker())
import tensorflow as tf
try:
    import gnnkit
    raise SystemExit("gnnkit can be imported")
except ImportError:
    pass
model = tf.saved_model.load(sys.argv[1])
examples = [bytes.fromhex(e) for e in json.load(sys.stdin)]
outputs = model.signatures["serving_default"](examples=tf.constant(examples))
assert "keras" not in sys.modules
print(json.dumps({k: v.numpy().tolist() for k, v in outputs.items()}))
"""


def _score_elsewhere(directory, examples):
    result = subprocess.run(
        [sys.executable, "-c", _SCORE, str(directory)],
        input=json.dumps([e.hex() for e in examples]),
        capture_output=True,
        text=True,
        timeout=250,
        cwd=directory,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "custom gradients" not in result.stderr  # TensorFlow would warn of each that it cannot restore.
    return json.loads(result.stdout.splitlines()[-1])


class _AddTopic:
    """A feature processor with a table, and one with a label."""

    def __init__(self):
        self.lookup = keras.layers.StringLookup(vocabulary=["a", "b"], output_mode="one_hot")

    def __call__(self, graph):
        features = graph.node_sets["paper"].get_features_dict()
        topic = keras.ops.cast(self.lookup(features.pop("topic")), "float32")
        features["x"] = keras.ops.concatenate([features["x"], topic], axis=-1)
        return graph.replace_features(node_sets={"paper": features})


@pytest.fixture(scope="module")
def topics(graphs):
    """The graphs with a text for each node."""
    result = []
    for graph in graphs:
        features = graph.node_sets["paper"].get_features_dict()
        features["topic"] = tf.constant([["a"], ["b"], ["c"]])[:, 0][: features["x"].shape[0]]
        rest = features["x"].shape[0] - features["topic"].shape[0]
        features["topic"] = tf.concat([features["topic"], tf.repeat(["a"], rest)], 0)
        result.append(graph.replace_features(node_sets={"paper": features}))
    return result


@pytest.fixture
def run(tmp_path, topics, model_fn):
    examples = [gnnkit.write_example(g).SerializeToString() for g in topics]

    def run(**kwargs):
        return runner.run(
            **{
                "train_ds_provider": runner.PassthruDatasetProvider(tf.data.Dataset.from_tensor_slices(examples[:16])),
                "model_fn": model_fn,
                "optimizer_fn": keras.optimizers.Adam,
                "trainer": runner.KerasTrainer(model_dir=str(tmp_path), verbose=0, summarize_every_n_steps="never"),
                "task": runner.RootNodeMulticlassClassification(
                    "paper", num_classes=2, label_fn=runner.RootNodeLabelFn("paper", feature_name="label")
                ),
                "gtspec": topics[0].spec.relax(num_nodes=True, num_edges=True),
                "global_batch_size": 8,
                "feature_processors": [lambda g: g.remove_features(context=["label"]), _AddTopic()],
                **kwargs,
            }
        )

    return run


def _expected(result, graphs):
    outputs = [result.trained_model(result.preprocess_model(graph)[0]) for graph in graphs]
    return keras.tree.map_structure(lambda *rows: np.concatenate(rows), *outputs)


@pytest.mark.slow
def test_a_process_without_gnnkit_scores_the_same(run, tmp_path, topics):
    result = run()
    expected = _expected(result, topics[:5])
    examples = [gnnkit.write_example(g).SerializeToString() for g in topics[:5]]
    unlabelled = [
        gnnkit.write_example(g.remove_features(context=["label"], node_sets={"paper": ["label"]})).SerializeToString()
        for g in topics[:5]
    ]
    outputs = _score_elsewhere(tmp_path / "export", examples + unlabelled)
    assert list(outputs) == ["classification_logits"]
    np.testing.assert_allclose(outputs["classification_logits"][:5], expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(outputs["classification_logits"][5:], expected, rtol=1e-5, atol=1e-6)


def test_the_keras_file_beside_it_loads(run, tmp_path, topics):
    result = run()
    graph = result.preprocess_model(topics[0])[0]
    again = keras.models.load_model(tmp_path / "export" / "model.keras")
    np.testing.assert_allclose(again(graph), result.trained_model(graph), rtol=1e-6)


@pytest.mark.slow
def test_a_model_that_cannot_be_saved_as_keras_file_is_exported_all_the_same(run, tmp_path, topics, model_fn, caplog):
    class Odd(keras.layers.Layer):
        def __init__(self, fn):
            super().__init__()
            self._fn = fn

        def call(self, x):
            return self._fn(x)

    def odd_model_fn(spec):
        graph = gnnkit.keras.Input(spec)
        out = model_fn(spec)(graph)
        state = Odd(lambda x: 2 * x)(out.node_sets["paper"]["hidden_state"])
        return gnnkit.keras.Model(graph, out.replace_features(node_sets={"paper": {"hidden_state": state}}))

    run(model_fn=odd_model_fn)
    assert (tmp_path / "export" / "saved_model.pb").exists()
    assert not (tmp_path / "export" / "model.keras").exists()
    assert "the model cannot be saved as a .keras file" in caplog.text


@pytest.mark.slow
def test_names_of_outputs_and_folders(run, tmp_path, topics):
    label_fn = runner.RootNodeLabelFn("paper", feature_name="label")
    tasks = {
        "many": runner.RootNodeMulticlassClassification("paper", num_classes=3, label_fn=label_fn),
        "one": runner.RootNodeBinaryClassification("paper", label_fn=label_fn),
    }
    result = run(
        task=tasks,
        export_dirs=[str(tmp_path / "a"), str(tmp_path / "b")],
        model_exporters=[
            runner.KerasModelExporter(),
            runner.KerasModelExporter(
                subdirectory="renamed", output_names={"many": "y", "one": "z"}, include_preprocessing=False
            ),
        ],
    )
    examples = [gnnkit.write_example(g).SerializeToString() for g in topics[:3]]
    expected = _expected(result, topics[:3])
    for name in ("a", "b"):
        outputs = tf.saved_model.load(tmp_path / name).signatures["serving_default"](examples=tf.constant(examples))
        assert set(outputs) == {"many", "one"}
        np.testing.assert_allclose(outputs["many"], expected["many"], rtol=1e-5, atol=1e-6)
    preprocessed = [result.preprocess_model(g)[0] for g in topics[:3]]
    examples = [gnnkit.write_example(g).SerializeToString() for g in preprocessed]
    loaded = tf.saved_model.load(tmp_path / "b" / "renamed")
    outputs = loaded.signatures["serving_default"](examples=tf.constant(examples))
    assert set(outputs) == {"y", "z"}
    np.testing.assert_allclose(outputs["z"], expected["one"], rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match=r"a str for each of the 2 outputs, in their structure; got 'y'"):
        runner.export_model(result.trained_model, str(tmp_path / "c"), output_names="y")


@pytest.mark.slow
def test_a_part_of_the_model(run, tmp_path, topics):
    tasks = {
        "many": runner.RootNodeMulticlassClassification(
            "paper", num_classes=3, label_fn=runner.RootNodeLabelFn("paper", feature_name="label")
        ),
        "one": runner.RootNodeBinaryClassification(
            "paper", label_fn=runner.RootNodeLabelFn("paper", feature_name="label"), name="inner_head"
        ),
    }
    result = run(task=tasks, model_exporters=[])
    base = result.base_model.name
    hidden = next(layer.name for layer in result.base_model.layers if isinstance(layer, keras.layers.Concatenate))
    for name, kwargs in [
        (base, {"include_preprocessing": True}),
        (hidden, {"output_names": "h", "include_preprocessing": True, "subdirectory": "hidden"}),
        ("inner_head", {"include_preprocessing": True, "subdirectory": "head"}),
    ]:
        runner.SubmoduleExporter(name, **kwargs).save(result, str(tmp_path / "part"))
    examples = tf.constant([gnnkit.write_example(g).SerializeToString() for g in topics[:3]])
    graphs = [result.preprocess_model(g)[0] for g in topics[:3]]
    states = np.concatenate([result.base_model(g).node_sets["paper"]["hidden_state"] for g in graphs])

    def score(folder):
        return tf.saved_model.load(tmp_path / folder).signatures["serving_default"](examples=examples)

    outputs = score("part")
    np.testing.assert_allclose(outputs["nodes/paper.hidden_state"], states, rtol=1e-5, atol=1e-6)
    assert score("part/hidden")["h"].shape == [len(states), 16]
    expected = np.concatenate([result.trained_model(g)["one"] for g in graphs])
    np.testing.assert_allclose(score("part/head")["inner_head"], expected, rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match=r"the trained model has no layer 'nothing', only \['"):
        runner.SubmoduleExporter("nothing").save(result, str(tmp_path / "c"))


@pytest.mark.slow
def test_explanations_are_exported_and_complete(run, tmp_path, topics):
    """B13: attributions add up to the change of the score from the baseline."""
    own = {("nodes", "paper", "x"): 1.0, ("edges", "cites", "weight"): "mean"}
    exporter = runner.IntegratedGradientsExporter(random_counterfactual=False, steps=48)
    shifted = runner.IntegratedGradientsExporter(subdirectory="shifted", steps=48, baseline=own)
    result = run(model_exporters=[exporter, shifted], epochs=3)
    loaded = tf.saved_model.load(tmp_path / "export")
    assert set(loaded.signatures) == {"serving_default", "integrated_gradients"}
    examples = tf.constant(
        [
            gnnkit.write_example(
                g.remove_features(context=["label"], node_sets={"paper": ["label"]})
            ).SerializeToString()
            for g in topics[:4]
        ]
    )
    outputs = loaded.signatures["integrated_gradients"](examples=examples)
    expected = _expected(result, topics[:4])
    scores = loaded.signatures["serving_default"](examples=examples)["classification_logits"]
    np.testing.assert_allclose(scores, expected, rtol=1e-5, atol=1e-6)
    graphs = [result.preprocess_model(g)[0] for g in topics[:4]]
    nothing = [
        g.replace_features(
            node_sets={"paper": {"x": 0 * g.node_sets["paper"]["x"]}},
            edge_sets={"cites": {"weight": 0 * g.edge_sets["cites"]["weight"]}},
        )
        for g in graphs
    ]
    winner = expected.argmax(-1)

    def check(outputs, start, within=0.01):
        before = np.concatenate([result.trained_model(g) for g in start])
        change = np.take_along_axis(expected - before, winner[:, None], 1)[:, 0]
        added = np.zeros(4)
        for kind, feature in (("nodes/paper", "x"), ("edges/cites", "weight")):
            rows = np.repeat(np.arange(4), outputs[f"{kind}.#size"])
            np.add.at(added, rows, outputs[f"{kind}.{feature}"].numpy().sum(-1))
        assert np.abs(added - change).sum() < within * np.abs(change).sum()

    check(outputs, nothing)
    # Means are those of all graphs of the call. Kinks of relus lie on this line, which quadrature does not see.
    weights = np.concatenate([g.edge_sets["cites"]["weight"] for g in graphs])
    ones = [
        g.replace_features(
            node_sets={"paper": {"x": tf.ones_like(g.node_sets["paper"]["x"])}},
            edge_sets={
                "cites": {"weight": tf.zeros_like(g.edge_sets["cites"]["weight"]) + weights.mean(0, keepdims=True)}
            },
        )
        for g in graphs
    ]
    check(
        tf.saved_model.load(tmp_path / "export" / "shifted").signatures["integrated_gradients"](examples=examples),
        ones,
        within=0.03,
    )


def test_other_models_are_refused(tmp_path):
    inputs = keras.Input([3])
    with pytest.raises(ValueError, match="needs a model of one GraphTensor, but its input is KerasTensor"):
        runner.export_model(keras.Model(inputs, keras.layers.Dense(1)(inputs)), str(tmp_path))


def test_incrementing_model_dir(tmp_path):
    assert runner.incrementing_model_dir(str(tmp_path)) == str(tmp_path / "0")
    for name in ("3", "7", "best"):
        pathlib.Path(tmp_path, name).mkdir()
    assert runner.incrementing_model_dir(str(tmp_path)) == str(tmp_path / "8")


def test_attention_loads_without_warnings(tmp_path, caplog):
    graph = gnnkit.homogeneous([0, 1, 2], [1, 2, 2], node_features=tf.ones([3, 4]))
    inputs = gnnkit.keras.Input(graph.spec.relax(num_components=True, num_nodes=True, num_edges=True))
    multi_head = gnnkit.models.multi_head_attention.MultiHeadAttentionHomGraphUpdate
    hidden = inputs
    for update in (gnnkit.models.gat_v2.GATv2HomGraphUpdate, multi_head):
        hidden = update(num_heads=2, per_head_channels=2, receiver_tag=gnnkit.TARGET)(hidden)
    outputs = gnnkit.keras.layers.Pool("context", "sum", node_set_name="nodes")(hidden)
    model = gnnkit.keras.Model(inputs, outputs)
    runner.export_model(model, str(tmp_path / "export"), output_names="y")
    caplog.clear()
    loaded: Any = tf.saved_model.load(str(tmp_path / "export"))
    assert not [record.getMessage() for record in caplog.records if record.levelname in ("WARNING", "ERROR")]
    example = gnnkit.write_example(graph).SerializeToString()
    got = loaded.signatures["serving_default"](examples=tf.constant([example]))["y"]
    np.testing.assert_allclose(got, model(graph), rtol=1e-5)
