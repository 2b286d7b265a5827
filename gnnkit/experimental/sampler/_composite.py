"""`CompositeLayer`: a sampling layer made of sampling layers."""

from __future__ import annotations

import abc
from typing import Any

import keras
import tensorflow as tf

from gnnkit.keras.layers import GraphLayer


class CompositeLayer(GraphLayer, abc.ABC):
    """A layer whose computation is a functional model, which `wrapped_model` shows.

    A subclass defines `symbolic_call` in place of `call`. It is called once, when the layer is called for the first
    time, with symbolic tensors; as in every functional model of Keras 3, operations of TensorFlow must be in layers
    (`gnnkit.keras.layers.GraphLayer` for those that return ragged tensors).

    >>> class Upper(GraphLayer):
    ...     def call(self, keys):
    ...         return tf.ragged.map_flat_values(tf.strings.upper, keys)
    >>> class UpperCaseAccessor(CompositeLayer):
    ...     def __init__(self, accessor, **kwargs):
    ...         super().__init__(**kwargs)
    ...         self._accessor = accessor
    ...     def symbolic_call(self, keys):
    ...         return self._accessor(Upper()(keys))
    >>> from gnnkit.experimental.sampler import InMemStringKeyToBytesAccessor
    >>> animals = UpperCaseAccessor(InMemStringKeyToBytesAccessor(keys_to_values={"PIG": b"oink"}))
    >>> animals(tf.ragged.constant([["pig"], []])).to_list()
    [[b'oink'], []]
    """

    _wrapped_model: Any = None

    @abc.abstractmethod
    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """The computation, on symbolic tensors: takes what the layer is called with, and returns a nest of tensors."""

    @property
    def wrapped_model(self) -> Any:
        """The model that computes this layer. ValueError before the first call."""
        if self._wrapped_model is None:
            raise ValueError(
                f"Layer {self.name!r} makes its model when it is called for the first time. Call it first."
            )
        return self._wrapped_model

    def build(self, input_shape: Any = None) -> None:
        inputs: Any = keras.tree.map_structure(_input, self._first_call)
        try:
            outputs = self.symbolic_call(*inputs[0], **inputs[1])
        except ValueError as error:
            if "KerasTensor cannot be used" not in str(error):
                raise
            raise ValueError(
                f"symbolic_call of layer {self.name!r} uses an operation that takes no symbolic tensors. Put "
                f"operations of TensorFlow into the call() of a gnnkit.keras.layers.GraphLayer. ({error})"
            ) from error
        self._wrapped_model = keras.Model(keras.tree.flatten(inputs), outputs)
        super().build(input_shape)

    @tf.autograph.experimental.do_not_convert
    def call(self, *args: Any, **kwargs: Any) -> Any:
        return self.wrapped_model(keras.tree.flatten((args, kwargs)))


def _input(x: Any) -> Any:
    """A symbolic input for tensors like `x`, of any number of rows."""
    ragged = {"ragged": True} if getattr(x, "ragged", False) else {}
    result: Any = keras.Input(batch_shape=(None, *x.shape[1:]), dtype=x.dtype, **ragged)
    if ragged:
        result._ragged_rank, result._row_splits_dtype = x.ragged_rank, x.row_splits_dtype
    return result
