"""PNA against its formula, node by node. The laws of all layers are in tests/keras."""

import numpy as np
import pytest

import gnnkit
from gnnkit.models.pna import PNAConv, PNAHomGraphUpdate, mean_log_degree
from gnnkit.testing import random_graph

H = "hidden_state"


def by_hand(conv, graph, edge_set_name, *, receivers, nodes, edges, aggregators, scalers, delta):
    """Weights by the names of the layers that they belong to."""
    weights = {"/".join(w.path.split("/")[-2:]): w.numpy() for w in conv.weights}
    edge_set = graph.edge_sets[edge_set_name]
    source, target = edge_set.adjacency.source.numpy(), edge_set.adjacency.target.numpy()
    sender_states = graph.node_sets[edge_set.adjacency.source_name][H].numpy()
    receiver_states = graph.node_sets[edge_set.adjacency.target_name][H].numpy()
    rows = []
    for v, state in enumerate(receiver_states):
        messages = np.zeros([sum(target == v), 3])
        if nodes:
            messages = messages + sender_states[source[target == v]] @ weights["node/kernel"] + weights["node/bias"]
        if edges:
            messages = (
                messages + edge_set[H].numpy()[target == v] @ weights["edge/kernel"] + weights.get("edge/bias", 0)
            )
        if receivers:
            messages = messages + state @ weights["receiver/kernel"]
        pooled = {"mean": np.zeros(3), "min": np.zeros(3), "max": np.zeros(3), "std": np.zeros(3)}
        degree = max(len(messages), 1)
        if len(messages):
            std = np.sqrt(messages.var(0) + 1e-5)
            pooled = {"mean": messages.mean(0), "min": messages.min(0), "max": messages.max(0), "std": std}
        factors = {
            "identity": 1.0,
            "amplification": np.log(degree + 1) / delta,
            "attenuation": delta / np.log(degree + 1),
        }
        parts = [factors[s] * pooled[a] for s in scalers for a in aggregators]
        rows.append(np.concatenate([state, *parts] if receivers else parts))
    return np.tanh(np.stack(rows) @ weights["update/kernel"] + weights["update/bias"])


ALL = {"aggregators": ("mean", "min", "max", "std"), "scalers": ("identity", "amplification", "attenuation")}


@pytest.mark.parametrize("receivers", [True, False])
@pytest.mark.parametrize("nodes, edges", [(True, False), (False, True), (True, True)])
def test_formula(receivers, nodes, edges):
    graph = random_graph(2)
    check(graph, ALL, receivers=receivers, nodes=nodes, edges=edges)


@pytest.mark.parametrize(
    "chosen",
    [
        {"aggregators": ("std", "min"), "scalers": ("attenuation",)},
        {"aggregators": ("mean",), "scalers": ("amplification", "identity")},
    ],
    ids=str,
)
def test_choice_of_aggregators_and_scalers(chosen):
    check(random_graph(3), chosen, receivers=True, nodes=True, edges=False)


def check(graph, chosen, *, receivers, nodes, edges):
    conv = PNAConv(
        5,
        mean_log_degree=0.7,
        message_units=3,
        receiver_tag=gnnkit.TARGET,
        receiver_feature=H if receivers else None,
        sender_node_feature=H if nodes else None,
        sender_edge_feature=H if edges else None,
        activation="tanh",
        **chosen,
    )
    conv(graph, edge_set_name="writes")
    rng = np.random.default_rng(0)
    conv.set_weights([rng.normal(size=w.shape) for w in conv.weights])  # Biases too.
    want = by_hand(conv, graph, "writes", receivers=receivers, nodes=nodes, edges=edges, delta=0.7, **chosen)
    np.testing.assert_allclose(conv(graph, edge_set_name="writes"), want, 1e-3, 1e-4)


def test_mean_log_degree():
    graph = gnnkit.homogeneous([0, 0, 1], [2, 2, 1], node_features=np.ones([3, 1], "float32"))
    assert mean_log_degree(graph, "edges", gnnkit.TARGET) == pytest.approx((np.log(2) + np.log(3)) / 3)


def test_graph_update():
    graph = random_graph(2, node_sets={"paper": 4}, edge_sets={"cites": ("paper", "paper", 2)})
    update = PNAHomGraphUpdate(units=6, mean_log_degree=0.5, aggregators=["mean"])
    assert update(graph).node_sets["paper"][H].shape[1] == 6
    assert update.name == "pna"


def test_errors():
    with pytest.raises(ValueError, match="aggregators must be a sequence of some of .* but got 'mean'"):
        PNAConv(2, mean_log_degree=1.0, aggregators="mean")
    with pytest.raises(ValueError, match="scalers must be a sequence of some of .* but got \\['linear'\\]"):
        PNAConv(2, mean_log_degree=1.0, scalers=["linear"])
    with pytest.raises(ValueError, match="mean_log_degree must be positive, but is 0"):
        PNAConv(2, mean_log_degree=0)
    with pytest.raises(ValueError, match="has no messages"):
        PNAConv(2, mean_log_degree=1.0, sender_node_feature=None)
