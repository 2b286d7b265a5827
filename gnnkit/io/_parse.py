"""tf.train.Examples to graphs, in TensorFlow operations alone: works in tf.data and in a SavedModel without gnnkit."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from gnnkit.graph import GraphTensor, GraphTensorSpec
from gnnkit.io._claims import Claims
from gnnkit.io._explain import explain
from gnnkit.io._io_spec import fixed_feature
from gnnkit.io._strings import check_strings
from gnnkit.io._wire import Wire, wires


def parse_example(
    spec: GraphTensorSpec, serialized: Any, prefix: str | None = None, validate: bool = True
) -> GraphTensor:
    """Parses a batch of serialized tf.train.Examples.

    spec: of the scalar graph in each example.
    serialized: string `[B]`.
    prefix: put before each key as it is.
    validate: whether to check that strings end within their example (where they do not, TensorFlow's parser may crash the
        process), that sizes, numbers of values and row lengths agree, and that indices lie in their node sets. Switch
        it off only for data that were checked before.

    Returns a graph of shape `[B]`. Sets that an example lacks are empty, features whose number of items varies too.

    ValueError: `serialized` is no vector. tf.errors.InvalidArgumentError, naming set and feature: a value of another
    type, a feature of fixed shape that is absent, bytes that are no tf.train.Example and, with `validate`, data that do
    not agree. In a `tf.function`, TensorFlow's own message tells of values of another type, and names the key.

    >>> import gnnkit
    >>> graph = gnnkit.homogeneous([0, 1], [1, 0], node_features={"x": [[1.0], [2.0]]})
    >>> schema = gnnkit.create_schema_pb_from_graph_spec(graph)
    >>> example = gnnkit.write_example(graph).SerializeToString()
    >>> batch = gnnkit.parse_example(gnnkit.create_graph_spec_from_schema_pb(schema), [example, example])
    >>> batch.merge_batch_to_components().edge_sets["edges"].adjacency.source.numpy().tolist()
    [0, 1, 2, 3]
    """
    serialized = _serialized(serialized, 1, "parse_example", "parse_single_example")
    return _Parser(spec, serialized, prefix, validate).graph(scalar=False)


def parse_single_example(
    spec: GraphTensorSpec, serialized: Any, prefix: str | None = None, validate: bool = True
) -> GraphTensor:
    """Parses one serialized tf.train.Example, string `[]`, into a scalar graph; see `parse_example`, which is faster.

    ValueError: `serialized` is no scalar.
    """
    serialized = _serialized(serialized, 0, "parse_single_example", "parse_example")
    return _Parser(spec, serialized[tf.newaxis], prefix, validate).graph(scalar=True)


def _serialized(serialized: Any, rank: int, name: str, other: str) -> tf.Tensor:
    serialized = tf.convert_to_tensor(serialized, tf.string)
    if serialized.shape.rank is None:
        serialized = tf.ensure_shape(serialized, [None] * rank)
    if serialized.shape.rank != rank:
        kinds = ("a scalar string", "a vector of strings [B]")
        raise ValueError(
            f"{name} needs {kinds[rank]}, but got shape {serialized.shape}. "
            + (f"Use {other} for {kinds[1 - rank]}." if serialized.shape.rank == 1 - rank else "Flatten it first.")
        )
    return serialized


class _Parser:
    """Parses all fields flat in one operation, compares their counts, then gives them their shapes."""

    def __init__(self, spec: GraphTensorSpec, serialized: tf.Tensor, prefix: str | None, validate: bool) -> None:
        self._spec, self._wires, self._validate = spec, wires(spec, prefix), validate
        self._batch_size = serialized.shape[0]
        self._rows = tf.size(serialized, out_type=tf.int64)
        self._raw = self._parse(serialized)
        self._claims = Claims(most_items=min(spec.indices_dtype.max, spec.row_splits_dtype.max))
        self._components: Any = None  # [B], of the first set.
        self._totals = {
            (w.set_type, w.set_name): self._total(w) for w in self._wires if w.role == "sizes"
        }  # Items of each example: int64 [B].
        self._splits = {w.key: self._item_splits(w) for w in self._wires if not _is_dense(w)}

    def _parse(self, serialized: tf.Tensor) -> dict[str, Any]:
        """Sizes of a known number of components as `[B, components]`; everything else flat."""
        features: dict[str, Any] = {}
        for wire in self._wires:
            if _is_dense(wire):
                features[wire.key] = fixed_feature(wire)
                continue
            features[wire.key] = tf.io.RaggedFeature(wire.dtype, row_splits_dtype=tf.int64)
            for axis in wire.ragged_axes:
                features[wire.lengths_key(axis)] = tf.io.RaggedFeature(tf.int64, row_splits_dtype=tf.int64)
        if not features:
            return {}
        strings = tuple(wire.key for wire in self._wires if wire.dtype == tf.string)
        try:
            checks = [check_strings(serialized, strings)] if self._validate and strings else []
            with tf.control_dependencies([check for check in checks if check is not None]):
                # An Example is also a SequenceExample that has only a context. Of the two parsers, this one takes less
                # time, and does not trust the lengths of lists of floats.
                return tf.io.parse_sequence_example(serialized, context_features=features)[0]
        except (tf.errors.InvalidArgumentError, UnicodeDecodeError) as error:  # TensorFlow quotes bytes in its message.
            explained = self._explain(serialized) if tf.executing_eagerly() else None
            if explained is not None:
                raise explained from None
            if isinstance(error, UnicodeDecodeError):
                message = error.object.decode(errors="backslashreplace")
                raise tf.errors.InvalidArgumentError(None, None, message) from None
            raise

    def _explain(self, serialized: Any) -> tf.errors.InvalidArgumentError | None:
        features = {wire.key: (wire.what, wire.dtype) for wire in self._wires}
        for wire in self._wires:
            lengths = (f"{wire.what}: row lengths", tf.int64)
            features.update(dict.fromkeys(map(wire.lengths_key, wire.ragged_axes), lengths))
        return explain(serialized.numpy(), features)

    def _constant(self, value: int) -> tf.Tensor:
        return tf.fill([self._rows], tf.constant(value, tf.int64))

    def _flat(self, wire: Wire) -> tuple[Any, Callable[[], Any]]:
        """The sizes or indices of all examples, and what makes the example of each: int64 `[N]`."""
        raw = self._raw[wire.key]
        if not _is_dense(wire):
            return raw.values, raw.value_rowids
        return tf.reshape(raw, [-1]), lambda: tf.repeat(tf.range(self._rows), wire.num_items)

    def _total(self, wire: Wire) -> tf.Tensor:
        sizes = self._raw[wire.key]
        if not wire.is_fixed:
            total = _sum(sizes)
        else:
            total = tf.reshape(sizes, [-1]) if wire.num_items == 1 else tf.reduce_sum(sizes, axis=1)
        if self._validate:
            self._claims.natural(wire.what, *self._flat(wire))
            self._claims.countable(wire.what, total)
            count = self._constant(wire.num_items) if wire.is_fixed else sizes.row_lengths()
            if self._components is None:
                self._components = count
            elif not wire.is_fixed:
                self._claims.equal(
                    f"{wire.what}: the number of components is",
                    count,
                    "but the first set of the graph has",
                    self._components,
                )
        return total

    def _item_splits(self, wire: Wire) -> tf.Tensor:
        """Where the items of each example begin: int64 `[B + 1]`."""
        splits = self._raw[wire.key].row_splits
        what = f"{wire.what} ({wire.key})"
        if wire.is_fixed:
            self._claim_fixed(wire, _counts(splits))
            return splits
        if wire.inner_size == 0:  # Items without values cannot be counted.
            if self._validate:
                none = f"but items of shape {wire.inner_shape} have"
                self._claims.equal(f"{what}: the number of values is", _counts(splits), none, self._constant(0))
            return tf.concat([[0], tf.cumsum(self._items(wire))], axis=0)
        if wire.ragged_rank == 0:
            if self._validate and wire.role != "sizes":
                self._claim_items(wire, splits, wire.inner_shape)
            return splits // wire.inner_size if wire.inner_size > 1 else splits
        if wire.inner_size > 1:
            splits = self._divide(splits, wire.inner_size, f"{what}: values of shape {wire.inner_shape}")
        for axis in range(wire.ragged_rank, 0, -1):
            dim = wire.shape[axis]
            if dim is not None:
                splits = self._divide(splits, dim, f"{what}: rows of {dim}")
                continue
            lengths = self._raw[wire.lengths_key(axis)]
            if self._validate:
                rows = f"{wire.what}: row lengths ({wire.lengths_key(axis)})"
                self._claims.natural(rows, lengths.values, lengths.value_rowids)
                self._claims.equal(f"{rows} add up to", _sum(lengths), "but the number of rows is", _counts(splits))
            splits = lengths.row_splits
        if self._validate:
            self._claim_items(wire, splits, [])
        return splits

    def _claim_fixed(self, wire: Wire, counts: tf.Tensor) -> None:
        """Even without `validate`: the number of values is that of a known shape."""
        needs = self._constant(wire.fixed_size)
        what = f"{wire.what} ({wire.key}): the number of values is"
        self._claims.equal(what, counts, f"but shape {wire.shape} needs", needs)
        if self._validate and wire.set_type != "context":
            self._claim_items(wire, tf.range(self._rows + 1) * wire.num_items, [])

    def _claim_items(self, wire: Wire, splits: tf.Tensor, shape: list[int]) -> None:
        source = "the graph has components" if wire.set_type == "context" else "but #size adds up to"
        self._claims.items(f"{wire.what} ({wire.key})", splits, shape, source, self._items(wire))

    def _items(self, wire: Wire) -> tf.Tensor:
        """The number of items that `wire` must have: int64 `[B]`."""
        if wire.set_type != "context":
            return self._totals[wire.set_type, wire.set_name]
        static = self._spec.num_components
        if static is not None:
            return self._constant(static)
        if self._components is None:
            self._components = self._context_count()
        return self._components

    def _context_count(self) -> tf.Tensor:
        """Components of each example, where no node or edge set tells."""
        for wire in self._wires:
            if wire.set_type == "context" and wire.inner_size and not wire.is_fixed:
                if wire.ragged_rank == 0:
                    return _counts(self._raw[wire.key].row_splits) // wire.inner_size
                if wire.shape[1] is None:
                    return self._raw[wire.lengths_key(1)].row_lengths()
        return self._constant(0)

    def _divide(self, splits: tf.Tensor, by: int, what: str) -> tf.Tensor:
        if self._validate:
            counts = _counts(splits)
            self._claims.equal(
                f"{what} need a multiple of {by}; left over are",
                counts % by,
                f"expected 0 of {by}, not",
                tf.zeros_like(counts),
            )
        return splits // by

    def _claim_indices(self) -> None:
        for wire in self._wires:
            if wire.role != "index":
                continue
            indices, limits = self._raw[wire.key], self._totals["nodes", wire.node_set]
            self._claims.in_range(wire.what, wire.node_set, indices.values, indices.row_splits, limits)

    def graph(self, scalar: bool) -> GraphTensor:
        if self._validate:
            self._claim_indices()
        with tf.control_dependencies(self._claims.check()):
            fields = [self._field(wire, scalar) for wire in self._wires]
            sizes = self._context_sizes(scalar)
        return GraphTensor._from_fields(self._spec._structure(), [sizes, *fields])

    def _context_sizes(self, scalar: bool) -> Any:
        dtype, static = self._spec.indices_dtype, self._spec.num_components
        if static is not None:
            rows = self._rows if self._batch_size is None else self._batch_size
            return tf.ones([static] if scalar else [rows, static], dtype)
        first = next((w for w in self._wires if w.role == "sizes" and not w.is_fixed), None)
        if first is not None:
            splits = self._raw[first.key].row_splits
        else:
            splits = tf.concat([[0], tf.cumsum(self._context_count())], axis=0)
        ones = tf.ones([splits[-1]], dtype)
        splits_dtype = self._spec.row_splits_dtype
        return ones if scalar else tf.RaggedTensor.from_row_splits(ones, tf.cast(splits, splits_dtype), validate=False)

    def _field(self, wire: Wire, scalar: bool) -> Any:
        raw = self._raw[wire.key]
        splits_dtype = self._spec.row_splits_dtype
        if _is_dense(wire):
            raw = _from_wire(tf.identity(raw), wire.spec.dtype)
            return tf.squeeze(raw, 0) if scalar else raw
        if wire.is_fixed:
            rows = self._batch_size if self._batch_size is not None else -1 if wire.fixed_size else self._rows
            values = _from_wire(tf.identity(raw.values), wire.spec.dtype)
            return tf.reshape(values, wire.shape if scalar else [rows, *wire.shape])
        splits = self._splits[wire.key]
        values: Any = _from_wire(tf.identity(raw.values), wire.spec.dtype)
        if wire.inner_shape:
            # Without numbers in it, the first dimension cannot be told from the values.
            first = -1 if wire.inner_size else splits[-1]
            values = tf.reshape(values, [first, *wire.inner_shape])
        for axis in range(wire.ragged_rank, 0, -1):
            dim = wire.shape[axis]
            if dim is None:
                lengths = tf.cast(self._raw[wire.lengths_key(axis)].values, splits_dtype)
                values = tf.RaggedTensor.from_row_lengths(values, lengths, validate=False)
            else:
                values = tf.RaggedTensor.from_uniform_row_length(values, tf.cast(dim, splits_dtype))
        if scalar:
            return values
        if wire.shape[0] is not None:
            rows = tf.cast(self._rows, splits_dtype)
            return tf.RaggedTensor.from_uniform_row_length(values, tf.cast(wire.shape[0], splits_dtype), nrows=rows)
        return tf.RaggedTensor.from_row_splits(values, tf.cast(splits, splits_dtype), validate=False)


def _is_dense(wire: Wire) -> bool:
    """Whether TensorFlow parses it into one tensor, with zeros where it is absent."""
    return wire.role == "sizes" and wire.is_fixed


def _from_wire(values: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
    if dtype == tf.uint64:
        return tf.bitcast(values, tf.uint64)
    return values if values.dtype == dtype else tf.cast(values, dtype)


def _counts(splits: tf.Tensor) -> tf.Tensor:
    return splits[1:] - splits[:-1]


def _sum(rows: tf.RaggedTensor) -> tf.Tensor:
    """Sums of the rows of `[B, (n)]`: differences of running sums, which need no row ids."""
    sums = tf.concat([[0], tf.cumsum(rows.values)], axis=0)
    return _counts(tf.gather(sums, rows.row_splits))
