"""Operations on ragged rows in TensorFlow alone: slower than the compiled ones, but part of any SavedModel."""

from __future__ import annotations

import tensorflow as tf


def choose(counts: tf.Tensor, starts: tf.Tensor, degrees: tf.Tensor, seed: int | None) -> tf.Tensor:
    """For each row, `counts[row]` different numbers of `range(degrees[row])`, plus `starts[row]`: int64, row after row.

    A row that is drawn completely costs nothing, one of at most twice its sample is shuffled; from a longer one
    positions are drawn until there are enough different ones, which takes O(sample) draws.
    """
    row = tf.repeat(tf.range(tf.size(counts, out_type=tf.int64)), counts)
    begins = tf.cumsum(counts, exclusive=True)
    place = tf.range(tf.size(row, out_type=tf.int64)) - tf.gather(begins, row)
    short = (counts < degrees) & (degrees <= 2 * counts)
    long = degrees > 2 * counts
    for mask, draw in ((short, _shuffled), (long, _until_enough)):
        drawn = tf.cond(
            tf.reduce_any(mask & (counts > 0)),
            lambda mask=mask, draw=draw: draw(tf.boolean_mask(counts, mask), tf.boolean_mask(degrees, mask), seed),
            lambda: tf.zeros([0], tf.int64),
        )
        where = tf.where(tf.gather(mask, row))
        place = tf.tensor_scatter_nd_update(place, where, drawn)
    return place + tf.gather(starts, row)


def _shuffled(counts: tf.Tensor, degrees: tf.Tensor, seed: int | None) -> tf.Tensor:
    row = tf.repeat(tf.range(tf.size(counts, out_type=tf.int64)), degrees)
    base = tf.gather(tf.cumsum(degrees, exclusive=True), row)
    noise = tf.random.uniform(tf.shape(row), dtype=tf.float64, seed=seed)
    order = tf.argsort(tf.cast(row, tf.float64) + noise)  # Rows stay where they are.
    rank = tf.range(tf.size(row, out_type=tf.int64)) - base
    return tf.boolean_mask(tf.cast(order, tf.int64) - base, rank < tf.gather(counts, row))


def _until_enough(counts: tf.Tensor, degrees: tf.Tensor, seed: int | None) -> tf.Tensor:
    """The first `counts[row]` different ones of a sequence of positions are a uniform sample."""
    bases = tf.cumsum(degrees, exclusive=True)
    num_rows = tf.size(counts, out_type=tf.int64)

    def rows_of(keys: tf.Tensor) -> tf.Tensor:
        return tf.searchsorted(bases, keys, side="right", out_type=tf.int64) - 1

    def missing(keys: tf.Tensor) -> tf.Tensor:
        have = tf.math.unsorted_segment_sum(tf.ones_like(keys), rows_of(keys), num_rows)
        return tf.maximum(counts - have, 0)

    def draw(keys: tf.Tensor) -> tuple[tf.Tensor]:
        more = missing(keys)
        row = tf.repeat(tf.range(num_rows), tf.where(more > 0, 2 * more + 4, 0))
        degree = tf.gather(degrees, row)
        noise = tf.random.uniform(tf.shape(row), dtype=tf.float64, seed=seed)
        position = tf.minimum(tf.cast(noise * tf.cast(degree, tf.float64), tf.int64), degree - 1)
        return (tf.unique(tf.concat([keys, tf.gather(bases, row) + position], 0)).y,)

    (keys,) = tf.while_loop(
        lambda keys: tf.reduce_any(missing(keys) > 0),
        draw,
        (tf.zeros([0], tf.int64),),
        shape_invariants=(tf.TensorShape([None]),),
    )
    row = rows_of(keys)
    order = tf.argsort(row, stable=True)
    row, keys = tf.gather(row, order), tf.gather(keys, order)
    begins = tf.searchsorted(row, tf.range(num_rows), out_type=tf.int64)
    rank = tf.range(tf.size(row, out_type=tf.int64)) - tf.gather(begins, row)
    return tf.boolean_mask(keys - tf.gather(bases, row), rank < tf.gather(counts, row))


def unique(ragged: tf.RaggedTensor) -> tf.RaggedTensor:
    values, number = tf.unique(ragged.values, out_idx=tf.int64)
    count = tf.maximum(tf.size(values, out_type=tf.int64), 1)
    rows = tf.cast(ragged.value_rowids(), tf.int64)
    keys = tf.unique(rows * count + number).y  # In the order of their first occurrence, hence row after row.
    limits = tf.range(tf.size(ragged.row_splits, out_type=tf.int64)) * count
    splits = tf.searchsorted(keys, limits, out_type=tf.int64)
    splits = tf.ensure_shape(tf.cast(splits, ragged.row_splits.dtype), ragged.row_splits.shape)
    return tf.RaggedTensor.from_row_splits(tf.gather(values, keys % count), splits, validate=False)


def find(values: tf.RaggedTensor, vocabulary: tf.RaggedTensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """(place of each value in its row of the vocabulary, or -1; a value that is not there; a repeated entry), int64."""
    words = vocabulary.values
    num_words = tf.size(words, out_type=tf.int64)
    different, number = tf.unique(tf.concat([words, values.values], 0), out_idx=tf.int64)
    count = tf.maximum(tf.size(different, out_type=tf.int64), 1)
    rows = tf.cast(tf.concat([vocabulary.value_rowids(), values.value_rowids()], 0), tf.int64)
    keys, entry = tf.unique(rows * count + number, out_idx=tf.int64)
    places = tf.range(num_words)
    first = tf.math.unsorted_segment_min(places, entry[:num_words], tf.size(keys, out_type=tf.int64))
    found = tf.gather(first, entry[num_words:])
    unknown = found == tf.int64.max
    starts = tf.gather(tf.cast(vocabulary.row_splits, tf.int64), tf.cast(values.value_rowids(), tf.int64))
    repeated = tf.gather(first, entry[:num_words]) != places
    return (
        tf.where(unknown, tf.constant(-1, tf.int64), found - starts),
        _last_true(unknown),
        _last_true(repeated),
    )


def _last_true(flags: tf.Tensor) -> tf.Tensor:
    """The place of the last True, or -1."""
    places = tf.range(tf.size(flags, out_type=tf.int64))
    return tf.reduce_max(tf.concat([[tf.constant(-1, tf.int64)], tf.where(flags, places, -1)], 0))
