"""Accessors to byte strings in memory."""

from __future__ import annotations

import abc
import base64
from collections.abc import Mapping
from typing import Any, final

import keras
import tensorflow as tf

from gnnkit.experimental.sampler import _ragged
from gnnkit.experimental.sampler._interfaces import KeyToBytesAccessor
from gnnkit.keras.layers import GraphLayer


class _InMemKeyToBytesAccessor(GraphLayer, KeyToBytesAccessor):
    """The base of both; subclasses say of which type keys are."""

    _key_dtype: tf.DType

    def __init__(
        self,
        *,
        keys_to_values: Mapping[Any, Any] | None = None,
        default_value: bytes | str | None = b"",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not keys_to_values:
            raise ValueError(f"{type(self).__name__}: keys_to_values is empty. Give at least one key with its value.")
        self._keys = [self._check_key(key) for key in keys_to_values]
        self._values = [_bytes(value) for value in keys_to_values.values()]
        self._default = None if default_value is None else _bytes(default_value)
        with tf.init_scope():
            self._value_tensor = tf.constant([*self._values, self._default or b""], tf.string)
            places = tf.range(len(self._keys), dtype=tf.int64)
            entries = tf.lookup.KeyValueTensorInitializer(tf.constant(self._keys, self._key_dtype), places)
            self._table = tf.lookup.StaticHashTable(entries, default_value=len(self._keys))

    @property
    def resource_name(self) -> str:
        return self.name

    @tf.autograph.experimental.do_not_convert
    def call(self, keys: tf.RaggedTensor) -> tf.RaggedTensor:
        what = f"Accessor {self.name!r}"
        _ragged.check_matrix(keys, f"{what}: keys")
        flat = keys.values
        if flat.dtype != self._key_dtype:
            if not (flat.dtype.is_integer and self._key_dtype.is_integer):
                raise TypeError(f"{what} has {self._key_dtype.name} keys, but is asked for {flat.dtype.name}.")
            flat = tf.cast(flat, self._key_dtype)
        places = self._table.lookup(flat)
        checks = []
        if self._default is None:
            missing = tf.equal(places, len(self._keys))
            text = f"{what} has no default_value, and no value for the keys"
            checks = _ragged._assert(tf.reduce_all(~missing), [text, tf.boolean_mask(flat, missing)])
        with tf.control_dependencies(checks):
            return keys.with_values(tf.gather(self._value_tensor, places))

    def get_config(self) -> dict[str, Any]:
        keys = [_text(key) if isinstance(key, bytes) else key for key in self._keys]
        default = None if self._default is None else _text(self._default)
        return {
            **super().get_config(),
            "keys_to_values": {"keys": keys, "values": [_text(value) for value in self._values]},
            "default_value": default,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        entries = config["keys_to_values"]
        keys = [base64.b64decode(key) if isinstance(key, str) else key for key in entries["keys"]]
        values = [base64.b64decode(value) for value in entries["values"]]
        default = config["default_value"]
        return cls(
            **{
                **config,
                "keys_to_values": dict(zip(keys, values, strict=True)),
                "default_value": None if default is None else base64.b64decode(default),
            }
        )

    @staticmethod
    @abc.abstractmethod
    def _check_key(key: Any) -> Any:
        """A key of the constructor as one of the table."""


@final
@keras.saving.register_keras_serializable("gnnkit")
class InMemStringKeyToBytesAccessor(_InMemKeyToBytesAccessor):
    """Looks up byte strings, such as serialized Examples, by string keys.

    keys_to_values: key -> value, text or bytes each.
    default_value: of keys that are not there; None for an error.

    Called with keys, string `[B, (N)]`, it returns strings of the same shape.

    Raises ValueError if there are no keys, TypeError for keys of another type; when called,
    tf.errors.InvalidArgumentError for a missing key without a default.

    >>> accessor = InMemStringKeyToBytesAccessor(keys_to_values={"a": b"A", "b": b"B"})
    >>> accessor(tf.ragged.constant([["a", "b"], ["c"]])).to_list()
    [[b'A', b'B'], [b'']]
    """

    _key_dtype = tf.string

    @staticmethod
    def _check_key(key: Any) -> bytes:
        return _bytes(key)


@final
@keras.saving.register_keras_serializable("gnnkit")
class InMemIntegerKeyToBytesAccessor(_InMemKeyToBytesAccessor):
    """Looks up byte strings by integer keys, int32 or int64; otherwise like `InMemStringKeyToBytesAccessor`.

    >>> accessor = InMemIntegerKeyToBytesAccessor(keys_to_values={10: b"A", 30: b"C"})
    >>> accessor(tf.ragged.constant([[10, 20], [30]])).to_list()
    [[b'A', b''], [b'C']]
    """

    _key_dtype = tf.int64

    @staticmethod
    def _check_key(key: Any) -> int:
        if isinstance(key, bool) or not hasattr(key, "__index__"):
            raise TypeError(f"InMemIntegerKeyToBytesAccessor: keys must be integers, but one is {key!r}.")
        return int(key)


def _bytes(value: Any) -> bytes:
    if not isinstance(value, (bytes, str)):
        raise TypeError(f"Expected bytes or text, but got {value!r}.")
    return value.encode() if isinstance(value, str) else value


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
