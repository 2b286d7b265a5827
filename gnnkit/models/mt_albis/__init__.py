"""MtAlbis: TF-GNN's model template of field-tested choices."""

from gnnkit.models.mt_albis._graph_update import MtAlbisGraphUpdate as MtAlbisGraphUpdate
from gnnkit.models.mt_albis._graph_update import graph_update_from_config_dict as graph_update_from_config_dict
from gnnkit.models.mt_albis._graph_update import graph_update_get_config_dict as graph_update_get_config_dict
