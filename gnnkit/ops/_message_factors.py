"""Factors of messages, which an explainer sets from outside while a model runs."""

import contextlib
import contextvars
from collections.abc import Iterator, Mapping
from typing import Any

import tensorflow as tf

from gnnkit.ops._sorted_segments import plain_kernels

_factors: contextvars.ContextVar[Mapping[str, Any] | None] = contextvars.ContextVar("factors", default=None)


@contextlib.contextmanager
def message_factors(factors: Mapping[str, Any]) -> Iterator[None]:
    """While it is open, all that is pooled from an edge is multiplied by the factor of that edge.

    factors: edge set name -> float `[E]`, in the order of the graph that goes into the model. TensorFlow only.
    """
    token = _factors.set(dict(factors))
    try:
        with plain_kernels():  # The others want edges in the order of their receivers.
            yield
    finally:
        _factors.reset(token)


def message_factor(edge_set_name: str) -> Any:
    """The factors of an edge set, float `[E]`, or None where none are set."""
    factors = _factors.get()
    return None if factors is None else factors.get(edge_set_name)


def scale_messages(edge_set_name: str, messages: Any) -> Any:
    """Messages `[E, ...]`, times the factors of their edges. ValueError: there is another number of edges."""
    factor = message_factor(edge_set_name)
    if factor is None or not messages.dtype.is_floating:
        return messages
    rows = messages.shape[0]
    if rows is not None and rows != factor.shape[0]:
        raise ValueError(
            f"Edge set {edge_set_name!r} has {factor.shape[0]} edges where it goes into the model and {rows} inside it, so "
            "that its edges cannot be told apart. Explain the model without trimming, and with self-loops and other new "
            "edges made before it."
        )
    columns = [-1, *[1] * (messages.shape.rank - 1)]
    return messages * tf.cast(tf.reshape(factor, columns), messages.dtype)
