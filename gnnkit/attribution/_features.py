"""The features of a graph as a flat mapping, and copies of a graph side by side."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from gnnkit.graph import GraphTensor, get_aux_type_prefix

# ("context", None, feature), ("nodes", set, feature) or ("edges", set, feature).
FeatureKey = tuple[str, str | None, str]


def all_features(graph: GraphTensor) -> dict[FeatureKey, Any]:
    """All features, those of auxiliary sets too."""
    result: dict[FeatureKey, Any] = {("context", None, k): v for k, v in graph.context.features.items()}
    for kind, pieces in (("nodes", graph.node_sets), ("edges", graph.edge_sets)):
        for name, piece in pieces.items():
            result.update({(kind, name, k): v for k, v in piece.features.items()})
    return result


def float_features(graph: GraphTensor) -> dict[FeatureKey, Any]:
    """Features that gradients exist for: floating point, in sets that are not auxiliary."""
    return {
        key: value
        for key, value in all_features(graph).items()
        if value.dtype.is_floating and (key[1] is None or get_aux_type_prefix(key[1]) is None)
    }


def with_features(graph: GraphTensor, values: Mapping[FeatureKey, Any], *, keep_others: bool) -> GraphTensor:
    """The graph with `values` as its features, besides those it has where `keep_others`."""
    features = {**all_features(graph), **values} if keep_others else values

    def of(kind: str, name: str | None) -> dict[str, Any]:
        return {k[2]: v for k, v in features.items() if k[:2] == (kind, name)}

    return graph.replace_features(
        context=of("context", None),
        node_sets={name: of("nodes", name) for name in graph.node_sets},
        edge_sets={name: of("edges", name) for name in graph.edge_sets},
    )


def copies(graph: GraphTensor, count: int) -> GraphTensor:
    """`count` copies of a scalar graph, as the components of one scalar graph: C to C * count."""
    if count == 1:
        return graph
    tiled = graph._map(lambda field: tf.concat([field] * count, axis=0))
    for name, edge_set in graph.edge_sets.items():
        adjacency = tiled.edge_sets[name].adjacency
        for tag, (node_set_name, index) in edge_set.adjacency.get_indices_dict().items():
            total = tf.cast(graph.node_sets[node_set_name].total_size, index.dtype)
            adjacency._by_tag[tag] = tf.concat([index + i * total for i in range(count)], axis=0)
    return tiled


def flat(value: Any) -> tf.Tensor:
    """The numbers of a dense or ragged feature: `[N, ...]`."""
    return value.flat_values if isinstance(value, tf.RaggedTensor) else value


def with_flat(value: Any, numbers: tf.Tensor) -> Any:
    """A feature like `value` with other numbers."""
    return value.with_flat_values(numbers) if isinstance(value, tf.RaggedTensor) else numbers
