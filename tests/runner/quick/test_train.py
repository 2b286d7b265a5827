"""`gnnkit.train`: what it guesses, what it leaves, what it refuses."""

from pathlib import Path

import numpy as np
import pytest
import yaml

import gnnkit
from gnnkit.datasets import academic_graph
from gnnkit.runner._errors import RunError
from gnnkit.runner.config import ConfigError, load
from gnnkit.runner.quick._graph import as_tables, with_reversed
from gnnkit.runner.quick._hops import guess_sampling
from gnnkit.runner.quick._inputs import guess_encoding, guess_features
from gnnkit.samplers import EdgeTable, GraphTables, NodeTable, RaggedColumn, write_tables

OPENFLIGHTS = Path(__file__).parents[4] / "shared" / "data" / "openflights"


def texts(*values):
    return np.array([value.encode() for value in values], object)


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (texts("a", "b", "a"), {"type": "category"}),
        (texts("one two three", "four five six"), {"type": "text_hash"}),
        (texts(*[f"v{i % 30}" for i in range(90)]), {"type": "category", "dim": 8, "max_values": 1000}),
        (np.array([1, 5, 9]), {"type": "number"}),
        (np.array([True, False]), {"type": "number"}),
        (np.concatenate([np.zeros(200), [1e6]]), {"type": "number", "normalize": "log"}),
        (np.array([1.0, np.nan, 2.0]), {"type": "number", "missing": "mean"}),
        (np.ones((3, 4), np.float32), {"type": "vector", "normalize": "standard"}),
        (texts(*[f"n{i}" for i in range(90)]), "its 90 different texts are names of items rather than properties"),
        (texts("a", "a"), "all its values are the same"),
        (np.array([3, 3]), "all its values are the same"),
        (np.array([np.inf, 1.0]), "it holds infinite numbers"),
        (np.array([np.nan]), "it holds no number"),
        (np.ones((2, 2, 2)), "it has shape [2, 2, 2]"),
        (
            RaggedColumn(values=np.array([1]), row_splits=np.array([0, 1, 1])),
            "its items have different numbers of values",
        ),
    ],
)
def test_encodings(column, expected):
    encoding, reason = guess_encoding(column)
    assert (encoding if isinstance(expected, dict) else reason) == expected


@pytest.fixture
def shops():
    rng = np.random.default_rng(0)
    kind = rng.integers(3, size=60)
    return GraphTables(
        node_sets={
            "shop": NodeTable(
                num_nodes=60,
                features={
                    "kind": kind,
                    "kind_name": np.array([[b"food", b"books", b"shoes"][k] for k in kind], object),
                    "place": np.arange(120).reshape(60, 2),
                    "size": rng.normal(size=60).astype(np.float32),
                    "split": np.array([b"training"] * 40 + [b"val"] * 10 + [b"test"] * 10, object),
                },
            ),
            "town": NodeTable(num_nodes=5),
        },
        edge_sets={
            "in": EdgeTable(
                source_set="shop", target_set="town", source=np.arange(60), target=rng.integers(5, size=60),
                features={"since": rng.integers(1900, 2000, size=60)},
            ),
        },
    )  # fmt: skip


def test_another_name_of_the_answer_is_no_input(shops):
    guess = guess_features(shops, "shop", "kind", hidden=frozenset({"split"}), exclude=frozenset())
    assert guess.features == {
        "node_sets": {
            "shop": {"place": {"type": "vector", "normalize": "standard"}, "size": {"type": "number"}},
            "town": {"id": {"type": "id_embedding", "dim": 16}},
        },
        "edge_sets": {"in": {"since": {"type": "number"}}},
    }
    assert guess.exclude == ("shop.kind_name",)
    assert guess.notes[0].startswith("shop.kind_name is left out: each of its values goes with one value of kind")


def test_edges_get_a_counterpart_once(shops):
    both, added = with_reversed(shops)
    assert added == {"reversed_in": "in"}
    assert both.edge_sets["reversed_in"].source_set == "town"
    assert with_reversed(both)[1] == {}


def test_sampling_follows_lookups_one_hop_more(shops):
    both, _ = with_reversed(shops)
    sampling, layers = guess_sampling(both, "shop")
    assert [(hop["name"], hop["size"], hop["from"]) for hop in sampling["hops"]] == [
        ("in_1", 1, ["seed"]),
        ("reversed_in_2", 8, ["in_1"]),
        ("in_3", 1, ["reversed_in_2"]),
    ]
    assert layers == 3
    assert guess_sampling(GraphTables(node_sets={"n": NodeTable(num_nodes=2)}), "n") == ("none", 1)


@pytest.mark.slow
def test_from_files_with_a_reversed_edge_set(shops, tmp_path):
    """The tables stay where they are; the recipe repeats the run."""
    write_tables(shops, tmp_path / "tables")
    model = gnnkit.train(
        tmp_path / "tables", "shop.kind", model_dir=tmp_path / "run", quiet=True, model={"units": 4, "message_dim": 4},
        training={"epochs": 1}, export={"enabled": False}, attribution={"steps": 4, "num_examples": 4},
    )  # fmt: skip
    assert model.data.counts["split"] == {"train": 40, "valid": 10, "test": 10}
    assert model.data.counts["edges"] == {"in": 60, "reversed_in": 60}
    recipe = yaml.safe_load((tmp_path / "run" / "recipe.yaml").read_text())
    assert recipe["data"] == {"schema": "graph_schema.pbtxt", "directory": str(tmp_path / "tables")}
    assert recipe["model"] == {
        "type": "vanilla_mpnn", "units": 4, "message_dim": 4, "num_layers": 3, "dropout_rate": 0.2,
    }  # fmt: skip
    assert load(tmp_path / "run" / "recipe.yaml") == model.config
    again = gnnkit.load(model.save(tmp_path / "saved"))
    ids = ["3", "59"]
    np.testing.assert_allclose(again.predict(ids).probabilities, model.predict(ids).probabilities, atol=1e-6)
    assert again.explain(ids).scores.keys() == {"shop.place", "shop.size", "in.since", "reversed_in.since", "town.id"}


def test_graph_tensors_are_written_down(tmp_path):
    graph, node_set = as_tables(gnnkit.homogeneous([0, 1], [1, 0], node_features={"y": np.array([0, 1])}))
    assert (graph.node_sets["nodes"].num_nodes, node_set) == (2, None)


def test_the_target_in_other_units_is_no_input():
    metres = np.random.default_rng(0).normal(1000, 300, size=50)
    hills = NodeTable(num_nodes=50, features={"metres": metres, "feet": np.round(metres * 3.281), "trees": metres**2})
    tables = GraphTables(node_sets={"hill": hills}, edge_sets={})
    guess = guess_features(tables, "hill", "metres", hidden=frozenset(), exclude=frozenset())
    assert guess.exclude == ("hill.feet",)
    assert guess.notes == ("hill.feet is left out: it is metres in other units, and would be the answer.",)


@pytest.mark.slow
def test_numbers_are_predicted_by_themselves(tmp_path):
    """A float column is the target of a regression, from training to a saved model and to the words about it."""
    rng = np.random.default_rng(0)
    town, size = rng.integers(4, size=160), rng.normal(size=160)
    rent = 1000 + 300 * town + 100 * size
    rent[:10] = np.nan
    shops = NodeTable(num_nodes=160, features={"size": size.astype(np.float32), "rent": rent.astype(np.float32)})
    edges = EdgeTable(source_set="shop", target_set="town", source=np.arange(160), target=town)
    tables = GraphTables(node_sets={"shop": shops, "town": NodeTable(num_nodes=4)}, edge_sets={"in": edges})
    model = gnnkit.train(
        tables, "shop.rent", model_dir=tmp_path / "run", quiet=True, training={"epochs": 20, "learning_rate": 0.01},
        model={"units": 16, "message_dim": 16}, export={"enabled": False}, attribution={"steps": 4, "num_examples": 4},
    )  # fmt: skip
    assert yaml.safe_load((tmp_path / "run" / "recipe.yaml").read_text())["task"] == {
        "type": "node_regression", "node_set": "shop", "label": "rent", "standardize": True,
    }  # fmt: skip
    metrics = model.evaluate()["test"]
    assert set(metrics) >= {"mean_absolute_error", "mean_squared_error"}
    assert metrics["mean_absolute_error"] < 150  # The mean is off by about 300.
    assert "mean_absolute_error" in repr(model.describe())
    predictions = model.predict(["0", "50"])
    assert predictions.values.shape == (2, 1) and np.isnan(predictions.labels[0, 0])
    assert abs(predictions.values[1, 0] - rent[50]) < 400
    again = gnnkit.load(model.save(tmp_path / "saved"))
    np.testing.assert_allclose(again.predict(["0", "50"]).values, predictions.values, rtol=1e-5)
    assert set(model.explain(["50"]).scores) >= {"shop.size", "town.id"}


WRONG = [
    (dict(target="label"), ValueError, "target='label' is not SET.FEATURE of a node set; the node sets are shop, town"),
    (
        dict(target="shop.color"),
        ValueError,
        "node set 'shop' has no feature 'color'; it has kind, kind_name, place, size, split",
    ),
    (
        dict(target="shop.place"),
        ValueError,
        r"target 'shop.place' is int64 of shape \[60, 2\]; expected one whole number .* or floating point numbers",
    ),
    (dict(task={"los": "x"}), ConfigError, "task.los"),
    (dict(exclude="shop.size"), ValueError, "exclude is the text 'shop.size'; expected a list"),
    (dict(exclude=["shop.x"]), ValueError, "exclude names 'shop.x', which is no feature"),
    (dict(trainings={}), TypeError, "unexpected argument 'trainings'; sections are task, split, sampling"),
    (dict(training={"epoch": 3}), ConfigError, "training.epoch"),
]


@pytest.mark.parametrize(("arguments", "error", "text"), WRONG)
def test_wrong_calls(shops, tmp_path, arguments, error, text):
    with pytest.raises(error, match=text):
        gnnkit.train(shops, **{"target": "shop.kind", "model_dir": tmp_path / "run", "quiet": True, **arguments})


def test_wrong_graphs(tmp_path):
    with pytest.raises(ValueError, match="graph must be a schema file, .* but got dict. gnnkit.interop makes"):
        gnnkit.train({}, "a.b")
    with pytest.raises(RunError, match="The graph cannot be read"):
        gnnkit.train(tmp_path / "nothing.pbtxt", "a.b")


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(not OPENFLIGHTS.is_dir(), reason="the real graphs are not here")
def test_ten_lines_on_openflights(tmp_path):
    model = gnnkit.train(
        OPENFLIGHTS,
        target="airport.label",
        exclude=["airport.latitude", "airport.longitude"],
        model_dir=tmp_path / "run",
        quiet=True,
    )
    assert model.evaluate("test")["test"]["accuracy"] >= 0.955


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_academic_graph_in_memory(tmp_path):
    model = gnnkit.train(academic_graph(num_papers=1000), "paper.label", model_dir=tmp_path, quiet=True)
    assert model.evaluate()["test"]["accuracy"] > 0.7
