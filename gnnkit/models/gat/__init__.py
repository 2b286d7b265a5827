"""GAT: graph attention networks, the first version."""

from gnnkit.models.gat._conv import GATConv as GATConv
from gnnkit.models.gat._graph_update import GATHomGraphUpdate as GATHomGraphUpdate
from gnnkit.models.gat._graph_update import GATMPNNGraphUpdate as GATMPNNGraphUpdate
from gnnkit.models.gat._graph_update import graph_update_from_config_dict as graph_update_from_config_dict
from gnnkit.models.gat._graph_update import graph_update_get_config_dict as graph_update_get_config_dict
