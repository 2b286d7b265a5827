"""What a run says while it works: progress bars on a terminal, lines elsewhere; always to standard error."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Protocol, TypeAlias, final

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

# `advance(done, total, detail)`; total None keeps what was known.
Advance: TypeAlias = Callable[..., None]


class Reporter(Protocol):
    """Where a run tells what it does. `ConsoleReporter` shows it, `SilentReporter` does not."""

    seconds: dict[str, float]

    def note(self, text: str) -> None:
        """Something the user should know, such as rows that were left out."""
        ...

    def stage(self, name: str, title: str, total: int | None = None) -> contextlib.AbstractContextManager[Advance]:
        """A part of the run. name: key of its duration in `seconds`. title: what is shown. total: steps, if known."""
        ...


class _Count(ProgressColumn):
    """Done and all, where there is something to count."""

    def render(self, task: Task) -> Text:
        return Text(f"{int(task.completed):,}/{int(task.total):,}" if task.total else "", style="progress.download")


class _Left(TimeRemainingColumn):
    """The time that is left, while that is known."""

    def render(self, task: Task) -> Text:
        known = task.total is not None and not task.finished and task.time_remaining is not None
        return super().render(task) if known else Text("     ")


@final
class ConsoleReporter:
    """Shows stages and notes on a console.

    console: where to write; standard error by default.
    every: on a console that is no terminal, the least seconds between two lines of one stage.
    """

    def __init__(self, console: Console | None = None, *, every: float = 10.0):
        self._console = console if console is not None else Console(stderr=True)
        self._every = every
        self.seconds: dict[str, float] = {}

    def note(self, text: str) -> None:
        """Writes one line."""
        self._console.print(Text(f"note: {text}", style="yellow"))

    @contextlib.contextmanager
    def stage(self, name: str, title: str, total: int | None = None) -> Iterator[Advance]:
        """Shows a bar on a terminal, else a line at the end and, for long stages, lines in between."""
        start = time.perf_counter()
        show = self._bar if self._console.is_terminal else self._lines
        done = False
        try:
            with show(title, total) as advance:
                yield advance
                done = True
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start
            mark = "done" if done else "stopped"
            if not self._console.is_terminal:
                self._console.print(Text(f"{title}: {mark} in {self.seconds[name]:.1f} s"))

    @contextlib.contextmanager
    def _bar(self, title: str, total: int | None) -> Iterator[Advance]:
        columns = (
            TextColumn("{task.description:<20}"),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            _Left(compact=True),
            _Count(),
            TextColumn("{task.fields[detail]}", markup=False),
        )
        with Progress(*columns, console=self._console) as progress:
            task = progress.add_task(title, total=total, detail="")

            def advance(done: int, total: int | None = None, detail: str = "") -> None:
                progress.update(task, completed=done, total=total, detail=detail)

            yield advance
            if progress.tasks[0].total is None:
                progress.update(task, total=0)  # A full bar, but no count.

    @contextlib.contextmanager
    def _lines(self, title: str, total: int | None) -> Iterator[Advance]:
        last = time.perf_counter()
        known = total

        def advance(done: int, total: int | None = None, detail: str = "") -> None:
            nonlocal last, known
            known = total if total is not None else known
            if time.perf_counter() - last >= self._every:
                last = time.perf_counter()
                of = f" of {known}" if known is not None else ""
                self._console.print(Text(f"{title}: {done}{of}{'; ' if detail else ''}{detail}"))

        yield advance


@final
class SilentReporter:
    """Shows nothing, measures only."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def note(self, text: str) -> None:
        """Does nothing."""

    @contextlib.contextmanager
    def stage(self, name: str, title: str, total: int | None = None) -> Iterator[Advance]:
        """Measures the time."""
        start = time.perf_counter()
        try:
            yield lambda done, total=None, detail="": None
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start


def make_reporter(*, quiet: bool = False) -> Reporter:
    """The reporter of a command: `quiet` shows nothing."""
    return SilentReporter() if quiet else ConsoleReporter()
