"""Weights of examples: padding has none, in losses and metrics alike."""

from collections.abc import Mapping, Sequence
from typing import Any, final

import keras
import tensorflow as tf

from gnnkit.graph import GraphTensor, get_aux_type_prefix
from gnnkit.ops._real_components import real_components
from gnnkit.ops._resolve import components_of

_MEANS = ("sum_over_batch_size", "mean")


def row_weights(task: Any, graphs: Sequence[GraphTensor], labels: Any, mask: tf.Tensor) -> Any:
    """The weights of a task's labels, in their structure: float32 `[R]`, 0 for rows of padding and otherwise 1.

    task: may tell by a method `sample_weights(graph, component_weights)`, or say by its attribute `readout_node_set` that
        its rows belong to the nodes of a readout.
    graphs: those that the task made, of C components. mask: bool `[C]`, True for real components.

    ValueError: rows that belong to nothing we know of.
    """
    weight = tf.cast(mask, tf.float32)
    if hasattr(task, "sample_weights"):
        found = task.sample_weights(graphs[0], weight)
        return tf.nest.map_structure(lambda label, w: _checked(task, label, w), labels, found)
    return tf.nest.map_structure(lambda label: _weights(task, graphs[0], label, weight), labels)


def _weights(task: Any, graph: GraphTensor, label: Any, weight: tf.Tensor) -> tf.Tensor:
    rows, components = label.shape[0], weight.shape[0]
    name: str = getattr(task, "readout_node_set", None) or ""
    if name not in graph.node_sets:
        readouts = [n for n in graph.node_sets if get_aux_type_prefix(n) == "_readout"]
        if rows is None or rows == components or not readouts:
            return _checked(task, label, weight)
        name = readouts[0]
        if len(readouts) > 1:
            raise ValueError(
                f"{type(task).__name__}: there are {rows} labels and {components} components, so the labels belong to "
                f"a readout, but to which of {readouts}? Give the task an attribute readout_node_set."
            )
    return _checked(task, label, tf.gather(weight, components_of(graph.node_sets[name])))


def _checked(task: Any, label: Any, weight: tf.Tensor) -> tf.Tensor:
    got, expected = label.shape[0], weight.shape[0]
    if got is not None and expected is not None:
        if got != expected:
            raise ValueError(
                f"{type(task).__name__}: there are {got} labels, but {expected} components or readout nodes, so it "
                "cannot be told which labels are padding. A task whose labels belong to something else cannot be padded."
            )
        return weight
    message = f"{type(task).__name__}: numbers of labels and of components or readout nodes differ"
    with tf.control_dependencies([tf.debugging.assert_equal(tf.shape(label)[0], tf.shape(weight)[0], message)]):
        return tf.identity(weight)


def over_real_rows(loss: Any) -> Any:
    """Losses that divide by the number of real rows, not of all rows; in the structure of `loss`."""
    if isinstance(loss, Mapping):
        return {key: over_real_rows(value) for key, value in loss.items()}
    if isinstance(loss, (list, tuple)):
        return type(loss)(over_real_rows(value) for value in loss)
    if loss is None:
        return None
    loss = keras.losses.get(loss)
    if not isinstance(loss, keras.losses.Loss):
        return _FromFunction(loss)
    if loss.reduction in _MEANS:
        loss.reduction = "mean_with_sample_weight"
    return loss


@final
class _FromFunction(keras.losses.Loss):
    def __init__(self, fn: Any) -> None:
        super().__init__(name=getattr(fn, "__name__", "loss"), reduction="mean_with_sample_weight")
        self._fn = fn

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return self._fn(y_true, y_pred)


def count_real_rows(model: Any) -> None:
    """Makes the mean loss of an epoch count batches by their real rows.

    Keras counts components, of which padded batches have all the same number.
    """
    tracker = _ByRealRows(name="loss")
    compute_loss = model.compute_loss

    def compute(
        x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        first = tf.nest.flatten(sample_weight)[0] if sample_weight is not None else None
        tracker.rows = None if first is None else tf.reduce_sum(first)
        return compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=training)

    model.compute_loss = compute
    model._loss_tracker = tracker


def tell_real_components(model: Any, output: str | None) -> None:
    """Makes the layers of a model know in training and evaluation which components are padding.

    output: the one of several outputs whose weights are those of components.
    """
    for name in ("train_step", "test_step"):
        step = getattr(model, name)

        def known(data: Any, step: Any = step) -> Any:
            _, _, weights = keras.utils.unpack_x_y_sample_weight(data)
            if output is not None and weights is not None:
                weights = weights[output]
            first = None if weights is None else tf.nest.flatten(weights)[0]
            with real_components(first):
                return step(data)

        setattr(model, name, known)


@final
class _ByRealRows(keras.metrics.Mean):
    rows: Any = None

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        super().update_state(values, sample_weight if self.rows is None else self.rows)
        self.rows = None
