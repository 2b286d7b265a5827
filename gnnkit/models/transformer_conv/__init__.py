"""TransformerConv: the graph transformer of UniMP."""

from gnnkit.models.transformer_conv._conv import TransformerConv as TransformerConv
from gnnkit.models.transformer_conv._graph_update import TransformerConvHomGraphUpdate as TransformerConvHomGraphUpdate
from gnnkit.models.transformer_conv._graph_update import (
    TransformerConvMPNNGraphUpdate as TransformerConvMPNNGraphUpdate,
)
from gnnkit.models.transformer_conv._graph_update import graph_update_from_config_dict as graph_update_from_config_dict
from gnnkit.models.transformer_conv._graph_update import graph_update_get_config_dict as graph_update_get_config_dict
