"""Networks that are rounds of message passing. Options have the names of the Python arguments."""

import abc
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from gnnkit.runner.config._base import Count, NonNegative, Rate, Section, Switch
from gnnkit.runner.config._user_class import Path

REDUCE_TYPES = ("sum", "mean", "max", "min")


class Rounds(Section, abc.ABC):
    """What they all have."""

    # Keys that are not arguments of the Python function that makes a round.
    not_arguments: ClassVar[frozenset[str]] = frozenset({"type", "num_layers", "receiver_tag"})

    num_layers: Count = 2
    """Rounds of message passing. With sampling, more rounds than hops bring nothing new."""

    receiver_tag: Literal["source", "target"] | None = None
    """The end of the edges that messages go to. By default `source` with sampling (sampled edges lead away from the
    root, and messages must come to it) and `target` on the whole graph."""

    @property
    @abc.abstractmethod
    def width(self) -> int:
        """Size of the state of each node."""

    @property
    def first_dropout(self) -> float:
        """Dropout rate of the first states."""
        return float(getattr(self, "dropout_rate", getattr(self, "state_dropout_rate", 0.0)))

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of the Python function that makes a round."""
        return self.model_dump(exclude=set(self.not_arguments))


class _Units(Rounds):
    units: Count = 64
    """Size of the state of each node."""

    @property
    def width(self) -> int:
        return self.units


class VanillaMPNN(_Units):
    """Message passing as in `gnnkit.models.vanilla_mpnn`: works on all heterogeneous graphs."""

    type: Literal["vanilla_mpnn"] = "vanilla_mpnn"
    """This model."""

    message_dim: Count = 64
    """Size of the messages that edges carry."""

    dropout_rate: Rate = 0.1
    """Share of the entries of messages and states that are set to 0 in training."""

    l2_regularization: NonNegative = 0.0
    """Weight of the squared weights in the loss."""

    reduce_type: str = "mean"
    """How messages are combined: `sum`, `mean`, `max` or `min`, or several, as `mean|max`."""

    use_layer_normalization: Switch = False
    """Whether states are normalized at the end of each round."""

    @field_validator("reduce_type")
    @classmethod
    def _known_reduce_types(cls, value: str) -> str:
        unknown = [part for part in value.split("|") if part not in REDUCE_TYPES]
        if unknown:
            raise ValueError(f"expected {', '.join(REDUCE_TYPES)}, or several of them joined by '|'")
        return value


class MtAlbis(_Units):
    """TF-GNN's template of field-tested choices, `gnnkit.models.mt_albis`: a good start on heterogeneous graphs."""

    type: Literal["mt_albis"] = "mt_albis"
    """This model."""

    message_dim: Count = 64
    """Size of the messages that edges carry."""

    attention_type: Literal["none", "multi_head", "gat_v2"] = "none"
    """How receivers weigh their neighbours."""

    attention_num_heads: Count = 4
    """Attention heads; they divide `message_dim`."""

    simple_conv_reduce_type: str = "mean"
    """How messages are combined where there is no attention, as `mean` or `mean|max`."""

    simple_conv_use_receiver_state: Switch = True
    """Whether messages depend on the state of their receiver too."""

    state_dropout_rate: Rate = 0.1
    """Share of the entries of states that are set to 0 in training."""

    edge_dropout_rate: Rate = 0.0
    """Share of the edges that are left out in training."""

    l2_regularization: NonNegative = 0.0
    """Weight of the squared weights in the loss."""

    normalization_type: Literal["layer", "batch", "none"] = "layer"
    """How new states are normalized."""

    next_state_type: Literal["dense", "residual"] = "dense"
    """Whether the old state is added to the new one."""

    edge_set_combine_type: Literal["concat", "sum"] = "concat"
    """How what comes in by several edge sets is put together."""


class _Attention(_Units):
    message_dim: Count = 64
    """Size of the messages that edges carry, of all heads together."""

    num_heads: Count = 4
    """Attention heads; they divide `message_dim`."""

    state_dropout_rate: Rate = 0.1
    """Share of the entries of states that are set to 0 in training."""

    edge_dropout_rate: Rate = 0.0
    """Share of the attention coefficients that are set to 0 in training."""

    l2_regularization: NonNegative = 0.0
    """Weight of the squared weights in the loss."""

    @model_validator(mode="after")
    def _heads_divide(self) -> "_Attention":
        if self.message_dim % self.num_heads:
            raise ValueError(
                f"num_heads must divide message_dim, but {self.message_dim} is no multiple of {self.num_heads}"
            )
        return self


class GATv2(_Attention):
    """Graph attention (Brody et al., 2022), `gnnkit.models.gat_v2`."""

    type: Literal["gat_v2"] = "gat_v2"
    """This model."""


class GAT(_Attention):
    """Graph attention (Veličković et al., 2018), `gnnkit.models.gat`."""

    type: Literal["gat"] = "gat"
    """This model."""


class MultiHeadAttention(_Attention):
    """Dot-product attention as in transformers, `gnnkit.models.multi_head_attention`."""

    type: Literal["multi_head_attention"] = "multi_head_attention"
    """This model."""


class TransformerConv(_Attention):
    """Unified message passing (Shi et al., 2021), `gnnkit.models.transformer_conv`."""

    type: Literal["transformer_conv"] = "transformer_conv"
    """This model."""


class HGT(Rounds):
    """Heterogeneous graph transformers (Hu et al., 2020), `gnnkit.models.hgt`."""

    type: Literal["hgt"] = "hgt"
    """This model."""

    num_heads: Count = 4
    """Attention heads."""

    per_head_channels: Count = 16
    """Size of each head; states are `num_heads` times as wide."""

    dropout_rate: Rate = 0.2
    """Share of the entries of new states that are set to 0 in training."""

    use_weighted_skip: Switch = True
    """Whether a learned share of the old state is kept."""

    use_layer_norm: Switch = True
    """Whether new states are normalized."""

    @property
    def width(self) -> int:
        return self.num_heads * self.per_head_channels


class GraphSAGE(_Units):
    """Sampling and aggregating neighbours (Hamilton et al., 2017), `gnnkit.models.graph_sage`."""

    type: Literal["graph_sage"] = "graph_sage"
    """This model."""

    use_pooling: Switch = True
    """Whether neighbours pass a layer of `hidden_units` before they are combined."""

    hidden_units: Count | None = None
    """Size of that layer; by default `units`."""

    reduce_type: Literal["mean", "sum", "max", "max_no_inf"] = "mean"
    """How neighbours are combined."""

    dropout_rate: Rate = 0.1
    """Share of the entries of states that are set to 0 in training."""

    l2_normalize: Switch = True
    """Whether new states have length 1."""

    combine_type: Literal["sum", "concat"] = "sum"
    """How a node's own state and its neighbours' are put together."""

    def arguments(self) -> dict[str, Any]:
        hidden = (self.hidden_units or self.units) if self.use_pooling else None
        return {**super().arguments(), "hidden_units": hidden}


class RGCN(_Units):
    """Relational graph convolutions (Schlichtkrull et al., 2018), `gnnkit.models.rgcn`."""

    type: Literal["rgcn"] = "rgcn"
    """This model."""

    num_bases: Count | None = None
    """Matrices that edge sets share; by default each has its own."""


class Custom(_Units):
    """Rounds that a Python class or function makes, of the user or of gnnkit.

    It is called with `args` for each round, and with `receiver_tag`, `node_set_names` and `units` where it takes them;
    what it returns is called with a graph, and returns the graph with new states `hidden_state` of width `units`.
    """

    not_arguments: ClassVar[frozenset[str]] = Rounds.not_arguments | {"class_", "args"}

    type: Literal["custom"] = "custom"
    """Given by the key `class`; need not be written."""

    class_: Path = Field(alias="class")
    """Dotted path, such as `my_package.layers.MyGraphUpdate`; the module must be importable."""

    args: dict[str, Any] = {}
    """Keyword arguments."""

    def arguments(self) -> dict[str, Any]:
        return {"units": self.units, **self.args}
