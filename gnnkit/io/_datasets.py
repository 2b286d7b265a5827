"""Datasets of graphs: from a generator, and without what does not fit."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import tensorflow as tf

from gnnkit.graph import GraphTensor, check_scalar_graph_tensor


def dataset_from_generator(generator: Callable[[], Iterable[Any]]) -> tf.data.Dataset:
    """Makes a dataset of what `generator()` yields, whose type is that of the first element.

    generator: returns an iterable of scalar graphs, or of tuples and dicts of graphs and tensors. It is called once
        here, for the first element, and then for each pass over the dataset.

    Numbers of nodes and edges may vary from graph to graph; all else must be as in the first element
    (InvalidArgumentError when the dataset is read).

    ValueError: the generator yields nothing, or batches of graphs.

    >>> import gnnkit
    >>> graphs = [gnnkit.homogeneous([0] * n, [0] * n, node_features={"x": [0.0] * n}) for n in (3, 5)]
    >>> dataset = gnnkit.dataset_from_generator(lambda: ((graph, 1) for graph in graphs))
    >>> dataset.element_spec[0].node_sets_spec["nodes"]["x"].shape
    TensorShape([None])
    """
    nothing = object()
    first = next(iter(generator()), nothing)
    if first is nothing:
        raise ValueError("dataset_from_generator: the generator must yield at least one element, but there is none.")
    return tf.data.Dataset.from_generator(generator, output_signature=tf.nest.map_structure(_spec_of, first))


def _spec_of(value: Any) -> Any:
    if not isinstance(value, GraphTensor):
        return tf.type_spec_from_value(value)
    check_scalar_graph_tensor(value, "dataset_from_generator")
    return value.spec.relax(num_nodes=True, num_edges=True)


def dataset_filter_with_summary(
    dataset: tf.data.Dataset,
    predicate: Callable[[Any], Any],
    *,
    summary_name: str = "dataset_removed_fraction",
    summary_steps: int = 1000,
    summary_decay: float | None = None,
) -> tf.data.Dataset:
    """`dataset.filter(predicate)` that also tells TensorBoard which fraction of the elements was removed.

    predicate: element -> bool scalar; elements for which it is False are removed. A tuple is one argument.
    summary_name: of the scalar, which is written to the `tf.summary` writer that is the default when this is called.
    summary_steps: every how many elements, removed ones included, it is written. Its step is the number of elements
        that were kept before the last one.
    summary_decay: how much of the fraction stays with each further element; `exp(-1 / summary_steps)` by default. It is
        the mean of all elements while these are few.

    ValueError: summary_steps below 1, or summary_decay not between 0 and 1. TypeError: a predicate that gives no bool.

    >>> import tensorflow as tf, gnnkit
    >>> dataset = gnnkit.dataset_filter_with_summary(tf.data.Dataset.range(6), lambda n: n % 3 != 0)
    >>> [int(n) for n in dataset]
    [1, 2, 4, 5]
    """
    if summary_steps < 1:
        raise ValueError(f"summary_steps must be at least 1, but got {summary_steps}.")
    decay = math.exp(-1 / summary_steps) if summary_decay is None else summary_decay
    if not 0 < decay < 1:
        raise ValueError(f"summary_decay must be between 0 and 1, both excluded, but got {decay}.")
    metadata = tf.compat.v1.SummaryMetadata()
    metadata.plugin_data.plugin_name = "scalars"

    def check(state: Any, element: Any) -> Any:
        seen, kept, removed = state
        keep = tf.convert_to_tensor(predicate(element))
        if keep.dtype != tf.bool:
            raise TypeError(f"dataset_filter_with_summary: the predicate must give a bool, but gave {keep.dtype.name}.")
        seen, kept = seen + 1, kept + tf.cast(keep, tf.int64)
        stays = tf.minimum(decay, 1 - 1 / tf.cast(seen, tf.float32))
        removed = stays * removed + (1 - stays) * tf.cast(~keep, tf.float32)
        tf.cond(
            seen % summary_steps == 0,
            lambda: tf.summary.write(summary_name, removed, step=tf.maximum(kept - 1, 0), metadata=metadata),
            lambda: False,
        )
        return (seen, kept, removed), (element, keep)

    state = (tf.constant(0, tf.int64), tf.constant(0, tf.int64), tf.constant(0.0))
    checked = dataset.scan(state, check)
    return checked.filter(lambda _, keep: keep).map(lambda element, _: element)
