"""What encodings learn from the data."""

import dataclasses

import numpy as np
import pytest

from gnnkit.runner._errors import RunError
from gnnkit.runner.config import Features
from gnnkit.runner.pipeline import CategoryInput, IdInput, NumberInput, TextHashInput, plan_features

VISIBLE = {"paper": np.array([0, 1, 2])}


def plan(tables, encoding, set_name="paper", kind="node_sets", visible=VISIBLE):
    features = Features.model_validate({kind: {set_name: {"it": encoding}}})
    (item,) = getattr(plan_features(features, tables, visible=visible), kind)[set_name]
    return item


def test_only_what_is_listed(tables):
    features = Features.model_validate(
        {"node_sets": {"paper": {"year": "number", "venue": "category", "tags": "drop"}}}
    )
    found = plan_features(features, tables)
    assert [item.name for item in found.node_sets["paper"]] == ["year", "venue"]
    assert found.node_sets["author"] == ()
    assert found.edge_sets == {"writes": ()}
    assert found.columns("node_sets", "paper") == ("venue", "year")
    assert found.width("node_sets", "paper") == 1 + 4


def test_statistics_come_from_what_training_may_see(tables):
    item = plan(tables, {"type": "number", "feature": "year"})
    assert item == NumberInput(name="it", feature="year", shift=2002.0, scale=pytest.approx(np.std([0, 2, 4])))
    everything = plan(tables, {"type": "number", "feature": "year"}, visible=None)
    assert everything.shift == np.mean([2000, 2002, 2004, 2100, 2100, 2100])
    assert plan(tables, {"type": "category", "feature": "venue"}).vocabulary == (b"x", b"y")


def test_numbers(tables):
    item = plan(tables, {"type": "number", "feature": "year", "normalize": "minmax", "clip": 2.0})
    assert (item.shift, item.scale, item.clip) == (2000.0, 4.0, 2.0)
    item = plan(tables, {"type": "number", "feature": "year", "normalize": "none"})
    assert (item.shift, item.scale) == (0.0, 1.0)
    item = plan(tables, {"type": "number", "feature": "year", "normalize": "log"})
    assert item.log and item.shift == pytest.approx(np.log1p([2000, 2002, 2004]).mean())
    item = plan(tables, {"type": "number", "feature": "score", "missing": "mean"})
    assert (item.fill, item.shift) == (2.0, 2.0)
    item = plan(tables, {"type": "number", "feature": "score", "missing": "zero", "normalize": "none"})
    assert item.fill == 0.0


def test_a_constant_feature_does_not_divide_by_zero(tables):
    assert plan(tables, {"type": "number", "feature": "year"}, visible={"paper": np.array([1, 1])}).scale == 1.0


def test_categories(tables):
    item = plan(tables, {"type": "category", "feature": "venue"}, visible=None)
    assert item == CategoryInput(name="it", feature="venue", vocabulary=(b"z", b"x", b"y"))
    assert item.width == 4
    item = plan(tables, {"type": "category", "feature": "venue", "max_values": 1, "dim": 8}, visible=None)
    assert (item.vocabulary, item.width) == ((b"z",), 8)
    item = plan(tables, {"type": "category", "feature": "venue", "min_count": 2}, visible=None)
    assert item.vocabulary == (b"z", b"x")
    item = plan(tables, {"type": "category", "feature": "venue", "vocabulary": ["y", "q"]})
    assert item.vocabulary == (b"y", b"q")
    item = plan(tables, {"type": "category", "feature": "order"}, "writes", "edge_sets")
    assert item.vocabulary == (1, 3)


def test_vectors(tables):
    item = plan(tables, {"type": "vector", "feature": "words", "normalize": "row"})
    assert (item.width, item.norm, item.shift) == (2, "l1", None)
    item = plan(tables, {"type": "vector", "feature": "words", "normalize": "standard"})
    np.testing.assert_allclose(item.shift, [1, 3])
    assert item.shift.dtype == np.float32


def test_ids_and_texts(tables):
    item = plan(tables, {"type": "id_embedding", "dim": 3}, "author")
    assert isinstance(item, IdInput)
    assert (item.width, item.num_nodes, item.ids.tolist()) == (3, 2, [b"a0", b"a1"])
    item = plan(tables, {"type": "text_hash", "feature": "venue", "buckets": 10, "dim": None})
    assert item == TextHashInput(name="it", feature="venue", buckets=10, dim=None, lowercase=True)
    assert item.width == 10


@pytest.mark.parametrize(
    ("encoding", "message"),
    [
        (
            {"type": "number", "feature": "score"},
            r"paper.score is not a finite number at nodes p1. Give `missing: mean` or `missing: zero` to fill it.",
        ),
        ({"type": "number", "feature": "venue"}, "paper.venue holds texts, but the encoding 'number' needs numbers."),
        (
            {"type": "text_hash", "feature": "year"},
            "paper.year holds int64 numbers, but the encoding 'text_hash'",
        ),
        ({"type": "number", "feature": "words"}, r"paper.words has shape \[6, 2\]; expected one value for each item."),
        ({"type": "vector", "feature": "year"}, r"paper.year has shape \[6\]; expected one vector for each item."),
        ({"type": "category", "feature": "score"}, "paper.score holds float32 numbers; a category needs"),
        ({"type": "category", "feature": "tags"}, "paper.tags is ragged"),
        ({"type": "category", "feature": "year", "vocabulary": ["a"]}, "The vocabulary of paper.year has 'a', but the"),
        ({"type": "number", "feature": "yaer"}, "Node set 'paper' has no feature 'yaer'; it has label, part, score"),
    ],
)
def test_wrong_data(tables, encoding, message):
    with pytest.raises(RunError, match=message):
        plan(tables, encoding)


def test_infinite_numbers_cannot_be_filled(tables):
    tables.node_sets["paper"].features["score"][0] = np.inf
    with pytest.raises(RunError, match=r"paper.score is not a finite number at nodes p0.$"):
        plan(tables, {"type": "number", "feature": "score", "missing": "mean"})


def test_too_many_values_for_one_hot(tables):
    tables.node_sets["paper"].features["year"] = np.arange(3000)
    with pytest.raises(RunError, match=r"paper.year has 3,000 different values, too many for a one-hot vector. Give"):
        plan(tables, {"type": "category", "feature": "year"}, visible=None)


def test_nodes_without_ids_are_called_by_their_row(tables):
    author = dataclasses.replace(tables.node_sets["author"], ids=None)
    tables = dataclasses.replace(tables, node_sets={**tables.node_sets, "author": author})
    assert plan(tables, {"type": "id_embedding", "dim": 3}, "author").ids.tolist() == [b"0", b"1"]


def test_a_vocabulary_names_each_value_once(tables):
    with pytest.raises(RunError, match=r"The vocabulary of paper.venue has 'y' twice; name each value once."):
        plan(tables, {"type": "category", "feature": "venue", "vocabulary": ["y", "x", "y"]})
