"""The exported model of a run, in a process that cannot import gnnkit."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.runner.config import load, loads
from gnnkit.runner.pipeline._execute import execute_run
from gnnkit.runner.pipeline._progress import make_reporter

CONFIGS = Path(__file__).parents[3] / "colabs" / "configs"
ACADEMIC = """
model_dir: run
data:
  dataset: academic
  args: {num_papers: 240, num_authors: 120, num_institutions: 16, num_fields: 16, num_classes: 3, feature_dim: 8}
task: {type: node_classification, node_set: paper, label: label}
split: {feature: split}
sampling: {sizes: [4, 3]}
features:
  node_sets:
    paper: {embedding: vector, year: number, title: {type: text_hash, buckets: 32, dim: 4}, venue: category}
    institution: {country: {type: category, dim: 3}, me: {type: id_embedding, dim: 4}}
  edge_sets: {written_by: {position: number}}
model: {type: vanilla_mpnn, units: 16, message_dim: 16, num_layers: 2}
training: {epochs: 1, batch_size: 32, learning_rate: 0.01, tensorboard: false}
attribution: {enabled: false}
"""

# Scores the records of a file with a SavedModel; nothing of gnnkit can be imported.
SCORE = """
import json, sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("gnnkit", "runner", "samplers", "schemas", "tensorflow_gnn"):
            raise ImportError(name)
sys.meta_path.insert(0, Block())
try:
    import gnnkit
    sys.exit("gnnkit can be imported")
except ImportError:
    pass
import tensorflow as tf
model = tf.saved_model.load(sys.argv[1])
score = model.signatures["serving_default"]
for file in sys.argv[2:]:
    examples = tf.constant([record.numpy() for record in tf.data.TFRecordDataset(file)])
    (scores,) = score(examples=examples).values()
    (one,) = score(examples=examples[:1]).values()
    print(json.dumps([scores.numpy().tolist(), one.numpy().tolist()]))
"""


def scores_elsewhere(folder, model, *sets_of_graphs):
    """What the exported model says to each list of graphs, to all and to the first alone, in another process."""
    files = [str(folder / f"examples{i}.tfrecord") for i in range(len(sets_of_graphs))]
    for file, graphs in zip(files, sets_of_graphs, strict=True):
        with tf.io.TFRecordWriter(file) as writer:
            for graph in graphs:
                writer.write(gnnkit.write_example(graph).SerializeToString())
    command = [sys.executable, "-I", "-c", SCORE, str(Path(model).resolve()), *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stderr
    return [[np.array(scores, np.float32) for scores in json.loads(line)] for line in done.stdout.splitlines()]


def check_export(config, folder, count):
    summary, trained = execute_run(config, make_reporter(quiet=True))
    result, data = trained.result, trained.data
    rows = dict(data.split.items())["test"][:count]
    provider = data.provider(rows)
    context = tf.distribute.InputContext()
    (batch,) = provider.get_batched_dataset(context, count)
    graph, labels = result.preprocess_model(batch)
    expected = result.trained_model(graph, training=False).numpy()
    assert expected.shape == (len(rows), data.labels[""].num_classes)
    np.testing.assert_array_equal(np.asarray(labels).ravel(), data.labels[""].values[rows])

    graphs = list(provider.get_dataset(context))
    unlabelled = [g.remove_features(node_sets={"_readout": [config.task.label]}) for g in graphs]
    assert all(config.task.label not in g.node_sets["_readout"].features for g in unlabelled)
    (together, alone), (without_label, _) = scores_elsewhere(folder, summary.files["model"], graphs, unlabelled)
    np.testing.assert_allclose(together, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(alone, expected[:1], rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(without_label, together)
    return summary


@pytest.mark.slow
def test_sampled_subgraphs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_export(loads(ACADEMIC), tmp_path, count=20)


@pytest.mark.slow
def test_openflights(shared_data, tmp_path, monkeypatch):
    overrides = [f"model_dir={tmp_path / 'run'}", "training.epochs=2", "attribution.enabled=false"]
    check_export(load(CONFIGS / "openflights.yaml", overrides), tmp_path, count=100)
