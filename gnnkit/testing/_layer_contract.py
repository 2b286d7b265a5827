"""The laws that every layer over graphs obeys."""

import pathlib
import tempfile
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from gnnkit.graph import GraphTensor
from gnnkit.keras import Input, Model
from gnnkit.ops import SizeConstraints, pad_to_total_sizes
from gnnkit.testing._compare import assert_fields_equal, assert_graphs_equal
from gnnkit.testing._permute import Permuted, permute

_CLOSE = {"rtol": 1e-4, "atol": 1e-5}


def assert_layer_contract(
    layer: Any,
    graph: GraphTensor,
    *,
    call_kwargs: Mapping[str, Any] | None = None,
    rows: tuple[str, str] | None = None,
    relabel_nodes: bool = True,
) -> None:
    """AssertionError unless a layer obeys the laws below.

    layer: not called yet; from graphs to graphs or to one tensor. Its class must be registered with Keras.
    graph: a scalar graph that it takes, with at least one edge in each set.
    call_kwargs: further arguments of the call, such as edge_set_name.
    rows: whose order a tensor result follows: `("node_sets", name)`, `("edge_sets", name)`, or None for one row a
        component.
    relabel_nodes: whether the result may depend on the order of nodes only through `rows`.

    1. In graphs and tf.functions as outside. 2. Other order of edges and nodes, same result. 3. A gradient reaches each
    weight. 4. A layer from the config has the same config. 5. A functional model that holds the layer gives the same
    predictions after it was saved to `.keras` and loaded, and 6. with its weights file loaded into a model from its
    config. 7. Padding changes nothing in the rows of real components, nodes and edges.
    """
    call = _Call(layer, dict(call_kwargs or {}), rows)
    expected = call(graph)
    _check_equal("in a tf.function", tf.function(call)(graph), expected)
    for what, nodes in (("edges", False), ("nodes and edges", True)):
        if nodes and not relabel_nodes:
            continue
        permuted = permute(graph, seed=len(what), nodes=nodes)
        _check_equal(f"with {what} in another order", call(permuted.graph), call.permute(expected, permuted))
    _check_padding(call, graph, expected)
    _check_gradients(call, graph)
    _check_config(layer)
    _check_saving(call, graph, expected)


class _Call:
    def __init__(self, layer: Any, kwargs: dict[str, Any], rows: tuple[str, str] | None) -> None:
        self.layer, self.kwargs, self.rows = layer, kwargs, rows

    def __call__(self, graph: GraphTensor) -> Any:
        return self.layer(graph, **self.kwargs)

    def permute(self, output: Any, permuted: Permuted) -> Any:
        """The output for the graph before, in the order of the graph after."""
        if isinstance(output, GraphTensor):
            node_sets, edge_sets = (
                {name: _reorder(permuted, kind, name, piece) for name, piece in getattr(output, kind).items()}
                for kind in ("node_sets", "edge_sets")
            )
            return GraphTensor.from_pieces(output.context, node_sets, edge_sets)
        return output if self.rows is None else tf.gather(output, getattr(permuted, self.rows[0])[self.rows[1]])


def _reorder(permuted: Permuted, kind: str, name: str, piece: Any) -> Any:
    """Sets that the layer added stay as they are."""
    if name not in getattr(permuted, kind):
        return piece
    order = getattr(permuted, kind)[name]
    features = {k: tf.gather(v, order) for k, v in piece.features.items()}
    return getattr(permuted.graph, kind)[name].replace_features(features)


def _check_equal(what: str, got: Any, want: Any) -> None:
    try:
        if isinstance(want, GraphTensor):
            assert_graphs_equal(got, want, **_CLOSE)
        else:
            assert_fields_equal("result", got, want, **_CLOSE)
    except AssertionError as e:
        raise AssertionError(f"The result differs {what}. {e}") from e


def _check_padding(call: _Call, graph: GraphTensor, expected: Any) -> None:
    """Padding comes behind the real rows of each set."""
    constraints = SizeConstraints(
        int(graph.num_components) + 2,
        {name: int(piece.total_size) + 5 for name, piece in graph.node_sets.items()},
        {name: int(piece.total_size) + 4 for name, piece in graph.edge_sets.items()},
        min_nodes_per_component=dict.fromkeys(graph.node_sets, 1),
    )
    padded, _ = pad_to_total_sizes(graph, constraints)
    got = call(padded)
    if isinstance(expected, GraphTensor):
        for name, want in _features(expected).items():
            _check_equal(f"of {name} with padding", _features(got)[name][: len(want)], want)
    else:
        _check_equal("with padding", got[: len(expected)], expected)


def _features(graph: GraphTensor) -> dict[str, Any]:
    pieces: dict[str, Any] = {"the context": graph.context}
    pieces |= {f"node set {name!r}": piece for name, piece in graph.node_sets.items()}
    pieces |= {f"edge set {name!r}": piece for name, piece in graph.edge_sets.items()}
    return {f"{name}, feature {k!r},": v for name, piece in pieces.items() for k, v in piece.features.items()}


def _check_gradients(call: _Call, graph: GraphTensor) -> None:
    with tf.GradientTape() as tape:
        output = call(graph)
        values = output._fields() if isinstance(output, GraphTensor) else [output]
        loss = tf.add_n([tf.reduce_sum(tf.cast(v, tf.float32) ** 2) for v in values if v.dtype.is_floating])
    weights = call.layer.trainable_variables
    gradients = tape.gradient(loss, [w.value for w in weights])
    for weight, gradient in zip(weights, gradients, strict=True):
        if gradient is None or not np.any(gradient):
            raise AssertionError(f"No gradient reaches weight {weight.path} of shape {weight.shape}.")


def _check_config(layer: Any) -> None:
    config = layer.get_config()
    again = type(layer).from_config(_serialized(config)).get_config()
    if _serialized(again) != _serialized(config):
        raise AssertionError(f"The config changed.\nFirst: {config}\nThen: {again}")


def _serialized(config: Any) -> Any:
    """As JSON would hold it, and without what is not config: the shapes that sub-layers were built with."""
    return _without_build(keras.saving.serialize_keras_object(config))


def _without_build(config: Any) -> Any:
    if isinstance(config, dict):
        return {k: _without_build(v) for k, v in config.items() if k not in ("build_config", "shared_object_id")}
    return [_without_build(v) for v in config] if isinstance(config, (list, tuple)) else config


def _check_saving(call: _Call, graph: GraphTensor, expected: Any) -> None:
    inputs = Input(graph.spec.relax(num_components=True, num_nodes=True, num_edges=True))
    model = Model(inputs, call(inputs))
    _check_equal("in a functional model", model(graph), expected)
    with tempfile.TemporaryDirectory() as folder:
        path = str(pathlib.Path(folder) / "model.keras")
        model.save(path)
        loaded: Any = keras.saving.load_model(path)
        _check_equal("after saving and loading a .keras file", loaded(graph), expected)
        if [w.shape for w in loaded.weights] != [w.shape for w in model.weights]:
            raise AssertionError(f"The loaded model has other weights: {loaded.weights}, expected {model.weights}.")
        path = str(pathlib.Path(folder) / "model.weights.h5")
        model.save_weights(path)
        other = Model.from_config(model.get_config())
        other(graph)
        other.load_weights(path)
        _check_equal("after loading a weights file", other(graph), expected)
