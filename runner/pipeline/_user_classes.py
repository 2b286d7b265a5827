"""Classes of the user's, by dotted path."""

import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from gnnkit.runner._errors import RunError


def class_of_user(where: str, path: str) -> Callable[..., Any]:
    """A class or function of the user's. where: the section of the config, for messages.

    `RunError`: it cannot be imported.
    """
    module, _, name = path.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)
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
        taken = inspect.signature(factory).parameters
        every = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in taken.values())
        arguments = {**{k: v for k, v in offered.items() if k in taken or every}, **arguments}
    try:
        return factory(**arguments)
    except (TypeError, ValueError) as error:
        shown = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
        raise RunError(f"{where}.class: {path}({shown}) failed: {type(error).__name__}: {error}") from error
