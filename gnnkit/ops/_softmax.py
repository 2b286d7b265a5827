"""Softmax over the edges at each node, or over the items of each component."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from gnnkit.graph import GraphTensor, _field
from gnnkit.graph._symbolic import graph_function
from gnnkit.ops import _gradients, _primitives, _sorted_segments
from gnnkit.ops._pool import resolve_values
from gnnkit.ops._reductions import reduce_max, reduce_sum
from gnnkit.ops._resolve import resolve_segments

_SMALL = 30  # exp(30) is 1e13.


@graph_function
def softmax(
    graph_tensor: GraphTensor,
    per_tag: int | str,
    *,
    edge_set_name: Any = None,
    node_set_name: Any = None,
    feature_value: Any = None,
    feature_name: str | None = None,
) -> Any:
    """Softmax of values `[E, ...]` over all items with the same receiver, stable by subtraction of the maximum.

    per_tag: `SOURCE` or `TARGET` (over the edges at each node) or `CONTEXT` (over the items of each component).
    Several sets into one receiver share one normalisation; the result is then a list.
    Other arguments and errors: see `pool`.

    >>> import gnnkit
    >>> graph = gnnkit.homogeneous([0, 1, 2], [0, 0, 1], node_features={"x": [0, 0, 0]})
    >>> gnnkit.softmax(graph, gnnkit.TARGET, edge_set_name="edges", feature_value=[1.0, 1.0, 5.0]).numpy().tolist()
    [0.5, 0.5, 1.0]
    """
    segments = resolve_segments(
        graph_tensor, "softmax", per_tag, edge_set_name=edge_set_name, node_set_name=node_set_name
    )
    values = resolve_values(segments.sets, "softmax", feature_value, feature_name)
    results = _softmax_of_sets(values, segments.ids, segments.num)
    return results if segments.sets.was_sequence else results[0]


def _softmax_of_sets(values: Sequence[Any], ids: Sequence[Any], num: Any) -> list[Any]:
    """Softmax of `values`, one `[E, ...]` a set, over the items of all sets with equal `ids`, int `[E]` a set."""
    if all(map(_sorted_segments.applies, values, ids)):
        return _with_own_gradient(values, ids, num)
    if not all(map(_are_small, values)):
        values, _ = _without_top(values, ids, num)
    return _shares(values, ids, num)


def _without_top(values: Sequence[Any], ids: Sequence[Any], num: Any) -> tuple[list[Any], Any]:
    """The values, less the maximum of each segment, and these maxima."""
    top = reduce_max(values, ids, num)
    top = tf.stop_gradient(top) if _primitives.is_tf(top) else keras.ops.stop_gradient(top)
    return [v - _primitives.gather(top, i) for v, i in zip(values, ids, strict=True)], top


def _shares(values: Sequence[Any], ids: Sequence[Any], num: Any) -> list[Any]:
    exp = [_primitives.exp(v) for v in values]
    total = reduce_sum(exp, ids, num)
    return [_primitives.divide(e, _primitives.gather(total, i)) for e, i in zip(exp, ids, strict=True)]


def _with_own_gradient(values: Sequence[Any], ids: Sequence[Any], num: Any) -> list[Any]:
    """In a `tf.function`: the gradient of the quotient takes twice as many operations as that of the softmax."""

    @_gradients.custom_gradient
    def softmax(*arguments: Any) -> Any:
        values, ids = arguments[: len(arguments) // 2], arguments[len(arguments) // 2 :]
        values, top = _without_top(values, ids, num)
        results = _shares(values, ids, num)

        def gradient(*upstream: Any) -> Any:
            parts = [u * r for u, r in zip(upstream, results, strict=True)]
            sums = reduce_sum(parts, ids, tf.shape(top)[0])
            grads = [p - r * _primitives.gather(sums, i) for p, r, i in zip(parts, results, ids, strict=True)]
            return [*grads, *[None] * len(ids)]

        return results, gradient

    return softmax(*values, *ids)


def _are_small(values: Any) -> bool:
    """Whether exponentials are known, eagerly, neither to overflow nor to vanish: then no maximum need be subtracted."""
    numbers = _field.to_numpy(values)
    if numbers is None or numbers.dtype.char not in "fd" or not numbers.size:
        return False
    # Not numbers.min(), which takes twice as long to come to this.
    return bool(np.minimum.reduce(numbers, None) > -_SMALL and np.maximum.reduce(numbers, None) < _SMALL)


@graph_function
def softmax_edges_per_node(
    graph_tensor: GraphTensor,
    edge_set_name: str,
    node_tag: int,
    *,
    feature_value: Any = None,
    feature_name: str | None = None,
) -> Any:
    """Softmax over the edges at each node, at the end `node_tag`. See `softmax`."""
    return softmax(
        graph_tensor, node_tag, edge_set_name=edge_set_name, feature_value=feature_value, feature_name=feature_name
    )
