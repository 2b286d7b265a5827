"""Classes of the user's, by dotted path."""

import importlib
from collections.abc import Callable, Mapping
from typing import Any

from gnnkit._parameters import parameters_of
from gnnkit.runner._errors import RunError


def class_of_user(where: str, path: str) -> Callable[..., Any]:
    """A class or function of the user's. where: the section of the config, for messages.

    `RunError`: it cannot be imported.
    """
    try:
        return _found(path)
    except (ImportError, AttributeError) as error:
        raise RunError(
            f"{where}.class: {path!r} cannot be imported ({type(error).__name__}: {error}). Give the dotted path of "
            "a class or function in a module that Python finds (see PYTHONPATH)."
        ) from error


def make_of_user(where: str, path: str, arguments: Mapping[str, Any], offered: Mapping[str, Any] | None = None) -> Any:
    """What a class or function of the user's makes.

    where: the section of the config, for messages. arguments: those that the config gives. offered: further ones, for
        parameters of these names.
    `RunError`: it cannot be imported or called.
    """
    factory = class_of_user(where, path)
    if offered:
        arguments = {**{k: v for k, v in offered.items() if k in _parameters(factory)}, **arguments}
    try:
        return factory(**arguments)
    except (TypeError, ValueError) as error:
        shown = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
        raise RunError(f"{where}.class: {path}({shown}) failed: {type(error).__name__}: {error}") from error


def _found(path: str) -> Any:
    module, _, name = path.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError):
        # `tensorflow.distribute.MirroredStrategy` is an attribute of an attribute, and of no module of that name.
        first, *rest = path.split(".")
        found: Any = importlib.import_module(first)
        for part in rest:
            found = getattr(found, part, None)
        if found is None:
            raise
        return found


def _parameters(factory: Callable[..., Any]) -> set[str]:
    try:
        return set(parameters_of(factory))
    except ValueError:  # Of built-in ones.
        return set()
