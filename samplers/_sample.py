"""Subgraphs of a batch of seeds, as NumPy arrays."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, final

import numpy as np

from gnnkit.samplers._compiling import await_kernel, kernel_is_ready
from gnnkit.samplers._kernel import by_set, sample_components
from gnnkit.samplers._plan import Plan
from gnnkit.samplers._roots import Roots, kernel_arguments, make_roots
from gnnkit.samplers._sample_numpy import sample_uniform
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
    """sizes: int64 `[B]`. source, target: int64 `[E]`, indices in the whole batch. rows: `[E]`, of the edge table.

    places: `[E]`, of the edges in the store; all_rows: the store's.
    """

    sizes: np.ndarray
    source: np.ndarray
    target: np.ndarray
    places: np.ndarray
    all_rows: np.ndarray

    @property
    def rows(self) -> np.ndarray:
        # Read on request: edges without features need none, and each is somewhere else in memory.
        return self.all_rows[self.places]


@final
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class SampledBatch:
    """The subgraphs of B seeds, or of all seeds jointly. Seeds come first in their subgraph; a node occurs in it once.

    roots: for each seed operation (one for nodes; two, source and target, for links) the node indices in the whole
    batch of its seeds, int64, in their order.
    """

    node_sets: Mapping[str, SampledNodes]
    edge_sets: Mapping[str, SampledEdges]
    roots: tuple[np.ndarray, ...]


def sample_batch(store: GraphStore, plan: Plan, seeds: Any, seed: int = 0, *, repetition: Any = 0) -> SampledBatch:
    """Samples the subgraph of each seed, or with a joint plan one for all. Thread-safe; holds no GIL in the kernel.

    What is drawn for a seed depends on `seed`, the seed's id, `repetition`, its cut-off time and its link, and on
    nothing else: not on the other seeds of the batch, their order, or the number of threads. With a joint plan, what is
    drawn for a node depends on `seed` only, and on the links of the batch, none of which its graph holds.

    seeds: int `[B]`, rows of the plan's seed node set; `NodeSeeds`; or, for a plan of links, `LinkSeeds`.
    repetition: int or int `[B]`: tells apart several subgraphs of one seed.

    Raises ValueError for seeds that do not fit.

    >>> import numpy as np
    >>> from gnnkit.samplers import EdgeTable, GraphTables, NodeTable, SamplingSpecBuilder, compile_plan
    >>> store = GraphStore.from_tables(GraphTables(
    ...     node_sets={"n": NodeTable(num_nodes=3)},
    ...     edge_sets={"e": EdgeTable(source_set="n", target_set="n",
    ...                               source=np.array([0, 0, 1]), target=np.array([1, 2, 0]))}))
    >>> spec = SamplingSpecBuilder(store).seed("n").sample(4, "e").build()
    >>> batch = sample_batch(store, compile_plan(store, spec), [1, 0])
    >>> batch.node_sets["n"].sizes.tolist(), batch.node_sets["n"].rows.tolist()
    ([2, 3], [1, 0, 0, 1, 2])
    >>> batch = sample_batch(store, compile_plan(store, spec, joint=True), [1, 0])
    >>> batch.node_sets["n"].rows.tolist(), batch.roots
    ([1, 0, 2], (array([0, 1]),))
    """
    return sample_roots(store, plan, make_roots(store, plan, seeds).with_repetition(repetition), seed)


def sample_roots(store: GraphStore, plan: Plan, roots: Roots, seed: int) -> SampledBatch:
    """`sample_batch` of seeds that have been checked."""
    arguments, place = kernel_arguments(store, plan, roots)
    node_sizes, rows, node_starts, edge_sizes, edges, edge_starts, indices = _sample(store, plan, arguments, seed)
    positions, sources, targets = edges
    node_sets, edge_sets = {}, {}
    for name in plan.node_sets:
        i = store.node_number(name)
        node_sets[name] = SampledNodes(sizes=node_sizes[i], rows=rows[0, node_starts[i] : node_starts[i + 1]])
    for name in plan.edge_sets:
        i = store.edge_number(name)
        part = slice(edge_starts[i], edge_starts[i + 1])
        edge_sets[name] = SampledEdges(
            sizes=edge_sizes[i],
            source=sources[part],
            target=targets[part],
            places=positions[part],
            all_rows=store.rows,
        )
    indices = indices[place]
    return SampledBatch(
        node_sets=node_sets,
        edge_sets=edge_sets,
        roots=(indices[::2], indices[1::2]) if plan.links else (indices,),
    )


def _sample(store: GraphStore, plan: Plan, arguments: tuple[Any, ...], seed: int) -> tuple[Any, ...]:
    every = (
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
        *arguments,
        np.uint64(seed % 2**64),
    )
    if not plan.quick:
        await_kernel(plan, every)
    elif not kernel_is_ready(plan, every):
        seeds, starts, keys, *_ = arguments
        return sample_uniform(store, plan, seeds, starts, keys, seed)
    node_sizes, nodes, edge_sizes, edges, indices = sample_components(*every)
    rows, node_starts = by_set(nodes, len(store.node_names))
    edges, edge_starts = by_set(edges, len(store.edge_names))
    return node_sizes, rows, node_starts, edge_sizes, edges, edge_starts, indices
