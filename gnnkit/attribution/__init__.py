"""Explanations: how much each feature of each node, edge or component contributes to a prediction."""

from gnnkit.attribution._attributions import Attributions as Attributions
from gnnkit.attribution._integrated_gradients import integrated_gradients as integrated_gradients
from gnnkit.attribution._summary import FeatureScore as FeatureScore
from gnnkit.attribution._summary import top_features as top_features
