"""HGT against its formula. The laws of all layers are in tests/keras, parity in tests/parity."""

import numpy as np
import pytest

import gnnkit
from gnnkit.models.hgt import HGTGraphUpdate
from gnnkit.testing import random_graph

H = "hidden_state"
HEADS, CHANNELS = 2, 3
SETS = {"node_sets": {"a": 2, "b": 6}, "edge_sets": {"e": ("a", "b", 1), "f": ("b", "b", 1)}}
GRAPH = random_graph(1, **SETS)


def make(**kwargs):
    arguments = {"num_heads": HEADS, "per_head_channels": CHANNELS, "receiver_tag": gnnkit.TARGET}
    return HGTGraphUpdate(**{**arguments, **kwargs})


def randomize(layer):
    random = np.random.default_rng(0)
    for weight in layer.weights:
        weight.assign(random.normal(size=weight.shape))


def test_formula():
    update = make(activation=None, use_layer_norm=False)
    update(GRAPH)
    randomize(update)
    result, attention = update(GRAPH, return_attention=True)
    w = {weight.path.removeprefix(update.name + "/"): weight.numpy() for weight in update.weights}
    states = {name: node_set[H].numpy() for name, node_set in GRAPH.node_sets.items()}

    def heads(kind, name):
        dense = states[name] @ w[f"{kind}_node_{name}/kernel"] + w[f"{kind}_node_{name}/bias"]
        return dense.reshape(-1, HEADS, CHANNELS)

    want = np.zeros((len(states["b"]), HEADS, CHANNELS))
    for receiver in range(len(want)):
        scores, values = [], []
        for name, sender in (("e", "a"), ("f", "b")):
            adjacency = GRAPH.edge_sets[name].adjacency
            for edge in np.flatnonzero(adjacency.target.numpy() == receiver):
                u = adjacency.source.numpy()[edge]
                query = np.einsum("hc,hcd->hd", heads("query", "b")[receiver], w[f"attention_edge_{name}/kernel"])
                score = w[f"priors_{name}"] * np.sum(query * heads("key", sender)[u], -1) / np.sqrt(CHANNELS)
                scores.append((name, edge, score))
                values.append(np.einsum("hc,hcd->hd", heads("message", sender)[u], w[f"message_edge_{name}/kernel"]))
        if scores:
            exp = np.exp([score for *_, score in scores])
            coefficients = exp / exp.sum(0)
            want[receiver] = np.einsum("nh,nhc->hc", coefficients, values)
            for (name, edge, _), coefficient in zip(scores, coefficients, strict=True):
                np.testing.assert_allclose(attention[name][edge], coefficient, 1e-4, 1e-5)
    aggregated = want.reshape(-1, HEADS * CHANNELS) @ w["aggr_node_b/kernel"] + w["aggr_node_b/bias"]
    skip = 1 / (1 + np.exp(-w["skip_b"]))
    np.testing.assert_allclose(
        result.node_sets["b"][H], aggregated * skip + states["b"] * (1 - skip), rtol=1e-3, atol=1e-4
    )


def test_attention_sums_to_one_over_all_edge_sets():
    update = make()
    _, attention = update(GRAPH, return_attention=True)
    total = 0.0
    for name, coefficients in attention.items():
        total += gnnkit.pool(GRAPH, gnnkit.TARGET, edge_set_name=name, reduce_type="sum", feature_value=coefficients)
    degrees = sum(gnnkit.node_degree(GRAPH, name, gnnkit.TARGET) for name in attention)
    np.testing.assert_allclose(total, np.repeat(degrees.numpy()[:, None] > 0, HEADS, 1), atol=1e-5)


@pytest.mark.parametrize("edge_set_name", ["_readout/b", "g"])
def test_auxiliary_sets_do_not_take_part(edge_set_name):
    """Not as receivers, and not as senders either, which tensorflow-gnn does not check (B21)."""
    graph = gnnkit.GraphTensor.from_pieces(
        node_sets={**GRAPH.node_sets, "_readout": gnnkit.NodeSet.from_fields(sizes=[1, 1, 1])},
        edge_sets={
            **GRAPH.edge_sets,
            edge_set_name: gnnkit.EdgeSet.from_fields(
                sizes=[1, 0, 0], adjacency=gnnkit.Adjacency.from_indices(("_readout", [0]), ("b", [0]))
            ),
        },
    )
    update = make()
    with_aux, without = update(graph), update(GRAPH)
    np.testing.assert_array_equal(with_aux.node_sets["b"][H], without.node_sets["b"][H])
    other = make()
    other(graph)
    assert [w.shape for w in other.weights] == [w.shape for w in update.weights]


def test_normalized_last_and_dropout_only_in_training():
    update = make(dropout_rate=0.5)
    quiet, noisy = update(GRAPH).node_sets["b"][H], update(GRAPH, training=True).node_sets["b"][H]
    assert np.any(np.abs(quiet - noisy) > 1e-3)
    for result in (quiet, noisy):
        np.testing.assert_allclose(np.mean(result, -1), 0, atol=1e-5)


def test_errors():
    with pytest.raises(ValueError, match="num_heads and per_head_channels must be at least 1, but are 0 and 3"):
        make(num_heads=0)
    with pytest.raises(ValueError, match=r"receiver_tag must be gnnkit.SOURCE \(0\) or .* but got 'context'"):
        make(receiver_tag="context")
    with pytest.raises(
        ValueError, match="state 'hidden_state' of node set 'b' is 6 wide, but .* per_head_channels = 8"
    ):
        make(per_head_channels=4)(GRAPH)
    with pytest.raises(KeyError, match="Node set 'b' has no feature 'x'"):
        make(feature_name="x")(GRAPH)
    with pytest.raises(ValueError, match="no node set receives from an edge set at receiver_tag 1"):
        make()(random_graph(1, node_sets={"a": 6}, edge_sets={}))


def test_only_the_named_node_sets_are_updated():
    graph = random_graph(1, node_sets={"a": 6, "b": 6}, edge_sets=SETS["edge_sets"])
    update = make(receiver_tag=gnnkit.SOURCE, dropout_rate=0.0, node_set_names=["b"])
    result = update(graph)
    np.testing.assert_array_equal(result.node_sets["a"][H], graph.node_sets["a"][H])
    assert np.abs(np.asarray(result.node_sets["b"][H]) - np.asarray(graph.node_sets["b"][H])).max() > 1e-3
    assert [weight.path for weight in update.weights if "query_node_b" in weight.path]
    assert not [weight.path for weight in update.weights if "query_node_a" in weight.path]
    assert HGTGraphUpdate.from_config(update.get_config()).get_config() == update.get_config()
    with pytest.raises(ValueError, match="node_set_names has 'a', which does not receive from an edge set at"):
        make(node_set_names=["a"])(graph)
