"""Layers and models that remember what they were first called with, so that a loaded one can build itself again."""

from typing import Any

import keras
import tensorflow as tf

from gnnkit.graph import _field, _symbolic
from gnnkit.graph._piece import GraphPiece


class RemembersFirstCall:
    """Mixed into `keras.layers.Layer`s: Keras' own build config knows shapes only, not graphs with dtypes and names."""

    _first_call: Any = None
    _jit_on_static_sizes = True
    supports_jit: bool

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._first_call is not None:
            return super().__call__(*args, **kwargs)  # type: ignore[misc]
        self._first_call = keras.tree.map_structure(_to_symbolic, (args, kwargs))
        try:
            result = super().__call__(*args, **kwargs)  # type: ignore[misc]
        except Exception:
            # A call that failed, say for lack of a feature, is not what to build and save by.
            self._first_call = None
            raise
        self._find_out_about_jit(args, kwargs)
        return result

    def _find_out_about_jit(self, *args: Any) -> None:
        """XLA compiles anew for each size, so that it is only for models of graphs that all have the same sizes."""
        if self._jit_on_static_sizes and (keras.backend.backend() != "tensorflow" or sizes_are_static(args)):
            self.supports_jit = True

    @property
    def first_graph(self) -> Any:
        """The first argument of the first call, with symbolic fields: what `build` may look at."""
        args, kwargs = self._first_call
        return args[0] if args else next(iter(kwargs.values()))

    def get_build_config(self) -> dict[str, Any] | None:
        if self._first_call is None:
            return None
        return {"first_call": keras.saving.serialize_keras_object(_encode(self._first_call))}

    def build_from_config(self, config: dict[str, Any] | None) -> None:
        layer: Any = self
        if config and "first_call" in config and not layer.built:
            args, kwargs = _decode(keras.saving.deserialize_keras_object(config["first_call"]))
            # Not by calling the layer: that would leave a node behind, and Keras counts the nodes of saved models.
            self._first_call = (args, kwargs)
            self._find_out_about_jit(args, kwargs)
            with keras.name_scope(layer.name):
                self._build_before_call()
                _symbolic.compute_output_spec(layer.call, *args, **kwargs)
            layer.built = True

    def _build_before_call(self) -> None:
        """What is to be done before `call` can run."""


def sizes_are_static(tree: Any) -> bool:
    """Whether symbolic tensors have shapes without unknown dimensions. Of eager ones nobody knows what comes next."""
    tensors = [x for x in keras.tree.flatten(tree) if hasattr(x, "shape")]
    return all(
        isinstance(x, keras.KerasTensor) and None not in x.shape
        if not isinstance(x, tf.Tensor)
        else not hasattr(x, "numpy") and x.shape.is_fully_defined()
        for x in tensors
    )


def _to_symbolic(x: Any) -> Any:
    if isinstance(x, keras.KerasTensor) or not (hasattr(x, "shape") and hasattr(x, "dtype")):
        return x
    if isinstance(x, (tf.Tensor, tf.RaggedTensor)):
        return _symbolic._to_keras_tensor(x)
    return keras.KerasTensor(tuple(x.shape), _field.dtype_of(x).name)


def _encode(tree: Any) -> Any:
    """Symbolic tensors as plain data."""
    if isinstance(tree, keras.KerasTensor):
        ragged = [tree.ragged_rank] if getattr(tree, "ragged", False) else []
        return {"__tensor__": [list(tree.shape), tree.dtype, *ragged]}
    if isinstance(tree, GraphPiece):
        config = tree.get_config()
        return {"__piece__": [type(tree).__name__, config["structure"], [_encode(f) for f in config["fields"]]]}
    if isinstance(tree, dict):
        return {"__dict__": [[k, _encode(v)] for k, v in tree.items()]}
    if isinstance(tree, (list, tuple)):
        return {"__list__": [type(tree) is tuple, *[_encode(v) for v in tree]]}
    return tree


def _decode(data: Any) -> Any:
    if not isinstance(data, dict):
        return data
    if "__tensor__" in data:
        shape, dtype, *ragged = data["__tensor__"]
        kwargs = {"ragged": True, "ragged_rank": ragged[0]} if ragged else {}
        return keras.KerasTensor(tuple(shape), dtype, **kwargs)
    if "__piece__" in data:
        name, structure, fields = data["__piece__"]
        cls = {c.__name__: c for c in _piece_classes()}[name]
        return cls.from_config({"structure": structure, "fields": [_decode(f) for f in fields]})
    if "__dict__" in data:
        return {k: _decode(v) for k, v in data["__dict__"]}
    is_tuple, *items = data["__list__"]
    values = [_decode(v) for v in items]
    return tuple(values) if is_tuple else values


def _piece_classes() -> list[type[GraphPiece]]:
    from gnnkit import graph

    return [graph.GraphTensor, graph.Context, graph.NodeSet, graph.EdgeSet, graph.Adjacency, graph.HyperAdjacency]
