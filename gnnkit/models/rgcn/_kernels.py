"""The matrices of relations."""

from typing import Any

import keras
from keras import ops


class RelationKernels(keras.layers.Layer):
    """One matrix `W_r` a relation, or with num_bases `W_r = Σ_b a_rb V_b`: from states `[N, F]`, `[R, F, units]`."""

    def __init__(
        self, num_relations: int, units: int, num_bases: int | None, kernel_regularizer: Any, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self._num_relations = num_relations
        self._units = units
        self._num_bases = num_bases
        self._kernel_regularizer = kernel_regularizer

    def build(self, input_shape: Any) -> None:
        num = self._num_relations if self._num_bases is None else self._num_bases
        # As Glorot's for each matrix: Keras takes the first axis for places of a filter and divides by it.
        initializer = keras.initializers.VarianceScaling(scale=num, mode="fan_avg", distribution="uniform")
        self._kernels = self.add_weight(
            name="kernels",
            shape=(num, input_shape[-1], self._units),
            initializer=initializer,
            regularizer=self._kernel_regularizer,
        )
        if self._num_bases is not None:
            self._coefficients = self.add_weight(
                name="coefficients", shape=(self._num_relations, num), initializer="glorot_uniform"
            )

    def call(self, states: Any) -> Any:
        if self._num_bases is None:
            return ops.convert_to_tensor(self._kernels)
        return ops.tensordot(self._coefficients, self._kernels, axes=1)
