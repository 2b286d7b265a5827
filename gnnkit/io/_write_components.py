"""A graph of many components, as one serialized tf.train.Example a component."""

from typing import Any

import numpy as np
import tensorflow as tf

from gnnkit._names import CONTEXT
from gnnkit.graph import GraphTensor
from gnnkit.io._wire import Wire, wires
from gnnkit.io._write import _put


def serialize_components(graph: GraphTensor) -> list[bytes]:
    """What `write_example` makes of each component, serialized the same way every time.

    graph: scalar and eager; its ragged features have one ragged dimension.
    """
    found = wires(graph.spec, None)
    fields = [_arrays(field) for field in graph._fields()[1:]]
    # Where the items of each component begin, by set.
    bounds = {(CONTEXT, ""): np.arange(int(graph.num_components) + 1)}
    for wire, (values, _) in zip(found, fields, strict=True):
        if wire.role == "sizes":
            bounds[wire.set_type, wire.set_name] = np.concatenate([[0], np.cumsum(values)])
    nodes = {name: begins for (kind, name), begins in bounds.items() if kind == "nodes"}
    result = []
    for i in range(int(graph.num_components)):
        example = tf.train.Example()
        for wire, (values, splits) in zip(found, fields, strict=True):
            _put_component(example, wire, values, splits, bounds[wire.set_type, wire.set_name], nodes, i)
        result.append(example.SerializeToString(deterministic=True))
    return result


def _arrays(field: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """(values, None), or (values, row splits) of a ragged field."""
    if isinstance(field, tf.RaggedTensor):
        return field.values.numpy(), field.row_splits.numpy()
    return np.asarray(field), None


def _put_component(
    example: Any, wire: Wire, values: np.ndarray, splits: np.ndarray | None, bounds: Any, nodes: Any, i: int
) -> None:
    if wire.role == "sizes":
        _put(example, wire.key, values[i : i + 1])
        return
    begin, end = bounds[i], bounds[i + 1]
    if splits is not None:
        _put(example, wire.lengths_key(1), np.diff(splits[begin : end + 1]))
        begin, end = splits[begin], splits[end]
    part = values[begin:end]
    _put(example, wire.key, part - nodes[wire.node_set][i] if wire.role == "index" else part)
