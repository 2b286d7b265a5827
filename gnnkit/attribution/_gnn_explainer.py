"""GNNExplainer, Ying et al. 2019 (https://arxiv.org/abs/1903.03894), for heterogeneous graphs."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from gnnkit.attribution._features import FeatureKey, all_features, float_features, with_features
from gnnkit.attribution._mask_explanation import MASK, MaskExplanation
from gnnkit.attribution._masks import Masks
from gnnkit.attribution._outputs import python_function, resolve_target, score_rows, select
from gnnkit.graph import GraphTensor, check_scalar_graph_tensor, get_aux_type_prefix
from gnnkit.ops._message_factors import message_factors

_WHO = "gnn_explainer"
_LOSSES = ("classification", "regression")


def gnn_explainer(
    fn: Callable[[GraphTensor], Any],
    graph: GraphTensor,
    *,
    target: Any = None,
    loss: str = "classification",
    edge_sets: Sequence[str] | None = None,
    features: Sequence[FeatureKey] | None = None,
    epochs: int = 100,
    learning_rate: float = 0.05,
    edge_size: float = 0.005,
    edge_entropy: float = 1.0,
    feature_size: float = 1.0,
    feature_entropy: float = 0.1,
    seed: int | None = None,
) -> MaskExplanation:
    """Learns which edges and which node features the outputs of `fn` need.

    Each edge e gets a mask m_e = sigmoid(w_e), and each column of node features a mask in each component, alike for all
    nodes of the set there. The weights w are trained, from about 0, such that the model predicts under the masks what it
    predicts without, with few and decided masks:
    `L = loss + edge_size Σ_e m_e + edge_entropy mean_e H(m_e) + feature_size mean_i m_i + feature_entropy mean_i H(m_i)`
    with entropies H, for each component by itself; components do not disturb each other, so that a batch of rooted
    subgraphs is explained at once, root by root.

    A node feature is multiplied by its mask. An edge's mask multiplies all that is pooled from the edge, in
    every layer: a message x_e to a sum or a mean counts as m_e x_e. So it works with every convolution of gnnkit, and with
    your own as far as they pool by `gnnkit.pool` and its kin (`AnyToAnyConvolutionBase` does). Means still divide by the
    number of all edges, GCN's coefficients come from all of them, and attention coefficients are those without masks.
    Self-loops that layers add are not masked. Masks that no prediction depends on end up as 0.

    fn: a model or function from a scalar graph to scores `[R, K]`, `[R, 1]` or `[R]`, before softmax or sigmoid.
        It must not add or remove edges (no `trim_to_roots`); a `tf.function` within it would not see the masks.
    graph: scalar, C components.
    target: the output that is explained: one int, or int `[R]`. By default the largest one of each row.
    loss: "classification": the cross-entropy of the target (for K = 1 of the logit's side of 0); "regression": the squared
        change of the score.
    edge_sets: those that get masks; by default all but auxiliary ones.
    features: those that get masks, as ("nodes", set, feature). By default all dense node features of floating point.
    epochs, learning_rate: of Adam.
    edge_size, edge_entropy, feature_size, feature_entropy: see the formula.
    seed: of the first weights.

    ValueError: a graph that is not scalar, nothing to mask, an unknown set, feature or loss, an output that does not fit,
    or one that does not depend on any mask.

    >>> import gnnkit, tensorflow as tf
    >>> graph = gnnkit.homogeneous([0, 1], [2, 2], node_features=tf.constant([[5.0, 0.0], [0.0, 5.0], [0.0, 0.0]]))
    >>> def fn(graph):  # Which of the two columns gets more from neighbours? Only the first edge brings any of column 0.
    ...     pooled = gnnkit.pool_neighbors_to_node(
    ...         graph, "edges", gnnkit.TARGET, reduce_type="sum", feature_name="hidden_state")
    ...     return pooled[2:]
    >>> result = gnn_explainer(fn, graph, target=0, seed=1)
    >>> masks = result.graph.edge_sets["edges"]["mask"]
    >>> bool(masks[0] > 0.8), bool(masks[1] < 0.2)
    (True, True)
    """
    check_scalar_graph_tensor(graph, _WHO)
    if epochs < 1:
        raise ValueError(f"{_WHO}: epochs must be at least 1, but got {epochs}.")
    if loss not in _LOSSES:
        raise ValueError(f"{_WHO}: loss must be one of {_LOSSES}, but got {loss!r}.")
    fn = python_function(fn)
    masks = Masks(
        graph,
        _edge_sets(graph, edge_sets),
        _feature_keys(graph, features),
        edge_weights=(edge_size, edge_entropy),
        feature_weights=(feature_size, feature_entropy),
        seed=seed,
    )
    outputs = score_rows(fn(graph), _WHO)
    target = resolve_target(outputs, target)
    distance = _distance(loss, outputs, target)

    def outputs_under(edge_masks: Mapping[str, Any], feature_masks: Mapping[FeatureKey, Any]) -> tf.Tensor:
        values = all_features(graph)
        masked = {key: values[key] * tf.cast(mask, values[key].dtype) for key, mask in feature_masks.items()}
        with message_factors(edge_masks):
            return score_rows(fn(with_features(graph, masked, keep_others=True)), _WHO)

    masks.leave_out(_unused(masks, lambda: distance(outputs_under(*masks.values()))))
    losses = _fit(masks, lambda: distance(outputs_under(*masks.values())), epochs, learning_rate)
    edge_masks, feature_masks = masks.values()
    masked = outputs_under(edge_masks, feature_masks)
    found: dict[FeatureKey, Any] = {("edges", name, MASK): mask for name, mask in edge_masks.items()}
    return MaskExplanation(
        graph=with_features(graph, {**found, **feature_masks}, keep_others=False),
        scores=select(outputs, target),
        masked_scores=select(masked, target),
        kept=_predictions(masked, target) == _predictions(outputs, target),
        losses=losses,
    )


def _fit(masks: Masks, distance: Callable[[], tf.Tensor], epochs: int, learning_rate: float) -> np.ndarray:
    optimizer = keras.optimizers.Adam(learning_rate)
    optimizer.build(masks.weights)

    @tf.function(autograph=False)
    def step() -> tf.Tensor:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([w.value for w in masks.weights])
            total = distance() + masks.regularization()
        optimizer.apply(tape.gradient(total, [w.value for w in masks.weights]), masks.weights)
        return total

    return np.array([step().numpy() for _ in range(epochs)])


def _unused(masks: Masks, distance: Callable[[], tf.Tensor]) -> list[tf.Tensor]:
    """For each of the weights, where the predictions do not depend on them at all."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch([w.value for w in masks.weights])
        value = distance()
    gradients = tape.gradient(value, [w.value for w in masks.weights])
    if all(gradient is None for gradient in gradients):
        raise ValueError(
            f"{_WHO}: the scores depend on no mask of {masks.names}. A tf.function or SavedModel inside cannot be looked "
            "into: give the model itself."
        )
    return [
        tf.ones_like(w.value, tf.bool) if g is None else tf.equal(tf.convert_to_tensor(g), 0)
        for w, g in zip(masks.weights, gradients, strict=True)
    ]


def _distance(loss: str, outputs: tf.Tensor, target: tf.Tensor) -> Callable[[tf.Tensor], tf.Tensor]:
    """From outputs `[R, K]` under masks to how far they are from those without, summed over rows."""
    if loss == "regression":
        scores = select(outputs, target)
        return lambda masked: tf.reduce_sum(tf.square(select(masked, target) - scores))
    if outputs.shape[-1] == 1:
        labels = tf.cast(outputs > 0, outputs.dtype)
        return lambda masked: tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(labels, masked))
    return lambda masked: tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(target, masked))


def _predictions(outputs: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """bool `[R]`: whether the target is predicted; for K = 1, the side of 0."""
    return outputs[:, 0] > 0 if outputs.shape[-1] == 1 else tf.argmax(outputs, -1) == target


def _edge_sets(graph: GraphTensor, wanted: Sequence[str] | None) -> list[str]:
    possible = [name for name in graph.edge_sets if get_aux_type_prefix(name) is None]
    if wanted is None:
        return possible
    if wrong := [name for name in wanted if name not in possible]:
        raise ValueError(f"{_WHO}: edge_sets has {wrong}, but the graph has the edge sets {possible}.")
    return list(wanted)


def _feature_keys(graph: GraphTensor, wanted: Sequence[FeatureKey] | None) -> list[FeatureKey]:
    possible = [k for k, v in float_features(graph).items() if k[0] == "nodes" and isinstance(v, tf.Tensor)]
    if wanted is None:
        return possible
    if wrong := [key for key in wanted if tuple(key) not in possible]:
        raise ValueError(f"{_WHO}: cannot mask {wrong}: no such dense node feature of floats. There are {possible}.")
    return [(key[0], key[1], key[2]) for key in wanted]
