"""R-GCN: relational graph convolutional networks."""

from gnnkit.models.rgcn._conv import RGCNConv as RGCNConv
from gnnkit.models.rgcn._graph_update import RGCNGraphUpdate as RGCNGraphUpdate
from gnnkit.models.rgcn._node_set_update import RGCNNodeSetUpdate as RGCNNodeSetUpdate
