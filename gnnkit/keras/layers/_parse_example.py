"""Parsing of serialized graphs as layers: the start of a model that is served."""

from collections.abc import Mapping
from typing import Any, final

import keras
import tensorflow as tf

from gnnkit import io
from gnnkit.graph import GraphTensor, GraphTensorSpec
from gnnkit.graph._piece import structure_from_lists, structure_to_lists
from gnnkit.keras.layers._graph_layer import GraphLayer


class _Parse(GraphLayer):
    def __init__(self, graph_tensor_spec: GraphTensorSpec | Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if isinstance(graph_tensor_spec, Mapping):  # From a config.
            graph_tensor_spec = _decode(graph_tensor_spec)
        if not isinstance(graph_tensor_spec, GraphTensorSpec):
            raise TypeError(
                f"{type(self).__name__} needs a GraphTensorSpec, but got {type(graph_tensor_spec).__name__}. "
                "Make one with gnnkit.create_graph_spec_from_schema_pb(schema)."
            )
        self._spec = graph_tensor_spec

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "graph_tensor_spec": _encode(self._spec)}


@final
@keras.saving.register_keras_serializable("gnnkit")
class ParseExample(_Parse):
    """`gnnkit.parse_example` as a layer: serialized tf.train.Examples, string `[B]`, to a graph of shape `[B]`.

    graph_tensor_spec: of the scalar graph in each example.
    """

    _jit_on_static_sizes = False

    def call(self, inputs: Any) -> GraphTensor:
        return io.parse_example(self._spec, inputs)


@final
@keras.saving.register_keras_serializable("gnnkit")
class ParseSingleExample(_Parse):
    """`gnnkit.parse_single_example` as a layer: one serialized tf.train.Example, string `[]`, to a scalar graph.

    graph_tensor_spec: of that graph.
    """

    def call(self, inputs: Any) -> GraphTensor:
        return io.parse_single_example(self._spec, inputs)


def _encode(spec: GraphTensorSpec) -> dict[str, Any]:
    """A spec as JSON holds it."""
    fields = []
    for field in spec._fields():
        ragged = [field.ragged_rank, field.row_splits_dtype.name] if isinstance(field, tf.RaggedTensorSpec) else []
        fields.append([field.shape.as_list(), field.dtype.name, *ragged])
    return {"structure": structure_to_lists(spec._structure()), "fields": fields}


def _decode(config: Mapping[str, Any]) -> GraphTensorSpec:
    fields = [
        tf.RaggedTensorSpec(shape, dtype, *ragged) if ragged else tf.TensorSpec(shape, dtype)
        for shape, dtype, *ragged in config["fields"]
    ]
    return GraphTensorSpec._from_fields(structure_from_lists(config["structure"]), fields)
