"""Reads schemas for commands: what is wrong with them becomes a message."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gnnkit.runner._errors import RunError

if TYPE_CHECKING:
    from gnnkit.schemas import GraphSchema


def read_schema_file(file: str) -> "GraphSchema":
    """Reads a GraphSchema in text or binary form. RunError: it cannot be read, or is none."""
    from gnnkit.io import read_schema

    try:
        return read_schema(file)
    except OSError as error:
        raise RunError(f"{file} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise RunError(str(error)) from None


def read_valid_schema(file: str) -> "GraphSchema":
    """Reads a GraphSchema. RunError: it cannot be read, is none or has errors."""
    from gnnkit.io._validate import schema_problems

    schema = read_schema_file(file)
    refuse(file, schema_problems(schema)[0])
    return schema


def refuse(file: str, problems: Iterable[object]) -> None:
    """RunError with all problems, if there are some."""
    if texts := [str(problem) for problem in problems]:
        raise RunError("\n  ".join([f"{file} has {len(texts)} problem{'s' * (len(texts) > 1)}:", *texts]))
