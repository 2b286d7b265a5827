"""Layers that turn columns of tables into numbers and places in vocabularies; they have no weights.

TensorFlow only: they run in `tf.data` and, in the exported model, on raw features.
"""

from typing import Any, final

import keras
import numpy as np
import tensorflow as tf

from gnnkit.keras.layers import GraphLayer


@final
@keras.saving.register_keras_serializable("gnnkit")
class ScaleNumber(keras.layers.Layer):
    """`clip((f(x) - shift) / scale)` for x `[N]`, giving float32 `[N, 1]`; see `NumberInput` for the arguments."""

    def __init__(
        self,
        shift: float,
        scale: float,
        log: bool = False,
        clip: float | None = None,
        fill: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(autocast=False, **kwargs)
        self._arguments = {"shift": shift, "scale": scale, "log": log, "clip": clip, "fill": fill}

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._arguments}

    def call(self, inputs: Any) -> Any:
        # In float64, since large whole numbers and years lose their differences in float32.
        x = tf.cast(inputs, tf.float64)
        a = self._arguments
        if a["fill"] is not None:
            x = tf.where(tf.math.is_nan(x), tf.cast(a["fill"], x.dtype), x)
        if a["log"]:
            x = tf.sign(x) * tf.math.log1p(tf.abs(x))
        x = (x - a["shift"]) / a["scale"]
        if a["clip"] is not None:
            x = tf.clip_by_value(x, -a["clip"], a["clip"])
        return tf.cast(x, tf.float32)[:, tf.newaxis]


@final
@keras.saving.register_keras_serializable("gnnkit")
class ScaleVector(keras.layers.Layer):
    """Normalises x `[N, F]` by entry (shift, scale) or by row (norm "l1" or "l2"), giving float32 `[N, F]`."""

    def __init__(self, norm: str | None = None, shift: Any = None, scale: Any = None, **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)
        self._norm = norm
        self._shift = None if shift is None else np.asarray(shift, np.float32)
        self._scale = None if scale is None else np.asarray(scale, np.float32)

    def get_config(self) -> dict[str, Any]:
        as_list = lambda a: None if a is None else a.tolist()  # noqa: E731
        return {
            **super().get_config(), "norm": self._norm, "shift": as_list(self._shift), "scale": as_list(self._scale)
        }  # fmt: skip

    def call(self, inputs: Any) -> Any:
        x = tf.cast(inputs, tf.float32)
        if self._shift is not None:
            return (x - self._shift) / self._scale
        if self._norm == "l1":
            return tf.math.divide_no_nan(x, tf.reduce_sum(tf.abs(x), axis=-1, keepdims=True))
        if self._norm == "l2":
            return tf.math.divide_no_nan(x, tf.norm(x, axis=-1, keepdims=True))
        return x


@final
@keras.saving.register_keras_serializable("gnnkit")
class FindPlace(keras.layers.Layer):
    """The place of x `[N]` (texts or whole numbers) in a vocabulary: int64 `[N]`, from 1; 0 for values outside it."""

    def __init__(self, vocabulary: Any, **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)
        values = list(vocabulary)
        is_text = any(isinstance(v, (str, bytes)) for v in values)
        # Bytes that are no UTF-8 stay bytes; JSON holds them through latin-1.
        self._values = [_to_bytes(v) for v in values] if is_text else [int(v) for v in values]
        # A table cannot be empty; one of no values is not asked.
        keys = tf.constant(self._values or [0], tf.string if is_text else tf.int64)
        places = tf.range(1, keys.shape[0] + 1, dtype=tf.int64)
        self._table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, places), default_value=0)
        self._key_dtype = keys.dtype

    def get_config(self) -> dict[str, Any]:
        values = [v.decode("latin-1") if isinstance(v, bytes) else v for v in self._values]
        return {**super().get_config(), "vocabulary": values, "encoding": "latin-1"}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        config = dict(config)
        encoding = config.pop("encoding")
        values = [v.encode(encoding) if isinstance(v, str) else v for v in config.pop("vocabulary")]
        return cls(values, **config)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def compute_output_spec(self, inputs: Any) -> Any:
        return keras.KerasTensor(inputs.shape, "int64")

    def call(self, inputs: Any) -> Any:
        if not self._values:
            return tf.zeros(tf.shape(inputs), tf.int64)
        x = inputs if self._key_dtype == tf.string else tf.cast(inputs, tf.int64)
        return self._table.lookup(x)


@final
@keras.saving.register_keras_serializable("gnnkit")
class HashWords(GraphLayer):
    """The words of texts `[N]`, hashed: ragged int64 `[N, (words)]` with values in `[0, buckets)`."""

    def __init__(self, buckets: int, lowercase: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.autocast = False
        self._buckets = buckets
        self._lowercase = lowercase

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "buckets": self._buckets, "lowercase": self._lowercase}

    def call(self, inputs: Any) -> Any:
        text = tf.strings.lower(inputs, encoding="utf-8") if self._lowercase else inputs
        words = tf.strings.split(tf.strings.regex_replace(text, r"[^\pL\pN]+", " "))
        return tf.ragged.map_flat_values(tf.strings.to_hash_bucket_fast, words, self._buckets)


def _to_bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
