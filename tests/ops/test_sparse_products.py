"""Products along edges without a row of values an edge: the same numbers and derivatives as with such rows."""

import functools
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.ops import _gradients, _head_products, _sparse_products
from gnnkit.ops._neighbors import neighbor_sum
from gnnkit.ops._sort_edges import sort_edges

SIZES = {"a": 5, "b": 4}
CASES = {"parallel edges, lonely nodes": ([3, 0, 0, 3, 1, 3, 0], [1, 1, 2, 1, 0, 1, 1]), "no edges": ([], [])}


def graph_of(sources, targets, sizes=SIZES):
    nodes = {name: gnnkit.NodeSet.from_fields(sizes=[size]) for name, size in sizes.items()}
    ends = gnnkit.Adjacency.from_indices(("a", sources), ("b", targets))
    edges = gnnkit.EdgeSet.from_fields(sizes=tf.shape(sources), adjacency=ends)
    return gnnkit.GraphTensor.from_pieces(node_sets=nodes, edge_sets={"e": edges})


def derivatives(sources, targets, x, y, sort):
    """Scores and sums by them, and their first and second derivatives by the values of nodes."""
    graph = graph_of(sources, targets)
    if sort:
        graph, _ = sort_edges(graph, "e", gnnkit.TARGET)
    with tf.GradientTape() as outer:
        outer.watch([x, y])
        with tf.GradientTape() as inner:
            inner.watch([x, y])
            scores = _head_products.products_along_edges(graph, "e", gnnkit.TARGET, x, y)
            sums = _head_products.weighted_sum_at_nodes(graph, "e", gnnkit.TARGET, tf.tanh(scores), y)
            loss = tf.reduce_sum(sums**2) + tf.reduce_sum(scores**3)
        first = list(map(tf.convert_to_tensor, inner.gradient(loss, [x, y])))
        product = sum(tf.reduce_sum(tf.cos(g) * g) for g in first)
    return [tf.convert_to_tensor(t) for t in (sums, *first, *outer.gradient(product, [x, y]))]


def values_of(dtype):
    rng = np.random.default_rng(0)
    return [tf.constant(rng.standard_normal((SIZES[name], 2, 3)), dtype) for name in "ba"]


@pytest.mark.parametrize("case, sort", [(name, False) for name in CASES] + [("parallel edges, lonely nodes", True)])
def test_derivatives(case, sort):
    ends = [tf.constant(i, tf.int32) for i in CASES[case]]
    values = values_of(tf.float64)
    want = derivatives(*ends, *values, sort)
    signature = [tf.TensorSpec([None], tf.int32)] * 2 + [tf.TensorSpec([None, 2, 3], tf.float64)] * 2
    compiled: Any = tf.function(functools.partial(derivatives, sort=sort), input_signature=signature)
    ops = {op.type for op in compiled.get_concrete_function().graph.get_operations()}
    assert "SparseMatrixMatMul" in ops
    for got, expected in zip(compiled(*ends, *values), want, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-12)


def neighbor_derivatives(sources, targets, x, weights, sizes, reduce_type):
    """Sums of neighbours' values times weights, their mean or sum, and first and second derivatives."""
    graph = graph_of(sources, targets, sizes)
    sums = []
    with tf.GradientTape() as outer:
        outer.watch([x, weights])
        with tf.GradientTape() as inner:
            inner.watch([x, weights])
            sums.append(neighbor_sum(tf.reshape(x, [-1, 6]), sources, targets, sizes["b"], weights))
            sums.append(
                gnnkit.pool_neighbors_to_node(graph, "e", gnnkit.TARGET, reduce_type=reduce_type, feature_value=x)
            )
            loss = sum(tf.reduce_sum(s**3) for s in sums)
        first = list(map(tf.convert_to_tensor, inner.gradient(loss, [x, weights])))
        product = sum(tf.reduce_sum(tf.cos(g) * g) for g in first)
    return [tf.convert_to_tensor(t) for t in (*sums, *first, *outer.gradient(product, [x, weights]))]


@pytest.mark.parametrize("reduce_type", ["sum", "mean"])
@pytest.mark.parametrize("case, sizes", [(name, SIZES) for name in CASES] + [("no edges", {"a": 3, "b": 0})])
def test_sums_of_neighbors(case, sizes, reduce_type):
    rng = np.random.default_rng(1)
    sources, targets = (tf.constant(i, tf.int64) for i in CASES[case])
    x = tf.constant(rng.standard_normal((sizes["a"], 2, 3)))
    weights = tf.constant(rng.standard_normal((len(sources), 1)))
    want = neighbor_derivatives(sources, targets, x, weights, sizes, reduce_type)
    compiled: Any = tf.function(functools.partial(neighbor_derivatives, sizes=sizes, reduce_type=reduce_type))
    ops = {op.type for op in compiled.get_concrete_function(sources, targets, x, weights).graph.get_operations()}
    assert "SparseMatrixMatMul" in ops
    for got, expected in zip(compiled(sources, targets, x, weights), want, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-12)


def test_no_receivers():
    """Nor edges; TensorFlow's product of such a matrix ends the process."""
    no_ends = tf.zeros([0], tf.int32)

    @tf.function
    def sums(sources, targets, coefficients, x):
        graph = graph_of(sources, targets, {"a": 3, "b": 0})
        return _head_products.weighted_sum_at_nodes(graph, "e", gnnkit.TARGET, coefficients, x)

    assert sums(no_ends, no_ends, tf.zeros([0, 2]), tf.ones([3, 2, 4])).shape == (0, 2, 4)


@pytest.mark.parametrize("ids, sizes", [(tf.int32, tf.int64), (tf.int64, tf.int32)], ids=["sizes", "ids"])
def test_long_integers(ids, sizes):
    """Of one kind, where the others are short, in a function for graphs of any size."""
    x, y = values_of(tf.float64)
    ends = gnnkit.Adjacency.from_indices(("a", tf.constant([3, 0], ids)), ("b", tf.constant([1, 1], ids)))
    nodes = {name: gnnkit.NodeSet.from_fields(sizes=tf.constant([size], sizes)) for name, size in SIZES.items()}
    edges = gnnkit.EdgeSet.from_fields(sizes=tf.constant([2], sizes), adjacency=ends)
    graph = gnnkit.GraphTensor.from_pieces(node_sets=nodes, edge_sets={"e": edges})

    def sums(graph):
        scores = _head_products.products_along_edges(graph, "e", gnnkit.TARGET, x, y)
        pooled = gnnkit.pool_neighbors_to_node(graph, "e", gnnkit.TARGET, reduce_type="sum", feature_value=y)
        return _head_products.weighted_sum_at_nodes(graph, "e", gnnkit.TARGET, scores, y) + pooled

    spec = graph.spec.relax(num_components=True, num_nodes=True, num_edges=True)
    np.testing.assert_allclose(tf.function(sums, input_signature=[spec])(graph), sums(graph), rtol=1e-10)


def test_loop():
    """What a loop keeps for the gradient of each iteration."""
    sources, targets = (tf.constant(i, tf.int32) for i in CASES["parallel edges, lonely nodes"])
    x, y = values_of(tf.float64)

    def gradient(x, y):
        def step(i, total):
            return i + 1, total + tf.reduce_sum(derivatives(sources, targets, x, total * y, False)[0] ** 2)

        with tf.GradientTape() as tape:
            tape.watch([x, y])
            _, total = tf.while_loop(lambda i, _: i < 2, step, (0, tf.constant(0.1, tf.float64)))
        return list(map(tf.convert_to_tensor, tape.gradient(total, [x, y])))

    for got, want in zip(tf.function(gradient)(x, y), gradient(x, y), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-10)


def test_elsewhere():
    """XLA goes without."""
    ends = [tf.constant(i, tf.int32) for i in CASES["parallel edges, lonely nodes"]]
    values = values_of(tf.float32)
    want = derivatives(*ends, *values, False)[0]
    compiled: Any = tf.function(functools.partial(derivatives, sort=False), jit_compile=True)
    np.testing.assert_allclose(compiled(*ends, *values)[0], want, rtol=1e-5)


@pytest.mark.parametrize("wrong", [5, -1])
def test_wrong_sender(wrong):
    values = tf.zeros([5, 2, 3])

    @tf.function
    def sums(sources):
        graph = graph_of(sources, tf.constant([0, 1]))
        return _head_products.weighted_sum_at_nodes(graph, "e", gnnkit.TARGET, tf.ones([2, 2]), values)

    with pytest.raises(tf.errors.InvalidArgumentError, match="out of bounds"):
        sums(tf.constant([0, wrong]))


def test_applies():
    with tf.Graph().as_default():
        ids = tf.zeros([3], tf.int32)
        assert _sparse_products.applies(tf.zeros([3, 2, 4]), ids, ids)
        assert not _sparse_products.applies(tf.zeros([3, 8]), ids, ids)
        assert not _sparse_products.applies(tf.zeros([3, 2, 4], tf.bfloat16), ids, ids)
        with _gradients.no_own_gradients():
            assert not _sparse_products.applies(tf.zeros([3, 2, 4]), ids, ids)
