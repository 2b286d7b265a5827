"""The whole of a config file."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import PrivateAttr, StringConstraints

from gnnkit.runner.config._attribution import Attribution
from gnnkit.runner.config._base import Section, Text, Whole
from gnnkit.runner.config._contrastive import Contrastive
from gnnkit.runner.config._data import Data
from gnnkit.runner.config._errors import ConfigError, Problem
from gnnkit.runner.config._features import Features
from gnnkit.runner.config._model import Model, VanillaMPNN
from gnnkit.runner.config._runtime import Runtime
from gnnkit.runner.config._sampling import Sampling
from gnnkit.runner.config._source import KeyPath, Source
from gnnkit.runner.config._split import Split
from gnnkit.runner.config._sweep import Sweep
from gnnkit.runner.config._task import LabelledTask, Task
from gnnkit.runner.config._training import Export, Training

TaskName = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z]\w*$")]


class RunConfig(Section):
    """One run: from tables to a trained, evaluated, explained and exported model.

    Usually made from a YAML file by `gnnkit.runner.config.load`; can be built in Python as well:

    >>> config = RunConfig.model_validate({
    ...     "model_dir": "runs/demo",
    ...     "data": {"dataset": "academic"},
    ...     "task": {"type": "node_classification", "node_set": "paper", "label": "label"},
    ...     "split": {"feature": "split"},
    ...     "sampling": {"sizes": [8, 4]},
    ... })
    >>> config.training.epochs
    10
    """

    version: Literal[1] = 1
    """Version of the config's format."""

    seed: Whole = 0
    """The seed of everything random: split, sampling, initial weights, dropout, order of training nodes."""

    model_dir: Text
    """The folder that the run writes to; relative to the current directory. `{seed}` stands for the seed, `{name}`
    for the config file's name without `.yaml`."""

    data: Data
    """Where the graph comes from: tables with a `schema`, or a `dataset` by name."""

    task: Task | None = None
    """What is predicted."""

    tasks: dict[TaskName, Task] = {}
    """In place of `task`: name -> task, for several that are learnt together. Each has a `weight`. One at least has
    labels; of those the first tells the best epoch."""

    split: Split
    """Which nodes, edges or graphs are for training, validation and test."""

    sampling: Sampling
    """`none` for the whole graph at once, or `hops`, `sizes` or `spec` for subgraphs around each node."""

    features: Features = Features()
    """What the model gets to see."""

    model: Model = VanillaMPNN()
    """The network."""

    training: Training = Training()
    """How it is fitted."""

    export: Export = Export()
    """The exported model."""

    attribution: Attribution = Attribution()
    """The explanation of the predictions."""

    runtime: Runtime = Runtime()
    """How the machine is used."""

    sweep: Sweep | None = None
    """Several runs, one for each combination of values."""

    _source: Source = PrivateAttr(default_factory=Source)

    @property
    def all_tasks(self) -> dict[str, Task]:
        """Name -> task. A task that stands alone has the name `""`."""
        return {"": self.task} if self.task is not None else dict(self.tasks)

    @property
    def labelled_tasks(self) -> dict[str, LabelledTask]:
        """Those of `all_tasks` that have labels."""
        return {n: t for n, t in self.all_tasks.items() if not isinstance(t, Contrastive)}

    @property
    def main_task(self) -> LabelledTask:
        """The first task with labels. What is predicted for, and by what the best epoch is told."""
        return next(iter(self.labelled_tasks.values()))

    def task_path(self, name: str, *keys: str) -> KeyPath:
        """The path of keys to one of `all_tasks`, or to a key of it."""
        return ("tasks", name, *keys) if name else ("task", *keys)

    def error(self, path: KeyPath, message: str) -> ConfigError:
        """A `ConfigError` that blames the value at `path`, with its line."""
        return ConfigError([Problem(path=path, message=message)], self._source)

    @property
    def output_directory(self) -> Path:
        """`model_dir` as a path, with `{seed}` and `{name}` filled in."""
        name = Path(self._source.file).stem if self._source.file else "run"
        return Path(self.model_dir.replace("{seed}", str(self.seed)).replace("{name}", name))
