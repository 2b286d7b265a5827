"""HGT: heterogeneous graph transformers."""

from gnnkit.models.hgt._graph_update import HGTGraphUpdate as HGTGraphUpdate
from gnnkit.models.hgt._graph_update import graph_update_from_config_dict as graph_update_from_config_dict
from gnnkit.models.hgt._graph_update import graph_update_get_config_dict as graph_update_get_config_dict
