"""`ragged_choice`, `ragged_unique`, `ragged_lookup`: row by row, for many short rows at once."""

from __future__ import annotations

import types
from typing import Any

import tensorflow as tf

from gnnkit.experimental.sampler import _ragged_compiled, _ragged_tf

_IMPLEMENTATIONS: dict[str, types.ModuleType] = {
    "compiled": _ragged_compiled,
    "parallel": _ragged_tf,
    "vectorized": _ragged_tf,
}
_chosen = ["compiled"]


def set_ext_ops_implementation(implementation_name: str) -> None:
    """Chooses how the samplers of this package compute, in what is called or traced from now on.

    implementation_name: `"compiled"`, the default: kernels that hold no GIL, the fastest by far. They live in this
      process: a SavedModel that contains them fails when it runs in another one. `"vectorized"`: TensorFlow operations
      alone, which can be saved and loaded anywhere (`save_model` uses them); `"parallel"` is another name for it. Both
      give samples of the same distribution, but not the same samples.

    Raises ValueError for another name.

    >>> set_ext_ops_implementation("vectorized")
    >>> set_ext_ops_implementation("compiled")
    """
    if implementation_name not in _IMPLEMENTATIONS:
        raise ValueError(
            f"There is no implementation {implementation_name!r}. Use one of {', '.join(sorted(_IMPLEMENTATIONS))}."
        )
    _chosen[0] = implementation_name


def get_ext_ops_implementation() -> str:
    """What `set_ext_ops_implementation` has set last."""
    return _chosen[0]


def choose(counts: tf.Tensor, starts: tf.Tensor, degrees: tf.Tensor, seed: int | None) -> tf.Tensor:
    """See `_ragged_tf.choose`."""
    return _IMPLEMENTATIONS[_chosen[0]].choose(counts, starts, degrees, seed)


def ragged_choice(
    num_samples: Any, row_splits: Any, *, global_indices: bool = False, seed: int | None = None
) -> tf.RaggedTensor:
    """Draws elements of each row without replacement, each subset equally likely, in O(num_samples) a row.

    num_samples: int `[]` or `[R]`: how many of each row. A row with fewer elements is drawn completely; nothing is drawn
      for numbers below 1.
    row_splits: int `[R + 1]`, as of a RaggedTensor.
    global_indices: whether results count from the first element of the first row, rather than of their own row.
    seed: of the operation, as in `tf.random.uniform`.

    Returns `[R, (samples)]` of the dtype of `row_splits`, in no particular order within a row.

    Raises TypeError for other types than integers, ValueError for other shapes, tf.errors.InvalidArgumentError
    for splits that do not ascend from 0.

    >>> ragged_choice([1, 9], [0, 1, 4]).to_list()
    [[0], [0, 1, 2]]
    >>> ragged_choice([1, 9], [0, 1, 4], global_indices=True).to_list()
    [[0], [1, 2, 3]]
    """
    num_samples, row_splits = tf.convert_to_tensor(num_samples), tf.convert_to_tensor(row_splits)
    for name, value in (("num_samples", num_samples), ("row_splits", row_splits)):
        if value.dtype not in (tf.int32, tf.int64):
            raise TypeError(f"ragged_choice: {name} must be int32 or int64, but got {value.dtype.name}.")
    if row_splits.shape.rank != 1 or row_splits.shape[0] == 0:
        raise ValueError(f"ragged_choice: row_splits must have shape [R + 1], but got {row_splits.shape}.")
    rows = None if row_splits.shape[0] is None else row_splits.shape[0] - 1
    if (num_samples.shape.rank or 0) > 1 or not num_samples.shape.is_compatible_with(
        [] if num_samples.shape.rank == 0 else [num_samples.shape[0] if num_samples.shape[0] == 1 else rows]
    ):
        raise ValueError(
            f"ragged_choice: num_samples must be a number or one for each of the {rows} rows; got shape "
            f"{num_samples.shape}."
        )
    splits = tf.cast(row_splits, tf.int64)
    degrees = splits[1:] - splits[:-1]
    ordered = (splits[0] == 0) & tf.reduce_all(degrees >= 0)
    text = "ragged_choice: row_splits must ascend from 0, but are"
    with tf.control_dependencies(_assert(ordered, [text, row_splits])):
        counts = tf.maximum(tf.minimum(tf.cast(num_samples, tf.int64), degrees), 0)
    chosen = choose(counts, splits[:-1] if global_indices else tf.zeros_like(degrees), degrees, seed)
    result_splits = tf.ensure_shape(tf.concat([[tf.constant(0, tf.int64)], tf.cumsum(counts)], 0), row_splits.shape)
    return tf.RaggedTensor.from_row_splits(tf.cast(chosen, row_splits.dtype), result_splits, validate=False)


def ragged_unique(ragged: tf.RaggedTensor) -> tf.RaggedTensor:
    """The different values of each row, in the order of their first occurrence. ragged: `[R, (N)]`.

    Raises ValueError for other shapes.

    >>> ragged_unique(tf.ragged.constant([["a", "a", "b"], ["c"]])).to_list()
    [[b'a', b'b'], [b'c']]
    """
    check_matrix(ragged, "ragged_unique: ragged")
    return _for_dtype(ragged.dtype).unique(ragged)


def ragged_lookup(
    values: tf.RaggedTensor, vocabulary: tf.RaggedTensor, *, global_indices: bool = False, validate: bool = True
) -> tf.RaggedTensor:
    """The place of each value in the same row of the vocabulary.

    values: `[R, (N)]`. vocabulary: `[R, (M)]`, with different values in each row; both of the same dtypes.
    global_indices: whether places count from the first entry of the first row, rather than of their own row.
    validate: whether to check that each value is there, and each entry once. Otherwise the place of an absent value is
      -1, and of a repeated one the first.

    Returns `[R, (N)]` of the dtype of the row splits.

    Raises ValueError for other shapes or dtypes, tf.errors.InvalidArgumentError for different numbers of rows and, with
    `validate`, for an absent value or a repeated entry.

    >>> rows = tf.ragged.constant([["a", "a", "b"], ["c"]])
    >>> ragged_lookup(rows, tf.ragged.constant([["b", "a"], ["c"]])).to_list()
    [[1, 1, 0], [0]]
    """
    return lookup(values, vocabulary, global_indices=global_indices, validate=validate, what="ragged_lookup")


def lookup(
    values: tf.RaggedTensor, vocabulary: tf.RaggedTensor, *, global_indices: bool, validate: bool, what: str
) -> tf.RaggedTensor:
    """`ragged_lookup` whose errors begin with `what`."""
    check_matrix(values, f"{what}: values")
    check_matrix(vocabulary, f"{what}: vocabulary")
    if values.dtype != vocabulary.dtype:
        raise ValueError(f"{what}: values of {values.dtype.name} are looked up among {vocabulary.dtype.name}.")
    splits, known_splits = values.row_splits, vocabulary.row_splits
    if splits.dtype != known_splits.dtype:
        raise ValueError(
            f"{what}: values have {splits.dtype.name} row splits, but the vocabulary has {known_splits.dtype.name}. "
            "Use RaggedTensor.with_row_splits_dtype."
        )
    same = tf.equal(tf.size(splits), tf.size(known_splits))
    text = f"{what}: values and vocabulary have different numbers of rows:"
    with tf.control_dependencies(_assert(same, [text, tf.size(splits) - 1, tf.size(known_splits) - 1])):
        values, vocabulary = (
            tf.nest.map_structure(tf.identity, x, expand_composites=True) for x in (values, vocabulary)
        )
    found, missing, twice = _for_dtype(values.dtype).find(values, vocabulary)
    checks = []
    if validate:
        checks += _assert(twice < 0, [f"{what}: occurs twice in a row of the vocabulary:", _at(vocabulary, twice)])
        checks += _assert(missing < 0, [f"{what}: not in its row of the vocabulary:", _at(values, missing)])
    with tf.control_dependencies(checks):
        found = tf.identity(found)
    if global_indices:
        starts = tf.repeat(tf.cast(known_splits[:-1], tf.int64), tf.cast(values.row_lengths(), tf.int64))
        found = tf.where(found < 0, found, found + starts)
    return values.with_values(tf.cast(found, splits.dtype))


def check_matrix(value: Any, what: str) -> None:
    if not isinstance(value, tf.RaggedTensor):
        hint = " Convert it by tf.RaggedTensor.from_tensor." if tf.is_tensor(value) and value.shape.rank == 2 else ""
        raise ValueError(f"{what} must be a RaggedTensor [batch, (items)], but is a {type(value).__name__}.{hint}")
    if value.ragged_rank != 1 or value.shape.rank != 2:
        raise ValueError(f"{what} must be a RaggedTensor [batch, (items)], but has shape {value.shape}.")


def _for_dtype(dtype: tf.DType) -> types.ModuleType:
    return _IMPLEMENTATIONS[_chosen[0]] if dtype in _ragged_compiled.NUMBERS else _ragged_tf


def _at(ragged: tf.RaggedTensor, place: tf.Tensor) -> tf.Tensor:
    return ragged.values[tf.maximum(place, 0) : place + 1]


def _assert(condition: tf.Tensor, data: list[Any]) -> list[Any]:
    assertion = tf.debugging.Assert(condition, data)
    return [] if assertion is None else [assertion]
