"""Gathering rows and reducing them by segments, on a CPU in `tf.function`: by kernels for sorted segments.

There, training on graphs spends its time on moving one row an edge about. TensorFlow's kernels for sorted segments take a
third or less of the time of those for unsorted ones (5000 nodes, 20,000 edges, 128 units: a gather 1.5 ms, a sum 13 ms,
a sorted sum 2.5 ms; one that sorts on the way, 4.5 ms), and sorting is done once for each index: see `segments_of`.

`gather` and `segment_sum` are each other's gradient, so that derivatives of any order take the fast way.
"""

import contextlib
import contextvars
import functools
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import tensorflow as tf

from gnnkit.graph._tf import in_xla
from gnnkit.ops import _gradients
from gnnkit.ops._sparse_matmul import sparse_matmul

_MIN_WIDTH = 32  # Of rows to sum by a product of matrices.
_MARK = "_gnnkit_segments"
_IN_ORDER = "_gnnkit_in_order"
_plain = contextvars.ContextVar("plain", default=False)


class Segments(NamedTuple):
    """Ids int `[E]` of segments, and rows a segment `[num]`; if they are not sorted, their stable order and they in it."""

    ids: tf.Tensor
    sizes: tf.Tensor
    order: tf.Tensor | None = None
    sorted_ids: tf.Tensor | None = None

    @property
    def tensors(self) -> list[tf.Tensor]:
        return [t for t in self if t is not None]


@contextlib.contextmanager
def plain_kernels() -> Iterator[None]:
    """Builds graphs without the kernels for sorted segments, for converters that do not know them."""
    token = _plain.set(True)
    try:
        yield
    finally:
        _plain.reset(token)


def applies(values: Any, ids: Any) -> bool:
    """Whether rows of `values` can be handled here: see the module."""
    return (
        can_sort(ids)
        and isinstance(values, tf.Tensor)
        and values.dtype in (tf.float32, tf.float64)
        and values.shape.rank is not None
        and values.shape.rank >= 2
    )


def can_sort(ids: Any) -> bool:
    """Whether operations with these ids can be handled here."""
    return on_cpu_in_function() and isinstance(ids, tf.Tensor) and ids.shape.rank == 1


def on_cpu_in_function() -> bool:
    """Not in XLA, which has no kernels for sorted segments, nor beside an accelerator, which needs none."""
    return not (tf.executing_eagerly() or _plain.get() or in_xla() or _has_accelerator())


@functools.lru_cache
def _has_accelerator() -> bool:
    return any(device.device_type != "CPU" for device in tf.config.list_physical_devices())


def segments_of(ids: tf.Tensor, num: Any) -> Segments:
    """The segments of ids int `[E]` in `[0, num)`, sorted once for each tensor of ids in each `tf.function`."""
    if hasattr(ids, "numpy"):  # A constant from outside of all functions.
        return _sort(ids, num)
    known = getattr(ids, _MARK, None)
    if known is None or not _in_scope(known.sizes, ids):
        known = _sort(ids, num)
        setattr(ids, _MARK, known)
    return known


def known_sizes(ids: Any) -> tf.Tensor | None:
    """Rows a segment of ids int `[E]`, if something sorted them before: int32 `[num]`."""
    known = getattr(ids, _MARK, None) if can_sort(ids) else None
    return known.sizes if known is not None and _in_scope(known.sizes, ids) else None


def are_sorted(ids: Any) -> bool:
    """Whether ids int `[E]` are known to be sorted."""
    known = getattr(ids, _MARK, None)
    return known is not None and known.order is None and _in_scope(known.sizes, ids)


def _in_scope(made: tf.Tensor, ids: tf.Tensor) -> bool:
    """Not what an inner function made, of ids from outside of it, once that function has ended."""
    if hasattr(made, "numpy"):  # Eager tensors, which have no graph, outlive all functions.
        return True
    return made.graph is tf.compat.v1.get_default_graph() or (not hasattr(ids, "numpy") and made.graph is ids.graph)


def in_order(ids: Any, order: tf.Tensor) -> Any:
    """`ids` at `order`. The next layer that asks gets the same tensor, with what was found out about it meanwhile."""
    known = getattr(ids, _IN_ORDER, None)
    if known is None or known[0] is not order or not _in_scope(known[1], ids):
        known = order, tf.gather(ids, order)
        if not hasattr(ids, "numpy"):  # Not with what outlives all functions.
            setattr(ids, _IN_ORDER, known)
    return known[1]


def mark_sorted(ids: tf.Tensor, sizes: tf.Tensor) -> tf.Tensor:
    """The ids, known to be sorted. Operations on them look for the mark; without it they would sort again."""
    setattr(ids, _MARK, Segments(ids, sizes))
    return ids


def _sort(ids: tf.Tensor, num: Any) -> Segments:
    """A counting sort: the transpose of the sparse matrix `[E, num]` that has a 1 in each row, at ids.

    A third of the time of tf.argsort. InvalidArgumentError for ids out of range.
    """
    rows, dtype = tf.size(ids, tf.int64), tf.float32
    matrix = tf.raw_ops.SparseTensorToCSRSparseMatrix(
        indices=tf.stack([tf.range(rows), tf.cast(ids, tf.int64)], 1),
        values=tf.ones([rows], dtype),
        dense_shape=tf.stack([rows, tf.cast(num, tf.int64)]),
    )
    transpose = tf.raw_ops.SparseMatrixTranspose(input=matrix, type=dtype)
    parts = tf.raw_ops.CSRSparseMatrixComponents(csr_sparse_matrix=transpose, index=0, type=dtype)
    order = tf.ensure_shape(parts.col_inds, ids.shape)
    return Segments(ids, parts.row_ptrs[1:] - parts.row_ptrs[:-1], order, tf.gather(ids, order))


def gather(values: tf.Tensor, ids: tf.Tensor, few: bool = False) -> tf.Tensor:
    """Rows of `values` `[num, ...]` at ids int `[E]`: `[E, ...]`. few: whether E is far below num."""
    return _gather(values, segments_of(ids, tf.shape(values)[0]), few)


def segment_sum(values: tf.Tensor, ids: tf.Tensor, num: Any) -> tf.Tensor:
    """Sums rows of `values` `[E, ...]` by ids int `[E]`: `[num, ...]`."""
    return _with_rows(sum_rows(values, segments_of(ids, num)), num)


# Functions with gradients get all tensors as arguments: those that they captured could not be used in a tf.while_loop.


def _gather(values: tf.Tensor, segments: Segments, few: bool = False) -> tf.Tensor:
    @_gradients.custom_gradient
    def rows(values: tf.Tensor, *tensors: tf.Tensor) -> Any:
        segments = Segments(*tensors)

        def gradient(upstream: tf.Tensor) -> Any:
            return tf.ensure_shape(sum_rows(upstream, segments, few), values.shape), *[None] * len(tensors)

        return tf.raw_ops.GatherV2(params=values, indices=segments.ids, axis=0), gradient

    return rows(values, *segments.tensors)


def sum_rows(values: tf.Tensor, segments: Segments, few: bool = False) -> tf.Tensor:
    """Sums rows of `values` `[E, ...]` by segment: `[num, ...]`. few: whether E is far below num."""

    @_gradients.custom_gradient
    def sums(values: tf.Tensor, *tensors: tf.Tensor) -> Any:
        segments = Segments(*tensors)

        def gradient(upstream: tf.Tensor) -> Any:
            return tf.ensure_shape(_gather(upstream, segments, few), values.shape), *[None] * len(tensors)

        return _sums(values, segments, few), gradient

    return sums(values, *segments.tensors)


def _sums(values: tf.Tensor, segments: Segments, few: bool) -> tf.Tensor:
    num, shape = tf.shape(segments.sizes)[0], values.shape[1:]
    order, sorted_ids = segments.order, segments.ids if segments.sorted_ids is None else segments.sorted_ids
    if not few and not _gradients.are_off() and shape.is_fully_defined() and math.prod(shape) >= _MIN_WIDTH:
        # The product with a matrix that has a 1 in each column runs on all threads.
        order = tf.range(tf.size(sorted_ids)) if order is None else order
        places = tf.cast(tf.stack([sorted_ids, tf.cast(order, sorted_ids.dtype)], 1), tf.int64)
        rows = tf.reshape(values, [-1, math.prod(shape)])
        sums = sparse_matmul(places, tf.ones(tf.shape(order), values.dtype), num, tf.shape(rows)[0], rows)
        return tf.reshape(sums, [-1, *shape])
    if order is None:
        return _with_empty(tf.math.segment_sum(values, sorted_ids), segments)
    return tf.raw_ops.SparseSegmentSumWithNumSegments(
        data=values, indices=order, segment_ids=sorted_ids, num_segments=num
    )


def segment_max(values: tf.Tensor, ids: tf.Tensor, num: Any) -> tf.Tensor:
    """Maxima by segment, without a gradient; the lowest value of the dtype for an empty one."""
    return _extreme(tf.math.segment_max, values, ids, num, values.dtype.min)


def segment_min(values: tf.Tensor, ids: tf.Tensor, num: Any) -> tf.Tensor:
    """Minima by segment, without a gradient; the highest value of the dtype for an empty one."""
    return _extreme(tf.math.segment_min, values, ids, num, values.dtype.max)


def _extreme(kernel: Any, values: tf.Tensor, ids: tf.Tensor, num: Any, of_none: Any) -> tf.Tensor:
    segments = segments_of(ids, num)
    if segments.order is None:
        result = kernel(values, ids)
    else:
        result = kernel(tf.gather(values, segments.order), segments.sorted_ids)
    is_empty = tf.reshape(tf.equal(segments.sizes, 0), [-1, *[1] * (values.shape.rank - 1)])
    result = tf.where(is_empty, tf.constant(of_none, values.dtype), _with_empty(result, segments))
    return _with_rows(result, num)


def _with_empty(result: tf.Tensor, segments: Segments) -> tf.Tensor:
    """A reduction up to the last segment that has rows, with zeros for those after it: `[num, ...]`."""
    after = tf.shape(segments.sizes)[0] - tf.shape(result)[0]
    return tf.pad(result, [[0, after], *[[0, 0]] * (result.shape.rank - 1)])


def _with_rows(result: tf.Tensor, num: Any) -> tf.Tensor:
    """The number of rows as far as it is static, which the kernels lose."""
    return tf.ensure_shape(result, [tf.get_static_value(num), *result.shape[1:]])
