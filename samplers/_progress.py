"""Progress of long work: to a function that is given, or a bar on a terminal once the work proves long."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

Progress = Callable[[int, int, str], Any]
"""Called as `progress(done, total, what)`."""

_PATIENCE = 2.0  # Seconds of work that nobody wants to be told about.


@contextlib.contextmanager
def showing(progress: Progress | None, title: str) -> Iterator[Progress]:
    """The function to tell; None makes a bar on standard error, if that is a terminal and the work takes long."""
    if progress is not None or not sys.stderr.isatty():
        yield progress or (lambda done, total, what: None)
        return
    start, bar, task = time.perf_counter(), None, None

    def show(done: int, total: int, what: str) -> None:
        nonlocal bar, task
        if bar is None:
            if time.perf_counter() - start < _PATIENCE:
                return
            import rich.console
            import rich.progress

            bar = rich.progress.Progress(console=rich.console.Console(stderr=True), transient=True)
            bar.start()
            task = bar.add_task(title, total=total)
        if task is not None:
            bar.update(task, completed=done, total=total, description=f"{title}: {what}" if what else title)

    try:
        yield show
    finally:
        if bar is not None:
            bar.stop()
