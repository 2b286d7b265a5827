"""Tasks for `gnnkit.runner.run` that learn representations without labels."""

from collections.abc import Sequence
from typing import Any, final

import keras

from gnnkit.graph import GraphTensor, get_aux_type_prefix
from gnnkit.graph._field import is_ragged_tensor
from gnnkit.keras.metrics import LogitsAccuracy
from gnnkit.models.contrastive_losses._examples import ops
from gnnkit.models.contrastive_losses._layers import DeepGraphInfomaxLogits, TripletEmbeddingSquaredDistances
from gnnkit.models.contrastive_losses._loss_classes import BarlowTwinsLoss, TripletLoss, VicRegLoss
from gnnkit.models.contrastive_losses._task import ContrastiveLossTask, no_labels, svd_metrics
from gnnkit.models.contrastive_losses._task_metrics import NoLoss, TripletLossMetrics


@final
class DeepGraphInfomaxTask(ContrastiveLossTask):
    """Tells clean from corrupted representations, by `DeepGraphInfomaxLogits`: label 0 is clean, 1 is corrupted.

    Arguments: see `ContrastiveLossTask`.
    Predictions: a dict of `predictions`, logits `[B, 2]`, and `representations`, `[B, 2, D]`, which have
        metrics but no loss.

    Reference: Veličković et al., Deep Graph Infomax, https://arxiv.org/abs/1809.10341 (with the opposite labels).

    >>> task = DeepGraphInfomaxTask("paper", projector_units=[16], seed=1)
    >>> sorted(task.losses())
    ['predictions', 'representations']
    """

    def make_contrastive_layer(self) -> keras.layers.Layer:
        return DeepGraphInfomaxLogits()

    def preprocess(self, inputs: GraphTensor) -> tuple[Sequence[GraphTensor], Any]:
        """The graph and its corruption; labels `[B, 2]` and pseudo-labels `[B, 0]`."""
        graphs, none = super().preprocess(inputs)
        zero = ops.expand_dims(ops.zeros_like(ops.cast(inputs.context.sizes, "int32")), -1)
        return graphs, {"predictions": ops.concatenate([zero, zero + 1], axis=-1), "representations": none}

    def sample_weights(self, inputs: GraphTensor, component_weights: Any) -> Any:
        """The weights of components, `[B]`, for both outputs."""
        return {"predictions": component_weights, "representations": component_weights}

    def _on_top(self, stacked: Any) -> Any:
        logits = super()._on_top(stacked)
        return {
            "predictions": keras.layers.Identity(name="predictions")(logits),
            "representations": keras.layers.Identity(name="representations")(stacked),
        }

    def losses(self) -> Any:
        loss = keras.losses.BinaryCrossentropy(from_logits=True, reduction="mean_with_sample_weight")
        return {"predictions": loss, "representations": NoLoss()}

    def metrics(self) -> Any:
        crossentropy = keras.metrics.BinaryCrossentropy(from_logits=True)
        return {"predictions": [crossentropy, LogitsAccuracy()], "representations": [svd_metrics()]}


@final
class BarlowTwinsTask(ContrastiveLossTask):
    """Representations whose dimensions correlate with themselves in both views, and not with each other.

    lambda_, normalize_batch: see `barlow_twins_loss`.
    Other arguments: see `ContrastiveLossTask`. Predictions: the representations `[B, 2, D]`.

    >>> BarlowTwinsTask("paper", lambda_=0.01).losses().lambda_
    0.01
    """

    def __init__(self, *args: Any, lambda_: float | None = None, normalize_batch: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lambda, self._normalize_batch = lambda_, normalize_batch

    def make_contrastive_layer(self) -> keras.layers.Layer:
        return keras.layers.Identity()

    def losses(self) -> Any:
        return BarlowTwinsLoss(lambda_=self._lambda, normalize_batch=self._normalize_batch)


@final
class VicRegTask(ContrastiveLossTask):
    """Representations that are alike in both views, vary in each dimension, and do not correlate.

    sim_weight, var_weight, cov_weight: see `vicreg_loss`.
    Other arguments: see `ContrastiveLossTask`. Predictions: the representations `[B, 2, D]`.

    >>> VicRegTask("paper", cov_weight=2.0).losses().weights["cov_weight"]
    2.0
    """

    def __init__(
        self, *args: Any, sim_weight: float = 25.0, var_weight: float = 25.0, cov_weight: float = 1.0, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._weights: dict[str, Any] = {"sim_weight": sim_weight, "var_weight": var_weight, "cov_weight": cov_weight}

    def make_contrastive_layer(self) -> keras.layers.Layer:
        return keras.layers.Identity()

    def losses(self) -> Any:
        return VicRegLoss(**self._weights)


@final
class TripletLossTask(ContrastiveLossTask):
    """Representations nearer to a positive example than to its corruption.

    Each feature of each node set holds an anchor and a positive example side by side: `[V, 2, ...]`. The base model sees
    the anchors, the positive examples and the corrupted positive examples, `[V, ...]` each. Auxiliary sets stay as they
    are. With `positive` features have their usual shape, and the positive examples are made from the anchors.

    margin: see `triplet_loss`.
    positive: a light corruption, from graph to graph, such as `DropoutFeatures`.
    Other arguments: see `ContrastiveLossTask`. Predictions: distances `[B, 2]`, to the positive and the corrupted example.
    ValueError: a feature of another shape.

    >>> TripletLossTask("paper", margin=2.0).losses().margin
    2.0
    """

    def __init__(self, *args: Any, margin: float = 1.0, positive: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._margin, self._positive = margin, positive

    def make_contrastive_layer(self) -> keras.layers.Layer:
        return TripletEmbeddingSquaredDistances()

    def preprocess(self, inputs: GraphTensor) -> tuple[Sequence[GraphTensor], Any]:
        """The anchors, the positive and the corrupted positive examples, and pseudo-labels `[B, 0]`."""
        if self._positive is not None:
            anchor, positive = inputs, self._positive(inputs)
        else:
            anchor, positive = _side(inputs, 0), _side(inputs, 1)
        return (anchor, positive, self._corruptor(positive)), no_labels(inputs)

    def losses(self) -> Any:
        return TripletLoss(margin=self._margin)

    def metrics(self) -> Any:
        """Mean distances."""
        return [TripletLossMetrics()]


def _side(graph: GraphTensor, index: int) -> GraphTensor:
    def of(name: str, feature: str, value: Any) -> Any:
        if is_ragged_tensor(value) or len(value.shape) < 2 or value.shape[1] != 2:
            raise ValueError(
                f"TripletLossTask: feature {feature!r} of node set {name!r} must hold anchors and positive examples side "
                f"by side, in shape [nodes, 2, ...], but has shape {list(value.shape)}."
            )
        return value[:, index]

    return graph.replace_features(
        node_sets={
            name: {feature: of(name, feature, value) for feature, value in node_set.features.items()}
            for name, node_set in graph.node_sets.items()
            if get_aux_type_prefix(name) is None
        }
    )
