"""How much of the graph surrounds a node when it is scored."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from gnnkit.runner.config._base import Count, Section, Switch, Text, infer_type, one_or_more
from gnnkit.runner.config._data import InputPath

SEED = "seed"
"""The name under which hops refer to the sampled subgraph's root."""


Starts = Annotated[
    tuple[Text, ...],
    Field(min_length=1),
    BeforeValidator(one_or_more, json_schema_input_type=Text | tuple[Text, ...]),
]


class WholeGraph(Section):
    """No sampling: every step sees the whole graph, and the labelled nodes are read out of it."""

    type: Literal["none"] = "none"
    """`sampling: none` is short for this."""


class Hop(Section):
    """From the nodes reached so far, follow edges of one edge set, at most `size` of them for each node."""

    edge_set: Text
    """The edge set to follow, from its source to its target."""

    size: Count
    """The largest number of edges that are kept for each node."""

    name: Text | None = None
    """The name by which later hops refer to this one; by default the hop's place: `hop1`, `hop2`, ..."""

    from_: Starts | None = Field(default=None, alias="from")
    """Where to start: `seed`, an earlier hop's name, or a list of them; by default the hop before (the first hop
    starts from `seed`). The starting nodes must be of the edge set's source."""

    strategy: Literal["uniform", "weighted", "top_k", "latest_k"] = "uniform"
    """How edges are chosen among more than `size`: `uniform` draws any, `weighted` in proportion to their weight,
    `top_k` takes those of the largest weight, `latest_k` those of the latest time."""

    weight: Text | None = None
    """The feature of the edge set that is the weight, for `weighted` and `top_k`."""

    time: Text | None = None
    """The feature of the edge set that is the time, for `latest_k`; and with a `cutoff` for all strategies."""

    replace: bool = False
    """Draw with replacement (`uniform` and `weighted`): always `size` edges, the same one several times if need be."""


class HopSampling(Section):
    """Subgraphs around each node by hops that are listed one by one."""

    type: Literal["hops"] = "hops"
    """Given by the key `hops`; need not be written."""

    hops: Annotated[tuple[Hop, ...], Field(min_length=1)]
    """The hops in order."""

    joint: Switch = False
    """Sample one graph for all nodes of a batch, in which a node that several of them reach is there once, instead of a
    graph for each: less to compute where subgraphs overlap."""

    cutoff: Text | None = None
    """The feature of the task's node set that is its time: of edge sets with a time only edges up to then are seen,
    so that nothing from the future is. By default all edges are."""


class TreeSampling(Section):
    """Subgraphs around each node that follow all edge sets to a depth."""

    type: Literal["tree"] = "tree"
    """Given by the key `sizes`; need not be written."""

    sizes: Annotated[tuple[Count, ...], Field(min_length=1)]
    """For each depth, the largest number of edges of each edge set that are kept for each node."""

    edge_sets: tuple[Text, ...] | None = None
    """The edge sets to follow; by default all."""

    joint: Switch = False
    """Sample one graph for all nodes of a batch, in which a node that several of them reach is there once, instead of a
    graph for each: less to compute where subgraphs overlap."""


class SpecSampling(Section):
    """Subgraphs around each node as a `SamplingSpec` file says."""

    type: Literal["spec"] = "spec"
    """Given by the key `spec`; need not be written."""

    spec: InputPath
    """The `SamplingSpec` file (text `.pbtxt` or binary `.pb`); relative to the config file."""

    weights: dict[Text, Text] = {}
    """For operations that draw by weight: operation or edge set -> the edge set's feature."""

    times: dict[Text, Text] = {}
    """For operations that go by time: operation or edge set -> the edge set's feature."""

    replace: tuple[Text, ...] = ()
    """Operations or edge sets that draw with replacement."""

    joint: Switch = False
    """Sample one graph for all nodes of a batch, in which a node that several of them reach is there once, instead of a
    graph for each: less to compute where subgraphs overlap."""

    cutoff: Text | None = None
    """The feature of the task's node set that is its time: of edge sets with a time only edges up to then are seen,
    so that nothing from the future is. By default all edges are."""


_Sampling = Annotated[WholeGraph | HopSampling | TreeSampling | SpecSampling, Field(discriminator="type")]
_SamplingInput = _Sampling | Literal["none"]
Sampling = Annotated[
    _Sampling,
    BeforeValidator(
        infer_type(("hops", "hops"), ("sizes", "tree"), ("spec", "spec")),
        json_schema_input_type=_SamplingInput,
    ),
]
