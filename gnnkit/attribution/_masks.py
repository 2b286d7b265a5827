"""Masks of edges and of features, as weights that are trained."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from gnnkit.attribution._features import FeatureKey, all_features
from gnnkit.graph import GraphTensor
from gnnkit.ops._resolve import components_of

_SPREAD = 0.1  # Of first weights: masks start near 1/2, but not all alike.


class Masks:
    """One weight an edge, and one a component and column of node features; masks are their sigmoids.

    edge_weights, feature_weights: of size and entropy in `regularization`.
    """

    def __init__(
        self,
        graph: GraphTensor,
        edge_sets: Sequence[str],
        features: Sequence[FeatureKey],
        *,
        edge_weights: tuple[float, float],
        feature_weights: tuple[float, float],
        seed: int | None,
    ) -> None:
        if not edge_sets and not features:
            raise ValueError(
                "gnn_explainer: there is nothing to mask: no edge set and no dense node feature of floats."
            )
        self._edge_sets, self._features = list(edge_sets), list(features)
        self._edge_weights, self._feature_weights = edge_weights, feature_weights
        self._num = int(graph.num_components)
        edges: Mapping[str, Any] = graph.edge_sets
        nodes: Mapping[Any, Any] = graph.node_sets
        self._edge_components = [components_of(edges[name]) for name in edge_sets]
        self._node_components = [components_of(nodes[key[1]]) for key in features]
        rng = np.random.default_rng(seed)
        values = all_features(graph)
        shapes = [(int(edges[name].total_size),) for name in edge_sets]
        shapes += [(self._num, *values[key].shape[1:]) for key in features]
        self.weights = [keras.Variable(rng.normal(size=s, scale=_SPREAD).astype(np.float32)) for s in shapes]
        self._used = [tf.ones(s) for s in shapes]

    @property
    def names(self) -> list[str]:
        """What has masks, for messages."""
        return [*self._edge_sets, *("/".join(map(str, key)) for key in self._features)]

    def leave_out(self, unused: Sequence[tf.Tensor]) -> None:
        """Sets masks to 0 and out of the regularization where `unused`, bool in the shape of each of the weights."""
        self._used = [tf.cast(~u, tf.float32) for u in unused]

    def values(self) -> tuple[dict[str, Any], dict[FeatureKey, Any]]:
        """The masks: edge set name -> `[E]`, and feature -> masks in its shape `[V, ...]`."""
        masks = [tf.sigmoid(w.value) * u for w, u in zip(self.weights, self._used, strict=True)]
        count = len(self._edge_sets)
        by_node = [tf.gather(m, i) for m, i in zip(masks[count:], self._node_components, strict=True)]
        return (
            dict(zip(self._edge_sets, masks[:count], strict=True)),
            dict(zip(self._features, by_node, strict=True)),
        )

    def regularization(self) -> tf.Tensor:
        """The terms of size and entropy: sums over components; means are over the masks of a component in use."""
        count = len(self._edge_sets)
        total: Any = 0.0
        if count:
            weights = tf.concat([w.value for w in self.weights[:count]], 0)
            used, components = tf.concat(self._used[:count], 0), tf.concat(self._edge_components, 0)
            mask, entropy = tf.sigmoid(weights) * used, _entropy(weights) * used
            size = self._edge_weights[0] * tf.reduce_sum(mask)
            total += size + self._edge_weights[1] * tf.reduce_sum(self._mean(entropy, used, components))
        if self._features:
            weights = tf.concat([tf.reshape(w.value, [self._num, -1]) for w in self.weights[count:]], 1)
            used = tf.concat([tf.reshape(u, [self._num, -1]) for u in self._used[count:]], 1)
            for weight, term in zip(self._feature_weights, (tf.sigmoid(weights), _entropy(weights)), strict=True):
                means = tf.math.divide_no_nan(tf.reduce_sum(term * used, 1), tf.reduce_sum(used, 1))
                total += weight * tf.reduce_sum(means)
        return total

    def _mean(self, values: tf.Tensor, used: tf.Tensor, components: tf.Tensor) -> tf.Tensor:
        sums, counts = (tf.math.unsorted_segment_sum(x, components, self._num) for x in (values, used))
        return tf.math.divide_no_nan(sums, counts)


def _entropy(weights: tf.Tensor) -> tf.Tensor:
    """Of a coin with probability sigmoid(weights), in nats."""
    mask = tf.sigmoid(weights)
    return tf.nn.softplus(weights) - mask * weights
