"""Weights of trained models, from tensorflow-gnn."""

import importlib
import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import keras
import tensorflow as tf

from gnnkit.keras.layers import MapFeatures


def transfer_weights(tfgnn_model: Any, gnnkit_model: Any) -> None:
    """Copies the weights of a model of tensorflow-gnn into the same model of gnnkit, which then predicts the same.

    tfgnn_model: a model or layer of Keras 2, trained or loaded.
    gnnkit_model: one of Keras 3, made by the same program with the imports of gnnkit. Both have been called before, or
        are functional.

    Layers correspond by their order in `model.layers`; in a layer, weights of the same name (kernel, bias, ...) by the
    order of their creation, set by set. Layers without a counterpart, the state of optimizers and of random generators are
    not copied. Lookup tables are not weights: give both models the same vocabularies.

    ValueError: a layer or a weight without a counterpart of the same name and shape; nothing has been copied then.
    TypeError: arguments of other kinds. ImportError: tf-keras is missing.
    """
    keras_2 = _tf_keras()
    for name, model, library, expected in [
        ("tfgnn_model", tfgnn_model, keras_2, "Keras 2 (tf_keras)"),
        ("gnnkit_model", gnnkit_model, keras, "Keras 3"),
    ]:
        if not isinstance(model, library.layers.Layer):
            raise TypeError(
                f"transfer_weights: {name} must be a model or layer of {expected}, but is "
                f"{type(model).__module__}.{type(model).__name__}."
            )
    for source, target in paired_weights(tfgnn_model, gnnkit_model):
        target.assign(source.numpy())


def paired_weights(tfgnn_model: Any, gnnkit_model: Any) -> list[tuple[Any, Any]]:
    """(variable of tensorflow-gnn, variable of gnnkit) for all weights; see `transfer_weights`."""
    pairs = []
    for theirs, ours in itertools.zip_longest(_layers(tfgnn_model), _layers(gnnkit_model), fillvalue=(None, [])):
        for source, target in itertools.zip_longest(*(sorted(weights, key=_name) for _, weights in (theirs, ours))):
            if source is None or target is None or (_name(source), source.shape) != (_name(target), target.shape):
                raise ValueError(
                    f"transfer_weights: the models do not correspond. Where tensorflow-gnn's {_text(theirs[0], source)}, "
                    f"gnnkit's {_text(ours[0], target)}. Nothing was copied. Make both with the same program and "
                    "arguments, and call both on a graph if they are not functional."
                )
            pairs.append((source, target))
    return pairs


def _tf_keras() -> Any:
    try:
        return importlib.import_module("tf_keras")
    except ImportError as error:
        raise ImportError(
            "transfer_weights needs tf-keras, as tensorflow-gnn does: pip install gnnkit[interop]"
        ) from error


def _name(weight: Any) -> str:
    """Keras 2 has the name `layer/kernel:0` for what is `kernel` in Keras 3."""
    return weight.name.split("/")[-1].split(":")[0]


def _text(layer: Any, weight: Any) -> str:
    if layer is None:
        return "model has no further layer with weights"
    start = f"{type(layer).__name__} {layer.name!r} has"
    if weight is None:
        return f"{start} no further weight"
    return f"{start} {getattr(weight, 'path', weight.name)!r} of shape {tuple(weight.shape)}"


def _layers(model: Any, seen: set[int] | None = None) -> Iterator[tuple[Any, list[Any]]]:
    """Layers of models and of models in them, with their weights; each weight once."""
    seen = set() if seen is None else seen
    for layer in getattr(model, "layers", []):
        yield from _layers(layer, seen)
    weights = [weight for weight in _in_order(model) if id(weight) not in seen]
    if weights:
        seen.update(map(id, weights))
        yield model, weights


def _in_order(layer: Any) -> list[Any]:
    if not isinstance(layer, keras.layers.Layer):
        return _in_order_of_keras_2(layer)
    if isinstance(layer, MapFeatures):
        return _set_by_set(layer)
    return layer.weights


def _in_order_of_keras_2(layer: Any) -> list[Any]:
    """By attribute and by set name; `layer.weights` would put those of frozen layers last."""
    view = tf.train.TrackableView(layer)
    found: dict[int, Any] = {}

    def visit(node: Any) -> None:
        if id(node) not in found:
            found[id(node)] = node
            children = view.children(node)
            for name in sorted(children) if isinstance(node, Mapping) else children:
                visit(children[name])

    visit(layer)
    order = {key: position for position, key in enumerate(found)}
    return sorted(layer.weights, key=lambda weight: order.get(id(weight), len(order)))


def _set_by_set(layer: MapFeatures) -> list[Any]:
    """The mapping of all sets is one functional model here, in which layers are ordered by depth first."""
    mapping, start, weights = layer._mapping, 0, []
    for _, _, names in layer._outputs:
        if names:
            of_set = keras.Model(mapping.inputs, mapping.outputs[start : start + len(names)])
            weights += of_set.weights
            start += len(names)
    return list({id(weight): weight for weight in weights}.values())
