"""`store.json`, which says what the files of a saved `GraphStore` are. Imports no NumPy."""

from __future__ import annotations

import json
import pathlib
from typing import Any

FILE = "store.json"
FORMAT, VERSION = "gnnkit graph store", 1


def read_store_schema(folder: pathlib.Path) -> Any:
    """The GraphSchema of a saved store, or None. Reads no array. Raises as `GraphStore.open`."""
    return parse_schema(read_document(folder)["schema"])


def read_document(folder: pathlib.Path) -> dict[str, Any]:
    """What `store.json` holds. Raises FileNotFoundError, ValueError."""
    path = folder / FILE
    if not path.is_file():
        what = f"has no {FILE}" if folder.is_dir() else "does not exist"
        raise FileNotFoundError(f"{folder} is not the folder of a graph store: it {what}. GraphStore.save() makes one.")
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is damaged: {error}") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError(f"{path} does not describe a graph store. GraphStore.save() makes one.")
    if document.get("version") != VERSION:
        raise ValueError(
            f"The graph store in {folder} has version {document.get('version')!r} of the format, written by gnnkit "
            f"{document.get('gnnkit')}; this gnnkit reads version {VERSION}. Build the store again."
        )
    return document


def parse_schema(text: str | None) -> Any:
    """A GraphSchema of its text."""
    if text is None:
        return None
    from google.protobuf import text_format

    from gnnkit.schemas import graph_schema_pb2

    return text_format.Parse(text, graph_schema_pb2.GraphSchema())
