"""Taking edges out of an edge set."""

from typing import Any

import tensorflow as tf

from gnnkit.graph import EdgeSet, GraphTensor, _field, check_scalar_graph_tensor
from gnnkit.graph._symbolic import graph_function
from gnnkit.ops import _primitives
from gnnkit.ops._checks import check_vector
from gnnkit.ops._resolve import components_of


@graph_function
def mask_edges(
    graph: GraphTensor, edge_set_name: str, boolean_edge_mask: Any, masked_info_edge_set_name: str | None = None
) -> GraphTensor:
    """The graph with only those edges of one set whose mask is True.

    graph: a scalar graph.
    boolean_edge_mask: bool `[E]`.
    masked_info_edge_set_name: a new edge set for the edges taken out, with their features; by default they are dropped.

    ValueError: an unknown edge set, a masked_info_edge_set_name that the graph has already, a mask of another dtype, a
    batched graph, or jax.jit around the call (the number of edges depends on the mask). InvalidArgumentError: a mask
    of another shape.

    >>> import gnnkit
    >>> graph = gnnkit.homogeneous([0, 1, 2], [1, 2, 0], node_features={"x": [10, 20, 30]})
    >>> graph = gnnkit.mask_edges(graph, "edges", [True, False, True], "_removed")
    >>> [edges.adjacency.source.numpy().tolist() for edges in graph.edge_sets.values()]
    [[1], [0, 2]]
    """
    fn = "mask_edges"
    check_scalar_graph_tensor(graph, fn)
    if edge_set_name not in graph.edge_sets:
        raise ValueError(f"{fn}: the graph has no edge set {edge_set_name!r}; it has {list(graph.edge_sets)}.")
    if masked_info_edge_set_name in graph.edge_sets:
        raise ValueError(
            f"{fn}: masked_info_edge_set_name must be a new name, but the graph has an edge set "
            f"{masked_info_edge_set_name!r} already."
        )
    edge_set = graph.edge_sets[edge_set_name]
    keep = _check_mask(boolean_edge_mask, edge_set, edge_set_name)
    edge_sets = {**graph.edge_sets, edge_set_name: _select(edge_set, keep)}
    if masked_info_edge_set_name is not None:
        edge_sets[masked_info_edge_set_name] = _select(edge_set, ~keep)
    return GraphTensor.from_pieces(graph.context, graph.node_sets, edge_sets)


def _check_mask(mask: Any, edge_set: Any, name: str) -> Any:
    what = f"mask_edges: boolean_edge_mask (for edge set {name!r})"
    mask = _field.as_field(mask, what)
    if _field.dtype_of(mask) != tf.bool:
        raise ValueError(f"{what} must be bool, but is {_field.dtype_of(mask).name}. Compare with 0 to make one.")
    return check_vector(mask, edge_set.total_size, what)


def _select(edge_set: Any, keep: Any) -> EdgeSet:
    """The edges whose `keep` is True."""
    rows = _primitives.true_indices(keep)
    components = _primitives.gather(components_of(edge_set), rows)
    return EdgeSet.from_fields(
        sizes=_primitives.segment_count(components, edge_set.total_num_components, edge_set.indices_dtype),
        features={name: _primitives.gather(value, rows) for name, value in edge_set.features.items()},
        adjacency=edge_set.adjacency._map(lambda index: _primitives.gather(index, rows)),
    )
