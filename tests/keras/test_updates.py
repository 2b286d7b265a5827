"""Graph updates and their parts: what they pass on, and what they say when they cannot."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.keras import layers
from gnnkit.testing import random_graph

H = "hidden_state"
S, T, C = gnnkit.SOURCE, gnnkit.TARGET, gnnkit.CONTEXT


@pytest.fixture
def graph():
    return random_graph(3, min_nodes=1)


def dense(units=4):
    return keras.layers.Dense(units)


class Spy(keras.layers.Layer):
    """Keeps its inputs and returns the state."""

    def call(self, inputs):
        self.seen = inputs
        return inputs[0] if not isinstance(inputs[0], dict) else next(iter(inputs[0].values()))


class TestGraphUpdate:
    def test_stages_see_each_other_and_features_stay(self, graph):
        class AddOne(keras.layers.Layer):
            def call(self, inputs):
                return {H: inputs[0] + 1}

        cites = graph.edge_sets["cites"]
        graph = graph.replace_features(edge_sets={"cites": {**cites.features, "kept": cites[H]}})
        got = layers.GraphUpdate(
            edge_sets={"cites": layers.EdgeSetUpdate(AddOne())},
            node_sets={"paper": layers.NodeSetUpdate({"cites": layers.Pool(T, "sum")}, layers.SingleInputNextState())},
            context=layers.ContextUpdate({"paper": layers.Pool(C, "sum")}, layers.SingleInputNextState()),
        )(graph)
        edges = cites[H] + 1
        np.testing.assert_array_equal(got.edge_sets["cites"][H], edges)
        np.testing.assert_array_equal(got.edge_sets["cites"]["kept"], cites[H])
        papers = gnnkit.pool_edges_to_node(graph, "cites", T, feature_value=edges)
        np.testing.assert_allclose(got.node_sets["paper"][H], papers, 1e-5)
        pooled = gnnkit.pool_nodes_to_context(graph, "paper", feature_value=papers)
        np.testing.assert_allclose(got.context[H], pooled, 1e-5)

    def test_all_node_sets_see_the_states_before(self, graph):
        """Not those that another node set has just got."""
        spy = Spy()
        layers.GraphUpdate(
            node_sets={
                "author": lambda g, node_set_name: g.node_sets["author"][H] * 0,
                "paper": layers.NodeSetUpdate(
                    {"writes": layers.SimpleConv(keras.layers.Identity(), receiver_feature=None)}, spy
                ),
            }
        )(graph)
        want = gnnkit.pool_neighbors_to_node(graph, "writes", T, reduce_type="sum", feature_name=H)
        np.testing.assert_allclose(spy.seen[1]["writes"], want, 1e-5)

    def test_missing_hidden_state(self, graph):
        graph = graph.replace_features(node_sets={"paper": {"year": graph.node_sets["paper"][H]}})
        update = gnnkit.models.vanilla_mpnn.VanillaMPNNGraphUpdate(units=2, message_dim=2, receiver_tag=T)
        message = (
            r"Node set 'paper' has no feature 'hidden_state'.*its features are .*'year'.*MapFeatures before the first"
        )
        with pytest.raises(KeyError, match=message):
            update(graph)

    def test_after_a_failed_call_another_works_and_saves(self, graph, tmp_path):
        update = gnnkit.models.vanilla_mpnn.VanillaMPNNGraphUpdate(units=2, message_dim=2, receiver_tag=T)
        with pytest.raises(KeyError, match="hidden_state"):
            update(graph.remove_features(node_sets={"paper": [H]}))
        inputs = gnnkit.keras.Input(graph.spec)
        model = gnnkit.keras.Model(inputs, layers.Readout(node_set_name="paper")(update(inputs)))
        model.save(tmp_path / "model.keras")
        np.testing.assert_array_equal(keras.saving.load_model(tmp_path / "model.keras")(graph), model(graph))

    def test_errors(self, graph):
        with pytest.raises(ValueError, match="nothing to update. Pass edge_sets, node_sets or context"):
            layers.GraphUpdate()
        with pytest.raises(ValueError, match="either deferred_init_callback or"):
            layers.GraphUpdate(context=dense(), deferred_init_callback=lambda spec: {})
        with pytest.raises(KeyError, match=r"updates set 'nope', which the graph lacks; it has node sets .*'author'"):
            layers.GraphUpdate(node_sets={"nope": layers.NodeSetUpdate({}, Spy())})(graph)
        with pytest.raises(KeyError, match="node set 'paper' receives from edge set 'nope', which the graph lacks"):
            layers.GraphUpdate(node_sets={"paper": layers.NodeSetUpdate({"nope": layers.Pool(T, "sum")}, Spy())})(graph)

    def test_deferred_init(self, graph):
        specs = []

        def init(spec):
            specs.append(spec)
            return {"node_sets": {"paper": layers.NodeSetUpdate({}, layers.NextStateFromConcat(dense(7)))}}

        update = layers.GraphUpdate(deferred_init_callback=init)
        with pytest.raises(ValueError, match="has not been called yet, so its deferred_init_callback did not run"):
            update.get_config()
        for _ in range(2):
            assert update(graph).node_sets["paper"][H].shape[1] == 7
        assert len(specs) == 1 and isinstance(specs[0], gnnkit.GraphTensorSpec)
        assert list(layers.GraphUpdate.from_config(update.get_config())._node_set_updates) == ["paper"]

    def test_called_twice_it_shares_its_weights(self, graph):
        update = layers.GraphUpdate(node_sets={"paper": layers.NodeSetUpdate({}, layers.NextStateFromConcat(dense(4)))})
        inputs = gnnkit.keras.Input(graph.spec)
        model = gnnkit.keras.Model(inputs, update(update(inputs)))
        assert len(model.weights) == 2
        np.testing.assert_allclose(model(graph).node_sets["paper"][H], update(update(graph)).node_sets["paper"][H])


class TestArgumentsOfNextStates:
    def test_edge_set_update(self, graph):
        spy = Spy()
        layers.EdgeSetUpdate(spy, edge_input_feature=[H], context_input_feature=H)(graph, edge_set_name="writes")
        edges, nodes, context = spy.seen
        assert list(edges) == [H] and list(nodes) == [S, T]
        want = gnnkit.broadcast_node_to_edges(graph, "writes", T, feature_name=H)
        np.testing.assert_array_equal(nodes[T], want)
        np.testing.assert_array_equal(context, gnnkit.broadcast_context_to_edges(graph, "writes", feature_name=H))
        layers.EdgeSetUpdate(spy, node_input_tags=[S])(graph, edge_set_name="writes")
        assert list(spy.seen[1]) == [S] and spy.seen[2] == {}

    def test_node_set_update(self, graph):
        spy = Spy()
        layers.NodeSetUpdate({"writes": layers.Pool(T, "sum")}, spy)(graph, node_set_name="paper")
        state, pooled, context = spy.seen
        np.testing.assert_array_equal(state, graph.node_sets["paper"][H])
        assert list(pooled) == ["writes"] and context == {}
        layers.NodeSetUpdate({}, spy, context_input_feature=H)(graph, node_set_name="paper")
        assert spy.seen[1] == {}
        np.testing.assert_array_equal(spy.seen[2], gnnkit.broadcast_context_to_nodes(graph, "paper", feature_name=H))

    def test_context_update(self, graph):
        spy = Spy()
        pools = {"cites": layers.Pool(C, "sum")}
        layers.ContextUpdate({"paper": layers.Pool(C, "sum")}, spy, edge_set_inputs=pools)(graph)
        state, nodes, edges = spy.seen
        np.testing.assert_array_equal(state, graph.context[H])
        assert list(nodes) == ["paper"] and list(edges) == ["cites"]

    def test_residual_next_state(self):
        state, pooled = tf.ones([2, 3]), {"e": tf.ones([2, 1])}
        block = keras.layers.Dense(3, kernel_initializer="zeros")
        assert np.all(layers.ResidualNextState(block)((state, pooled, {})) == 1)
        named = layers.ResidualNextState(block, skip_connection_feature_name="x")
        assert np.all(named(({"x": state}, pooled, {})) == 1)
        with pytest.raises(KeyError, match="has no feature 'x' for the skip connection, only .'y'."):
            named(({"y": state}, pooled, {}))
        with pytest.raises(KeyError, match="needs a state that is a dict of features, but it is a single tensor"):
            named((state, pooled, {}))
        with pytest.raises(
            ValueError, match=r"state has shape \[2, 3\].*gives \[2, 5\].*Set the units of the residual"
        ):
            layers.ResidualNextState(dense(5))((state, pooled, {}))

    def test_single_input_next_state(self):
        state, one = tf.ones([2, 3]), tf.zeros([2, 1])
        assert np.all(layers.SingleInputNextState()((state, {"e": one}, {})) == 0)
        with pytest.raises(ValueError, match=r"exactly one input, but got 2: \['a', 'b'\]. Use NextStateFromConcat"):
            layers.SingleInputNextState()((state, {"a": one, "b": one}, {}))
        with pytest.raises(ValueError, match="takes no input from the context, but got one"):
            layers.SingleInputNextState()((state, {"a": one}, one))

    def test_nothing_to_concatenate(self):
        with pytest.raises(ValueError, match="nothing to concatenate"):
            layers.NextStateFromConcat(dense())(({}, {}, {}))
