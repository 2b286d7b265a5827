"""Graphs for the tests of the data model."""

import pytest
import tensorflow as tf

import gnnkit


def _graph(n: int = 3, components: int = 1) -> gnnkit.GraphTensor:
    """`n` users a component with dense and ragged features, a latent set, edges i -> i + 1 and context features."""
    total = n * components
    rows = tf.range(total, dtype=tf.int64) // 2
    index = [c * n + i for c in range(components) for i in range(n - 1)]
    return gnnkit.GraphTensor.from_pieces(
        gnnkit.Context.from_fields(features={"c": tf.range(float(components))[:, tf.newaxis]}),
        {
            "user": gnnkit.NodeSet.from_fields(
                sizes=[n] * components,
                features={
                    "x": tf.reshape(tf.range(float(total * 2)), [total, 2]),
                    "r": tf.RaggedTensor.from_value_rowids(tf.range(total), rows, nrows=total),
                },
            ),
            "latent": gnnkit.NodeSet.from_fields(sizes=[1] * components),
        },
        {
            "knows": gnnkit.EdgeSet.from_fields(
                sizes=[n - 1] * components,
                features={"w": tf.range(float(len(index)))},
                adjacency=gnnkit.Adjacency.from_indices(("user", index), ("user", [i + 1 for i in index])),
            )
        },
    )


@pytest.fixture
def make_graph():
    return _graph


@pytest.fixture
def graph() -> gnnkit.GraphTensor:
    return _graph()
