"""Errors say in which stage of a run they came up."""

import contextlib
from collections.abc import Iterator


@contextlib.contextmanager
def stage(name: str) -> Iterator[None]:
    """Adds a note with the stage to any error raised inside."""
    try:
        yield
    except Exception as e:
        note = f"(raised in gnnkit.runner.run, stage: {name})"
        if note not in getattr(e, "__notes__", ()):
            e.add_note(note)
        raise
