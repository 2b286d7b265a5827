"""Whole graphs as tables in memory: NumPy arrays and nothing else."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, final

import numpy as np

if TYPE_CHECKING:
    from gnnkit.samplers._report import ReadReport


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class RaggedColumn:
    """A feature whose rows have different numbers of values.

    values: `[N, ...]`, the values of all rows, one after another.
    row_splits: int64 `[V + 1]`; row `i` is `values[row_splits[i]:row_splits[i + 1]]`.

    >>> import numpy as np
    >>> column = RaggedColumn(values=np.array([1, 2, 3]), row_splits=np.array([0, 2, 2, 3]))
    >>> len(column), column[0].tolist(), column.take([2, 0]).values.tolist()
    (3, [1, 2], [3, 1, 2])
    """

    values: np.ndarray
    row_splits: np.ndarray

    def __len__(self) -> int:
        return len(self.row_splits) - 1

    def __getitem__(self, row: int) -> np.ndarray:
        return self.values[self.row_splits[row] : self.row_splits[row + 1]]

    def take(self, rows: Any) -> RaggedColumn:
        """The column made of the given rows (int `[N]`), in that order."""
        rows = np.asarray(rows, np.int64)
        starts = self.row_splits[rows]
        lengths = self.row_splits[rows + 1] - starts
        splits = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(lengths, out=splits[1:])
        within = np.arange(splits[-1], dtype=np.int64) - np.repeat(splits[:-1], lengths)
        return RaggedColumn(values=self.values[np.repeat(starts, lengths) + within], row_splits=splits)


Column = np.ndarray | RaggedColumn


def take_rows(column: Column, rows: np.ndarray) -> Column:
    """Rows of a column, dense or ragged."""
    return column.take(rows) if isinstance(column, RaggedColumn) else column[rows]


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class NodeTable:
    """The nodes of one node set.

    num_nodes: V.
    ids: the nodes' names, bytes in an object array `[V]`; None if nodes are only known by their index.
    features: name -> array `[V, ...]` or `RaggedColumn` of V rows.
    """

    num_nodes: int
    ids: np.ndarray | None = None
    features: Mapping[str, Column] = dataclasses.field(default_factory=dict)


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class EdgeTable:
    """The edges of one edge set.

    source_set, target_set: names of the node sets that the edges join.
    source, target: int64 `[E]`, indices into those node sets.
    features: name -> array `[E, ...]` or `RaggedColumn` of E rows.
    """

    source_set: str
    target_set: str
    source: np.ndarray
    target: np.ndarray
    features: Mapping[str, Column] = dataclasses.field(default_factory=dict)

    @property
    def num_edges(self) -> int:
        return len(self.source)


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class GraphTables:
    """A whole heterogeneous graph in memory.

    context: name -> array `[1, ...]`.
    schema: the GraphSchema proto that the tables follow, if there is one.
    report: what reading them met, if they were read from files.

    >>> import numpy as np
    >>> tables = GraphTables(
    ...     node_sets={"paper": NodeTable(num_nodes=3)},
    ...     edge_sets={"cites": EdgeTable(source_set="paper", target_set="paper",
    ...                                   source=np.array([0, 1]), target=np.array([1, 2]))})
    >>> print(tables.summary())
    paper: 3 nodes
    cites: 2 edges, paper -> paper
    """

    node_sets: Mapping[str, NodeTable]
    edge_sets: Mapping[str, EdgeTable] = dataclasses.field(default_factory=dict)
    context: Mapping[str, Column] = dataclasses.field(default_factory=dict)
    schema: Any = None
    report: ReadReport | None = None

    def replace(self, **changes: Any) -> GraphTables:
        """These tables with some fields changed."""
        return dataclasses.replace(self, **changes)

    def summary(self) -> str:
        """One line for each set."""
        lines = [
            _describe(name, f"{table.num_nodes:,} nodes", table.features) for name, table in self.node_sets.items()
        ]
        for name, table in self.edge_sets.items():
            what = f"{table.num_edges:,} edges, {table.source_set} -> {table.target_set}"
            lines.append(_describe(name, what, table.features))
        return "\n".join(lines)


def _describe(name: str, what: str, features: Mapping[str, Column]) -> str:
    return f"{name}: {what}" + (f"; features {', '.join(sorted(features))}" if features else "")


def check_tables(tables: GraphTables) -> None:
    """Raises ValueError unless all rows, names and indices of the tables agree."""
    for name, nodes in tables.node_sets.items():
        where = f"Node set {name!r}"
        if nodes.ids is not None and len(nodes.ids) != nodes.num_nodes:
            raise ValueError(f"{where} has num_nodes={nodes.num_nodes}, but {len(nodes.ids)} ids.")
        _check_lengths(where, nodes.features, nodes.num_nodes)
    for name, edges in tables.edge_sets.items():
        where = f"Edge set {name!r}"
        if len(edges.source) != len(edges.target):
            raise ValueError(f"{where} has {len(edges.source)} sources, but {len(edges.target)} targets.")
        _check_lengths(where, edges.features, len(edges.source))
        for end, node_set, index in (
            ("source", edges.source_set, edges.source),
            ("target", edges.target_set, edges.target),
        ):
            if node_set not in tables.node_sets:
                raise ValueError(
                    f"{where} has {end} node set {node_set!r}, but the node sets are {sorted(tables.node_sets)}."
                )
            _check_range(f"{where}, {end}", index, node_set, tables.node_sets[node_set].num_nodes)


def _check_range(where: str, index: np.ndarray, node_set: str, num_nodes: int) -> None:
    if len(index) and (index.min() < 0 or index.max() >= num_nodes):
        bad = int(index.min()) if index.min() < 0 else int(index.max())
        row = int(np.flatnonzero(index == bad)[0])
        raise ValueError(
            f"{where}: row {row} points at node {bad}, but node set {node_set!r} has nodes 0 to {num_nodes - 1}."
        )


def _check_lengths(where: str, features: Mapping[str, Column], num_items: int) -> None:
    for feature, column in features.items():
        if len(column) != num_items:
            raise ValueError(f"{where}, feature {feature!r} has {len(column)} rows; the set has {num_items} items.")
