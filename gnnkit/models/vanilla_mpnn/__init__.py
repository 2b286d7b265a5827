"""VanillaMPNN: the classic message passing neural network on heterogeneous graphs."""

from gnnkit.models.vanilla_mpnn._graph_update import VanillaMPNNGraphUpdate as VanillaMPNNGraphUpdate
