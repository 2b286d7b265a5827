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
