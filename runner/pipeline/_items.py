"""What predictions are for: nodes of a set, edges of a set, links that may be there or not, or graphs."""

import abc
from collections.abc import Mapping, Sequence
from typing import Any, final

import numpy as np

from gnnkit.runner._errors import RunError
from gnnkit.runner.config import EdgeTask, GraphTask, LabelledTask, LinkPrediction
from gnnkit.runner.pipeline._columns import Kind, dense_column, show_nodes, text
from gnnkit.samplers import GraphTables

ARROW = "->"


class Items(abc.ABC):
    """Things that predictions are for, numbered from 0 to `count`: their rows.

    noun: what to call them. set_name: the set that they are of. tables: the graph.
    """

    noun: str
    set_name: str

    def __init__(self, tables: GraphTables) -> None:
        self.tables = tables

    @property
    @abc.abstractmethod
    def count(self) -> int:
        """How many there are."""

    @abc.abstractmethod
    def column(self, feature: str, *, rank: int | None = 1) -> np.ndarray:
        """One feature `[count, ...]`. `RunError`: it is not there, or of another rank."""

    @abc.abstractmethod
    def keys(self, rows: np.ndarray) -> dict[str, tuple[str, ...]]:
        """Names of columns -> the texts that tell the items apart."""

    @abc.abstractmethod
    def find(self, ids: Sequence[Any] | np.ndarray) -> np.ndarray:
        """int64 `[N]`, the rows of the items that a user names. `RunError`: one is unknown."""

    def show(self, rows: np.ndarray) -> str:
        """`nodes A1, A7, ...`, for messages."""
        names = [ARROW.join(parts) for parts in zip(*self.keys(rows[:5]).values(), strict=True)]
        more = f", ... ({len(rows) - 5:,} more)" if len(rows) > 5 else ""
        return f"{self.noun} {', '.join(names)}{more}"


@final
class NodeItems(Items):
    """The nodes of one set."""

    noun = "nodes"

    def __init__(self, tables: GraphTables, node_set: str) -> None:
        super().__init__(tables)
        self.set_name = node_set

    @property
    def count(self) -> int:
        return self.tables.node_sets[self.set_name].num_nodes

    def column(self, feature: str, *, rank: int | None = 1) -> np.ndarray:
        return dense_column(self.tables, "node_sets", self.set_name, feature, rank=rank)

    def keys(self, rows: np.ndarray) -> dict[str, tuple[str, ...]]:
        return {"id": _names(self.tables, self.set_name, rows)}

    def find(self, ids: Sequence[Any] | np.ndarray) -> np.ndarray:
        return _find(self.tables, self.set_name, _places(self.tables, self.set_name), [text(one) for one in ids])

    def show(self, rows: np.ndarray) -> str:
        return show_nodes(rows, self.tables.node_sets[self.set_name].ids)


class EdgeItems(Items):
    """The edges of one set."""

    noun = "edges"

    def __init__(self, tables: GraphTables, edge_set: str) -> None:
        super().__init__(tables)
        self.set_name = edge_set

    @property
    def count(self) -> int:
        return self.tables.edge_sets[self.set_name].num_edges

    def column(self, feature: str, *, rank: int | None = 1) -> np.ndarray:
        kind: Kind = "edge_sets"
        return dense_column(self.tables, kind, self.set_name, feature, rank=rank)

    @property
    def ends(self) -> tuple[str, str]:
        """The node sets of sources and targets."""
        table = self.tables.edge_sets[self.set_name]
        return table.source_set, table.target_set

    def pairs(self, rows: np.ndarray) -> np.ndarray:
        """int64 `[N, 2]`, sources and targets. rows: of edges `[N]`, or such pairs."""
        if rows.ndim == 2:
            return rows
        table = self.tables.edge_sets[self.set_name]
        return np.stack([np.asarray(table.source)[rows], np.asarray(table.target)[rows]], axis=1).astype(np.int64)

    def keys(self, rows: np.ndarray) -> dict[str, tuple[str, ...]]:
        pairs = self.pairs(rows)
        return {
            end: _names(self.tables, node_set, pairs[:, place])
            for place, (end, node_set) in enumerate(zip(("source", "target"), self.ends, strict=True))
        }

    def find(self, ids: Sequence[Any] | np.ndarray) -> np.ndarray:
        """The edges `source->target`; of several between two nodes the first."""
        pairs = self.find_pairs(ids)
        known: dict[tuple[int, int], int] = {}
        for row, pair in enumerate(self.pairs(np.arange(self.count)).tolist()):
            known.setdefault((pair[0], pair[1]), row)
        missing = [place for place, pair in enumerate(pairs.tolist()) if tuple(pair) not in known]
        if missing:
            raise RunError(
                f"{len(missing)} of {len(pairs)} are no edges of {self.set_name!r}; the first is "
                f"{self.show(pairs[missing[:1]]).removeprefix('edges ')}."
            )
        return np.array([known[tuple(pair)] for pair in pairs.tolist()], np.int64)

    def find_pairs(self, ids: Sequence[Any] | np.ndarray) -> np.ndarray:
        """int64 `[N, 2]`. ids: texts `source->target`, or pairs of ids. `RunError`: an unknown end."""
        asked = [_ends_of(one) for one in ids]
        columns = [
            _find(self.tables, node_set, _places(self.tables, node_set), [pair[place] for pair in asked])
            for place, node_set in enumerate(self.ends)
        ]
        return np.stack(columns, axis=1).reshape(-1, 2)


@final
class LinkItems(EdgeItems):
    """Pairs of nodes: edges of one set, by their row, or any others, by their ends."""

    noun = "links"

    def find(self, ids: Sequence[Any] | np.ndarray) -> np.ndarray:
        """int64 `[N, 2]`, the ends."""
        return self.find_pairs(ids)


@final
class GraphItems(Items):
    """Graphs, which have their features in the context."""

    noun, set_name = "graphs", "context"

    @property
    def count(self) -> int:
        return len(next(iter(self.tables.context.values())))

    def column(self, feature: str, *, rank: int | None = 1) -> np.ndarray:
        if feature not in self.tables.context:
            known = ", ".join(sorted(self.tables.context)) or "none"
            raise RunError(f"The context has no feature {feature!r}; it has {known}.")
        column = np.asarray(self.tables.context[feature])
        if rank is not None and column.ndim != rank:
            raise RunError(f"context.{feature} has shape {list(column.shape)}; expected one value for each graph.")
        return column

    def keys(self, rows: np.ndarray) -> dict[str, tuple[str, ...]]:
        return {"id": tuple(str(row) for row in rows)}

    def find(self, ids: Sequence[Any] | np.ndarray) -> np.ndarray:
        asked = [text(one) for one in ids]
        wrong = [one for one in asked if not one.isdigit() or int(one) >= self.count]
        if wrong:
            raise RunError(f"There is no graph {wrong[0]!r}: graphs are numbered from 0 to {self.count - 1}.")
        return np.array([int(one) for one in asked], np.int64)


def items_of(task: LabelledTask, tables: GraphTables) -> Items:
    """What a task is about. `RunError`: the data has no such set."""
    if isinstance(task, GraphTask):
        return GraphItems(tables)
    if isinstance(task, (EdgeTask, LinkPrediction)):
        _check_set(tables.edge_sets, "edge set", task.edge_set)
        return (LinkItems if isinstance(task, LinkPrediction) else EdgeItems)(tables, task.edge_set)
    _check_set(tables.node_sets, "node set", task.node_set)
    return NodeItems(tables, task.node_set)


def _check_set(sets: Mapping[str, Any], noun: str, name: str) -> None:
    if name not in sets:
        raise RunError(f"There is no {noun} {name!r} in the data; there are {', '.join(sorted(sets)) or 'none'}.")


def _names(tables: GraphTables, node_set: str, rows: np.ndarray) -> tuple[str, ...]:
    ids = tables.node_sets[node_set].ids
    return tuple(text(ids[row]) if ids is not None else str(row) for row in rows)


def _places(tables: GraphTables, node_set: str) -> dict[str, int]:
    table = tables.node_sets[node_set]
    return _numbered(table) if table.ids is not None else {str(row): row for row in range(table.num_nodes)}


def _numbered(table: Any) -> dict[str, int]:
    return {text(name): row for row, name in enumerate(table.ids)}


def _find(tables: GraphTables, node_set: str, places: Mapping[str, int], asked: Sequence[str]) -> np.ndarray:
    if unknown := [one for one in asked if one not in places]:
        table = tables.node_sets[node_set]
        some = show_nodes(np.arange(min(3, table.num_nodes)), table.ids)
        raise RunError(
            f"{len(unknown)} of {len(asked)} ids are not in node set {node_set!r}; the first is "
            f"{unknown[0]!r}. There are {some}, and so on."
        )
    return np.array([places[one] for one in asked], np.int64)


def _ends_of(one: Any) -> tuple[str, str]:
    parts = text(one).split(ARROW) if isinstance(one, (str, bytes)) else [text(end) for end in one]
    if len(parts) != 2:
        raise RunError(f"{text(one)!r} names no edge; expected SOURCE{ARROW}TARGET.")
    return parts[0].strip(), parts[1].strip()
