"""Rules about tasks that can be checked without data."""

from collections.abc import Iterator

from gnnkit.runner.config._contrastive import Contrastive
from gnnkit.runner.config._data import ExamplesData, ProviderData
from gnnkit.runner.config._errors import Problem, listing, unknown
from gnnkit.runner.config._predicted import Classes, Numbers, YesOrNo
from gnnkit.runner.config._run import RunConfig
from gnnkit.runner.config._sampling import WholeGraph
from gnnkit.runner.config._task import EdgeTask, GraphTask, LinkPrediction, NodeTask


def metrics_of(task: object) -> tuple[str, ...]:
    """The metrics of a task by their short names, the one that people look at first in front."""
    if isinstance(task, Classes):
        return ("accuracy", "crossentropy", "loss")
    if isinstance(task, YesOrNo):
        return ("accuracy", "auc_pr", "auc_roc", "crossentropy", "loss", "precision", "recall")
    if isinstance(task, LinkPrediction):
        return ("auc_roc", "accuracy", "auc_pr", "loss")
    if isinstance(task, Numbers):
        errors = ("absolute_error", "absolute_percentage_error", "squared_error", "squared_logarithmic_error")
        return ("loss", *(f"mean_{name}" for name in errors))
    return ("loss",)


def no_task() -> Problem:
    """What is wrong with a config without a task."""
    return Problem(path=("task",), message="the key 'task' is missing. What is predicted.")


def task_problems(config: RunConfig) -> Iterator[Problem]:
    """What is wrong with the tasks, in number, kind and options."""
    if config.task is None and not config.tasks:
        yield no_task()
        return
    if config.task is not None and config.tasks:
        message = "there is a `task` as well. Put all tasks under `tasks`, each with a name."
        yield Problem(path=("tasks",), message=message)
        return
    if not config.labelled_tasks:
        message = "no task has labels, by which the best epoch is told. Put one that has beside it, under `tasks`."
        yield Problem(path=("task",) if config.task is not None else ("tasks",), message=message)
        return
    if config.task is not None and config.task.weight != 1.0:
        message = "a weight means something among several tasks only. Leave it out, or put the task under `tasks`."
        yield Problem(path=("task", "weight"), message=message)
    for name, task in config.all_tasks.items():
        if isinstance(task, Classes):
            yield from _classes(config, name, task)
        yield from _place(config, name, task)
    yield from _together(config)
    monitor = config.training.early_stopping and config.training.early_stopping.monitor
    known = sorted(f"valid_{name}" for name in metrics_of(config.main_task))
    if monitor and monitor not in known:
        path = ("training", "early_stopping", "monitor")
        yield Problem(path=path, message=unknown(f"metric of {config.main_task.type!r}:", monitor, known))


def _classes(config: RunConfig, name: str, task: Classes) -> Iterator[Problem]:
    if task.classes is None:
        return
    path = config.task_path(name, "classes")
    count = task.classes if isinstance(task.classes, int) else len(task.classes)
    if count < 2:
        yield Problem(path=path, message=f"expected at least 2 classes, got {count}.")
    if isinstance(task.classes, tuple) and len(set(task.classes)) < len(task.classes):
        twice = sorted({str(c) for c in task.classes if task.classes.count(c) > 1})
        yield Problem(path=path, message=f"named more than once: {', '.join(twice)}.")
    names = [str(c) for c in (range(task.classes) if isinstance(task.classes, int) else task.classes)]
    unknown = [str(c) for c in task.class_weights or {} if str(c) not in names]
    if unknown:
        message = f"there is no class {unknown[0]!r}; the classes are {listing(names)}."
        yield Problem(path=config.task_path(name, "class_weights"), message=message)


def _place(config: RunConfig, name: str, task: object) -> Iterator[Problem]:
    """Whether the data and the sampling have what a kind of task is about."""
    path, kind = config.task_path(name, "type"), getattr(task, "type", "")
    whole, graphs = isinstance(config.sampling, WholeGraph), isinstance(config.data, (ExamplesData, ProviderData))
    if isinstance(task, GraphTask) and not graphs:
        message = f"{kind!r} needs data of many graphs: `data: {{examples: FILES, schema: FILE}}`."
        yield Problem(path=path, message=message)
    if graphs and not isinstance(task, GraphTask):
        message = (
            f"{kind!r} is about one graph, but the data are many. Use graph_classification, "
            "binary_graph_classification or graph_regression."
        )
        yield Problem(path=path, message=message)
    if graphs and not whole:
        message = "examples are whole graphs, which are not sampled from: write `sampling: none`."
        yield Problem(path=("sampling",), message=message)
    if isinstance(task, (LinkPrediction, EdgeTask, Contrastive)) and getattr(config.sampling, "joint", False):
        message = f"{kind!r} needs a graph for each example. Leave `joint` out."
        yield Problem(path=("sampling", "joint"), message=message)
    if whole and not graphs and isinstance(task, (LinkPrediction, Contrastive)):
        what = "the roots of" if isinstance(task, Contrastive) else "edges in"
        message = f"{kind!r} is about {what} sampled subgraphs, and does not go with `sampling: none`."
        yield Problem(path=path, message=message)


def _together(config: RunConfig) -> Iterator[Problem]:
    main = config.main_task
    for name, task in config.tasks.items():
        if isinstance(task, (LinkPrediction, EdgeTask, GraphTask)) and len(config.tasks) > 1:
            message = (
                f"{task.type!r} cannot be learnt together with other tasks: several tasks are about the nodes of one set. "
                "Make it the only one, as `task`."
            )
            yield Problem(path=config.task_path(name, "type"), message=message)
        elif isinstance(main, NodeTask) and getattr(task, "node_set", None) not in (None, main.node_set):
            message = f"expected {main.node_set!r}, as in the first task: all tasks are about the same nodes."
            yield Problem(path=config.task_path(name, "node_set"), message=message)
