"""A graph laid out for sampling: the neighbours of each node side by side."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, final

import numpy as np

from gnnkit.samplers._tables import Column, EdgeTable, GraphTables, NodeTable, check_tables

if TYPE_CHECKING:
    from gnnkit.graph import GraphTensorSpec


@final
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class GraphStore:
    """The tables of a graph and the adjacency of its edge sets (CSR by source), shared by all sampling operations.

    The arrays of all sets lie one after another, so that one compiled kernel serves every graph:
    node set `n` has the rows `node_starts[n]:node_starts[n + 1]` of `node_keys`; edge set `e` has the edges
    `edge_starts[e]:edge_starts[e + 1]` of `targets` and `rows`, and `split_starts[e]` is where its row splits begin.

    tables: ids and features.
    node_names, edge_names: sorted; a set's number is its place here.
    source_sets, target_sets: int64, the numbers of the node sets that each edge set joins.
    node_keys: uint64, a hash of each node's id (or its index): it orders neighbours and seeds draws.
    max_degree: the largest number of edges that leave one node by one edge set; at least 1.
    splits: int64; targets: int32 or int64, node indices; rows: same, rows in the edge table.
    """

    tables: GraphTables
    node_names: tuple[str, ...]
    edge_names: tuple[str, ...]
    source_sets: np.ndarray
    target_sets: np.ndarray
    node_starts: np.ndarray
    node_keys: np.ndarray
    split_starts: np.ndarray
    splits: np.ndarray
    edge_starts: np.ndarray
    targets: np.ndarray
    rows: np.ndarray
    max_degree: int

    @classmethod
    def from_tables(cls, tables: GraphTables) -> GraphStore:
        """Builds the adjacency of all edge sets. O(nodes + edges).

        >>> import numpy as np
        >>> from gnnkit.samplers import EdgeTable, GraphTables, NodeTable
        >>> store = GraphStore.from_tables(GraphTables(
        ...     node_sets={"n": NodeTable(num_nodes=3)},
        ...     edge_sets={"e": EdgeTable(source_set="n", target_set="n",
        ...                               source=np.array([2, 0, 2]), target=np.array([1, 1, 0]))}))
        >>> store.neighbors("e", 2).tolist(), store.degrees("e").tolist()
        ([0, 1], [1, 0, 2])
        """
        check_tables(tables)
        node_names, edge_names = tuple(sorted(tables.node_sets)), tuple(sorted(tables.edge_sets))
        nodes = [tables.node_sets[name] for name in node_names]
        edges = [tables.edge_sets[name] for name in edge_names]
        number = {name: i for i, name in enumerate(node_names)}
        sources = np.array([number[table.source_set] for table in edges], np.int64)
        targets = np.array([number[table.target_set] for table in edges], np.int64)
        keys = [_keys(table) for table in nodes]
        counts = np.array([table.num_nodes for table in nodes], np.int64)
        num_edges = [table.num_edges for table in edges]
        small = max([0, *counts, *num_edges]) < 2**31
        index_dtype = np.int32 if small else np.int64
        split_starts = _starts([int(counts[source]) + 1 for source in sources])
        edge_starts = _starts(num_edges)
        splits = np.zeros(split_starts[-1], np.int64)
        flat_targets = np.empty(edge_starts[-1], index_dtype)
        rows = np.empty(edge_starts[-1], index_dtype)
        ranks: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        parts = [splits[split_starts[i] : split_starts[i + 1]] for i in range(len(edges))]
        for i, table in enumerate(edges):
            target = int(targets[i])
            if target not in ranks:
                ranks[target] = _rank(keys[target], nodes[target].ids is None)
            _fill(
                table,
                ranks[target],
                parts[i],
                flat_targets[edge_starts[i] : edge_starts[i + 1]],
                rows[edge_starts[i] : edge_starts[i + 1]],
            )
        return cls(
            tables=tables,
            node_names=node_names,
            edge_names=edge_names,
            source_sets=sources,
            target_sets=targets,
            node_starts=_starts(counts),
            node_keys=np.concatenate([np.empty(0, np.uint64), *keys]),
            split_starts=split_starts,
            splits=splits,
            edge_starts=edge_starts,
            targets=flat_targets,
            rows=rows,
            max_degree=max([1, *(int(np.diff(part).max(initial=0)) for part in parts)]),
        )

    def num_nodes(self, node_set: str) -> int:
        return self.tables.node_sets[node_set].num_nodes

    def node_features(self, node_set: str) -> Mapping[str, Column]:
        return self.tables.node_sets[node_set].features

    def edge_features(self, edge_set: str) -> Mapping[str, Column]:
        return self.tables.edge_sets[edge_set].features

    def node_number(self, node_set: str) -> int:
        """The number of a node set. Raises ValueError for an unknown one."""
        return _number(self.node_names, node_set, "node set")

    def edge_number(self, edge_set: str) -> int:
        """The number of an edge set. Raises ValueError for an unknown one."""
        return _number(self.edge_names, edge_set, "edge set")

    def keys(self, node_set: str) -> np.ndarray:
        """uint64 `[V]`, the keys of a node set."""
        i = self.node_number(node_set)
        return self.node_keys[self.node_starts[i] : self.node_starts[i + 1]]

    def row_splits(self, edge_set: str) -> np.ndarray:
        """int64 `[V + 1]`, where the neighbours of each source node begin within the edge set."""
        i = self.edge_number(edge_set)
        return self.splits[self.split_starts[i] : self.split_starts[i + 1]]

    def degrees(self, edge_set: str) -> np.ndarray:
        """int64 `[V]`, the number of edges that leave each source node."""
        return np.diff(self.row_splits(edge_set))

    def neighbors(self, edge_set: str, node: int) -> np.ndarray:
        """The targets of a node's edges, in canonical order."""
        i = self.edge_number(edge_set)
        splits = self.row_splits(edge_set)
        return self.targets[self.edge_starts[i] + splits[node] : self.edge_starts[i] + splits[node + 1]]

    def indices(self, node_set: str, ids: Sequence[bytes | str]) -> np.ndarray:
        """int64: the indices of nodes given by id. Raises ValueError for an unknown id."""
        import pyarrow as pa

        from gnnkit.samplers._arrow import pc

        known = self.tables.node_sets[self.node_names[self.node_number(node_set)]].ids
        if known is None:
            raise ValueError(f"Node set {node_set!r} has no ids: give seeds as indices.")
        asked = [text.encode() if isinstance(text, str) else text for text in ids]
        found = pc.index_in(pa.array(asked, pa.large_binary()), value_set=pa.array(known, pa.large_binary()))
        if found.null_count:
            first = int(np.flatnonzero(found.is_null().to_numpy(zero_copy_only=False))[0])
            raise ValueError(
                f"{found.null_count} id(s) are not in node set {node_set!r}; the first is {asked[first]!r}."
            )
        return found.to_numpy().astype(np.int64)

    def graph_tensor_spec(self, spec: Any, **options: Any) -> GraphTensorSpec:
        """The spec of the graphs of `samplers.dataset(self, spec, ...)`.

        options: as given to `dataset`: batch_size, drop_remainder, features, readout, readout_features, indices_dtype.
        """
        from gnnkit.samplers._graph_tensor import graph_tensor_spec

        return graph_tensor_spec(self, spec, **options)


def _number(names: tuple[str, ...], name: str, what: str) -> int:
    if name not in names:
        raise ValueError(f"There is no {what} {name!r}. The {what}s are {', '.join(map(repr, names)) or 'none'}.")
    return names.index(name)


def _starts(counts: Sequence[int] | np.ndarray) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _keys(table: NodeTable) -> np.ndarray:
    if table.ids is None:
        return np.arange(table.num_nodes, dtype=np.uint64)
    import pyarrow as pa

    from gnnkit.samplers._draw import hash_rows

    array = pa.array(table.ids, pa.large_binary())
    _, offsets, data = array.buffers()
    bytes_ = np.frombuffer(data, np.uint8) if data is not None and data.size else np.empty(0, np.uint8)
    splits = np.frombuffer(offsets, np.int64)[: len(array) + 1] if len(array) else np.zeros(1, np.int64)
    out = np.empty(len(array), np.uint64)
    hash_rows(bytes_, splits, out)
    return out


def _rank(keys: np.ndarray, ordered: bool) -> tuple[np.ndarray, np.ndarray]:
    """(nodes by rank, rank of each node) when nodes are ordered by key."""
    order = np.arange(len(keys)) if ordered else np.argsort(keys, kind="stable")
    rank = np.empty(len(keys), np.int64)
    rank[order] = np.arange(len(keys))
    return order, rank


def _fill(
    table: EdgeTable,
    rank: tuple[np.ndarray, np.ndarray],
    splits: np.ndarray,
    targets: np.ndarray,
    rows: np.ndarray,
) -> None:
    from gnnkit.samplers._csr import sort_edges

    order, rank_of = rank
    sort_edges(
        np.ascontiguousarray(table.source, np.int64),
        np.ascontiguousarray(table.target, np.int64),
        rank_of,
        order,
        splits,
        targets,
        rows,
    )
