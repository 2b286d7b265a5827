"""Files of serialized tf.train.Examples: which ones, what is in them, which record is at fault. Needs TensorFlow."""

import contextlib
import itertools
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from gnnkit.graph import GraphTensor
from gnnkit.runner._errors import RunError
from gnnkit.samplers._files import shard_names

_AT_ONCE = 64  # Records that are read together: one by one costs more than parsing does.


class Record(NamedTuple):
    """One serialized Example. number: in its file, from 1."""

    file: str
    number: int
    data: bytes

    @property
    def size(self) -> int:
        """Bytes in an uncompressed TFRecord file."""
        return len(self.data) + 16


def matching_files(pattern: str) -> list[str]:
    """The files of a path, a glob pattern or `name@N`. RunError: there are none, or not all N."""
    if found := sorted(tf.io.gfile.glob(pattern)):
        return found
    names = _shards(pattern)
    if names == [pattern]:
        raise RunError(f"No file matches {pattern!r}. Give a path, a pattern such as 'train-*', or 'name@N'.")
    if missing := [name for name in names if not tf.io.gfile.exists(name)]:
        raise RunError(f"{len(missing)} of the {len(names)} files of {pattern!r} do not exist, such as {missing[0]!r}.")
    return names


def output_files(name: str) -> list[str]:
    """The files to write for a path or `name@N`. RunError: N is 0, or there is no such folder."""
    check_folder(name)
    return _shards(name)


def check_folder(file: str) -> None:
    """RunError: the folder to write a file into does not exist."""
    folder = os.path.dirname(file)
    if folder and not tf.io.gfile.isdir(folder):
        raise RunError(f"{file} cannot be written: there is no folder {folder!r}. Make it first.")


def total_size(files: Sequence[str]) -> int | None:
    """The sum of the `size` of all records, None if that is not known beforehand."""
    return None if any(map(compression, files)) else sum(tf.io.gfile.stat(file).length for file in files)


def read_records(files: Iterable[str]) -> Iterator[Record]:
    """The records of TFRecord files; those named .gz are compressed. RunError: a file cannot be read or is damaged."""
    for file in files:
        dataset = tf.data.TFRecordDataset(file, compression(file))
        number = 0
        try:
            for batch in dataset.batch(_AT_ONCE).prefetch(1).as_numpy_iterator():
                for data in batch:
                    number += 1
                    yield Record(file, number, data)
        except tf.errors.DataLossError as error:
            raise RunError(f"{file} is damaged or no TFRecord file: {_message(error, file)}") from None
        except tf.errors.OpError as error:
            raise RunError(f"{file} cannot be read: {_message(error, file)}") from None


def batches(records: Iterable[Record], size: int) -> Iterator[list[Record]]:
    """Lists of `size` records; the last one may be shorter."""
    remaining = iter(records)
    while batch := list(itertools.islice(remaining, size)):
        yield batch


def parse(parser: Any, batch: Sequence[Record]) -> GraphTensor:
    """Calls a `tf.function` with serialized Examples `[B]`. RunError: one of them does not fit the schema."""
    try:
        return parser(tf.constant([record.data for record in batch]))
    except tf.errors.InvalidArgumentError:
        for record in batch:
            try:
                parser.python_function(tf.constant([record.data]))  # Eagerly: the message comes without a stack.
            except tf.errors.InvalidArgumentError as error:
                raise RunError(f"{record.file}, record {record.number}: {_message(error, record.file)}") from None
        raise


@contextlib.contextmanager
def writing(file: str) -> Iterator[None]:
    """RunError where TensorFlow cannot write."""
    try:
        yield
    except tf.errors.OpError as error:
        raise RunError(f"{file} cannot be written: {_message(error, file)}") from None


def compression(file: str) -> str:
    """What TensorFlow calls the compression of a file of this name."""
    return "GZIP" if file.endswith(".gz") else ""


def _shards(name: str) -> list[str]:
    try:
        return shard_names(name) if re.search(r"@\d+$", name) else [name]
    except ValueError as error:
        raise RunError(str(error)) from None


def _message(error: tf.errors.OpError, file: str) -> str:
    """The text of an error without the names of operations, which mean nothing to users, and of the file."""
    text = re.sub(r"^\{\{.*?\}\} ", "", error.message).removeprefix(f"{file}; ")
    text = re.sub(r"\s*(\[\[\{\{|\[Op:).*", "", text, flags=re.DOTALL)
    text = re.sub(r"^assertion failed: \[(.*)\]$", r"\1", text)
    # The record was parsed alone: that it was the first one of its batch would mislead.
    return re.sub(r"Name: <unknown>, |, Index: 0(?=\.)| \(example 0 of the batch\)", "", text)
