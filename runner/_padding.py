"""How batches are padded: the sizes, learnt from examples, and which batches are left out."""

import functools
import logging
from collections.abc import Callable, Mapping
from typing import Any, final

import tensorflow as tf

from gnnkit._names import TARGET
from gnnkit.graph import GraphTensor, GraphTensorSpec
from gnnkit.io import (
    find_tight_size_constraints,
    learn_fit_or_skip_size_constraints,
    parse_example,
)
from gnnkit.ops import SizeConstraints, satisfies_size_constraints
from gnnkit.runner._interfaces import DatasetProvider, GraphTensorPadding
from gnnkit.runner._stage import stage
from gnnkit.runner.data._batches import Padding
from gnnkit.runner.data._elements import check_element_spec

_log = logging.getLogger("gnnkit.runner")


def one_node_per_component(gtspec: GraphTensorSpec) -> Mapping[str, int]:
    """`{node set name: 1}` for all node sets: for tasks that read a node of each component, fake ones too.

    >>> import gnnkit
    >>> dict(one_node_per_component(gnnkit.homogeneous([0], [1], node_set_sizes=[2]).spec))
    {'nodes': 1}
    """
    return dict.fromkeys(gtspec.node_sets_spec, 1)


def fits_always(graph: GraphTensor) -> bool:
    """The filter that leaves nothing out."""
    return True


@final
class TightPadding(GraphTensorPadding):
    """Pads to sizes that every batch fits into: the batch size times the largest graph of the dataset.

    gtspec: the type of one example.
    dataset_provider: of the examples, which are all read once to find the sizes.
    min_nodes_per_component: see `SizeConstraints`. Tasks that read the first node of each component need
        `one_node_per_component(gtspec)`, or `{node set: 1}`.

    ValueError: examples of another type, none at all, or without an end.
    """

    def __init__(
        self,
        gtspec: GraphTensorSpec,
        dataset_provider: DatasetProvider,
        min_nodes_per_component: Mapping[str, int] | None = None,
    ) -> None:
        self._gtspec, self._provider, self._least = gtspec, dataset_provider, min_nodes_per_component

    def get_filter_fn(self, size_constraints: SizeConstraints) -> Callable[..., bool]:
        """A function that is True for each graph."""
        return fits_always

    def get_size_constraints(self, target_batch_size: int) -> SizeConstraints:
        """The sizes for batches of `target_batch_size` graphs."""
        with stage("TightPadding"):
            found = find_tight_size_constraints(
                _graphs(self._provider, self._gtspec, "TightPadding"),
                min_nodes_per_component=self._least,
                target_batch_size=target_batch_size,
            )
        return _with_readout(found, self._gtspec)


@final
class FitOrSkipPadding(GraphTensorPadding):
    """Pads to sizes that most batches fit into, and leaves out the others. Smaller than `TightPadding` where graphs vary.

    fit_or_skip_sample_sample_size: the number of examples that sizes are learnt from.
    fit_or_skip_success_ratio: the share of batches, out of 1, that are to fit.
    Other arguments: see `TightPadding`. See also `gnnkit.learn_fit_or_skip_size_constraints`.
    """

    def __init__(
        self,
        gtspec: GraphTensorSpec,
        dataset_provider: DatasetProvider,
        min_nodes_per_component: Mapping[str, int] | None = None,
        fit_or_skip_sample_sample_size: int = 10_000,
        fit_or_skip_success_ratio: float = 0.99,
    ) -> None:
        self._gtspec, self._provider, self._least = gtspec, dataset_provider, min_nodes_per_component
        self._sample_size, self._ratio = fit_or_skip_sample_sample_size, fit_or_skip_success_ratio

    def get_filter_fn(self, size_constraints: SizeConstraints) -> Callable[..., bool]:
        """A function that tells whether a graph fits into the sizes."""
        return lambda graph: satisfies_size_constraints(graph, total_sizes=size_constraints)

    def get_size_constraints(self, target_batch_size: int) -> SizeConstraints:
        """The sizes for batches of `target_batch_size` graphs."""
        with stage("FitOrSkipPadding"):
            found = learn_fit_or_skip_size_constraints(
                _graphs(self._provider, self._gtspec, "FitOrSkipPadding"),
                target_batch_size,
                min_nodes_per_component=self._least,
                success_ratio=self._ratio,
                sample_size=self._sample_size,
            )
        return _with_readout(found, self._gtspec)


def _graphs(provider: Any, gtspec: GraphTensorSpec, what: str) -> tf.data.Dataset:
    _log.info("%s: reading examples to find the sizes to pad to.", what)
    dataset = provider.get_dataset(tf.distribute.InputContext())
    if not check_element_spec(dataset.element_spec, gtspec, f"{what} ({type(provider).__name__})", merged=False):
        return dataset
    parse = tf.autograph.experimental.do_not_convert(lambda serialized: parse_example(gtspec, serialized))
    batches = dataset.batch(64).map(parse, num_parallel_calls=tf.data.AUTOTUNE)
    return batches.unbatch()


def _with_readout(sizes: SizeConstraints, gtspec: GraphTensorSpec) -> SizeConstraints:
    """As many edges of a readout as nodes of it, so that fake readout nodes are reached too, as real ones are."""
    edges = dict(sizes.total_num_edges)
    for name, edge_set in gtspec.edge_sets_spec.items():
        target = edge_set.adjacency_spec._names.get(TARGET)
        if target is not None and target.startswith("_readout") and name.startswith(f"{target}/"):
            edges[name] = max(edges[name], sizes.total_num_nodes[target])
    return sizes._replace(total_num_edges=edges)


def padding_fn(padding: Any, name: str, weights_fn: Callable[..., Any]) -> Callable[[int], Padding]:
    """The function from the batch size of a replica to its padding.

    padding: a `GraphTensorPadding`. name: of the argument, for messages. weights_fn: see `Padding`.
    ValueError: something else.
    """
    if not isinstance(padding, GraphTensorPadding):
        raise ValueError(
            f"run: {name} must be a gnnkit.runner.GraphTensorPadding, as TightPadding(gtspec, provider), but got "
            f"{type(padding).__name__}."
        )

    @functools.cache
    def of(batch_size: int) -> Padding:
        with stage(name):
            sizes = padding.get_size_constraints(batch_size)
            filter_fn = padding.get_filter_fn(sizes)
        return Padding(sizes=sizes, filter_fn=None if filter_fn is fits_always else filter_fn, weights_fn=weights_fn)

    return of
