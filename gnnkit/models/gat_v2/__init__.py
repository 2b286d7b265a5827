"""GATv2: graph attention networks with dynamic attention."""

from gnnkit.models.gat_v2._conv import GATv2Conv as GATv2Conv
from gnnkit.models.gat_v2._conv import GATv2EdgePool as GATv2EdgePool
from gnnkit.models.gat_v2._graph_update import GATv2GraphUpdate as GATv2GraphUpdate
from gnnkit.models.gat_v2._graph_update import GATv2HomGraphUpdate as GATv2HomGraphUpdate
from gnnkit.models.gat_v2._graph_update import GATv2MPNNGraphUpdate as GATv2MPNNGraphUpdate
from gnnkit.models.gat_v2._graph_update import graph_update_from_config_dict as graph_update_from_config_dict
from gnnkit.models.gat_v2._graph_update import graph_update_get_config_dict as graph_update_get_config_dict
