"""The features of a graph as plain Python values."""

from typing import Any

import numpy as np
import tensorflow as tf

from gnnkit._names import CONTEXT
from gnnkit.graph import _field
from gnnkit.graph._graph_tensor import GraphTensor


def graph_tensor_to_values(graph: GraphTensor) -> dict[str, Any]:
    """The features of a graph as nested lists, for printing: `{"context": {feature: list}, "node_sets": {set: ...}}`.

    graph: eager, of any rank. Sizes and indices are left out, as in TF-GNN.

    Strings become str, or stay bytes where they are no UTF-8.

    >>> import gnnkit
    >>> graph = gnnkit.homogeneous([0], [1], node_features={"name": ["x", "y"]}, edge_features={"w": [0.5]})
    >>> gnnkit.graph_tensor_to_values(graph)
    {'context': {}, 'node_sets': {'nodes': {'name': ['x', 'y']}}, 'edge_sets': {'edges': {'w': [0.5]}}}
    """
    if not isinstance(graph, GraphTensor):
        raise TypeError(f"graph_tensor_to_values takes a GraphTensor, but got {type(graph).__name__}.")
    return {
        CONTEXT: _values(graph.context),
        "node_sets": {name: _values(piece) for name, piece in graph.node_sets.items()},
        "edge_sets": {name: _values(piece) for name, piece in graph.edge_sets.items()},
    }


def _values(piece: Any) -> dict[str, Any]:
    return {name: _list(name, field) for name, field in piece.features.items()}


def _list(name: str, field: Any) -> Any:
    field = _field.to_tf(field)
    if not hasattr(field.flat_values if isinstance(field, tf.RaggedTensor) else field, "numpy"):
        raise ValueError(
            f"graph_tensor_to_values needs values, but feature {name!r} is the symbolic {field!r}. "
            "Call it eagerly, not inside tf.function or Dataset.map."
        )
    if field.dtype.is_floating:  # NumPy would make lists of bfloat16 objects.
        field = tf.cast(field, tf.float64)
    values = field.to_list() if isinstance(field, tf.RaggedTensor) else np.asarray(field.numpy()).tolist()
    return _decoded(values) if field.dtype == tf.string else values


def _decoded(values: Any) -> Any:
    if isinstance(values, list):
        return [_decoded(value) for value in values]
    try:
        return values.decode()
    except UnicodeDecodeError:
        return values
