"""Scores from a hidden layer over both ends of edges: the numbers and derivatives of the formula."""

import functools
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.ops import _gradients
from gnnkit.ops._leaky_scores import leaky_scores_along_edges

SENDERS, RECEIVERS = [3, 0, 0, 3, 1, 3, 0], [1, 1, 2, 1, 0, 1, 1]  # Parallel edges, lonely nodes.


def graph_of(senders, receivers):
    nodes = {name: gnnkit.NodeSet.from_fields(sizes=[size]) for name, size in {"a": 5, "b": 4}.items()}
    ends = gnnkit.Adjacency.from_indices(("a", senders), ("b", receivers))
    edges = gnnkit.EdgeSet.from_fields(sizes=tf.shape(senders), adjacency=ends)
    return gnnkit.GraphTensor.from_pieces(node_sets=nodes, edge_sets={"e": edges})


def formula(senders, receivers, x, y, vectors):
    hidden = tf.gather(x, receivers) + tf.gather(y, senders)
    return tf.matmul(tf.maximum(hidden, 0.25 * hidden), vectors, transpose_b=True)


def fused(senders, receivers, x, y, vectors):
    return leaky_scores_along_edges(graph_of(senders, receivers), "e", gnnkit.TARGET, x, y, lambda: vectors, 0.25)


def derivatives(scores_of, senders, receivers, *values):
    """Scores, and their first and second derivatives."""
    with tf.GradientTape() as outer:
        outer.watch(values)
        with tf.GradientTape() as inner:
            inner.watch(values)
            scores = scores_of(senders, receivers, *values)
            loss = tf.reduce_sum(scores**3)
        first = list(map(tf.convert_to_tensor, inner.gradient(loss, values)))
        product = sum(tf.reduce_sum(tf.cos(g) * g) for g in first)
    return [tf.convert_to_tensor(t) for t in (scores, *first, *outer.gradient(product, values))]


def arguments(edges):
    rng = np.random.default_rng(0)
    shapes = [4, 6], [5, 6], [2, 6]
    return [tf.constant(ends[:edges], tf.int32) for ends in (SENDERS, RECEIVERS)] + [
        tf.constant(rng.standard_normal(shape)) for shape in shapes
    ]


@pytest.mark.parametrize("edges", [len(SENDERS), 0])
def test_derivatives(edges):
    compiled: Any = tf.function(functools.partial(derivatives, fused))
    names = ["scores", *(f"{order} by {name}" for order in ("first", "second") for name in ("x", "y", "vectors"))]
    for name, got, want in zip(
        names, compiled(*arguments(edges)), derivatives(formula, *arguments(edges)), strict=True
    ):
        np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-12, err_msg=name)


def test_keeps_one_row_an_edge():
    """The sums at edges are changed in place, for which no operation but the leaky ReLU may read them."""
    compiled: Any = tf.function(fused)
    graph = compiled.get_concrete_function(*arguments(7)).graph
    (leaky,) = [op for op in graph.get_operations() if op.type == "LeakyRelu"]
    assert [op.type for op in leaky.inputs[0].consumers()] == ["LeakyRelu"]


def test_elsewhere():
    """Eagerly, in XLA, in half precision, and where gradients of our own are not wanted, there are simpler operations."""
    assert fused(*arguments(7)) is None
    found = []

    def look(*values, dtype=tf.float64):
        found.append(fused(*values[:2], *(tf.cast(v, dtype) for v in values[2:])))
        return 0

    tf.function(look, jit_compile=True)(*arguments(7))
    tf.function(functools.partial(look, dtype=tf.bfloat16))(*arguments(7))
    with _gradients.no_own_gradients():
        tf.function(look)(*arguments(7))
    assert found == [None] * 3
