"""Features as lists of Python values, one an item, to arrays and back."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from typing import Any, final

import numpy as np

Dims = tuple[int | None, ...]


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Rows:
    """The values of N items in one array.

    values: `[M, ...]`; bytes in an object array where they are texts.
    lengths: from the outermost dimension to the last ragged one, the numbers of values that belong together: int64, or
      one int where it is the same everywhere. Empty for dense values (then M = N).
    """

    values: np.ndarray
    lengths: tuple[np.ndarray | int, ...] = ()


def to_rows(rows: Sequence[Any], what: str, dtype: Any = None, dims: Dims | None = None) -> Rows:
    """Puts values of items into an array.

    rows: numbers, texts, or (nested) lists and arrays of them, one an item.
    what: how errors name the feature.
    dtype, dims: NumPy dtype (object for texts) and shape of an item, None for a ragged dimension. By default Python's
      floats become float32 and its ints int64, and a dimension whose lengths differ is ragged.

    ValueError: missing values, or values that differ in kind or from dtype and dims.
    """
    flat, lengths = _flatten(rows, what)
    values = _values(flat, what, dtype)
    if dims is None:
        dims = tuple(_common(size) for size in lengths)
    if len(lengths) < len(dims) and not len(values):  # Lists that are all empty do not show what is in them.
        lengths += [np.zeros(0, np.int64)] * (len(dims) - len(lengths))
    if len(lengths) != len(dims):
        raise ValueError(f"{what}: a value of rank {len(lengths)} came; expected shape {_show(dims)}.")
    for size, dim in zip(lengths, dims, strict=True):
        if dim is not None and (size != dim).any():
            raise ValueError(f"{what}: {size[size != dim][0]} values came; expected shape {_show(dims)}.")
    ragged = [axis for axis, dim in enumerate(dims) if dim is None]
    rank = ragged[-1] + 1 if ragged else 0
    items = int(lengths[rank - 1].sum()) if rank else len(rows)
    return Rows(
        values=values.reshape(items, *dims[rank:]),  # type: ignore[arg-type]
        lengths=tuple(size if dim is None else dim for size, dim in zip(lengths[:rank], dims, strict=False)),
    )


def rows_of(field: Any) -> list[Any]:
    """One value an item: numbers as NumPy scalars, vectors as arrays, texts as str (bytes where they are not UTF-8).

    field: an array or tensor `[N, ...]`, or anything ragged with `values` and `row_splits`.
    """
    return list(_sliceable(field))


def _flatten(rows: Sequence[Any], what: str) -> tuple[Any, list[np.ndarray]]:
    """The values in one sequence, and for each dimension the length of every list in it."""
    lengths: list[np.ndarray] = []
    while any(map(_is_list, rows)):
        first = rows[0]
        if isinstance(first, np.ndarray) and all(isinstance(r, np.ndarray) and r.shape == first.shape for r in rows):
            lists = len(rows)
            for size in first.shape:
                lengths.append(np.full(lists, size))
                lists *= size
            return np.stack(list(rows)).reshape(-1), lengths
        if not all(map(_is_list, rows)):
            raise ValueError(f"{what} has single values and lists: {_examples(rows)}. All items need the same rank.")
        lengths.append(np.array([len(row) for row in rows], np.int64))
        rows = list(itertools.chain.from_iterable(rows))
    return rows, lengths


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple)) or isinstance(value, np.ndarray) and value.ndim > 0


def _common(lengths: np.ndarray) -> int | None:
    kinds = np.unique(lengths)
    return None if len(kinds) > 1 else int(kinds.sum())


def _values(flat: Any, what: str, dtype: Any) -> np.ndarray:
    if isinstance(flat, np.ndarray) and flat.dtype.kind in "OSU":
        flat = flat.tolist()
    kinds = set() if isinstance(flat, np.ndarray) else {type(value) for value in flat}
    texts = {kind for kind in kinds if issubclass(kind, (str, bytes))}
    dtype = None if dtype is None else np.dtype(dtype)
    if texts or (dtype is not None and dtype.kind == "O"):
        if texts != kinds or isinstance(flat, np.ndarray) or (dtype is not None and dtype.kind != "O"):
            expected = "texts" if dtype is None or dtype.kind == "O" else str(dtype)
            raise ValueError(f"{what} has values like {_examples(flat)}; expected {expected} only.")
        values = np.empty(len(flat), object)
        values[:] = [value.encode() if isinstance(value, str) else bytes(value) for value in flat]
        return values
    values = np.asarray(flat)
    if values.dtype.kind not in "biufV":  # bfloat16 is of kind "V".
        raise ValueError(f"{what} has values like {_examples(flat)}; expected numbers, texts or lists of them.")
    if values.dtype == np.float64 and not isinstance(flat, np.ndarray) and kinds <= {float, int, bool}:
        values = values.astype(np.float32)
    if dtype is None or dtype == values.dtype:
        return values
    with np.errstate(invalid="ignore"):  # NaN is no whole number: see below.
        cast = values.astype(dtype)
    if dtype.kind in "iub" and (cast != values).any():
        raise ValueError(f"{what}: {values[cast != values][0]!r} is no {dtype}.")
    return cast


def _examples(values: Any) -> str:
    """One value of each type."""
    first = {}
    for value in values:
        first.setdefault(type(value), value)
    return " and ".join(map(repr, first.values()))


def _show(dims: Dims) -> str:
    return f"[{', '.join('ragged' if dim is None else str(dim) for dim in dims)}]"


def _sliceable(field: Any) -> np.ndarray | list[Any]:
    if hasattr(field, "row_splits"):
        inner = _sliceable(field.values)
        return [inner[start:end] for start, end in itertools.pairwise(np.asarray(field.row_splits))]
    array = np.asarray(field)
    return _texts(array.tolist()) if array.dtype.kind in "OSU" else array


def _texts(value: Any) -> Any:
    if isinstance(value, list):
        return [_texts(v) for v in value]
    try:
        return value.decode() if isinstance(value, bytes) else value
    except UnicodeDecodeError:
        return value
