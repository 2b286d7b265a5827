"""Structured readout as layers. The sets that it uses are explained in `gnnkit.ops._readout`."""

from typing import Any, final

import keras

from gnnkit import ops
from gnnkit._names import HIDDEN_STATE
from gnnkit.graph import GraphTensor
from gnnkit.keras.layers._graph_layer import GraphLayer


@final
@keras.saving.register_keras_serializable("gnnkit")
class StructuredReadout(GraphLayer):
    """`gnnkit.structured_readout` as a layer: `[num_readout, ...]`, the rows of the nodes that predictions are for.

    key: may be given in the call instead. Other arguments and errors: see `gnnkit.structured_readout`.
    """

    def __init__(
        self,
        key: str | None = None,
        *,
        feature_name: str = HIDDEN_STATE,
        readout_node_set: str = "_readout",
        validate: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._arguments = {
            "key": key,
            "feature_name": feature_name,
            "readout_node_set": readout_node_set,
            "validate": validate,
        }

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._arguments}

    def call(self, graph: GraphTensor, *, key: str | None = None) -> Any:
        return ops.structured_readout(graph, **_with_key(self, self._arguments, key))


@final
@keras.saving.register_keras_serializable("gnnkit")
class StructuredReadoutIntoFeature(GraphLayer):
    """`gnnkit.structured_readout_into_feature` as a layer: the graph with one more feature on the readout node set.

    key: may be given in the call instead. Other arguments and errors: see `gnnkit.structured_readout_into_feature`.
    """

    def __init__(
        self,
        key: str | None = None,
        *,
        feature_name: str,
        new_feature_name: str | None = None,
        remove_input_feature: bool = False,
        overwrite: bool = False,
        readout_node_set: str = "_readout",
        validate: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._arguments = {
            "key": key,
            "feature_name": feature_name,
            "new_feature_name": new_feature_name,
            "remove_input_feature": remove_input_feature,
            "overwrite": overwrite,
            "readout_node_set": readout_node_set,
            "validate": validate,
        }

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._arguments}

    def call(self, graph: GraphTensor, *, key: str | None = None) -> GraphTensor:
        return ops.structured_readout_into_feature(graph, **_with_key(self, self._arguments, key))


@final
@keras.saving.register_keras_serializable("gnnkit")
class AddReadoutFromFirstNode(GraphLayer):
    """`gnnkit.add_readout_from_first_node` as a layer: the graph with a readout of each component's first node."""

    def __init__(self, key: str, *, node_set_name: str, readout_node_set: str = "_readout", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._arguments = {"key": key, "node_set_name": node_set_name, "readout_node_set": readout_node_set}

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._arguments}

    def call(self, graph: GraphTensor) -> GraphTensor:
        return ops.add_readout_from_first_node(graph, **self._arguments)


def _with_key(layer: Any, arguments: dict[str, Any], key: str | None) -> dict[str, Any]:
    """The layer's arguments with the key of the constructor or of the call; ValueError for none, or two that differ."""
    made_with = arguments["key"]
    if key is None and made_with is None:
        raise ValueError(f"{type(layer).__name__} {layer.name!r} needs a key, in the constructor or the call.")
    if key is not None and made_with is not None and key != made_with:
        raise ValueError(
            f"{type(layer).__name__} {layer.name!r} was made with key={made_with!r}, but called with {key!r}. Give it once."
        )
    return {**arguments, "key": made_with if key is None else key}
