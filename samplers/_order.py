"""Which seeds an epoch visits, and in which order."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnnkit.samplers._draw_numpy import combine_numbers


def epoch_seed(seed: int, epoch: int) -> int:
    """The seed of an epoch that samples afresh; epoch 0 samples with `seed` itself."""
    return combine_numbers(seed, epoch) if epoch else seed


def epoch_order(count: int, *, shuffle: bool, seed: int, epoch: int, shard: tuple[int, int]) -> np.ndarray:
    """Positions of the seeds of one epoch, int64; the same on every machine. shard: (this one, of how many)."""
    index, shards = shard
    if not shuffle:
        return np.arange(index, count, shards, dtype=np.int64)
    rng = np.random.default_rng(epoch_seed(seed, epoch) % 2**64)
    return rng.permutation(count)[index::shards].astype(np.int64)


def occurrences(seeds: np.ndarray) -> np.ndarray:
    """How many equal seeds come before each: 0 for the first of its kind."""
    order = np.argsort(seeds, kind="stable")
    ranked = seeds[order]
    result = np.empty(len(seeds), np.int64)
    result[order] = np.arange(len(seeds)) - np.searchsorted(ranked, ranked)
    return result


def resolve_seeds(store: Any, node_set: str, seeds: Any) -> np.ndarray:
    """Seeds as indices: all nodes for None; ids (bytes or text) are looked up."""
    if seeds is None:
        return np.arange(store.num_nodes(node_set), dtype=np.int64)
    array = np.asarray(seeds)
    if array.dtype.kind in "OSU":
        return store.indices(node_set, list(seeds))
    return array
