"""The network between the encoded features and the task's head. Options have the names of the Python arguments."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from gnnkit.runner.config._base import Count, NonNegative, Rate, Section, Switch, infer_type
from gnnkit.runner.config._updates import (
    GAT,
    HGT,
    RGCN,
    Custom,
    GATv2,
    GraphSAGE,
    MtAlbis,
    MultiHeadAttention,
    TransformerConv,
    VanillaMPNN,
)


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


Stacked = VanillaMPNN | MtAlbis | GATv2 | GAT | MultiHeadAttention | TransformerConv | HGT | GraphSAGE | RGCN | Custom
_Model = Annotated[Stacked | GCN, Field(discriminator="type")]
_ModelInput = (
    _Model
    | Literal["vanilla_mpnn", "mt_albis", "gat_v2", "gat", "multi_head_attention", "transformer_conv", "hgt"]
    | Literal["graph_sage", "rgcn", "gcn"]
)
Model = Annotated[
    _Model,
    BeforeValidator(infer_type(("class", "custom"), default="vanilla_mpnn"), json_schema_input_type=_ModelInput),
]
