"""Sampling sections of configs: strategies, weights, times, cut-offs."""

import numpy as np
import pytest
import tensorflow as tf

from gnnkit.runner._errors import RunError
from gnnkit.runner.config import load
from gnnkit.runner.pipeline._prepare import prepare
from gnnkit.runner.pipeline._progress import SilentReporter

SCHEMA = """
node_sets { key: "paper" value { metadata { filename: "paper.csv" }
  features { key: "day" value { dtype: DT_INT64 } } features { key: "label" value { dtype: DT_INT64 } }
  features { key: "part" value { dtype: DT_STRING } } } }
edge_sets { key: "cites" value { source: "paper" target: "paper" metadata { filename: "cites.csv" }
  features { key: "day" value { dtype: DT_INT64 } } features { key: "weight" value { dtype: DT_FLOAT } } } }
"""

CONFIG = """
model_dir: out
data: {schema: schema.pbtxt}
task: {type: node_classification, node_set: paper, label: label}
split: {feature: part, test: []}
features: {edge_sets: {cites: {day: number, weight: number}}, node_sets: {paper: {day: number}}}
model: {type: vanilla_mpnn, num_layers: 1}
training: {epochs: 1}
sampling:
  cutoff: day
  hops:
    - {edge_set: cites, size: 3, strategy: latest_k, time: day}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sampling")
    rng = np.random.default_rng(0)
    parts = ["train", "valid"]
    papers = [f"p{i},{i + 20},{i % 2},{parts[i % 3 == 0]}" for i in range(30)]
    cites = [f"p{i},p{j},{rng.integers(50)},{rng.integers(1, 9)}" for i in range(30) for j in rng.integers(30, size=9)]
    (folder / "paper.csv").write_text("\n".join(["id,day,label,part", *papers]))
    (folder / "cites.csv").write_text("\n".join(["source,target,day,weight", *cites]))
    (folder / "schema.pbtxt").write_text(SCHEMA)
    (folder / "config.yaml").write_text(CONFIG)
    return folder


def graphs_of(folder, *overrides):
    """(the graph's tables, the train examples of a config, one by one)."""
    data = prepare(load(folder / "config.yaml", list(overrides)), SilentReporter())
    return data.tables, list(data.providers["train"].get_dataset(tf.distribute.InputContext()))


def test_latest_edges_up_to_the_cutoff(folder):
    tables, graphs = graphs_of(folder)
    table = tables.edge_sets["cites"]
    assert len(graphs) == 20
    for graph in graphs:
        day = int(graph.node_sets["paper"]["day"][0])
        days = table.features["day"][table.source == day - 20]
        expected = sorted(days[days <= day].tolist())[-3:]
        assert sorted(graph.edge_sets["cites"]["day"].numpy().tolist()) == expected
    assert any(int(graph.edge_sets["cites"].total_size) == 3 for graph in graphs)


def test_weights_and_replacement(folder):
    cites = "sampling.hops.0={edge_set: cites, size: 3, strategy: top_k, weight: weight}"
    tables, graphs = graphs_of(folder, "sampling.cutoff=null", cites)
    table = tables.edge_sets["cites"]
    for graph in graphs:
        weights = table.features["weight"][table.source == int(graph.node_sets["paper"]["day"][0]) - 20]
        assert sorted(graph.edge_sets["cites"]["weight"].numpy().tolist()) == sorted(weights.tolist())[-3:]
    drawn = "sampling.hops.0={edge_set: cites, size: 40, strategy: weighted, weight: weight, replace: true}"
    _, graphs = graphs_of(folder, "sampling.cutoff=null", drawn)
    assert {int(graph.edge_sets["cites"].total_size) for graph in graphs} == {40}


SPEC = """seed_op { op_name: "s" node_set_name: "paper" }
sampling_ops { op_name: "a" input_op_names: "s" edge_set_name: "cites" sample_size: 2 strategy: TOP_K }"""


def test_specs_get_weights_and_times(folder):
    (folder / "spec.pbtxt").write_text(SPEC)
    tables, graphs = graphs_of(
        folder, "sampling={spec: spec.pbtxt, weights: {cites: weight}, times: {a: day}, cutoff: day}"
    )
    table = tables.edge_sets["cites"]
    for graph in graphs:
        day = int(graph.node_sets["paper"]["day"][0])
        seen = (table.source == day - 20) & (table.features["day"] <= day)
        expected = sorted(table.features["weight"][seen].tolist())[-2:]
        assert sorted(graph.edge_sets["cites"]["weight"].numpy().tolist()) == expected


@pytest.mark.parametrize(
    ("sampling", "message"),
    [
        ("{spec: spec.pbtxt}", "sampling: Sampling operation 'a' has strategy TOP_K, which needs a weight"),
        ("{spec: spec.pbtxt, weights: {cites: wait}}", "feature 'wait' of edge set 'cites' does not exist"),
        (
            "{spec: spec.pbtxt, weights: {cites: weight}, cutoff: day}",
            "sampling.cutoff means nothing where no edge set",
        ),
    ],
)
def test_specs_that_do_not_fit(folder, sampling, message):
    (folder / "spec.pbtxt").write_text(SPEC)
    with pytest.raises(RunError, match=message):
        graphs_of(folder, f"sampling={sampling}")
