"""From a config to the data of its run: tables, labels, parts, inputs."""

import dataclasses
from collections.abc import Mapping
from typing import Any, final

import numpy as np

from gnnkit.runner.config import RunConfig, WholeGraph, check_against_schema
from gnnkit.runner.pipeline._encode import raw_features
from gnnkit.runner.pipeline._features import FeaturePlan, IdInput, plan_features
from gnnkit.runner.pipeline._labels import Labels, check_labelled, resolve_labels
from gnnkit.runner.pipeline._progress import Reporter
from gnnkit.runner.pipeline._providers import SampledProvider, WholeGraphProvider, sampling_spec
from gnnkit.runner.pipeline._read import left_out, read
from gnnkit.runner.pipeline._split import NodeSplit, resolve_split
from gnnkit.samplers import GraphStore, GraphTables


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Prepared:
    """The data of a run.

    tables: the graph; the label feature of the task's node set holds the numbers of classes.
    providers: part -> examples; parts without nodes are left out.
    notes: what a reader of the run should know.
    """

    tables: GraphTables
    labels: Labels
    split: NodeSplit
    plan: FeaturePlan
    providers: Mapping[str, Any]
    notes: tuple[str, ...] = ()

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
    tables = read(config, reporter)
    notes = left_out(tables)
    if tables.schema is not None:
        notes += check_against_schema(config, tables.schema)
    labels = resolve_labels(config.task, tables)
    split = resolve_split(config.split, labels, tables, seed=config.seed)
    notes += split.notes
    node_set = config.task.node_set
    ids = tables.node_sets[node_set].ids
    for part, rows in split.items():
        check_labelled(labels, part, rows, ids)
    for note in notes:
        reporter.note(note)
    whole = isinstance(config.sampling, WholeGraph)
    plan = plan_features(config.features, tables, visible=None if whole else {node_set: split.train})
    tables = _with_ids(_with_label(tables, node_set, config.task.label, labels.values), plan)
    features = raw_features(plan)
    common: dict[str, Any] = {"features": features, "label": config.task.label}
    if whole:
        providers: dict[str, Any] = {
            part: WholeGraphProvider(tables=tables, node_set=node_set, rows=rows, **common)
            for part, rows in split.items()
            if len(rows)
        }
    else:
        with reporter.stage("index", "Indexing the edges"):
            store = GraphStore.from_tables(tables)
        spec = sampling_spec(config, tables)
        providers = {
            part: SampledProvider(
                store=store,
                spec=spec,
                seeds=rows,
                seed=config.seed,
                num_threads=config.runtime.threads or None,
                training=part == "train",
                **common,
            )
            for part, rows in split.items()
            if len(rows)
        }
    return Prepared(tables=tables, labels=labels, split=split, plan=plan, providers=providers, notes=tuple(notes))


def _with_ids(tables: GraphTables, plan: FeaturePlan) -> GraphTables:
    """The tables with the ids that the plan looks up."""
    ids = {name: item.ids for name, inputs in plan.node_sets.items() for item in inputs if isinstance(item, IdInput)}
    changed = {name: dataclasses.replace(tables.node_sets[name], ids=values) for name, values in ids.items()}
    return dataclasses.replace(tables, node_sets={**tables.node_sets, **changed})


def _with_label(tables: GraphTables, node_set: str, feature: str, values: np.ndarray) -> GraphTables:
    table = tables.node_sets[node_set]
    table = dataclasses.replace(table, features={**table.features, feature: values})
    return dataclasses.replace(tables, node_sets={**tables.node_sets, node_set: table})
