"""Whether a schema has what a program needs. Imports no TensorFlow."""

from typing import Any

from gnnkit._names import CONTEXT
from gnnkit.io._iterate import iter_features, iter_sets
from gnnkit.io._validate import ValidationError, describe_feature, describe_set


def check_required_features(requirements: Any, actual: Any) -> None:
    """Checks that a schema has all sets and features of another one; it may have more.

    requirements: a `GraphSchema` of what is needed. Features without dtype or without shape match any; a dimension of
        size 0 matches any size. Edge sets without source or target match any.
    actual: the `GraphSchema` of the data.

    ValidationError: a set or feature is missing, or has another dtype, shape, source or target.

    >>> from gnnkit.io import check_required_features, parse_schema
    >>> needed = parse_schema('node_sets { key: "a" value { features { key: "x" value { dtype: DT_FLOAT } } } }')
    >>> check_required_features(needed, parse_schema('node_sets { key: "a" value {} }'))
    Traceback (most recent call last):
    ...
    gnnkit.io._validate.ValidationError: Node set 'a', feature 'x' is required, but the schema lacks it.
    """
    sets = {(set_type, set_name): piece for set_type, set_name, piece in iter_sets(actual)}
    for set_type, set_name, wanted in iter_sets(requirements):
        if set_type != CONTEXT:
            _check_set(describe_set(set_type, set_name), wanted, sets.get((set_type, set_name)))
    features = {(set_type, set_name, name): feature for set_type, set_name, name, feature in iter_features(actual)}
    for set_type, set_name, name, wanted in iter_features(requirements):
        _check_feature(describe_feature(set_type, set_name, name), wanted, features.get((set_type, set_name, name)))


def _check_set(what: str, wanted: Any, have: Any) -> None:
    if have is None:
        raise ValidationError(f"{what} is required, but the schema lacks it.")
    for end in ("source", "target"):
        wanted_end, end_name = getattr(wanted, end, ""), getattr(have, end, "")
        if wanted_end and wanted_end != end_name:
            raise ValidationError(f"{what}: required is the {end} {wanted_end!r}, but the schema has {end_name!r}.")


def _check_feature(what: str, wanted: Any, have: Any) -> None:
    if have is None:
        raise ValidationError(f"{what} is required, but the schema lacks it.")
    if wanted.dtype and wanted.dtype != have.dtype:
        values = wanted.DESCRIPTOR.fields_by_name["dtype"].enum_type.values_by_number
        dtypes = [values[feature.dtype].name for feature in (wanted, have)]
        raise ValidationError(f"{what}: required is the dtype {dtypes[0]}, but the schema has {dtypes[1]}.")
    shapes = [[dim.size for dim in feature.shape.dim] for feature in (wanted, have)]
    if wanted.HasField("shape") and (
        len(shapes[0]) != len(shapes[1]) or any(a not in (0, b) for a, b in zip(*shapes, strict=True))
    ):
        raise ValidationError(f"{what}: required is the shape {shapes[0]}, but the schema has {shapes[1]}.")
