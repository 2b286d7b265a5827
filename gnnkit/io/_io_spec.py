"""The parsing spec of a graph, for use with `tf.io` itself."""

from typing import Any

import tensorflow as tf

from gnnkit.graph import GraphTensorSpec
from gnnkit.io._wire import Wire, wires


def get_io_spec(spec: GraphTensorSpec, prefix: str | None = None, validate: bool = True) -> dict[str, Any]:
    """What `tf.io.parse_example` takes to read graphs of `spec`: key -> `FixedLenFeature` or `RaggedFeature`.

    spec: of a scalar graph.
    prefix: put before each key as it is.
    validate: whether parsing checks that row lengths agree with the number of values.

    ValueError: a spec of rank > 0, or with unknown inner dimensions. TypeError: a dtype that cannot be stored.

    >>> import gnnkit
    >>> schema = gnnkit.parse_schema(
    ...     'node_sets { key: "paper" value { features { key: "year" value { dtype: DT_INT64 } } } }')
    >>> sorted(gnnkit.get_io_spec(gnnkit.create_graph_spec_from_schema_pb(schema)))
    ['nodes/paper.#size', 'nodes/paper.year']
    """
    return {wire.key: _feature(wire, spec.row_splits_dtype, validate) for wire in wires(spec, prefix)}


def fixed_feature(wire: Wire) -> tf.io.FixedLenFeature:
    """Sizes that are absent are zero; other values must be there."""
    default = tf.zeros(wire.spec.shape, tf.int64) if wire.role == "sizes" else None
    return tf.io.FixedLenFeature(wire.spec.shape, wire.dtype, default)


def _feature(wire: Wire, row_splits_dtype: tf.DType, validate: bool) -> Any:
    if wire.is_fixed:
        return fixed_feature(wire)
    partitions = [
        tf.io.RaggedFeature.UniformRowLength(dim) if dim is not None else tf.io.RaggedFeature.RowLengths(key)  # type: ignore[attr-defined]
        for dim, key in ((d, wire.lengths_key(i)) for i, d in enumerate(wire.shape) if i)
    ]
    return tf.io.RaggedFeature(
        wire.dtype,
        value_key=wire.key,
        partitions=partitions,
        row_splits_dtype=row_splits_dtype if wire.ragged_rank else tf.int32,
        validate=validate,
    )
