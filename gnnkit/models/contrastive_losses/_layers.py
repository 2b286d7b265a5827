"""Layers on top of representations of clean and corrupted graphs."""

from typing import Any, final

import keras

from gnnkit.models.contrastive_losses._examples import as_matrix, ops, shares
from gnnkit.ops._real_components import component_weights


@final
@keras.saving.register_keras_serializable("gnnkit")
class DeepGraphInfomaxLogits(keras.layers.Layer):
    """Logits of whether representations belong to the batch: dot products with `W s`, `s` the mean of the clean ones.

    Input: `[B, 2, D]`, clean and corrupted representations; optional sample_weight `[B]` for the mean, by default 0
    for what the Runner pads with and otherwise 1.
    Output: logits `[B, 2]`; the trainable `W` is `[D, D]`.
    ValueError: another shape.

    Reference: Veličković et al., Deep Graph Infomax, https://arxiv.org/abs/1809.10341 (which applies a sigmoid to s).

    >>> DeepGraphInfomaxLogits()(keras.ops.ones([8, 2, 16])).shape
    TensorShape([8, 2])
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._dense: Any = None

    def build(self, input_shape: Any) -> None:
        _check_views(self, input_shape, 2)
        self._dense = keras.layers.Dense(input_shape[-1], use_bias=False, dtype=self.dtype_policy)
        self._dense.build((None, input_shape[-1]))

    def call(self, inputs: Any, sample_weight: Any = None) -> Any:
        _check_views(self, inputs.shape, 2)
        clean = as_matrix(inputs[:, 0], "DeepGraphInfomaxLogits")
        sample_weight = component_weights() if sample_weight is None else sample_weight
        summary = ops.sum(shares(sample_weight, clean)[:, None] * clean, axis=0, keepdims=True)
        return ops.squeeze(ops.matmul(inputs, ops.transpose(self._dense(summary))), -1)


@final
@keras.saving.register_keras_serializable("gnnkit")
class TripletEmbeddingSquaredDistances(keras.layers.Layer):
    """Mean squared differences between an anchor and a positive, and between the anchor and a negative example.

    Input: `[B, 3, D]`, representations of anchors, positive and negative examples. Output: distances `[B, 2]`.
    ValueError: another shape.

    >>> x = keras.ops.convert_to_tensor([[[0.0, 0.0], [1.0, 1.0], [0.0, 2.0]]])
    >>> TripletEmbeddingSquaredDistances()(x).numpy().tolist()
    [[1.0, 2.0]]
    """

    def call(self, inputs: Any) -> Any:
        _check_views(self, inputs.shape, 3)
        return ops.mean(ops.square(inputs[:, :1] - inputs[:, 1:]), axis=-1)


def _check_views(layer: keras.layers.Layer, shape: Any, num: int) -> None:
    if len(shape) != 3 or shape[1] not in (num, None):
        raise ValueError(
            f"{type(layer).__name__} needs inputs of shape [batch size, {num}, dimensions], but got {list(shape)}."
        )
