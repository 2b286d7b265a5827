"""Gradients of gnnkit's own, and how to do without them."""

import contextlib
import contextvars
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

_off = contextvars.ContextVar("own_gradients_off", default=False)


def custom_gradient(function: Callable[..., Any]) -> Callable[..., Any]:
    """`tf.custom_gradient`, unless inside of `no_own_gradients`."""
    with_gradient = tf.custom_gradient(function)

    def call(*args: Any) -> Any:
        return function(*args)[0] if _off.get() else with_gradient(*args)

    return call


def are_off() -> bool:
    """Whether this is inside of `no_own_gradients`."""
    return _off.get()


@contextlib.contextmanager
def no_own_gradients() -> Iterator[None]:
    """TensorFlow's gradients are used for what is traced here.

    A SavedModel would hold a function for each gradient of our own, and whoever loads it would be warned about each that
    has one itself.

    >>> with no_own_gradients():
    ...     custom_gradient(lambda x: (2 * x, lambda upstream: 0 * upstream))(tf.constant(1.0)).numpy()
    np.float32(2.0)
    """
    token = _off.set(True)
    try:
        yield
    finally:
        _off.reset(token)
