"""The result of an explanation by masks."""

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from gnnkit.attribution._features import FeatureKey, all_features
from gnnkit.graph import GraphTensor

MASK = "mask"


@dataclasses.dataclass(frozen=True, kw_only=True)
class MaskExplanation:
    """Which edges and features the scores need, R predictions in C components.

    graph: the graph that was explained, with masks in [0, 1] for features: the feature `mask`, `[E]`, of edge sets, and
        the masks of node features in the shapes of the features, alike for all nodes of a component.
    scores: `[R]`, what the model says for the explained class. masked_scores: the same under the masks.
    kept: bool `[R]`, whether the model still predicts that class under the masks; for K = 1, a score of the same sign.
    losses: `[epochs]`, what was minimised.
    """

    graph: GraphTensor
    scores: tf.Tensor
    masked_scores: tf.Tensor
    kept: tf.Tensor
    losses: np.ndarray

    @property
    def features(self) -> dict[FeatureKey, Any]:
        """The masks by ("nodes", set, feature) or ("edges", set, "mask")."""
        return all_features(self.graph)

    @property
    def share_kept(self) -> float:
        """The share of the predictions that stay the same under the masks: if it is low, the masks explain little."""
        return float(np.mean(self.kept.numpy()))
