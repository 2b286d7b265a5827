"""Symbolic graphs: the inputs of functional Keras models."""

from typing import Any, final

import keras
import tensorflow as tf

from gnnkit.graph import GraphTensor, GraphTensorSpec, _keras


def Input(spec: GraphTensorSpec, name: str | None = None) -> GraphTensor:
    """Makes a symbolic graph of the type `spec`, the input of a functional model.

    spec: usually `dataset.element_spec`; it must have just the sets and features that the model will be called with.
    name: prefix of the names of the input layers, one a field.

    TypeError: `spec` is no GraphTensorSpec.

    >>> import gnnkit, tensorflow as tf
    >>> graph = gnnkit.homogeneous([0, 1], [1, 2], node_features=tf.ones([3, 4]))
    >>> inputs = gnnkit.keras.Input(graph.spec.relax(num_nodes=True, num_edges=True))
    >>> inputs.node_sets["nodes"]["hidden_state"].shape
    (None, 4)
    """
    if isinstance(spec, GraphTensor):
        spec = spec.spec
    if not isinstance(spec, GraphTensorSpec):
        raise TypeError(
            f"gnnkit.keras.Input needs a GraphTensorSpec, but got {type(spec).__name__}. "
            "Pass dataset.element_spec or graph.spec; for plain tensors use keras.Input."
        )
    return GraphTensor._from_fields(spec._structure(), [_input(f, name) for f in spec._fields()])


def _input(spec: Any, name: str | None) -> keras.KerasTensor:
    name = None if name is None else _keras.auto_name(name)
    # The batch size of a model is not that of any one example: Keras must not rely on a static first dimension.
    kwargs: dict[str, Any] = {"batch_shape": tuple(spec.shape.as_list()), "dtype": spec.dtype.name, "name": name}
    if isinstance(spec, tf.RaggedTensorSpec):
        layer: Any = RaggedInput(ragged_rank=spec.ragged_rank, row_splits_dtype=spec.row_splits_dtype.name, **kwargs)
        return layer.output
    dense: Any = keras.Input(**kwargs)
    return dense


@final
@keras.saving.register_keras_serializable("gnnkit")
class RaggedInput(keras.layers.InputLayer):
    """An input that keeps its number of ragged dimensions when a model is made again from its config."""

    is_local = True  # See gnnkit.keras.trim_to_roots.

    def __init__(self, *, ragged_rank: int, row_splits_dtype: str, ragged: bool = True, **kwargs: Any) -> None:
        super().__init__(ragged=ragged, **kwargs)
        self.ragged_rank, self.row_splits_dtype = ragged_rank, row_splits_dtype
        tensor: Any = self.output
        tensor._ragged_rank, tensor._row_splits_dtype = ragged_rank, row_splits_dtype

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "ragged_rank": self.ragged_rank, "row_splits_dtype": self.row_splits_dtype}
