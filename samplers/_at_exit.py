"""Python ends although pipelines of tf.data are still at work.

A pipeline samples ahead in threads of TensorFlow, which call Python. One that is in such a call, or about to make one, when
the interpreter is taken down waits for it for ever; and the interpreter waits for the pipeline. So, before that, all are
brought to rest: they get the batch that they had last, at once, until their buffers are full.
"""

from __future__ import annotations

import atexit
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any, final

_QUIET = 0.3  # Seconds without a call after which a pipeline is at rest.
_PATIENCE = 10.0  # Seconds after which calls fail: some pipelines never have enough.
_all: weakref.WeakSet[Resting] = weakref.WeakSet()
_closing = threading.Event()


@final
class Resting:
    """A function for `tf.numpy_function` that comes to rest when Python ends.

    >>> double = Resting(lambda x: 2 * x)
    >>> double(4)
    8
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._lock = threading.Lock()
        self._running = 0
        self._last: Any = None
        self.called = -_QUIET  # When a call last began or ended.
        _all.add(self)

    def __call__(self, *args: Any) -> Any:
        self.called = time.monotonic()
        if _closing.is_set() and self._last is not None:
            if time.monotonic() > _deadline:
                raise RuntimeError("Python is about to end.")
            return self._last
        with self._lock:
            self._running += 1
        try:
            self._last = self._function(*args)
        finally:
            with self._lock:
                self._running -= 1
            self.called = time.monotonic()  # TensorFlow has yet to take the result.
        return self._last

    @property
    def rests(self) -> bool:
        """Whether it is not running, and has not been called for a while."""
        return not self._running and time.monotonic() - self.called > _QUIET


_deadline = float("inf")


@atexit.register
def _rest() -> None:
    global _deadline
    _closing.set()
    _deadline = time.monotonic() + _PATIENCE
    began = [function for function in _all if function.called > 0]
    for function in began:
        function.called = time.monotonic()  # A thread may be on its way into it.
    while not all(function.rests for function in began) and time.monotonic() < _deadline + _QUIET:
        time.sleep(0.02)
