"""Classes, and the nodes of each part."""

import numpy as np
import pytest

from gnnkit.runner._errors import RunError
from gnnkit.runner.config import BinaryNodeClassification, FeatureSplit, NodeClassification, RandomSplit
from gnnkit.runner.pipeline import resolve_labels, resolve_split
from gnnkit.samplers import GraphTables, NodeTable


def task(label="label", **kwargs):
    return NodeClassification(node_set="paper", label=label, **kwargs)


def test_numbers(tables):
    labels = resolve_labels(task(), tables)
    assert labels.values.tolist() == [0, 1, 2, 1, 0, -1]
    assert labels.values.dtype == np.int64
    assert labels.names == ("0", "1", "2")


def test_numbers_with_names_or_a_count(tables):
    assert resolve_labels(task(classes=("a", "b", "c", "d")), tables).names == ("a", "b", "c", "d")
    assert resolve_labels(task(classes=5), tables).num_classes == 5
    labels = resolve_labels(task("year", classes=(2100, 2000)), tables)
    assert labels.values.tolist() == [1, -1, -1, 0, 0, 0]
    assert labels.unknown == (("2002", 1), ("2004", 1))


def test_texts(tables):
    labels = resolve_labels(task("topic"), tables)
    assert (labels.values.tolist(), labels.names) == ([1, 0, 2, 0, 1, -1], ("art", "bio", "chem"))
    labels = resolve_labels(task("topic", classes=("chem", "bio", "art")), tables)
    assert labels.values.tolist() == [1, 2, 0, 2, 1, -1]


def test_binary(tables):
    labels = resolve_labels(BinaryNodeClassification(node_set="paper", label="topic", positive="bio"), tables)
    assert labels.values.tolist() == [1, 0, 0, 0, 1, -1]
    assert labels.names == ("not bio", "bio")
    labels = resolve_labels(BinaryNodeClassification(node_set="paper", label="score", positive=5), tables)
    assert labels.values.tolist() == [0, -1, 0, 1, 1, 1]
    labels = resolve_labels(BinaryNodeClassification(node_set="paper", label="label"), tables)
    assert labels.values.tolist() == [0, 1, 0, 1, 0, -1]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (task(classes=2), "go up to 2, but task.classes gives 2 classes, 0 to 1."),
        (task("score"), "Labels paper.score are float32; expected whole numbers from 0, or texts."),
        (task("tags"), "paper.tags is ragged"),
        (task("words"), r"paper.words has shape \[6, 2\]; expected one value for each item."),
        (task("lable"), "Node set 'paper' has no feature 'lable'; it has label, part, "),
        (
            task("topic", classes=4),
            r"have 3 different texts, expected 4 \(task.classes\); they are art \(2\)",
        ),
        (task("topic", classes=(1, 2)), "task.classes has numbers, but labels paper.topic are texts"),
        (
            task("topic", classes=("x", "y")),
            r"No label paper.topic is one of task.classes \(x, y\); the values",
        ),
        (
            BinaryNodeClassification(node_set="paper", label="topic"),
            "task.positive is 1, but labels paper.topic",
        ),
        (
            BinaryNodeClassification(node_set="paper", label="topic", positive="boi"),
            "No label paper.topic is 'boi', the value that task.positive names",
        ),
        (
            NodeClassification(node_set="papr", label="label"),
            "There is no node set 'papr' in the data; there",
        ),
    ],
)
def test_wrong_labels(tables, wrong, message):
    with pytest.raises(RunError, match=message):
        resolve_labels(wrong, tables)


def test_split_by_feature(tables):
    split = resolve_split(FeatureSplit(feature="part"), resolve_labels(task(), tables), tables)
    assert {name: rows.tolist() for name, rows in split.items()} == {"train": [0, 1, 2], "valid": [3], "test": [4]}
    assert split.train.dtype == np.int64
    assert split.notes == ("1 nodes are in no part of the split: paper.part is other (1).",)


def test_split_by_numbers(tables):
    split = FeatureSplit(feature="year", train=(2000, 2002), valid=(2004,), test=())
    found = resolve_split(split, resolve_labels(task(), tables), tables)
    assert {name: rows.tolist() for name, rows in found.items()} == {"train": [0, 1], "valid": [2]}


@pytest.mark.parametrize(
    ("split", "message"),
    [
        (
            FeatureSplit(feature="part", valid=("dev",)),
            r"split.valid names 'dev', but no node has that value in paper.part; its values are other \(1\), "
            r"test \(1\), train \(3\), valid \(1\). For no valid nodes, write `valid: \[\]`.",
        ),
        (
            FeatureSplit(feature="part", test=("test", "other")),
            "1 of 2 test nodes have no label: paper.label is empty or negative, or no class, at nodes p5. Give them",
        ),
        (
            RandomSplit(train=0.98, valid=0.01, test=0.01),
            "split.valid is a share of 0.01, but of 5 labelled nodes in 3 classes none fall into it.",
        ),
    ],
)
def test_wrong_splits(tables, split, message):
    with pytest.raises(RunError, match=message):
        resolve_split(split, resolve_labels(task(), tables), tables)


def many(counts):
    values = np.repeat(np.arange(len(counts)), counts)
    return GraphTables(node_sets={"paper": NodeTable(num_nodes=len(values), features={"label": values})})


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("stratified", [True, False])
def test_random_split(seed, stratified):
    tables = many([50, 30, 20])
    labels = resolve_labels(task(), tables)
    section = RandomSplit(train=0.5, valid=0.2, test=0.2, stratified=stratified)
    split = resolve_split(section, labels, tables, seed=seed)
    assert [len(rows) for _, rows in split.items()] == [50, 20, 20]
    assert len({*split.train, *split.valid, *split.test}) == 90
    again = resolve_split(section, labels, tables, seed=seed)
    np.testing.assert_array_equal(again.train, split.train)
    other = resolve_split(section, labels, tables, seed=seed + 1)
    assert set(other.train) != set(split.train)
    if stratified:
        assert np.bincount(labels.values[split.test]).tolist() == [10, 6, 4]


def test_a_seed_of_its_own_holds_the_split():
    tables = many([40, 40])
    labels = resolve_labels(task(), tables)
    first = resolve_split(RandomSplit(seed=7), labels, tables, seed=1)
    second = resolve_split(RandomSplit(seed=7), labels, tables, seed=2)
    np.testing.assert_array_equal(first.test, second.test)


def test_nodes_without_a_label_are_left_out_of_random_splits(tables):
    split = resolve_split(RandomSplit(train=1, valid=0, test=0), resolve_labels(task(), tables), tables)
    assert split.train.tolist() == [0, 1, 2, 3, 4]
    assert split.notes == ("1 nodes without a label are in no part of the split.",)
