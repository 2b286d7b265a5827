"""Turns pydantic's errors into problems that name the key as the file has it and what is allowed there."""

import types
import typing
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from gnnkit.runner.config._errors import Problem, listing, nearest
from gnnkit.runner.config._source import KeyPath, Source

_EXPECTED = {
    "bool_type": "true or false",
    "dict_type": "a mapping (keys with values)",
    "float_type": "a number",
    "finite_number": "a finite number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "list_type": "a list",
    "model_attributes_type": "a mapping (keys with values)",
    "model_type": "a mapping (keys with values)",
    "path_type": "a path",
    "string_type": "a text",
    "string_sub_type": "a text",
    "tuple_type": "a list",
}
_BOUNDS = {"greater_than": ("gt", ">"), "greater_than_equal": ("ge", ">="), "less_than": ("lt", "<")}
_BOUNDS["less_than_equal"] = ("le", "<=")


def explain(error: ValidationError, root: type[BaseModel], source: Source) -> list[Problem]:
    """All problems of a failed validation of `root`, one for each place, in the order of the config's sections."""
    expected: dict[KeyPath, list[str]] = {}
    came: dict[KeyPath, Any] = {}
    found: dict[KeyPath, Problem] = {}
    for item in error.errors(include_url=False):
        path, owner = locate(root, item["loc"])
        if (phrase := _phrase(item)) is not None:
            # Each member of a union of plain types complains on its own; together they say what is expected.
            phrases = expected.setdefault(path, [])
            if phrase not in phrases:
                phrases.append(phrase)
            came[path] = item["input"]
            message = f"expected {' or '.join(phrases)}, got {_show(came[path])}.{_literal_hint(item)}"
        else:
            message = _message(item, path, owner)
            if item["type"] == "union_tag_invalid" and source.has((*path, "type")):
                path = (*path, "type")
        found[path] = Problem(path=path, message=message)
    # What is wrong within a list says more than that a number was possible in its place.
    return [p for path, p in found.items() if not any(path == o[: len(path)] and path != o for o in found)]


def locate(root: type[BaseModel], location: Iterable[str | int]) -> tuple[KeyPath, type[BaseModel] | None]:
    """The keys in the file that a pydantic location stands for.

    pydantic puts the tag or type of the chosen member of a union into locations; these are left out.
    Returns the path, and the section that holds (or should hold) its last key.
    """
    path: list[str | int] = []
    owner: type[BaseModel] | None = None
    annotation: Any = root
    rest = list(location)
    while rest:
        annotation, tagged = _strip(annotation)
        if members := _members(annotation):
            tag = rest.pop(0)
            if tagged:
                annotation = next((m for m in members if tag in _tags(m)), None)
            else:
                annotation = _member_called(members, str(tag))
            continue
        key = rest.pop(0)
        if key == "[key]":
            break
        path.append(key)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            owner = annotation
            annotation = _field(owner, key)
        else:
            owner = None
            arguments = typing.get_args(annotation)
            mapping = typing.get_origin(annotation) in (dict, Mapping)
            annotation = (arguments[1] if mapping else arguments[0]) if arguments else None
    return tuple(path), owner


def allowed_keys(section: type[BaseModel]) -> list[str]:
    """The keys of a section as the file writes them, sorted."""
    return sorted(field.alias or name for name, field in section.model_fields.items())


def _strip(annotation: Any) -> tuple[Any, bool]:
    """The bare type, and whether it is a union told apart by `type`."""
    tagged = False
    while True:
        if typing.get_origin(annotation) is Annotated:
            annotation, *extras = typing.get_args(annotation)
            tagged = tagged or any(isinstance(e, FieldInfo) and e.discriminator for e in extras)
            continue
        arguments = [a for a in typing.get_args(annotation) if a is not types.NoneType]
        if _is_union(annotation) and len(arguments) == 1:
            annotation = arguments[0]
            continue
        return annotation, tagged


def _is_union(annotation: Any) -> bool:
    return typing.get_origin(annotation) in (typing.Union, types.UnionType)


def _members(annotation: Any) -> list[Any]:
    return [a for a in typing.get_args(annotation) if a is not types.NoneType] if _is_union(annotation) else []


def _member_called(members: list[Any], label: str) -> Any:
    """The member of a union of plain types that is meant; only lists and mappings have something below them."""
    kinds: tuple[type, ...] = (dict,) if label.startswith("dict[") else (tuple, list)
    return next((m for m in members if typing.get_origin(_strip(m)[0]) in kinds), None)


def _tag(member: Any) -> Any:
    return member.model_fields["type"].default if isinstance(member, type) and issubclass(member, BaseModel) else None


def _tags(member: Any) -> tuple[Any, ...]:
    """The values of `type` that stand for a member of a union."""
    if not isinstance(member, type) or not issubclass(member, BaseModel):
        return ()
    return typing.get_args(member.model_fields["type"].annotation)


def _field(section: type[BaseModel], key: str | int) -> Any:
    for name, field in section.model_fields.items():
        if key in (field.alias, name):
            tagged = Annotated[field.annotation, FieldInfo(discriminator=field.discriminator)]
            return tagged if field.discriminator else field.annotation
    return None


def _phrase(item: Mapping[str, Any]) -> str | None:
    """What was expected, for errors that say no more than that."""
    kind = item["type"]
    if kind in _BOUNDS:
        name, sign = _BOUNDS[kind]
        return f"a number {sign} {item['ctx'][name]:g}"
    if kind == "literal_error":
        # pydantic quotes the values and writes "or" before the last.
        values = _literal_values(item["ctx"]["expected"])
        return listing(values) if len(values) == 1 else "one of " + listing(values)
    if kind == "too_short":
        return "a list that is not empty"
    if kind == "string_too_short":
        return "a text that is not empty"
    return _EXPECTED.get(kind)


def _message(item: Mapping[str, Any], path: KeyPath, owner: type[BaseModel] | None) -> str:
    kind = item["type"]
    last = path[-1] if path else ""
    if kind == "extra_forbidden" and owner is not None:
        allowed = allowed_keys(owner)
        title = f"for {_tag(owner)!r} " if "type" in owner.model_fields and len(_tags(owner)) == 1 else ""
        return f"unknown key {last!r}.{nearest(last, allowed)} Allowed {title}here: {listing(allowed)}."
    if kind == "missing" and owner is not None:
        return f"the key {last!r} is missing. {_description(owner, last)}"
    if kind == "union_tag_invalid":
        values = _literal_values(item["ctx"]["expected_tags"])
        tag = item["ctx"]["tag"]
        return f"unknown type {tag!r}.{nearest(tag, values)} Allowed: {listing(sorted(values))}."
    if kind == "union_tag_not_found":
        return f"the key 'type' is missing in {_show(item['input'])}; it says which kind is meant."
    if kind == "value_error":
        return f"{item['ctx']['error']}, got {_show(item['input'])}."
    return f"{item['msg'][:1].lower()}{item['msg'][1:]}, got {_show(item['input'])}."


def _description(owner: type[BaseModel], key: str | int) -> str:
    for name, field in owner.model_fields.items():
        if key in (field.alias, name):
            return " ".join((field.description or "").split())
    return ""


def _literal_values(text: str) -> list[str]:
    return [part.strip().strip("'") for part in text.replace(" or ", ", ").split(",")]


def _literal_hint(item: Mapping[str, Any]) -> str:
    return nearest(item["input"], _literal_values(item["ctx"]["expected"])) if item["type"] == "literal_error" else ""


def _show(value: Any) -> str:
    kind = {str: "text ", bool: "", int: "", float: "", type(None): ""}.get(type(value), "")
    shown = "nothing (null)" if value is None else str(value).lower() if isinstance(value, bool) else repr(value)
    shown = shown if len(shown) <= 80 else shown[:77] + "..."
    return kind + shown
