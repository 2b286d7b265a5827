"""Texts in one block of bytes, which may be a file on disk."""

from __future__ import annotations

import dataclasses
from typing import Any, final

import numpy as np


@final
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class BytesColumn:
    """A column of byte strings that reads like an object array and becomes Python objects only row by row.

    data: uint8 `[N]`, all strings, one after another.
    row_splits: int64, string `i` is `data[row_splits[i]:row_splits[i + 1]]`, in the order of the flattened column.
    shape: of the column, `(V, ...)`.

    >>> column = bytes_column(np.array([b"ab", b"", b"c"], object))
    >>> column[0], column[[2, 0]].tolist(), len(column)
    (b'ab', [b'c', b'ab'], 3)
    """

    data: np.ndarray
    row_splits: np.ndarray
    shape: tuple[int, ...]

    @property
    def dtype(self) -> np.dtype:
        return np.dtype(object)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> Any:
        import pyarrow as pa

        if isinstance(rows, slice):
            rows = np.arange(*rows.indices(len(self)))
        places = np.asarray(rows)
        places = np.flatnonzero(places) if places.dtype == bool else places.astype(np.int64)
        places = np.where(places < 0, places + len(self), places)
        width = int(np.prod(self.shape[1:], dtype=np.int64))
        flat = (places.reshape(-1, 1) * width + np.arange(width)).reshape(-1)
        result = np.empty(len(flat), object)
        result[:] = self.__arrow_array__().take(pa.array(flat)).to_numpy(zero_copy_only=False)
        shape = (*places.shape, *self.shape[1:])
        return result.reshape(shape) if shape else result[0]

    def take(self, rows: Any, axis: int = 0) -> np.ndarray:
        return self[rows]

    def reshape(self, *shape: Any) -> np.ndarray:
        return np.asarray(self).reshape(*shape)

    def tolist(self) -> list[Any]:
        return np.asarray(self).tolist()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        import pyarrow as pa

        array = self.__arrow_array__(pa.large_binary())
        result = np.empty(len(array), object)
        result[:] = array.to_numpy(zero_copy_only=False)
        result = result.reshape(self.shape)
        return result if dtype is None else result.astype(dtype)

    def __arrow_array__(self, type: Any = None) -> Any:
        """The strings, flattened, without a copy."""
        import pyarrow as pa

        buffers = [None, pa.py_buffer(self.row_splits), pa.py_buffer(self.data)]
        array = pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(self.row_splits) - 1, buffers)
        return array if type is None or type == pa.large_binary() else array.cast(type)


def bytes_column(values: Any) -> BytesColumn:
    """A column of an array of byte strings or texts. TypeError: there is something else in it."""
    if isinstance(values, BytesColumn):
        return values
    import pyarrow as pa

    values = np.asarray(values)
    flat = values.reshape(-1)
    try:
        array = pa.array(flat if values.dtype.kind == "O" else flat.tolist(), pa.large_binary())
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise TypeError(f"a column of texts holds something that is none: {error}") from None
    if array.null_count:
        raise TypeError(f"a column of texts holds None in {array.null_count} places")
    _, offsets, data = array.buffers()
    splits = np.zeros(1, np.int64) if offsets is None or not len(array) else np.frombuffer(offsets, np.int64)
    splits = splits[array.offset : array.offset + len(array) + 1]
    content = np.frombuffer(data, np.uint8) if data is not None and data.size else np.empty(0, np.uint8)
    return BytesColumn(data=content[: int(splits[-1])], row_splits=splits, shape=values.shape)
