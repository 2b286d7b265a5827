"""How much inputs, nodes and edges matter: what all explainers come to."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, final

import numpy as np

from gnnkit.graph import GraphTensor
from gnnkit.runner.pipeline._columns import text
from gnnkit.runner.pipeline._explained_graph import ExplainedGraph
from gnnkit.samplers import GraphTables


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Importance:
    """What one call of an explainer found, about predictions in C components.

    inputs: `set.input` -> `[C]`. nodes: node set -> `[V]`; edges: edge set -> `[E]`.
    facts: name -> a number for each component, such as `score`.
    """

    explained: ExplainedGraph
    inputs: Mapping[str, np.ndarray]
    nodes: Mapping[str, np.ndarray]
    edges: Mapping[str, np.ndarray]
    facts: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Scores:
    """Name -> score: of inputs (`set.input`), nodes (`set id`) and edges (`set id -> id`), the last two without zeros."""

    inputs: dict[str, float]
    nodes: dict[str, float]
    edges: dict[str, float]


def total_scores(found: Sequence[Importance], tables: GraphTables, count: int) -> Scores:
    """Means over `count` explained predictions: what plays no part in one counts as 0 there."""
    inputs: defaultdict[str, float] = defaultdict(float)
    nodes: defaultdict[str, float] = defaultdict(float)
    edges: defaultdict[str, float] = defaultdict(float)
    for one in found:
        for name, values in one.inputs.items():
            inputs[name] += float(values.sum()) / count
        for name, value in _named_nodes(one, tables, slice(None)):
            nodes[name] += value / count
        for name, value in _named_edges(one, tables, slice(None)):
            edges[name] += value / count
    return Scores(inputs=dict(inputs), nodes=dict(nodes), edges=dict(edges))


def component_scores(one: Importance, tables: GraphTables, component: int) -> Scores:
    """What matters to the predictions of one component."""
    graph = one.explained.encoded
    return Scores(
        inputs={name: float(values[component]) for name, values in one.inputs.items()},
        nodes=dict(_named_nodes(one, tables, component, graph.node_sets)),
        edges=dict(_named_edges(one, tables, component, graph.edge_sets)),
    )


def ranked(scores: Mapping[str, float], top: int | None = None) -> dict[str, float]:
    """The largest first."""
    return dict(sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:top])


def component_range(piece: Any, component: int) -> slice:
    """Where the items of a component lie in a set."""
    sizes = piece.sizes.numpy()
    start = int(sizes[:component].sum())
    return slice(start, start + int(sizes[component]))


def per_component(piece: Any, values: np.ndarray, *, mean: bool = False) -> np.ndarray:
    """Sums, or means, of values `[N]` over the items of each component: `[C]`."""
    sizes = piece.sizes.numpy()
    sums = np.bincount(np.repeat(np.arange(len(sizes)), sizes), weights=values, minlength=len(sizes))
    return sums / np.maximum(sizes, 1) if mean else sums


def _named_nodes(
    one: Importance, tables: GraphTables, where: Any, pieces: Mapping[str, Any] | None = None
) -> Iterable[tuple[str, float]]:
    for name, values in one.nodes.items():
        part = where if pieces is None else component_range(pieces[name], where)
        rows = one.explained.rows[name]
        for place in _nonzero(values, part):
            yield f"{name} {node_name(tables, name, rows[place])}", float(values[place])


def _named_edges(
    one: Importance, tables: GraphTables, where: Any, pieces: Mapping[str, Any] | None = None
) -> Iterable[tuple[str, float]]:
    graph: GraphTensor = one.explained.encoded
    for name, values in one.edges.items():
        part = where if pieces is None else component_range(pieces[name], where)
        adjacency = graph.edge_sets[name].adjacency
        ends = [
            (node_set, index.numpy(), one.explained.rows[node_set])
            for node_set, index in (
                (adjacency.source_name, adjacency.source),
                (adjacency.target_name, adjacency.target),
            )
        ]
        for place in _nonzero(values, part):
            source, target = (node_name(tables, s, rows[index[place]]) for s, index, rows in ends)
            yield f"{name} {source} -> {target}", float(values[place])


def _nonzero(values: np.ndarray, part: slice) -> Iterable[int]:
    start = part.start or 0
    return (start + np.flatnonzero(values[part])).tolist()


def node_name(tables: GraphTables, node_set: str, row: Any) -> str:
    """The id of a node; its row where nodes have no ids."""
    ids = tables.node_sets[node_set].ids
    return text(ids[row]) if ids is not None else str(int(row))
