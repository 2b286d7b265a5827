"""From a provider's elements to batches of (graph, labels): batch, parse, merge, filter, pad, preprocess."""

import dataclasses
import logging
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from gnnkit.graph import GraphTensor, GraphTensorSpec
from gnnkit.io import dataset_filter_with_summary, parse_example
from gnnkit.ops import SizeConstraints, pad_to_total_sizes
from gnnkit.ops._real_components import real_components
from gnnkit.runner._interfaces import DatasetProvider
from gnnkit.runner._stage import stage
from gnnkit.runner.data._elements import check_element_spec
from gnnkit.runner.data._service import TFDataServiceConfig, through_service

_not_converted = tf.autograph.experimental.do_not_convert
_log = logging.getLogger("gnnkit.runner")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Padding:
    """What batches of one replica are padded to.

    sizes: of the padded batch.
    filter_fn: merged graph to bool; batches for which it is False are left out. None keeps all.
    weights_fn: graphs, labels and mask (bool `[C]`, True for real components) to the weights of the labels.
    """

    sizes: SizeConstraints
    filter_fn: Callable[..., Any] | None
    weights_fn: Callable[..., Any]


@dataclasses.dataclass(kw_only=True)
class BatchProvider(DatasetProvider):
    """Batches of (graph, labels), or (graph, labels, weights) with padding, out of another provider's elements.

    name: "train" or "valid", for messages.
    gtspec: the type of one element.
    preprocess_model: merged graph to (graph, labels).
    global_batch_size: elements in a step, over all replicas.
    padding_fn: the number of elements in a replica's batch to what it is padded to.
    service: where the dataset is to run, if not here.
    """

    name: str
    delegate: Any
    gtspec: GraphTensorSpec
    preprocess_model: keras.Model
    global_batch_size: int
    drop_remainder: bool
    padding_fn: Callable[[int], Padding] | None = None
    service: TFDataServiceConfig | None = None
    initial_epoch: int = 0
    size_is_known: bool = False

    def get_dataset(self, context: tf.distribute.InputContext) -> tf.data.Dataset:
        """Scalar graphs, C components each, with their labels, for one replica each."""
        with stage(f"{self.name} dataset"):
            merged = self._merged(context)
        padding = None
        if self.padding_fn is not None:
            padding = self.padding_fn(self.global_batch_size // context.num_replicas_in_sync)
            with stage(f"padding of the {self.name} dataset"):
                merged = self._padded(merged, padding)
        with stage(f"preprocessing of the {self.name} dataset"):
            dataset = merged.map(self._preprocessing(padding), num_parallel_calls=tf.data.AUTOTUNE)
        if self.service is not None:
            with stage(f"tf.data service of the {self.name} dataset"):
                dataset = through_service(dataset, self.service, self.name)
        if getattr(self.delegate, "cacheable", False):
            dataset = dataset.cache()
        return dataset.prefetch(tf.data.AUTOTUNE)

    def set_initial_epoch(self, epoch: int) -> None:
        """Makes the datasets begin with the order of examples that belongs to `epoch`."""
        self.initial_epoch = epoch
        if hasattr(self.delegate, "set_initial_epoch"):
            self.delegate.set_initial_epoch(epoch)

    def know_size(self) -> None:
        """Makes the datasets tell how many batches they have: examples are counted once where that is not known."""
        self.size_is_known = True

    def _sized(self, dataset: tf.data.Dataset) -> tf.data.Dataset:
        if self.size_is_known and int(dataset.cardinality()) == tf.data.UNKNOWN_CARDINALITY:
            _log.info("Counting the %s examples. (Datasets with assert_cardinality() need not be counted.)", self.name)
            count = dataset.reduce(tf.constant(0, tf.int64), lambda n, _: n + 1)
            dataset = dataset.apply(tf.data.experimental.assert_cardinality(count))
        return dataset

    def _in_order_of_epoch(self, dataset: tf.data.Dataset) -> tf.data.Dataset:
        if not hasattr(self.delegate, "set_initial_epoch"):
            for _ in range(self.initial_epoch):
                iter(dataset)  # Each iterator of a dataset that is shuffled draws a new order.
        return dataset

    def _merged(self, context: tf.distribute.InputContext) -> tf.data.Dataset:
        replicas = context.num_replicas_in_sync
        if self.global_batch_size % replicas:
            raise ValueError(
                f"global_batch_size={self.global_batch_size} is not a multiple of the {replicas} replicas that train "
                f"in sync. Use {(self.global_batch_size // replicas + 1) * replicas}."
            )
        size = self.global_batch_size // replicas
        if hasattr(self.delegate, "get_batched_dataset"):
            dataset = self.delegate.get_batched_dataset(context, size)
            self._check(dataset, "get_batched_dataset", merged=True)
            dataset = self._sized(self._in_order_of_epoch(dataset))
            return dataset if replicas == 1 else _whole_steps(dataset, replicas // context.num_input_pipelines)
        dataset = self.delegate.get_dataset(context)
        serialized = self._check(dataset, "get_dataset", merged=False)
        dataset = self._sized(self._in_order_of_epoch(dataset))
        if replicas == 1:
            dataset = dataset.batch(size, drop_remainder=self.drop_remainder)
        else:
            # All replicas need a batch in each step: a gradient of no example is not a number.
            elements = self.global_batch_size // context.num_input_pipelines
            steps = dataset.window(elements, drop_remainder=True)
            count = int(steps.cardinality())
            dataset = steps.flat_map(_not_converted(lambda window: window.batch(size, drop_remainder=True)))
            if count >= 0:
                dataset = dataset.apply(tf.data.experimental.assert_cardinality(count * (elements // size)))
        return dataset.map(
            self._parse_and_merge if serialized else _merge,
            num_parallel_calls=tf.data.AUTOTUNE,
        )

    def _padded(self, dataset: tf.data.Dataset, padding: Padding) -> tf.data.Dataset:
        if padding.filter_fn is not None:
            name = f"{self.name}_batches_left_out"
            dataset = dataset_filter_with_summary(dataset, _not_converted(padding.filter_fn), summary_name=name)
        pad = _not_converted(lambda graph: pad_to_total_sizes(graph, padding.sizes))
        return dataset.map(pad, num_parallel_calls=tf.data.AUTOTUNE)

    def _preprocessing(self, padding: Padding | None) -> Callable[..., Any]:
        def preprocess(graph: GraphTensor, mask: Any = None) -> Any:
            with real_components(None if padding is None else tf.cast(mask, tf.float32)):
                graphs, labels = self.preprocess_model(graph)
            if padding is None:
                return graphs, labels
            made = [graphs] if isinstance(graphs, GraphTensor) else list(graphs)
            return graphs, labels, padding.weights_fn(made, labels, mask)

        return _not_converted(preprocess)

    @_not_converted
    def _parse_and_merge(self, serialized: tf.Tensor) -> Any:
        return parse_example(self.gtspec, serialized).merge_batch_to_components()

    def _check(self, dataset: Any, method: str, *, merged: bool) -> bool:
        what = f"{self.name}_ds_provider ({type(self.delegate).__name__}.{method})"
        if not isinstance(dataset, tf.data.Dataset):
            raise ValueError(f"{what}: expected a tf.data.Dataset, but got {type(dataset).__name__}.")
        return check_element_spec(dataset.element_spec, self.gtspec, what, merged=merged)


@_not_converted
def _merge(graph: GraphTensor) -> GraphTensor:
    return graph.merge_batch_to_components()


def _whole_steps(dataset: tf.data.Dataset, share: int) -> tf.data.Dataset:
    """As many batches as make up whole steps. share: batches of this dataset in a step."""
    count = int(dataset.cardinality())
    if count >= 0:
        return dataset.take(count // share * share)
    return dataset.window(share, drop_remainder=True).flat_map(_not_converted(lambda window: window))
