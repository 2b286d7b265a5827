"""GraphSAGE against its formulas. The laws of all layers are in tests/keras, parity in tests/parity."""

import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.models.graph_sage import (
    GCNGraphSAGENodeSetUpdate,
    GraphSAGEAggregatorConv,
    GraphSAGEGraphUpdate,
    GraphSAGENextState,
    GraphSAGEPoolingConv,
)
from gnnkit.testing import random_graph

H = "hidden_state"


@pytest.mark.parametrize("units", [2, 7])
@pytest.mark.parametrize("num_nodes, num_edges", [(1, 0), (1, 1), (1, 3), (2, 0)])
def test_gcn_update_of_tiny_graphs(num_nodes, num_edges, units):
    """tensorflow-gnn fails where there is one node (B9)."""
    states = np.random.default_rng(0).normal(size=(num_nodes, 3)).astype("float32")
    zeros = np.zeros(num_edges, np.int32)
    graph = gnnkit.homogeneous(zeros, zeros, node_features=states)
    update = GCNGraphSAGENodeSetUpdate(
        edge_set_names={"edges"}, receiver_tag=gnnkit.TARGET, units=units, activation=None, share_weights=True
    )
    got = update(graph, node_set_name="nodes")[H]
    # All edges are loops at the first node, so each mean is of equal states.
    np.testing.assert_allclose(got, states @ update.weights[0].numpy(), 1e-5, 1e-5)


@pytest.mark.parametrize("rate", [0.0, 0.5])
@pytest.mark.parametrize("units", [2, 7])
def test_convolutions_outside_training_do_not_depend_on_dropout(units, rate):
    graph = random_graph(1)
    adjacency = graph.edge_sets["writes"].adjacency
    states, source, target = graph.node_sets["author"][H].numpy(), adjacency.source.numpy(), adjacency.target.numpy()
    arguments = {"units": units, "receiver_tag": gnnkit.TARGET, "reduce_type": "sum", "dropout_rate": rate}
    summed = np.zeros([graph.node_sets["paper"].total_size, 3])
    np.add.at(summed, target, states[source])
    conv = GraphSAGEAggregatorConv(**arguments)
    got = conv(graph, edge_set_name="writes", training=False)
    np.testing.assert_allclose(got, summed @ conv.weights[0].numpy(), 1e-4, 1e-5)

    conv = GraphSAGEPoolingConv(hidden_units=4, **arguments)
    got = conv(graph, edge_set_name="writes", training=False)
    kernel, bias, last = (w.numpy() for w in conv.weights)
    summed = np.zeros([graph.node_sets["paper"].total_size, 4])
    np.add.at(summed, target, np.maximum(states @ kernel + bias, 0)[source])
    np.testing.assert_allclose(got, summed @ last, 1e-4, 1e-5)


@pytest.mark.parametrize(
    "conv_class, arguments", [(GraphSAGEAggregatorConv, {}), (GraphSAGEPoolingConv, {"hidden_units": 1})]
)
def test_values_drop_out_edge_by_edge(conv_class, arguments):
    """Half of 2,000 edges from one node, not all or none."""
    num = 2000
    graph = gnnkit.homogeneous(np.zeros(num, int), np.ones(num, int), node_features=np.ones([2, 1], "float32"))
    conv = conv_class(units=1, receiver_tag=gnnkit.TARGET, reduce_type="mean", dropout_rate=0.5, **arguments)
    conv(graph, edge_set_name="edges")
    conv.set_weights([np.zeros(w.shape) if w.name == "bias" else np.ones(w.shape) for w in conv.weights])
    assert 0.9 < float(conv(graph, edge_set_name="edges", training=True)[1, 0]) < 1.1


def test_next_state_of_zeros_has_a_gradient_without_nan():
    layer = GraphSAGENextState(units=2)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer((tf.zeros([3, 4]), {"edges": tf.zeros([3, 2])}, {}))[H])
    assert not np.any(np.isnan(tape.gradient(loss, layer.trainable_variables[1].value)))


def test_errors():
    with pytest.raises(ValueError, match="convolves sender nodes and nothing else"):
        GraphSAGEAggregatorConv(units=2, receiver_tag=gnnkit.TARGET, sender_edge_feature=H)
    with pytest.raises(ValueError, match="convolves sender nodes and nothing else"):
        GraphSAGEPoolingConv(units=2, hidden_units=2, receiver_tag=gnnkit.TARGET, sender_node_feature=None)
    with pytest.raises(ValueError, match="use_pooling and hidden_units go together, but got use_pooling=True"):
        GraphSAGEGraphUpdate(units=2, receiver_tag=gnnkit.TARGET)
    with pytest.raises(ValueError, match="combine_type must be 'sum' or 'concat', but got 'mean'"):
        GraphSAGENextState(units=2, combine_type="mean")
    state, pooled = tf.ones([3, 4]), {"edges": tf.ones([3, 2])}
    with pytest.raises(ValueError, match="takes no input from the context"):
        GraphSAGENextState(units=2)((state, pooled, {"x": tf.ones([3, 1])}))
    with pytest.raises(ValueError, match=r"a single tensor, but got the features \['x'\]"):
        GraphSAGENextState(units=2)(({"x": state}, pooled, {}))


def test_errors_of_the_gcn_update():
    def update(**arguments):
        arguments = {"edge_set_names": {"writes"}, "receiver_tag": gnnkit.TARGET, "units": 2, **arguments}
        return GCNGraphSAGENodeSetUpdate(**arguments)

    with pytest.raises(ValueError, match="reduce_type must be 'mean' or 'sum', but got 'max'"):
        update(reduce_type="max")
    with pytest.raises(ValueError, match="receiver_tag must be SOURCE"):
        update(receiver_tag=gnnkit.CONTEXT)
    with pytest.raises(ValueError, match="there is nothing to aggregate"):
        update(edge_set_names=set(), add_self_loop=False)
    graph = random_graph(1)
    with pytest.raises(ValueError, match="leads to node set .paper. at receiver_tag 1, and not to .venue."):
        update()(graph, node_set_name="venue")
    with pytest.raises(KeyError, match="the graph has no edge set 'reads'"):
        update(edge_set_names={"reads"})(graph, node_set_name="paper")
