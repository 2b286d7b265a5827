"""Exported models score serialized Examples without gnnkit, as the trainer did."""

import json
import os
import pathlib
import subprocess
import sys

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


def test_other_models_are_refused(tmp_path):
    inputs = keras.Input([3])
    with pytest.raises(ValueError, match="needs a model of one GraphTensor, but its input is KerasTensor"):
        runner.export_model(keras.Model(inputs, keras.layers.Dense(1)(inputs)), str(tmp_path))


def test_incrementing_model_dir(tmp_path):
    assert runner.incrementing_model_dir(str(tmp_path)) == str(tmp_path / "0")
    for name in ("3", "7", "best"):
        pathlib.Path(tmp_path, name).mkdir()
    assert runner.incrementing_model_dir(str(tmp_path)) == str(tmp_path / "8")
