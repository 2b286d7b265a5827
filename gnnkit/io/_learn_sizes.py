"""Size constraints for padding, found from a dataset. Only the sizes of its graphs are read."""

import bisect
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from gnnkit.graph import GraphTensor, GraphTensorSpec
from gnnkit.ops import SizeConstraints

_SIMULATED_BATCHES = 50_000


def find_tight_size_constraints(
    dataset: tf.data.Dataset,
    *,
    min_nodes_per_component: Mapping[str, int] | None = None,
    target_batch_size: int | tf.Tensor | None = None,
) -> SizeConstraints:
    """The smallest sizes that any batch of graphs of the dataset can be padded to. Reads the dataset once.

    dataset: finite, of graphs.
    min_nodes_per_component: see `SizeConstraints`.
    target_batch_size: graphs in a batch. None for a dataset whose elements are batches already.

    Where sizes vary, there is room for a fake component, and for a fake node in each node set that fake edges may
    have to join.

    ValueError: a dataset that is infinite, empty, or not of graphs; target_batch_size below 1.

    >>> import gnnkit, tensorflow as tf
    >>> graphs = [gnnkit.homogeneous([0] * n, [0] * n, node_features={"x": [0.0] * n}) for n in (3, 5, 4)]
    >>> dataset = gnnkit.dataset_from_generator(lambda: graphs)
    >>> sizes = gnnkit.find_tight_size_constraints(dataset, target_batch_size=2)
    >>> sizes.total_num_components, sizes.total_num_nodes, sizes.total_num_edges
    (3, {'nodes': 11}, {'edges': 10})
    """
    spec = _graph_spec(dataset, "find_tight_size_constraints")
    if dataset.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise ValueError(
            "find_tight_size_constraints reads the whole dataset, but this one is infinite. Leave .repeat() out, "
            "or use .take(n) or learn_fit_or_skip_size_constraints."
        )
    batch_size = 1 if target_batch_size is None else int(target_batch_size)
    _check_positive(target_batch_size=batch_size)
    largest = np.max([chunk.max(axis=0) for chunk in _read_sizes(dataset, "find_tight_size_constraints")], axis=0)
    return _constraints(spec, largest * batch_size, min_nodes_per_component)


def learn_fit_or_skip_size_constraints(
    dataset: tf.data.Dataset,
    batch_size: int | Iterable[int],
    *,
    min_nodes_per_component: Mapping[str, int] | None = None,
    success_ratio: float | Iterable[float] = 1.0,
    sample_size: int = 100_000,
    num_thresholds: int = 1_000,
) -> Any:
    """Sizes that a share of all random batches can be padded to; the others are to be skipped.

    dataset: of graphs. Only its first `sample_size` elements are read, so it may be infinite; shuffle it if its order
        means something.
    batch_size: graphs in a batch; several for several results.
    min_nodes_per_component: see `SizeConstraints`.
    success_ratio: the share of batches, from 0 to 1; several for several results. With 1, all batches that were
        simulated fit, but larger ones may exist: see `find_tight_size_constraints`.
    num_thresholds: how finely the share is tried out.

    Batches of graphs drawn at random are simulated, always the same ones. The sizes are quantiles of their totals: the
    less the totals of a set vary, the higher is its quantile, since that costs little there.

    Returns `SizeConstraints` as `find_tight_size_constraints` does; with several batch sizes or ratios lists of them,
    `result[batch][ratio]`.

    ValueError: a dataset that is empty or not of graphs, or a number out of its range.

    >>> import gnnkit
    >>> graphs = [gnnkit.homogeneous([0] * n, [0] * n, node_features={"x": [0.0] * n}) for n in (3, 5, 4)]
    >>> dataset = gnnkit.dataset_from_generator(lambda: graphs)
    >>> all_fit, most_fit = gnnkit.learn_fit_or_skip_size_constraints(dataset, 2, success_ratio=[1.0, 0.8])
    >>> all_fit.total_num_nodes, most_fit.total_num_nodes
    ({'nodes': 11}, {'nodes': 10})
    """
    fn = "learn_fit_or_skip_size_constraints"
    spec = _graph_spec(dataset, fn)
    batch_sizes = list(batch_size) if isinstance(batch_size, Iterable) else [batch_size]
    ratios = list(success_ratio) if isinstance(success_ratio, Iterable) else [success_ratio]
    for each in batch_sizes:
        _check_positive(batch_size=each, sample_size=sample_size, num_thresholds=num_thresholds)
    for ratio in ratios:
        if not 0 <= ratio <= 1:
            raise ValueError(f"success_ratio must be between 0 and 1, but got {ratio}.")
    sizes = np.concatenate(list(_read_sizes(dataset.take(sample_size), fn)))
    results = []
    for each in batch_sizes:
        totals = _simulate(sizes, each)
        thresholds = [_thresholds(totals, ratio, num_thresholds) for ratio in ratios]
        found = [_constraints(spec, each, min_nodes_per_component) for each in thresholds]
        results.append(found if isinstance(success_ratio, Iterable) else found[0])
    return results if isinstance(batch_size, Iterable) else results[0]


def _graph_spec(dataset: tf.data.Dataset, fn: str) -> GraphTensorSpec:
    spec = dataset.element_spec
    if not isinstance(spec, GraphTensorSpec):
        raise ValueError(
            f"{fn} needs a dataset of GraphTensors, but its elements are {spec}. "
            "Take the graph out first: dataset.map(lambda graph, label: graph)."
        )
    return spec


def _check_positive(**numbers: int) -> None:
    for name, number in numbers.items():
        if number < 1:
            raise ValueError(f"{name} must be at least 1, but got {number}.")


def _read_sizes(dataset: tf.data.Dataset, fn: str) -> Iterator[np.ndarray]:
    """Components, nodes of each node set and edges of each edge set of the graphs: int64 `[n, 1 + sets]`."""

    def sizes(graph: GraphTensor) -> tf.Tensor:
        items = [piece.total_size for piece in (*graph.node_sets.values(), *graph.edge_sets.values())]
        return tf.stack([tf.cast(n, tf.int64) for n in (graph.total_num_components, *items)])

    sizes = tf.autograph.experimental.do_not_convert(sizes)
    count = 0
    for chunk in dataset.map(sizes, num_parallel_calls=tf.data.AUTOTUNE).batch(1024).as_numpy_iterator():
        count += len(chunk)
        yield chunk
    if not count:
        raise ValueError(f"{fn}: the dataset is empty, so there are no sizes to learn from.")


def _simulate(sizes: np.ndarray, batch_size: int) -> np.ndarray:
    """The sums of `batch_size` rows of sizes `[n, S]`, drawn with replacement: `[batches, S]`."""
    rng = np.random.default_rng(42)
    totals = np.zeros((_SIMULATED_BATCHES, sizes.shape[1]), np.int64)
    for _ in range(batch_size):
        totals += sizes[rng.integers(len(sizes), size=_SIMULATED_BATCHES)]
    return totals


def _thresholds(totals: np.ndarray, success_ratio: float, num_thresholds: int) -> np.ndarray:
    """Sizes `[S]` that a share of the totals `[batches, S]` do not exceed in any column."""
    spread = totals.std(axis=0)
    spread /= max(spread.max(), 1e-9)
    ordered = np.sort(totals, axis=0)

    def quantiles(step: int) -> np.ndarray:
        levels = 1 - spread * (1 - step / num_thresholds)
        rows = np.ceil(levels * (len(ordered) - 1)).astype(np.int64)
        return np.take_along_axis(ordered, rows[np.newaxis], axis=0)[0]

    def success(step: int) -> float:
        return (totals <= quantiles(step)).all(axis=1).mean()

    return quantiles(bisect.bisect_left(range(num_thresholds + 1), success_ratio, key=success))


def _constraints(
    spec: GraphTensorSpec, sizes: np.ndarray, min_nodes_per_component: Mapping[str, int] | None
) -> SizeConstraints:
    """Constraints for these sizes, in the order of `_read_sizes`, with room for fake items where sizes vary."""
    components, *items = sizes.tolist()
    nodes = dict(zip(spec.node_sets_spec, items, strict=False))
    edges = dict(zip(spec.edge_sets_spec, items[len(nodes) :], strict=True))
    least = dict(min_nodes_per_component or {})
    pieces = [spec.context_spec, *spec.node_sets_spec.values(), *spec.edge_sets_spec.values()]
    if any(piece.total_size is None for piece in pieces):
        components += 1
        joined = {
            node_set_name
            for edge_set in spec.edge_sets_spec.values()
            if edge_set.total_size is None
            for node_set_name, _ in edge_set.adjacency_spec.get_index_specs_dict().values()
        }
        nodes = {name: count + max(least.get(name, 0), int(name in joined)) for name, count in nodes.items()}
    return SizeConstraints(components, nodes, edges, least or ())
