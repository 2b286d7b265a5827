"""with_shape: what is known of the number of graphs in a batch."""

import pytest
import tensorflow as tf

import gnnkit
from gnnkit.testing import assert_graphs_equal


def _graph(ragged: bool) -> gnnkit.GraphTensor:
    features = {"x": [1.0, 2.0]} if not ragged else {"x": tf.ragged.constant([[1.0], []])}
    return gnnkit.homogeneous([0], [1], node_features=features, context_features={"c": [[3.0]]})


@pytest.mark.parametrize("ragged", [False, True])
def test_spec(ragged):
    dataset = tf.data.Dataset.from_tensors(_graph(ragged)).repeat(2)
    spec, static = (dataset.batch(2, drop_remainder=static).element_spec for static in (False, True))
    assert spec.shape.as_list() == [None] and spec != static
    assert spec.with_shape([2]) == static
    assert static.with_shape([None]) == spec


def test_spec_without_a_static_number_of_nodes():
    spec = _graph(True).spec.relax(num_nodes=True, num_edges=True)
    assert spec._batch(None).with_shape([4]) == spec._batch(4)
    assert spec.with_shape([]) == spec


def test_values():
    batch = next(iter(tf.data.Dataset.from_tensors(_graph(True)).repeat().batch(2)))
    assert_graphs_equal(batch.with_shape([2]), batch)
    assert_graphs_equal(batch.with_shape([None]), batch)

    @tf.function(input_signature=[batch.spec.with_shape([None])])
    def sizes(graph):
        assert graph.shape.as_list() == [None] and graph.set_shape([2]).shape.as_list() == [2]
        return graph.with_shape([2]).node_sets["nodes"].sizes

    assert sizes(batch).numpy().tolist() == [[2], [2]]
    one = next(iter(tf.data.Dataset.from_tensors(_graph(True)).batch(1)))
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"Shape of tensor .*\[1,1\] is not compatible with .*\[2,1"
    ):
        sizes(one)


@pytest.mark.parametrize("new_shape", [[2], [1, 1]])
def test_contradictions(new_shape):
    with pytest.raises(ValueError, match=r"with_shape\(.*\): the GraphTensor(Spec)? has shape \(\)"):
        _graph(False).with_shape(new_shape)
    with pytest.raises(ValueError, match=r"the NodeSetSpec has shape \(\)"):
        _graph(False).spec.node_sets_spec["nodes"].with_shape(new_shape)


def test_spec_of_a_value():
    graph = _graph(False)
    assert gnnkit.GraphTensorSpec.from_value(graph) == graph.spec
    assert gnnkit.NodeSetSpec.from_value(graph.node_sets["nodes"]) == graph.spec.node_sets_spec["nodes"]
