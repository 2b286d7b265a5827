"""Which components are real and which are padding, told from outside to layers that look at a batch as a whole."""

import contextlib
import contextvars
from collections.abc import Iterator
from typing import Any

from gnnkit.ops import _primitives
from gnnkit.ops._resolve import components_of

_weights: contextvars.ContextVar[Any] = contextvars.ContextVar("weights", default=None)


@contextlib.contextmanager
def real_components(weights: Any) -> Iterator[None]:
    """While it is open, layers know which components are padding.

    weights: of components, float `[C]`: 0 for padding, otherwise 1. None: there is no padding.
    """
    token = _weights.set(weights)
    try:
        yield
    finally:
        _weights.reset(token)


def component_weights() -> Any:
    """The weights, float `[C]`; None where there is no padding."""
    return _weights.get()


def real_items(piece: Any) -> Any:
    """bool `[N]`, whether the items of a node set, edge set or context are real; None where there is no padding."""
    weights = _weights.get()
    if weights is None:
        return None
    is_real = weights > 0
    return is_real if piece._one_item_a_component else _primitives.gather(is_real, components_of(piece))
