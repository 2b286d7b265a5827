"""Multi-head attention: scaled scalar products of queries and keys, as in Transformers."""

from gnnkit.models.multi_head_attention._conv import MultiHeadAttentionConv as MultiHeadAttentionConv
from gnnkit.models.multi_head_attention._conv import MultiHeadAttentionEdgePool as MultiHeadAttentionEdgePool
from gnnkit.models.multi_head_attention._graph_update import (
    MultiHeadAttentionHomGraphUpdate as MultiHeadAttentionHomGraphUpdate,
)
from gnnkit.models.multi_head_attention._graph_update import (
    MultiHeadAttentionMPNNGraphUpdate as MultiHeadAttentionMPNNGraphUpdate,
)
from gnnkit.models.multi_head_attention._graph_update import (
    graph_update_from_config_dict as graph_update_from_config_dict,
)
from gnnkit.models.multi_head_attention._graph_update import (
    graph_update_get_config_dict as graph_update_get_config_dict,
)
