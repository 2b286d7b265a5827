"""Runs from end to end on small graphs."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from gnnkit.runner._errors import RunError
from gnnkit.runner.config import load, loads, to_plain
from gnnkit.runner.pipeline import execute
from gnnkit.samplers import EdgeTable, GraphTables, NodeTable, write_tables

ACADEMIC = """
seed: 1
model_dir: run
data:
  dataset: academic
  args: {num_papers: 300, num_authors: 150, num_institutions: 20, num_fields: 20, num_classes: 2, feature_dim: 8}
task: {type: node_classification, node_set: paper, label: label}
split: {feature: split}
sampling: {sizes: [4, 3]}
features:
  node_sets:
    paper:
      embedding: vector
      year: number
      period: {type: category, feature: year, dim: 2, max_values: 5}
    institution: {country: category, me: {type: id_embedding, dim: 4}}
    field: {me: {type: id_embedding, dim: 4}}
  edge_sets: {written_by: {position: number}}
model: {type: vanilla_mpnn, units: 16, message_dim: 16, num_layers: 2, dropout_rate: 0.0}
training: {epochs: 4, batch_size: 32, learning_rate: 0.01}
attribution: {steps: 16, num_examples: 12, top: 3}
"""

TABLES = """
model_dir: run
data: {schema: tables/graph_schema.pbtxt}
task: {type: node_classification, node_set: person, label: team}
split: random
sampling: none
features: {node_sets: {person: {x: number, name: {type: text_hash, buckets: 16, dim: null}}}}
training: {epochs: 40, learning_rate: 0.02}
attribution: {steps: 16, num_examples: 12}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with tables of 120 persons in two teams; most friends are in the same team."""
    rng = np.random.default_rng(3)
    team = rng.integers(2, size=120)
    source = np.repeat(np.arange(120), 4)
    same = np.array([rng.choice(np.flatnonzero(team == team[s])) for s in source])
    target = np.where(rng.random(len(source)) < 0.9, same, rng.integers(120, size=len(source)))
    tables = GraphTables(
        node_sets={
            "person": NodeTable(
                num_nodes=120,
                ids=np.array([b"p%03d" % i for i in range(120)], object),
                features={
                    "team": np.array([[b"red", b"blue"][t] for t in team], object),
                    "x": (team + rng.normal(size=120)).astype(np.float32),
                    "name": np.array([b"Name %d" % (i % 7) for i in range(120)], object),
                },
            )
        },
        edge_sets={"knows": EdgeTable(source_set="person", target_set="person", source=source, target=target)},
    )
    write_tables(tables, tmp_path / "tables", "csv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(text, folder, *overrides):
    return execute(loads(text, overrides, file=str(folder / "config.yaml")), quiet=True)


def check(summary, folder, *, better_than):
    """What holds for each run: the files are there, the numbers make sense."""
    files = {what: Path(path) for what, path in summary.files.items()}
    assert sorted(files) == sorted(
        [
            "attribution",
            "attribution picture",
            "checkpoints",
            "config",
            "curves",
            "metrics",
            "model",
            "report",
            "summary",
        ]
        + ["tensorboard"]
    )
    assert (files["model"] / "saved_model.pb").is_file()
    assert (files["model"] / "model.keras").is_file()
    assert list(files["checkpoints"].iterdir())
    assert {path.parent.name for path in files["tensorboard"].rglob("events.out.tfevents.*")} == {"train", "validation"}
    assert not list(Path(summary.model_dir).glob("backup*"))
    written = json.loads(files["summary"].read_text())
    plain = summary.to_dict()
    assert {key: written[key] for key in plain} == json.loads(json.dumps(plain))
    assert len(written["history"]["loss"]) == summary.epochs
    assert "tensorflow" in written["versions"]
    explained = json.loads(files["attribution"].read_text())
    assert explained["completeness_error"] == summary.completeness_error < 0.05
    assert summary.attribution[0].share >= summary.attribution[-1].share > 0
    assert list(explained["features"])[0] == summary.attribution[0].feature
    assert sorted(summary.metrics) == ["test", "valid"]
    assert summary.metrics["valid"]["accuracy"] > better_than
    assert summary.metrics["test"]["accuracy"] > better_than
    assert summary.metrics["valid"]["accuracy"] == pytest.approx(
        max(next(v for k, v in written["history"].items() if k.startswith("val_") and "accuracy" in k))
    )
    assert summary.epochs >= summary.best_epoch >= 1
    return explained


@pytest.mark.slow
def test_sampled(folder):
    summary = run(ACADEMIC, folder)
    explained = check(summary, folder, better_than=0.6)
    assert (summary.name, summary.model_dir, summary.seed, summary.epochs) == ("run", "run", 1, 4)
    assert summary.graph["nodes"] == {"author": 150, "field": 20, "institution": 20, "paper": 300}
    assert sum(summary.graph["split"].values()) == 300
    assert set(explained["features"]) == {
        "paper.embedding", "paper.year", "paper.period", "institution.country", "institution.me", "field.me",
        "written_by.position",
    }  # fmt: skip
    assert len(summary.attribution) == 3
    assert len(explained["examples"]) == 12
    example = explained["examples"][0]
    assert example["id"].startswith("P")
    assert example["label"] in ("0", "1")
    assert summary.notes == ()
    assert 0 < sum(summary.seconds.values()) < 300

    # The resolved config repeats the run.
    config = loads(ACADEMIC, file=str(folder / "config.yaml"))
    again = load(folder / "run" / "config.yaml")
    assert to_plain(again) == to_plain(config)
    assert again == config


@pytest.mark.parametrize(
    "model", ["gcn", pytest.param("{type: vanilla_mpnn, units: 16, message_dim: 16}", marks=pytest.mark.slow)]
)
def test_whole_graph(folder, model):
    summary = run(TABLES, folder, f"model={model}")
    explained = check(summary, folder, better_than=0.7)
    assert summary.graph["split"] == {"train": 72, "valid": 24, "test": 24}
    assert set(explained["features"]) == {"person.x", "person.name"}
    again = load(folder / "run" / "config.yaml")
    assert again.data.folder == folder / "tables"


@pytest.mark.slow
def test_whole_heterogeneous_graph(folder):
    summary = run(ACADEMIC, folder, "sampling=none", "training.epochs=40", "model.receiver_tag=source")
    check(summary, folder, better_than=0.6)


@pytest.mark.slow
@pytest.mark.parametrize("sampling", ["none", "{sizes: [4, 4]}"])
def test_binary(folder, sampling):
    summary = run(
        TABLES,
        folder,
        f"sampling={sampling}",
        "task={type: binary_node_classification, node_set: person, label: team, positive: red}",
        "training.epochs=" + ("40" if sampling == "none" else "8"),
    )
    explained = check(summary, folder, better_than=0.65)
    assert "auc" in " ".join(summary.metrics["test"])
    if sampling != "none":
        assert {example["label"] for example in explained["examples"]} == {"red", "not red"}


@pytest.mark.slow
def test_a_sampling_spec_file_gives_the_same_run_as_its_hops(folder):
    (folder / "spec.pbtxt").write_text("""
        seed_op { op_name: "seed" node_set_name: "person" }
        sampling_ops { op_name: "hop1" input_op_names: "seed" edge_set_name: "knows" sample_size: 3
                       strategy: RANDOM_UNIFORM }
        sampling_ops { op_name: "hop2" input_op_names: "hop1" edge_set_name: "knows" sample_size: 2
                       strategy: RANDOM_UNIFORM }""")
    hops = "{hops: [{edge_set: knows, size: 3}, {edge_set: knows, size: 2}]}"
    found = [
        run(TABLES, folder, f"sampling={sampling}", f"model_dir=run{i}", "training.epochs=3")
        for i, sampling in enumerate(["{spec: spec.pbtxt}", hops])
    ]
    assert found[0].metrics == found[1].metrics
    assert found[0].to_dict()["attribution"] == found[1].to_dict()["attribution"]


def test_bad_rows_are_left_out(folder):
    with open(folder / "tables" / "edge_knows.csv", "a") as file:
        file.write("p000,nobody\n")
    fast = ["training.epochs=1", "model=gcn", "export.enabled=false", "attribution.enabled=false"]
    with pytest.raises(RunError, match="nobody"):
        run(TABLES, folder, *fast)
    summary = run(TABLES, folder, *fast, "data.on_bad_rows=skip", "training.tensorboard=false")
    assert summary.notes == ("1 row was left out: 1 unknown endpoint.",)
    assert sorted(summary.files) == ["checkpoints", "config", "curves", "metrics", "report", "summary"]
    assert (summary.attribution, summary.completeness_error) == ((), None)


def test_without_validation_the_last_weights_are_kept(folder):
    summary = run(
        TABLES, folder, "split={type: random, train: 0.8, valid: 0, test: 0.2}", "training.epochs=3", "model=gcn",
        "export.enabled=false",
    )  # fmt: skip
    assert sorted(summary.metrics) == ["test"]
    assert (summary.best_epoch, summary.epochs) == (None, 3)


def test_without_features_the_graph_alone_counts(folder):
    summary = run(TABLES, folder, "features={}", "training.epochs=2", "export.enabled=false", "model=gcn")
    assert summary.attribution == ()
    assert dataclasses.asdict(summary)["epochs"] == 2
