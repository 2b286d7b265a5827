"""The base of tasks that compare representations of clean and corrupted graphs."""

import abc
from collections.abc import Sequence
from typing import Any

import keras

from gnnkit._names import HIDDEN_STATE
from gnnkit.graph import GraphTensor
from gnnkit.models.contrastive_losses._corruptors import ShuffleFeaturesGlobally
from gnnkit.models.contrastive_losses._svd_metrics import AllSvdMetrics
from gnnkit.ops import gather_first_node


class ContrastiveLossTask(abc.ABC):
    """Trains representations of the first node of each component (B of them) without labels, for `gnnkit.runner.run`.

    A graph and its corruption both go through the base model.

    node_set_name: the node set of the roots.
    feature_name: the feature of the base model's output that is the representation, `[V, D]`.
    representations_layer_name: of the layer that the clean representations leave from; `clean_representations` by default.
    corruptor: a layer from graph to graph; `ShuffleFeaturesGlobally(seed=seed)` by default.
    projector_units: sizes of the layers, each with a relu, between representations and loss; none by default.
    seed: of the default corruptor.

    It has the methods of `gnnkit.runner.Task`, which lies above this package: `run` takes what has them. Padding changes
    nothing: padded components have weight 0 in losses and metrics, take no part in the shuffling of the default corruptor
    and in the summary of `DeepGraphInfomaxTask`. A corruptor of your own sees them.
    ValueError: projector_units that are not positive.
    """

    # For the Runner: a weight of sample_weights belongs to a component.
    has_component_weights = True

    def __init__(
        self,
        node_set_name: str,
        *,
        feature_name: str = HIDDEN_STATE,
        representations_layer_name: str | None = None,
        corruptor: Any = None,
        projector_units: Sequence[int] | None = None,
        seed: int | None = None,
    ) -> None:
        if any(units < 1 for units in projector_units or ()):
            raise ValueError(f"{type(self).__name__}: projector_units must be positive, but are {projector_units!r}.")
        self._node_set_name = node_set_name
        self._feature_name = feature_name
        self._representations_layer_name = representations_layer_name or "clean_representations"
        self._corruptor = ShuffleFeaturesGlobally(seed=seed) if corruptor is None else corruptor
        self._projector_units = tuple(projector_units or ())

    @abc.abstractmethod
    def make_contrastive_layer(self) -> keras.layers.Layer:
        """The layer on top: of projected representations `[B, views, D]`, the clean one first."""

    def preprocess(self, inputs: GraphTensor) -> tuple[Sequence[GraphTensor], Any]:
        """The graph and its corruption, and pseudo-labels `[B, 0]`."""
        return (inputs, self._corruptor(inputs)), no_labels(inputs)

    def sample_weights(self, inputs: GraphTensor, component_weights: Any) -> Any:
        """The weights of components, `[B]`, as they are."""
        return component_weights

    def predict(self, *args: GraphTensor) -> Any:
        """What the layer on top makes of the representations."""
        views = [gather_first_node(graph, self._node_set_name, feature_name=self._feature_name) for graph in args]
        if len(views[0].shape) != 2:
            raise ValueError(
                f"{type(self).__name__} needs representations of shape [nodes, dimensions], but feature "
                f"{self._feature_name!r} of node set {self._node_set_name!r} has shape {list(views[0].shape)}."
            )
        views[0] = keras.layers.Identity(name=self._representations_layer_name)(views[0])
        for units in self._projector_units:
            project = keras.layers.Dense(units, activation="relu")
            views = [project(view) for view in views]
        return self._on_top(keras.ops.stack(views, axis=1))

    def _on_top(self, stacked: Any) -> Any:
        return self.make_contrastive_layer()(stacked)

    @abc.abstractmethod
    def losses(self) -> Any:
        """The losses, in the structure of the predictions."""

    def metrics(self) -> Any:
        """Metrics of the clean representations: see `AllSvdMetrics`."""
        return [svd_metrics()]


def svd_metrics() -> AllSvdMetrics:
    """`AllSvdMetrics` of the first of several views, `[B, views, D]`."""
    return AllSvdMetrics(y_pred_transform_fn=first_view)


@keras.saving.register_keras_serializable("gnnkit")
def first_view(y_pred: Any) -> Any:
    """The clean representations `[B, D]` of `[B, views, D]`."""
    return y_pred[:, 0]


def no_labels(graph: GraphTensor) -> Any:
    """int32 `[B, 0]`."""
    sizes: Any = keras.ops.cast(graph.context.sizes, "int32")
    return sizes[:, None][:, :0]
