"""A finished run, taken up again: evaluate, predict, explain, export; its artefacts; the commands."""

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest
from click.testing import CliRunner

from gnnkit.runner._errors import RunError
from gnnkit.runner.cli._main import cli
from gnnkit.runner.config import loads
from gnnkit.runner.pipeline import execute, load_run
from gnnkit.samplers import EdgeTable, GraphTables, NodeTable, write_tables

CONFIG = """
seed: 2
model_dir: MODEL_DIR
data: {schema: tables/graph_schema.pbtxt}
task: {type: node_classification, node_set: person, label: team}
split: random
sampling: {sizes: [4]}
features: {node_sets: {person: {x: number, city: {type: category, dim: 2}, me: {type: id_embedding, dim: 2}}}}
model: {units: 8, message_dim: 8, num_layers: 1}
training: {epochs: 3, batch_size: 32, learning_rate: 0.02}
attribution: {steps: 16, num_examples: 8, top: 3}
"""


def people(count, seed):
    rng = np.random.default_rng(seed)
    team = rng.integers(2, size=count)
    return GraphTables(
        node_sets={
            "person": NodeTable(
                num_nodes=count,
                ids=np.array([b"p%03d" % i for i in range(count)], object),
                features={
                    "team": np.array([[b"red", b"blue"][t] for t in team], object),
                    "x": (3 * team + rng.normal(size=count)).astype(np.float32),
                    "city": np.array([b"city %d" % (i % 3) for i in range(count)], object),
                },
            )
        },
        edge_sets={
            "knows": EdgeTable(
                source_set="person",
                target_set="person",
                source=rng.integers(count, size=3 * count),
                target=rng.integers(count, size=3 * count),
            )
        },
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    write_tables(people(120, 0), folder / "tables", "csv")
    return folder


@pytest.fixture(scope="module")
def summary(folder):
    text = CONFIG.replace("MODEL_DIR", str(folder / "run"))
    return execute(loads(text, file=str(folder / "config.yaml")), quiet=True)


@pytest.fixture(scope="module")
def trained(folder, summary):
    return load_run(folder / "run")


def test_it_gives_the_metrics_of_the_run(trained, summary):
    assert trained.evaluate() == summary.metrics
    (part,) = trained.evaluate(["train"])
    assert part == "train"


def test_predictions(trained, summary, folder):
    predictions = trained.predict(part="test")
    assert len(predictions) == 24
    assert predictions.probabilities.sum(axis=1) == pytest.approx(np.ones(24), abs=1e-5)
    hits = np.mean([a == b for a, b in zip(predictions.predicted, predictions.labels, strict=True)])
    assert hits == pytest.approx(summary.metrics["test"]["accuracy"])
    # In any order and company.
    some = trained.predict(["p007", "p003"])
    assert some.ids == ("p007", "p003")
    everyone = trained.predict()
    assert everyone.ids[7] == "p007"
    np.testing.assert_allclose(everyone.probabilities[[7, 3]], some.probabilities, atol=1e-5)
    table = pyarrow.parquet.read_table(str(some.write(folder / "some.parquet")))
    assert table.column_names == ["id", "predicted", "label", "probability_blue", "probability_red"]
    assert table["id"].to_pylist() == ["p007", "p003"]
    assert "Predictions of 2 nodes in 2 classes\n  p007: " in repr(some)
    with pytest.raises(RunError, match=r"expected a name that ends with \.parquet or \.csv"):
        some.write(folder / "some.json")


def test_no_nodes_and_unknown_nodes(trained, tmp_path):
    assert trained.predict([]).probabilities.shape == (0, 2)
    with pytest.raises(
        RunError, match="1 of 2 ids are not in node set 'person'; the first is 'q'. There are nodes p000, p001"
    ):
        trained.predict(["p001", "q"])
    with pytest.raises(RunError, match="There are no nodes to explain: the list of ids is empty"):
        trained.explain([])


def test_explain_chosen_nodes(trained, tmp_path):
    explanation = trained.explain(["p005"], output=tmp_path)
    document = json.loads(explanation.path.read_text())
    assert [example["id"] for example in document["examples"]] == ["p005"]
    assert set(explanation.scores) == {"person.x", "person.city", "person.me"}
    assert explanation.completeness_error < 0.05


def test_other_tables_with_the_statistics_of_the_run(trained, folder):
    """New nodes, of which some have no label; the scale of x and the cities are those that the model knows."""
    other = people(40, 1)
    features = dict(other.node_sets["person"].features)
    features["team"] = np.array([b""] * 40, object)
    features["x"] = features["x"] * 10
    other = GraphTables(
        node_sets={"person": NodeTable(num_nodes=40, ids=other.node_sets["person"].ids, features=features)},
        edge_sets=other.edge_sets,
    )
    write_tables(other, folder / "other", "csv")
    run = load_run(folder / "run", [f"data.schema={folder / 'other' / 'graph_schema.pbtxt'}"])
    predictions = run.predict()
    assert (len(predictions), set(predictions.labels)) == (40, {None})
    (number,) = [item for item in run.data.plan.node_sets["person"] if item.name == "x"]
    (known,) = [item for item in trained.data.plan.node_sets["person"] if item.name == "x"]
    assert (number.shift, number.scale) == (known.shift, known.scale)
    with pytest.raises(RunError, match="There are no nodes in part 'test' of the split; parts with nodes: \\[\\]"):
        run.evaluate(["test"])


def test_what_does_not_fit(folder, summary, tmp_path):
    with pytest.raises(
        RunError, match="is not the folder of a finished run: it has no config.yaml and model.weights.h5"
    ):
        load_run(tmp_path)
    with pytest.raises(RunError, match="The weights .* do not fit the model of .* with the overrides"):
        load_run(folder / "run", ["model.units=9"])
    copy = tmp_path / "copy"
    shutil.copytree(folder / "run", copy)
    (copy / "learned.json").write_text("{}")
    with pytest.raises(RunError, match="learned.json is damaged .KeyError: 'version'.. Train the run again"):
        load_run(copy)


def test_artefacts(summary):
    files = {what: Path(path) for what, path in summary.files.items()}
    lines = [json.loads(line) for line in files["metrics"].read_text().splitlines()]
    history = json.loads(files["summary"].read_text())["history"]
    assert [line["epoch"] for line in lines] == [1, 2, 3]
    assert [line["val_loss"] for line in lines] == pytest.approx(history["val_loss"])
    assert files["curves"].read_bytes().startswith(b"\x89PNG")
    report = files["report"].read_text()
    assert report.count("<img ") == 1 and "http" not in report.replace("https://", "http://").split("<h2>Config")[0]
    assert f"{summary.metrics['test']['accuracy']:.4f}" in report
    assert "person.x" in report and "sampling:" in report


def invoke(*arguments):
    result = CliRunner().invoke(cli, [str(a) for a in arguments], prog_name="gnnkit")
    return result.exit_code, result.stdout, result.stderr


def test_commands(folder, summary, tmp_path):
    code, out, _ = invoke("evaluate", folder / "run", "--json", "-q")
    assert (code, json.loads(out)) == (0, {part: dict(values) for part, values in summary.metrics.items()})
    code, out, _ = invoke("predict", folder / "run", "--ids", "p001,p002", "-q")
    assert (code, out.splitlines()[0]) == (0, '"id","predicted","label","probability_blue","probability_red"')
    assert [line.split(",")[0] for line in out.splitlines()[1:]] == ['"p001"', '"p002"']
    code, out, _ = invoke("explain", folder / "run", "--ids", "p001", "--output", tmp_path / "why", "--json", "-q")
    assert code == 0
    document = json.loads(out)
    assert [Path(p).name for p in document["files"].values()] == ["attribution.json", "attribution.png"]
    code, out, err = invoke("predict", folder / "run", "--ids", "p001", "--part", "test")
    assert (code, "Choose nodes in one way: --ids, --ids-file or --part." in err) == (2, True)
    code, out, err = invoke("evaluate", tmp_path)
    assert (code, err.startswith("Error: ")) == (1, True)


@pytest.mark.slow
def test_export_command(folder, summary, tmp_path):
    code, out, _ = invoke("export", folder / "run", "--output", tmp_path / "served", "-q")
    assert (code, out) == (0, f"The model is in {tmp_path / 'served'}.\n")
    assert (tmp_path / "served" / "saved_model.pb").is_file()


def test_compare(folder, summary, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(folder / "run", other)
    config = (other / "config.yaml").read_text()
    (other / "config.yaml").write_text(config.replace("learning_rate: 0.02", "learning_rate: 0.5"))
    document = json.loads((other / "summary.json").read_text())
    document["metrics"]["test"]["accuracy"] = 2.0
    (other / "summary.json").write_text(json.dumps({**document, "name": "other"}))
    code, out, _ = invoke("compare", folder / "run", other)
    lines = out.splitlines()
    assert code == 0
    assert lines[0].split()[:3] == ["run", "learning_rate", "test.accuracy"]
    assert [line.split()[:3] for line in lines[1:]] == [
        ["other", "0.5", "2.0000"],
        ["run", "0.02", f"{summary.metrics['test']['accuracy']:.4f}"],
    ]
    code, out, _ = invoke("compare", folder / "run", other, "--metric", "test.loss", "--json")
    assert [json.loads(line)["name"] for line in out.splitlines()] == ["other", "run"]
    code, _, err = invoke("compare", folder / "run", "--metric", "test.fame")
    assert (code, "No run has the metric 'test.fame'; there are test.accuracy, " in err) == (1, True)
    code, _, err = invoke("compare", tmp_path)
    assert (code, "is not the folder of a finished run" in err) == (1, True)


def test_describe_and_save(trained, summary, folder, tmp_path):
    text = repr(trained.describe())
    assert f"test: accuracy {summary.metrics['test']['accuracy']:.4f}" in text
    assert trained.describe()._repr_html_().startswith('<iframe srcdoc="&lt;!doctype html&gt;')
    saved = trained.save(tmp_path / "saved")
    moved = saved.rename(tmp_path / "moved")
    again = load_run(moved)
    assert again.config.data.folder == moved / "graph"
    np.testing.assert_allclose(
        again.predict(["p003"]).probabilities, trained.predict(["p003"]).probabilities, atol=1e-6
    )
    with pytest.raises(RunError, match="is not empty. Give a new folder"):
        trained.save(moved)
