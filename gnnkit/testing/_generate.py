"""Values and edges for the graphs that `strategies` describes, in NumPy."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from gnnkit._names import SOURCE, TARGET
from gnnkit.schemas import Feature
from gnnkit.testing._description import RaggedValues, SetDescription

DTYPES = {
    "DT_BOOL": np.bool_,
    "DT_DOUBLE": np.float64,
    "DT_FLOAT": np.float32,
    "DT_HALF": np.float16,
    "DT_INT16": np.int16,
    "DT_INT32": np.int32,
    "DT_INT64": np.int64,
    "DT_INT8": np.int8,
    "DT_STRING": np.object_,
    "DT_UINT16": np.uint16,
    "DT_UINT32": np.uint32,
    "DT_UINT64": np.uint64,
    "DT_UINT8": np.uint8,
}
DATA_TYPE: Any = Feature.DESCRIPTOR.fields_by_name["dtype"].enum_type
SHADOW = "_shadow/"
_WORDS = np.array([b"", b"a", b"two words", "né".encode(), b"\xff\x00\n"], object)
_READOUT = re.compile(r"_readout(:\w+)?")


def readout_node_set(edge_set_name: str) -> str | None:
    """`_readout` for `_readout/seed`; None for an edge set that is not for readout."""
    first, slash, _ = edge_set_name.partition("/")
    return first if slash and _READOUT.fullmatch(first) else None


def features_of(rng: np.random.Generator, features: Mapping[str, Any], rows: int) -> dict[str, Any]:
    """One array a `Feature` message, with `rows` items."""
    return {name: _values(rng, features[name], rows) for name in sorted(features)}


def _values(rng: np.random.Generator, feature: Any, rows: int) -> np.ndarray | RaggedValues:
    dtype = DATA_TYPE.values_by_number[feature.dtype].name
    shape = [dim.size for dim in feature.shape.dim]
    ragged_rank = 1 + max((axis for axis, size in enumerate(shape) if size < 0), default=-1)
    if any(size >= 0 for size in shape[:ragged_rank]):
        raise ValueError(f"Ragged dimensions must come first, but the shape of the feature is {shape}.")
    row_lengths = []
    for _ in range(ragged_rank):
        row_lengths.append(rng.integers(0, 4, rows))
        rows = int(row_lengths[-1].sum())
    values = _dense(rng, DTYPES[dtype], (rows, *shape[ragged_rank:]))
    return RaggedValues(values, tuple(row_lengths)) if row_lengths else values


def _dense(rng: np.random.Generator, dtype: Any, shape: tuple[int, ...]) -> np.ndarray:
    if dtype is np.object_:
        return rng.choice(_WORDS, shape)
    if dtype is np.bool_:
        return rng.random(shape) < 0.5
    if issubclass(dtype, np.floating):
        return (rng.integers(-8, 9, shape) / 4).astype(dtype)
    limits = np.iinfo(dtype)
    small = rng.integers(max(limits.min, -4), 5, shape).astype(dtype)
    extreme = rng.choice(np.array([limits.min, limits.max], dtype), shape)
    return np.where(rng.random(shape) < 1 / 16, extreme, small)


def edges(
    rng: np.random.Generator, schema: Any, name: str, sizes: np.ndarray, node_sets: Mapping[str, SetDescription]
) -> SetDescription:
    """`sizes` edges between random nodes of each component."""
    message = schema.edge_sets[name]
    ends = {tag: (end, _indices(rng, node_sets[end].sizes, sizes)) for tag, end in _ends(message)}
    return SetDescription(sizes, features_of(rng, message.features, int(sizes.sum())), ends)


def possible(sizes: Any, ends: Iterable[SetDescription]) -> np.ndarray:
    """`sizes`, but 0 where a component has no node for an end."""
    return np.where(np.all([end.sizes > 0 for end in ends], axis=0), sizes, 0)


def readout_edges(
    rng: np.random.Generator, schema: Any, readout: str, node_sets: Mapping[str, SetDescription]
) -> dict[str, SetDescription]:
    """The edge sets of a readout node set: those of one key together reach each of its nodes once, in order."""
    keys: dict[str, list[str]] = {}
    for name in sorted(schema.edge_sets):
        if readout_node_set(name) == readout:
            keys.setdefault(name.split("/")[1], []).append(name)
    of_node = np.repeat(np.arange(len(node_sets[readout].sizes)), node_sets[readout].sizes)
    found = {}
    for names in keys.values():
        part = rng.integers(0, len(names), len(of_node))
        for i, name in enumerate(names):
            target = np.flatnonzero(part == i)
            sizes = np.bincount(of_node[target], minlength=len(node_sets[readout].sizes))
            message = schema.edge_sets[name]
            source = _indices(rng, node_sets[message.source].sizes, sizes)
            ends = {SOURCE: (message.source, source), TARGET: (readout, target)}
            found[name] = SetDescription(sizes, features_of(rng, message.features, len(target)), ends)
    return found


def _ends(message: Any) -> tuple[tuple[int, str], tuple[int, str]]:
    return (SOURCE, message.source), (TARGET, message.target)


def _indices(rng: np.random.Generator, num_nodes: np.ndarray, num_edges: np.ndarray) -> np.ndarray:
    start, size = np.repeat(np.cumsum(num_nodes) - num_nodes, num_edges), np.repeat(num_nodes, num_edges)
    return start + rng.integers(0, np.maximum(size, 1))
