"""Features stored as serialized `tf.train.Example`s."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

import keras
import tensorflow as tf

from gnnkit.experimental.sampler._composite import CompositeLayer
from gnnkit.experimental.sampler._framing import check_framing
from gnnkit.experimental.sampler._interfaces import KeyToFeaturesAccessor
from gnnkit.io._parse import _from_wire
from gnnkit.io._wire import wire_dtype
from gnnkit.keras.layers import GraphLayer

Spec = tf.TensorSpec | tf.RaggedTensorSpec


@final
@keras.saving.register_keras_serializable("gnnkit")
class TfExamplesParser(GraphLayer):
    """Parses serialized `tf.train.Example`s.

    features_spec: name -> spec of one Example's feature. A TensorSpec of a fixed shape gives a dense feature; one whose
      first dimension is None, or a RaggedTensorSpec, a ragged one. The row lengths of a ragged dimension `i` beyond the
      first are stored under `name.d{i}`, as in `gnnkit.write_example`.
    default_values: of dense features that an Example lacks; zero or "" for features not named. Ragged features that are
      absent are empty.

    Called with serialized, strings of any shape, dense or ragged, it returns a dict of features of that shape and the
    Example's, in the dtypes of `features_spec`.

    Raises ValueError for defaults that no feature takes; when called, tf.errors.InvalidArgumentError for values of
    another type or number, tf.errors.DataLossError for bytes that are no Example.

    >>> example = tf.train.Example()
    >>> example.features.feature["words"].bytes_list.value.extend([b"to", b"be"])
    >>> parser = TfExamplesParser({"words": tf.TensorSpec([None], tf.string), "year": tf.TensorSpec([], tf.int32)})
    >>> features = parser(tf.ragged.constant([[example.SerializeToString()], []]))
    >>> features["words"].to_list(), features["year"].to_list()
    ([[[b'to', b'be']], []], [[0], []])
    """

    def __init__(
        self, features_spec: Mapping[str, Any], *, default_values: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self._specs = {name: _decode_spec(spec) for name, spec in features_spec.items()}
        self._defaults = dict(default_values or {})
        if not self._specs:
            raise ValueError("TfExamplesParser: features_spec is empty. Name the features to parse.")
        if unknown := sorted(self._defaults.keys() - self._specs.keys()):
            raise ValueError(
                f"TfExamplesParser: default_values for {unknown}, but the features are {sorted(self._specs)}."
            )
        if ragged := [name for name in self._defaults if not _is_fixed(self._specs[name])]:
            raise ValueError(
                f"TfExamplesParser: ragged features have no default, they are empty where absent: {ragged}."
            )
        self._features = {name: self._feature(name, spec) for name, spec in self._specs.items()}

    def _feature(self, name: str, spec: Spec) -> Any:
        dtype = wire_dtype(spec.dtype, f"TfExamplesParser, feature {name!r}")
        if _is_fixed(spec):
            default = self._defaults.get(name, b"" if dtype == tf.string else 0)
            return tf.io.FixedLenFeature(spec.shape, dtype, tf.broadcast_to(tf.constant(default, dtype), spec.shape))
        partitions = [
            tf.io.RaggedFeature.RowLengths(f"{name}.d{i}") if dim is None else tf.io.RaggedFeature.UniformRowLength(dim)  # type: ignore[attr-defined]
            for i, dim in enumerate(spec.shape)
            if i
        ]
        return tf.io.RaggedFeature(dtype, value_key=name, partitions=partitions, row_splits_dtype=tf.int64)

    @tf.autograph.experimental.do_not_convert
    def call(self, serialized: Any) -> dict[str, Any]:
        ragged = isinstance(serialized, tf.RaggedTensor)
        flat = serialized.flat_values if ragged else tf.reshape(serialized, [-1])
        check = check_framing(flat)
        try:
            with tf.control_dependencies([] if check is None else [check]):
                parsed = tf.io.parse_example(flat, self._features)
        except UnicodeDecodeError as error:  # TensorFlow quotes the bytes in its message.
            message = error.object.decode(errors="backslashreplace")
            raise tf.errors.InvalidArgumentError(None, None, message) from None
        result = {}
        for name, spec in self._specs.items():
            value = _cast(parsed[name], spec.dtype)
            result[name] = serialized.with_flat_values(value) if ragged else _with_outer(value, serialized)
        return result

    def get_config(self) -> dict[str, Any]:
        specs = {name: _encode_spec(spec) for name, spec in self._specs.items()}
        return {**super().get_config(), "features_spec": specs, "default_values": self._defaults}


@final
@keras.saving.register_keras_serializable("gnnkit")
class KeyToTfExampleAccessor(CompositeLayer, KeyToFeaturesAccessor):
    """Looks up features that are stored as serialized Examples.

    key_to_serialized: a `KeyToBytesAccessor`, which yields the Example of a key.
    features_spec, default_values: see `TfExamplesParser`.

    Called with keys, int or string `[B, (N)]`, it returns a dict of features `[B, (N), ...]`.

    >>> from gnnkit.experimental.sampler import InMemStringKeyToBytesAccessor
    >>> example = tf.train.Example()
    >>> example.features.feature["year"].int64_list.value.append(2018)
    >>> serialized = InMemStringKeyToBytesAccessor(keys_to_values={"a": example.SerializeToString()})
    >>> papers = KeyToTfExampleAccessor(serialized, features_spec={"year": tf.TensorSpec([], tf.int64)})
    >>> papers(tf.ragged.constant([["a", "x"], []]))["year"].to_list()
    [[2018, 0], []]
    """

    def __init__(
        self,
        key_to_serialized: Any,
        *,
        features_spec: Mapping[str, Any],
        default_values: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._key_to_serialized = key_to_serialized
        self._parser = TfExamplesParser(features_spec, default_values=default_values)

    @property
    def resource_name(self) -> str:
        return getattr(self._key_to_serialized, "resource_name", self.name)

    def symbolic_call(self, keys: Any) -> Any:
        return self._parser(self._key_to_serialized(keys))

    def get_config(self) -> dict[str, Any]:
        parser = self._parser.get_config()
        return {
            **super().get_config(),
            "key_to_serialized": self._key_to_serialized,
            "features_spec": parser["features_spec"],
            "default_values": parser["default_values"],
        }


def _is_fixed(spec: Spec) -> bool:
    return isinstance(spec, tf.TensorSpec) and spec.shape.is_fully_defined()


def _cast(value: Any, dtype: tf.DType) -> Any:
    return tf.ragged.map_flat_values(_from_wire, value, dtype) if value.dtype != dtype else value


def _with_outer(value: Any, outer: Any) -> Any:
    """`[N, ...]` with the outer shape of a dense tensor of N entries."""
    if not isinstance(value, tf.RaggedTensor):
        shape = tf.concat([tf.shape(outer), tf.shape(value)[1:]], 0)
        return tf.ensure_shape(tf.reshape(value, shape), outer.shape.concatenate(value.shape[1:]))
    if outer.shape.rank == 0:
        return value[0]
    for axis in range(outer.shape.rank - 1, 0, -1):
        value = tf.RaggedTensor.from_uniform_row_length(
            value,
            tf.cast(tf.shape(outer)[axis], tf.int64),
            nrows=tf.reduce_prod(tf.cast(tf.shape(outer)[:axis], tf.int64)),
        )
    return value


def _encode_spec(spec: Spec) -> dict[str, Any]:
    rank = {"ragged_rank": spec.ragged_rank} if isinstance(spec, tf.RaggedTensorSpec) else {}
    return {"shape": spec.shape.as_list(), "dtype": spec.dtype.name, **rank}


def _decode_spec(spec: Any) -> Spec:
    if isinstance(spec, (tf.TensorSpec, tf.RaggedTensorSpec)):
        return spec
    if not isinstance(spec, Mapping):
        raise TypeError(f"TfExamplesParser: a feature needs a tf.TensorSpec or tf.RaggedTensorSpec, but has {spec!r}.")
    if "ragged_rank" in spec:
        return tf.RaggedTensorSpec(spec["shape"], spec["dtype"], spec["ragged_rank"])
    return tf.TensorSpec(spec["shape"], spec["dtype"])
