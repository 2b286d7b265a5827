"""APPNP: propagation of predictions by personalised PageRank."""

from gnnkit.models.appnp._conv import APPNPConv as APPNPConv
from gnnkit.models.appnp._graph_update import APPNPHomGraphUpdate as APPNPHomGraphUpdate
