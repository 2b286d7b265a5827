"""Runs of every kind of task, from the config to predictions, explanations and exports."""

import json

import numpy as np
import pyarrow.parquet
import pytest
import tensorflow as tf
from click.testing import CliRunner

import gnnkit
from gnnkit.runner._errors import RunError
from gnnkit.runner.cli._main import cli
from gnnkit.runner.config import ConfigError, loads
from gnnkit.runner.pipeline import execute, load_run
from gnnkit.samplers import EdgeTable, GraphTables, NodeTable, write_tables

CONFIG = """
seed: 2
model_dir: run
data: {schema: tables/graph_schema.pbtxt}
task: {type: node_regression, node_set: person, label: age}
split: random
sampling: {sizes: [4]}
features: {node_sets: {person: {x: number, city: {type: category, dim: 2}}}}
model: {units: 8, message_dim: 8, num_layers: 1, dropout_rate: 0.0}
training: {epochs: 2, batch_size: 32, learning_rate: 0.02, tensorboard: false}
attribution: {steps: 16, num_examples: 8, top: 3}
"""


def people(count=120, seed=0):
    """Two teams, whose members know each other; who knows whom closely is a matter of x."""
    rng = np.random.default_rng(seed)
    team = np.arange(count) % 2
    source = np.repeat(np.arange(count), 5)
    target = np.array([rng.choice(np.flatnonzero((team == team[s]) & (np.arange(count) != s))) for s in source])
    x = (3 * team + rng.normal(size=count)).astype(np.float32)
    return GraphTables(
        node_sets={
            "person": NodeTable(
                num_nodes=count,
                ids=np.array([b"p%03d" % i for i in range(count)], object),
                features={
                    "team": np.array([[b"red", b"blue"][t] for t in team], object),
                    "age": (20 + 5 * x).astype(np.float32),
                    "where": np.stack([x, -x], axis=1).astype(np.float32),
                    "x": x,
                    "city": np.array([b"city %d" % (i % 3) for i in range(count)], object),
                },
            )
        },
        edge_sets={
            "knows": EdgeTable(
                source_set="person",
                target_set="person",
                source=source,
                target=target,
                features={
                    "how": np.where(team[source] == 0, b"well", b"hardly").astype(object),
                    "years": (x[source] + x[target]).astype(np.float32),
                },
            )
        },
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    write_tables(people(), tmp_path / "tables", "csv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(folder, *overrides):
    return execute(loads(CONFIG, overrides, file=str(folder / "config.yaml")), quiet=True)


def scores_of_export(folder, run_, rows, output=None):
    """What the exported model says about serialized Examples of some rows, which have no labels: one output, or all."""
    dataset = run_.data.provider(np.asarray(rows)).get_dataset(tf.distribute.InputContext())
    labels = [task.label for task in run_.config.labelled_tasks.values()]
    examples = []
    for graph in dataset:
        assert labels == [name for name in labels if name in {**graph.context.features, **_readout(graph)}]
        hidden = {"_readout": [name for name in labels if name in _readout(graph)]} if _readout(graph) else {}
        graph = graph.remove_features(
            context=[name for name in labels if name in graph.context.features], node_sets=hidden
        )
        examples.append(gnnkit.write_example(graph).SerializeToString())
    served = tf.saved_model.load(str(folder / "run" / "export")).signatures["serving_default"]
    outputs = {name: values.numpy() for name, values in served(examples=tf.constant(examples)).items()}
    return outputs if output is None else outputs[output]


def _readout(graph):
    return graph.node_sets["_readout"].features if "_readout" in graph.node_sets else {}


def softmax(logits):
    return tf.nn.softmax(logits).numpy()


@pytest.mark.slow
def test_a_regression_without_training_much(folder):
    summary = run(folder, "training.epochs=1", "export.enabled=false", "attribution.enabled=false")
    assert {"mean_squared_error", "mean_absolute_error", "loss"} <= set(summary.metrics["test"])
    assert summary.best_epoch == 1


@pytest.mark.slow
def test_node_regression(folder):
    summary = run(folder, "training.epochs=12", "training.early_stopping={}")
    assert summary.metrics["test"]["mean_absolute_error"] < 5.0
    assert summary.metrics["test"]["loss"] == pytest.approx(summary.metrics["test"]["mean_squared_error"])
    history = json.loads((folder / "run" / "summary.json").read_text())["history"]
    assert summary.best_epoch == 1 + int(np.argmin(history["val_loss"]))
    assert summary.completeness_error < 0.05
    assert {score.feature for score in summary.attribution} == {"person.x", "person.city"}

    trained = load_run("run")
    assert trained.evaluate() == summary.metrics
    predictions = trained.predict(part="test")
    errors = np.abs(predictions.values - predictions.labels)
    assert errors.mean() == pytest.approx(summary.metrics["test"]["mean_absolute_error"], rel=1e-4)
    assert "Predictions of 24 nodes\n  p" in repr(predictions)
    table = pyarrow.parquet.read_table(str(predictions.write(folder / "ages.parquet")))
    assert table.column_names == ["id", "predicted", "label"]
    rows = trained.rows(part="test")[:5]
    served = scores_of_export(folder, trained, rows, "regression_logits")
    np.testing.assert_allclose(served, predictions.values[:5], 1e-4, 1e-4)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("sampling", ["none", "{sizes: [4]}"])
@pytest.mark.parametrize(
    ("label", "loss"),
    [
        ("where", "mean_absolute_error"),
        ("age", "mean_absolute_percentage_error"),
        ("age", "mean_squared_logarithmic_error"),
        ("age", "mean_squared_log_scaled_error"),
    ],
)
def test_losses_of_regression(folder, sampling, label, loss):
    task = f"{{type: node_regression, node_set: person, label: {label}, loss: {loss}}}"
    summary = run(folder, f"task={task}", f"sampling={sampling}", "export.enabled=false", "attribution.num_examples=2")
    assert np.isfinite(summary.metrics["test"]["loss"])
    width = 2 if label == "where" else 1
    assert load_run("run").predict(["p001", "p007"]).values.shape == (2, width)


def test_labels_that_a_loss_cannot_take(folder):
    task = "{type: node_regression, node_set: person, label: x, loss: mean_squared_logarithmic_error}"
    with pytest.raises(
        RunError, match=r"Labels person.x go down to -.*, but the loss 'mean_squared_logarithmic_error'"
    ):
        run(folder, f"task={task}", "features={}")


@pytest.mark.slow
@pytest.mark.parametrize("head", ["dot_product", "hadamard_product"])
def test_link_prediction(folder, head):
    task = f"{{type: link_prediction, edge_set: knows, head: {head}, negatives: 2, candidates: 4, hits_at: [1, 3]}}"
    summary = run(folder, f"task={task}", "training.epochs=6", "model.units=16")
    metrics = summary.metrics["test"]
    assert {"mrr", "hits_at_1", "hits_at_3", "auc_roc", "accuracy", "loss"} <= set(metrics)
    assert metrics["auc_roc"] > 0.6
    assert metrics["hits_at_1"] <= metrics["mrr"] <= 1
    assert sum(summary.graph["split"].values()) == 600

    trained = load_run("run")
    assert trained.evaluate() == summary.metrics
    # No edge of the test part, nor its reverse, is in the graph that is sampled.
    store = trained.data.providers["train"]._place[0]
    edges = store.tables.edge_sets["knows"]
    pairs = {frozenset(pair) for pair in zip(edges.source.tolist(), edges.target.tolist(), strict=True)}
    held_out = trained.data.items.pairs(trained.rows(part="test"))
    assert not pairs & {frozenset(pair) for pair in held_out.tolist()}
    # Ranks by hand.
    predictions = trained.predict(["p000->p002", ("p001", "p000")])
    assert predictions.ids == ("p000->p002", "p001->p000")
    assert predictions.probabilities[0] > predictions.probabilities[1]
    assert not predictions.known[1]
    pairs = trained.rows(["p000->p002", "p001->p000"])
    (served,) = scores_of_export(folder, trained, pairs).values()
    np.testing.assert_allclose(tf.sigmoid(served)[:, 0], predictions.probabilities, 1e-4, 1e-5)
    assert trained.predict(part="test").known.all()
    assert predictions.to_arrow().column_names == ["source", "target", "probability", "known"]
    explanation = trained.explain(["p000->p002"])
    assert explanation.completeness_error < 0.05
    document = json.loads(explanation.path.read_text())
    assert document["examples"][0]["id"] == "p000->p002"
    result = CliRunner().invoke(cli, ["predict", "run", "--ids", "p000->p002", "--quiet"])
    assert result.output.splitlines()[0] == '"source","target","probability","known"', result.output
    with pytest.raises(RunError, match="'p000' names no edge; expected SOURCE->TARGET"):
        trained.predict(["p000"])


@pytest.mark.slow
def test_edge_tasks(folder):
    task = "{type: edge_classification, edge_set: knows, label: how}"
    summary = run(folder, f"task={task}", "training.epochs=4")
    assert summary.metrics["test"]["accuracy"] > 0.8
    trained = load_run("run")
    predictions = trained.predict(part="test")
    hits = np.mean([a == b for a, b in zip(predictions.predicted, predictions.labels, strict=True)])
    assert hits == pytest.approx(summary.metrics["test"]["accuracy"])
    assert summary.completeness_error < 0.05
    served = scores_of_export(folder, trained, trained.rows(part="test")[:9], "classification_logits")
    np.testing.assert_allclose(softmax(served), predictions.probabilities[:9], 1e-4, 1e-5)

    task = "{type: edge_regression, edge_set: knows, label: years}"
    summary = run(folder, f"task={task}", "model_dir=numbers", "export.enabled=false", "training.epochs=4")
    assert summary.metrics["test"]["mean_absolute_error"] < 2.5
    with pytest.raises(RunError, match="1 of 1 are no edges of 'knows'; the first is p000->p001"):
        load_run("numbers").predict(["p000->p001"])


@pytest.mark.slow
def test_edges_of_the_whole_graph(folder):
    task = "{type: edge_classification, edge_set: knows, label: how}"
    model = "{type: gat_v2, num_heads: 2, units: 8, num_layers: 1}"
    summary = run(folder, f"task={task}", "sampling=none", "training.epochs=40", f"model={model}")
    assert summary.metrics["test"]["accuracy"] > 0.8
    assert summary.completeness_error < 0.05
    trained = load_run("run")
    assert trained.evaluate() == summary.metrics
    some = trained.rows(part="test")[:7]
    served = scores_of_export(folder, trained, some, "classification_logits")
    np.testing.assert_allclose(softmax(served), trained.predict(part="test").probabilities[:7], 1e-4, 1e-5)
    edge = trained.predict(part="test").ids[0]
    found = trained.explain([edge], explainer="attention").edges
    ends = edge.split("->")
    assert found and all(name.split("->")[1].split()[-1] in ends for name in found)


@pytest.mark.slow
def test_several_tasks(folder):
    tasks = """{team: {type: node_classification, node_set: person, label: team},
        age: {type: node_regression, node_set: person, label: age, weight: 0.01},
        dgi: {type: dgi, weight: 0.1}, twins: {type: barlow_twins, weight: 0.001, corruptor: dropout},
        vic: {type: vicreg, weight: 0.001, projector_units: [4]}, triplet: {type: triplet, weight: 0.1}}"""
    summary = run(folder, "task=null", f"tasks={tasks}", "training.epochs=5")
    metrics = summary.metrics["test"]
    assert metrics["team_accuracy"] > 0.8
    assert {"age_mean_absolute_error", "dgi_predictions_accuracy"} <= set(metrics)
    trained = load_run("run")
    assert trained.predict(["p001"]).classes == ("blue", "red")
    assert trained.predict(["p001"], task="age").values.shape == (1, 1)
    ids = ["p001", "p004", "p005"]
    served = scores_of_export(folder, trained, trained.rows(ids))
    np.testing.assert_allclose(softmax(served["team"]), trained.predict(ids).probabilities, 1e-4, 1e-5)
    np.testing.assert_allclose(served["age"], trained.predict(ids, task="age").values, 1e-4, 1e-4)
    with pytest.raises(RunError, match="There is no task 'dgi' with labels to predict; there are team, age"):
        trained.predict(["p001"], task="dgi")
    assert summary.completeness_error < 0.05


def molecules(folder, count=60):
    """Graphs that are rings or paths of atoms; the label tells which, the number is how many atoms there are."""
    rng = np.random.default_rng(1)
    with tf.io.TFRecordWriter(str(folder / "graphs.tfrecord")) as writer:
        for number in range(count):
            size, ring = int(rng.integers(4, 9)), number % 2
            source = np.arange(size - 1 + ring)
            graph = gnnkit.GraphTensor.from_pieces(
                context=gnnkit.Context.from_fields(
                    features={
                        "kind": [[b"path", b"ring"][ring]],
                        "size": [float(size)],
                        "made": [[b"by hand", b"by machine"][int(size > 6)]],
                        "weight": [10.0 * size],
                    }
                ),
                node_sets={
                    "atom": gnnkit.NodeSet.from_fields(
                        sizes=[size],
                        features={
                            "degree": np.array(
                                [2.0 if ring or 0 < i < size - 1 else 1.0 for i in range(size)], np.float32
                            )
                        },
                    )
                },
                edge_sets={
                    "bond": gnnkit.EdgeSet.from_fields(
                        sizes=[len(source)],
                        adjacency=gnnkit.Adjacency.from_indices(
                            ("atom", source.astype(np.int32)), ("atom", ((source + 1) % size).astype(np.int32))
                        ),
                    )
                },
            )
            writer.write(gnnkit.write_example(graph).SerializeToString())
    (folder / "graphs.pbtxt").write_text("""
        context { features { key: "kind" value { dtype: DT_STRING } }
                  features { key: "size" value { dtype: DT_FLOAT } }
                  features { key: "made" value { dtype: DT_STRING } }
                  features { key: "weight" value { dtype: DT_FLOAT } } }
        node_sets { key: "atom" value { features { key: "degree" value { dtype: DT_FLOAT } } } }
        edge_sets { key: "bond" value { source: "atom" target: "atom" } }""")


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ("kind: category", "features.context.kind.*'kind' is the label of the task; a model must not see it"),
        ("maid: category", "unknown feature of the context: 'maid'. Did you mean 'made'"),
        ("made: number", "'number' needs one number for each item; context.made is string"),
    ],
)
def test_wrong_features_of_the_context(folder, context, message):
    molecules(folder, count=2)
    task = "{type: graph_classification, node_set: atom, label: kind}"
    data = "data={examples: graphs.tfrecord, schema: graphs.pbtxt}"
    with pytest.raises(ConfigError, match=message):
        run(folder, data, "sampling=none", f"task={task}", f"features={{context: {{{context}}}}}")


@pytest.mark.slow
def test_graph_tasks(folder):
    molecules(folder)
    data = ["data={examples: graphs.tfrecord, schema: graphs.pbtxt}", "sampling=none", "features={node_sets: {atom: "
            "{degree: {type: number, normalize: none}}}}", "training.batch_size=10"]  # fmt: skip
    task = "{type: graph_classification, node_set: atom, label: kind, reduce_type: mean|sum}"
    summary = run(folder, *data, f"task={task}", "training.epochs=30")
    assert summary.metrics["test"]["accuracy"] > 0.8
    assert summary.graph["split"] == {"train": 36, "valid": 12, "test": 12}
    trained = load_run("run")
    assert trained.evaluate() == summary.metrics
    predictions = trained.predict(part="test")
    assert predictions.classes == ("path", "ring")
    assert "Predictions of 12 graphs in 2 classes" in repr(predictions)
    served = scores_of_export(folder, trained, [0, 1], "classification_logits")
    assert served.shape == (2, 2)
    assert summary.completeness_error < 0.05

    # Beside features of atoms those of the whole molecule.
    data[2] = "features={context: {made: category, mass: {type: number, feature: weight}}}"
    task = "{type: graph_regression, node_set: atom, label: size}"
    baseline = "attribution.baseline={context.made: by hand, context.mass: mean}"
    summary = run(folder, *data, f"task={task}", "training.epochs=40", baseline)
    assert summary.metrics["test"]["mean_absolute_error"] < 1.0  # Of 4 to 8 atoms; the mean is off by 1.2.
    assert {score.feature for score in summary.attribution} == {"context.made", "context.mass"}
    assert summary.completeness_error < 0.05
    trained = load_run("run")
    served = scores_of_export(folder, trained, [0, 1], "regression_logits")
    np.testing.assert_allclose(served, trained.predict(["0", "1"]).values, 1e-4, 1e-4)

    data[2] = "features={node_sets: {atom: {degree: {type: number, normalize: none}}}}"
    task = "{type: graph_regression, node_set: atom, label: size, reduce_type: sum}"
    # The same graphs, out of a provider.
    files = f"{{class: gnnkit.runner.TFRecordDatasetProvider, args: {{file_pattern: {folder}/graphs.tfrecord}}, "
    data[0] = f"data={files} schema: graphs.pbtxt}}"
    summary = run(folder, *data, f"task={task}", "training.epochs=30", "model_dir=sizes", "export.enabled=false")
    assert summary.metrics["test"]["mean_absolute_error"] < 1.5
