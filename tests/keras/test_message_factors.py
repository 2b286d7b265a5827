"""Factors of messages reach every layer that sends along edges; see `gnnkit.attribution.gnn_explainer`."""

import pytest
import tensorflow as tf

import gnnkit
from gnnkit.ops._message_factors import message_factors

# These do not pool from edges: nothing is sent along them.
_SILENT = ("MapFeatures", "Corruptor", "Broadcast", "Readout", "AddReadout")
_COMPILED = ("SimpleConv", "GATv2Conv", "GCNConv_weights", "RGCN")  # One of each way to send.


def _floats(output):
    leaves = output._fields() if isinstance(output, gnnkit.GraphTensor) else [output]
    return [x for x in leaves if x is not None and x.dtype.is_floating]


@pytest.mark.slow
def test_factors(case):
    layer, graph = case.make(), case.graph()
    want = _floats(layer(graph, **case.call_kwargs))
    ones = {name: tf.ones([edges.total_size]) for name, edges in graph.edge_sets.items()}
    with tf.GradientTape() as tape, message_factors(ones):
        tape.watch(ones)
        got = _floats(layer(graph, **case.call_kwargs))
        # Layers may end in a softmax or normalization, whose plain sum is constant.
        total = tf.add_n(
            [tf.reduce_sum(x * tf.cos(tf.reshape(tf.range(tf.size(x), dtype=x.dtype), x.shape))) for x in got]
        )
    for g, w in zip(got, want, strict=True):
        tf.debugging.assert_near(g, w, 1e-5, 1e-5)  # A factor of 1 changes nothing.
    gradients = {k: v for k, v in tape.gradient(total, ones).items() if v is not None}
    if case.name.startswith(_SILENT) or "node_set_name" in case.call_kwargs:
        assert not gradients
    else:
        assert any(float(tf.reduce_max(tf.abs(v))) > 0 for v in gradients.values())
    if case.name in _COMPILED:
        _check_compiled(lambda: _floats(layer(graph, **case.call_kwargs)), graph)


def _check_compiled(call, graph):
    """In a tf.function, where layers would sort their edges: the factor of an edge stays with it."""
    factors = {n: tf.linspace(0.1, 1.0, int(e.total_size)) for n, e in graph.edge_sets.items()}

    def masked():
        with message_factors(factors):
            return call()

    for got, want in zip(tf.function(masked, autograph=False)(), masked(), strict=True):
        tf.debugging.assert_near(got, want, 1e-5, 1e-5)
