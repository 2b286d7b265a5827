"""Sweeps: which runs they stand for, going on after a stop, the table."""

import json

import pytest
from click.testing import CliRunner

from gnnkit.runner.cli._main import cli
from gnnkit.runner.config import ConfigError, Sweep
from gnnkit.runner.pipeline._sweep import combinations, trials

CONFIG = """
model_dir: runs
data:
  dataset: academic
  args: {num_papers: 120, num_authors: 40, num_institutions: 8, num_fields: 8, num_classes: 2, feature_dim: 4}
task: {type: node_classification, node_set: paper, label: label}
split: {feature: split}
sampling: {sizes: [2]}
features: {node_sets: {paper: {embedding: vector}}}
model: {units: 4, message_dim: 4, num_layers: 1}
training: {epochs: 1, batch_size: 64, tensorboard: false}
export: {enabled: false}
attribution: {enabled: false}
sweep: {parameters: {training.learning_rate: [0.1, 0.001], seed: [3]}}
"""


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text(CONFIG)
    return tmp_path / "config.yaml"


def test_random_draws():
    sweep = Sweep(
        method="random",
        num_runs=20,
        parameters={
            "a": {"low": 1e-4, "high": 1.0, "log": True},
            "b": {"low": 1, "high": 3, "whole": True},
            "c": (7, 8),
        },
    )
    drawn = list(combinations(sweep))
    assert drawn == list(combinations(sweep))
    assert len({repr(values) for values in drawn}) == 20
    assert all(1e-4 <= values["a"] <= 1 and values["b"] in (1, 2, 3) and values["c"] in (7, 8) for values in drawn)
    assert sum(values["a"] < 1e-2 for values in drawn) > 5
    few = Sweep(method="random", num_runs=20, parameters={"c": (7, 8)})
    assert sorted(values["c"] for values in combinations(few)) == [7, 8]


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("sweep={parameters: {}}", "sweep.parameters"),
        ("sweep={parameters: {seed: {low: 2, high: 1}}, method: random}", "expected low < high, got low 2 and high 1"),
        ("sweep={parameters: {seed: {low: 0, high: 1}}}", "seed has a range, which 'grid' cannot go through"),
        ("sweep={parameters: {seed: {low: 0, high: 1, log: true}}, method: random}", "expected low above 0 with log"),
        ("sweep={parameters: {model.unit: [1]}}", "unit"),
        ("sweep={parameters: {model.units: [8, many]}}", "many"),
    ],
)
def test_wrong_sweeps(config, override, message):
    with pytest.raises(ConfigError, match=message):
        trials(config, [override])


@pytest.mark.slow
def test_it_goes_on_where_it_was_stopped(config):
    def invoke(*arguments):
        result = CliRunner().invoke(cli, ["run", str(config), *arguments])
        assert result.exit_code == 0, result.output
        return result.stdout, result.stderr

    first, *_ = trials(config)
    out, _ = invoke("--quiet", "--json")
    document = json.loads(out.splitlines()[-1])
    assert document["metric"] == "valid.accuracy"
    assert sorted(run["differences"]["training.learning_rate"] for run in document["runs"]) == [0.001, 0.1]
    assert all(trial.done for trial in trials(config))
    assert json.loads((config.parent / "runs" / "sweep.json").read_text()) == document
    before = (config.parent / "runs" / "000" / "summary.json").stat().st_mtime_ns
    (config.parent / "runs" / "001" / "summary.json").unlink()
    out, err = invoke()
    assert "is finished already" in err
    assert (config.parent / "runs" / "000" / "summary.json").stat().st_mtime_ns == before
    assert out.splitlines()[0].split()[:3] == ["run", "learning_rate", "valid.accuracy"]
    assert first.values == {"training.learning_rate": 0.1, "seed": 3}
