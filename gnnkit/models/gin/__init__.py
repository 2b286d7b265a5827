"""GIN: graph isomorphism networks."""

from gnnkit.models.gin._conv import GINConv as GINConv
from gnnkit.models.gin._graph_update import GINHomGraphUpdate as GINHomGraphUpdate
