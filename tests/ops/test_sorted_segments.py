"""Kernels for sorted segments give what those for unsorted ones give, with derivatives of any order."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.ops import _primitives, _softmax, _sorted_segments
from gnnkit.ops._sort_edges import sort_edges

SHAPES = [(0, 0), (0, 3), (40, 7), (7, 40)]  # Rows, segments.


def random_rows(num_rows, num, shape=(3,), dtype="float32"):
    rng = np.random.default_rng(num_rows + num)
    ids = rng.integers(num, size=num_rows).astype("int32") if num_rows else np.zeros(0, "int32")
    return tf.constant(rng.integers(-3, 4, (num_rows, *shape)).astype(dtype)), tf.constant(ids)


def traced(fn, *arguments):
    """In tf.function, without static numbers of rows, so that the kernels for sorted segments run."""
    specs = [tf.TensorSpec([None, *x.shape[1:]], x.dtype) for x in arguments]

    def checked(*inside):
        assert any(_sorted_segments.can_sort(x) for x in inside)
        return fn(*inside)

    return tf.function(checked, input_signature=specs, autograph=False)(*arguments)


def with_gradients(fn):
    """The result, its gradient for an upstream that differs everywhere, and the gradient of that gradient's square."""

    def run(values, ids):
        with tf.GradientTape() as outer:
            outer.watch(values)
            with tf.GradientTape() as inner:
                inner.watch(values)
                result = fn(values, ids)
                upstream = tf.reshape(tf.cast(tf.range(tf.size(result)), result.dtype), tf.shape(result))
                loss = tf.reduce_sum(upstream * result**2)
            first = tf.convert_to_tensor(inner.gradient(loss, values))
            square = tf.reduce_sum(first**2)
        return result, first, tf.convert_to_tensor(outer.gradient(square, values))

    return run


REDUCTIONS = {
    "sum": (_primitives.segment_sum, tf.math.unsorted_segment_sum),
    "max": (_primitives.segment_max, tf.math.unsorted_segment_max),
    "min": (_primitives.segment_min, tf.math.unsorted_segment_min),
}


@pytest.mark.parametrize("shape, dtype", [((3,), "float32"), ((2, 3), "float64"), ((4, 8), "float32")])
@pytest.mark.parametrize("kind", REDUCTIONS)
def test_reductions(kind, shape, dtype):
    own, theirs = REDUCTIONS[kind]
    for num_rows, num in SHAPES:
        values, ids = random_rows(num_rows, num, shape, dtype)
        got = traced(with_gradients(lambda x, i, n=num: own(x, i, n)), values, ids)
        want = tf.function(with_gradients(lambda x, i, n=num: theirs(x, i, n)))(values, ids)
        upto = 3 if kind == "sum" else 2  # TensorFlow has no second derivative of maxima.
        for g, w in itertools.islice(zip(got, want, strict=True), upto):
            np.testing.assert_allclose(g, w, 1e-6)


def test_gather():
    for num_ids, num in SHAPES:
        ids = random_rows(num_ids, num)[1]
        values = tf.random.stateless_normal([num, 3], seed=(1, 2))
        got = traced(with_gradients(_primitives.gather), values, ids)
        want = tf.function(with_gradients(tf.gather))(values, ids)
        for g, w in zip(got, want, strict=True):
            np.testing.assert_allclose(g, w, 1e-5, 1e-5)


def graph_of(ids, others, weights):
    nodes = gnnkit.NodeSet.from_fields(sizes=[7])
    ends = gnnkit.Adjacency.from_indices(("a", others), ("a", ids))
    edges = gnnkit.EdgeSet.from_fields(sizes=[tf.size(ids)], features={"w": weights}, adjacency=ends)
    return gnnkit.GraphTensor.from_pieces(node_sets={"a": nodes}, edge_sets={"e": edges})


@pytest.mark.parametrize("num_edges", [0, 1, 40])
def test_sorted_edges(num_edges):
    weights, ids = random_rows(num_edges, 7)
    others = tf.reverse(ids, [0])

    def sort(ids, others, weights):
        graph = graph_of(ids, others, weights)
        new, went_to = sort_edges(graph, "e", gnnkit.TARGET)
        again, nowhere = sort_edges(new, "e", gnnkit.TARGET)
        assert again is new and nowhere is None
        pooled = [gnnkit.pool_edges_to_node(g, "e", gnnkit.TARGET, "max|sum", feature_name="w") for g in (graph, new)]
        edges = new.edge_sets["e"]
        return edges.adjacency.source, edges.adjacency.target, edges["w"], went_to, pooled

    source, target, weight, went_to, pooled = traced(sort, ids, others, weights)
    order = np.argsort(ids, kind="stable")
    np.testing.assert_array_equal(target, ids.numpy()[order])
    np.testing.assert_array_equal(source, others.numpy()[order])
    np.testing.assert_array_equal(weight, weights.numpy()[order])
    np.testing.assert_array_equal(tf.gather(weight, went_to), weights)
    np.testing.assert_array_equal(*pooled)
    eager, went_to = sort_edges(graph_of(ids, others, weights), "e", gnnkit.TARGET)
    assert went_to is None and eager.edge_sets["e"].adjacency.target is ids


def test_ids_are_sorted_once():
    values, ids = random_rows(40, 7)

    def run(values, ids):
        with tf.GradientTape() as tape:
            tape.watch(values)
            total = _primitives.segment_sum(values, ids, 7)
            loss = tf.reduce_sum(_primitives.segment_max(_primitives.gather(total, ids), ids, 7))
        return tape.gradient(loss, values)

    specs = [tf.TensorSpec([None, *x.shape[1:]], x.dtype) for x in (values, ids)]
    concrete = tf.function(run, input_signature=specs, autograph=False).get_concrete_function()
    assert [op.type for op in concrete.graph.get_operations()].count("SparseMatrixTranspose") == 1


def test_senders_are_sorted_once_for_all_layers():
    weights, ids = random_rows(40, 7)

    def layers(ids, others, states):
        for _ in range(2):
            graph, _ = sort_edges(graph_of(ids, others, tf.gather(states, ids)), "e", gnnkit.TARGET)
            to_senders = gnnkit.pool_edges_to_node(graph, "e", gnnkit.SOURCE, feature_name="w")
            states += to_senders + gnnkit.pool_edges_to_node(graph, "e", gnnkit.TARGET, feature_name="w")
        return states

    specs = [tf.TensorSpec([None, *x.shape[1:]], x.dtype) for x in (ids, ids, weights)]
    concrete = tf.function(layers, input_signature=specs, autograph=False).get_concrete_function()
    # Receivers, senders, and the order itself, by which weights are brought.
    assert [op.type for op in concrete.graph.get_operations()].count("SparseMatrixTranspose") == 3


@pytest.mark.parametrize("sizes", [(12,), (12, 7), (0, 7)])
def test_softmax(sizes):
    sets = [random_rows(size, 5, dtype="float64") for size in sizes]
    values, ids = map(list, zip(*sets, strict=True))

    def plain(values, ids):
        exp = tf.exp(tf.concat(values, 0))
        at = tf.concat(ids, 0)
        return tf.split(exp / tf.gather(tf.math.unsorted_segment_sum(exp, at, 5), at), [tf.shape(i)[0] for i in ids])

    def derivatives(softmax, values, ids):
        with tf.GradientTape() as outer:
            outer.watch(values)
            with tf.GradientTape() as inner:
                inner.watch(values)
                results = softmax(values, ids)
                loss = sum(tf.reduce_sum(r**2 * tf.range(1.0, 4.0, dtype=r.dtype)) for r in results)
            first = inner.gradient(loss, values)
            square = sum(tf.reduce_sum(tf.sin(f)) for f in first)
        return results, first, outer.gradient(square, values)

    n = len(sizes)
    got = traced(
        lambda *args: derivatives(lambda v, i: _softmax._softmax_of_sets(v, i, 5), list(args[:n]), list(args[n:])),
        *values,
        *ids,
    )
    want = tf.function(lambda *args: derivatives(plain, list(args[:n]), list(args[n:])))(*values, *ids)
    for g, w in zip(tf.nest.flatten(got), tf.nest.flatten(want), strict=True):
        np.testing.assert_allclose(g, w, 1e-9, 1e-12)


def test_ids_from_outside_of_inner_functions_and_loops():
    values, ids = random_rows(40, 7)

    def run(values, ids):
        inner = tf.function(lambda x: _primitives.segment_sum(x, ids, 7), autograph=False)
        with tf.GradientTape() as tape:
            tape.watch(values)
            first = inner(values)
            _, last = tf.while_loop(
                lambda i, x: i < 2,
                lambda i, x: (i + 1, _primitives.segment_sum(_primitives.gather(x, ids), ids, 7)),
                (0, first),
            )
            total = last + _primitives.segment_sum(values, ids, 7)
        return total, tape.gradient(total, values)

    sizes = np.bincount(ids, minlength=7)
    want = np.zeros((7, 3))
    np.add.at(want, ids.numpy(), values.numpy())
    total, gradient = traced(run, values, ids)
    np.testing.assert_allclose(total, want * (sizes**2 + 1)[:, None])
    np.testing.assert_allclose(gradient[:, 0], sizes[ids] ** 2 + 1)


def test_not_under_xla_and_not_eagerly():
    values, ids = random_rows(40, 7)
    assert not _sorted_segments.applies(values, ids)

    @tf.function(jit_compile=True)
    def compiled(values, ids):
        assert not _sorted_segments.can_sort(ids)
        inner = tf.function(lambda x, i: (_sorted_segments.can_sort(i), _primitives.segment_sum(x, i, 7))[1])
        return inner(values, ids)

    np.testing.assert_allclose(compiled(values, ids), tf.math.unsorted_segment_sum(values, ids, 7))


def test_ids_out_of_range_are_an_error():
    values = tf.ones([2, 3])
    for ids in ([0, 7], [-1, 0]):
        with pytest.raises(tf.errors.InvalidArgumentError):
            traced(lambda x, i: _primitives.segment_sum(x, i, 7), values, tf.constant(ids))


def test_a_graph_from_outside_of_the_function():
    """Its ids are eager tensors, which have no tf.Graph; what one function found out about them is not of the next."""
    graph = gnnkit.homogeneous(
        [0, 2, 1], [1, 0, 2], node_features=tf.ones([3, 4]), node_set_sizes=[1, 2], edge_set_sizes=[1, 2]
    )

    def pooled(scale):
        values = gnnkit.pool_nodes_to_context(graph, "nodes", "sum", feature_name="hidden_state")
        values = scale * gnnkit.broadcast_context_to_nodes(graph, "nodes", feature_value=values)
        sent = gnnkit.broadcast_node_to_edges(graph, "edges", gnnkit.SOURCE, feature_value=values)
        sent += gnnkit.broadcast_context_to_edges(graph, "edges", feature_value=tf.ones([2, 4]))
        received = gnnkit.pool_edges_to_node(graph, "edges", gnnkit.TARGET, "mean", feature_value=sent)
        return gnnkit.pool_nodes_to_context(graph, "nodes", "mean", feature_value=received)

    expected = pooled(tf.constant(2.0))
    for _ in range(2):
        np.testing.assert_allclose(tf.function(pooled, autograph=False)(tf.constant(2.0)), expected, 1e-6)
    np.testing.assert_allclose(pooled(tf.constant(2.0)), expected, 1e-6)


def test_wide_rows():
    """Sums of rows of at least 32 numbers are products of matrices."""
    values, ids = random_rows(40, 7, shape=(4, 8))
    compiled = tf.function(lambda values, ids: _sorted_segments.segment_sum(values, ids, 7))
    kinds = {op.type for op in compiled.get_concrete_function(values, ids).graph.get_operations()}
    assert "SparseMatrixMatMul" in kinds and "SparseSegmentSumWithNumSegments" not in kinds
