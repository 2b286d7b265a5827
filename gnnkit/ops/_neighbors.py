"""Sums and means of neighbours, without a row an edge where that is faster."""

import functools
from collections.abc import Sequence
from typing import Any

from gnnkit.graph import GraphTensor
from gnnkit.ops import _primitives, _sparse_products


def pool_without_rows(
    graph: GraphTensor, edge_set_names: Sequence[str], to_tag: int, from_tag: int, reduce_type: str, states: Any
) -> Any:
    """Pools the states `[V, ...]` of nodes at `from_tag` to those at `to_tag`: `[V', ...]`.

    The edge sets have the same node sets at both tags. None where values must be gathered for each edge: see
    `_sparse_products`.
    """
    if reduce_type not in ("sum", "mean"):
        return None
    adjacencies = [graph.edge_sets[name].adjacency for name in edge_set_names]
    receivers, senders = ([adjacency[tag] for adjacency in adjacencies] for tag in (to_tag, from_tag))
    if not all(_sparse_products.sums_apply(states, *ends) for ends in zip(receivers, senders, strict=True)):
        return None
    num = graph.node_sets[adjacencies[0].node_set_name(to_tag)]._num_items()
    sums = [neighbor_sum(states, *ends, num) for ends in zip(senders, receivers, strict=True)]
    pooled = functools.reduce(_primitives.add, sums)
    return pooled if reduce_type == "sum" else _primitives.divide_by_count(pooled, receivers, num)


def neighbor_sum(states: Any, senders: Any, receivers: Any, num: Any, weights: Any = None) -> Any:
    """`Σ_e weights[e] * states[senders[e]]` for each receiver: of `[V, F]`, `[num, F]`.

    senders, receivers: int `[E]`. weights: `[E, 1]` of the states' dtype; 1 by default.
    """
    if _sparse_products.sums_apply(states, receivers, senders):
        return _sparse_products.sum_at_receivers(states, senders, receivers, num, weights)
    messages = _primitives.gather(states, senders)
    return _primitives.segment_sum(messages if weights is None else messages * weights, receivers, num)
