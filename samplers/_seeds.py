"""What subgraphs are sampled around: nodes, several nodes, or links."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, final

import numpy as np

from gnnkit.samplers._store import GraphStore
from gnnkit.samplers._tables import Column, RaggedColumn


@final
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class NodeSeeds:
    """Nodes to sample around, with what is known about them.

    nodes: int `[N]`, rows of the seed node set; or ids, bytes or text; None for all nodes. A `RaggedColumn` of rows gives
      each of N subgraphs several seeds.
    features: name -> a row for each seed node, such as its label; they go to `_readout`.
    cutoff: the cut-off time of each subgraph, numbers `[N]`; or the name of a feature of the seed node set. Edges of
      a later time are not seen; those of that very time are. (For whole numbers, `cutoff - 1` leaves those out as well.)
      Edge sets for which `compile_plan` knows no time are seen whole.

    >>> import numpy as np
    >>> seeds = NodeSeeds(nodes=[7, 3], features={"label": np.array([1, 0])}, cutoff=np.array([1990, 1995]))
    """

    nodes: Any = None
    features: Mapping[str, Column] = dataclasses.field(default_factory=dict)
    cutoff: Any = None


@final
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class LinkSeeds:
    """Links to sample around: pairs of nodes, for which a model predicts whether, or how, they are joined.

    A subgraph around a link does not hold that link: edges between its two ends are not seen in the edge sets that
    hold such links, and, backwards, in those that hold them reversed. Those that the schema calls reversed, or that
    have the same rows with source and target exchanged, are found.

    source, target: int `[N]`, rows; or ids, bytes or text.
    features: name -> a row for each link, such as its label; they go to `_readout`.
    cutoff: as in `NodeSeeds`; or the name of one of `features`.
    edge_set: the edge set that such links are of. None: every edge set from the one node set to the other.
    reversed_edge_sets: further edge sets that hold the same links, backwards.
    undirected: an edge from target to source, in the same edge set, is the same link; otherwise it may be in the
      subgraph. Means something only where both ends are of one node set.

    >>> import numpy as np
    >>> links = LinkSeeds(source=[0, 4], target=[2, 2], features={"label": np.array([1, 0])}, edge_set="cites")
    """

    source: Any
    target: Any
    features: Mapping[str, Column] = dataclasses.field(default_factory=dict)
    cutoff: Any = None
    edge_set: str | None = None
    reversed_edge_sets: Sequence[str] = ()
    undirected: bool = True

    @classmethod
    def from_edge_set(cls, store: GraphStore, edge_set: str, rows: Any = None, **fields: Any) -> LinkSeeds:
        """The edges of an edge set (those of the given rows of its table), with their features, as links.

        fields: other fields, and `features`, if only some are wanted.
        """
        store.edge_number(edge_set)
        table = store.tables.edge_sets[edge_set]
        rows = np.arange(table.num_edges) if rows is None else np.asarray(rows, np.int64)
        if "features" not in fields:
            taken = {n: c.take(rows) if isinstance(c, RaggedColumn) else c[rows] for n, c in table.features.items()}
            fields["features"] = taken
        source, target = np.asarray(table.source)[rows], np.asarray(table.target)[rows]
        return cls(source=source, target=target, edge_set=edge_set, **fields)


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Negatives:
    """Pairs that no edge joins, drawn for each link; their `_readout` label is 0, that of the links 1.

    count: for each link.
    by: "uniform": every node is drawn with equal chances; "degree": in proportion to its edges in the links' edge set.
    end: which end of the link is drawn anew, "target" or "source".
    exclude: edge sets between the same node sets whose edges are no negatives; by default those that hold the links.
      The given links are no negatives either, nor, within one node set, are pairs of a node with itself.
    label: name of the feature.

    What is drawn depends on the seed (and with `resample` on the epoch), the link and the number of the negative only.
    """

    count: int = 1
    by: str = "uniform"
    end: str = "target"
    exclude: Sequence[str] | None = None
    label: str = "label"

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError(f"Negatives: count={self.count}; expected 1 or more.")
        for field, known in (("by", ("uniform", "degree")), ("end", ("target", "source"))):
            if getattr(self, field) not in known:
                raise ValueError(f"Negatives: {field}={getattr(self, field)!r}; expected {known[0]!r} or {known[1]!r}.")
        if isinstance(self.exclude, str):
            raise ValueError(f"Negatives: exclude={self.exclude!r}; expected a list of edge sets.")
