"""The kernel, compiled in a thread of its own the first time that it runs on a machine."""

from __future__ import annotations

import functools
import pathlib
import sys
import threading
import time
import weakref
from typing import Any

import numba
import numpy as np

from gnnkit.samplers._kernel import by_set, sample_components

_PATIENCE = 0.2  # Seconds in which a kernel is loaded that Numba has kept on disk.
_SHOW_AFTER = 2.0  # Seconds of waiting that nobody wants to be told about.
_HEAD_START = 1.5  # Seconds for the first batch, before it shares the GIL with the compiler.
_TURN = 0.0005  # Seconds between requests for the GIL meanwhile.
_lock = threading.Lock()
_jobs: dict[Any, threading.Event] = {}  # Types of arguments -> whether the work on them is done.
_ready: weakref.WeakSet[Any] = weakref.WeakSet()  # Plans whose kernel there is.


def kernel_is_ready(plan: Any, arguments: tuple[Any, ...]) -> bool:
    """Whether `sample_components` runs at once for such arguments. Starts to compile it if not.

    plan: which always goes with arguments of the same types. Python waits for the thread before it ends, so that what it
    has compiled is kept for the next time.
    """
    if plan in _ready:
        return True
    kept = _is_kept()
    done, new = _job(arguments, delay=0 if kept else _HEAD_START)
    if not done.wait(_PATIENCE if new and kept else 0):
        return False
    _ready.add(plan)
    return True


def await_kernel(plan: Any, arguments: tuple[Any, ...]) -> None:
    """Waits until `sample_components` runs at once; a terminal is told what for, if it takes long."""
    if plan in _ready:
        return
    done, new = _job(arguments, delay=0)
    if new and not done.wait(_SHOW_AFTER) and sys.stderr.isatty():
        import rich.console

        text = "Compiling the sampler for such a plan: half a minute, once on this machine"
        with rich.console.Console(stderr=True).status(text):
            done.wait()
    done.wait()
    _ready.add(plan)


@functools.cache  # Asked for every batch until the kernel is there.
def _is_kept() -> bool:
    """Whether Numba has kept kernels on disk, though perhaps of other versions or for other arguments."""
    folder = sample_components.stats.cache_path
    return bool(folder) and any(pathlib.Path(folder).glob("*.sample_components-*.nbi"))


def _job(arguments: tuple[Any, ...], delay: float) -> tuple[threading.Event, bool]:
    """Tells when there is a kernel for such arguments, and whether the work on it has begun just now.

    delay: seconds before it really begins.
    """
    types = tuple(numba.typeof(argument) for argument in arguments)
    with _lock:
        done = _jobs.get(types)
        if done is not None:
            return done, False
        done = _jobs[types] = threading.Event()
        threading.Thread(target=_compile, args=(types, done, delay), name="gnnkit-compile").start()
        return done, True


def _compile(types: tuple[Any, ...], done: threading.Event, delay: float) -> None:
    time.sleep(delay)
    # The compiler holds the GIL. Those who wait for it, who trace and sample meanwhile, ask for it sooner than usual.
    interval = sys.getswitchinterval()
    sys.setswitchinterval(min(interval, _TURN))
    try:
        sample_components.compile(types)
        by_set.compile((numba.typeof(np.empty((2, 2), np.int64)[:, :1]), numba.int64))
    finally:
        sys.setswitchinterval(interval)
        done.set()  # After an error, which whoever calls the kernel meets again.
