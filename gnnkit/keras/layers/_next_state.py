"""Next-state layers: how an update makes a new state from the old one and the aggregated inputs.

Each is called with a tuple `(state, inputs, context_input)` as `EdgeSetUpdate`, `NodeSetUpdate` and `ContextUpdate` make
it: the state is a tensor or a dict of features, the others are (dicts of) tensors with the same number of rows, or `{}`.
"""

from typing import Any, final

import keras

from gnnkit._names import HIDDEN_STATE
from gnnkit.graph._missing import MissingError
from gnnkit.keras.layers._graph_layer import GraphLayer
from gnnkit.keras.layers._transform_first import transform_side_by_side


class NextStateLayer(GraphLayer):
    """Unlike layers that take graphs, these take just what they compute with: Keras may cast all of it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._convert_input_args = True


@final
@keras.saving.register_keras_serializable("gnnkit")
class NextStateFromConcat(NextStateLayer):
    """Transforms the concatenation of the old state and all inputs.

    transformation: a layer `[V, sum of widths] -> [V, units]` (or to a dict of features).

    The order is: state, inputs by ascending key, context.

    >>> import gnnkit, keras, numpy as np
    >>> layer = gnnkit.keras.layers.NextStateFromConcat(keras.layers.Dense(4))
    >>> layer((np.ones([3, 2], "float32"), {"edges": np.ones([3, 5], "float32")}, {})).shape
    TensorShape([3, 4])
    """

    @property
    def local_parts(self) -> list[Any]:
        return [self.transformation]

    def __init__(self, transformation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.transformation = transformation

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "transformation": self.transformation}

    def call(self, inputs: Any) -> Any:
        return transform_side_by_side(self.transformation, inputs, self.dtype_policy)


@final
@keras.saving.register_keras_serializable("gnnkit")
class ResidualNextState(NextStateLayer):
    """Adds a transformation of all inputs to the old state.

    residual_block: a layer `[V, sum of widths] -> [V, units]`, where units is the width of the old state.
    activation: applied after the addition; none by default.
    skip_connection_feature_name: the old state's feature to add, where it is a dict; `hidden_state` by default.

    A state of width 0 (a latent node set at first) is not added. ValueError: shapes that differ. KeyError: a feature name
    for a state that is no dict, or a feature that is missing.

    Reference: He et al., Deep Residual Learning for Image Recognition, https://arxiv.org/abs/1512.03385.
    """

    def __init__(
        self,
        residual_block: Any,
        *,
        activation: Any = None,
        skip_connection_feature_name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.residual_block = residual_block
        self.activation = keras.activations.get(activation)
        self.skip_connection_feature_name = skip_connection_feature_name

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "residual_block": self.residual_block,
            "activation": keras.activations.serialize(self.activation),
            "skip_connection_feature_name": self.skip_connection_feature_name,
        }

    def call(self, inputs: Any) -> Any:
        skip = self._skip(inputs[0])
        result = transform_side_by_side(self.residual_block, inputs, self.dtype_policy)
        if skip.shape[-1] != 0:
            if tuple(skip.shape[1:]) != tuple(result.shape[1:]):
                raise ValueError(
                    f"ResidualNextState: the state has shape {list(skip.shape)} and the residual block gives "
                    f"{list(result.shape)}; to be added they must agree. Set the units of the residual block to "
                    f"{skip.shape[-1]}, or use NextStateFromConcat for the first update."
                )
            result = result + skip
        return self.activation(result)

    @property
    def local_parts(self) -> list[Any]:
        return [self.residual_block]

    def _skip(self, state: Any) -> Any:
        name = self.skip_connection_feature_name
        if not isinstance(state, dict):
            if name is not None:
                raise MissingError(
                    f"ResidualNextState: skip_connection_feature_name={name!r} needs a state that is a dict of features, "
                    "but it is a single tensor. Leave the name out."
                )
            return state
        name = HIDDEN_STATE if name is None else name
        if name not in state:
            raise MissingError(
                f"ResidualNextState: the state has no feature {name!r} for the skip connection, only {sorted(state)}. "
                "Set skip_connection_feature_name."
            )
        return state[name]


@final
@keras.saving.register_keras_serializable("gnnkit")
class SingleInputNextState(NextStateLayer):
    """Replaces the state by the single input (from the one edge set), whatever the old state.

    ValueError: several inputs, or an input from the context.
    """

    is_local = True

    def call(self, inputs: Any) -> Any:
        values = list(inputs[1].values()) if isinstance(inputs[1], dict) else [inputs[1]]
        if len(inputs) > 2 and keras.tree.flatten(inputs[2]):
            raise ValueError(
                "SingleInputNextState takes no input from the context, but got one. Leave context_input_feature out, or "
                "use NextStateFromConcat."
            )
        if len(values) != 1:
            raise ValueError(
                f"SingleInputNextState needs exactly one input, but got {len(values)}: {list(inputs[1])}. "
                "Use NextStateFromConcat to combine several."
            )
        return values[0]
