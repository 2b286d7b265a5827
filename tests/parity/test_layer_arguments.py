"""Argument values of layers and models that the other files do not compare: so each documented one is compared once."""

import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.testing import random_graph

pytestmark = pytest.mark.slow
H = "hidden_state"
GRAPH = random_graph(1, min_nodes=1)
_FEATURES = {name: {**piece.features, "x": tf.tanh(piece[H])} for name, piece in GRAPH.edge_sets.items()}
GRAPH = GRAPH.replace_features(
    context={**GRAPH.context.features, "x": tf.tanh(GRAPH.context[H])},
    node_sets={name: {**piece.features, "x": tf.tanh(piece[H])} for name, piece in GRAPH.node_sets.items()},
    edge_sets=_FEATURES,
)
READOUT = gnnkit.add_readout_from_first_node(GRAPH, "seed", node_set_name="paper")
OTHER_READOUT = gnnkit.add_readout_from_first_node(
    GRAPH, "root", node_set_name="author", readout_node_set="_readout:own"
)


def dense(k, units=4):
    return k.keras.layers.Dense(units, "tanh")


@pytest.mark.parametrize("reduce_type", gnnkit.get_registered_reduce_operation_names())
def test_reduce_types(assert_parity, reduce_type):
    """The Dense has no bias, so that products and extremes of nodes without edges stay those of the pooling."""
    assert_parity(lambda k: k.layers.SimpleConv(dense(k), reduce_type), GRAPH, edge_set_name="writes")
    assert_parity(lambda k: k.layers.Pool(k.SOURCE, reduce_type, feature_name="x"), GRAPH, edge_set_name="writes")


@pytest.mark.parametrize(
    "make, call_kwargs",
    [
        (lambda k: k.layers.Broadcast(k.TARGET, edge_set_name="writes", feature_name="x"), {}),
        (lambda k: k.layers.Broadcast(k.CONTEXT, feature_name="x"), {"edge_set_name": "cites"}),
        (lambda k: k.layers.Broadcast(k.CONTEXT), {"edge_set_name": "cites", "feature_name": "x"}),
        (lambda k: k.layers.Broadcast(edge_set_name="cites"), {"tag": 1}),
        (lambda k: k.layers.Pool(reduce_type="mean"), {"tag": 0, "edge_set_name": "cites", "feature_name": "x"}),
        (lambda k: k.layers.Pool(k.TARGET), {"reduce_type": "max", "edge_set_name": "cites"}),
        (lambda k: k.layers.Pool(k.CONTEXT, "sum", edge_set_name=["cites"], feature_name="x"), {}),
        (lambda k: k.layers.Pool(k.CONTEXT, "sum", node_set_name="paper"), {"feature_name": "x"}),
        (lambda k: k.layers.Readout(edge_set_name="cites", feature_name="x"), {}),
        (lambda k: k.layers.Readout(from_context=True, feature_name="x"), {}),
        (lambda k: k.layers.ReadoutFirstNode(feature_name="x"), {"node_set_name": "author"}),
        (lambda k: k.layers.MakeEmptyFeature(), None),
    ],
)
def test_operations(assert_parity, make, call_kwargs):
    if call_kwargs is None:  # A piece of a graph, of any kind.
        empty = lambda k, piece: make(k)(piece)  # noqa: E731
        for fns in ({"context_fn": 1}, {"node_sets_fn": 1}, {"edge_sets_fn": 1}):
            (which,) = fns
            assert_parity(lambda k, w=which: k.layers.MapFeatures(**{w: lambda piece, **_: empty(k, piece)}), GRAPH)
        return
    assert_parity(make, GRAPH, **call_kwargs)


@pytest.mark.parametrize("validate", [True, False])
def test_structured_readouts(assert_parity, validate):
    readout, into = "StructuredReadout", "StructuredReadoutIntoFeature"

    def make(name, *args, **kwargs):
        return lambda k: getattr(k.layers, name)(*args, **kwargs, validate=validate)

    assert_parity(make(readout, "seed"), READOUT)
    assert_parity(make(readout, "seed", feature_name="x"), READOUT)
    assert_parity(make(readout, "root", readout_node_set="_readout:own"), OTHER_READOUT)
    assert_parity(make(into, "seed", feature_name="x"), READOUT)
    assert_parity(make(into, "seed", feature_name="x", new_feature_name="y", remove_input_feature=True), READOUT)
    assert_parity(make(into, "root", feature_name=H, readout_node_set="_readout:own"), OTHER_READOUT)
    taken = READOUT.replace_features(
        node_sets={"_readout": {"y": tf.zeros([READOUT.node_sets["_readout"].total_size])}}
    )
    assert_parity(make(into, "seed", feature_name="x", new_feature_name="y", overwrite=True), taken)


def test_add_readout_from_first_node(libraries, convert, assert_same_graph):
    for kwargs in ({}, {"readout_node_set": "_readout:own"}):
        ours, theirs = (
            k.layers.AddReadoutFromFirstNode("seed", node_set_name="paper", **kwargs)(convert(k.library, GRAPH))
            for k in libraries
        )
        assert_same_graph(ours, theirs)


def test_add_self_loops(libraries, convert):
    ours, theirs = (k.layers.AddSelfLoops("cites")(convert(k.library, GRAPH)).edge_sets["cites"] for k in libraries)
    for tag in (0, 1):
        np.testing.assert_array_equal(ours.adjacency[tag], theirs.adjacency[tag])
    for name in ours.features:
        np.testing.assert_allclose(ours[name], theirs[name])


@pytest.mark.parametrize("seed", [None, 3])
def test_item_dropout(libraries, seed):
    """Whole rows go, at the rate that is asked for, and the others grow; without training nothing happens."""
    value = tf.ones([4000, 2, 2])
    for k in libraries:
        layer = k.layers.ItemDropout(0.3, seed=seed)
        np.testing.assert_array_equal(layer(value, training=False), value)
        rows = layer(value, training=True).numpy().reshape(len(value), -1)
        assert np.all(rows == rows[:, :1])
        np.testing.assert_allclose(np.unique(rows), [0, 1 / 0.7], rtol=1e-6)
        assert abs((rows[:, 0] == 0).mean() - 0.3) < 0.04


@pytest.mark.parametrize("node_sets", [None, ["paper"]])
def test_builder(assert_parity, node_sets):
    def make(k, **kwargs):
        builder = k.library.keras.ConvGNNBuilder(
            lambda edge_set_name, receiver_tag: k.layers.SimpleConv(dense(k, 3), receiver_tag=receiver_tag),
            lambda node_set_name: k.layers.NextStateFromConcat(dense(k)),
            receiver_tag=k.TARGET,
            **kwargs,
        )
        return builder.Convolve(node_sets, name="round")

    assert_parity(make, GRAPH)

    def own_node_set_update(k):
        def update(node_set_name, edge_set_inputs, next_state):
            assert node_set_name in GRAPH.node_sets
            return k.layers.NodeSetUpdate(edge_set_inputs, next_state, context_input_feature=H)

        return make(k, node_set_update_factory=update)

    def own_graph_update(k):
        def update(deferred_init_callback, name):
            return k.layers.GraphUpdate(deferred_init_callback=deferred_init_callback, name=name)

        return make(k, graph_update_factory=update)

    assert_parity(own_node_set_update, GRAPH)
    assert_parity(own_graph_update, GRAPH)


def test_deferred_init_callback(assert_parity):
    def make(k):
        def init(spec):
            assert "paper" in spec.node_sets_spec
            conv = k.layers.SimpleConv(dense(k))
            update = k.layers.NodeSetUpdate({"cites": conv}, k.layers.NextStateFromConcat(dense(k)))
            return {"node_sets": {"paper": update}}

        return k.layers.GraphUpdate(deferred_init_callback=init)

    assert_parity(make, GRAPH)


def test_skip_connection_of_a_feature(assert_parity):
    width = GRAPH.node_sets["paper"]["x"].shape[1]

    def make(k):
        next_state = k.layers.ResidualNextState(dense(k, width), skip_connection_feature_name="x")
        pools = {"cites": k.layers.Pool(k.TARGET, "sum")}
        return k.layers.GraphUpdate(
            node_sets={"paper": k.layers.NodeSetUpdate(pools, next_state, node_input_feature=[H, "x"])}
        )

    assert_parity(make, GRAPH)


@pytest.mark.parametrize("tags", [(0,), (1, 0), ()])
def test_node_input_tags(assert_parity, tags):
    def make(k):
        update = k.layers.EdgeSetUpdate(k.layers.NextStateFromConcat(dense(k)), node_input_tags=tags)
        return k.layers.GraphUpdate(edge_sets={"writes": update})

    assert_parity(make, GRAPH)


@pytest.mark.parametrize("patterns", [(None, None), ("_read.*", None), ("_nothing", "_readout/.*")])
def test_map_features_of_auxiliary_sets(libraries, convert, patterns):
    """Which sets are mapped: those of names that the whole pattern matches, besides the ordinary ones."""
    size = READOUT.node_sets["_readout"].total_size
    graph = READOUT.replace_features(
        node_sets={"_readout": {H: tf.ones([size, 1])}}, edge_sets={"_readout/seed": {H: tf.ones([size, 1])}}
    )
    results = []
    for k in libraries:
        layer = k.layers.MapFeatures(
            node_sets_fn=lambda piece, node_set_name: piece[H] * 2.0,
            edge_sets_fn=lambda piece, edge_set_name: piece[H] * 2.0,
            allowed_aux_node_sets_pattern=patterns[0],
            allowed_aux_edge_sets_pattern=patterns[1],
        )
        mapped = layer(convert(k.library, graph))
        pieces = (mapped.node_sets["_readout"], mapped.edge_sets["_readout/seed"], mapped.node_sets["paper"])
        results.append([float(tf.reduce_sum(piece[H])) for piece in pieces])
    np.testing.assert_allclose(*results, rtol=1e-6)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"use_bias": False, "l2_normalize": False, "activation": "tanh"},
        {"combine_type": "concat", "dropout_rate": 0.5, "feature_name": "x"},
    ],
    ids=str,
)
def test_graph_sage_next_state(assert_parity, arguments):
    def make(k):
        # For a sum, messages must have the width of the new state.
        convolutions = {"cites": k.layers.SimpleConv(dense(k, 5)), "writes": k.layers.SimpleConv(dense(k, 5))}
        next_state = k.graph_sage.GraphSAGENextState(units=5, **arguments)
        feature = arguments.get("feature_name", H)
        return k.layers.GraphUpdate(
            node_sets={"paper": k.layers.NodeSetUpdate(convolutions, next_state, node_input_feature=feature)}
        )

    assert_parity(make, GRAPH)


@pytest.mark.parametrize("package, prefix", [("gat_v2", "GATv2"), ("multi_head_attention", "MultiHeadAttention")])
def test_arguments_of_homogeneous_updates(assert_parity, package, prefix):
    graph = random_graph(3, node_sets={"paper": 4}, edge_sets={"cites": ("paper", "paper", 2)})
    own = {"heads_merge_type": "mean"} if package == "gat_v2" else {"score_scaling": "none", "transform_keys": False}

    def make(k):
        return getattr(getattr(k, package), f"{prefix}HomGraphUpdate")(
            num_heads=2,
            per_head_channels=3,
            receiver_tag=k.SOURCE,
            edge_dropout=0.3,
            use_bias=False,
            kernel_initializer="he_normal",
            kernel_regularizer="l2",
            name="own",
            **own,
        )

    assert_parity(make, graph)


def test_gcn_receivers(assert_parity):
    graph = random_graph(3, node_sets={"paper": 4}, edge_sets={"cites": ("paper", "paper", 2)})
    for tag in (0, 1):
        assert_parity(
            lambda k, tag=tag: k.gcn.GCNConv(4, receiver_tag=tag, use_bias=False), graph, edge_set_name="cites"
        )
        assert_parity(
            lambda k, tag=tag: k.gcn.GCNHomGraphUpdate(units=4, receiver_tag=tag, name="own", kernel_regularizer="l2"),
            graph,
        )
