"""Dropout of whole items: nodes or edges."""

from typing import Any, final

import keras


@final
@keras.saving.register_keras_serializable("gnnkit")
class ItemDropout(keras.layers.Layer):
    """Sets whole rows of `[N, ...]` to zero with probability `rate` in training, and scales the others by 1 / (1 - rate).

    rate: in [0, 1). seed: an int makes the draws reproducible.

    >>> import gnnkit, keras
    >>> x = gnnkit.keras.layers.ItemDropout(0.5, seed=1)(keras.ops.ones([4, 3]), training=True)
    >>> bool(keras.ops.all((x == 0) | (x == 2)))
    True
    """

    is_local = True  # See gnnkit.keras.trim_to_roots.

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not 0 <= rate < 1:
            raise ValueError(f"ItemDropout: rate must be in [0, 1), but got {rate}.")
        self.rate = rate
        self.seed = seed
        self.supports_masking = True
        self.seed_generator = keras.random.SeedGenerator(seed) if rate > 0 else None
        self.built = True

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training or self.rate == 0:
            return inputs
        shape: Any = keras.ops.shape(inputs)
        noise_shape = (shape[0], *[1] * (len(inputs.shape) - 1))
        return keras.random.dropout(inputs, self.rate, noise_shape=noise_shape, seed=self.seed_generator)
