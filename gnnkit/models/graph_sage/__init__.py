"""GraphSAGE: sampling and aggregating neighbours."""

from gnnkit.models.graph_sage._conv import GraphSAGEAggregatorConv as GraphSAGEAggregatorConv
from gnnkit.models.graph_sage._conv import GraphSAGEPoolingConv as GraphSAGEPoolingConv
from gnnkit.models.graph_sage._gcn import GCNGraphSAGENodeSetUpdate as GCNGraphSAGENodeSetUpdate
from gnnkit.models.graph_sage._graph_update import GraphSAGEGraphUpdate as GraphSAGEGraphUpdate
from gnnkit.models.graph_sage._next_state import GraphSAGENextState as GraphSAGENextState
