"""Times the same thing done by several libraries, in turns in one process, and judges the ratio of medians."""

import dataclasses
import json
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

TOLERANCE = 0.05  # Two medians of the same work differ by this much on a busy machine.


@dataclasses.dataclass(frozen=True)
class Case:
    """`sides`: library -> what to time, gnnkit first. gnnkit should be `target` times as fast as the fastest other,
    unless that is None."""

    group: str
    name: str
    target: float | None
    sides: Mapping[str, Callable[[], Any]]


@dataclasses.dataclass(frozen=True)
class Result:
    """Medians in milliseconds by side; `ratio` is how many times as fast gnnkit is as the fastest other side."""

    group: str
    name: str
    ms: dict[str, float]
    ratio: float | None
    target: float | None

    @property
    def ok(self) -> bool | None:
        return None if self.ratio is None or self.target is None else self.ratio >= self.target * (1 - TOLERANCE)

    def row(self) -> dict[str, Any]:
        return {**dataclasses.asdict(self), "ok": self.ok}


Clock = Callable[[], float]  # Seconds: of the wall, or of the processor.


def measure(case: Case, clock: Clock, seconds: float, min_rounds: int = 7) -> Result:
    """Alternates between the sides for about `seconds`, and for `min_rounds` at least."""
    repeat = {side: _repeats(call) for side, call in case.sides.items()}
    times: dict[str, list[float]] = {side: [] for side in case.sides}
    order = list(case.sides.items())
    begin = time.perf_counter()
    while len(times[order[0][0]]) < min_rounds or time.perf_counter() - begin < seconds:
        for side, call in order:
            times[side].append(_time(call, clock, repeat[side]))
        order.reverse()  # Nobody always runs in the wake of the same neighbour.
    ms = {side: 1000 * statistics.median(taken) for side, taken in times.items()}
    own, *others = ms.values()
    return Result(case.group, case.name, ms, min(others) / own if others else None, case.target)


def _repeats(call: Callable[[], Any]) -> int:
    """How many calls to time together: a millisecond or more."""
    for _ in range(3):  # The first ones trace and fill caches.
        call()
    return max(1, min(50, int(1e-3 / _time(call, time.perf_counter, 1))))


def _time(call: Callable[[], Any], clock: Clock, repeat: int) -> float:
    start = clock()
    for _ in range(repeat):
        call()
    return (clock() - start) / repeat


def report(cases: Iterable[Case], *, clock: Clock, seconds: float, as_json: bool) -> None:
    """Measures all cases and prints a table, or one JSON object and nothing else."""
    results = []
    for case in cases:
        result = measure(case, clock, seconds)
        if not as_json:
            _print_row(result, new_group=not results or results[-1].group != result.group)
        results.append(result)
    if as_json:
        print(json.dumps({"tolerance": TOLERANCE, "cases": [result.row() for result in results]}))
    else:
        judged = [result for result in results if result.ok is not None]
        missed = [f"{result.group}: {result.name}" for result in judged if not result.ok]
        if judged:
            print(f"\n{len(judged) - len(missed)} of {len(judged)} cases hold (within {TOLERANCE:.0%}).")
        print("\n".join(f"Missed: {name}" for name in missed))


def _print_row(result: Result, new_group: bool) -> None:
    if new_group:
        print(f"\n{result.group}\n{'':34}" + "".join(f"{side + ' ms':>19}" for side in result.ms), end="")
        print(f"{'ratio':>9}{'target':>9}  ok?")
    print(f"{result.name:34}" + "".join(f"{value:19.3f}" for value in result.ms.values()), end="")
    verdict = {True: "yes", False: "NO", None: ""}[result.ok]
    target = "" if result.target is None else f"{result.target:.1f}"
    print(f"{result.ratio or float('nan'):9.2f}{target:>9}  {verdict}", flush=True)
