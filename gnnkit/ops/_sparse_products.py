"""Products of edge coefficients and node values, on a CPU in `tf.function`: without a row of values an edge.

A sum of neighbours' values with a coefficient for each edge and head is a product of a sparse matrix, and so are its
gradient by the values and the gradients of scalar products along edges. Gathered values, their products with the
coefficients, and gradients alike would be `[E, H, C]` each, which takes longer to write and to read than to compute.

`weighted_sum` and `edge_products` are each other's gradients, so that derivatives of any order take the fast way.
TensorFlow merges what they repeat: it builds a matrix once for its product and for that of its transpose.
"""

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from gnnkit.ops import _gradients, _sorted_segments
from gnnkit.ops._sorted_segments import Segments
from gnnkit.ops._sparse_matmul import sparse_matmul

_PARTS = 4


def applies(values: Any, receivers: Any, senders: Any) -> bool:
    """Whether products with `values` `[V, H, C]` along edges with these ends, int `[E]`, can be handled here."""
    return sums_apply(values, receivers, senders) and values.shape.rank == 3


def sums_apply(values: Any, receivers: Any, senders: Any) -> bool:
    """Whether `sum_at_receivers` can handle `values` `[V, ...]` and edges with these ends, int `[E]`."""
    return (
        not _gradients.are_off()
        and _sorted_segments.applies(values, receivers)
        and _sorted_segments.can_sort(senders)
        and values.shape[1:].is_fully_defined()
    )


class Pattern(NamedTuple):
    """Where the sparse matrix `[V' * H, V * H]` of edges and heads has numbers; each node has a row or a column a head.

    Then values `[V, H, C]` are the matrix `[V * H, C]` as they lie, and no head is cut out or put back.

    receivers, senders: int `[E]`, the nodes with the rows and those with the columns; num_receivers, num_senders: V' and V.
    places: int64 `[E * H, 2]`, by ascending row; order: which of the coefficients `[E * H]` belongs there.
    """

    receivers: tf.Tensor
    senders: tf.Tensor
    num_receivers: tf.Tensor
    num_senders: tf.Tensor
    places: tf.Tensor
    order: tf.Tensor


def pattern(receivers: Segments, senders: tf.Tensor, num_senders: Any, heads: int) -> Pattern:
    """The pattern of edges to `receivers` from `senders` int `[E]`."""
    rows, columns, order = receivers.ids, senders, receivers.order
    if order is not None:
        rows, columns = receivers.sorted_ids, tf.gather(senders, order)
    num_receivers = tf.size(receivers.sizes)
    if heads > 1:
        rows, columns, order = _a_head_each(receivers.sizes, columns, order, heads)
    elif order is None:
        order = tf.range(tf.size(rows))
    places = tf.stack([tf.cast(ids, tf.int64) for ids in (rows, columns)], 1)
    return Pattern(receivers.ids, senders, num_receivers, tf.cast(num_senders, tf.int32), places, order)


def _a_head_each(
    sizes: tf.Tensor, columns: tf.Tensor, order: Any, heads: int
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Rows, columns and order for all heads, from the columns and the order for one; sizes: edges a row."""
    sizes = tf.cast(sizes, tf.int64)[:, tf.newaxis]
    head = tf.range(heads, dtype=tf.int64)
    # The numbers of a row lie `heads` apart; its own number travels in the upper half of theirs.
    row = tf.range(tf.size(sizes, tf.int64))[:, tf.newaxis] * heads + head
    first = row * 2**32 + tf.cumsum(sizes, exclusive=True) * heads + head
    starts, limits = (tf.reshape(x, [-1]) for x in (first, first + sizes * heads))
    both = tf.raw_ops.RaggedRange(starts=starts, limits=limits, deltas=tf.constant(heads, tf.int64))
    here, rows = tf.unstack(tf.bitcast(both.rt_dense_values, tf.int32), axis=1)

    def spread(x: tf.Tensor) -> tf.Tensor:
        x = tf.cast(x, tf.int32)[:, tf.newaxis] * heads + tf.range(heads)
        return tf.gather(tf.reshape(x, [-1]), here)

    return rows, spread(columns), here if order is None else spread(order)


def sum_at_receivers(values: tf.Tensor, senders: Any, receivers: Any, num: Any, weights: Any = None) -> tf.Tensor:
    """`Σ_e weights[e] * values[senders[e]]` for each receiver: of `[V, ...]`, `[num, ...]`.

    senders, receivers: int `[E]`. weights: `[E, 1]`; 1 by default.
    """
    if weights is None:
        weights = tf.ones([tf.size(receivers), 1], values.dtype)
    shape = values.shape[1:]
    ends = pattern(_sorted_segments.segments_of(receivers, num), senders, tf.shape(values)[0], 1)
    sums = weighted_sum(weights, tf.reshape(values, [-1, 1, math.prod(shape)]), ends)
    return tf.ensure_shape(tf.reshape(sums, [-1, *shape]), [tf.get_static_value(num), *shape])


def weighted_sum(coefficients: tf.Tensor, values: tf.Tensor, ends: Pattern, at_senders: bool = False) -> tf.Tensor:
    """`Σ_e coefficients[e] * values[senders[e]]` for each receiver: of `[E, H]` and `[V, H, C]`, `[V', H, C]`.

    at_senders: whether senders and receivers change their roles.
    """

    def gradients(upstream: tf.Tensor, coefficients: Any, values: Any, ends: Pattern) -> Any:
        by_values = weighted_sum(coefficients, upstream, ends, not at_senders)
        at_ends = (values, upstream) if at_senders else (upstream, values)
        return edge_products(*at_ends, ends), tf.ensure_shape(by_values, values.shape)

    return _with_gradients(
        functools.partial(_weighted_sum, at_senders=at_senders), gradients, coefficients, values, ends
    )


def edge_products(x: tf.Tensor, y: tf.Tensor, ends: Pattern) -> tf.Tensor:
    """The scalar products of `x[receivers[e]]` and `y[senders[e]]`: of `[V', H, C]` and `[V, H, C]`, `[E, H]`."""

    def gradients(upstream: tf.Tensor, x: Any, y: Any, ends: Pattern) -> Any:
        by_x, by_y = weighted_sum(upstream, y, ends), weighted_sum(upstream, x, ends, at_senders=True)
        return tf.ensure_shape(by_x, x.shape), tf.ensure_shape(by_y, y.shape)

    return _with_gradients(_edge_products, gradients, x, y, ends)


def _with_gradients(
    product: Callable[..., Any], gradients: Callable[..., Any], a: tf.Tensor, b: tf.Tensor, ends: Pattern
) -> tf.Tensor:
    """`product(a, b, ends)`; `gradients(upstream, a, b, ends)` are those by a and b."""

    @_gradients.custom_gradient
    def call(a: tf.Tensor, b: tf.Tensor, *tensors: tf.Tensor) -> Any:
        ends = Pattern(*tensors)
        return product(a, b, ends), lambda upstream: (*gradients(upstream, a, b, ends), *[None] * len(tensors))

    return call(a, b, *ends)


def _edge_products(x: tf.Tensor, y: tf.Tensor, ends: Pattern) -> tf.Tensor:
    """In a few parts: gathered values are read again while they are in the processor's cache, and take less memory."""
    size = -(-tf.size(ends.receivers) // _PARTS)
    products: list[tf.Tensor] = []
    for i in range(_PARTS):
        with tf.control_dependencies(products[-1:]):
            at_receivers, at_senders = (
                tf.raw_ops.GatherV2(params=values, indices=ids[i * size : (i + 1) * size], axis=0)
                for values, ids in ((x, ends.receivers), (y, ends.senders))
            )
            products.append(tf.reduce_sum(at_receivers * at_senders, -1))
    return tf.ensure_shape(tf.concat(products, 0), [ends.receivers.shape[0], x.shape[1]])


def _weighted_sum(coefficients: tf.Tensor, values: tf.Tensor, ends: Pattern, at_senders: bool) -> tf.Tensor:
    heads, channels = values.shape[1:]
    numbers = tf.gather(tf.reshape(coefficients, [-1]), ends.order)
    size = ends.num_receivers * heads, ends.num_senders * heads
    sums = sparse_matmul(ends.places, numbers, *size, tf.reshape(values, [-1, channels]), transpose=at_senders)
    return tf.reshape(sums, [-1, heads, channels])
