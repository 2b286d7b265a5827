"""Ways to run an operation: each must give the same numbers."""

from collections.abc import Callable
from typing import Any

import keras
import pytest
import tensorflow as tf

import gnnkit


def eager(fn: Callable[[Any], Any], graph: gnnkit.GraphTensor) -> Any:
    return fn(graph)


def in_function(fn: Callable[[Any], Any], graph: gnnkit.GraphTensor) -> Any:
    """With unknown sizes, as in a dataset."""
    spec = graph.spec.relax(num_components=True, num_nodes=True, num_edges=True)
    return tf.function(fn, input_signature=[spec])(graph)


def in_model(fn: Callable[[Any], Any], graph: gnnkit.GraphTensor) -> Any:
    """On a symbolic graph, outside of any layer; the model is then also made again from its config."""
    inputs = gnnkit.keras.Input(graph.spec.relax(num_components=True, num_nodes=True, num_edges=True))
    outputs = fn(inputs)
    assert all(isinstance(x, keras.KerasTensor) for x in keras.tree.flatten(outputs))
    model = gnnkit.keras.Model(inputs, outputs)
    return gnnkit.keras.Model.from_config(model.get_config())(graph)


@pytest.fixture(params=[eager, in_function, in_model], ids=lambda mode: mode.__name__)
def run(request: pytest.FixtureRequest) -> Callable[..., Any]:
    return request.param
