"""graph_tensor_to_values: features as Python values."""

import pytest
import tensorflow as tf

import gnnkit


def _graph() -> gnnkit.GraphTensor:
    return gnnkit.homogeneous(
        [0],
        [1],
        node_features={
            "s": tf.constant(["né".encode(), b"\xff"]),
            "r": tf.ragged.constant([[b"a"], []]),
            "half": tf.constant([0.5, 2], tf.bfloat16),
        },
        edge_features={"w": [True]},
        context_features={"c": [[1, 2]]},
    )


def test_values():
    assert gnnkit.graph_tensor_to_values(_graph()) == {
        "context": {"c": [[1, 2]]},
        "node_sets": {"nodes": {"s": ["né", b"\xff"], "r": [["a"], []], "half": [0.5, 2.0]}},
        "edge_sets": {"edges": {"w": [True]}},
    }
    assert type(gnnkit.graph_tensor_to_values(_graph())["node_sets"]["nodes"]["half"][0]) is float


def test_batch():
    batch = next(iter(tf.data.Dataset.from_tensors(_graph()).repeat().batch(2)))
    assert gnnkit.graph_tensor_to_values(batch)["edge_sets"]["edges"]["w"] == [[True], [True]]
    assert gnnkit.graph_tensor_to_values(batch)["node_sets"]["nodes"]["r"] == [[["a"], []]] * 2


def test_errors():
    with pytest.raises(TypeError, match="takes a GraphTensor, but got str"):
        gnnkit.graph_tensor_to_values("graph")
    with pytest.raises(ValueError, match="needs values, but feature 'c' is the symbolic"):
        tf.function(lambda: gnnkit.graph_tensor_to_values(_in_function()))()


def _in_function() -> gnnkit.GraphTensor:
    return _graph().replace_features(context={"c": tf.random.uniform([1, 2])})
