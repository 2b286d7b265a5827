"""VanillaMPNN: the classic message passing neural network on heterogeneous graphs."""

from gnnkit.models.vanilla_mpnn._graph_update import VanillaMPNNGraphUpdate as VanillaMPNNGraphUpdate
from gnnkit.models.vanilla_mpnn._graph_update import graph_update_from_config_dict as graph_update_from_config_dict
from gnnkit.models.vanilla_mpnn._graph_update import graph_update_get_config_dict as graph_update_get_config_dict
