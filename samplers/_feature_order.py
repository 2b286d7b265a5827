"""Edges of each node ordered by a feature, and trees of their weights: made once for a store and kept with it."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gnnkit.samplers._jit import jit
from gnnkit.samplers._tables import RaggedColumn

if TYPE_CHECKING:
    from gnnkit.samplers._store import GraphStore

_kept: weakref.WeakKeyDictionary[Any, dict[Any, np.ndarray]] = weakref.WeakKeyDictionary()
_lock = threading.RLock()


def sortable(values: np.ndarray) -> np.ndarray:
    """Numbers as int64 of the same order. Floats: the bits, those of negative numbers turned around."""
    if values.dtype.kind in "iub":
        return values.astype(np.int64)
    bits = (values.astype(np.float64) + 0.0).view(np.int64)  # + 0.0: -0.0 equals 0.0.
    return np.where(bits < 0, bits ^ np.int64(2**63 - 1), bits)


def edge_numbers(store: GraphStore, edge_set: str, feature: str, what: str) -> np.ndarray:
    """A feature of an edge set that has one finite number for each edge. what: how errors call its use."""
    features = store.edge_features(edge_set)
    where = f"{what}: feature {feature!r} of edge set {edge_set!r}"
    if feature not in features:
        raise ValueError(f"{where} does not exist; there are {sorted(features) or 'none'}.")
    column = features[feature]
    if isinstance(column, RaggedColumn) or column.ndim != 1 or column.dtype.kind in "OSUmM" or column.dtype == object:
        raise ValueError(f"{where} must be one number for each edge; it is {describe(column)}.")
    if column.dtype.kind not in "iub":
        column = column.astype(np.float64)
        if not np.isfinite(column).all():
            row = int(np.flatnonzero(~np.isfinite(column))[0])
            raise ValueError(f"{where} is {column[row]} in row {row}. Replace it, or remove the edge.")
    elif column.dtype == np.uint64 and column.size and column.max() > 2**63 - 1:
        raise ValueError(f"{where} has numbers above 2**63 - 1.")
    return column


def describe(column: Any) -> str:
    """Type and shape of a column, for errors."""
    if isinstance(column, RaggedColumn):
        return f"ragged {column.values.dtype}"
    return f"{'text' if column.dtype.kind in 'OSU' else column.dtype} of shape {list(column.shape)}"


def edge_order(store: GraphStore, edge_set: str, feature: str, what: str) -> tuple[np.ndarray, np.ndarray]:
    """(order, keys), int32 and int64 `[E]`: for each node its edges' positions by ascending feature, and the features.

    Among equals the canonical order is turned around, so that whoever reads from the end meets it as it is.
    """

    def make() -> np.ndarray:
        values = sortable(_canonical(store, edge_set, edge_numbers(store, edge_set, feature, what)))
        ranked = len(values) - 1 - np.argsort(values[::-1], kind="stable")
        order, keys = np.empty(len(values), np.int32), np.empty(len(values), np.int64)
        splits = store.row_splits(edge_set)
        rows = np.repeat(np.arange(len(splits) - 1), np.diff(splits))
        _group(ranked, rows, splits, values, order, keys)
        _keep(store, ("keys", edge_set, feature), keys)
        return order

    with _lock:
        order = _get(store, ("order", edge_set, feature), make)
        return order, _kept[store]["keys", edge_set, feature]


def edge_tree(
    store: GraphStore, edge_set: str, weight: str, time: str | None, maximum: bool, what: str
) -> tuple[np.ndarray, np.ndarray]:
    """(weights, tree), float64 `[E]`: for each node its edges' weights, canonical or in order of time, and their tree.

    Raises ValueError for weights that are no weights.
    """

    def make() -> np.ndarray:
        from gnnkit.samplers._tree import build_trees

        weights = edge_numbers(store, edge_set, weight, what).astype(np.float64)
        if not maximum and weights.size and weights.min() < 0:
            row = int(np.flatnonzero(weights < 0)[0])
            raise ValueError(
                f"{what}: feature {weight!r} of edge set {edge_set!r} is {weights[row]} in row {row}. "
                "Weights must be 0 (never drawn) or more."
            )
        weights = _canonical(store, edge_set, weights)
        splits = store.row_splits(edge_set)
        if time is not None:
            order, _ = edge_order(store, edge_set, time, what)
            weights = weights[order + np.repeat(splits[:-1], np.diff(splits))]
        tree = np.zeros(len(weights), np.float64)
        build_trees(np.ascontiguousarray(splits), weights, tree, maximum)
        if not np.isfinite(tree).all():
            raise ValueError(
                f"{what}: feature {weight!r} of edge set {edge_set!r} adds up to more than a float64 holds."
            )
        _keep(store, ("weights", edge_set, weight, time), weights)
        return tree

    with _lock:
        tree = _get(store, ("maxima" if maximum else "sums", edge_set, weight, time), make)
        return _kept[store]["weights", edge_set, weight, time], tree


def laid_out(
    store: GraphStore, kind: str, parts: Sequence[tuple[Any, np.ndarray]], dtype: Any
) -> tuple[Any, list[int]]:
    """Arrays, each with a key, one after another, and where each begins; made once for a store."""
    starts = np.concatenate([[0], np.cumsum([len(array) for _, array in parts])]).astype(np.int64)[:-1].tolist()
    if len(parts) == 1:
        return parts[0][1], starts

    def make() -> np.ndarray:
        return np.concatenate([np.empty(0, dtype), *(array for _, array in parts)])

    with _lock:
        return _get(store, (kind, *(key for key, _ in parts)), make), starts


def cutoffs(values: Any) -> np.ndarray:
    """Cut-off times `[N]` as int64 `[2, N]`, comparable with keys of whole numbers and with keys of floats."""
    values = np.asarray(values)
    floats = sortable(values.astype(np.float64))
    if values.dtype.kind in "iub":
        return np.stack([values.astype(np.int64), floats])
    # The largest whole number at most the cut-off; float64 cannot hold 2**63 - 1.
    whole = np.clip(np.floor(values.astype(np.float64)), -(2.0**63), 2.0**63)
    large = whole >= 2.0**63
    return np.stack([np.where(large, np.int64(2**63 - 1), np.where(large, 0, whole).astype(np.int64)), floats])


def no_cutoffs(count: int) -> np.ndarray:
    """Cut-offs that leave everything in."""
    return np.full((2, count), 2**63 - 1, np.int64)


def _canonical(store: GraphStore, edge_set: str, column: np.ndarray) -> np.ndarray:
    number = store.edge_number(edge_set)
    return column[store.rows[store.edge_starts[number] : store.edge_starts[number + 1]]]


def _keep(store: GraphStore, key: Any, value: np.ndarray) -> np.ndarray:
    return _kept.setdefault(store, {}).setdefault(key, value)


def _get(store: GraphStore, key: Any, make: Callable[[], np.ndarray]) -> np.ndarray:
    known = _kept.get(store, {})
    return known[key] if key in known else _keep(store, key, make())


@jit
def _group(ranked, rows, splits, values, order, keys):
    cursor = splits[:-1].copy()
    for place in ranked:
        row = rows[place]
        order[cursor[row]] = place - splits[row]
        keys[cursor[row]] = values[place]
        cursor[row] += 1
