"""Layers and models with the same weights give the numbers and the gradients that tensorflow-gnn's give."""

import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.testing import random_graph


def dense(k, units=4):
    return k.keras.layers.Dense(units, "tanh")


GRAPHS = [random_graph(seed) for seed in (1, 2)]


@pytest.mark.parametrize("graph", GRAPHS, ids=["graph1", "graph2"])
@pytest.mark.parametrize(
    "make, call_kwargs",
    [
        (lambda k: k.layers.SimpleConv(dense(k)), {"edge_set_name": "cites"}),
        (lambda k: k.layers.SimpleConv(dense(k), "mean|max_no_inf", receiver_tag=k.SOURCE), {"edge_set_name": "writes"}),
        (lambda k: k.layers.SimpleConv(dense(k), receiver_feature=None), {"edge_set_name": "writes"}),
        (lambda k: k.layers.SimpleConv(dense(k), sender_node_feature=None, receiver_feature=None,
                                       sender_edge_feature="hidden_state"), {"edge_set_name": "is_in"}),
        (lambda k: k.layers.SimpleConv(dense(k), sender_edge_feature="hidden_state"), {"edge_set_name": "writes"}),
        (lambda k: k.layers.SimpleConv(dense(k), combine_type="sum"), {"edge_set_name": "cites"}),
        (lambda k: k.layers.SimpleConv(dense(k), receiver_tag=None), {"edge_set_name": "cites", "receiver_tag": 0}),
        (lambda k: k.layers.SimpleConv(dense(k), receiver_tag=k.CONTEXT), {"node_set_name": "paper"}),
        (lambda k: k.layers.SimpleConv(dense(k), receiver_tag=k.CONTEXT, sender_edge_feature="hidden_state"),
         {"edge_set_name": "writes"}),
        (lambda k: k.layers.Pool(k.TARGET, "sum"), {"edge_set_name": "cites"}),
        (lambda k: k.layers.Pool(k.CONTEXT, "mean", node_set_name=["author", "author"]), {}),
        (lambda k: k.layers.Broadcast(k.SOURCE, edge_set_name="writes"), {}),
        (lambda k: k.layers.Broadcast(k.CONTEXT), {"node_set_name": "venue"}),
        (lambda k: k.layers.Readout(node_set_name="venue"), {}),
        (lambda k: k.layers.Readout(feature_name="hidden_state"), {"edge_set_name": "cites"}),
        (lambda k: k.layers.Readout(from_context=True), {}),
    ],
)  # fmt: skip
def test_convolutions_and_operations(assert_parity, graph, make, call_kwargs):
    assert_parity(make, graph, **call_kwargs)


def test_readout_first_node(assert_parity):
    graph = random_graph(3, min_nodes=1)
    assert_parity(lambda k: k.layers.ReadoutFirstNode(node_set_name="paper"), graph)


def edge_update(**kwargs):
    return lambda k: k.layers.GraphUpdate(
        edge_sets={"writes": k.layers.EdgeSetUpdate(k.layers.NextStateFromConcat(dense(k)), **kwargs)}
    )


def node_update(next_state=lambda k: k.layers.NextStateFromConcat(dense(k)), **kwargs):
    return lambda k: k.layers.GraphUpdate(
        node_sets={
            "paper": k.layers.NodeSetUpdate(
                {"writes": k.layers.SimpleConv(dense(k, 3)), "cites": k.layers.Pool(k.TARGET, "mean")},
                next_state(k),
                **kwargs,
            )
        }
    )


def context_update(edges=False, **kwargs):
    def make(k):
        pools = {
            "edge_set_inputs": {"is_in": k.layers.Pool(k.CONTEXT, "sum"), "cites": k.layers.Pool(k.CONTEXT, "mean")}
        }
        nodes = {"venue": k.layers.Pool(k.CONTEXT, "sum"), "author": k.layers.Pool(k.CONTEXT, "max_no_inf")}
        next_state = k.layers.NextStateFromConcat(dense(k))
        return k.layers.GraphUpdate(
            context=k.layers.ContextUpdate(nodes, next_state, **(pools if edges else {}), **kwargs)
        )

    return make


def all_updates(k):
    return k.layers.GraphUpdate(
        edge_sets={"cites": k.layers.EdgeSetUpdate(k.layers.NextStateFromConcat(dense(k)))},
        node_sets={
            "paper": k.layers.NodeSetUpdate(
                {"cites": k.layers.Pool(k.TARGET, "sum")}, k.layers.NextStateFromConcat(dense(k))
            ),
            "author": k.layers.NodeSetUpdate(
                {"writes": k.layers.SimpleConv(dense(k), receiver_tag=k.SOURCE)}, k.layers.SingleInputNextState()
            ),
        },
        context=k.layers.ContextUpdate(
            {"paper": k.layers.Pool(k.CONTEXT, "mean")}, k.layers.NextStateFromConcat(dense(k))
        ),
    )


@pytest.mark.parametrize("graph", GRAPHS, ids=["graph1", "graph2"])
@pytest.mark.parametrize(
    "make",
    [
        edge_update(),
        edge_update(context_input_feature="hidden_state", node_input_tags=[1]),
        edge_update(edge_input_feature=None),
        edge_update(node_input_feature=None, context_input_feature="hidden_state"),
        node_update(),
        node_update(context_input_feature="hidden_state"),
        node_update(node_input_feature=None),
        node_update(lambda k: k.layers.ResidualNextState(dense(k), activation="relu")),
        node_update(lambda k: k.layers.ResidualNextState(dense(k)), node_input_feature=["hidden_state"]),
        context_update(),
        context_update(edges=True),
        context_update(edges=True, context_input_feature=None),
        all_updates,
    ],
)
def test_updates(assert_parity, graph, make):
    assert_parity(make, graph)


def test_what_updates_hand_to_next_states(libraries, convert):
    """Structure, keys and order, found by looking at what arrives."""
    graph = random_graph(1)

    def arrives(k, make):
        seen = []

        class Spy(k.keras.layers.Layer):
            def call(self, inputs):
                seen.append(inputs)
                state, context = inputs[0], inputs[2]
                return context if isinstance(state, dict) and not state else state

        def plain(x):
            if isinstance(x, dict):
                return {key: plain(x[key]) for key in sorted(x)}
            return tuple(x.shape) if hasattr(x, "shape") else [plain(v) for v in x]

        make(k, Spy())(graph if k.library is gnnkit else convert(k.library, graph))
        return plain(seen[-1])

    both = ["hidden_state"]
    makes = [
        lambda k, spy: k.layers.GraphUpdate(edge_sets={"writes": k.layers.EdgeSetUpdate(spy)}),
        lambda k, spy: k.layers.GraphUpdate(
            edge_sets={"writes": k.layers.EdgeSetUpdate(spy, edge_input_feature=both, context_input_feature=both)}
        ),
        lambda k, spy: k.layers.GraphUpdate(
            node_sets={
                "paper": k.layers.NodeSetUpdate(
                    {"writes": k.layers.Pool(k.TARGET, "sum")}, spy, context_input_feature="hidden_state"
                )
            }
        ),
        lambda k, spy: k.layers.GraphUpdate(node_sets={"paper": k.layers.NodeSetUpdate({}, spy)}),
        lambda k, spy: k.layers.GraphUpdate(
            context=k.layers.ContextUpdate(
                {"paper": k.layers.Pool(k.CONTEXT, "sum")},
                spy,
                edge_set_inputs={"cites": k.layers.Pool(k.CONTEXT, "sum")},
            )
        ),
        lambda k, spy: k.layers.GraphUpdate(context=k.layers.ContextUpdate({}, spy)),
    ]
    for make in makes:
        ours, theirs = (arrives(k, make) for k in libraries)
        assert ours == theirs


@pytest.mark.parametrize("state_width", [0, 4])
def test_next_states_by_themselves(libraries, state_width):
    rng = np.random.default_rng(1)

    def tensor(width):
        return tf.constant(rng.normal(size=(5, width)), tf.float32)

    inputs = (tensor(state_width), {"b": tensor(2), "a": tensor(3)}, {"z": tensor(2), "c": tensor(1)})
    kernel, bias = rng.normal(size=(state_width + 8, 4)), rng.normal(size=4)
    for name in ("NextStateFromConcat", "ResidualNextState"):
        results = []
        for k in libraries:
            transformation = k.keras.layers.Dense(4)
            layer = getattr(k.layers, name)(transformation)
            layer(inputs)
            transformation.set_weights([kernel, bias])
            results.append(layer(inputs))
        np.testing.assert_allclose(*results, rtol=1e-5, atol=1e-5)


def map_features(k):
    def node_sets_fn(node_set, *, node_set_name):
        if node_set_name == "venue":
            return k.layers.MakeEmptyFeature()(node_set)
        if node_set_name == "author":
            return None
        return {"hidden_state": dense(k)(node_set["hidden_state"]), "old": node_set["hidden_state"]}

    def edge_sets_fn(edge_set, *, edge_set_name):
        return dense(k, 2)(edge_set["hidden_state"]) if edge_set_name == "cites" else {}

    return k.layers.MapFeatures(lambda context: dense(k)(context["hidden_state"]), node_sets_fn, edge_sets_fn)


@pytest.mark.parametrize("graph", GRAPHS, ids=["graph1", "graph2"])
def test_map_features(assert_parity, graph):
    assert_parity(map_features, graph)


MPNN = {"units": 4, "message_dim": 3}


@pytest.mark.parametrize("graph", GRAPHS, ids=["graph1", "graph2"])
@pytest.mark.parametrize(
    "arguments",
    [
        {"receiver_tag": 1},
        {"receiver_tag": 0},
        {"receiver_tag": 1, "node_set_names": ["paper"], "edge_feature": "hidden_state"},
        {"receiver_tag": 1, "reduce_type": "mean", "l2_regularization": 0.1},
        {"receiver_tag": 1, "reduce_type": "mean|max_no_inf", "use_layer_normalization": True, "dropout_rate": 0.5},
        {"receiver_tag": 0, "kernel_initializer": "he_normal"},
    ],
    ids=str,
)
def test_vanilla_mpnn(assert_parity, graph, arguments):
    assert_parity(lambda k: k.vanilla_mpnn.VanillaMPNNGraphUpdate(**MPNN, **arguments), graph)


def homogeneous(seed, max_edges=9):
    graph = random_graph(
        seed, node_sets={"paper": 4}, edge_sets={"cites": ("paper", "paper", 2)}, max_edges=max_edges, min_nodes=1
    )
    edges = graph.edge_sets["cites"].get_features_dict()
    return graph.replace_features(edge_sets={"cites": {**edges, "weight": tf.abs(edges["hidden_state"][:, 0]) * 3.0}})


@pytest.mark.parametrize(
    "graph", [homogeneous(1), homogeneous(2), homogeneous(3, max_edges=0)], ids=["1", "2", "no edges"]
)
@pytest.mark.parametrize("degree_normalization", ["none", "in", "out", "in_out", "in_in"])
@pytest.mark.parametrize("add_self_loops", [False, True])
@pytest.mark.parametrize("weight", [None, "weight"])
def test_gcn(assert_parity, graph, degree_normalization, add_self_loops, weight):
    arguments = {
        "degree_normalization": degree_normalization,
        "add_self_loops": add_self_loops,
        "edge_weight_feature_name": weight,
    }

    def conv(k):
        return k.gcn.GCNConv(units=5, receiver_tag=0, activation="tanh", kernel_regularizer="l2", **arguments)

    assert_parity(conv, graph, edge_set_name="cites")
    assert_parity(lambda k: k.gcn.GCNHomGraphUpdate(units=4, activation="tanh", **arguments), graph)


def test_gcn_without_bias_and_of_another_feature(assert_parity):
    graph = homogeneous(4)
    states = graph.node_sets["paper"]["hidden_state"]
    graph = graph.replace_features(node_sets={"paper": {"x": states[:, :2], "hidden_state": states}})
    assert_parity(lambda k: k.gcn.GCNHomGraphUpdate(units=4, feature_name="x", use_bias=False, activation=None), graph)
    assert_parity(lambda k: k.gcn.GCNConv(4, node_feature="x", kernel_initializer="ones"), graph, edge_set_name="cites")


def test_convolution_base_gives_convolve_what_tfgnn_gives(assert_parity):
    """A user's convolution, written once, for all kinds of receivers."""

    def make(k, **kwargs):
        class Conv(k.layers.AnyToAnyConvolutionBase):
            def __init__(self):
                super().__init__(extra_receiver_ops={"softmax": k.library.softmax}, **kwargs)
                self.dense = dense(k)

            def convolve(self, *, sender_node_input, sender_edge_input, receiver_input, broadcast_from_sender_node,
                         broadcast_from_receiver, pool_to_receiver, extra_receiver_ops, training):  # fmt: skip
                inputs = [sender_edge_input] if sender_edge_input is not None else []
                inputs += [broadcast_from_sender_node(sender_node_input)] if sender_node_input is not None else []
                inputs += [broadcast_from_receiver(receiver_input)] if receiver_input is not None else []
                message = self.dense(tf.concat(inputs, -1))
                return pool_to_receiver(extra_receiver_ops["softmax"](message) * message, reduce_type="sum")

        return Conv()

    graph = random_graph(2)
    for kwargs, call_kwargs in (
        ({"receiver_tag": 1}, {"edge_set_name": "writes"}),
        ({}, {"edge_set_name": "cites", "receiver_tag": 0}),
        ({"receiver_tag": 1, "receiver_feature": None}, {"edge_set_name": "is_in"}),
        ({"receiver_tag": "context"}, {"node_set_name": "author"}),
        (
            {"receiver_tag": "context", "sender_node_feature": None, "sender_edge_feature": "hidden_state"},
            {"edge_set_name": "cites"},
        ),
    ):
        assert_parity(lambda k, kwargs=kwargs: make(k, **kwargs), graph, **call_kwargs)
