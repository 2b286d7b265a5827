"""Small random heterogeneous graphs."""

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from gnnkit._names import HIDDEN_STATE
from gnnkit.graph import Adjacency, Context, EdgeSet, GraphTensor, NodeSet

NODE_SETS = {"author": 3, "paper": 4, "venue": 2}
EDGE_SETS = {
    "cites": ("paper", "paper", 2),
    "is_in": ("paper", "venue", 2),
    "writes": ("author", "paper", 2),
}


def random_graph(
    seed: int = 0,
    *,
    node_sets: Mapping[str, int] | None = None,
    edge_sets: Mapping[str, tuple[str, str, int]] | None = None,
    context_width: int = 3,
    num_components: int = 3,
    min_nodes: int = 0,
    max_nodes: int = 6,
    max_edges: int = 9,
    indices_dtype: tf.DType = tf.int32,
) -> GraphTensor:
    """Makes a scalar graph with `hidden_state` `[num_items, width]` (float32, normal) everywhere.

    seed: the same seed and arguments give the same graph.
    node_sets: name -> width of its states. By default three sets: author, paper, venue.
    edge_sets: name -> (source node set, target node set, width). By default author writes paper, paper cites paper,
        paper is_in venue.
    min_nodes, max_nodes, max_edges: in each set of each component. Edges are drawn with replacement, so there are
        parallel ones and, within one node set, loops; components may lack nodes of a set, and then have no edges there.

    >>> from gnnkit.testing import random_graph
    >>> random_graph(7, num_components=2).node_sets["paper"].sizes.shape
    TensorShape([2])
    """
    node_sets = NODE_SETS if node_sets is None else node_sets
    edge_sets = EDGE_SETS if edge_sets is None else edge_sets
    rng = np.random.default_rng(seed)

    def states(rows: int, width: int) -> dict[str, tf.Tensor]:
        return {HIDDEN_STATE: tf.constant(rng.standard_normal((rows, width)), tf.float32)}

    sizes = {name: rng.integers(min_nodes, max_nodes + 1, num_components) for name in node_sets}
    nodes = {
        name: NodeSet.from_fields(
            features=states(sizes[name].sum(), width), sizes=tf.constant(sizes[name], indices_dtype)
        )
        for name, width in node_sets.items()
    }
    edges = {}
    for name, (source, target, width) in edge_sets.items():
        starts = [np.cumsum(sizes[end]) - sizes[end] for end in (source, target)]
        counts = rng.integers(0, max_edges + 1, num_components) * (sizes[source] > 0) * (sizes[target] > 0)
        ends = [
            np.concatenate([start[i] + rng.integers(0, max(size[i], 1), counts[i]) for i in range(num_components)])
            for start, size in zip(starts, (sizes[source], sizes[target]), strict=True)
        ]
        edges[name] = EdgeSet.from_fields(
            features=states(counts.sum(), width),
            sizes=tf.constant(counts, indices_dtype),
            adjacency=Adjacency.from_indices(
                (source, tf.constant(ends[0], indices_dtype)), (target, tf.constant(ends[1], indices_dtype))
            ),
        )
    context = Context.from_fields(features=states(num_components, context_width), indices_dtype=indices_dtype)
    return GraphTensor.from_pieces(context, nodes, edges)
