"""Statistics of the numbers in many graphs."""

import math
from typing import Any

import numpy as np
import tensorflow as tf

from gnnkit._names import CONTEXT, EDGES, NODES, SIZE_NAME
from gnnkit.graph import GraphTensor
from gnnkit.graph._field import to_tf
from gnnkit.io._iterate import iter_sets
from gnnkit.io._quantiles import QuantileSketch
from gnnkit.schemas import GraphTensorStats


class NumberStatistics:
    """Number, mean, standard deviation and quantiles of a stream of numbers.

    count: of the finite numbers.
    num_not_finite: of NaN and infinite ones, which are in nothing else.
    """

    def __init__(self) -> None:
        self._sketch = QuantileSketch()
        self._squares = 0.0  # Sum of the squared deviations from the mean.
        self.mean = math.nan
        self.num_not_finite = 0

    @property
    def count(self) -> int:
        return self._sketch.count

    @property
    def std(self) -> float:
        """Of the numbers as a population: divided by `count`. NaN if there are none."""
        return math.sqrt(self._squares / self.count) if self.count else math.nan

    def add(self, values: Any) -> None:
        """Takes in an array of integers or floats, of one dtype in all calls."""
        finite = np.isfinite(values)
        if not finite.all():
            self.num_not_finite += int(np.sum(~finite))
            values = values[finite]
        if not values.size:
            return
        before, wide = self.count, values.astype(np.float64)
        self._sketch.add(values)
        mean = wide.mean()
        self._squares += np.square(wide - mean).sum()
        if before:  # Chan, Golub and LeVeque 1979.
            change = mean - self.mean
            self._squares += change**2 * before * values.size / self.count
            mean = self.mean + change * values.size / self.count
        self.mean = float(mean)

    def quantiles(self, parts: int) -> Any:
        """See `QuantileSketch.quantiles`."""
        return self._sketch.quantiles(parts)


class GraphStatistics:
    """Statistics of the features and sizes of a stream of graphs, in bounded memory.

    num_samples: so many graphs at most, chosen at random, are listed with their numbers of nodes and edges.
    seed: of this choice.

    Quantiles are exact up to 65,536 values of a feature; beyond that their ranks are off by at most 0.03 %, for up
    to a billion values.

    features: (set type, set name, feature name) -> `NumberStatistics` of all values, whatever their shape. Node sets
        and edge sets have `#size`; strings have no statistics.
    num_graphs: seen so far.

    >>> import gnnkit
    >>> statistics = gnnkit.io.GraphStatistics()
    >>> for weights in ([1.0], [2.0, 6.0]):
    ...     ends = list(range(len(weights)))
    ...     statistics.add(gnnkit.homogeneous(ends, ends, node_set_sizes=[2], edge_features={"w": weights}))
    >>> statistics.features["edges", "edges", "w"].mean
    3.0
    >>> len(statistics.to_proto().samples.size_pairs)
    2
    """

    def __init__(self, *, num_samples: int = 1000, seed: int = 0) -> None:
        self._num_samples = num_samples
        self._random = np.random.default_rng(seed)
        self._lots = np.empty([0])  # Those who draw the smallest ones are kept.
        self._pairs = np.empty([0, 2], np.int64)
        self.features: dict[tuple[str, str, str], NumberStatistics] = {}
        self.num_graphs = 0

    def add(self, graph: GraphTensor) -> None:
        """Takes in a graph or a batch of graphs, with the same features in all calls."""
        batch = np.size(_per_graph(graph.context.sizes))
        totals = {NODES: np.zeros(batch, np.int64), EDGES: np.zeros(batch, np.int64)}
        for set_type, set_name, piece in iter_sets(graph):
            if set_type != CONTEXT:
                self._add(set_type, set_name, SIZE_NAME, piece.sizes)
                totals[set_type] += _per_graph(piece.sizes)
            for name, field in sorted(piece.features.items()):
                self._add(set_type, set_name, name, field)
        self.num_graphs += batch
        self._choose(np.stack([totals[NODES], totals[EDGES]], axis=1))

    def _add(self, set_type: str, set_name: str, name: str, field: Any) -> None:
        field = to_tf(field)
        if field.dtype == tf.string:
            return
        if field.dtype == tf.bool or field.dtype.is_floating:
            field = tf.cast(field, tf.float64 if field.dtype == tf.float64 else tf.float32)
        values = field.flat_values if isinstance(field, tf.RaggedTensor) else field
        statistics = self.features.setdefault((set_type, set_name, name), NumberStatistics())
        statistics.add(values.numpy().reshape(-1))

    def _choose(self, pairs: Any) -> None:
        self._lots = np.concatenate([self._lots, self._random.random(len(pairs))])
        self._pairs = np.concatenate([self._pairs, pairs])
        if len(self._lots) > self._num_samples:
            kept = np.sort(np.argsort(self._lots)[: self._num_samples])
            self._lots, self._pairs = self._lots[kept], self._pairs[kept]

    def to_proto(self, num_quantiles: int = 10) -> GraphTensorStats:
        """A `GraphTensorStats` as TF-GNN's `sampled_stats` writes, with mean and standard deviation.

        num_quantiles: parts of equal size, which `num_quantiles + 1` values bound.
        """
        result = GraphTensorStats()
        for (set_type, set_name, name), numbers in self.features.items():
            entry = result.feature_stats.add(set_type=set_type, set_name=set_name, feature_name=name)
            if numbers.count:
                entry.stats.min, entry.stats.median, entry.stats.max = numbers.quantiles(2).tolist()
                entry.stats.mean, entry.stats.std = numbers.mean, numbers.std
                entry.stats.quantiles.extend(numbers.quantiles(num_quantiles).tolist())
        for num_nodes, num_edges in self._pairs.tolist():
            result.samples.size_pairs.add(num_nodes=num_nodes, num_edges=num_edges)
        return result


def _per_graph(sizes: Any) -> Any:
    """Items of each graph: of sizes `[C]` or `[B, (C)]`, int64 `[1]` or `[B]`."""
    return tf.reshape(tf.reduce_sum(tf.cast(to_tf(sizes), tf.int64), axis=-1), [-1]).numpy()
