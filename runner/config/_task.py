"""What is predicted, and which nodes train, validate and test it."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from gnnkit.runner.config._base import (
    Count,
    Section,
    Share,
    Switch,
    Text,
    Value,
    Whole,
    expand_text,
    infer_type,
    one_or_more,
)


class NodeClassification(Section):
    """Each node of a set belongs to one of several classes."""

    type: Literal["node_classification"] = "node_classification"
    """This task."""

    node_set: Text
    """The node set whose nodes are classified."""

    label: Text
    """The feature that holds the class: a whole number from 0, or a text. Never an input of the model."""

    classes: Count | tuple[Value, ...] | None = None
    """How many classes there are, or their names in the order of their numbers. By default they are read from the
    labels: numbers count from 0 to the largest, texts are sorted."""


class BinaryNodeClassification(Section):
    """Each node of a set is positive or negative."""

    type: Literal["binary_node_classification"] = "binary_node_classification"
    """This task."""

    node_set: Text
    """The node set whose nodes are classified."""

    label: Text
    """The feature that tells positive from negative nodes. Never an input of the model."""

    positive: Value = 1
    """The value of the label that counts as positive; every other value is negative."""


Task = Annotated[
    NodeClassification | BinaryNodeClassification, Field(discriminator="type"), BeforeValidator(expand_text)
]

Values = Annotated[tuple[Value, ...], BeforeValidator(one_or_more, json_schema_input_type=Value | tuple[Value, ...])]


class FeatureSplit(Section):
    """A feature of the task's node set says which part a node belongs to. Nodes with other values are in no part."""

    type: Literal["feature"] = "feature"
    """Given by the key `feature`; need not be written."""

    feature: Text
    """The feature (column) that names the part. Never an input of the model."""

    train: Values = ("train",)
    """The value, or list of values, of training nodes."""

    valid: Values = ("valid",)
    """The value, or list of values, of the nodes that early stopping and model choice look at; `[]` for none."""

    test: Values = ("test",)
    """The value, or list of values, of the nodes that are looked at once, at the end; `[]` for none."""


class RandomSplit(Section):
    """Nodes fall at random into three parts, the same ones for the same seed."""

    type: Literal["random"] = "random"
    """This split."""

    train: Share = 0.6
    """Share of training nodes."""

    valid: Share = 0.2
    """Share of validation nodes."""

    test: Share = 0.2
    """Share of test nodes. The three shares add up to at most 1; what is left is in no part."""

    seed: Whole | None = None
    """Seed of the split; by default the config's `seed`. Give it to compare runs of several seeds on one split."""

    stratified: Switch = True
    """Whether each class is split on its own, so that all parts have about the same mix of classes."""


_Split = Annotated[FeatureSplit | RandomSplit, Field(discriminator="type")]
_SplitInput = _Split | Literal["random"]
Split = Annotated[
    _Split,
    BeforeValidator(
        infer_type(("feature", "feature"), default="random"),
        json_schema_input_type=_SplitInput,
    ),
]
