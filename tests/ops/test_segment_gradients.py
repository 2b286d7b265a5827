"""The gradients of segment reductions are TensorFlow's, however they are run."""

import numpy as np
import pytest
import tensorflow as tf

import gnnkit

KINDS = {
    "sum": tf.math.unsorted_segment_sum,
    "mean": tf.math.unsorted_segment_mean,
    "max": tf.math.unsorted_segment_max,
    "min": tf.math.unsorted_segment_min,
}
IDS = tf.constant([3, 0, 0, 3, 1, 3])  # Nothing goes to segments 2 and 4.


def pool(kind, values, ids=IDS):
    nodes = gnnkit.NodeSet.from_fields(sizes=[5])
    ends = gnnkit.Adjacency.from_indices(("a", ids), ("a", ids))
    edges = gnnkit.EdgeSet.from_fields(sizes=tf.shape(ids), adjacency=ends)
    graph = gnnkit.GraphTensor.from_pieces(node_sets={"a": nodes}, edge_sets={"e": edges})
    return gnnkit.pool_edges_to_node(graph, "e", gnnkit.TARGET, kind, feature_value=values)


def gradient(reduce, values):
    with tf.GradientTape() as tape:
        tape.watch(values)
        result = reduce(values)
        upstream = tf.reshape(tf.range(tf.size(result, tf.int32)), tf.shape(result))
        loss = tf.reduce_sum(tf.cast(upstream, result.dtype) * result)
    return tape.gradient(loss, values)


def in_loop(reduce, values):
    """The gradient through a while loop, which keeps what the gradient needs for each iteration."""

    def step(i, x):
        return i + 1, x + tf.reduce_sum(reduce(x))

    with tf.GradientTape() as tape:
        tape.watch(values)
        _, result = tf.while_loop(lambda i, x: i < 2, step, (0, values))
    return tape.gradient(result, values)


@pytest.mark.parametrize("dtype", [tf.float16, tf.float32, tf.float64])
@pytest.mark.parametrize("kind", KINDS)
def test_gradients(kind, dtype):
    # Ties, and rows of two dimensions.
    values = tf.cast(np.random.default_rng(0).integers(-2, 3, (6, 2, 3)), dtype)
    want = gradient(lambda x: KINDS[kind](x, IDS, 5), values)
    signature = [tf.TensorSpec([None, 2, 3], dtype)]
    compiled = tf.function(lambda x: pool(kind, x), input_signature=signature)
    for got in (
        gradient(lambda x: pool(kind, x), values),
        gradient(compiled, values),
        tf.function(lambda x: gradient(lambda x: pool(kind, x), x), input_signature=signature)(values),
        tf.function(lambda x: gradient(lambda x: pool(kind, x), x), jit_compile=True)(values),
    ):
        np.testing.assert_allclose(got, want, 1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_through_a_loop(kind):
    values = tf.random.stateless_normal([6, 2], seed=(1, 2))
    want = tf.function(in_loop)(lambda x: KINDS[kind](x, IDS, 5)[:2], values)
    got = tf.function(in_loop)(lambda x: pool(kind, x)[:2], values)
    np.testing.assert_allclose(got, want, 1e-5)


def test_gradients_of_a_saved_model(tmp_path):
    module = tf.Module()
    spec = [tf.TensorSpec([None, 2], tf.float32), tf.TensorSpec([None], tf.int32)]
    module.run = tf.function(lambda x, ids: (pool("max", x, ids), pool("sum", x, ids)), input_signature=spec)
    tf.saved_model.save(module, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    values = tf.random.stateless_normal([6, 2], seed=(1, 2))
    for i, kind in enumerate(("max", "sum")):
        got = gradient(lambda x, i=i: loaded.run(x, IDS)[i], values)
        np.testing.assert_allclose(got, gradient(lambda x, kind=kind: KINDS[kind](x, IDS, 5), values), 1e-5)
