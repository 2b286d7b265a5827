"""A sweep: one run after another, and what came of them."""

import dataclasses
import itertools
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, final

import keras
import numpy as np

from gnnkit.runner.config import Range, RunConfig, Sweep, load, metrics_of, to_plain
from gnnkit.runner.pipeline._compare import Comparison, compare_runs
from gnnkit.runner.pipeline._execute import execute
from gnnkit.runner.pipeline._progress import make_reporter

RESULTS = "sweep.json"


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Trial:
    """One run of a sweep. values: dotted key -> value. config: the run's."""

    values: dict[str, Any]
    config: RunConfig

    @property
    def done(self) -> bool:
        """Whether this run is finished: its folder has a summary, and its config is the same."""
        folder = self.config.output_directory
        if not (folder / "summary.json").is_file() or not (folder / "config.yaml").is_file():
            return False
        return to_plain(load(folder / "config.yaml")) == to_plain(self.config)


def trials(path: str | Path, overrides: Iterable[str] = ()) -> list[Trial]:
    """The runs of a config with a `sweep` section, all checked; nothing runs.

    path, overrides: as for `gnnkit.runner.config.load`. Each run has a folder of its own in the config's `model_dir`.
    `ConfigError`: a value does not fit, in the config or in one of the runs.
    """
    overrides = list(overrides)
    config = load(path, overrides)
    if config.sweep is None:
        raise config.error(("sweep",), "there is no sweep section.")
    parent = config.output_directory
    result = []
    for number, values in enumerate(combinations(config.sweep)):
        own = [f"{key}={json.dumps(value)}" for key, value in values.items()]
        place = [f"model_dir={json.dumps(str(parent / f'{number:03d}'))}", "sweep=null"]
        result.append(Trial(values=values, config=load(path, [*overrides, *own, *place])))
    return result


def combinations(sweep: Sweep) -> Iterator[dict[str, Any]]:
    """The values of each run, in order: all of a grid, or the random draws, no two the same.

    >>> list(combinations(Sweep(parameters={"seed": (0, 1), "model.units": (8,)})))
    [{'seed': 0, 'model.units': 8}, {'seed': 1, 'model.units': 8}]
    """
    if sweep.method == "grid":
        for values in itertools.product(*sweep.parameters.values()):  # type: ignore[arg-type]
            yield dict(zip(sweep.parameters, values, strict=True))
        return
    generator = np.random.default_rng(sweep.seed)
    seen: set[str] = set()
    # A small space may hold fewer combinations than are asked for.
    for _ in range(50 * sweep.num_runs):
        values = {key: _draw(choices, generator) for key, choices in sweep.parameters.items()}
        if repr(values) not in seen:
            seen.add(repr(values))
            yield values
            if len(seen) == sweep.num_runs:
                return


def execute_sweep(path: str | Path, overrides: Iterable[str] = (), *, quiet: bool = False) -> Comparison:
    """Carries out the runs that are not finished yet, then compares all; `sweep.json` in the folder lists them.

    Errors are those of `trials` and `execute`.
    """
    planned = trials(path, overrides)
    reporter = make_reporter(quiet=quiet)
    for number, trial in enumerate(planned):
        what = ", ".join(f"{key}={value}" for key, value in trial.values.items())
        if trial.done:
            reporter.note(f"Run {number + 1} of {len(planned)} ({what}) is finished already.")
            continue
        reporter.note(f"Run {number + 1} of {len(planned)}: {what}")
        execute(trial.config, quiet=quiet)
        keras.backend.clear_session()  # Graphs of earlier runs are not needed any more.
    sweep: Any = load(path, overrides).sweep
    metric = sweep.metric or default_metric(planned[0].config)
    comparison = compare_runs([trial.config.output_directory for trial in planned], metric=metric)
    parent = planned[0].config.output_directory.parent
    document = {"metric": comparison.metric, "runs": [row.to_dict() for row in comparison.rows]}
    (parent / RESULTS).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return comparison


def default_metric(config: RunConfig) -> str | None:
    """The main metric of the first task with labels, of the validation part; None where there is no such part."""
    name, metric = next(iter(config.labelled_tasks)), metrics_of(config.main_task)[0]
    metric = f"{name}_{metric}" if name and metric != "loss" else metric
    return f"valid.{metric}" if config.split.valid else None


def _draw(choices: Any, generator: np.random.Generator) -> Any:
    if not isinstance(choices, Range):
        return choices[int(generator.integers(len(choices)))]
    if choices.log:
        value = float(np.exp(generator.uniform(np.log(choices.low), np.log(choices.high))))
    else:
        value = float(generator.uniform(choices.low, choices.high))
    return round(value) if choices.whole else value
