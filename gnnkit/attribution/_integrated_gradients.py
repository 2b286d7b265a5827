"""Integrated gradients, Sundararajan et al. 2017 (https://arxiv.org/abs/1703.01365), over the features of graphs."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from gnnkit.attribution._attributions import Attributions
from gnnkit.attribution._baselines import baseline_values
from gnnkit.attribution._features import (
    FeatureKey,
    all_features,
    copies,
    flat,
    float_features,
    with_features,
    with_flat,
)
from gnnkit.attribution._outputs import resolve_target, score_rows, select
from gnnkit.graph import GraphTensor, check_scalar_graph_tensor
from gnnkit.ops._resolve import components_of

_WHO = "integrated_gradients"
# Nodes and edges that one call of the model sees, if it can be chosen.
_ITEMS_PER_CALL = 65536


def integrated_gradients(
    fn: Callable[[GraphTensor], Any],
    graph: GraphTensor,
    *,
    target: Any = None,
    baseline: str | Mapping[FeatureKey, Any] | GraphTensor = "zero",
    features: Sequence[FeatureKey] | None = None,
    steps: int = 32,
    steps_per_call: int | None = None,
    seed: int | None = None,
) -> Attributions:
    """Attributes the outputs of `fn` to the floating point features of `graph`.

    The attribution of a number x with baseline b is (x - b) times the mean of the gradient of the score on the line
    from the baseline to the graph (eq. 1), by Gauss-Legendre quadrature. All attributions of a component add up to the
    change of its score (completeness), which `Attributions.gap` checks.

    fn: a model or function from a scalar graph to scores `[R, K]`, `[R, 1]` or `[R]`.
    graph: scalar, C components.
    target: the output that is explained: one int, or int `[R]`. By default the largest one of each row.
    baseline: `"zero"`; `"mean"` of each column over the set's items; `"random"` between the least and the largest
        value of each column; a graph; or a mapping from feature to one of these names or to values, zero where absent.
    features: those that are attributed, as ("context", None, feature), ("nodes", set, feature) or ("edges", set,
        feature). By default all of floating point outside auxiliary sets. Other features and the edges stay as they are.
    steps: points on the line.
    steps_per_call: points that one call of `fn` handles, as copies of the graph; by default as many as fit well.
    seed: for `"random"`.

    ValueError: a graph that is not scalar, no feature to attribute, a baseline or an output that does not fit.

    >>> import gnnkit, tensorflow as tf
    >>> graph = gnnkit.homogeneous([0], [1], node_features=tf.constant([[1.0], [2.0]]))
    >>> def fn(graph):
    ...     return gnnkit.pool_nodes_to_context(graph, "nodes", "sum", feature_name="hidden_state") ** 2
    >>> result = integrated_gradients(fn, graph)
    >>> result.graph.node_sets["nodes"]["hidden_state"].numpy().tolist(), result.scores.numpy().tolist()
    ([[3.0], [6.0]], [9.0])
    """
    check_scalar_graph_tensor(graph, "integrated_gradients")
    if steps < 1:
        raise ValueError(f"integrated_gradients: steps must be at least 1, but got {steps}.")
    keys = _keys(graph, features)
    start = baseline_values(graph, keys, baseline, seed)
    at_baseline = with_features(
        graph, {k: with_flat(all_features(graph)[k], v) for k, v in start.items()}, keep_others=True
    )
    outputs = score_rows(fn(graph), _WHO)
    target = resolve_target(outputs, target)
    scores, baseline_scores = select(outputs, target), select(score_rows(fn(at_baseline), _WHO), target)
    if steps_per_call is None:
        items = sum(int(p.total_size) for p in [*graph.node_sets.values(), *graph.edge_sets.values()])
        steps_per_call = max(1, min(steps, _ITEMS_PER_CALL // max(items, 1)))
    values = attribute(fn, graph, keys, start, target, steps=steps, steps_per_call=steps_per_call)
    attributed = with_features(graph, values, keep_others=False)
    gap = _gap(graph, values, tf.cast(scores - baseline_scores, tf.float64))
    return Attributions(graph=attributed, scores=scores, baseline_scores=baseline_scores, gap=gap)


def attribute(
    fn: Callable[[GraphTensor], Any],
    graph: GraphTensor,
    keys: Sequence[FeatureKey],
    start: Mapping[FeatureKey, tf.Tensor],
    target: tf.Tensor,
    *,
    steps: int,
    steps_per_call: int,
) -> dict[FeatureKey, Any]:
    """The attributions of the features `keys`, from the baseline `start`; works inside `tf.function` as well."""
    originals = {k: all_features(graph)[k] for k in keys}
    ends = {k: flat(v) for k, v in originals.items()}
    points, weights = np.polynomial.legendre.leggauss(steps)
    points, weights = (points + 1) / 2, weights / 2
    means = {k: tf.zeros_like(v) for k, v in ends.items()}
    for first in range(0, steps, steps_per_call):
        alphas, shares = points[first : first + steps_per_call], weights[first : first + steps_per_call]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            line = {}
            for key in keys:
                alpha = tf.reshape(tf.constant(alphas, ends[key].dtype), [-1, *[1] * ends[key].shape.rank])
                line[key] = start[key] + alpha * (ends[key] - start[key])  # [steps, N, ...]
            tape.watch(line)
            count = len(alphas)
            side_by_side = with_features(
                copies(graph, count), {k: _on_line(originals[k], line[k], count) for k in keys}, keep_others=True
            )
            total = tf.reduce_sum(select(score_rows(fn(side_by_side), _WHO), tf.tile(target, [count])))
        gradients = tape.gradient(total, line, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        for key in keys:
            share = tf.constant(shares, means[key].dtype)
            means[key] += tf.tensordot(share, tf.convert_to_tensor(gradients[key]), axes=1)
    return {k: with_flat(originals[k], (ends[k] - start[k]) * means[k]) for k in keys}


def _keys(graph: GraphTensor, wanted: Sequence[FeatureKey] | None) -> list[FeatureKey]:
    possible = float_features(graph)
    keys = list(possible) if wanted is None else [(k[0], k[1], k[2]) for k in wanted]
    wrong = [k for k in keys if k not in possible]
    if wrong:
        raise ValueError(
            f"integrated_gradients: cannot attribute to {wrong}: no such floating point feature. There are "
            f"{list(possible)}."
        )
    if not keys:
        raise ValueError(
            f"integrated_gradients: the graph has no floating point feature to attribute to, only "
            f"{list(all_features(graph))}. Explain the part of the model after the embedding of categories."
        )
    return keys


def _on_line(original: Any, numbers: tf.Tensor, count: int) -> Any:
    """`[steps, N, ...]` as the feature of `count` copies of the graph."""
    if isinstance(original, tf.RaggedTensor):
        return tf.concat([original.with_flat_values(numbers[i]) for i in range(count)], axis=0)
    static = numbers.shape[2:]
    items = None if numbers.shape[1] is None else count * numbers.shape[1]
    result = tf.reshape(numbers, tf.concat([[count * tf.shape(numbers)[1]], tf.shape(numbers)[2:]], 0))
    return tf.ensure_shape(result, [items, *static])


def _gap(graph: GraphTensor, values: Mapping[FeatureKey, Any], change: tf.Tensor) -> tf.Tensor:
    components = int(graph.num_components)
    per_component = tf.zeros([components], tf.float64)
    for (kind, name, _), value in values.items():
        per_item = tf.cast(value, tf.float64)
        per_item = (
            tf.reduce_sum(per_item, axis=list(range(1, per_item.shape.rank))) if per_item.shape.rank > 1 else per_item
        )
        if kind == "context":
            per_component += per_item
        else:
            pieces: Mapping[Any, Any] = graph.node_sets if kind == "nodes" else graph.edge_sets
            piece = pieces[name]
            per_component += tf.math.unsorted_segment_sum(per_item, components_of(piece), components)
    rows = int(tf.size(change))
    readout = graph.node_sets.get("_readout")
    if rows == components:
        return per_component - change
    if readout is not None and int(readout.total_size) == rows:
        return per_component - tf.math.unsorted_segment_sum(change, components_of(readout), components)
    return tf.reshape(tf.reduce_sum(per_component) - tf.reduce_sum(change), [1])
