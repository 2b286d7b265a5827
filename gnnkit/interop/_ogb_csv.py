"""CSV files of numbers without a header, read block by block."""

import pathlib
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv

_BLOCK_SIZE = 1 << 22  # Bytes that are read at a time.


def read_csv(path: pathlib.Path, text_columns: int = 0) -> np.ndarray:
    """`[rows, columns]` of a CSV file without header: int64, float32 (missing cells are NaN) or objects (texts).

    text_columns: the number of columns, where all of them are texts whatever they look like; they come as str.
    """
    read = pyarrow.csv.ReadOptions(autogenerate_column_names=True, block_size=_BLOCK_SIZE)
    types = {f"f{i}": pa.string() for i in range(text_columns)}
    while True:
        names = []
        try:
            convert = pyarrow.csv.ConvertOptions(column_types=types)
            with pyarrow.csv.open_csv(str(path), read_options=read, convert_options=convert) as reader:
                names = reader.schema.names
                blocks = [_block(batch, text_columns > 0) for batch in reader]
            break
        except pa.ArrowInvalid as error:
            if types or not names:
                raise ValueError(f"{path} cannot be read as CSV: {error}") from error
            types = dict.fromkeys(names, pa.float64())  # Its first block looked like whole numbers, a later one not.
    result = np.concatenate(blocks)
    return result.astype(np.float32) if result.dtype == np.float64 else result


def _block(batch: pa.RecordBatch, as_str: bool) -> np.ndarray:
    columns: list[Any] = batch.columns
    if any(pa.types.is_string(column.type) for column in columns):
        dtype, columns = object, [column.cast(pa.string() if as_str else pa.binary()) for column in columns]
    elif all(pa.types.is_integer(column.type) and not column.null_count for column in columns):
        dtype = np.int64
    else:
        dtype, columns = np.float32, [column.cast(pa.float64()) for column in columns]
    values = np.empty((batch.num_rows, len(columns)), dtype)
    for i, column in enumerate(columns):
        values[:, i] = column.to_numpy(zero_copy_only=False)
    return values
