"""From an Arrow column to a NumPy column of the type that the schema tells; finds the cells that are of another."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from gnnkit.samplers import _report
from gnnkit.samplers._arrow import pc
from gnnkit.samplers._bad_rows import BadRows
from gnnkit.samplers._schema import FeatureType
from gnnkit.samplers._tables import Column, RaggedColumn

_INT = r"^[+-]?[0-9]+$"
_FLOAT = (
    r"^[+-]?([0-9]+\.?[0-9]*([eE][+-]?[0-9]+)?|\.[0-9]+([eE][+-]?[0-9]+)?|inf|infinity|nan|Inf|Infinity|NaN|NAN|INF)$"
)
_BOOL = r"^(true|false|0|1)$"


def convert(column: pa.ChunkedArray, kind: FeatureType, name: str, bad: BadRows) -> Column:
    """Makes a column of N rows. Bad cells are reported to `bad` and hold something of the right type."""
    if _is_list(column.type):
        return _from_lists(column, kind, name, bad)
    if kind.shape and kind.shape != (1,):
        raise ValueError(
            f"{bad.where}, column {name!r}: the schema says {kind.text}, but the file holds one value a row. "
            "Write lists, or correct the schema."
        )
    nulls = column.is_null().to_numpy() if column.null_count else np.zeros(len(column), bool)
    bad.add(_report.EMPTY_CELL, name, nulls, lambda row: f"a {kind.text} was expected" + _empty_hint(kind))
    values, wrong = _cast(column, kind, f"{bad.where}, column {name!r}")
    if wrong is not None:
        wrong &= ~nulls
        bad.add(_report.WRONG_TYPE, name, wrong, lambda row: f"{column[row].as_py()!r} is not a {kind.text}")
    return values.reshape(len(values), *kind.shape)


def _empty_hint(kind: FeatureType) -> str:
    return ' (an empty text is written "")' if kind.kind == "bytes" else ""


def _is_list(kind: pa.DataType) -> bool:
    return pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)


def _from_lists(column: pa.ChunkedArray, kind: FeatureType, name: str, bad: BadRows) -> Column:
    """Lists (of lists) of values; only the number of values in a row counts, as in a tf.Example."""
    array: Any = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):  # Too big for 32-bit offsets.
        array = pa.concat_arrays([chunk.cast(pa.large_list(chunk.type.value_type)) for chunk in array.chunks])
    nulls = array.is_null().to_numpy(zero_copy_only=False)
    bad.add(_report.WRONG_TYPE, name, nulls, lambda row: f"the value is not a {kind.text} (in CSV: a list as in JSON)")
    counts = np.ones(len(array), np.int64)
    while _is_list(array.type):
        lengths = pc.fill_null(pc.list_value_length(array), 0).to_numpy().astype(np.int64)
        ends = np.cumsum(counts)
        # Row sums of `lengths`, grouped as the level above says.
        sums = np.concatenate([[0], np.cumsum(lengths)])
        counts = sums[ends] - sums[ends - counts]
        array = array.flatten()
    splits = np.concatenate([[0], np.cumsum(counts)])
    values, wrong = _cast(pa.chunked_array([array]), kind, f"{bad.where}, column {name!r}")
    if wrong is None and array.null_count:
        wrong = array.is_null().to_numpy(zero_copy_only=False)
    if wrong is not None:
        in_row = np.zeros(len(counts), bool)
        in_row[np.searchsorted(splits, np.flatnonzero(wrong), side="right") - 1] = True
        bad.add(
            _report.WRONG_TYPE,
            name,
            in_row,
            lambda row: f"{column[row].as_py()!r} has a value that is not a {kind.text}",
        )
    if kind.ragged:
        uneven = counts % kind.width != 0 if kind.width else counts != 0
        bad.add(
            _report.WRONG_LENGTH,
            name,
            uneven,
            lambda row: f"{counts[row]} values do not make up items of {list(kind.inner)}",
        )
        if uneven.any():
            values, splits = _keep_rows(values, splits, ~uneven)
        return RaggedColumn(values=values.reshape(-1, *kind.inner), row_splits=splits // max(kind.width, 1))
    return _fixed(values, counts, splits, kind, name, bad, nulls)


def _fixed(
    values: np.ndarray,
    counts: np.ndarray,
    splits: np.ndarray,
    kind: FeatureType,
    name: str,
    bad: BadRows,
    nulls: np.ndarray,
) -> np.ndarray:
    uneven = counts != kind.width
    if uneven.any():
        empty = uneven & (counts == 0) & ~nulls
        bad.add(_report.EMPTY_CELL, name, empty, lambda row: f"a {kind.text} was expected")
        bad.add(
            _report.WRONG_LENGTH,
            name,
            uneven & ~empty & ~nulls,
            lambda row: f"{counts[row]} values came; a {kind.text} has {kind.width}",
        )
        good, _ = _keep_rows(values, splits, ~uneven)
        fill: Any = b"" if kind.kind == "bytes" else 0
        values = np.full((len(counts), kind.width), fill, dtype=kind.dtype)
        values[~uneven] = good.reshape(-1, kind.width)
    return values.reshape(len(counts), *kind.shape)


def _keep_rows(values: np.ndarray, splits: np.ndarray, keep: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Empties the rows that are not kept; the other rows close up."""
    lengths = np.diff(splits)
    kept = values[np.repeat(keep, lengths)]
    return kept, np.concatenate([[0], np.cumsum(np.where(keep, lengths, 0))])


def _cast(column: pa.ChunkedArray, kind: FeatureType, where: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Values of N rows, and which of them are not of the type (None: all are). Nulls become 0 or b''."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    source = column.type
    text = any(check(source) for check in (pa.types.is_string, pa.types.is_large_string))
    if kind.kind == "bytes":
        if not text and not pa.types.is_binary(source) and not pa.types.is_large_binary(source):
            raise ValueError(f"{where}: the file holds {source}, but the schema says {kind.text}.")
        return _objects(column), None
    number = pa.types.is_integer(source) or pa.types.is_boolean(source)
    if (
        not text
        and not number
        and not (kind.kind == "float" and pa.types.is_floating(source))
        and not pa.types.is_null(source)
    ):
        raise ValueError(f"{where}: the file holds {source}, but the schema says {kind.text}.")
    if kind.kind == "bool":
        values, wrong = _parse(pc.utf8_lower(column) if text else column.cast(pa.string()), pa.bool_(), _BOOL)
    elif kind.kind == "int":
        values, wrong = _parse(column, pa.from_numpy_dtype(kind.dtype), _INT)
    else:
        values, wrong = _parse(column, pa.float64() if kind.dtype == np.float64 else pa.float32(), _FLOAT)
    return values.astype(kind.dtype, copy=False), wrong


def _parse(column: pa.ChunkedArray, target: pa.DataType, pattern: str) -> tuple[np.ndarray, np.ndarray | None]:
    if (
        pa.types.is_floating(target)
        and not pa.types.is_string(column.type)
        and not pa.types.is_large_string(column.type)
    ):
        return _numbers(column.cast(target, safe=False), target), None  # Rounding is no error.
    try:
        return _numbers(column.cast(target), target), None
    except pa.ArrowInvalid:
        pass  # Some cell is not a number, or too large: find out which.
    if pa.types.is_integer(column.type):
        info = np.iinfo(target.to_pandas_dtype())
        wide = _numbers(column.cast(pa.float64(), safe=False), pa.float64())
        wrong = (wide < info.min) | (wide > info.max)
        fine = pc.if_else(pa.array(wrong), pa.scalar(0, column.type), column)
        return _numbers(fine.cast(target), target), wrong
    trimmed = pc.utf8_trim_whitespace(column.cast(pa.string()))
    trimmed = pc.replace_substring_regex(trimmed, r"^\+", "")  # Arrow's parser knows no plus sign.
    fits = pc.fill_null(pc.match_substring_regex(trimmed, pattern), True).to_numpy()
    suspects = fits & pc.fill_null(pc.greater_equal(pc.binary_length(trimmed), _safe_digits(target)), False).to_numpy()
    for row in np.flatnonzero(suspects):
        try:
            trimmed[int(row)].cast(target)
        except pa.ArrowInvalid:
            fits[row] = False
    clean = pc.if_else(pa.array(fits), trimmed, pa.scalar("0"))
    return _numbers(clean.cast(target), target), (~fits if not fits.all() else None)


def _safe_digits(target: pa.DataType) -> int:
    """Texts with fewer characters cannot overflow."""
    return {8: 3, 16: 5, 32: 10, 64: 19}[target.bit_width] if pa.types.is_integer(target) else 1 << 30


def _numbers(column: pa.ChunkedArray, target: pa.DataType) -> np.ndarray:
    if column.null_count:
        column = pc.fill_null(column, pa.scalar(False if pa.types.is_boolean(target) else 0, target))
    return np.ascontiguousarray(column.to_numpy())


def _objects(column: pa.ChunkedArray) -> np.ndarray:
    """An object array of bytes."""
    binary = column.cast(pa.large_binary())
    if binary.null_count:
        binary = pc.fill_null(binary, b"")
    result = np.empty(len(binary), object)
    result[:] = binary.to_numpy()
    return result


def id_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Ids as binary, nulls as b''; lists of one (TFRecord) are unpacked."""
    if _is_list(column.type):
        array: Any = column.combine_chunks()
        single = pc.equal(pc.list_value_length(array), 1)
        lists = pc.if_else(pc.fill_null(single, False), array, pa.scalar([b""], array.type))
        column = pa.chunked_array([lists.flatten()])
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_integer(column.type):
        column = column.cast(pa.string())
    elif pa.types.is_floating(column.type) or pa.types.is_boolean(column.type):
        raise ValueError(f"Ids must be strings, bytes or integers; the file holds {column.type}.")
    column = column.cast(pa.large_binary())
    return pc.fill_null(column, b"") if column.null_count else column
