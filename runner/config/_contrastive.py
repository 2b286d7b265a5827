"""Tasks that learn representations without labels, beside a task with labels."""

import abc
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from gnnkit.runner.config._base import (
    Count,
    NonNegative,
    Positive,
    Rate,
    Section,
    Share,
    Switch,
    Text,
    Whole,
    expand_text,
)


class ShuffleFeatures(Section):
    """Features move to other nodes and edges of the batch, as by `ShuffleFeaturesGlobally`."""

    type: Literal["shuffle"] = "shuffle"
    """This corruption."""

    rate: Share = 1.0
    """Share of the rows of each feature that move."""


class DropFeatures(Section):
    """Entries of numeric features become 0, as by `DropoutFeatures`. Categories and ids stay."""

    type: Literal["dropout"] = "dropout"
    """This corruption."""

    rate: Rate = 0.3
    """Share of the entries that become 0."""


Corruption = Annotated[
    ShuffleFeatures | DropFeatures,
    Field(discriminator="type"),
    BeforeValidator(expand_text, json_schema_input_type=ShuffleFeatures | DropFeatures | Literal["shuffle", "dropout"]),
]


class Contrastive(Section, abc.ABC):
    """Compares representations of graphs and of their corruptions, see `gnnkit.models.contrastive_losses`."""

    node_set: Text | None = None
    """The node set of the roots; by default that of the task with labels."""

    weight: Positive = 1.0
    """Of the task's loss in the sum of losses."""

    corruptor: Corruption = ShuffleFeatures()
    """How graphs are corrupted: `shuffle` or `dropout`, or a mapping with a `rate`."""

    projector_units: tuple[Count, ...] = ()
    """Sizes of layers between representations and loss."""

    seed: Whole | None = None
    """Seed of the corruption; by default the config's `seed`."""


class DeepGraphInfomax(Contrastive):
    """Tells clean from corrupted representations (Veličković et al., 2018)."""

    type: Literal["dgi"] = "dgi"
    """This task."""


class BarlowTwins(Contrastive):
    """Dimensions correlate with themselves in both views, and not with each other (Zbontar et al., 2021)."""

    type: Literal["barlow_twins"] = "barlow_twins"
    """This task."""

    lambda_: Positive | None = None
    """Weight of the correlation of different dimensions; by default one over their number."""

    normalize_batch: Switch = True
    """Whether representations are normalized over the batch."""


class VicReg(Contrastive):
    """Representations are alike in both views, vary in each dimension, and do not correlate (Bardes et al., 2022)."""

    type: Literal["vicreg"] = "vicreg"
    """This task."""

    sim_weight: NonNegative = 25.0
    """Weight of the difference of the views."""

    var_weight: NonNegative = 25.0
    """Weight of the want of variance."""

    cov_weight: NonNegative = 1.0
    """Weight of the covariance of different dimensions."""


class Triplet(Contrastive):
    """Representations are nearer to a lightly changed graph than to its corruption."""

    type: Literal["triplet"] = "triplet"
    """This task."""

    margin: NonNegative = 1.0
    """How much nearer."""

    positive: Corruption = ShuffleFeatures(rate=0.1)
    """The light change: as `corruptor`, with a smaller rate."""
