"""Which nodes, edges or graphs train, validate and test a model."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from gnnkit.runner.config._base import Section, Share, Switch, Text, Value, Whole, infer_type, one_or_more

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
