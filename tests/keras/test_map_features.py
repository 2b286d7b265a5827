"""MapFeatures and MakeEmptyFeature."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.keras import layers
from gnnkit.testing import assert_graphs_equal, random_graph

H = "hidden_state"
S, T, C = gnnkit.SOURCE, gnnkit.TARGET, gnnkit.CONTEXT


@pytest.fixture
def graph():
    return random_graph(3, min_nodes=1)


def dense(units=4):
    return keras.layers.Dense(units)


class TestMapFeatures:
    def test_results(self, graph):
        calls = []

        def node_sets_fn(node_set, *, node_set_name):
            calls.append(node_set_name)
            if node_set_name == "author":
                return None
            if node_set_name == "paper":
                return {"a": node_set[H] * 2, "b": node_set[H]}
            return node_set[H] + 1

        layer = layers.MapFeatures(node_sets_fn=node_sets_fn)
        for _ in range(2):
            got = layer(graph)
        assert calls == ["author", "paper", "venue"]  # Once a set, not once a call.
        assert list(got.node_sets["paper"].features) == ["a", "b"]
        np.testing.assert_array_equal(got.node_sets["paper"]["a"], graph.node_sets["paper"][H] * 2)
        np.testing.assert_array_equal(got.node_sets["venue"][H], graph.node_sets["venue"][H] + 1)
        assert got.node_sets["author"][H] is graph.node_sets["author"][H]
        assert got.edge_sets["cites"][H] is graph.edge_sets["cites"][H]

    def test_result_that_does_not_depend_on_the_input(self, graph):
        layer = layers.MapFeatures(node_sets_fn=lambda node_set, node_set_name: tf.ones([3, 1]))
        with pytest.raises(ValueError, match="(?s)node set 'author'.*does not depend on its input.*MakeEmptyFeature"):
            layer(graph)

    def test_unknown_set_and_other_features(self, graph):
        layer = layers.MapFeatures(node_sets_fn=lambda node_set, node_set_name: node_set[H])
        small = random_graph(1, node_sets={"paper": 4}, edge_sets={"cites": ("paper", "paper", 2)})
        layer(small)
        with pytest.raises(KeyError, match=r"node set 'author' was not there when the layer was first called.*'paper'"):
            layer(graph)
        with pytest.raises(
            ValueError, match="(?s)other sets or features than in the first call.*Use a new MapFeatures"
        ):
            layer(small.replace_features(node_sets={"paper": {"other": small.node_sets["paper"][H]}}))

    def test_auxiliary_sets(self):
        sets = {"node_sets": {"a": 2, "_b": 2}, "edge_sets": {"e": ("a", "a", 1), "_f": ("a", "a", 1)}}
        graph = random_graph(1, **sets)

        def seen(**kwargs):
            names = []
            layers.MapFeatures(
                node_sets_fn=lambda _, node_set_name: names.append(node_set_name),
                edge_sets_fn=lambda _, edge_set_name: names.append(edge_set_name),
                **kwargs,
            )(graph)
            return names

        assert seen() == ["a", "e"]
        assert seen(allowed_aux_node_sets_pattern="_b", allowed_aux_edge_sets_pattern="_.*") == ["_b", "a", "_f", "e"]
        assert seen(allowed_aux_node_sets_pattern="_") == ["a", "e"]

    def test_shared_layer_survives_a_reload(self, tmp_path):
        """TF-GNN's does not (B22)."""
        shared = dense()
        layer = layers.MapFeatures(node_sets_fn=lambda node_set, node_set_name: shared(node_set[H]))
        graph = random_graph(1, node_sets={"a": 2, "b": 2}, edge_sets={})
        inputs = gnnkit.keras.Input(graph.spec)
        model = gnnkit.keras.Model(inputs, layer(inputs))
        model.save(tmp_path / "model.keras")
        loaded = keras.saving.load_model(tmp_path / "model.keras")
        assert len(loaded.weights) == len(model.weights) == 2
        got, want = loaded(graph), model(graph)
        for name in "ab":
            np.testing.assert_array_equal(got.node_sets[name][H], want.node_sets[name][H])

    def test_strings_ragged_and_latent_sets(self, tmp_path):
        words = tf.ragged.constant([["x", "y"], [], ["z"]])
        graph = gnnkit.GraphTensor.from_pieces(
            node_sets={
                "doc": gnnkit.NodeSet.from_fields(sizes=[2, 1], features={"words": words, "id": ["p", "q", "r"]}),
                "latent": gnnkit.NodeSet.from_fields(sizes=[1, 4]),
            }
        )

        def node_sets_fn(node_set, *, node_set_name):
            if node_set_name == "latent":
                return layers.MakeEmptyFeature()(node_set)
            return {"id": node_set["id"], "bucket": keras.layers.Hashing(5)(node_set["id"])}

        inputs = gnnkit.keras.Input(graph.spec.relax(num_nodes=True))
        model = gnnkit.keras.Model(inputs, layers.MapFeatures(node_sets_fn=node_sets_fn)(inputs))
        model.save(tmp_path / "model.keras")
        for each in (model(graph), keras.saving.load_model(tmp_path / "model.keras")(graph)):
            assert each.node_sets["latent"][H].shape == (5, 0)
            assert each.node_sets["doc"]["id"].numpy().tolist() == [b"p", b"q", b"r"]
            assert each.node_sets["doc"]["bucket"].shape == (3,)

    def test_saving_before_the_first_call(self):
        layer = layers.MapFeatures(node_sets_fn=lambda node_set, node_set_name: None)
        with pytest.raises(ValueError, match="has not been called yet.*Call it on a graph first"):
            layer.get_config()
        assert layers.MapFeatures.from_config(layers.MapFeatures().get_config()) is not None

    def test_not_a_graph(self):
        with pytest.raises(TypeError, match="MapFeatures needs a GraphTensor, but got KerasTensor"):
            layers.MapFeatures()(tf.ones([2, 2]))

    def test_empty_features_of_batches(self, graph):
        batch = next(iter(tf.data.Dataset.from_tensors(graph).repeat(2).batch(2)))
        got = layers.MakeEmptyFeature()(batch.node_sets["paper"])
        assert got.shape == (2, None, 0)
        np.testing.assert_array_equal(got.row_lengths(), [graph.node_sets["paper"].total_size] * 2)


def test_b22_layers_that_sets_share_stay_shared_when_saved(tmp_path):
    """TF-GNN cannot load models in which they do (B22)."""
    graph = random_graph(1, min_nodes=1, node_sets={"a": 2, "b": 2}, edge_sets={"e": ("a", "b", 2)})
    shared, own = keras.layers.Dense(3), keras.layers.Dense(3)

    def node_sets_fn(node_set, *, node_set_name):
        return shared(node_set["hidden_state"])

    def edge_sets_fn(edge_set, *, edge_set_name):
        return {"hidden_state": shared(edge_set["hidden_state"]), "own": own(edge_set["hidden_state"])}

    inputs = gnnkit.keras.Input(graph.spec.relax(num_nodes=True, num_edges=True))
    mapped = layers.MapFeatures(node_sets_fn=node_sets_fn, edge_sets_fn=edge_sets_fn)(inputs)
    model = gnnkit.keras.Model(inputs, mapped)
    assert len(model.weights) == 4
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert [w.shape for w in loaded.weights] == [w.shape for w in model.weights]
    assert_graphs_equal(loaded(graph), model(graph))
    # One kernel for all sets: a change of it is seen in all of them.
    for weights in (model.weights, loaded.weights):
        for weight in weights:
            weight.assign(2.0 * weight + 1.0)
    changed = loaded(graph)
    assert_graphs_equal(changed, model(graph))
    for name in ("a", "b"):
        np.testing.assert_allclose(
            changed.node_sets[name]["hidden_state"], shared(graph.node_sets[name]["hidden_state"]), 1e-6
        )
    # Weights files hold them once as well.
    loaded.save_weights(tmp_path / "model.weights.h5")
    for weight in model.weights:
        weight.assign(tf.zeros_like(weight))
    model.load_weights(tmp_path / "model.weights.h5")
    assert_graphs_equal(model(graph), changed)
