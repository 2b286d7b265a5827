"""Functions on graphs that also work on symbolic Keras graphs, outside of any layer."""

import functools
import importlib
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import keras
import tensorflow as tf

from gnnkit.graph import _field, _keras
from gnnkit.graph._piece import GraphPiece

_PLAIN = {type(None), bool, int, str}
F = TypeVar("F", bound=Callable[..., Any])


def compute_output_spec(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Like Keras' function of this name, but ragged tensors stay ragged on the TensorFlow backend."""
    if keras.backend.backend() != "tensorflow":
        return _keras.compute_output_spec(fn, *args, **kwargs)
    made: dict[int, Any] = {}

    def placeholder(x: Any) -> Any:
        if not _field.is_symbolic(x):
            return x
        if id(x) not in made:
            made[id(x)] = _placeholder(x)
        return made[id(x)]

    with keras.StatelessScope(), _keras.SymbolicScope():
        with tf.__internal__.FuncGraph("gnnkit_scratch_graph").as_default():  # type: ignore[attr-defined]
            inputs: Any = keras.tree.map_structure(placeholder, (args, kwargs))
            return keras.tree.map_structure(_to_keras_tensor, fn(*inputs[0], **inputs[1]))


def _placeholder(x: Any) -> Any:
    if not _field.is_ragged_tensor(x):
        return tf.compat.v1.placeholder(_field.dtype_of(x), x.shape)
    return tf.compat.v1.ragged.placeholder(
        _field.dtype_of(x), _field.ragged_rank_of(x), value_shape=x.shape[_field.ragged_rank_of(x) + 1 :]
    ).with_row_splits_dtype(_field.row_splits_dtype_of(x))


def _to_keras_tensor(x: Any) -> Any:
    if isinstance(x, tf.RaggedTensor):
        return keras.KerasTensor(
            tuple(x.shape),
            x.dtype.name,
            ragged=True,
            ragged_rank=x.ragged_rank,
            row_splits_dtype=x.row_splits.dtype.name,
        )
    if isinstance(x, tf.Tensor):
        return keras.KerasTensor(x.shape, x.dtype.name)
    return x


@keras.saving.register_keras_serializable("gnnkit")
class GraphFunction(keras.Operation):
    """A node in a functional model that calls a public function on graphs."""

    def __init__(self, function: str, name: str | None = None) -> None:
        module, _, attribute = function.rpartition(":")
        super().__init__(name=name or _keras.auto_name(attribute))
        self.function = function
        self._fn = getattr(importlib.import_module(module), attribute).__wrapped__

    def call(self, *args: Any, **kwargs: Any) -> Any:
        return self._fn(*args, **kwargs)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        return compute_output_spec(self._fn, *args, **kwargs)

    def get_config(self) -> dict[str, Any]:
        return {"function": self.function, "name": self.name}


def graph_function(fn: F) -> F:
    """Makes `fn` a node of the model where an argument is symbolic; elsewhere it is called as it is."""
    function = f"{fn.__module__}:{fn.__name__}"

    @functools.wraps(fn)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        for argument in (*args, *kwargs.values()):
            if type(argument) not in _PLAIN and _is_symbolic(argument):
                # Not by calling it: Keras would wrap our error messages into its own.
                return GraphFunction(function).symbolic_call(*args, **kwargs)
        return fn(*args, **kwargs)

    return wrapper  # type: ignore[return-value]


def _is_symbolic(argument: Any) -> bool:
    if isinstance(argument, GraphPiece):
        return argument._is_symbolic
    if isinstance(argument, (list, tuple)):
        return any(map(_is_symbolic, argument))
    if isinstance(argument, Mapping):
        return any(map(_is_symbolic, argument.values()))
    return _field.is_symbolic(argument)
