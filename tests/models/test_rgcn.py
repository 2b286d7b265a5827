"""R-GCN against its formula with dense matrices. The laws of all layers are in tests/keras."""

import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.models.rgcn import RGCNConv, RGCNGraphUpdate, RGCNNodeSetUpdate
from gnnkit.testing import random_graph

H = "hidden_state"
NUM_RELATIONS = 3


def typed_graph(seed=2):
    graph = random_graph(seed, node_sets={"paper": 4}, edge_sets={"cites": ("paper", "paper", 2)}, max_edges=20)
    relation = np.random.default_rng(seed).integers(0, NUM_RELATIONS, graph.edge_sets["cites"].total_size)
    return graph.replace_features(edge_sets={"cites": {"relation": tf.constant(relation, tf.int32)}})


def by_relation(graph):
    """The same graph with an edge set for each relation."""
    edges = graph.edge_sets["cites"]
    relation, source, target = (x.numpy() for x in (edges["relation"], edges.adjacency.source, edges.adjacency.target))
    component = np.repeat(np.arange(graph.num_components), edges.sizes)
    edge_sets = {}
    for r in range(NUM_RELATIONS):
        chosen = relation == r
        edge_sets[f"relation{r}"] = gnnkit.EdgeSet.from_fields(
            sizes=tf.constant(np.bincount(component[chosen], minlength=graph.num_components), tf.int32),
            adjacency=gnnkit.Adjacency.from_indices(("paper", source[chosen]), ("paper", target[chosen])),
        )
    return gnnkit.GraphTensor.from_pieces(graph.context, graph.node_sets, edge_sets)


def by_hand(graph, receiver_tag, reduce_type, kernels, own, bias):
    edges, states = graph.edge_sets["cites"], graph.node_sets["paper"][H].numpy()
    ends = edges.adjacency[receiver_tag].numpy(), edges.adjacency[1 - receiver_tag].numpy()
    result = states @ own + bias
    for r, kernel in enumerate(kernels):
        chosen = edges["relation"].numpy() == r
        matrix = np.zeros([len(states)] * 2)
        np.add.at(matrix, (ends[0][chosen], ends[1][chosen]), 1)
        if reduce_type == "mean":
            matrix /= np.maximum(matrix.sum(1, keepdims=True), 1)
        result = result + matrix @ states @ kernel
    return np.maximum(result, 0)


@pytest.mark.parametrize("units", [2, 6])  # Narrower and wider than the states.
@pytest.mark.parametrize("num_bases", [None, 2])
@pytest.mark.parametrize("reduce_type", ["mean", "sum"])
@pytest.mark.parametrize("receiver_tag", [gnnkit.SOURCE, gnnkit.TARGET])
def test_formula(receiver_tag, reduce_type, num_bases, units):
    """One edge set with relations, and an edge set for each relation."""
    graph, rng = typed_graph(), np.random.default_rng(1)
    own, bias = rng.normal(size=(4, units)), rng.normal(size=units)
    arguments = {"num_bases": num_bases, "reduce_type": reduce_type, "receiver_tag": receiver_tag}
    if num_bases is None:
        kernels = rng.normal(size=(NUM_RELATIONS, 4, units))
        of_conv, of_update = [kernels], list(kernels)
    else:
        bases, coefficients = rng.normal(size=(num_bases, 4, units)), rng.normal(size=(NUM_RELATIONS, num_bases))
        kernels = np.einsum("rb,bfu->rfu", coefficients, bases)
        of_conv = of_update = [bases, coefficients]
    want = by_hand(graph, receiver_tag, reduce_type, kernels, own, bias)

    conv = RGCNConv(units, num_relations=NUM_RELATIONS, **arguments)
    conv(graph, edge_set_name="cites")
    conv.set_weights([*of_conv, own, bias])
    np.testing.assert_allclose(conv(graph, edge_set_name="cites"), want, 1e-4, 1e-5)

    update = RGCNGraphUpdate(units=units, **arguments)
    update(by_relation(graph))
    update.set_weights([own, bias, *of_update])
    np.testing.assert_allclose(update(by_relation(graph)).node_sets["paper"][H], want, 1e-4, 1e-5)


def test_senders_of_different_widths():
    graph = random_graph(1)
    updated = RGCNGraphUpdate(units=5, receiver_tag=gnnkit.TARGET)(graph)
    assert {name: node_set[H].shape[1] for name, node_set in updated.node_sets.items()} == {
        "author": 3,
        "paper": 5,
        "venue": 5,
    }
    with pytest.raises(ValueError, match="with num_bases, senders must have states of the same width"):
        RGCNGraphUpdate(units=5, num_bases=2, receiver_tag=gnnkit.TARGET)(graph)


@pytest.mark.parametrize("num_bases", [None, 2])
def test_kernels_start_as_large_as_those_of_a_dense_layer(num_bases):
    graph = typed_graph()
    states = np.zeros([graph.node_sets["paper"].total_size, 200], "float32")
    conv = RGCNConv(100, num_relations=NUM_RELATIONS, num_bases=num_bases, receiver_tag=gnnkit.TARGET)
    conv(graph.replace_features(node_sets={"paper": {H: states}}), edge_set_name="cites")
    kernels = conv.weights[0].numpy()
    assert kernels.shape == (num_bases or NUM_RELATIONS, 200, 100)
    np.testing.assert_allclose(kernels.std(axis=(1, 2)), np.sqrt(2 / 300), rtol=0.05)  # Glorot & Bengio.


def test_errors():
    with pytest.raises(ValueError, match="reduce_type must be 'mean' or 'sum', but got 'max'"):
        RGCNConv(2, num_relations=2, reduce_type="max")
    with pytest.raises(ValueError, match="reduce_type must be 'mean' or 'sum', but got 'max'"):
        RGCNNodeSetUpdate(edge_set_names=["cites"], receiver_tag=gnnkit.TARGET, units=2, reduce_type="max")
    with pytest.raises(ValueError, match="edge_set_names is empty"):
        RGCNNodeSetUpdate(edge_set_names=[], receiver_tag=gnnkit.TARGET, units=2)
    with pytest.raises(ValueError, match="relation_feature must not be None"):
        RGCNConv(2, num_relations=2, relation_feature=None)
    with pytest.raises(ValueError, match=r"integers of shape \[E\], but they are float32 of shape \[\d+, 2\]"):
        conv = RGCNConv(2, num_relations=2, relation_feature=H, receiver_tag=gnnkit.TARGET)
        conv(random_graph(1), edge_set_name="cites")
    with pytest.raises(ValueError, match="leads to node set 'paper' at receiver_tag 1, and not to 'author'"):
        update = RGCNNodeSetUpdate(edge_set_names=["cites"], receiver_tag=gnnkit.TARGET, units=2)
        update(random_graph(1), node_set_name="author")
