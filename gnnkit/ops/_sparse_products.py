"""Products of edge coefficients and node values, on a CPU in `tf.function`: without a row of values an edge.

A sum of neighbours' values with a coefficient for each edge and head is a product of a sparse matrix, and so are its
gradient by the values and the gradients of scalar products along edges. Gathered values, their products with the
coefficients, and gradients alike would be `[E, H, C]` each, which takes longer to write and to read than to compute.

`weighted_sum` and `edge_products` are each other's gradients, so that derivatives of any order take the fast way.
"""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from gnnkit.ops import _gradients, _sorted_segments
from gnnkit.ops._sorted_segments import Segments


def applies(values: Any, receivers: Any, senders: Any) -> bool:
    """Whether products with `values` `[V, H, C]` along edges with these ends, int `[E]`, can be handled here."""
    return (
        not _gradients.are_off()
        and _sorted_segments.applies(values, receivers)
        and _sorted_segments.can_sort(senders)
        and values.shape.rank == 3
        and values.shape[1:].is_fully_defined()
    )


def weighted_sum(coefficients: tf.Tensor, values: tf.Tensor, receivers: Segments, senders: Segments) -> tf.Tensor:
    """`Σ_e coefficients[e] * values[senders[e]]` for each receiver: of `[E, H]` and `[V, H, C]`, `[V', H, C]`."""

    def gradients(upstream: tf.Tensor, coefficients: Any, values: Any, receivers: Segments, senders: Segments) -> Any:
        by_values = tf.ensure_shape(weighted_sum(coefficients, upstream, senders, receivers), values.shape)
        return edge_products(upstream, values, receivers, senders), by_values

    return _with_gradients(_weighted_sum, gradients, coefficients, values, receivers, senders)


def edge_products(x: tf.Tensor, y: tf.Tensor, receivers: Segments, senders: Segments) -> tf.Tensor:
    """The scalar products of `x[receivers[e]]` and `y[senders[e]]`: of `[V', H, C]` and `[V, H, C]`, `[E, H]`."""

    def gradients(upstream: tf.Tensor, x: Any, y: Any, receivers: Segments, senders: Segments) -> Any:
        by_x = tf.ensure_shape(weighted_sum(upstream, y, receivers, senders), x.shape)
        return by_x, tf.ensure_shape(weighted_sum(upstream, x, senders, receivers), y.shape)

    return _with_gradients(_edge_products, gradients, x, y, receivers, senders)


def _with_gradients(
    product: Callable[..., Any], gradients: Callable[..., Any], a: Any, b: Any, receivers: Segments, senders: Segments
) -> tf.Tensor:
    """`product(a, b, receivers, senders)`; `gradients(upstream, a, b, receivers, senders)` are those by a and b."""
    num = len(receivers.tensors)

    @_gradients.custom_gradient
    def call(a: tf.Tensor, b: tf.Tensor, *tensors: tf.Tensor) -> Any:
        ends = Segments(*tensors[:num]), Segments(*tensors[num:])
        return product(a, b, *ends), lambda upstream: (*gradients(upstream, a, b, *ends), *[None] * len(tensors))

    return call(a, b, *receivers.tensors, *senders.tensors)


def _edge_products(x: tf.Tensor, y: tf.Tensor, receivers: Segments, senders: Segments) -> tf.Tensor:
    at_receivers = tf.raw_ops.GatherV2(params=x, indices=receivers.ids, axis=0)
    at_senders = tf.raw_ops.GatherV2(params=y, indices=senders.ids, axis=0)
    return tf.reduce_sum(at_receivers * at_senders, -1)


def _weighted_sum(coefficients: tf.Tensor, values: tf.Tensor, at: Segments, others: Segments) -> tf.Tensor:
    """A product of a sparse matrix `[V', V]` and a dense one `[V, C]` for each head."""
    rows, columns = at.ids, others.ids
    if at.order is not None:
        rows, columns, coefficients = at.sorted_ids, tf.gather(columns, at.order), tf.gather(coefficients, at.order)
    places = tf.stack([tf.cast(rows, tf.int64), tf.cast(columns, tf.int64)], 1)
    shape = tf.stack([tf.size(at.sizes, tf.int64), tf.shape(values, tf.int64)[0]])
    heads, channels = values.shape[1:]
    results = []
    for head, numbers in enumerate(tf.unstack(coefficients, heads, 1)):
        matrix = tf.raw_ops.SparseTensorToCSRSparseMatrix(indices=places, values=numbers, dense_shape=shape)
        results.append(tf.raw_ops.SparseMatrixMatMul(a=matrix, b=values[:, head]))
    return tf.reshape(tf.concat(results, 1), [-1, heads, channels])
