"""Whether a schema makes sense. Imports no TensorFlow, so that the command line answers at once."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from gnnkit._names import CONTEXT, EDGES, NODES, SIZE_NAME, SOURCE_NAME, TARGET_NAME
from gnnkit.io._iterate import iter_features

_SUPPORTED = re.compile(r"DT_(STRING|BOOL|U?INT\d+|HALF|BFLOAT16|FLOAT|DOUBLE|FLOAT8_\w+)")
_SUPPORTED_TEXT = (
    "DT_STRING, DT_BOOL, DT_INT8 to DT_INT64, DT_UINT8 to DT_UINT64, DT_HALF, DT_BFLOAT16, DT_FLOAT, DT_DOUBLE"
)
_READOUT_SET = re.compile(r"_readout(:[A-Za-z0-9_]+)?")
_READOUT = "_readout"
_SHADOW = "_shadow/"


class ValidationError(ValueError):
    """What is wrong with a schema."""


def validate_schema(schema: Any, readout_node_sets: Sequence[str] | None = None) -> list[Exception]:
    """Checks a schema; the first error is raised.

    schema: a `GraphSchema`.
    readout_node_sets: the `_readout` node sets that must exist and be well formed. By default `_readout` is checked
        where it exists.

    Returns warnings (as exceptions, not raised): things that work but are probably not meant.

    ValidationError: a feature without dtype, of unsupported dtype or unknown rank; a reserved name; a set that
    refers to what is not there; a malformed readout.

    >>> from gnnkit.io import parse_schema, validate_schema
    >>> validate_schema(parse_schema('edge_sets { key: "cites" value { source: "paper" target: "paper" } }'))
    Traceback (most recent call last):
    ...
    gnnkit.io._validate.ValidationError: Edge set 'cites': its source 'paper' is no node set of the schema...
    """
    errors, warnings = schema_problems(schema, readout_node_sets)
    if errors:
        raise errors[0]
    return warnings


def schema_problems(
    schema: Any, readout_node_sets: Sequence[str] | None = None
) -> tuple[list[ValidationError], list[Exception]]:
    """All errors and all warnings of `validate_schema`."""
    errors: list[ValidationError] = []
    warnings: list[Exception] = []
    for where, feature in _features(schema):
        errors += _dtype_errors(where, feature)
    for where, feature in _features(schema):
        errors += _shape_errors(where, feature, warnings)
    for set_type, set_name, name, _ in iter_features(schema):
        errors += _name_errors(set_type, set_name, name, warnings)
    errors += _reference_errors(schema)
    errors += _readout_errors(schema, readout_node_sets)
    return errors, warnings


def _features(schema: Any) -> Iterable[tuple[str, Any]]:
    for set_type, set_name, name, feature in iter_features(schema):
        yield describe_feature(set_type, set_name, name), feature


def describe_set(set_type: str, set_name: str) -> str:
    """`Node set 'paper'`, for messages."""
    return "Context" if set_type == CONTEXT else f"{'Node' if set_type == NODES else 'Edge'} set {set_name!r}"


def describe_feature(set_type: str, set_name: str, name: str) -> str:
    """`Node set 'paper', feature 'year'`, for messages."""
    return f"{describe_set(set_type, set_name)}, feature {name!r}"


def _dtype_errors(where: str, feature: Any) -> Iterator[ValidationError]:
    if not feature.HasField("dtype") or feature.dtype == 0:
        yield ValidationError(f"{where}: the dtype is missing. Add for example `dtype: DT_FLOAT`.")
        return
    values = feature.DESCRIPTOR.fields_by_name["dtype"].enum_type.values_by_number
    name = values[feature.dtype].name if feature.dtype in values else str(feature.dtype)
    if not _SUPPORTED.fullmatch(name):
        yield ValidationError(f"{where}: dtype {name} is not supported. Supported are {_SUPPORTED_TEXT}.")


def _shape_errors(where: str, feature: Any, warnings: list[Exception]) -> Iterator[ValidationError]:
    shape = feature.shape
    if shape.unknown_rank:
        yield ValidationError(
            f"{where}: the shape has unknown rank. Give its dimensions; use `dim {{ size: -1 }}` for a ragged one."
        )
    for i, dim in enumerate(shape.dim):
        if dim.name:
            yield ValidationError(
                f"{where}: dimension {i} of the shape has the name {dim.name!r}, which nothing reads. "
                "Put it into the `description` of the feature."
            )
        if dim.size < -1:
            yield ValidationError(f"{where}: dimension {i} of the shape is {dim.size}; expected -1 (ragged) or a size.")
    if [dim.size for dim in shape.dim] == [1]:
        warnings.append(ValidationError(f"{where}: shape [1] is unnecessary; leave it out for one value an item."))


def _name_errors(set_type: str, set_name: str, name: str, warnings: list[Exception]) -> Iterator[ValidationError]:
    if not name.startswith("#") or (set_type, name) == (NODES, "#id"):  # What node ids are usually called.
        return
    reserved = {CONTEXT: (), NODES: (SIZE_NAME,), EDGES: (SIZE_NAME, SOURCE_NAME, TARGET_NAME)}[set_type]
    text = f"{describe_set(set_type, set_name)}: the feature name {name!r} is reserved"
    if name in reserved:
        yield ValidationError(f"{text}: tf.Examples store something else under it. Rename the feature.")
        return
    warnings.append(ValidationError(f"{text}: names that begin with '#' are kept for the library. Rename the feature."))


def _reference_errors(schema: Any) -> Iterator[ValidationError]:
    for set_type, sets in ((NODES, schema.node_sets), (EDGES, schema.edge_sets)):
        for set_name, piece in sorted(sets.items()):
            if not set_name:
                yield ValidationError(f"{describe_set(set_type, '')}: the name of a set must not be empty.")
            for name in piece.context:
                if name not in schema.context.features:
                    yield ValidationError(
                        f"{describe_set(set_type, set_name)} refers to the context feature {name!r}, "
                        f"which does not exist; there are {sorted(schema.context.features)}."
                    )
    for set_name, piece in sorted(schema.edge_sets.items()):
        for end in ("source", "target"):
            node_set = getattr(piece, end)
            if not node_set:
                yield ValidationError(f'Edge set {set_name!r}: the {end} is missing. Add `{end}: "<a node set>"`.')
            elif node_set not in schema.node_sets:
                yield ValidationError(
                    f"Edge set {set_name!r}: its {end} {node_set!r} is no node set of the schema; "
                    f"there are {sorted(schema.node_sets)}."
                )


def _readout_errors(schema: Any, wanted: Sequence[str] | None) -> Iterator[ValidationError]:
    if wanted is None:
        wanted = [_READOUT] if _READOUT in schema.node_sets else []
    for name in wanted:
        if not _READOUT_SET.fullmatch(name):
            yield ValidationError(
                f"{name!r} is no name for a readout node set: expected `_readout` or `_readout:<name>`."
            )
        elif name not in schema.node_sets:
            yield ValidationError(
                f"The readout node set {name!r} does not exist; there are {sorted(schema.node_sets)}."
            )
        else:
            yield from _edge_errors(schema, name)


def _edge_errors(schema: Any, readout: str) -> Iterator[ValidationError]:
    key = re.compile(re.escape(readout) + r"/\w+(/.*)?")
    found = False
    for name, edges in sorted(schema.edge_sets.items()):
        if not key.fullmatch(name):
            continue
        found = True
        if edges.target != readout:
            yield ValidationError(
                f"Edge set {name!r} reads out into node set {readout!r} by its name, but has target {edges.target!r}. "
                f'Set `target: "{readout}"`.'
            )
        if edges.source.startswith(_SHADOW) and edges.source[len(_SHADOW) :] not in schema.edge_sets:
            yield ValidationError(
                f"Edge set {name!r}: its source {edges.source!r} stands for edge set "
                f"{edges.source[len(_SHADOW) :]!r}, which does not exist; there are {sorted(schema.edge_sets)}."
            )
    if not found:
        yield ValidationError(
            f"Node set {readout!r} has no edge set to read out by. Add one named {readout + '/<key>'!r}, for example "
            f"'{readout}/seed', from the nodes to read to {readout!r}."
        )
