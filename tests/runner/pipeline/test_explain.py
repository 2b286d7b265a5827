"""Explainers and baselines of a config, on models that need no training."""

import json

import keras
import numpy as np
import pytest

from gnnkit.runner._errors import RunError
from gnnkit.runner.config import loads
from gnnkit.runner.pipeline._explained_graph import explained_graph
from gnnkit.runner.pipeline._explainers import Explainer
from gnnkit.runner.pipeline._objectives import make_tasks
from gnnkit.runner.pipeline._prepare import prepare
from gnnkit.runner.pipeline._progress import make_reporter
from gnnkit.runner.pipeline._trained import TrainedRun, _models_of
from gnnkit.samplers import EdgeTable, GraphTables, NodeTable, write_tables

CONFIG = """
model_dir: run
data: {schema: tables/graph_schema.pbtxt}
task: {type: node_classification, node_set: person, label: team}
split: random
sampling: SAMPLING
features:
  node_sets:
    person:
      x: number
      city: {type: category, dim: 2}
      v: vector
      words: {type: text_hash, buckets: 8}
      me: {type: id_embedding, dim: 2}
model: MODEL
attribution: {steps: 16, num_examples: 3, epochs: 20}
"""
INPUTS = {"person.x", "person.city", "person.v", "person.words", "person.me"}
GAT = "{type: gat_v2, units: 4, message_dim: 4, num_heads: 2, num_layers: 1}"


def _people(count=40):
    rng = np.random.default_rng(0)
    person = NodeTable(
        num_nodes=count,
        ids=np.array([b"p%02d" % i for i in range(count)], object),
        features={
            "team": np.array([[b"red", b"blue"][t] for t in rng.integers(2, size=count)], object),
            "x": rng.normal(10.0, 2.0, size=count).astype(np.float32),
            "city": np.array([b"city %d" % (i % 3) for i in range(count)], object),
            "v": rng.normal(size=(count, 2)).astype(np.float32),
            "words": np.array([b"some words", b"others"] * (count // 2), object),
        },
    )
    ends = {name: rng.integers(count, size=3 * count) for name in ("source", "target")}
    return GraphTables(
        node_sets={"person": person},
        edge_sets={"knows": EdgeTable(source_set="person", target_set="person", **ends)},
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explain")
    write_tables(_people(), folder / "tables", "csv")
    return folder


def _make(folder, sampling, model):
    text = CONFIG.replace("SAMPLING", sampling).replace("MODEL", model)
    config = loads(text, file=str(folder / "config.yaml"))
    keras.utils.set_random_seed(1)
    data = prepare(config, make_reporter(quiet=True))
    network, result = _models_of(config, data, make_tasks(config, data.labels, data.plan))
    return TrainedRun(config, data, network, result, folder / "run")


@pytest.fixture(scope="module")
def sampled(folder):
    return _make(folder, "{sizes: [4]}", GAT)


@pytest.fixture(scope="module")
def whole(folder):
    return _make(folder, "none", GAT)


def test_nodes_have_the_rows_of_the_tables(sampled):
    explained = explained_graph(sampled.data, sampled.result, np.array([7, 3]))
    nodes = explained.encoded.node_sets["person"]
    starts = np.cumsum([0, *nodes.sizes.numpy()[:-1]])
    assert explained.rows["person"][starts].tolist() == [7, 3]
    places = nodes["me"].numpy() - 1  # Of ids in the vocabulary, which are in the order of rows.
    np.testing.assert_array_equal(places, explained.rows["person"])


@pytest.mark.parametrize("which", ["sampled", pytest.param("whole", marks=pytest.mark.slow)])
def test_integrated_gradients_tell_features_and_nodes(which, request, tmp_path):
    run = request.getfixturevalue(which)
    explanation = run.explain(["p05"], output=tmp_path)
    assert explanation.explainer == "integrated_gradients" and explanation.completeness_error < 0.05
    assert explanation.scores.keys() == INPUTS and explanation.edges == {}
    # What nodes have and what inputs have is the same sum, told apart in two ways.
    assert sum(explanation.nodes.values()) == pytest.approx(sum(explanation.scores.values()), rel=1e-4)
    assert "person p05" in explanation.nodes
    document = json.loads(explanation.path.read_text())
    assert document["nodes"] == explanation.nodes and list(explanation.nodes.values())[0] > 0
    assert len(document["examples"]) == 1
    assert "Nodes that predictions rest on (integrated gradients, complete up to" in repr(explanation)


def test_gnn_explainer(sampled, tmp_path):
    explanation = sampled.explain(["p05", "p07"], explainer="gnn_explainer", output=tmp_path)
    assert explanation.explainer == "gnn_explainer" and explanation.completeness_error is None
    assert 0 <= explanation.share_kept <= 1
    document = json.loads(explanation.path.read_text())
    assert [example["id"] for example in document["examples"]] == ["p05", "p07"]
    for example in document["examples"]:  # All of the sampled edges lead to the root, or on from it.
        assert example["edges"] and all(f"knows {example['id']} -> " in name for name in example["edges"])
        assert all(0 < value < 1 for value in example["edges"].values())
        assert {"score", "masked_score", "kept"} <= example.keys()
    assert explanation.scores.keys() == INPUTS and all(0 <= value <= 1 for value in explanation.scores.values())
    assert {"person p05", "person p07"} <= explanation.nodes.keys()


@pytest.mark.slow
def test_gnn_explainer_on_the_whole_graph_explains_one_node_after_the_other(whole, tmp_path):
    explanation = whole.explain(["p05", "p07"], explainer="gnn_explainer", output=tmp_path)
    document = json.loads(explanation.path.read_text())
    table = whole.data.tables.edge_sets["knows"]
    for example, row in zip(document["examples"], (5, 7), strict=True):
        ends = zip(table.source, table.target, strict=True)
        senders = {f"knows p{s:02d} -> p{t:02d}" for s, t in ends if t == row}  # One round, to the target.
        assert example["edges"].keys() <= senders


@pytest.mark.parametrize("which", ["sampled", "whole"])
def test_attention(which, request, tmp_path):
    run = request.getfixturevalue(which)
    explanation = run.explain(["p05"], explainer="attention", output=tmp_path)
    assert explanation.scores == {} and explanation.completeness_error is None
    # One round: the coefficients of the root's edges, means over heads, sum to 1.
    assert sum(explanation.edges.values()) == pytest.approx(1, abs=1e-5)
    assert list(explanation.tables) == ["Nodes that predictions rest on", "Edges that predictions rest on"]
    end = "-> p05" if which == "whole" else "knows p05 ->"
    assert all(end in name for name in explanation.edges)


def test_attention_of_models_without(folder, tmp_path):
    run = _make(folder, "{sizes: [4], joint: true}", "{type: vanilla_mpnn, units: 4, message_dim: 4, num_layers: 1}")
    with pytest.raises(RunError, match="The model 'vanilla_mpnn' has no attention layers. Explain it with"):
        run.explain(["p05"], explainer="attention", output=tmp_path)
    with pytest.raises(RunError, match="no explainer 'lime'; there are integrated_gradients, gnn_explainer, attention"):
        run.explain(["p05"], explainer="lime", output=tmp_path)
    # Joint subgraphs are one graph; predictions are read out of it.
    assert run.explain(["p05", "p07"], output=tmp_path).completeness_error < 0.05


def _explained_with(run, baseline, rows=(5, 7)):
    attribution = run.config.attribution.model_copy(update={"baseline": baseline})
    config = run.config.model_copy(update={"attribution": attribution})
    (found,) = Explainer(config, run.data, run.network, run.result).explain(np.array(rows))
    return found


def test_baselines_of_inputs(sampled):
    """The baseline of an input is in the units of the table: what has that value anyway gets no attribution."""
    values = sampled.data.tables.node_sets["person"].features
    given = {
        "person.x": float(values["x"][5]),
        "person.city": "city 2",
        "person.v": tuple(map(float, values["v"][5])),
        "person.words": "OTHERS",
        "person.me": "random",
    }
    found = _explained_with(sampled, given)
    graph = sampled.network.layers[0](found.explained.encoded)
    from gnnkit.runner.pipeline._baselines import baseline_of

    attribution = sampled.config.attribution.model_copy(update={"baseline": given})
    config = sampled.config.model_copy(update={"attribution": attribution})
    numbers = baseline_of(config, sampled.data.plan, found.explained.encoded, sampled.network.layers[0])
    baseline = numbers["nodes", "person", "hidden_state"].numpy()
    state = graph.node_sets["person"]["hidden_state"].numpy()
    rows = found.explained.rows["person"]
    # Columns: x, city (2), v (2), words (16), me (2).
    same = np.isclose(baseline, state, atol=1e-6)
    assert same[rows == 5][:, [0, 3, 4]].all()
    assert same[rows % 3 == 2][:, 1:3].all() and not same[rows % 3 == 0][:, 1:3].any()
    assert same[rows % 2 == 1][:, 5:21].all() and not same[rows % 2 == 0][:, 5:21].all(axis=1).any()
    assert (baseline[:, 21:] >= state[:, 21:].min(0)).all() and (baseline[:, 21:] <= state[:, 21:].max(0)).all()
    assert np.abs(found.facts["gap"]).max() < 0.05 * np.abs(found.facts["score"]).max()


@pytest.mark.slow
def test_inputs_that_are_not_named_count_from_zero(sampled):
    zero, some = _explained_with(sampled, "zero"), _explained_with(sampled, {"person.x": "zero"})
    for name, value in zero.inputs.items():
        np.testing.assert_allclose(some.inputs[name], value, rtol=1e-4, atol=1e-6)
    mean = _explained_with(sampled, "mean")
    assert not np.allclose(mean.inputs["person.x"], zero.inputs["person.x"])


def test_baselines_that_do_not_fit(sampled):
    with pytest.raises(RunError, match="person.city has no value b'Rome'. There are city "):
        _explained_with(sampled, {"person.city": "Rome"})
    with pytest.raises(RunError, match="person.v needs 2 numbers, but got 3"):
        _explained_with(sampled, {"person.v": (1.0, 2.0, 3.0)})
