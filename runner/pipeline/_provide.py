"""From tables, labels and parts to examples: around nodes, around links, of whole graphs, or of the whole graph."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gnnkit.runner._errors import RunError
from gnnkit.runner.config import EdgeTask, GraphTask, LinkPrediction, RunConfig, StoreData, WholeGraph
from gnnkit.runner.data import SampledDatasetProvider
from gnnkit.runner.pipeline._columns import row_ids
from gnnkit.runner.pipeline._encode import raw_features
from gnnkit.runner.pipeline._examples import ExamplesProvider, rows_of_graphs
from gnnkit.runner.pipeline._features import FeaturePlan, IdInput
from gnnkit.runner.pipeline._items import EdgeItems, NodeItems
from gnnkit.runner.pipeline._labels import Labels
from gnnkit.runner.pipeline._links import KNOWN, without_held_out
from gnnkit.runner.pipeline._progress import Reporter
from gnnkit.runner.pipeline._providers import WholeGraphEdges, WholeGraphNodes, sampling_plan
from gnnkit.runner.pipeline._read import open_store
from gnnkit.runner.pipeline._split import NodeSplit
from gnnkit.samplers import GraphStore, GraphTables, LinkSeeds, Negatives, NodeSeeds

Provider = Callable[..., Any]


def seen_in_training(config: RunConfig, tables: GraphTables, split: NodeSplit) -> GraphTables:
    """The graph that training may see: without the edges that are to be predicted in validation and test."""
    if not isinstance(config.main_task, LinkPrediction):
        return tables
    return without_held_out(tables, config.main_task.edge_set, np.concatenate([split.valid, split.test]))


def visible(config: RunConfig, labels: Labels, split: NodeSplit) -> dict[str, np.ndarray] | None:
    """Node set -> the rows that statistics of features are taken from; all rows of the sets that are not named."""
    if isinstance(config.main_task, GraphTask):
        return rows_of_graphs(labels.items.tables, split.train)
    if isinstance(config.sampling, WholeGraph) or not isinstance(labels.items, NodeItems):
        return None
    return {labels.items.set_name: split.train}


def make_provider(
    config: RunConfig,
    reporter: Reporter,
    tables: GraphTables,
    labels: Mapping[str, Labels],
    split: NodeSplit,
    plan: FeaturePlan,
) -> tuple[GraphTables, Provider]:
    """The tables with what the plan needs besides, and the function from rows to examples (see `Prepared`)."""
    main = next(iter(labels.values()))
    if isinstance(config.main_task, GraphTask):

        def graphs(rows: np.ndarray, *, training: bool = False, numbered: str | None = None, **_: Any) -> Any:
            return ExamplesProvider(
                tables=tables, labels=main, plan=plan, rows=rows, seed=config.seed, training=training, numbered=numbered
            )

        return tables, graphs
    tables = _with_ids(tables, plan)
    if isinstance(config.main_task, EdgeTask) and isinstance(config.sampling, WholeGraph):
        edge_set = config.main_task.edge_set

        def whole_edges(rows: np.ndarray, *, numbered: str | None = None, **_: Any) -> Any:
            return WholeGraphEdges(
                tables=_numbered(tables, numbered),
                rows=rows,
                features=_with_number(raw_features(plan), numbered),
                edge_set=edge_set,
                label=main.feature,
                values=main.values[rows],
            )

        return tables, whole_edges
    if isinstance(main.items, EdgeItems):
        return tables, _Links(config, reporter, tables, main, split, plan)
    node_set = main.items.set_name
    for one in labels.values():
        tables = _with_label(tables, node_set, one)
    features, names = raw_features(plan), [one.feature for one in labels.values()]
    if isinstance(config.sampling, WholeGraph):

        def whole(rows: np.ndarray, *, numbered: str | None = None, **_: Any) -> Any:
            return WholeGraphNodes(
                tables=_numbered(tables, numbered),
                node_set=node_set,
                rows=rows,
                features=_with_number(features, numbered),
                labels=names,
            )

        return tables, whole
    store = _store(config, tables, reporter)
    sampling, cutoff = sampling_plan(config, tables, store), getattr(config.sampling, "cutoff", None)

    def sampled(rows: np.ndarray, *, training: bool = False, numbered: str | None = None, **_: Any) -> Any:
        return SampledDatasetProvider(
            dataclasses.replace(store, tables=_numbered(store.tables, numbered)),
            sampling,
            NodeSeeds(nodes=rows, cutoff=cutoff),
            shuffle=training,
            resample=training,
            seed=config.seed,
            features=_with_number(features, numbered),
            readout_features=names,
            num_threads=config.runtime.threads or None,
        )

    return tables, sampled


class _Links:
    """Examples around edges, or around pairs that may be edges, with negatives."""

    def __init__(
        self,
        config: RunConfig,
        reporter: Reporter,
        tables: GraphTables,
        labels: Labels,
        split: NodeSplit,
        plan: FeaturePlan,
    ) -> None:
        self._config, self._reporter, self._tables, self._labels = config, reporter, tables, labels
        self._task: Any = config.main_task
        self._features = raw_features(plan)
        seen = seen_in_training(config, tables, split)
        if isinstance(self._task, LinkPrediction):
            # So that no negative is an edge that is only held out.
            edges = tables.edge_sets[self._task.edge_set]
            everything = dataclasses.replace(edges, features={})
            seen = seen.replace(edge_sets={**seen.edge_sets, KNOWN: everything})
        self._seen = _store(config, seen, reporter)
        self._whole: GraphStore | None = None

    def __call__(
        self, rows: np.ndarray, *, training: bool = False, ranked: bool = False, numbered: str | None = None
    ) -> SampledDatasetProvider:
        task = self._task
        negatives = None
        if isinstance(task, LinkPrediction) and (training or ranked):
            negatives = Negatives(
                count=task.negatives if training else task.candidates,
                by=task.negatives_by,
                end=task.negatives_end,
                exclude=[KNOWN],
                label=task.label,
            )
        store = self._seen if rows.ndim == 1 else self._with_all_edges()
        return SampledDatasetProvider(
            dataclasses.replace(store, tables=_numbered(store.tables, numbered)),
            sampling_plan(self._config, store.tables, store),
            self._seeds(rows),
            negatives=negatives,
            shuffle=training,
            resample=training,
            seed=self._config.seed,
            features=_with_number(self._features, numbered),
            num_threads=self._config.runtime.threads or None,
        )

    def _with_all_edges(self) -> GraphStore:
        """For pairs that a user asks about, all edges are known."""
        if not isinstance(self._task, LinkPrediction):
            return self._seen
        if self._whole is None:
            self._whole = _store(self._config, self._tables, self._reporter)
        return self._whole

    def _seeds(self, rows: np.ndarray) -> LinkSeeds:
        items: Any = self._labels.items
        pairs = items.pairs(rows)
        known = rows.ndim == 1
        values = self._labels.values[rows] if known else np.ones(len(rows), np.int64)
        features = {self._task.label: values}
        cutoff = getattr(self._config.sampling, "cutoff", None)
        if cutoff is not None:
            if not known:
                raise RunError("sampling.cutoff: the time of a pair is not known unless it is an edge of the tables.")
            features[cutoff] = items.column(cutoff)[rows]
        return LinkSeeds(
            source=pairs[:, 0],
            target=pairs[:, 1],
            features=features,
            cutoff=cutoff,
            edge_set=items.set_name,
            undirected=getattr(self._task, "undirected", True),
        )


def _store(config: RunConfig, tables: GraphTables, reporter: Reporter) -> GraphStore:
    with reporter.stage("index", "Indexing the edges") as advance:
        if isinstance(config.data, StoreData) and not isinstance(config.main_task, LinkPrediction):
            # Indexed already; only features of nodes have changed.
            return dataclasses.replace(open_store(config.data), tables=tables)
        return GraphStore.from_tables(tables, progress=advance)


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


def _with_label(tables: GraphTables, node_set: str, labels: Labels) -> GraphTables:
    table = tables.node_sets[node_set]
    table = dataclasses.replace(table, features={**table.features, labels.feature: labels.values})
    return dataclasses.replace(tables, node_sets={**tables.node_sets, node_set: table})
