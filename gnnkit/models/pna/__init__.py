"""PNA: principal neighbourhood aggregation."""

from gnnkit.models.pna._conv import PNAConv as PNAConv
from gnnkit.models.pna._graph_update import PNAHomGraphUpdate as PNAHomGraphUpdate
from gnnkit.models.pna._mean_log_degree import mean_log_degree as mean_log_degree
