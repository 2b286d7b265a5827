"""The scale of degrees in a graph."""

import numpy as np

from gnnkit.graph import GraphTensor
from gnnkit.ops import node_degree


def mean_log_degree(graph_tensor: GraphTensor, edge_set_name: str, node_tag: int) -> float:
    """The mean of `log(d_v + 1)` over the nodes v at the end `node_tag` of an edge set: what `PNAConv` scales by.

    To be taken from the training data.

    >>> import gnnkit, numpy as np
    >>> graph = gnnkit.homogeneous([0, 1], [1, 0], node_features=np.ones([2, 1], "float32"))
    >>> round(gnnkit.models.pna.mean_log_degree(graph, "edges", gnnkit.TARGET), 4)
    0.6931
    """
    degrees = np.asarray(node_degree(graph_tensor, edge_set_name, node_tag))
    return float(np.mean(np.log(degrees + 1.0)))
