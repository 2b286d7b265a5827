"""The only place that touches Keras names outside its documented API."""

from typing import Any

from keras.src import backend as _backend
from keras.src.backend.common.symbolic_scope import SymbolicScope as _SymbolicScope
from keras.src.models.functional import Functional as _Functional
from keras.src.utils.naming import auto_name as _auto_name

Functional: Any = _Functional
SymbolicScope: Any = _SymbolicScope
compute_output_spec: Any = _backend.compute_output_spec


def auto_name(prefix: str) -> str:
    """`prefix`, `prefix_1`, ...: a name that no layer has so far."""
    return _auto_name(prefix)


def nodes_of(model: Any) -> list[Any]:
    """The calls that a functional model consists of, each after those that it depends on; inputs aside."""
    by_depth = model._nodes_by_depth
    return [node for depth in sorted(by_depth, reverse=True) for node in by_depth[depth] if not node.is_input]


def producer_of(tensor: Any) -> Any:
    """The call that made a symbolic tensor."""
    history = tensor._keras_history
    return history.operation._inbound_nodes[history.node_index]


def layers_in(layer: Any) -> list[Any]:
    """A layer and all layers that it holds."""
    return list(layer._flatten_layers()) if hasattr(layer, "_flatten_layers") else []
