"""Writes a table as a TFRecord file of tf.Example protos."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from gnnkit.samplers._tables import Column, RaggedColumn


def write_tfrecord(columns: Mapping[str, Column], path: pathlib.Path) -> None:
    """One Example for each row; numbers become int64 or float32, as tf.Example has no others."""
    rows = len(next(iter(columns.values())))
    with tf.io.TFRecordWriter(str(path)) as writer:
        for row in range(rows):
            example = tf.train.Example()
            for name, column in columns.items():
                _fill(example.features.feature[name], column[row], column)
            writer.write(example.SerializeToString())


def _fill(feature: Any, value: Any, column: Column) -> None:
    dtype = column.values.dtype if isinstance(column, RaggedColumn) else column.dtype
    flat = np.asarray(value, dtype).reshape(-1)
    if dtype.kind in "OSU":
        feature.bytes_list.value.extend([item.encode() if isinstance(item, str) else item for item in flat])
    elif dtype.kind in "iub":
        feature.int64_list.value.extend(flat.astype(np.int64).tolist())
    else:
        feature.float_list.value.extend(flat.astype(np.float32).tolist())
