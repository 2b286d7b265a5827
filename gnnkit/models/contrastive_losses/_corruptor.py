"""The base of layers that corrupt features."""

from collections.abc import Callable, Mapping
from typing import Any, Generic

import keras

from gnnkit.graph import GraphTensor, get_aux_type_prefix
from gnnkit.graph._missing import MissingError
from gnnkit.keras.layers import GraphLayer
from gnnkit.models.contrastive_losses._corruption_spec import ALL, CorruptionSpec, T


@keras.saving.register_keras_serializable("gnnkit")
class Corruptor(GraphLayer, Generic[T]):
    """Replaces features of context, node sets and edge sets by corrupted ones. Auxiliary sets stay as they are.

    corruption_spec: the parameter of each feature; by default `default` for all.
    corruption_fn: called as `fn(value, parameter)`, returns the corrupted value. Register it with Keras to save the layer.
    default: completes the spec, see `CorruptionSpec.with_default`.

    Input and output: a graph of any rank. It is corrupted outside of training as well.
    ValueError: neither corruption_spec nor default. KeyError: a feature without parameter.

    >>> import gnnkit
    >>> graph = gnnkit.homogeneous([0], [1], node_features={"x": [1.0, 2.0], "y": [3.0, 4.0]})
    >>> spec = CorruptionSpec(node_set_corruption={"nodes": {"x": 10.0}})
    >>> corruptor = Corruptor(spec, corruption_fn=lambda value, factor: value * factor, default=1.0)
    >>> corruptor(graph).node_sets["nodes"]["x"].numpy().tolist()
    [10.0, 20.0]
    """

    def __init__(
        self,
        corruption_spec: CorruptionSpec[T] | None = None,
        *,
        corruption_fn: Callable[[Any, T], Any],
        default: T | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if corruption_spec is None and default is None:
            raise ValueError(f"{type(self).__name__} needs corruption_spec or default, but both are None.")
        spec = CorruptionSpec() if corruption_spec is None else corruption_spec
        self._corruption_spec = spec if default is None else spec.with_default(default)
        self._corruption_fn = corruption_fn

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "corruption_spec": self._corruption_spec,
            "corruption_fn": self._corruption_fn,
        }

    def call(self, graph: GraphTensor) -> GraphTensor:
        spec = self._corruption_spec
        return graph.replace_features(
            context=self._corrupt(graph.context, spec.context_corruption, "the context"),
            node_sets=self._corrupt_sets(graph.node_sets, spec.node_set_corruption, "node set"),
            edge_sets=self._corrupt_sets(graph.edge_sets, spec.edge_set_corruption, "edge set"),
        )

    def _corrupt_sets(self, pieces: Mapping[str, Any], parameters: Mapping[str, Any], kind: str) -> dict[str, Any]:
        return {
            name: self._corrupt(piece, parameters.get(name, parameters.get(ALL, {})), f"{kind} {name!r}")
            for name, piece in pieces.items()
            if get_aux_type_prefix(name) is None
        }

    def _corrupt(self, piece: Any, parameters: Mapping[str, Any], what: str) -> dict[str, Any]:
        corrupted = {}
        for name, value in piece.features.items():
            if name not in parameters and ALL not in parameters:
                raise MissingError(
                    f"{type(self).__name__} {self.name!r}: corruption_spec says nothing of feature {name!r} of {what}. "
                    "Name it there, add '*', or pass default."
                )
            try:
                corrupted[name] = self._corrupt_feature(piece, value, parameters.get(name, parameters.get(ALL)))
            except ValueError as e:
                raise ValueError(f"{type(self).__name__} {self.name!r}, feature {name!r} of {what}: {e}") from e
        return corrupted

    def _corrupt_feature(self, piece: Any, value: Any, parameter: Any) -> Any:
        return self._corruption_fn(value, parameter)
