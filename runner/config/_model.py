"""The network between the encoded features and the task's head. Options have the names of the Python arguments."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator

from gnnkit.runner.config._base import Count, NonNegative, Rate, Section, Switch, infer_type

REDUCE_TYPES = ("sum", "mean", "max", "min")


class VanillaMPNN(Section):
    """Message passing as in `gnnkit.models.vanilla_mpnn`: works on all heterogeneous graphs."""

    type: Literal["vanilla_mpnn"] = "vanilla_mpnn"
    """This model."""

    units: Count = 64
    """Size of the state of each node."""

    message_dim: Count = 64
    """Size of the messages that edges carry."""

    num_layers: Count = 2
    """Rounds of message passing. With sampling, more rounds than hops bring nothing new."""

    dropout_rate: Rate = 0.1
    """Share of the entries of messages and states that are set to 0 in training."""

    l2_regularization: NonNegative = 0.0
    """Weight of the squared weights in the loss."""

    reduce_type: str = "mean"
    """How messages are combined: `sum`, `mean`, `max` or `min`, or several, as `mean|max`."""

    use_layer_normalization: Switch = False
    """Whether states are normalized at the end of each round."""

    receiver_tag: Literal["source", "target"] | None = None
    """The end of the edges that messages go to. By default `source` with sampling (sampled edges lead away from the
    root, and messages must come to it) and `target` on the whole graph."""

    @field_validator("reduce_type")
    @classmethod
    def _known_reduce_types(cls, value: str) -> str:
        unknown = [part for part in value.split("|") if part not in REDUCE_TYPES]
        if unknown:
            raise ValueError(f"expected {', '.join(REDUCE_TYPES)}, or several of them joined by '|'")
        return value


class GCN(Section):
    """Graph convolutions (Kipf and Welling, ICLR 2017) for graphs of one node set and one edge set."""

    type: Literal["gcn"] = "gcn"
    """This model."""

    units: Count = 16
    """Size of the state of each node between convolutions."""

    num_layers: Count = 2
    """Number of convolutions, the one into the classes included."""

    dropout_rate: Rate = 0.5
    """Share of the entries that are set to 0 in training, before each convolution."""

    l2_regularization: NonNegative = 5e-4
    """Weight of half the squared weights of the first convolution in the loss, as in the paper."""

    add_self_loops: Switch = True
    """Whether each node is also its own neighbour."""

    receiver_tag: Literal["source", "target"] | None = None
    """The end of the edges that messages go to: by default `source` with sampling, `target` on the whole graph."""


_Model = Annotated[VanillaMPNN | GCN, Field(discriminator="type")]
_ModelInput = _Model | Literal["vanilla_mpnn", "gcn"]
Model = Annotated[
    _Model,
    BeforeValidator(infer_type(default="vanilla_mpnn"), json_schema_input_type=_ModelInput),
]
