"""GraphSAGE against tensorflow-gnn."""

import inspect

import pytest
import tensorflow as tf

from gnnkit.testing import random_graph

H = "hidden_state"
# The first has empty sets in some components, the second has no edges at all.
GRAPHS = [random_graph(1), random_graph(2, max_edges=0)]
both_graphs = pytest.mark.parametrize("graph", GRAPHS, ids=["graph", "no edges"])


@both_graphs
@pytest.mark.parametrize(
    "arguments, call_kwargs",
    [
        ({}, {"edge_set_name": "writes"}),
        ({"units": 2}, {"edge_set_name": "cites"}),
        ({"receiver_tag": 0, "reduce_type": "sum", "units": 2}, {"edge_set_name": "cites"}),
        ({"receiver_tag": "context", "reduce_type": "max_no_inf"}, {"node_set_name": "paper"}),
        ({"reduce_type": "mean|max_no_inf", "dropout_rate": 0.5, "units": 1}, {"edge_set_name": "cites"}),
    ],
    ids=str,
)
def test_convolutions(assert_parity, graph, arguments, call_kwargs):
    arguments = {"receiver_tag": 1, "units": 5, **arguments}
    assert_parity(lambda k: k.graph_sage.GraphSAGEAggregatorConv(**arguments), graph, **call_kwargs)
    assert_parity(lambda k: k.graph_sage.GraphSAGEPoolingConv(hidden_units=3, **arguments), graph, **call_kwargs)


@both_graphs
@pytest.mark.parametrize("arguments", [{"use_bias": False}, {"activation": "tanh"}, {"activation": None}], ids=str)
def test_pooling_convolution(assert_parity, graph, arguments):
    arguments = {"receiver_tag": 1, "units": 5, "hidden_units": 3, "sender_node_feature": H, **arguments}
    assert_parity(lambda k: k.graph_sage.GraphSAGEPoolingConv(**arguments), graph, edge_set_name="writes")


@both_graphs
@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"reduce_type": "sum", "units": 2},
        {"use_bias": True, "activation": "tanh", "dropout_rate": 0.5},
        {"use_bias": True, "add_self_loop": False},
        {"edge_set_names": {"cites"}, "share_weights": True},
        {"edge_set_names": {"cites"}, "receiver_tag": 0, "activation": None},
        {"edge_set_names": set()},
    ],
    ids=str,
)
def test_gcn_node_set_update(assert_parity, graph, arguments):
    arguments = {"edge_set_names": {"cites", "writes"}, "receiver_tag": 1, "units": 5, **arguments}

    def make(k):
        update = k.graph_sage.GCNGraphSAGENodeSetUpdate(**arguments)
        return k.layers.GraphUpdate(node_sets={"paper": update})

    assert_parity(make, graph)


@both_graphs
def test_gcn_node_set_update_of_other_features(assert_parity, graph):
    states = graph.node_sets["paper"][H]
    graph = graph.replace_features(node_sets={"paper": {"x": states[:, :2], "y": states}})
    arguments = {"self_node_feature": "x", "sender_node_feature": "y", "receiver_tag": 1, "units": 3}

    def make(k):
        update = k.graph_sage.GCNGraphSAGENodeSetUpdate(edge_set_names={"cites"}, **arguments)
        return k.layers.GraphUpdate(node_sets={"paper": update})

    assert_parity(make, graph)


@both_graphs
@pytest.mark.parametrize(
    "arguments",
    [
        {"hidden_units": 3},
        {"use_pooling": False},
        {"hidden_units": 3, "receiver_tag": 0, "reduce_type": "max_no_inf", "activation": "tanh"},
        {"hidden_units": 3, "use_bias": False, "l2_normalize": False, "dropout_rate": 0.5},
        {"use_pooling": False, "combine_type": "concat", "node_set_names": ["paper"], "name": "other"},
        {"use_pooling": False, "combine_type": "concat", "reduce_type": "sum", "activation": None},
    ],
    ids=str,
)
def test_graph_update(assert_parity, graph, arguments):
    assert_parity(lambda k: k.graph_sage.GraphSAGEGraphUpdate(**{"units": 4, "receiver_tag": 1, **arguments}), graph)


def test_graph_update_of_another_feature(assert_parity):
    graph = random_graph(1)
    nodes = {name: {"x": tf.tanh(node_set[H])} for name, node_set in graph.node_sets.items()}
    graph = graph.replace_features(node_sets=nodes)

    def make(k):
        return k.graph_sage.GraphSAGEGraphUpdate(units=4, hidden_units=3, receiver_tag=1, feature_name="x")

    assert_parity(make, graph)


@pytest.mark.parametrize(
    "make",
    [
        lambda m: m.GraphSAGEAggregatorConv(receiver_tag=1, units=2, sender_node_feature=None),
        lambda m: m.GraphSAGEAggregatorConv(receiver_tag=1, units=2, sender_edge_feature=H),
        lambda m: m.GraphSAGEPoolingConv(receiver_tag=1, units=2, hidden_units=2, receiver_feature=H),
        lambda m: m.GraphSAGEGraphUpdate(units=2, receiver_tag=1),
        lambda m: m.GraphSAGEGraphUpdate(units=2, receiver_tag=1, use_pooling=False, hidden_units=2),
    ],
)
def test_errors(libraries, make):
    for library in libraries:
        with pytest.raises(ValueError):
            make(library.graph_sage)


def test_signatures(libraries):
    ours, theirs = (library.graph_sage for library in libraries)
    names = [name for name in dir(theirs) if not name.startswith("_")]
    assert sorted(names) == sorted(name for name in dir(ours) if not name.startswith("_"))
    for name in names:
        got, want = (
            {p.name: (p.kind, p.default) for p in inspect.signature(getattr(m, name)).parameters.values()}
            for m in (ours, theirs)
        )
        assert got == want, name
