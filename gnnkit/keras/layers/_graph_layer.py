"""The base of layers over graphs and their pieces."""

from typing import Any

import keras

from gnnkit.graph import _symbolic
from gnnkit.keras.layers._first_call import RemembersFirstCall


class GraphLayer(RemembersFirstCall, keras.layers.Layer):
    """A Keras layer that takes graphs, pieces of graphs or nested features.

    Its weights belong to sub-layers, which build when `call` first runs, and are found again when a saved layer is
    loaded, since the types of its first arguments are part of its build config. XLA is only supported for graphs of static
    sizes (padded ones), as the backend JAX needs them anyway: it compiles anew for each size.

    Under mixed precision the layers that compute cast what they read. The graph as a whole is not cast: features
    that a layer passes through (labels, say) keep their dtype.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_jit = self._jit_on_static_sizes and keras.backend.backend() != "tensorflow"
        self.supports_masking = True
        self._convert_input_args = False
        self._allow_non_tensor_positional_args = True

    def build(self, input_shape: Any = None) -> None:
        # Sub-layers build themselves in call(); Keras need not trace it once more for that.
        self.built = True

    def _build_before_call(self) -> None:
        self.build()

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        return _symbolic.compute_output_spec(self.call, *args, **kwargs)

    def get_config(self) -> dict[str, Any]:
        # Defined, so that Keras does not think that layers without arguments of their own have no config.
        return super().get_config()

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**{k: revive(v) for k, v in config.items()})

    def _cast(self, value: Any) -> Any:
        """Floating point values in the dtype in which this layer computes."""
        return keras.tree.map_structure(
            lambda x: self.dtype_policy.convert_input(x, self.autocast, self.input_dtype), value
        )


def revive(value: Any) -> Any:
    """A value of a config as an object: from what a file holds, or, where a layer is cloned, as a copy."""
    return keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(value))
