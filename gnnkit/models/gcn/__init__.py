"""GCN: graph convolutional networks."""

from gnnkit.models.gcn._conv import GCNConv as GCNConv
from gnnkit.models.gcn._graph_update import GCNHomGraphUpdate as GCNHomGraphUpdate
