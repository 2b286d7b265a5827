"""The parameters of what makes something: a function or a class."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any


def parameters_of(factory: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    """Name -> parameter, in order. ValueError: Python does not know, as of some built-in ones.

    For a Keras layer, `inspect.signature` of Python 3.11.2 (Debian 12) tells of the inherited `__new__`, which takes
    anything, and not of the class' own `__init__`. Later ones take what comes first in the order of inheritance, as here.
    """
    if isinstance(factory, type) and not hasattr(factory, "__signature__"):
        first = next(c for c in factory.__mro__ if "__init__" in vars(c) or "__new__" in vars(c))
        if first is not object and "__init__" in vars(first) and "__new__" not in vars(first):
            _, *others = inspect.signature(factory.__init__).parameters.items()
            return dict(others)
    return inspect.signature(factory).parameters
