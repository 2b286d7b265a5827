"""Tables in TFRecord files of tf.Example protos: one row each, every column a list. Needs TensorFlow."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import tensorflow as tf

from gnnkit.samplers._raw import RawTable, Wanted

_BATCH = 4096
_KINDS = {
    "int": (tf.int64, pa.int64(), "int64_list"),
    "bool": (tf.int64, pa.int64(), "int64_list"),
    "float": (tf.float32, pa.float32(), "float_list"),
    "bytes": (tf.string, pa.binary(), "bytes_list"),
}


def read_tfrecord(files: Sequence[pathlib.Path], wanted: Wanted) -> RawTable:
    """Reads TFRecord files. A feature of another type than wanted is null, one that is absent an empty list."""
    features = {
        name: tf.io.RaggedFeature(_KINDS[kind.kind][0], row_splits_dtype=tf.int64) for name, kind in wanted.items()
    }
    chunks: dict[str, list[pa.Array]] = {name: [] for name in wanted}
    rows, unused = [0], {}
    for file in files:
        count = 0
        for serialized in _batches(file):
            if not count:
                example = tf.train.Example.FromString(serialized[0].numpy())
                unused |= dict.fromkeys(sorted(set(example.features.feature) - set(wanted)))
            count += len(serialized)
            try:
                parsed = tf.io.parse_example(serialized, features)
                arrays = {name: _to_arrow(value, _KINDS[wanted[name].kind][1]) for name, value in parsed.items()}
            except tf.errors.InvalidArgumentError:
                arrays = _parse_slowly(serialized.numpy(), wanted)
            for name, array in arrays.items():
                chunks[name].append(array)
        rows.append(count)
    types = {name: pa.list_(_KINDS[kind.kind][1]) for name, kind in wanted.items()}
    return RawTable(
        columns={name: pa.chunked_array(chunks[name], types[name]) for name in wanted},
        files=files,
        file_rows=np.cumsum(rows),
        line=lambda file, row: f"record {row + 1}",
        unused=tuple(unused),
    )


def _batches(file: pathlib.Path) -> Iterator[tf.Tensor]:
    compression = "GZIP" if file.suffix == ".gz" else ""
    try:
        yield from tf.data.TFRecordDataset(str(file), compression).batch(_BATCH)
    except tf.errors.DataLossError as error:
        raise ValueError(f"{file} is damaged or not a TFRecord file: {error.message}") from error


def _to_arrow(value: tf.RaggedTensor, kind: pa.DataType) -> pa.Array:
    offsets = pa.array(value.row_splits.numpy().astype(np.int32))
    return pa.ListArray.from_arrays(offsets, pa.array(value.values.numpy(), kind))


def _parse_slowly(serialized: np.ndarray, wanted: Wanted) -> dict[str, pa.Array]:
    """One by one, so that only the wrong values become null."""
    lists: dict[str, list[list | None]] = {name: [] for name in wanted}
    for record in serialized:
        example = tf.train.Example.FromString(record)
        for name, kind in wanted.items():
            _, _, field = _KINDS[kind.kind]
            feature = example.features.feature.get(name)
            which = feature.WhichOneof("kind") if feature is not None else None
            if which is None:
                lists[name].append([])
            elif which != field:
                lists[name].append(None)
            else:
                lists[name].append(list(getattr(feature, field).value))
    return {name: pa.array(values, pa.list_(_KINDS[wanted[name].kind][1])) for name, values in lists.items()}
