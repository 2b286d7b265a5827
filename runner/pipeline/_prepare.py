"""From a config to the data of its run: tables, labels, parts, inputs."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, final

import numpy as np

from gnnkit.runner._errors import RunError
from gnnkit.runner.config import RunConfig, StoreData, WholeGraph, check_against_schema
from gnnkit.runner.data import SampledDatasetProvider
from gnnkit.runner.pipeline._columns import row_ids
from gnnkit.runner.pipeline._encode import raw_features
from gnnkit.runner.pipeline._features import FeaturePlan, IdInput, plan_features
from gnnkit.runner.pipeline._labels import MISSING, Labels, check_labelled, resolve_labels
from gnnkit.runner.pipeline._plan_file import Learned
from gnnkit.runner.pipeline._progress import Reporter
from gnnkit.runner.pipeline._providers import WholeGraphProvider, sampling_plan
from gnnkit.runner.pipeline._read import left_out, open_store, read
from gnnkit.runner.pipeline._split import NodeSplit, resolve_split
from gnnkit.samplers import GraphStore, GraphTables, NodeSeeds

_NOBODY = np.empty(0, np.int64)


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Prepared:
    """The data of a run.

    tables: the graph; the label feature of the task's node set holds the numbers of classes.
    provider: makes the examples of int64 `[N]` rows of the task's node set; `training=True` shuffles and resamples;
        `numbered="NAME"` adds a feature to all nodes, their rows in the tables.
    providers: part -> examples; parts without nodes are left out.
    notes: what a reader of the run should know.
    """

    tables: GraphTables
    labels: Labels
    split: NodeSplit
    plan: FeaturePlan
    provider: Callable[..., Any]
    notes: tuple[str, ...] = ()
    providers: Mapping[str, Any] = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        parts = {part: self.provider(rows, training=part == "train") for part, rows in self.split.items() if len(rows)}
        object.__setattr__(self, "providers", parts)

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
    labels = resolve_labels(config.task, tables)
    split = resolve_split(config.split, labels, tables, seed=config.seed)
    notes += split.notes
    node_set = config.task.node_set
    for part, rows in split.items():
        check_labelled(labels, part, rows, tables.node_sets[node_set].ids)
    for note in notes:
        reporter.note(note)
    whole = isinstance(config.sampling, WholeGraph)
    plan = plan_features(config.features, tables, visible=None if whole else {node_set: split.train})
    return _prepared(config, reporter, tables, labels, split, plan, tuple(notes))


def prepare_trained(config: RunConfig, reporter: Reporter, learned: Learned) -> Prepared:
    """The data for a model that is trained already: with the statistics and classes that it has learned.

    Labels and parts are taken as far as the data has them; nodes without are in no part.
    """
    tables, notes = _read(config, reporter)
    node_set, feature = config.task.node_set, config.task.label
    num_nodes = tables.node_sets[node_set].num_nodes
    try:
        labels = resolve_labels(config.task, tables, known=learned.classes)
        split = resolve_split(config.split, labels, tables, seed=config.seed)
    except RunError as error:
        notes.append(f"No node has a label or a part: {error}")
        nothing = np.full(num_nodes, MISSING, np.int64)
        labels = Labels(node_set=node_set, feature=feature, values=nothing, names=learned.classes)
        split = NodeSplit(train=_NOBODY, valid=_NOBODY, test=_NOBODY)
    return _prepared(config, reporter, tables, labels, split, learned.plan, tuple(notes))


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
    labels: Labels,
    split: NodeSplit,
    plan: FeaturePlan,
    notes: tuple[str, ...],
) -> Prepared:
    node_set = config.task.node_set
    tables = _with_ids(_with_label(tables, node_set, config.task.label, labels.values), plan)
    features = raw_features(plan)
    if isinstance(config.sampling, WholeGraph):

        def provider(rows: np.ndarray, *, training: bool = False, numbered: str | None = None) -> Any:
            return WholeGraphProvider(
                tables=_numbered(tables, numbered),
                node_set=node_set,
                rows=rows,
                features=_with_number(features, numbered),
                label=config.task.label,
            )
    else:
        with reporter.stage("index", "Indexing the edges") as advance:
            store = _store(config, tables, advance)
        sampling = sampling_plan(config, tables, store)
        cutoff = getattr(config.sampling, "cutoff", None)

        def provider(rows: np.ndarray, *, training: bool = False, numbered: str | None = None) -> Any:
            return SampledDatasetProvider(
                dataclasses.replace(store, tables=_numbered(store.tables, numbered)),
                sampling,
                NodeSeeds(nodes=rows, cutoff=cutoff),
                shuffle=training,
                resample=training,
                seed=config.seed,
                features=_with_number(features, numbered),
                readout_features=[config.task.label],
                num_threads=config.runtime.threads or None,
            )

    return Prepared(tables=tables, labels=labels, split=split, plan=plan, provider=provider, notes=notes)


def _store(config: RunConfig, tables: GraphTables, progress: Any) -> GraphStore:
    if isinstance(config.data, StoreData):
        # Indexed already; only features of nodes have changed.
        return dataclasses.replace(open_store(config.data), tables=tables)
    return GraphStore.from_tables(tables, progress=progress)


def _numbered(tables: GraphTables, name: str | None) -> GraphTables:
    """The tables, with the number of each node's row as a feature, if it has a name."""
    if name is None:
        return tables
    node_sets = {
        node_set: dataclasses.replace(table, features={**table.features, name: np.arange(table.num_nodes)})
        for node_set, table in tables.node_sets.items()
    }
    return dataclasses.replace(tables, node_sets=node_sets, schema=None)


def _with_number(features: dict[str, list[str]], name: str | None) -> dict[str, list[str]]:
    if name is None:
        return features
    return {key: [*names, name] if key.startswith("nodes/") else names for key, names in features.items()}


def _with_ids(tables: GraphTables, plan: FeaturePlan) -> GraphTables:
    """The tables with ids wherever the plan looks ids up: nodes without are called by their row."""
    changed = {}
    for name, inputs in plan.node_sets.items():
        table = tables.node_sets.get(name)
        if table is not None and table.ids is None and any(isinstance(item, IdInput) for item in inputs):
            changed[name] = dataclasses.replace(table, ids=row_ids(table.num_nodes))
    return dataclasses.replace(tables, node_sets={**tables.node_sets, **changed})


def _with_label(tables: GraphTables, node_set: str, feature: str, values: np.ndarray) -> GraphTables:
    table = tables.node_sets[node_set]
    table = dataclasses.replace(table, features={**table.features, feature: values})
    return dataclasses.replace(tables, node_sets={**tables.node_sets, node_set: table})
