"""Edge sets that walk others backwards, in a schema. Imports no NumPy, so that configs are checked at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any


def with_backward_sets(schema: Any, backward: Mapping[str, str]) -> Any:
    """A GraphSchema with more edge sets, each of which walks another one backwards, marked as reading its table reversed.

    backward: new edge set -> edge set. Raises ValueError for one that is not there, and for a new name that is.
    """
    from gnnkit.schemas import graph_schema_pb2

    check_backward(backward, list(schema.edge_sets))
    result = graph_schema_pb2.GraphSchema()
    result.CopyFrom(schema)
    for name, forward in backward.items():
        old, new = schema.edge_sets[forward], result.edge_sets[name]
        new.CopyFrom(old)
        new.source, new.target = old.target, old.source
        marks = [pair for pair in old.metadata.extra if pair.key == "edge_type"]
        kept = [pair for pair in old.metadata.extra if pair.key != "edge_type"]
        del new.metadata.extra[:]
        new.metadata.extra.extend(kept)
        if not any(pair.value == "reversed" for pair in marks):
            new.metadata.extra.add(key="edge_type", value="reversed")
    return result


def check_backward(backward: Mapping[str, str], edge_sets: Collection[str]) -> None:
    """Raises ValueError unless each new edge set has a new name and walks one of `edge_sets`."""
    for name, forward in backward.items():
        if forward not in edge_sets:
            raise ValueError(
                f"backward={{{name!r}: {forward!r}}}: there is no edge set {forward!r}. "
                f"The edge sets are {', '.join(map(repr, sorted(edge_sets))) or 'none'}."
            )
        if name in edge_sets:
            raise ValueError(f"backward={{{name!r}: {forward!r}}}: there is an edge set {name!r} already.")
