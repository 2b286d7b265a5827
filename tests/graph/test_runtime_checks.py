"""Checks of values, switched on."""

import pytest
import tensorflow as tf

import gnnkit


@pytest.fixture(autouse=True)
def _runtime_checks():
    gnnkit.enable_graph_tensor_validation_at_runtime()
    yield
    gnnkit.disable_graph_tensor_validation_at_runtime()


def _check(source, target, sizes) -> tf.Tensor:
    # The result needs no index: the checks must run nevertheless.
    return gnnkit.homogeneous(source, target, node_set_sizes=sizes).node_sets["nodes"].sizes


_in_function = tf.function(_check, input_signature=[tf.TensorSpec([None], tf.int32)] * 3)


@pytest.mark.parametrize("check", [_check, _in_function], ids=["eager", "function"])
class TestIndices:
    def test_good(self, check):
        assert check(tf.constant([0, 1]), tf.constant([1, 0]), tf.constant([2])).numpy().tolist() == [2]
        assert check(tf.zeros([0], tf.int32), tf.zeros([0], tf.int32), tf.constant([0])).numpy().tolist() == [0]

    @pytest.mark.parametrize(
        "source, target, message",
        [
            ([0, 2], [1, 0], "Edge set `edges`, endpoint 0: index outside of node set `nodes` .too large"),
            # TF-GNN misses both of these.
            ([0, 1], [1, 2], "Edge set `edges`, endpoint 1: index outside of node set `nodes` .too large"),
            ([0, 1], [-1, 0], "Edge set `edges`, endpoint 1: index outside of node set `nodes` .negative"),
            ([-1, 0], [1, 0], "Edge set `edges`, endpoint 0: index outside of node set `nodes` .negative"),
        ],
    )
    def test_bad(self, check, source, target, message):
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            check(tf.constant(source), tf.constant(target), tf.constant([2]))

    def test_components(self, check):
        with pytest.raises((tf.errors.InvalidArgumentError, ValueError), match="(?i)edge set .edges.*components?"):
            check(tf.constant([0]), tf.constant([1]), tf.constant([1, 1]))


def test_all_tags_of_hyperedges():
    def build(last):
        return gnnkit.GraphTensor.from_pieces(
            node_sets={"a": gnnkit.NodeSet.from_fields(sizes=[2]), "b": gnnkit.NodeSet.from_fields(sizes=[1])},
            edge_sets={
                "h": gnnkit.EdgeSet.from_fields(
                    sizes=[1],
                    adjacency=gnnkit.HyperAdjacency.from_indices({0: ("a", [1]), 1: ("b", [0]), 7: ("b", [last])}),
                )
            },
        )

    build(0)
    with pytest.raises(tf.errors.InvalidArgumentError, match="Edge set `h`, endpoint 7: index outside of node set `b`"):
        build(1)


@pytest.mark.parametrize("ragged", [False, True])
def test_batches(ragged):
    def build(target):
        def field(values):
            return tf.ragged.constant(values) if ragged else tf.constant(values)

        nodes = gnnkit.NodeSet.from_fields(sizes=[[2], [1]])
        adjacency = gnnkit.Adjacency.from_indices(("a", field([[0], [0]])), ("a", field(target)))
        edges = gnnkit.EdgeSet.from_fields(sizes=[[1], [1]], adjacency=adjacency)
        return gnnkit.GraphTensor.from_pieces(node_sets={"a": nodes}, edge_sets={"e": edges})

    assert build([[1], [0]]).shape == [2]
    with pytest.raises(tf.errors.InvalidArgumentError, match="Edge set `e`, endpoint 1: index outside of node set `a`"):
        build([[0], [1]])


@tf.function(input_signature=[tf.TensorSpec([None], tf.int32), tf.TensorSpec([None], tf.float32)])
def _node_set(sizes, x):
    return gnnkit.NodeSet.from_fields(sizes=sizes, features={"x": x}).sizes


def test_rows():
    assert _node_set([1, 2], [1.0, 2.0, 3.0]).numpy().tolist() == [1, 2]
    with pytest.raises(tf.errors.InvalidArgumentError, match="number of items of `x` differs from the sum of sizes"):
        _node_set([3], [1.0, 2.0])


def test_rows_of_replaced_features():
    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32), tf.TensorSpec([None], tf.float32)])
    def replace(sizes, x):
        return gnnkit.NodeSet.from_fields(sizes=sizes).replace_features({"x": x}).sizes

    assert replace([2], [1.0, 2.0]).numpy().tolist() == [2]
    with pytest.raises(tf.errors.InvalidArgumentError, match="number of items of `x` differs from the sum of sizes"):
        replace([3], [1.0, 2.0])


def test_components_of_node_sets():
    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32)] * 2)
    def build(a, b):
        sets = {"a": gnnkit.NodeSet.from_fields(sizes=a), "b": gnnkit.NodeSet.from_fields(sizes=b)}
        return gnnkit.GraphTensor.from_pieces(node_sets=sets).num_components

    assert int(build([1, 2], [3, 4])) == 2
    with pytest.raises(tf.errors.InvalidArgumentError, match="Node set `b`: its number of components differs"):
        build([1, 2], [3])


def test_off_by_default():
    gnnkit.disable_graph_tensor_validation_at_runtime()
    assert gnnkit.homogeneous([0], [9], node_set_sizes=[2]).edge_sets["edges"].adjacency.target.numpy().tolist() == [9]
