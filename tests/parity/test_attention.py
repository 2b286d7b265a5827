"""GATv2 and multi-head attention against tensorflow-gnn."""

import pytest

from gnnkit._parameters import parameters_of
from gnnkit.testing import random_graph

# tensorflow-gnn's multi-head attention says so of any attention_activation with score scaling.
pytestmark = pytest.mark.filterwarnings("ignore:using both an activation on transformed inputs and score scaling")

H = "hidden_state"
HEADS = {"num_heads": 2, "per_head_channels": 3}
MODELS = [("gat_v2", "GATv2"), ("multi_head_attention", "MultiHeadAttention")]
both_models = pytest.mark.parametrize("package, prefix", MODELS, ids=[package for package, _ in MODELS])
# The first has empty sets in some components, the second has no edges at all.
GRAPHS = [random_graph(1), random_graph(2, max_edges=0)]
both_graphs = pytest.mark.parametrize("graph", GRAPHS, ids=["graph", "no edges"])
NODES, EDGES, BOTH = {}, {"sender_node_feature": None, "sender_edge_feature": H}, {"sender_edge_feature": H}


def conv(package, prefix, **kwargs):
    return lambda k: getattr(getattr(k, package), f"{prefix}Conv")(**{**HEADS, **kwargs})


@both_models
@both_graphs
@pytest.mark.parametrize("senders", [NODES, EDGES, BOTH], ids=["nodes", "edges", "both"])
@pytest.mark.parametrize(
    "arguments, call_kwargs",
    [
        ({"receiver_tag": 1}, {"edge_set_name": "writes"}),
        ({}, {"edge_set_name": "cites", "receiver_tag": 0}),
        ({"receiver_tag": "context"}, {"edge_set_name": "writes"}),
        ({"receiver_tag": "context"}, {"node_set_name": "author"}),
    ],
    ids=["target", "source", "edges to context", "nodes to context"],
)
def test_receivers_and_senders(assert_parity, package, prefix, graph, senders, arguments, call_kwargs):
    if "node_set_name" in call_kwargs:
        senders = NODES
    elif arguments.get("receiver_tag") == "context" and senders is NODES:
        senders = BOTH
    assert_parity(conv(package, prefix, **arguments, **senders), graph, **call_kwargs)


@both_models
@pytest.mark.parametrize("senders", [NODES, EDGES, BOTH], ids=["nodes", "edges", "both"])
@pytest.mark.parametrize(
    "arguments",
    [
        {"use_bias": False, "kernel_regularizer": "l2"},
        {"edge_dropout": 0.5},
        {"attention_activation": "tanh", "activation": "gelu"},
        {"attention_activation": None, "activation": None},
        {"kernel_initializer": "he_normal", "num_heads": 1},
    ],
    ids=str,
)
def test_arguments(assert_parity, package, prefix, senders, arguments):
    assert_parity(conv(package, prefix, receiver_tag=1, **senders, **arguments), GRAPHS[0], edge_set_name="writes")


def test_other_features(assert_parity):
    graph = GRAPHS[0]
    graph = graph.replace_features(node_sets={"paper": {"p": graph.node_sets["paper"][H]},
                                              "author": {"a": graph.node_sets["author"][H]}})  # fmt: skip
    for model in MODELS:
        assert_parity(
            conv(*model, receiver_tag=1, receiver_feature="p", sender_node_feature="a"), graph, edge_set_name="writes"
        )


@pytest.mark.parametrize("senders", [NODES, EDGES, BOTH], ids=["nodes", "edges", "both"])
def test_gat_v2_mean_of_heads(assert_parity, senders):
    mean = conv("gat_v2", "GATv2", heads_merge_type="mean", receiver_tag=1, **senders)
    assert_parity(mean, GRAPHS[0], edge_set_name="writes")


@pytest.mark.parametrize("senders", [NODES, EDGES, BOTH], ids=["nodes", "edges", "both"])
@pytest.mark.parametrize("transform_keys", [True, False])
@pytest.mark.parametrize("transform_values_after_pooling", [True, False])
@pytest.mark.parametrize(
    "others",
    [
        {"score_scaling": "none", "use_bias": False},
        {"score_scaling": "rsqrt_dim", "inputs_dropout": 0.3},
        {"score_scaling": "trainable_elup1", "attention_activation": "elu", "kernel_regularizer": "l2"},
    ],
    ids=str,
)
def test_multi_head_attention(assert_parity, senders, transform_keys, transform_values_after_pooling, others):
    make = conv(
        *MODELS[1],
        receiver_tag=1,
        transform_keys=transform_keys,
        transform_values_after_pooling=transform_values_after_pooling,
        **senders,
        **others,
    )
    assert_parity(make, GRAPHS[0], edge_set_name="writes")


@both_models
@both_graphs
def test_edge_pool(assert_parity, package, prefix, graph):
    for tag in (1, "context"):

        def pool(k, tag=tag):
            return getattr(getattr(k, package), f"{prefix}EdgePool")(receiver_tag=tag, sender_feature=H, **HEADS)

        assert_parity(pool, graph, edge_set_name="writes")
    graph = graph.replace_features(edge_sets={"writes": {"e": graph.edge_sets["writes"][H]}})
    assert_parity(
        lambda k: getattr(getattr(k, package), f"{prefix}EdgePool")(sender_feature="e", use_bias=False, **HEADS),
        graph,
        edge_set_name="writes",
        receiver_tag=0,
    )


@both_models
def test_homogeneous_graph_update(assert_parity, package, prefix):
    graph = random_graph(3, node_sets={"paper": 4}, edge_sets={"cites": ("paper", "paper", 2)})
    states = graph.node_sets["paper"][H]

    def update(k, **kwargs):
        return getattr(getattr(k, package), f"{prefix}HomGraphUpdate")(**HEADS, **kwargs)

    assert_parity(lambda k: update(k, receiver_tag=1), graph)
    assert_parity(lambda k: update(k, receiver_tag=0, sender_edge_feature=H, activation="tanh", name="other"), graph)
    graph = graph.replace_features(node_sets={"paper": {"x": states[:, :2], H: states}})
    assert_parity(lambda k: update(k, receiver_tag=0, feature_name="x"), graph)


@pytest.mark.filterwarnings("ignore:GATv2GraphUpdate is deprecated")
def test_deprecated_graph_update(assert_parity):
    graph = random_graph(3, node_sets={"paper": 4}, edge_sets={"cites": ("paper", "paper", 2)})
    for edge_set_name in ("cites", "not looked at"):
        assert_parity(
            lambda k, name=edge_set_name: k.gat_v2.GATv2GraphUpdate(edge_set_name=name, use_bias=False, **HEADS), graph
        )


MPNN = {"units": 5, "message_dim": 6, "num_heads": 3}


@both_models
@pytest.mark.parametrize(
    "arguments",
    [
        {"receiver_tag": 1},
        {"receiver_tag": 0, "activation": "tanh", "attention_activation": "tanh", "conv_activation": "elu"},
        {"receiver_tag": 1, "node_set_names": ["paper"], "edge_feature": H},
        {"receiver_tag": 1, "state_dropout_rate": 0.3, "edge_dropout_rate": 0.3, "kernel_initializer": "he_normal"},
    ],
    ids=str,
)
def test_mpnn_graph_update(assert_parity, package, prefix, arguments):
    def update(k):
        return getattr(getattr(k, package), f"{prefix}MPNNGraphUpdate")(**MPNN, **arguments)

    assert_parity(update, GRAPHS[0])


def test_gat_v2_mpnn_graph_update(assert_parity):
    """Arguments that multi-head attention lacks or, for the regularization, gets wrong in tensorflow-gnn."""
    for kwargs in ({"heads_merge_type": "mean"}, {"l2_regularization": 0.1, "edge_feature": H}):
        assert_parity(
            lambda k, kwargs=kwargs: k.gat_v2.GATv2MPNNGraphUpdate(receiver_tag=1, **MPNN, **kwargs), GRAPHS[0]
        )


def arguments_of(function):
    parameters = parameters_of(function).values()
    return {p.name: (p.kind, p.default) for p in parameters if p.kind != p.VAR_KEYWORD}


@both_models
def test_signatures(libraries, package, prefix):
    """All of TF-GNN's arguments, with its defaults."""
    ours, theirs = (getattr(k, package) for k in libraries)
    names = {n for n in dir(theirs) if not n.startswith("_") and n != "graph_update_from_config_dict"}
    assert names <= set(dir(ours))
    for name in names:
        assert arguments_of(getattr(theirs, name)).items() <= arguments_of(getattr(ours, name)).items(), name


@pytest.mark.parametrize("package", ["gat_v2", "multi_head_attention", "vanilla_mpnn"])
def test_config_dicts(libraries, package):
    """The same keys, with None for what must yet be set, and the other library's as input."""
    ours, theirs = (getattr(k, package).graph_update_get_config_dict() for k in libraries)
    assert {**ours}.items() >= {**theirs}.items()
    assert set(ours) - set(theirs) <= {"attention_activation"}  # None by default, which ml_collections has no type for
    theirs.update(units=4, message_dim=4, receiver_tag=1, **({} if package == "vanilla_mpnn" else {"num_heads": 2}))
    update = getattr(libraries[0], package).graph_update_from_config_dict(theirs, node_set_names=["paper"])
    result = update(GRAPHS[0])
    assert [v[H].shape[1] for v in result.node_sets.values()] == [3, 4, 2]
