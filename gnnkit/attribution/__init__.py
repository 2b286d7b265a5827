"""Explanations: what a prediction rests on: which features, nodes and edges."""

from gnnkit.attribution._attention import attention as attention
from gnnkit.attribution._attributions import Attributions as Attributions
from gnnkit.attribution._gnn_explainer import gnn_explainer as gnn_explainer
from gnnkit.attribution._integrated_gradients import integrated_gradients as integrated_gradients
from gnnkit.attribution._items import EdgeScore as EdgeScore
from gnnkit.attribution._items import NodeScore as NodeScore
from gnnkit.attribution._items import top_edges as top_edges
from gnnkit.attribution._items import top_nodes as top_nodes
from gnnkit.attribution._mask_explanation import MaskExplanation as MaskExplanation
from gnnkit.attribution._summary import FeatureScore as FeatureScore
from gnnkit.attribution._summary import top_features as top_features
