"""The next state of GraphSAGE."""

from typing import Any, final

import keras
from keras import ops

from gnnkit._names import HIDDEN_STATE
from gnnkit.keras.layers import GraphLayer
from gnnkit.ops import combine_values


@final
@keras.saving.register_keras_serializable("gnnkit")
class GraphSAGENextState(GraphLayer):
    """`act(combine([W Dropout(h_v), inputs of edge sets by ascending name]) + b)`, of length 1 on request.

    units: width of `W h_v`, and with combine_type "sum" of all inputs.
    use_bias: whether there is b, as wide as the result.
    dropout_rate: of the old state.
    feature_name: the feature that the result replaces.
    l2_normalize: whether each row is divided by its Euclidean length.
    combine_type: "sum" or "concat"; with "concat", the result has the widths of all inputs together.
    activation: as in `keras.layers.Dense`.

    Input: as `gnnkit.keras.layers.NodeSetUpdate` makes it. Output: `{feature_name: [V, units]}`.
    ValueError: another combine_type, inputs to sum that are not `units` wide, a state that is no single tensor, or an
    input from the context.

    Reference: Hamilton, Ying & Leskovec, Inductive Representation Learning on Large Graphs,
    https://arxiv.org/abs/1706.02216.

    >>> import gnnkit, numpy as np
    >>> layer = gnnkit.models.graph_sage.GraphSAGENextState(units=4)
    >>> layer((np.ones([3, 2], "float32"), {"edges": np.ones([3, 4], "float32")}, {}))["hidden_state"].shape
    TensorShape([3, 4])
    """

    is_local = True

    def __init__(
        self,
        *,
        units: int,
        use_bias: bool = True,
        dropout_rate: float = 0.0,
        feature_name: str = HIDDEN_STATE,
        l2_normalize: bool = True,
        combine_type: str = "sum",
        activation: Any = "relu",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if combine_type not in ("sum", "concat"):
            raise ValueError(f"GraphSAGENextState: combine_type must be 'sum' or 'concat', but got {combine_type!r}.")
        self._use_bias = use_bias
        self._feature_name = feature_name
        self._l2_normalize = l2_normalize
        self._combine_type = combine_type
        self._activation = keras.activations.get(activation)
        self._dropout = keras.layers.Dropout(dropout_rate, dtype=self.dtype_policy)
        self._dense = keras.layers.Dense(units, use_bias=False, dtype=self.dtype_policy)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": self._dense.units,
            "use_bias": self._use_bias,
            "dropout_rate": self._dropout.rate,
            "feature_name": self._feature_name,
            "l2_normalize": self._l2_normalize,
            "combine_type": self._combine_type,
            "activation": keras.activations.serialize(self._activation),
        }

    def build(self, input_shape: Any = None) -> None:
        if self._use_bias:
            width = self._dense.units
            if self._combine_type == "concat":
                width += sum(x.shape[-1] for x in keras.tree.flatten(self.first_graph[1]))
            self._bias = self.add_weight(name="bias", shape=(width,), initializer="zeros")
        super().build(input_shape)

    def call(self, inputs: Any, training: bool | None = None) -> dict[str, Any]:
        state, edge_inputs, *context = self._cast(inputs)
        if keras.tree.flatten(context):
            raise ValueError(
                "GraphSAGENextState takes no input from the context, but got one. Leave context_input_feature out, or use "
                "NextStateFromConcat."
            )
        if isinstance(state, dict):
            raise ValueError(
                f"GraphSAGENextState needs a state that is a single tensor, but got the features {sorted(state)}. "
                "Name one feature as node_input_feature."
            )
        own = self._dense(self._dropout(state, training=training))
        result = combine_values([own, *keras.tree.flatten(edge_inputs)], self._combine_type)
        if self._use_bias:
            result = result + ops.cast(self._bias, result.dtype)
        result = self._activation(result)
        return {self._feature_name: _l2_normalize(result) if self._l2_normalize else result}


def _l2_normalize(x: Any) -> Any:
    """`x / max(|x|, 1e-6)`, with gradient 0 rather than NaN at 0; in float32 at least, where 1e-12 is not 0."""
    wide: Any = ops.cast(x, keras.backend.result_type(x.dtype, "float32"))
    squares = ops.sum(ops.square(wide), axis=1, keepdims=True)
    return ops.cast(wide * ops.rsqrt(ops.maximum(squares, 1e-12)), x.dtype)
