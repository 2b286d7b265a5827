"""Graph schemas as the table reader sees them: load one, and the NumPy type of each feature."""

from __future__ import annotations

import dataclasses
import math
import os
import pathlib
from collections.abc import Mapping
from typing import Any, final

import numpy as np

# Numbers of tensorflow.DataType, which is not imported because that would import TensorFlow.
_DTYPES: Mapping[int, tuple[str, str]] = {
    1: ("DT_FLOAT", "float32"),
    2: ("DT_DOUBLE", "float64"),
    3: ("DT_INT32", "int32"),
    4: ("DT_UINT8", "uint8"),
    5: ("DT_INT16", "int16"),
    6: ("DT_INT8", "int8"),
    7: ("DT_STRING", "object"),
    9: ("DT_INT64", "int64"),
    10: ("DT_BOOL", "bool"),
    14: ("DT_BFLOAT16", "bfloat16"),
    17: ("DT_UINT16", "uint16"),
    19: ("DT_HALF", "float16"),
    22: ("DT_UINT32", "uint32"),
    23: ("DT_UINT64", "uint64"),
}
_NUMBERS = {name: number for number, (_, name) in _DTYPES.items()}
AUXILIARY = tuple("_#!%.^~")  # First letters of sets that hold no part of the input graph.


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class FeatureType:
    """dtype: of NumPy; object means bytes. shape: of one item; -1, only in front, is a ragged dimension."""

    dtype: np.dtype
    shape: tuple[int, ...] = ()
    text: str = ""

    @property
    def ragged(self) -> bool:
        return bool(self.shape) and self.shape[0] == -1

    @property
    def inner(self) -> tuple[int, ...]:
        """The shape of one value: without the ragged dimension."""
        return self.shape[1:] if self.ragged else self.shape

    @property
    def width(self) -> int:
        """Numbers in one `inner`."""
        return math.prod(self.inner)

    @property
    def kind(self) -> str:
        """int, float, bool or bytes."""
        if self.dtype == object:
            return "bytes"
        return {"i": "int", "u": "int", "b": "bool"}.get(self.dtype.kind, "float")


def feature_type(feature: Any, where: str) -> FeatureType:
    """The type of a Feature proto. where: how errors name it."""
    if feature.dtype not in _DTYPES:
        raise ValueError(
            f"{where} has dtype number {feature.dtype} in the schema, which tables cannot hold. "
            f"Supported: {', '.join(text for text, _ in _DTYPES.values())}."
        )
    text, name = _DTYPES[feature.dtype]
    if feature.shape.unknown_rank:
        raise ValueError(f"{where} has shape {{ unknown_rank: true }} in the schema. Give its dimensions.")
    shape = tuple(dim.size for dim in feature.shape.dim)
    if any(size < 0 for size in shape[1:]):
        raise ValueError(
            f"{where} has shape {list(shape)} in the schema. In tables only the first dimension of a feature may be -1."
        )
    if name == "bfloat16":
        import ml_dtypes

        dtype = np.dtype(ml_dtypes.bfloat16)
    else:
        dtype = np.dtype(name)
    return FeatureType(dtype=dtype, shape=shape, text=text + (f" {list(shape)}" if shape else ""))


def dtype_number(dtype: np.dtype) -> int:
    """The tensorflow.DataType of a NumPy dtype."""
    if dtype.kind in "OSU":
        return 7
    if dtype.name not in _NUMBERS:
        raise ValueError(
            f"dtype {dtype} has no counterpart in a graph schema. Supported: {', '.join(sorted(_NUMBERS))}."
        )
    return _NUMBERS[dtype.name]


def load_schema(schema: Any) -> tuple[Any, pathlib.Path | None]:
    """A GraphSchema and the directory that its file names are relative to.

    schema: a GraphSchema proto, or the path of one in text form, or in binary form (`.pb`, `.bin`, `.binarypb`).
    """
    if not isinstance(schema, (str, os.PathLike)):
        return schema, None
    from google.protobuf import message, text_format

    from gnnkit.schemas import graph_schema_pb2

    path = pathlib.Path(schema)
    if not path.is_file():
        raise FileNotFoundError(f"There is no schema file {path} (looked in {path.absolute().parent}).")
    result = graph_schema_pb2.GraphSchema()
    try:
        if path.suffix in (".pb", ".bin", ".binarypb", ".binpb"):
            result.ParseFromString(path.read_bytes())
        else:
            text_format.Parse(path.read_text(encoding="utf-8"), result)
    except (text_format.ParseError, message.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not a GraphSchema: {error}") from error
    return result, path.parent


def is_auxiliary(name: str) -> bool:
    """Whether a set of that name (`_readout`, ...) holds no part of the input graph."""
    return name.startswith(AUXILIARY)
