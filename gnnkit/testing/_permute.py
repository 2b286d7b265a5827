"""The same graph with its nodes and edges in another order."""

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from gnnkit.graph import GraphTensor


class Permuted(NamedTuple):
    """A graph in another order, and where its rows were.

    graph: the graph. node_sets, edge_sets: set name -> int `[num_items]`, the old position of each row.
    """

    graph: GraphTensor
    node_sets: dict[str, np.ndarray]
    edge_sets: dict[str, np.ndarray]


def permute(graph: GraphTensor, seed: int = 0, *, nodes: bool = True, edges: bool = True) -> Permuted:
    """Relabels nodes and reorders edges, within each component.

    graph: a scalar graph. nodes, edges: which of the two to do.

    >>> from gnnkit.testing import permute, random_graph
    >>> graph = random_graph(1)
    >>> permuted = permute(graph, nodes=False)
    >>> permuted.node_sets["paper"].tolist() == list(range(int(graph.node_sets["paper"].total_size)))
    True
    """
    rng = np.random.default_rng(seed)
    node_orders = {k: _order(rng, v.sizes.numpy(), nodes) for k, v in graph.node_sets.items()}
    edge_orders = {k: _order(rng, v.sizes.numpy(), edges) for k, v in graph.edge_sets.items()}
    new_label = {k: np.argsort(order) for k, order in node_orders.items()}
    fields = iter(graph._fields())
    new: list[Any] = [next(fields) for _ in range(1 + len(graph.context.features))]
    for name, node_set in graph.node_sets.items():
        new.append(next(fields))
        new += [tf.gather(next(fields), node_orders[name]) for _ in node_set.features]
    for name, edge_set in graph.edge_sets.items():
        new.append(next(fields))
        for tag in edge_set.adjacency.tags:
            index = next(fields).numpy()[edge_orders[name]]
            new.append(tf.constant(new_label[edge_set.adjacency.node_set_name(tag)][index], graph.indices_dtype))
        new += [tf.gather(next(fields), edge_orders[name]) for _ in edge_set.features]
    return Permuted(GraphTensor._from_fields(graph._structure(), new), node_orders, edge_orders)


def _order(rng: np.random.Generator, sizes: np.ndarray, shuffle: bool) -> np.ndarray:
    starts = np.cumsum(sizes) - sizes
    parts = [start + (rng.permutation(n) if shuffle else np.arange(n)) for start, n in zip(starts, sizes, strict=True)]
    return np.concatenate([np.zeros(0, np.int64), *parts]).astype(np.int64)
