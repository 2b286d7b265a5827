"""What attention layers tell an explainer while a model runs."""

import contextlib
import contextvars
from collections.abc import Iterator
from typing import Any, NamedTuple


class Attended(NamedTuple):
    """Coefficients of one call of a layer: `[E, H]`; eagerly, in the order of the graph that the layer got."""

    layer_name: str
    edge_set_name: str | None
    node_set_name: str | None
    coefficients: Any


_log: contextvars.ContextVar[list[Attended] | None] = contextvars.ContextVar("log", default=None)


@contextlib.contextmanager
def attention_log() -> Iterator[list[Attended]]:
    """A list that gets the coefficients of all attention layers that are called while it is open."""
    log: list[Attended] = []
    token = _log.set(log)
    try:
        yield log
    finally:
        _log.reset(token)


def log_attention(
    layer: Any, coefficients: Any, *, edge_set_name: str | None = None, node_set_name: str | None = None
) -> None:
    """Tells whoever listens; free where nobody does."""
    log = _log.get()
    if log is not None:
        log.append(Attended(layer.name, edge_set_name, node_set_name, coefficients))
