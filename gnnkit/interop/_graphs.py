"""What the converters ask of a GraphTensor."""

from typing import Any

import numpy as np
import tensorflow as tf

from gnnkit.graph import Adjacency, GraphTensor, _field, check_scalar_graph_tensor
from gnnkit.interop._rows import Rows


def check_values(graph: Any, name: str) -> None:
    """TypeError unless `graph` is a GraphTensor; ValueError unless it is scalar, eager and has plain edges."""
    if not isinstance(graph, GraphTensor):
        raise TypeError(f"{name} takes a GraphTensor, but got {type(graph).__name__}.")
    check_scalar_graph_tensor(graph, name)
    sizes = graph.context.sizes
    if _field.is_symbolic(sizes) or tf.is_symbolic_tensor(sizes):
        raise ValueError(f"{name} needs values, but got a symbolic graph. Call it outside of tf.function and models.")
    for edge_set_name, edge_set in graph.edge_sets.items():
        if not isinstance(edge_set.adjacency, Adjacency):
            raise ValueError(
                f"{name}: edge set {edge_set_name!r} has a {type(edge_set.adjacency).__name__}; only edges with one "
                "source and one target (Adjacency) can be converted. Leave the set out of the graph."
            )


def component_of(piece: Any) -> np.ndarray:
    """int64 `[N]`: the component of each item of a node set or edge set."""
    sizes = np.asarray(piece.sizes)
    return np.repeat(np.arange(len(sizes)), sizes)


def to_field(rows: Rows, row_splits_dtype: tf.DType = tf.int64) -> Any:
    """The rows as a tensor `[N, ...]`, or a ragged one."""
    field = tf.constant(rows.values, tf.string) if rows.values.dtype == object else tf.convert_to_tensor(rows.values)
    for lengths in reversed(rows.lengths):
        if isinstance(lengths, int):
            field = tf.RaggedTensor.from_uniform_row_length(field, tf.constant(lengths, row_splits_dtype))
        else:
            field = tf.RaggedTensor.from_row_lengths(field, tf.constant(lengths, row_splits_dtype), validate=False)
    return field
