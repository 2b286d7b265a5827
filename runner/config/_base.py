"""What all sections of a config have in common: frozen, strict scalars, no unknown keys."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, Strict, StringConstraints

# Strict scalars: a quoted "3" is text, `true` is not a number. Lists may be given for tuples.
Text = Annotated[str, StringConstraints(strict=True, min_length=1)]
Switch = Annotated[bool, Strict()]
Count = Annotated[int, Strict(), Field(gt=0)]
Whole = Annotated[int, Strict(), Field(ge=0)]
Number = Annotated[float, Strict(), Field(allow_inf_nan=False)]
Positive = Annotated[float, Strict(), Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Strict(), Field(ge=0, allow_inf_nan=False)]
Rate = Annotated[float, Strict(), Field(ge=0, lt=1)]
Share = Annotated[float, Strict(), Field(ge=0, le=1)]
# The value of a feature as a table holds it: text, or a whole number.
Value = Annotated[int, Strict()] | Annotated[str, Strict()]


class Section(BaseModel):
    """A mapping in the config file. Frozen; refuses keys that it does not know."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        populate_by_name=True,
        # The docstring under a field is its description, in the JSON schema as well.
        use_attribute_docstrings=True,
        protected_namespaces=(),
    )


def infer_type(*rules: tuple[str, str], default: str | None = None) -> Callable[[Any], Any]:
    """Makes a validator that adds the `type` that a mapping's keys tell.

    rules: pairs (key, type); the first key that is present decides.
    default: type of a mapping with none of the keys.
    Other values than mappings (texts stand for `{type: text}`) pass through `expand_text`.
    """

    def infer(value: Any) -> Any:
        value = expand_text(value)
        if not isinstance(value, Mapping) or "type" in value:
            return value
        kind = next((kind for key, kind in rules if key in value), default)
        return value if kind is None else {"type": kind, **value}

    return infer


def expand_text(value: Any) -> Any:
    """Lets `gcn` stand for `{type: gcn}`."""
    return {"type": value} if isinstance(value, str) else value


def one_or_more(value: Any) -> Any:
    """Lets `train` stand for `[train]`."""
    return (value,) if isinstance(value, (str, int)) and not isinstance(value, bool) else value
