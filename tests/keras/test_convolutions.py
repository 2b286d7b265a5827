"""Convolutions, operations as layers, and the builder; see also the contract in test_layer_contract."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.keras import ConvGNNBuilder, layers
from gnnkit.testing import random_graph

H = "hidden_state"
S, T, C = gnnkit.SOURCE, gnnkit.TARGET, gnnkit.CONTEXT


@pytest.fixture
def graph():
    return random_graph(3, min_nodes=1)


def dense(units=4):
    return keras.layers.Dense(units)


class TestConvolutions:
    """Other kinds of receivers are in the list of the contract."""

    def test_errors(self, graph):
        def conv(**kwargs):
            return layers.SimpleConv(dense(), **kwargs)

        with pytest.raises(ValueError, match="made with receiver_tag=1, but called with 0. Give it once"):
            conv()(graph, edge_set_name="cites", receiver_tag=S)
        with pytest.raises(ValueError, match="receiver_tag must be .* but got None"):
            conv(receiver_tag=None)(graph, edge_set_name="cites")
        with pytest.raises(ValueError, match="pass exactly one of edge_set_name and node_set_name"):
            conv()(graph)
        with pytest.raises(ValueError, match="receiver_tag 1 needs edge_set_name; node_set_name goes to CONTEXT"):
            conv()(graph, node_set_name="paper")
        with pytest.raises(KeyError, match="the graph has no edge set 'nope'; it has"):
            conv()(graph, edge_set_name="nope")
        with pytest.raises(
            KeyError, match="Edge set 'cites' has no feature 'w', which sender_edge_feature of SimpleConv"
        ):
            conv(sender_edge_feature="w")(graph, edge_set_name="cites")
        with pytest.raises(ValueError, match="has no inputs: receiver_feature, sender_node_feature and"):
            conv(receiver_feature=None, sender_node_feature=None)(graph, edge_set_name="cites")
        with pytest.raises(ValueError, match="sender_edge_feature is None, so there is nothing to send"):
            conv(receiver_tag=C)(graph, edge_set_name="cites")
        with pytest.raises(ValueError, match="sends to the context, where there are no edges"):
            conv(receiver_tag=C, sender_edge_feature=H)(graph, node_set_name="paper")

    @pytest.mark.parametrize("reduce_type", ["sum", "mean", "max"])
    def test_what_was_broadcast_is_pooled(self, graph, reduce_type):
        """In functions, sums and means of senders' states need no row an edge; their values and gradients are the same."""

        class Neighbors(layers.AnyToAnyConvolutionBase):
            def convolve(self, *, sender_node_input, broadcast_from_sender_node, pool_to_receiver, **kwargs):
                sent = broadcast_from_sender_node(sender_node_input)
                pooled = pool_to_receiver(sent, reduce_type=reduce_type)
                return pooled + pool_to_receiver(tf.tanh(sent), reduce_type=reduce_type)

        conv = Neighbors(receiver_tag=T)
        states = graph.node_sets["paper"][H]

        def values(states):
            with tf.GradientTape() as tape:
                tape.watch(states)
                changed = graph.replace_features(node_sets={"paper": {H: states}})
                result = conv(changed, edge_set_name="cites")
            return result, tf.convert_to_tensor(tape.gradient(result, states, tf.cos(result)))

        compiled = tf.function(values)
        ops = [op.type for op in compiled.get_concrete_function(states).graph.get_operations()]
        assert ("SparseMatrixMatMul" in ops) == (reduce_type != "max")
        for got, want in zip(compiled(states), values(states), strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)

    def test_what_it_takes(self):
        conv = layers.SimpleConv(dense(), receiver_feature=None, sender_edge_feature="w")
        assert (conv.takes_receiver_input, conv.takes_sender_node_input, conv.takes_sender_edge_input) == (
            False,
            True,
            True,
        )

    def test_training_reaches_the_message_function(self, graph):
        conv = layers.SimpleConv(keras.layers.Dropout(0.5), receiver_feature=None)
        quiet, noisy = (conv(graph, edge_set_name="cites", training=training) for training in (False, True))
        want = gnnkit.pool_neighbors_to_node(graph, "cites", T, reduce_type="sum", feature_name=H)
        np.testing.assert_allclose(quiet, want, 1e-5)
        assert np.any(np.abs(noisy - quiet) > 1e-3)

    def test_gcn_errors(self, graph):
        gcn = gnnkit.models.gcn
        with pytest.raises(
            ValueError, match="'writes' joins node sets 'author' and 'paper', but needs both ends in the"
        ):
            gcn.GCNConv(3)(graph, edge_set_name="writes")
        with pytest.raises(
            ValueError, match=r"'hidden_state' of edge set 'cites' must have shape \[E\], but have \[\d+, 2\]"
        ):
            gcn.GCNConv(3, edge_weight_feature_name=H)(graph, edge_set_name="cites")
        with pytest.raises(ValueError, match="degree_normalization must be one of .* but got 'both'"):
            gcn.GCNConv(3, degree_normalization="both")
        with pytest.raises(ValueError, match=r"receiver_tag must be SOURCE \(0\) or TARGET \(1\), but got 'context'"):
            gcn.GCNConv(3, receiver_tag=C)
        with pytest.raises(ValueError, match="GCNHomGraphUpdate needs a homogeneous graph.*'author', 'paper', 'venue'"):
            gcn.GCNHomGraphUpdate(units=3)(graph)


class TestOperationsAsLayers:
    def test_arguments_in_the_constructor_or_the_call(self, graph):
        want = gnnkit.pool_edges_to_node(graph, "cites", T, "mean", feature_name=H)
        for layer, kwargs in (
            (layers.Pool(T, "mean", edge_set_name="cites"), {}),
            (layers.Pool(T, "mean"), {"edge_set_name": "cites", "feature_name": H}),
            (layers.Pool(), {"tag": T, "reduce_type": "mean", "edge_set_name": "cites"}),
        ):
            np.testing.assert_array_equal(layer(graph, **kwargs), want)

    def test_errors(self, graph):
        with pytest.raises(ValueError, match="made with tag=1, but called with 0. Give it once"):
            layers.Pool(T, "sum")(graph, tag=S, edge_set_name="cites")
        with pytest.raises(ValueError, match="needs a tag: gnnkit.SOURCE, gnnkit.TARGET or gnnkit.CONTEXT"):
            layers.Broadcast(edge_set_name="cites")(graph)
        with pytest.raises(ValueError, match="needs a reduce_type, such as 'sum'"):
            layers.Pool(T)(graph, edge_set_name="cites")
        with pytest.raises(
            ValueError, match="exactly one of edge_set_name, node_set_name and from_context=True, but got none"
        ):
            layers.Readout()(graph)
        with pytest.raises(KeyError, match="no node set 'nope'; it has"):
            layers.Readout(node_set_name="nope")(graph)
        with pytest.raises(KeyError, match="edge set 'cites' has no feature 'x', only"):
            layers.Readout(edge_set_name="cites", feature_name="x")(graph)
        with pytest.raises(ValueError, match="needs a node_set_name"):
            layers.ReadoutFirstNode()(graph)

    def test_structured_readout(self, graph):
        graph = layers.AddReadoutFromFirstNode("seed", node_set_name="paper")(graph)
        want = gnnkit.gather_first_node(graph, "paper", feature_name=H)
        np.testing.assert_array_equal(layers.StructuredReadout("seed")(graph), want)
        np.testing.assert_array_equal(layers.StructuredReadout()(graph, key="seed"), want)
        moved = layers.StructuredReadoutIntoFeature(
            "seed", feature_name=H, new_feature_name="label", remove_input_feature=True
        )(graph)
        np.testing.assert_array_equal(moved.node_sets["_readout"]["label"], want)
        assert not moved.node_sets["paper"].features
        with pytest.raises(ValueError, match="needs a key, in the constructor or the call"):
            layers.StructuredReadout()(graph)
        with pytest.raises(ValueError, match="made with key='seed', but called with 'other'"):
            layers.StructuredReadout("seed")(graph, key="other")

    def test_labels_keep_their_dtype_under_mixed_precision(self, graph):
        policy = keras.config.dtype_policy()
        keras.config.set_dtype_policy("mixed_float16")
        try:
            graph = layers.AddReadoutFromFirstNode("seed", node_set_name="paper")(graph)
            graph = layers.StructuredReadoutIntoFeature("seed", feature_name=H)(graph)
            assert graph.node_sets["_readout"][H].dtype == tf.float32
            assert layers.Readout(node_set_name="_readout")(graph).dtype == tf.float32
        finally:
            keras.config.set_dtype_policy(policy)


class TestBuilder:
    def builder(self, made, receiver_tag=T, **kwargs):
        def conv(edge_set_name, receiver_tag):
            made.append((edge_set_name, receiver_tag))
            return layers.SimpleConv(dense(), receiver_tag=receiver_tag)

        def next_state(node_set_name):
            made.append(node_set_name)
            return layers.NextStateFromConcat(dense(7))

        return ConvGNNBuilder(conv, next_state, receiver_tag=receiver_tag, **kwargs)

    def test_all_sets_that_receive(self, graph):
        made = []
        got = self.builder(made).Convolve()(graph)
        assert made == [("cites", T), ("writes", T), "paper", ("is_in", T), "venue"]
        assert {k: v[H].shape[1] for k, v in got.node_sets.items()} == {"author": 3, "paper": 7, "venue": 7}
        made.clear()
        got = self.builder(made, S).Convolve(["author"], name="my_update")(graph)
        assert made == [("writes", S), "author"]

    def test_auxiliary_sets_stay_out(self):
        sets = {"a": 2, "_b": 2}
        edges = {"e": ("a", "a", 1), "_f": ("a", "a", 1), "to_b": ("a", "_b", 1), "from_b": ("_b", "a", 1)}
        made = []
        self.builder(made).Convolve()(random_graph(1, node_sets=sets, edge_sets=edges))
        assert made == [("e", T), "a"]

    def test_errors(self, graph):
        with pytest.raises(ValueError, match=r"receiver_tag must be gnnkit.SOURCE \(0\) or .*but got 'context'"):
            self.builder([], C)
        with pytest.raises(ValueError, match="node set 'author' receives from no edge set.*those that receive are"):
            self.builder([]).Convolve(["author"])(graph)
        aux = random_graph(1, node_sets={"_b": 2}, edge_sets={"e": ("_b", "_b", 1)})
        with pytest.raises(ValueError, match="node set '_b' is auxiliary"):
            self.builder([]).Convolve(["_b"])(aux)
        with pytest.raises(ValueError, match=r"no node set receives.*The edge sets of the graph are \['e'\]"):
            self.builder([]).Convolve()(aux)

    def test_factories(self, graph):
        class Update(layers.GraphLayer):
            def __init__(self, convolutions):
                super().__init__()
                self.convolutions = convolutions

            def call(self, graph, node_set_name):
                return tf.zeros_like(graph.node_sets[node_set_name][H])

        graph_updates = []

        def graph_update(**kwargs):
            graph_updates.append(layers.GraphUpdate(**kwargs))
            return graph_updates[-1]

        builder = ConvGNNBuilder(
            lambda edge_set_name, receiver_tag: layers.Pool(receiver_tag, "sum"),
            receiver_tag=T,
            node_set_update_factory=Update,
            graph_update_factory=graph_update,
        )
        update = builder.Convolve(["paper"])
        assert np.all(update(graph).node_sets["paper"][H] == 0) and graph_updates == [update]

    def test_a_factory_may_want_the_name_of_the_node_set(self, graph):
        """As tensorflow-gnn calls it: see tests/parity/test_layer_arguments.py."""
        named = []

        def update(node_set_name, edge_set_inputs):
            named.append(node_set_name)
            return layers.NodeSetUpdate(edge_set_inputs, layers.NextStateFromConcat(keras.layers.Dense(2)))

        builder = ConvGNNBuilder(
            lambda edge_set_name, receiver_tag: layers.Pool(receiver_tag, "sum"),
            receiver_tag=T,
            node_set_update_factory=update,
        )
        assert builder.Convolve(["paper"])(graph).node_sets["paper"][H].shape[1] == 2 and named == ["paper"]
