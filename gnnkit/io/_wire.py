"""How each field of a graph lies in a tf.train.Example: keys, kinds of lists, row lengths."""

import dataclasses
import math
from typing import Any

import tensorflow as tf

from gnnkit._names import CONTEXT, EDGES, NODES, SIZE_NAME, SOURCE, SOURCE_NAME, TARGET, TARGET_NAME
from gnnkit.graph import AdjacencySpec, GraphTensorSpec
from gnnkit.io._validate import describe_feature, describe_set


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wire:
    """One field: `role` is "sizes", "index" or "feature"; `node_set` is what an index points into."""

    what: str
    key: str
    spec: Any
    role: str
    set_type: str
    set_name: str
    node_set: str = ""

    @property
    def is_fixed(self) -> bool:
        """Whether the number of values is known beforehand."""
        return isinstance(self.spec, tf.TensorSpec) and self.spec.shape.is_fully_defined()

    @property
    def ragged_rank(self) -> int:
        return self.spec.ragged_rank if isinstance(self.spec, tf.RaggedTensorSpec) else 0

    @property
    def shape(self) -> list[int | None]:
        return self.spec.shape.as_list()

    @property
    def num_items(self) -> int:
        """The number of items of a field that `is_fixed`."""
        return self.spec.shape.as_list()[0]

    @property
    def fixed_size(self) -> int:
        """The number of values of a field that `is_fixed`."""
        return self.spec.shape.num_elements()

    @property
    def inner_shape(self) -> list[int]:
        """The dense dimensions of one innermost row: all static."""
        return self.spec.shape[self.ragged_rank + 1 :].as_list()

    @property
    def inner_size(self) -> int:
        return math.prod(self.inner_shape)

    @property
    def ragged_axes(self) -> list[int]:
        """Axes whose row lengths are stored, outermost first."""
        return [axis for axis in range(1, self.ragged_rank + 1) if self.shape[axis] is None]

    def lengths_key(self, axis: int) -> str:
        return f"{self.key}.d{axis}"

    @property
    def dtype(self) -> tf.DType:
        """`tf.int64`, `tf.float32` or `tf.string`: the list of the tf.train.Feature."""
        return wire_dtype(self.spec.dtype, self.what)


def is_supported(dtype: tf.DType) -> bool:
    return dtype in (tf.string, tf.bool) or dtype.is_integer or dtype.is_floating


def wire_dtype(dtype: tf.DType, what: str) -> tf.DType:
    """The dtype that a tf.train.Example stores for values of `dtype`."""
    if dtype == tf.string:
        return tf.string
    if dtype.is_floating:
        return tf.float32
    if dtype == tf.bool or dtype.is_integer:
        return tf.int64
    raise TypeError(
        f"{what} has dtype {dtype.name}, which a tf.train.Example cannot store. "
        "Supported are string, bool, integers and real floating-point numbers."
    )


def wires(spec: GraphTensorSpec, prefix: str | None) -> list[Wire]:
    """One `Wire` for each of `spec._fields()` but the first, the sizes of the context."""
    if not isinstance(spec, GraphTensorSpec):
        raise TypeError(f"spec must be a GraphTensorSpec, but got {type(spec).__name__}.")
    if spec.rank != 0:
        raise ValueError(
            f"A tf.train.Example stores one scalar graph, but the spec has rank {spec.rank}, shape {spec.shape}. "
            "Pass the spec of one graph, before batching."
        )
    prefix = prefix or ""
    found = [
        Wire(
            what=describe_feature(CONTEXT, "", name),
            key=f"{prefix}{CONTEXT}/{name}",
            spec=field,
            role="feature",
            set_type=CONTEXT,
            set_name="",
        )
        for name, field in spec.context_spec.features_spec.items()
    ]
    for set_type, pieces in ((NODES, spec.node_sets_spec), (EDGES, spec.edge_sets_spec)):
        for set_name, piece in pieces.items():
            found += _set_wires(set_type, set_name, piece, f"{prefix}{set_type}/{set_name}.")
    for wire in found:
        _check(wire)
    return found


def _set_wires(set_type: str, set_name: str, piece: Any, path: str) -> list[Wire]:
    common = {"set_type": set_type, "set_name": set_name}
    what = describe_set(set_type, set_name)
    found = [Wire(what=f"{what}, {SIZE_NAME}", key=path + SIZE_NAME, spec=piece.sizes_spec, role="sizes", **common)]
    if set_type == EDGES:
        adjacency = piece.adjacency_spec
        for tag in adjacency.tags:
            name = index_name(tag, isinstance(adjacency, AdjacencySpec))
            found.append(
                Wire(
                    what=f"{what}, {name}",
                    key=path + name,
                    spec=adjacency[tag],
                    role="index",
                    node_set=adjacency.node_set_name(tag),
                    **common,
                )
            )
    taken = {wire.key for wire in found}
    for name, field in piece.features_spec.items():
        where = describe_feature(set_type, set_name, name)
        if path + name in taken:
            raise ValueError(f"{where}: tf.Examples store something else under this name. Rename the feature.")
        found.append(Wire(what=where, key=path + name, spec=field, role="feature", **common))
    return found


def index_name(tag: int, two_ends: bool) -> str:
    """The last part of the key of indices. TF-GNN does not store hyperedges; `#index.{tag}` is gnnkit's addition."""
    return {SOURCE: SOURCE_NAME, TARGET: TARGET_NAME}[tag] if two_ends else f"#index.{tag}"


def _check(wire: Wire) -> None:
    wire_dtype(wire.spec.dtype, wire.what)
    if wire.spec.shape.rank is None or None in wire.inner_shape:
        raise ValueError(
            f"{wire.what}: only the first dimension of a dense field may be unknown, but its shape is "
            f"{wire.spec.shape}. Use a tf.RaggedTensorSpec, or give the inner dimensions."
        )
    if wire.ragged_rank and 0 in wire.shape[1:]:
        raise ValueError(
            f"{wire.what}: the shape {wire.spec.shape} has both a ragged dimension and one of size 0; a tf.train.Example "
            "could not tell how many rows there are. Leave the feature out, or give it another size."
        )
