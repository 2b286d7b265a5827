"""Schemas in files: text format, as people write it, and binary. Imports no TensorFlow for local files."""

import os
from typing import Any

from google.protobuf import text_format
from google.protobuf.message import DecodeError

from gnnkit.schemas import GraphSchema

_BINARY_SUFFIXES = (".pb", ".binpb", ".binarypb")


def parse_schema(schema_text: str | bytes) -> Any:
    """Makes a `GraphSchema` of its text format.

    ValueError: the text is no schema; the message names line and column.

    >>> from gnnkit.io import parse_schema
    >>> parse_schema('node_sets { key: "paper" value { features { key: "year" value { dtype: DT_INT64 } } } }'
    ...     ).node_sets["paper"].features["year"].dtype
    9
    """
    return _parse(schema_text, "The schema text")


def read_schema(filename: str | os.PathLike[str]) -> Any:
    """Reads a `GraphSchema` from a file in text or binary format.

    filename: a local path, or a remote one (`gs://...`) that `tf.io.gfile` can open.

    FileNotFoundError: no such file. ValueError: the file is no schema in either format.
    """
    path = os.fspath(filename)
    if os.path.isdir(path):
        raise ValueError(f"{path} is a folder; pass the schema file in it, for example {path}/graph_schema.pbtxt.")
    data = _read_bytes(path)
    if path.endswith(_BINARY_SUFFIXES) or not _is_text(data):
        try:
            return GraphSchema.FromString(data)
        except DecodeError as error:
            if not _is_text(data):
                raise ValueError(
                    f"{path} is not a GraphSchema: neither text nor binary protobuf ({error}). "
                    "Pass the schema (often graph_schema.pbtxt), not a table."
                ) from error
    return _parse(data, path)


def write_schema(schema: Any, filename: str | os.PathLike[str]) -> None:
    """Writes a schema in text format; in binary format if the name ends in .pb, .binpb or .binarypb."""
    path = os.fspath(filename)
    if path.endswith(_BINARY_SUFFIXES):
        data = schema.SerializeToString(deterministic=True)
    else:
        header = "# proto-file: gnnkit/schemas/graph_schema.proto\n# proto-message: GraphSchema\n"
        data = (header + text_format.MessageToString(schema)).encode()
    if "://" in path:
        import tensorflow as tf

        with tf.io.gfile.GFile(path, "wb") as file:
            file.write(data)
    else:
        with open(path, "wb") as file:
            file.write(data)


def _read_bytes(path: str) -> bytes:
    if "://" in path:
        import tensorflow as tf

        with tf.io.gfile.GFile(path, "rb") as file:
            return file.read()
    with open(path, "rb") as file:
        return file.read()


def _is_text(data: bytes) -> bool:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return False
    return all(char >= " " or char in "\t\n\r\f\v" for char in text)


def _parse(text: str | bytes, what: str) -> Any:
    try:
        return text_format.Parse(text, GraphSchema())
    except text_format.ParseError as error:
        raise ValueError(
            f"{what} is not a GraphSchema in text format: {error} (line:column first). "
            "See gnnkit/schemas/graph_schema.proto for the fields and gnnkit/schemas/examples for examples."
        ) from error
