"""From a config to the data of its run: tables, labels, parts, inputs."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, final

import numpy as np

from gnnkit.runner._errors import RunError
from gnnkit.runner.config import GraphTask, LabelledTask, RunConfig, check_against_schema
from gnnkit.runner.pipeline._examples import with_context
from gnnkit.runner.pipeline._features import FeaturePlan, plan_features
from gnnkit.runner.pipeline._items import Items, items_of
from gnnkit.runner.pipeline._labels import MISSING, Labels, check_labelled, resolve_labels
from gnnkit.runner.pipeline._plan_file import Learned
from gnnkit.runner.pipeline._progress import Reporter
from gnnkit.runner.pipeline._provide import make_provider, seen_in_training, visible
from gnnkit.runner.pipeline._read import left_out, read
from gnnkit.runner.pipeline._split import NodeSplit, resolve_split
from gnnkit.samplers import GraphTables

_NOBODY = np.empty(0, np.int64)


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Prepared:
    """The data of a run.

    tables: the graph. labels: of each task that has any, by its name in the config.
    provider: makes the examples of int64 `[N]` rows of what is predicted for; `training=True` shuffles and resamples,
        `ranked=True` puts links among the candidates that they are ranked with, `numbered="NAME"` adds a feature to all
        nodes, their rows in the tables.
    providers: part -> examples; parts without items are left out.
    notes: what a reader of the run should know.
    """

    tables: GraphTables
    labels: Mapping[str, Labels]
    split: NodeSplit
    plan: FeaturePlan
    provider: Callable[..., Any]
    notes: tuple[str, ...] = ()
    providers: Mapping[str, Any] = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        parts = {
            part: self.provider(rows, training=part == "train", ranked=part != "train")
            for part, rows in self.split.items()
            if len(rows)
        }
        object.__setattr__(self, "providers", parts)

    @property
    def items(self) -> Items:
        """What predictions are for."""
        return next(iter(self.labels.values())).items

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """Sizes of all sets and parts, for the summary."""
        return {
            "nodes": {name: table.num_nodes for name, table in sorted(self.tables.node_sets.items())},
            "edges": {name: table.num_edges for name, table in sorted(self.tables.edge_sets.items())},
            "split": {name: len(rows) for name, rows in self.split.items()},
        }


def prepare(config: RunConfig, reporter: Reporter) -> Prepared:
    """Reads the graph, finds labels and parts, learns the statistics of features, and sets the sampling up.

    Raises `RunError` or `ConfigError` for data that does not fit the config.
    """
    tables, notes = _read(config, reporter)
    labels = {name: resolve_labels(task, tables) for name, task in config.labelled_tasks.items()}
    main, *others = labels.values()
    split = resolve_split(config.split, main, tables, seed=config.seed)
    notes += split.notes
    for part, rows in split.items():
        for other in others:
            check_labelled(other, part, rows)
    for note in notes:
        reporter.note(note)
    seen = with_context(config, seen_in_training(config, tables, split))
    context_set = config.main_task.node_set if isinstance(config.main_task, GraphTask) else None
    plan = plan_features(config.features, seen, visible=visible(config, main, split), context_set=context_set)
    return _prepared(config, reporter, tables, labels, split, plan, tuple(notes))


def prepare_trained(config: RunConfig, reporter: Reporter, learned: Learned) -> Prepared:
    """The data for a model that is trained already: with the statistics and classes that it has learned.

    Labels and parts are taken as far as the data has them; items without are in no part.
    """
    tables, notes = _read(config, reporter)
    labels: dict[str, Labels] = {}
    try:
        for name, task in config.labelled_tasks.items():
            labels[name] = resolve_labels(task, tables, known=learned.classes.get(name))
        split = resolve_split(config.split, next(iter(labels.values())), tables, seed=config.seed)
    except RunError as error:
        notes.append(f"Nothing has a label or a part: {error}")
        labels = {n: _no_labels(task, tables, learned, n) for n, task in config.labelled_tasks.items()}
        split = NodeSplit(train=_NOBODY, valid=_NOBODY, test=_NOBODY)
    return _prepared(config, reporter, tables, labels, split, learned.plan, tuple(notes))


def _no_labels(task: LabelledTask, tables: GraphTables, learned: Learned, name: str) -> Labels:
    items, classes = items_of(task, tables), learned.classes.get(name, ())
    if classes:
        values = np.full(items.count, MISSING, np.int64)
    else:
        width = learned.widths.get(name, ())
        values = np.full((items.count, *width), np.nan, np.float32)
    return Labels(items=items, feature=task.label, values=values, names=classes)


def _read(config: RunConfig, reporter: Reporter) -> tuple[GraphTables, list[str]]:
    tables = read(config, reporter)
    notes = left_out(tables)
    if tables.schema is not None:
        notes += check_against_schema(config, tables.schema)
    return tables, notes


def _prepared(
    config: RunConfig,
    reporter: Reporter,
    tables: GraphTables,
    labels: Mapping[str, Labels],
    split: NodeSplit,
    plan: FeaturePlan,
    notes: tuple[str, ...],
) -> Prepared:
    tables, provider = make_provider(config, reporter, tables, labels, split, plan)
    return Prepared(tables=tables, labels=labels, split=split, plan=plan, provider=provider, notes=notes)
