"""The head of a regression whose labels are far from 0, or from each other by much more or less than 1."""

from collections.abc import Sequence
from typing import Any, final

import keras


@final
@keras.saving.register_keras_serializable("gnnkit")
class StandardizedHead(keras.layers.Layer):
    """`mean + deviation * Dense(x)`: states `[R, F]` to numbers `[R, K]` in the units of the labels.

    A plain Dense layer would have to grow weights of the size of the labels first, step by step.

    mean, deviation: of the labels, K numbers each; saved with the weights, and not trained.
    kernel_regularizer: of the Dense layer.

    >>> import numpy as np
    >>> head = StandardizedHead([100.0], [10.0])
    >>> np.asarray(head(np.zeros([1, 3], "float32"))).tolist()
    [[100.0]]
    """

    def __init__(
        self, mean: Sequence[float], deviation: Sequence[float], kernel_regularizer: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self._mean, self._deviation = [float(m) for m in mean], [float(d) for d in deviation]
        self._dense = keras.layers.Dense(len(self._mean), kernel_regularizer=kernel_regularizer, name="dense")

    def build(self, input_shape: Any) -> None:
        self._dense.build(input_shape)
        self.mean, self.deviation = (
            self.add_weight(
                name=name,
                shape=(len(values),),
                initializer=lambda shape, dtype, values=values: keras.ops.convert_to_tensor(values, dtype),
                trainable=False,
            )
            for name, values in (("mean", self._mean), ("deviation", self._deviation))
        )

    def call(self, inputs: Any) -> Any:
        outputs: Any = self._dense(inputs)
        return self.mean + self.deviation * outputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        """`[R, K]`."""
        return (*input_shape[:-1], len(self._mean))

    def get_config(self) -> dict[str, Any]:
        regularizer = keras.saving.serialize_keras_object(self._dense.kernel_regularizer)
        config = {"mean": self._mean, "deviation": self._deviation, "kernel_regularizer": regularizer}
        return {**super().get_config(), **config}
