"""Checks of parsed graphs: numbers are compared all at once, indices set by set; messages are made only on failure."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from gnnkit.graph._fail import fail_with

_MOST = 2**62  # What is not more in all, as floats round it, does not wrap around when it is added up.


class Claims:
    """Collects what must hold of sizes and row lengths, counts that must agree, indices that must be in range."""

    def __init__(self, most_items: int) -> None:
        """`most_items`: what the dtypes of indices and row splits can count."""
        self._most_items = most_items
        self._numbers: list[tuple[str, Any, Callable[[], Any]]] = []
        self._totals: list[tuple[str, Any]] = []
        self._counts: list[tuple[str, Any, str, Any]] = []
        self._items: list[tuple[str, Any, tuple[int, ...], str, Any]] = []
        self._indices: list[tuple[tuple[str, str], Any, Any, Any]] = []

    def natural(self, what: str, numbers: Any, row_ids: Callable[[], Any]) -> None:
        """int64 `[N]`: not negative, and not so many that their sum wraps around; `row_ids()` tells their examples."""
        self._numbers.append((what, numbers, row_ids))

    def countable(self, what: str, totals: Any) -> None:
        """int64 `[B]`, sums of natural numbers: together at most `most_items`."""
        self._totals.append((what, totals))

    def equal(self, got_text: str, got: Any, want_text: str, want: Any) -> None:
        """`got` and `want`: int64 `[B]`. The message will be `{got_text} {got}, {want_text} {want}`."""
        self._counts.append((got_text, got, want_text, want))

    def items(self, what: str, splits: Any, shape: Sequence[int], source: str, want: Any) -> None:
        """Values parted by `splits` int64 `[B + 1]` make up `want` int64 `[B]` items of a shape that holds some.

        The message will be `{what}: the number of items is ..., {source} {want}`, or say what is left over.
        """
        self._items.append((what, splits, tuple(shape), source, want))

    def in_range(self, what: str, node_set: str, indices: Any, splits: Any, limits: Any) -> None:
        """int64 `[N]`, parted by `splits` int64 `[B + 1]`: `0 <= indices < limits`, int64 `[B]`."""
        self._indices.append(((what, node_set), indices, splits, limits))

    def check(self) -> list[Any]:
        """Operations to run before the counts are relied on. InvalidArgumentError where a claim fails."""
        return [
            *self._check_numbers(),
            *self._check_totals(),
            *self._check_counts(),
            *self._check_items(),
            *self._check_indices(),
        ]

    def _check_numbers(self) -> list[Any]:
        if not self._numbers:
            return []
        texts, parts, row_ids = zip(*self._numbers, strict=True)
        numbers = tf.concat(parts, axis=0)
        wrong = (tf.reduce_min(numbers) < 0) | (tf.reduce_sum(tf.cast(numbers, tf.float64)) > _MOST)

        def fail() -> Any:
            position = tf.argmax(tf.where(numbers < 0, tf.int64.max, numbers))
            ends = tf.cumsum([tf.size(part, tf.int64) for part in parts])
            return fail_with(
                tf.gather(tf.constant(texts), tf.searchsorted(ends, [position], side="right")[0]),
                ": expected numbers from 0 with a sum of at most 2**62, but got ",
                numbers[position],
                " (example ",
                tf.concat([make() for make in row_ids], axis=0)[position],
                " of the batch).",
            )

        return [tf.cond(wrong, fail, lambda: tf.constant(True))]

    def _check_totals(self) -> list[Any]:
        if not self._totals or self._most_items >= _MOST:
            return []
        texts, totals = zip(*self._totals, strict=True)
        together = tf.reduce_sum(tf.stack(totals), axis=1)
        wrong = together > self._most_items

        def fail() -> Any:
            claim = tf.where(wrong)[0, 0]
            return fail_with(
                tf.gather(tf.constant(texts), claim),
                ": the examples of the batch have ",
                together[claim],
                f" items together, but int32 indices or row splits count to {self._most_items} only. Use int64.",
            )

        return [tf.cond(tf.reduce_any(wrong), fail, lambda: tf.constant(True))]

    def _check_counts(self) -> list[Any]:
        if not self._counts:
            return []
        got_texts, got, want_texts, want = zip(*self._counts, strict=True)
        got, want = tf.stack(got), tf.stack(want)
        wrong = tf.not_equal(got, want)

        def fail() -> Any:
            claim, example = tf.unstack(tf.where(wrong)[0])
            return fail_with(
                tf.gather(tf.constant(got_texts), claim),
                " ",
                got[claim, example],
                ", ",
                tf.gather(tf.constant(want_texts), claim),
                " ",
                want[claim, example],
                " (example ",
                example,
                " of the batch).",
            )

        return [tf.cond(tf.reduce_any(wrong), fail, lambda: tf.constant(True))]

    def _check_items(self) -> list[Any]:
        if not self._items:
            return []
        whats, splits, shapes, sources, want = zip(*self._items, strict=True)
        sizes = [math.prod(shape) for shape in shapes]
        splits, want, size = tf.stack(splits), tf.stack(want), tf.constant(sizes, tf.int64)[:, tf.newaxis]
        counts = splits[:, 1:] - splits[:, :-1]
        got = counts // size
        left_over = counts - got * size
        wrong = tf.not_equal(got, want) | tf.not_equal(left_over, 0)

        def fail() -> Any:
            claim, example = tf.unstack(tf.where(wrong)[0])
            items, left = got[claim, example], left_over[claim, example]
            multiples = [
                f": values of shape {list(shape)} need a multiple of {size}; left over are "
                for shape, size in zip(shapes, sizes, strict=True)
            ]
            problem = tf.where(
                left == 0,
                tf.strings.join([": the number of items is ", tf.strings.as_string(items), ", "])
                + tf.gather(tf.constant(sources), claim)
                + tf.strings.join([" ", tf.strings.as_string(want[claim, example])]),
                tf.gather(tf.constant(multiples), claim) + tf.strings.as_string(left),
            )
            return fail_with(tf.gather(tf.constant(whats), claim), problem, " (example ", example, " of the batch).")

        return [tf.cond(tf.reduce_any(wrong), fail, lambda: tf.constant(True))]

    def _check_indices(self) -> list[Any]:
        if not self._indices:
            return []
        texts, parts, splits, limits = zip(*self._indices, strict=True)
        indices, splits = tf.concat(parts, axis=0), tf.stack(splits)
        # Sums do not wrap around: where limits are more, another claim fails.
        limits = tf.minimum(tf.stack(limits), _MOST)
        ends = tf.cumsum(splits[:, -1])
        starts = tf.concat([[0], ends[:-1]], axis=0)[:, tf.newaxis]
        # Row by row, the limit plus 0, 1, 2, ...: a kernel that yields the limits themselves takes longer.
        ranges = tf.raw_ops.RaggedRange(
            starts=tf.reshape(starts + splits[:, :-1] + limits, [-1]),
            limits=tf.reshape(starts + splits[:, 1:] + limits, [-1]),
            deltas=tf.ones([], tf.int64),
        )
        room = ranges.rt_dense_values - tf.range(tf.size(indices, tf.int64)) - indices
        least = tf.minimum(tf.reduce_min(indices), tf.reduce_min(room) - 1)

        def fail() -> Any:
            position = tf.where((indices < 0) | (room <= 0))[0, 0]
            claim = tf.searchsorted(ends, [position], side="right")[0]
            example = tf.searchsorted(splits[claim], [position - starts[claim, 0]], side="right")[0] - 1
            return fail_with(
                tf.gather(tf.constant([f"{what}: index " for what, _ in texts]), claim),
                indices[position],
                tf.gather(tf.constant([f" is outside of node set {name!r}, which has " for _, name in texts]), claim),
                limits[claim, example],
                " nodes (example ",
                example,
                " of the batch). Indices count from 0 within each example.",
            )

        return [tf.cond(least < 0, fail, lambda: tf.constant(True))]
