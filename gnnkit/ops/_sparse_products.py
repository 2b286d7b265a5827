"""Products of edge coefficients and node values, on a CPU in `tf.function`: without a row of values an edge.

A sum of neighbours' values with a coefficient for each edge and head is a product of a sparse matrix, and so are its
gradient by the values and the gradients of scalar products along edges. Gathered values, their products with the
coefficients, and gradients alike would be `[E, H, C]` each, which takes longer to write and to read than to compute.

`weighted_sum` and `edge_products` are each other's gradients, so that derivatives of any order take the fast way.
"""

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
    """Whether `neighbor_sum` can handle `values` `[V, ...]` and edges with these ends, int `[E]`."""
    return (
        not _gradients.are_off()
        and _sorted_segments.applies(values, receivers)
        and _sorted_segments.can_sort(senders)
        and values.shape[1:].is_fully_defined()
    )


class Pattern(NamedTuple):
    """Where the sparse matrix `[V' * H, V * H]` of edges and heads has numbers; each node has a row and a column a head.

    Then values `[V, H, C]` are the matrix `[V * H, C]` as they lie, and no head is cut out or put back.

    ids: int `[E]`, of the nodes with the rows; num: V'.
    places: int64 `[E * H, 2]`, by ascending row; order: which of the coefficients `[E * H]` belongs there.
    """

    ids: tf.Tensor
    num: tf.Tensor
    places: tf.Tensor
    order: tf.Tensor


def pattern(at: Segments, others: Segments, heads: int) -> Pattern:
    """The pattern with rows for the nodes of `at`."""
    rows, columns, num = at.ids, others.ids, tf.size(at.sizes)
    if at.order is not None:
        rows, columns = at.sorted_ids, tf.gather(columns, at.order)
    if heads == 1:
        places = tf.cast(tf.stack([rows, columns], 1), tf.int64)
        return Pattern(at.ids, num, places, tf.range(tf.size(rows)) if at.order is None else at.order)
    # An edge lies, for each head, after all edges of lower rows, and after those of lower heads of its node.
    sizes = tf.cast(at.sizes, tf.int32)
    first = tf.gather((heads - 1) * tf.cumsum(sizes, exclusive=True), rows) + tf.range(tf.size(rows))
    to = first[:, tf.newaxis] + tf.gather(sizes, rows)[:, tf.newaxis] * tf.range(heads)
    here = tf.math.invert_permutation(tf.reshape(to, [-1]))
    # Row and column travel as the lower and the upper half of one number.
    both = (tf.cast(columns, tf.int64) * 2**32 + tf.cast(rows, tf.int64)) * heads
    both = both[:, tf.newaxis] + (2**32 + 1) * tf.range(heads, dtype=tf.int64)
    places = tf.cast(tf.bitcast(tf.gather(tf.reshape(both, [-1]), here), tf.int32), tf.int64)
    if at.order is None:
        return Pattern(at.ids, num, places, here)
    edges = (at.order * heads)[:, tf.newaxis] + tf.range(heads)
    return Pattern(at.ids, num, places, tf.gather(tf.reshape(edges, [-1]), here))


def neighbor_sum(values: tf.Tensor, senders: Any, receivers: Any, num: Any, weights: Any = None) -> tf.Tensor:
    """`Σ_e weights[e] * values[senders[e]]` for each receiver: of `[V, ...]`, `[num, ...]`.

    senders, receivers: int `[E]`. weights: `[E, 1]`; 1 by default.
    """
    at = _sorted_segments.segments_of(receivers, num)
    others = _sorted_segments.segments_of(senders, tf.shape(values)[0])
    if weights is None:
        weights = tf.ones([tf.size(receivers), 1], values.dtype)
    shape = values.shape[1:]
    sums = weighted_sum(
        weights,
        tf.reshape(values, [-1, 1, math.prod(shape)]),
        pattern(at, others, 1),
        pattern(others, at, 1),
    )
    return tf.ensure_shape(tf.reshape(sums, [-1, *shape]), [tf.get_static_value(num), *shape])


def weighted_sum(coefficients: tf.Tensor, values: tf.Tensor, receivers: Pattern, senders: Pattern) -> tf.Tensor:
    """`Σ_e coefficients[e] * values[senders[e]]` for each receiver: of `[E, H]` and `[V, H, C]`, `[V', H, C]`."""

    def gradients(upstream: tf.Tensor, coefficients: Any, values: Any, receivers: Pattern, senders: Pattern) -> Any:
        by_values = tf.ensure_shape(weighted_sum(coefficients, upstream, senders, receivers), values.shape)
        return edge_products(upstream, values, receivers, senders), by_values

    return _with_gradients(_weighted_sum, gradients, coefficients, values, receivers, senders)


def edge_products(x: tf.Tensor, y: tf.Tensor, receivers: Pattern, senders: Pattern) -> tf.Tensor:
    """The scalar products of `x[receivers[e]]` and `y[senders[e]]`: of `[V', H, C]` and `[V, H, C]`, `[E, H]`."""

    def gradients(upstream: tf.Tensor, x: Any, y: Any, receivers: Pattern, senders: Pattern) -> Any:
        by_x = tf.ensure_shape(weighted_sum(upstream, y, receivers, senders), x.shape)
        return by_x, tf.ensure_shape(weighted_sum(upstream, x, senders, receivers), y.shape)

    return _with_gradients(_edge_products, gradients, x, y, receivers, senders)


def _with_gradients(
    product: Callable[..., Any], gradients: Callable[..., Any], a: Any, b: Any, receivers: Pattern, senders: Pattern
) -> tf.Tensor:
    """`product(a, b, receivers, senders)`; `gradients(upstream, a, b, receivers, senders)` are those by a and b."""
    num = len(receivers)

    @_gradients.custom_gradient
    def call(a: tf.Tensor, b: tf.Tensor, *tensors: tf.Tensor) -> Any:
        ends = Pattern(*tensors[:num]), Pattern(*tensors[num:])
        return product(a, b, *ends), lambda upstream: (*gradients(upstream, a, b, *ends), *[None] * len(tensors))

    return call(a, b, *receivers, *senders)


def _edge_products(x: tf.Tensor, y: tf.Tensor, receivers: Pattern, senders: Pattern) -> tf.Tensor:
    """In a few parts: gathered values are read again while they are in the processor's cache, and take less memory."""
    size = -(-tf.size(receivers.ids) // _PARTS)
    products = []
    for i in range(_PARTS):
        at_receivers, at_senders = (
            tf.raw_ops.GatherV2(params=values, indices=ids[i * size : (i + 1) * size], axis=0)
            for values, ids in ((x, receivers.ids), (y, senders.ids))
        )
        products.append(tf.reduce_sum(at_receivers * at_senders, -1))
    return tf.ensure_shape(tf.concat(products, 0), [receivers.ids.shape[0], x.shape[1]])


def _weighted_sum(coefficients: tf.Tensor, values: tf.Tensor, at: Pattern, others: Pattern) -> tf.Tensor:
    heads, channels = values.shape[1:]
    numbers = tf.gather(tf.reshape(coefficients, [-1]), at.order)
    columns = tf.shape(values)[0] * heads
    sums = sparse_matmul(at.places, numbers, at.num * heads, columns, tf.reshape(values, [-1, channels]))
    return tf.reshape(sums, [-1, heads, channels])
