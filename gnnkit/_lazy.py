"""Lazy public names for a package: nothing heavy is imported before it is used (PEP 562)."""

import importlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any


def attach(
    package: str, names: Mapping[str, str], submodules: Iterable[str] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Makes `__getattr__`, `__dir__` and `__all__` for the `__init__.py` of `package`.

    package: the package's `__name__`.
    names: public name -> the module that defines it. A value `"module:other"` takes the attribute `other`.
    submodules: subpackages that are reachable as attributes.
    """
    subpackages = frozenset(submodules)
    public = sorted({*names, *subpackages})

    def getattr_(name: str) -> Any:
        if name in names:
            module, _, attribute = names[name].partition(":")
            value = getattr(importlib.import_module(module), attribute or name)
        elif name in subpackages:
            value = importlib.import_module(f"{package}.{name}")
        else:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        # Cached, so that the next access does not come here.
        setattr(importlib.import_module(package), name, value)
        return value

    def dir_() -> list[str]:
        return public

    return getattr_, dir_, public
