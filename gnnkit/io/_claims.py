"""Checks of parsed graphs: counts are compared all at once, indices set by set; messages are made only on failure."""

from typing import Any

import tensorflow as tf

from gnnkit.graph._fail import fail_with


class Claims:
    """Collects pairs of counts that must agree, example by example, and indices that must be in range."""

    def __init__(self) -> None:
        self._counts: list[tuple[str, Any, str, Any]] = []
        self._indices: list[tuple[str, str, Any, Any, Any]] = []

    def equal(self, got_text: str, got: Any, want_text: str, want: Any) -> None:
        """`got` and `want`: int64 `[B]`. The message will be `{got_text} {got}, {want_text} {want}`."""
        self._counts.append((got_text, got, want_text, want))

    def in_range(self, what: str, node_set: str, values: Any, limit: Any, row_ids: Any) -> None:
        """int64 `[E]` each: `0 <= values < limit`; `row_ids` says which example an index is in."""
        self._indices.append((what, node_set, values, limit, row_ids))

    def check(self) -> list[Any]:
        """Operations to run before the counts are relied on. InvalidArgumentError where a claim fails."""
        return [*self._check_counts(), *self._check_indices()]

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
