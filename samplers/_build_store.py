"""From tables to a `GraphStore`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from gnnkit.samplers._backward import check_backward, with_backward_sets
from gnnkit.samplers._csr import sort_edges
from gnnkit.samplers._progress import Progress, showing
from gnnkit.samplers._store import GraphStore
from gnnkit.samplers._tables import GraphTables, NodeTable, check_tables


def build_store(
    tables: GraphTables, *, backward: Mapping[str, str], num_threads: int | None, progress: Progress | None
) -> GraphStore:
    """`GraphStore.from_tables` explains the arguments."""
    tables = with_backward(_contiguous(tables), backward)
    check_tables(tables)
    node_names, edge_names = tuple(sorted(tables.node_sets)), tuple(sorted(tables.edge_sets))
    nodes = [tables.node_sets[name] for name in node_names]
    edges = [tables.edge_sets[name] for name in edge_names]
    number = {name: i for i, name in enumerate(node_names)}
    sources = np.array([number[table.source_set] for table in edges], np.int64)
    targets = np.array([number[table.target_set] for table in edges], np.int64)
    counts = np.array([table.num_nodes for table in nodes], np.int64)
    num_edges = [table.num_edges for table in edges]
    index_dtype = np.int32 if max([0, *counts, *num_edges]) < 2**31 else np.int64
    split_starts = _starts([int(counts[source]) + 1 for source in sources])
    edge_starts = _starts(num_edges)
    node_starts = _starts(counts)
    node_keys = np.empty(node_starts[-1], np.uint64)
    for i, table in enumerate(nodes):
        _fill_keys(table, node_keys[node_starts[i] : node_starts[i + 1]])
    splits = np.zeros(split_starts[-1], np.int64)
    flat_targets = np.empty(edge_starts[-1], index_dtype)
    rows = np.empty(edge_starts[-1], index_dtype)
    ranks: dict[int, np.ndarray] = {}
    max_degree = 1
    with showing(progress, "Indexing edges") as show:
        total = int(edge_starts[-1])
        for i, table in enumerate(edges):
            target, done, name = int(targets[i]), int(edge_starts[i]), edge_names[i]
            show(done, total, name)
            if target not in ranks:
                keys = node_keys[node_starts[target] : node_starts[target + 1]]
                ranks[target] = _rank(keys, nodes[target].ids is None, index_dtype)
            part = splits[split_starts[i] : split_starts[i + 1]]
            sort_edges(
                table.source,
                table.target,
                ranks[target],
                part,
                flat_targets[edge_starts[i] : edge_starts[i + 1]],
                rows[edge_starts[i] : edge_starts[i + 1]],
                num_threads=num_threads,
                tick=lambda share, done=done, table=table, name=name: show(
                    done + int(share * table.num_edges), total, name
                ),
            )
            max_degree = max(max_degree, int(np.diff(part).max(initial=0)))
        show(total, total, "")
    return GraphStore(
        tables=tables,
        node_names=node_names,
        edge_names=edge_names,
        source_sets=sources,
        target_sets=targets,
        node_starts=node_starts,
        node_keys=node_keys,
        split_starts=split_starts,
        splits=splits,
        edge_starts=edge_starts,
        targets=flat_targets,
        rows=rows,
        max_degree=max_degree,
    )


def with_backward(tables: GraphTables, backward: Mapping[str, str]) -> GraphTables:
    """The tables with more edge sets, each of which walks another one backwards and shares its arrays."""
    if not backward:
        return tables
    check_backward(backward, tables.edge_sets)
    edge_sets = dict(tables.edge_sets)
    for name, forward in backward.items():
        table = tables.edge_sets[forward]
        edge_sets[name] = dataclasses.replace(
            table,
            source_set=table.target_set,
            target_set=table.source_set,
            source=table.target,
            target=table.source,
        )
    schema = tables.schema
    if schema is not None and set(backward.values()) <= set(schema.edge_sets):
        schema = with_backward_sets(schema, {n: f for n, f in backward.items() if n not in schema.edge_sets})
    return tables.replace(edge_sets=edge_sets, schema=schema)


def _contiguous(tables: GraphTables) -> GraphTables:
    """The tables with endpoints as kernels take them: int32 or int64, one after another, of no subclass of ndarray."""
    return tables.replace(
        edge_sets={
            name: dataclasses.replace(table, source=_index(table.source), target=_index(table.target))
            for name, table in tables.edge_sets.items()
        }
    )


def _index(values: np.ndarray) -> np.ndarray:
    array = np.asarray(values)
    dtype = array.dtype if array.dtype in (np.int32, np.int64) else np.dtype(np.int64)
    return np.ascontiguousarray(array, dtype)


def _starts(counts: Sequence[int] | np.ndarray) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _fill_keys(table: NodeTable, out: np.ndarray) -> None:
    if table.ids is None:
        out[:] = np.arange(table.num_nodes, dtype=np.uint64)
        return
    from gnnkit.samplers._bytes_column import bytes_column
    from gnnkit.samplers._draw import hash_rows

    ids = bytes_column(table.ids)
    hash_rows(ids.data, ids.row_splits, out)


def _rank(keys: np.ndarray, ordered: bool, dtype: type) -> np.ndarray:
    """Place of each node when nodes are ordered by key; empty if it is its index."""
    if ordered:
        return np.empty(0, dtype)
    rank = np.empty(len(keys), dtype)
    rank[np.argsort(keys, kind="stable")] = np.arange(len(keys), dtype=dtype)
    return rank
