"""Optional packages, imported where they are used."""

import importlib
from typing import Any


def require(package: str) -> Any:
    """Imports a package of the extra `interop`. ImportError says how to install it."""
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise ImportError(
            f"This function of gnnkit.interop needs the package {package!r}: pip install gnnkit[interop]"
        ) from error
