"""The result of an explanation."""

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from gnnkit.attribution._features import FeatureKey, all_features
from gnnkit.graph import GraphTensor


@dataclasses.dataclass(frozen=True, kw_only=True)
class Attributions:
    """How much each feature adds to the scores, R predictions in C components.

    graph: the graph that was explained, with the attributions for features, in the shapes of the features.
    scores: `[R]`, what the model says for the explained class. baseline_scores: the same at the baseline.
    gap: what the attributions fail to explain: their sum minus the change of the score, per component `[C]`, or `[1]`
        in all where predictions cannot be told apart by component. 0 up to the error of the numerical integral.
    """

    graph: GraphTensor
    scores: tf.Tensor
    baseline_scores: tf.Tensor
    gap: tf.Tensor

    @property
    def features(self) -> dict[FeatureKey, Any]:
        """The attributions by ("context", None, feature), ("nodes", set, feature) or ("edges", set, feature)."""
        return all_features(self.graph)

    @property
    def completeness_error(self) -> float:
        """The gaps' share in the changes of the scores: below 0.01 is good; more `steps` make it smaller."""
        change = float(np.sum(np.abs(self.scores.numpy() - self.baseline_scores.numpy())))
        gap = float(np.sum(np.abs(self.gap.numpy())))
        return gap / change if change > 0 else gap
