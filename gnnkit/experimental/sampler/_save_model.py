"""`save_model`: a sampling model as a SavedModel that runs without gnnkit."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf

from gnnkit._names import SIZE_NAME
from gnnkit.experimental.sampler._ragged import get_ext_ops_implementation, set_ext_ops_implementation
from gnnkit.graph import GraphTensor


def save_model(model: Any, filepath: str | os.PathLike[str], signature_name: str = "serving_default") -> None:
    """Writes a model as a SavedModel, with the graph that its layers hold, in TensorFlow operations alone.

    model: of `create_sampling_model_from_spec`, or another functional model of ragged or dense tensors and graphs.
    filepath: a folder. signature_name: of its signature.

    The signature takes and returns flat tensors by name. A ragged output of name `n` is the flat values, `n`, and the
    row lengths of its ragged dimensions, `n.d1`, `n.d2` and so on, int64. Fields of a graph are called as in its
    Examples: `nodes/paper.year`, `nodes/paper.#size`, `edges/cites.#source`. An input is called as in the model, and its
    row lengths `n_d1`; only letters, digits and `_` of its name are kept, since it is an argument.

    ValueError: a model that is not functional.

    >>> import tempfile
    >>> from gnnkit.experimental.sampler import InMemIndexToFeaturesAccessor
    >>> keys = keras.Input([None], dtype="int32", ragged=True, name="keys")
    >>> years = InMemIndexToFeaturesAccessor({"year": [2018, 2019, 2017]}, name="years")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_model(keras.Model(keys, years(keys)), folder)
    ...     signature = tf.saved_model.load(folder).signatures["serving_default"]
    ...     found = signature(keys=tf.constant([2, 0]), keys_d1=tf.constant([1, 1], tf.int64))
    >>> found["year"].numpy().tolist(), found["year.d1"].numpy().tolist()
    ([2017, 2018], [1, 1])
    """
    if not hasattr(model, "_inputs_struct"):
        raise ValueError(
            f"save_model: {type(model).__name__} is no functional model, made by keras.Model(inputs, outputs)."
        )
    inputs = {_argument(x.name): x for x in keras.tree.flatten(model._inputs_struct)}
    specs = {key: spec for name, x in inputs.items() for key, spec in _input_specs(name, x)}

    def serve(**tensors: tf.Tensor) -> dict[str, tf.Tensor]:
        values = {name: _from_flat(name, x, tensors) for name, x in inputs.items()}
        outputs = model(keras.tree.map_structure(lambda x: values[_argument(x.name)], model._inputs_struct))
        return {key: value for name, output in _named(outputs) for key, value in _to_flat(name, output)}

    module = tf.Module()
    module.model = model  # type: ignore[attr-defined]
    before = get_ext_ops_implementation()
    set_ext_ops_implementation("vectorized")
    try:
        function = tf.function(serve, autograph=False)
        signature = function.get_concrete_function(**specs)
        tf.saved_model.save(module, os.fspath(filepath), signatures={signature_name: signature})
    finally:
        set_ext_ops_implementation(before)


def _argument(name: str) -> str:
    return re.sub(r"\W", "_", name).strip("_")


def _ragged_rank(x: Any) -> int:
    return (getattr(x, "ragged_rank", None) or 1) if getattr(x, "ragged", False) else 0


def _input_specs(name: str, x: Any) -> Iterator[tuple[str, tf.TensorSpec]]:
    rank = _ragged_rank(x)
    shape = list(x.shape[rank:])
    yield name, tf.TensorSpec([None, *shape[1:]] if shape else [], x.dtype, name)
    for i in range(1, rank + 1):
        yield f"{name}_d{i}", tf.TensorSpec([None], tf.int64, f"{name}_d{i}")


def _from_flat(name: str, x: Any, tensors: dict[str, tf.Tensor]) -> Any:
    lengths = [tensors[f"{name}_d{i}"] for i in range(1, _ragged_rank(x) + 1)]
    if not lengths:
        return tensors[name]
    ragged = tf.RaggedTensor.from_nested_row_lengths(tensors[name], lengths)
    return ragged.with_row_splits_dtype(getattr(x, "row_splits_dtype", None) or "int64")


def _named(outputs: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(outputs, GraphTensor):
        yield from _fields(outputs, prefix)
    elif isinstance(outputs, dict):
        for name, value in outputs.items():
            yield from _named(value, f"{prefix}/{name}" if prefix else name)
    elif isinstance(outputs, (list, tuple)):
        for i, value in enumerate(outputs):
            yield from _named(value, f"{prefix}/{i}" if prefix else f"output_{i}")
    else:
        yield prefix or "output", outputs


def _fields(graph: GraphTensor, prefix: str) -> Iterator[tuple[str, Any]]:
    start = f"{prefix}/" if prefix else ""
    for name, value in graph.context.features.items():
        yield f"{start}context/{name}", value
    for kind, sets in (("nodes", graph.node_sets), ("edges", graph.edge_sets)):
        for set_name, piece in sets.items():
            yield f"{start}{kind}/{set_name}.{SIZE_NAME}", piece.sizes
            for name, value in piece.features.items():
                yield f"{start}{kind}/{set_name}.{name}", value
            if kind == "edges":
                yield f"{start}{kind}/{set_name}.#source", piece.adjacency.source
                yield f"{start}{kind}/{set_name}.#target", piece.adjacency.target


def _to_flat(name: str, value: Any) -> Iterator[tuple[str, tf.Tensor]]:
    if not isinstance(value, tf.RaggedTensor):
        yield name, tf.identity(value)
        return
    yield name, tf.identity(value.flat_values)
    for i, lengths in enumerate(value.nested_row_lengths(), 1):
        yield f"{name}.d{i}", tf.cast(lengths, tf.int64)
