"""The first node of each component: where samplers put the root."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from gnnkit.graph import GraphTensor, _field, check_scalar_graph_tensor
from gnnkit.graph._symbolic import graph_function
from gnnkit.ops import _known, _primitives
from gnnkit.ops._resolve import get_node_set, resolve_value


@graph_function
def gather_first_node(
    graph_tensor: GraphTensor, node_set_name: str, *, feature_value: Any = None, feature_name: str | None = None
) -> Any:
    """The value of the first node of each component: `[V, ...]` to `[C, ...]`.

    feature_value: `[V, ...]`, or feature_name: a feature of the node set. Exactly one.
    InvalidArgumentError: a component without a node in the set.
    """
    fn = "gather_first_node"
    check_scalar_graph_tensor(graph_tensor, fn)
    node_set = get_node_set(graph_tensor, fn, node_set_name)
    value = resolve_value(node_set, f"node set {node_set_name!r}", fn, feature_value, feature_name)
    return _primitives.gather(value, first_node_index(node_set, node_set_name), few=True)


def first_node_index(node_set: Any, node_set_name: str) -> Any:
    """The index of the first node of each component: int `[C]`."""
    sizes = node_set.sizes
    message = f"gather_first_node: node set {node_set_name!r} has a component without nodes"
    counts = _field.to_numpy(sizes)
    if counts is not None:
        if not counts.all():
            raise tf.errors.InvalidArgumentError(None, None, f"{message}; its sizes are {counts.tolist()}.")
        dtype = _field.dtype_of(sizes)
        return _known.remembered(sizes, "first", lambda: _field.constant(np.cumsum(counts) - counts, dtype))
    if not _primitives.is_tf(sizes):
        return keras.ops.cumsum(sizes) - sizes
    with tf.control_dependencies([tf.debugging.assert_positive(sizes, message=message)]):
        return tf.cumsum(sizes, exclusive=True)
