"""Training on several replicas, with batches of graphs."""

import contextlib
from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf

import gnnkit.keras
from gnnkit.graph import GraphTensorSpec


def build_optimizer(model: keras.Model) -> None:
    """Makes the variables of the optimizer. Were the first step to make them, TensorFlow would trace it twice."""
    optimizer: Any = model.optimizer
    if optimizer is not None and not optimizer.built and model.built:
        optimizer.build(model.trainable_variables)


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
    steps = ("train_step", "test_step") if _has_several_workers(strategy) else ()
    for name in steps:
        setattr(trainer, name, _with_vectors(getattr(trainer, name)))
    try:
        yield
    finally:
        del trainer._maybe_symbolic_build
        for name in steps:
            delattr(trainer, name)


def _has_several_workers(strategy: tf.distribute.Strategy) -> bool:
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return False
    return bool(strategy.extended._in_multi_worker_mode())  # pyright: ignore[reportAttributeAccessIssue]


def fewest(strategy: tf.distribute.Strategy, count: int) -> int:
    """The smallest of the workers' counts, so that none of them waits for a step that another does not take."""
    if not _has_several_workers(strategy):
        return count
    counts: Any = strategy.gather(strategy.run(lambda: tf.fill([1], tf.constant(count, tf.int64))), axis=0)
    return int(tf.reduce_min(counts))


def _with_vectors(step: Any) -> Any:
    """Keras 3 takes the mean of what the workers' steps return over its first axis, which scalars do not have."""

    def with_vectors(data: Any) -> Any:
        return {name: tf.reshape(value, [1]) for name, value in step(data).items()}

    return with_vectors


def _symbolic(spec: Any) -> Any:
    if isinstance(spec, GraphTensorSpec):
        return gnnkit.keras.Input(spec)
    if isinstance(spec, dict):
        return {k: _symbolic(v) for k, v in spec.items()}
    if isinstance(spec, (tuple, list)):
        return type(spec)(_symbolic(v) for v in spec)
    return keras.KerasTensor(tuple(spec.shape), spec.dtype.name)
