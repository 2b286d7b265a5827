"""Training on several replicas, with batches of graphs."""

import contextlib
from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf

import gnnkit.keras
from gnnkit.graph import GraphTensorSpec


@contextlib.contextmanager
def built_for(
    model: keras.Model, strategy: tf.distribute.Strategy, element_spec: Any, *, always: bool
) -> Iterator[None]:
    """Builds loss and metrics for batches of one replica, and keeps `fit` from doing so.

    Their variables must exist before replicas run. Keras makes them from the mean of all replicas' batches, but there is
    no mean of graphs of different sizes.

    always: with one replica too.
    """
    trainer: Any = model
    if always or strategy.num_replicas_in_sync > 1:
        with strategy.scope():
            trainer._symbolic_build(data_batch=_symbolic(element_spec))
    if strategy.num_replicas_in_sync == 1:
        yield
        return
    trainer._maybe_symbolic_build = lambda **kwargs: None
    try:
        yield
    finally:
        del trainer._maybe_symbolic_build


def _symbolic(spec: Any) -> Any:
    if isinstance(spec, GraphTensorSpec):
        return gnnkit.keras.Input(spec)
    if isinstance(spec, dict):
        return {k: _symbolic(v) for k, v in spec.items()}
    if isinstance(spec, (tuple, list)):
        return type(spec)(_symbolic(v) for v in spec)
    return keras.KerasTensor(tuple(spec.shape), spec.dtype.name)
