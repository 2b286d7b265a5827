"""Rooted subgraphs of a batch of seeds, as NumPy arrays."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, final

import numpy as np

from gnnkit.samplers._draw import combine
from gnnkit.samplers._kernel import by_set, sample_components
from gnnkit.samplers._plan import Plan
from gnnkit.samplers._store import GraphStore


@final
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class SampledNodes:
    """sizes: int64 `[B]`, nodes of each subgraph. rows: int64 `[V]`, of the node table, one subgraph after another."""

    sizes: np.ndarray
    rows: np.ndarray


@final
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class SampledEdges:
    """sizes: int64 `[B]`. source, target: int64 `[E]`, indices in the whole batch. rows: `[E]`, of the edge table."""

    sizes: np.ndarray
    source: np.ndarray
    target: np.ndarray
    rows: np.ndarray


@final
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class SampledBatch:
    """The subgraphs of B seeds. The seed is node 0 of its subgraph; a node or an edge occurs once in a subgraph."""

    node_sets: Mapping[str, SampledNodes]
    edge_sets: Mapping[str, SampledEdges]


def epoch_seed(seed: int, epoch: int) -> int:
    """The seed of an epoch that samples afresh; epoch 0 samples with `seed` itself."""
    return int(combine(np.uint64(seed % 2**64), np.uint64(epoch))) if epoch else seed


def sample_batch(store: GraphStore, plan: Plan, seeds: Any, seed: int = 0, *, repetition: Any = 0) -> SampledBatch:
    """Samples the subgraph of each seed. Thread-safe, and holds the GIL only outside the kernel.

    What is drawn for a seed depends on `seed`, the seed's id and `repetition`, and on nothing else: not on the other
    seeds of the batch, their order, or the number of threads.

    seeds: int `[B]`, rows of the plan's seed node set.
    repetition: int or int `[B]`: tells apart several subgraphs of one seed.

    Raises ValueError for seeds out of range.

    >>> import numpy as np
    >>> from gnnkit.samplers import EdgeTable, GraphTables, NodeTable, SamplingSpecBuilder, compile_plan
    >>> store = GraphStore.from_tables(GraphTables(
    ...     node_sets={"n": NodeTable(num_nodes=3)},
    ...     edge_sets={"e": EdgeTable(source_set="n", target_set="n",
    ...                               source=np.array([0, 0, 1]), target=np.array([1, 2, 0]))}))
    >>> plan = compile_plan(store, SamplingSpecBuilder(store).seed("n").sample(4, "e").build())
    >>> batch = sample_batch(store, plan, [1, 0])
    >>> batch.node_sets["n"].sizes.tolist(), batch.node_sets["n"].rows.tolist()
    ([2, 3], [1, 0, 0, 1, 2])
    """
    seeds = _check_seeds(store, plan, seeds)
    keys = store.node_keys[store.node_starts[plan.seed_set] + seeds]
    repetition = np.broadcast_to(np.asarray(repetition, np.int64), seeds.shape)
    if repetition.any():
        keys = _repeated(keys, repetition)
    result = sample_components(
        store.splits,
        store.split_starts,
        store.targets,
        store.edge_starts,
        store.source_sets,
        store.target_sets,
        store.node_keys,
        store.node_starts,
        store.max_degree,
        *plan.arrays,
        plan.seed_set,
        seeds,
        keys,
        np.uint64(seed % 2**64),
    )
    node_sizes, nodes, edge_sizes, edges = result
    (rows,), node_starts = by_set(nodes, len(store.node_names))
    (positions, sources, targets), edge_starts = by_set(edges, len(store.edge_names))
    node_sets, edge_sets = {}, {}
    for name in plan.node_sets:
        i = store.node_number(name)
        node_sets[name] = SampledNodes(sizes=node_sizes[i], rows=rows[node_starts[i] : node_starts[i + 1]])
    for name in plan.edge_sets:
        i = store.edge_number(name)
        part = slice(edge_starts[i], edge_starts[i + 1])
        edge_sets[name] = SampledEdges(
            sizes=edge_sizes[i], source=sources[part], target=targets[part], rows=store.rows[positions[part]]
        )
    return SampledBatch(node_sets=node_sets, edge_sets=edge_sets)


def _repeated(keys: np.ndarray, repetition: np.ndarray) -> np.ndarray:
    pairs = zip(keys, repetition, strict=True)
    return np.array([combine(key, np.uint64(count)) if count else key for key, count in pairs], np.uint64)


def _check_seeds(store: GraphStore, plan: Plan, seeds: Any) -> np.ndarray:
    seeds = np.asarray(seeds)
    name = store.node_names[plan.seed_set]
    if seeds.ndim != 1 or seeds.dtype.kind not in "iu" and seeds.size:
        raise ValueError(
            f"Seeds must be integers of shape [B], rows of node set {name!r}; got dtype {seeds.dtype}, shape "
            f"{list(seeds.shape)}. GraphStore.indices({name!r}, ids) makes them of ids."
        )
    seeds = seeds.astype(np.int64)
    num_nodes = store.num_nodes(name)
    if len(seeds) and (seeds.min() < 0 or seeds.max() >= num_nodes):
        bad = seeds.min() if seeds.min() < 0 else seeds.max()
        raise ValueError(f"Seed {bad} is not a row of node set {name!r}, which has {num_nodes} nodes.")
    return seeds
