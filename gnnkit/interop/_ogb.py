"""Datasets of the Open Graph Benchmark, from their folders."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from typing import Any, Literal

import numpy as np

from gnnkit.interop._ogb_files import Dataset, Edges, Progress, read_dataset
from gnnkit.samplers._tables import EdgeTable, GraphTables, NodeTable
from gnnkit.samplers._write_tables import schema_of, write_tables


def ogb_to_tables(
    folder: str | os.PathLike[str],
    *,
    split: str | None = None,
    add_inverse_edges: bool = False,
    progress: Progress | None = None,
) -> GraphTables:
    """Reads a dataset of the Open Graph Benchmark (OGB) that lies on this machine.

    folder: of the dataset, as OGB unpacks it (`ogbn_arxiv`): with `raw/` and `split/`, in CSV or NPZ files.
    split: the folder in `split/`; may be left out if there is only one.
    add_inverse_edges: whether each edge is followed by one in the other direction, in edge sets within one node set.
      OGB does that for ogbn-products, ogbn-proteins, ogbl-ppa, ogbl-collab, ogbl-ddi and all of ogbg but ogbg-code2.
    progress: called as `progress(done, total, set_name)` before each set and after the last.

    Sets are `nodes` and `edges`, or those that the files name: an edge set is called by its relation. Ids are `{i}` or
    `{set}{i}`. Features: `feat`, `labels`, `split` (train, valid, test or none) and others without their prefix
    (`node_year` is `year`); int64 or float32, one value an item where the file has one column.

    A dataset of many graphs has a node set `graph` with `labels` and `split`, and edge sets `has_{set}` from each graph to
    its nodes; nodes and edges of all graphs follow one another.

    ValueError: files that do not fit together, a split in PyTorch's format. FileNotFoundError: another layout.
    Splits of links (ogbl) are not read.
    """
    data = _read(folder, split, add_inverse_edges, progress)
    node_sets = {}
    for name, nodes in data.nodes.items():
        count = int(nodes.counts.sum())
        ids = _ids(name, count) if data.heterogeneous else None
        node_sets[name] = NodeTable(num_nodes=count, ids=ids, features=nodes.features)
    edge_sets = {}
    for name, edges in data.edges.items():
        source, target = _global_ends(data, edges)
        edge_sets[name] = EdgeTable(
            source_set=edges.ends[0], target_set=edges.ends[1], source=source, target=target, features=edges.features
        )
    if data.graphs is not None:
        for name, nodes in data.nodes.items():
            graph_of_node = np.repeat(np.arange(len(nodes.counts)), nodes.counts)
            edge_sets[f"has_{name}"] = EdgeTable(
                source_set="graph", target_set=name, source=graph_of_node, target=np.arange(len(graph_of_node))
            )
        node_sets["graph"] = NodeTable(num_nodes=data.num_graphs, features=data.graphs)
    tables = GraphTables(node_sets=node_sets, edge_sets=edge_sets)
    return tables.replace(schema=schema_of(tables))


def ogb_to_graph_tensor(
    folder: str | os.PathLike[str],
    *,
    split: str | None = None,
    add_inverse_edges: bool = False,
    indices_dtype: Any = "int32",
    progress: Progress | None = None,
) -> Any:
    """Reads an OGB dataset as one GraphTensor, with one component for each graph of the dataset.

    `labels` and `split` are context features where they belong to graphs, else features of nodes. Nodes have no `#id`.
    Arguments, features and errors: see `ogb_to_tables`.
    """
    import tensorflow as tf

    from gnnkit.graph import Adjacency, Context, EdgeSet, GraphTensor, NodeSet
    from gnnkit.samplers._graph_tensor import to_tensor

    dtype = tf.as_dtype(indices_dtype)
    data = _read(folder, split, add_inverse_edges, progress)
    node_sets = {
        name: NodeSet.from_fields(
            features={feature: to_tensor(column) for feature, column in nodes.features.items()},
            sizes=tf.constant(nodes.counts, dtype),
        )
        for name, nodes in data.nodes.items()
    }
    edge_sets = {}
    for name, edges in data.edges.items():
        source, target = (tf.constant(index, dtype) for index in _global_ends(data, edges))
        edge_sets[name] = EdgeSet.from_fields(
            features={feature: to_tensor(column) for feature, column in edges.features.items()},
            sizes=tf.constant(edges.counts, dtype),
            adjacency=Adjacency.from_indices((edges.ends[0], source), (edges.ends[1], target)),
        )
    context = Context.from_fields(
        features={feature: to_tensor(column) for feature, column in (data.graphs or {}).items()},
        sizes=tf.ones_like(next(iter(node_sets.values())).sizes),
    )
    return GraphTensor.from_pieces(context, node_sets, edge_sets)


def convert_ogb_dataset(
    folder: str | os.PathLike[str],
    output: str | os.PathLike[str],
    format: Literal["parquet", "tfrecord", "csv"] = "parquet",
    *,
    split: str | None = None,
    add_inverse_edges: bool = False,
    shards: int | None = None,
    progress: Progress | None = None,
) -> pathlib.Path:
    """Writes the tables of an OGB dataset and their schema, for `gnnkit run`, `samplers.read_tables` and other tools.

    output: the folder to write to. format, shards: see `samplers.write_tables`. The rest: see `ogb_to_tables`.

    Returns the path of the schema.
    """
    tables = ogb_to_tables(folder, split=split, add_inverse_edges=add_inverse_edges, progress=progress)
    return write_tables(tables, output, format, shards=shards)


def _read(
    folder: str | os.PathLike[str], split: str | None, add_inverse_edges: bool, progress: Progress | None
) -> Dataset:
    data = read_dataset(pathlib.Path(folder), split, progress)
    if not add_inverse_edges:
        return data
    return dataclasses.replace(data, edges={name: _both_ways(edges) for name, edges in data.edges.items()})


def _both_ways(edges: Edges) -> Edges:
    if edges.ends[0] != edges.ends[1]:
        return edges
    index = np.repeat(edges.index, 2, axis=1)
    index[:, 1::2] = edges.index[::-1]
    features = {name: np.repeat(column, 2, axis=0) for name, column in edges.features.items()}
    return dataclasses.replace(edges, index=index, counts=2 * edges.counts, features=features)


def _global_ends(data: Dataset, edges: Edges) -> list[np.ndarray]:
    """Sources and targets, counted over the nodes of all graphs."""
    result = []
    for node_set, index in zip(edges.ends, edges.index, strict=True):
        counts = data.nodes[node_set].counts
        first = np.cumsum(counts) - counts
        result.append(index.astype(np.int64) + np.repeat(first, edges.counts))
    return result


def _ids(name: str, count: int) -> np.ndarray:
    ids = np.empty(count, object)
    ids[:] = [b"%s%d" % (name.encode(), i) for i in range(count)]
    return ids
