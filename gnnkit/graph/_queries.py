"""Questions about graphs: which kind, scalar or batched, homogeneous, auxiliary sets."""

import re
from typing import Any

from gnnkit.graph._graph_tensor import GraphTensor, GraphTensorSpec

_AUX_PREFIX = re.compile(r"[_#!%.^~][A-Za-z0-9_]*")


def is_graph_tensor(value: Any) -> bool:
    """Whether `value` is a GraphTensor (symbolic ones too)."""
    return isinstance(value, GraphTensor)


def get_aux_type_prefix(set_name: str) -> str | None:
    """The prefix that marks an auxiliary node or edge set, None for an ordinary one.

    >>> import gnnkit
    >>> gnnkit.get_aux_type_prefix("_readout:train/source"), gnnkit.get_aux_type_prefix("author")
    ('_readout', None)
    """
    match = _AUX_PREFIX.match(set_name)
    return match.group() if match else None


def check_scalar_graph_tensor(graph: GraphTensor | GraphTensorSpec, name: str = "This operation") -> None:
    """ValueError unless `graph` is a scalar graph (rank 0)."""
    if graph.rank != 0:
        raise ValueError(
            f"{name} needs a scalar GraphTensor (rank 0), but got one of rank {graph.rank}, shape {graph.shape}. "
            "Call graph.merge_batch_to_components() first: dataset.map(lambda g: g.merge_batch_to_components())."
        )


def get_homogeneous_node_and_edge_set_name(
    graph: GraphTensor | GraphTensorSpec, name: str = "This operation"
) -> tuple[str, str]:
    """The names of the only node set and the only edge set, auxiliary ones aside. ValueError if there are more."""
    nodes = [k for k in graph._node_sets if get_aux_type_prefix(k) is None]
    edges = [k for k in graph._edge_sets if get_aux_type_prefix(k) is None]
    if len(nodes) != 1 or len(edges) != 1:
        raise ValueError(
            f"{name} needs a homogeneous graph with one node set and one edge set (auxiliary sets aside), "
            f"but got node sets {nodes} and edge sets {edges}. Name the sets explicitly instead."
        )
    return nodes[0], edges[0]


def check_homogeneous_graph_tensor(graph: GraphTensor | GraphTensorSpec, name: str = "This operation") -> None:
    """ValueError unless `graph` has one node set and one edge set (auxiliary sets aside)."""
    get_homogeneous_node_and_edge_set_name(graph, name)
