"""Sampling sections of configs: strategies, weights, times, cut-offs, joint graphs; saved stores, backward edge sets."""

import numpy as np
import pytest
import tensorflow as tf

from gnnkit.io import create_graph_spec_from_schema_pb, parse_single_example
from gnnkit.runner._errors import RunError
from gnnkit.runner.config import ConfigError, load
from gnnkit.runner.pipeline import execute, load_run
from gnnkit.runner.pipeline._prepare import prepare
from gnnkit.runner.pipeline._progress import SilentReporter
from gnnkit.runner.pipeline._sample import SampleRequest, sample_from_config
from gnnkit.samplers import GraphStore, read_tables

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


def same(ours, theirs):
    for a, b in zip(ours, theirs, strict=True):
        assert a.spec == b.spec
        for x, y in zip(tf.nest.flatten(a, True), tf.nest.flatten(b, True), strict=True):
            np.testing.assert_array_equal(x, y)


def test_a_saved_store_gives_the_same_graphs(folder):
    tables, graphs = graphs_of(folder)
    GraphStore.from_tables(read_tables(folder / "schema.pbtxt")).save(folder / "store")
    opened, others = graphs_of(folder, "data={store: store}")
    same(graphs, others)
    assert opened.schema == tables.schema
    GraphStore.from_tables(tables.replace(schema=None)).save(folder / "bare")  # Whose schema is made of its columns.
    _, others = graphs_of(folder, "data={store: bare}")
    same(graphs, others)


def test_backward_edge_sets(folder):
    backward = "data={schema: schema.pbtxt, backward: {cited_by: cites}}"
    hop = "sampling.hops.0={edge_set: cited_by, size: 100}"
    changes = ["sampling.cutoff=null", hop, "features.edge_sets={cited_by: {day: number}}"]
    tables, graphs = graphs_of(folder, backward, *changes)
    cites = tables.edge_sets["cites"]
    for graph in graphs:
        root = int(graph.node_sets["paper"]["day"][0]) - 20
        assert sorted(graph.edge_sets["cited_by"]["day"].numpy()) == sorted(cites.features["day"][cites.target == root])
    GraphStore.from_tables(read_tables(folder / "schema.pbtxt"), backward={"cited_by": "cites"}).save(folder / "both")
    _, others = graphs_of(folder, "data={store: both}", *changes)
    same(graphs, others)


def test_joint_graphs_hold_a_node_once(folder):
    joint = ["sampling.cutoff=null", "sampling.joint=true"]
    data = prepare(load(folder / "config.yaml", joint), SilentReporter())
    [graph] = data.providers["train"].get_batched_dataset(tf.distribute.InputContext(), 20)
    days = graph.node_sets["paper"]["day"].numpy()
    assert len(days) == len(set(days)) <= 30 and int(graph.num_components) == 1
    assert int(graph.node_sets["_readout"].total_size) == 20
    with pytest.raises(ConfigError, match=r"sampling.joint: a cut-off needs a graph for each node"):
        load(folder / "config.yaml", ["sampling.joint=true"])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("{store: nowhere}", "there is no folder '.*nowhere'"),
        ("{store: .}", "is not the folder of a graph store: it has no store.json"),
        ("{schema: schema.pbtxt, backward: {cited_by: sites}}", "data.backward: .*there is no edge set 'sites'"),
        ("{schema: schema.pbtxt, backward: {cites: cites}}", "data.backward: .*there is an edge set 'cites' already"),
    ],
)
def test_data_that_is_not_there(folder, data, message):
    with pytest.raises(ConfigError, match=message):
        load(folder / "config.yaml", [f"data={data}"])


def test_gnnkit_sample_heeds_weights_and_cutoffs(folder):
    request = SampleRequest(output=str(folder / "samples"))
    top = "sampling.hops.0={edge_set: cites, size: 3, strategy: top_k, weight: weight, time: day}"
    config = load(folder / "config.yaml", [top])
    assert sample_from_config(config, request, "train", SilentReporter()).examples == 20
    spec = create_graph_spec_from_schema_pb(read_tables(folder / "schema.pbtxt").schema)
    _, graphs = graphs_of(folder, top)
    written = [parse_single_example(spec, record) for record in tf.data.TFRecordDataset([str(folder / "samples")])]
    drawn = [
        {int(graph.node_sets["paper"]["day"][0]): sorted(graph.edge_sets["cites"]["day"].numpy()) for graph in some}
        for some in (written, graphs)
    ]
    assert drawn[0] == drawn[1] and len(drawn[0]) == 20


@pytest.mark.slow
def test_runs_on_joint_graphs_of_a_store(folder, tmp_path):
    GraphStore.from_tables(read_tables(folder / "schema.pbtxt"), backward={"cited_by": "cites"}).save(folder / "run")
    both = "sampling={sizes: [3], joint: true}"
    changes = [both, "data={store: run}", f"model_dir={tmp_path / 'out'}", "training.batch_size=10"]
    summary = execute(load(folder / "config.yaml", [*changes, "features.edge_sets={}"]), quiet=True)
    assert summary.epochs == 1 and 0 <= summary.metrics["valid"]["accuracy"] <= 1
    loaded = load_run(tmp_path / "out")
    assert len(loaded.predict(part="valid")) == 10
    saved = load_run(loaded.save(tmp_path / "saved"))  # With the store that it needs.
    assert saved.predict(part="valid").predicted == loaded.predict(part="valid").predicted
