"""Layers that turn places and words into vectors: the learned first part of the model."""

from typing import Any, final

import keras

from gnnkit.keras.layers import GraphLayer
from gnnkit.ops import _primitives


@final
@keras.saving.register_keras_serializable("gnnkit")
class OneHot(keras.layers.Layer):
    """Places int `[N]` in `[0, depth)` as float `[N, depth]`."""

    is_local = True

    def __init__(self, depth: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._depth = depth

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "depth": self._depth}

    def compute_output_spec(self, inputs: Any) -> Any:
        return keras.KerasTensor((*inputs.shape, self._depth), self.compute_dtype)

    def call(self, inputs: Any) -> Any:
        return keras.ops.one_hot(inputs, self._depth, dtype=self.compute_dtype)


@final
@keras.saving.register_keras_serializable("gnnkit")
class BagOfWords(GraphLayer):
    """Hashed words, ragged int `[N, (words)]`, as counts `[N, buckets]` or as the mean of learned vectors `[N, dim]`."""

    is_local = True

    def __init__(self, buckets: int, dim: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._buckets = buckets
        self._dim = dim
        self._embedding = None if dim is None else keras.layers.Embedding(buckets, dim)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "buckets": self._buckets, "dim": self._dim}

    def call(self, inputs: Any) -> Any:
        words, texts, count = inputs.values, inputs.value_rowids(), inputs.nrows()
        if self._embedding is None:
            vectors = keras.ops.one_hot(words, self._buckets, dtype=self.compute_dtype)
            return _primitives.segment_sum(vectors, texts, count)
        return _primitives.segment_mean(self._embedding(words), texts, count)
