"""Checks of parsed graphs: numbers are compared all at once, indices set by set; messages are made only on failure."""

from collections.abc import Callable
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
        self._indices: list[tuple[str, str, Any, Any, Any]] = []

    def natural(self, what: str, numbers: Any, row_ids: Callable[[], Any]) -> None:
        """int64 `[N]`: not negative, and not so many that their sum wraps around; `row_ids()` tells their examples."""
        self._numbers.append((what, numbers, row_ids))

    def countable(self, what: str, totals: Any) -> None:
        """int64 `[B]`, sums of natural numbers: together at most `most_items`."""
        self._totals.append((what, totals))

    def equal(self, got_text: str, got: Any, want_text: str, want: Any) -> None:
        """`got` and `want`: int64 `[B]`. The message will be `{got_text} {got}, {want_text} {want}`."""
        self._counts.append((got_text, got, want_text, want))

    def in_range(self, what: str, node_set: str, values: Any, limit: Any, row_ids: Any) -> None:
        """int64 `[E]` each: `0 <= values < limit`; `row_ids` says which example an index is in."""
        self._indices.append((what, node_set, values, limit, row_ids))

    def check(self) -> list[Any]:
        """Operations to run before the counts are relied on. InvalidArgumentError where a claim fails."""
        return [*self._check_numbers(), *self._check_totals(), *self._check_counts(), *self._check_indices()]

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

    def _check_indices(self) -> list[Any]:
        # As unsigned numbers, negative indices are large ones.
        wrong = [
            tf.greater_equal(tf.bitcast(values, tf.uint64), tf.bitcast(limit, tf.uint64))
            for _, _, values, limit, _ in self._indices
        ]
        checks = []
        for bad, (what, node_set, values, limit, row_ids) in zip(wrong, self._indices, strict=True):

            def fail(bad=bad, what=what, node_set=node_set, values=values, limit=limit, row_ids=row_ids) -> Any:
                edge = tf.where(bad)[0, 0]
                return fail_with(
                    f"{what}: index ",
                    values[edge],
                    f" is outside of node set {node_set!r}, which has ",
                    limit[edge],
                    " nodes (example ",
                    row_ids[edge],
                    " of the batch). Indices count from 0 within each example.",
                )

            checks.append(tf.cond(tf.reduce_any(bad), fail, lambda: tf.constant(True)))
        return checks
