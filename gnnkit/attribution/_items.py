"""Which edges and nodes matter most."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from gnnkit.attribution._attributions import Attributions
from gnnkit.attribution._features import flat
from gnnkit.attribution._mask_explanation import MaskExplanation
from gnnkit.graph import GraphTensor, get_aux_type_prefix

Explained = Attributions | MaskExplanation | GraphTensor


@dataclasses.dataclass(frozen=True, kw_only=True)
class EdgeScore:
    """An edge, the nodes at its ends by their index in the graph, and how much it matters."""

    edge_set_name: str
    edge: int
    source: int
    target: int
    value: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class NodeScore:
    """A node, by its index in the graph, and how much it matters."""

    node_set_name: str
    node: int
    value: float


def top_edges(explanation: Explained, k: int | None = 10) -> list[EdgeScore]:
    """The `k` edges with the largest scores (None: all), the largest first.

    explanation: of `gnn_explainer`: the score is the mask; of `attention`: the mean coefficient over layers and heads; of
        `integrated_gradients`: the sum of the absolute attributions of the edge's own features, which says nothing of what
        the edge transports.

    >>> import gnnkit, tensorflow as tf
    >>> graph = gnnkit.homogeneous([0, 1], [1, 1], node_features=tf.ones([2, 1]), edge_features=tf.constant([[1.], [3.]]))
    >>> result = gnnkit.attribution.integrated_gradients(
    ...     lambda g: gnnkit.pool_edges_to_context(g, "edges", "sum", feature_name="hidden_state"), graph)
    >>> [(score.source, score.target, score.value) for score in top_edges(result, 1)]
    [(1, 1, 3.0)]
    """
    scores = []
    graph = _graph(explanation)
    for name, values in edge_values(explanation).items():
        adjacency = graph.edge_sets[name].adjacency
        ends = zip(np.asarray(adjacency.source).tolist(), np.asarray(adjacency.target).tolist(), strict=True)
        scores += [
            EdgeScore(edge_set_name=name, edge=i, source=s, target=t, value=float(values[i]))
            for i, (s, t) in enumerate(ends)
        ]
    scores.sort(key=lambda s: (-s.value, s.edge_set_name, s.edge))
    return scores if k is None else scores[:k]


def top_nodes(explanation: Explained, k: int | None = 10) -> list[NodeScore]:
    """The `k` nodes with the largest scores (None: all), the largest first.

    explanation: of `integrated_gradients`: the score is the sum of the absolute attributions of the node's features; of
        `gnn_explainer` and `attention`: the largest score of an edge at the node, see `top_edges`.
    """
    scores = [
        NodeScore(node_set_name=name, node=i, value=float(value))
        for name, values in node_values(explanation).items()
        for i, value in enumerate(values)
    ]
    scores.sort(key=lambda s: (-s.value, s.node_set_name, s.node))
    return scores if k is None else scores[:k]


def edge_values(explanation: Explained) -> dict[str, np.ndarray]:
    """Scores of edges, edge set name -> float64 `[E]`: see `top_edges`. Sets without any are left out."""
    combine = np.sum if isinstance(explanation, Attributions) else np.mean
    return _values(_graph(explanation).edge_sets, combine)


def node_values(explanation: Explained) -> dict[str, np.ndarray]:
    """Scores of nodes, node set name -> float64 `[V]`: see `top_nodes`. Sets without any are left out."""
    graph = _graph(explanation)
    if isinstance(explanation, Attributions):
        return _values(graph.node_sets, np.sum)
    result: dict[str, np.ndarray] = {}
    for name, values in edge_values(explanation).items():
        for node_set, index in graph.edge_sets[name].adjacency.get_indices_dict().values():
            if node_set not in result:
                result[node_set] = np.zeros(int(graph.node_sets[node_set].total_size))
            np.maximum.at(result[node_set], np.asarray(index), values)
    return result


def _values(pieces: Mapping[str, Any], combine: Any) -> dict[str, np.ndarray]:
    result = {}
    for name, piece in pieces.items():
        if get_aux_type_prefix(name) is not None or not piece.features:
            continue
        result[name] = combine([_of_items(value, combine) for value in piece.features.values()], axis=0)
    return result


def _of_items(value: Any, combine: Any) -> np.ndarray:
    """From a feature `[N, ...]`, dense or ragged, a number for each item: `[N]`."""
    numbers = np.abs(np.asarray(flat(value), np.float64))
    if isinstance(value, tf.RaggedTensor):
        rows = value.with_flat_values(tf.constant(numbers))
        while rows.shape.rank is None or rows.shape.rank > 1:
            rows = tf.reduce_sum(rows, axis=-1)
        return np.asarray(rows)
    return combine(numbers.reshape(len(numbers), -1), axis=1)


def _graph(explanation: Explained) -> GraphTensor:
    return explanation if isinstance(explanation, GraphTensor) else explanation.graph
