"""Training on the whole graph at once, for graphs that fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from gnnkit.samplers._graph_tensor import to_graph_tensor
from gnnkit.samplers._layout import Features
from gnnkit.samplers._tables import GraphTables


def whole_graph_dataset(
    tables: GraphTables,
    nodes: Any,
    *,
    node_set: str | None = None,
    features: Features = None,
    readout_features: Sequence[str] = (),
    repeat: int | None = 1,
    indices_dtype: Any = "int32",
) -> tf.data.Dataset:
    """A dataset whose element is the whole graph, with a `_readout` set of the given nodes.

    nodes: int `[N]`, rows of `node_set`, such as those of the training split.
    node_set: may be left out if there is only one.
    readout_features: features that are moved from `node_set` to `_readout`, such as the label.
    repeat: how often the graph comes; None for no end.
    features and errors: see `to_graph_tensor`.

    >>> import numpy as np
    >>> from gnnkit.samplers import GraphTables, NodeTable
    >>> tables = GraphTables(node_sets={"n": NodeTable(num_nodes=3, features={"label": np.array([5, 6, 7])})})
    >>> [graph] = whole_graph_dataset(tables, [0, 1], readout_features=["label"])
    >>> graph.edge_sets["_readout/seed"].adjacency.source.numpy()
    array([0, 1], dtype=int32)
    """
    graph = to_graph_tensor(
        tables,
        features=features,
        readout_nodes=nodes,
        readout_node_set=node_set,
        readout_features=readout_features,
        indices_dtype=indices_dtype,
    )
    return tf.data.Dataset.from_tensors(graph).repeat(-1 if repeat is None else repeat)
