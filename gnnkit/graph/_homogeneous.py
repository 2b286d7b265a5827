"""Graphs with one node set and one edge set, in one call."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from gnnkit._names import HIDDEN_STATE
from gnnkit.graph import _field
from gnnkit.graph._adjacency import Adjacency
from gnnkit.graph._graph_tensor import GraphTensor
from gnnkit.graph._pieces import Context, EdgeSet, NodeSet


def homogeneous(
    source: Any,
    target: Any,
    *,
    node_features: Any = None,
    edge_features: Any = None,
    context_features: Any = None,
    node_set_name: str = "nodes",
    edge_set_name: str = "edges",
    node_set_sizes: Any = None,
    edge_set_sizes: Any = None,
) -> GraphTensor:
    """Makes a graph with one node set and one edge set.

    source, target: int `[E]`, the nodes that each edge joins.
    node_features, edge_features, context_features: name -> field, or one field, stored as `hidden_state`.
    node_set_sizes, edge_set_sizes: int `[C]`; one component by default.

    ValueError: indices that are no vectors, or neither node features nor node set sizes.

    >>> import gnnkit
    >>> graph = gnnkit.homogeneous([0, 1], [1, 2], node_features=[[1.0], [2.0], [3.0]])
    >>> graph.node_sets["nodes"].sizes.numpy().tolist()
    [3]
    """
    source, target = _field.as_index(source, "source"), _field.as_index(target, "target")
    for name, index in (("source", source), ("target", target)):
        shape = _field.shape_of(index)
        if shape is not None and len(shape) != 1:
            raise ValueError(f"homogeneous: {name} must be a vector of node indices [E], but has shape {list(shape)}.")
    dtype = _field.dtype_of(source)
    features = None if node_features is None else _as_features(node_features)
    if node_set_sizes is None:
        if not features:
            raise ValueError(
                "homogeneous: pass node_features or node_set_sizes; without them the nodes cannot be counted."
            )
        node_set_sizes = _one_component(next(iter(features.values())), dtype)
    if edge_set_sizes is None:
        edge_set_sizes = _one_component(source, dtype)
    context = None if context_features is None else Context.from_fields(features=_as_features(context_features))
    nodes = NodeSet.from_fields(features=features, sizes=node_set_sizes)
    edges = EdgeSet.from_fields(
        features=None if edge_features is None else _as_features(edge_features),
        sizes=edge_set_sizes,
        adjacency=Adjacency.from_indices((node_set_name, source), (node_set_name, target)),
    )
    return GraphTensor.from_pieces(context, {node_set_name: nodes}, {edge_set_name: edges})


def _as_features(features: Any) -> dict[str, Any]:
    items = features if isinstance(features, Mapping) else {HIDDEN_STATE: features}
    return {k: _field.as_field(v, f"feature {k!r}") for k, v in items.items()}


def _one_component(field: Any, dtype: tf.DType) -> Any:
    if isinstance(field, tf.RaggedTensor):
        return tf.cast(field.nrows(), dtype)[tf.newaxis]
    static = _field.shape_of(field)
    if static is not None and static[0] is not None:
        return _field.constant([static[0]], dtype)
    return tf.shape(field, out_type=dtype)[:1]
