"""Numba's compiler as this package uses it: without the GIL, cached on disk where a folder can be written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba


def jit(function: Callable[..., Any]) -> Any:
    """Compiles at the first call. The machine code is kept beside the source file, or in the user's cache folder.

    Developers: Numba compares the date of the function's own file only. After a change to a function that kernels in
    other files call, delete `samplers/__pycache__/*.nb*`; the tests that compare kernel and definition notice.
    """
    try:
        return numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:  # "no locator available": neither folder can be written.
        return numba.njit(nogil=True)(function)
