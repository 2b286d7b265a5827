"""Graphs to tf.train.Examples."""

from typing import Any

import numpy as np
import tensorflow as tf

from gnnkit.graph import GraphTensor
from gnnkit.io._wire import Wire, wires


def write_example(graph: GraphTensor, prefix: str | None = None) -> tf.train.Example:
    """Stores a graph as a tf.train.Example, which `parse_example` reads back.

    graph: scalar and eager, with any number of components.
    prefix: put before each key as it is.

    float64 loses precision (the format has float32 only); the bits of uint64 are kept. Hyperedges are stored under
    `#index.<tag>`, which TF-GNN does not know.

    ValueError: a batch of graphs, or symbolic tensors. TypeError: a dtype that cannot be stored.
    """
    if not isinstance(graph, GraphTensor):
        raise TypeError(f"write_example takes a GraphTensor, but got {type(graph).__name__}.")
    if graph.rank != 0:
        raise ValueError(
            f"write_example needs a scalar GraphTensor (rank 0), but got rank {graph.rank}, shape {graph.shape}. "
            "Write the graphs one by one (dataset.unbatch()), or call merge_batch_to_components() first."
        )
    example = tf.train.Example()
    for wire, value in zip(wires(graph.spec, prefix), graph._fields()[1:], strict=True):
        if isinstance(value, tf.RaggedTensor):
            for axis in wire.ragged_axes:
                lengths = value
                for _ in range(axis - 1):
                    lengths = lengths.values
                _put(example, wire.lengths_key(axis), _numpy(lengths.row_lengths(), wire))
            value = value.flat_values
        _put(example, wire.key, _numpy(value, wire))
    return example


def _numpy(value: Any, wire: Wire) -> np.ndarray:
    if isinstance(value, np.ndarray):
        return value
    if not isinstance(value, tf.Variable) and (not tf.is_tensor(value) or not hasattr(value, "numpy")):
        raise ValueError(
            f"{wire.what}: write_example needs values, but got the symbolic {value!r}. "
            "Call it eagerly, not inside tf.function or Dataset.map."
        )
    return np.asarray(value.numpy())


def _put(example: Any, key: str, values: np.ndarray) -> None:
    feature, flat = example.features.feature[key], values.reshape(-1)
    if values.dtype.kind in "OSU":
        feature.bytes_list.value.extend(v.encode() if isinstance(v, str) else bytes(v) for v in flat.tolist())
    elif values.dtype.kind in "biu":
        flat = flat.view(np.int64) if values.dtype == np.uint64 else flat.astype(np.int64)
        feature.int64_list.value.extend(flat.tolist())
    else:  # bfloat16 is of kind "V".
        feature.float_list.value.extend(flat.astype(np.float32).tolist())
