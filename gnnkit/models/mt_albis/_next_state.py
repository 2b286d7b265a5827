"""The next state of nodes in MtAlbis."""

from typing import Any, final

import keras

from gnnkit.keras.layers._next_state import NextStateLayer
from gnnkit.keras.layers._transform_first import transform_side_by_side
from gnnkit.ops import combine_values


@final
@keras.saving.register_keras_serializable("gnnkit")
class MtAlbisNextState(NextStateLayer):
    """A Dense of the old state and the messages from all edge sets, with the arguments of `MtAlbisGraphUpdate`.

    Called with `(state, {edge set name: messages}, {})`, as `NodeSetUpdate` does without a feature of the context.
    """

    def __init__(
        self,
        units: int,
        *,
        next_state_type: str,
        edge_set_combine_type: str,
        normalization_type: str,
        batch_normalization_momentum: float,
        dropout_rate: float,
        kernel_initializer: Any,
        kernel_regularizer: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._next_state_type = next_state_type
        self._edge_set_combine_type = edge_set_combine_type
        self._normalization_type = normalization_type
        self._batch_normalization_momentum = batch_normalization_momentum
        self._message_dropout = keras.layers.Dropout(dropout_rate, dtype=self.dtype_policy)
        self._state_dropout = keras.layers.Dropout(dropout_rate, dtype=self.dtype_policy)
        self._dense = keras.layers.Dense(
            units,
            "relu",
            kernel_initializer=kernel_initializer,
            kernel_regularizer=kernel_regularizer,
            dtype=self.dtype_policy,
        )
        self._normalization = self._make_normalization()

    def _make_normalization(self) -> Any:
        if self._normalization_type == "none":
            return keras.layers.Identity(dtype=self.dtype_policy)
        if self._normalization_type == "layer":
            return keras.layers.LayerNormalization(dtype=self.dtype_policy)
        return keras.layers.BatchNormalization(momentum=self._batch_normalization_momentum, dtype=self.dtype_policy)

    @property
    def local_parts(self) -> list[Any]:
        return [self._normalization]

    def get_config(self) -> dict[str, Any]:
        dense = self._dense.get_config()
        return {
            **super().get_config(),
            **{k: dense[k] for k in ("units", "kernel_initializer", "kernel_regularizer")},
            "next_state_type": self._next_state_type,
            "edge_set_combine_type": self._edge_set_combine_type,
            "normalization_type": self._normalization_type,
            "batch_normalization_momentum": self._batch_normalization_momentum,
            "dropout_rate": self._state_dropout.rate,
        }

    def call(self, inputs: Any) -> Any:
        state, messages, _ = inputs
        combined = combine_values([messages[name] for name in sorted(messages)], self._edge_set_combine_type)
        parts = state, self._message_dropout(combined)
        result = self._state_dropout(transform_side_by_side(self._dense, parts, self.dtype_policy))
        if self._next_state_type == "residual" and state.shape[-1] != 0:
            if state.shape[-1] != result.shape[-1]:
                raise ValueError(
                    f"MtAlbis: next_state_type='residual' adds the old state, of width {state.shape[-1]}, to the new one, "
                    f"of width {result.shape[-1]}. Set units={state.shape[-1]}, or use 'dense' in the first update."
                )
            result = result + state  # `ops.add` fails on matrices without rows.
        return self._normalization(result)
