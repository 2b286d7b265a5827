"""Functional and subclassed models over graphs: files, clones, errors. Single layers: see test_layer_contract."""

import keras
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.keras import layers
from gnnkit.models.gcn import GCNHomGraphUpdate
from gnnkit.models.vanilla_mpnn import VanillaMPNNGraphUpdate
from gnnkit.testing import assert_graphs_equal, random_graph


def make_spec(graph):
    return graph.spec.relax(num_components=True, num_nodes=True, num_edges=True)


def network(graph):
    def node_sets_fn(node_set, *, node_set_name):
        return keras.layers.Dense(8, "relu")(node_set["hidden_state"])

    graph = layers.MapFeatures(node_sets_fn=node_sets_fn)(graph)
    graph = VanillaMPNNGraphUpdate(units=8, message_dim=8, receiver_tag=gnnkit.TARGET, dropout_rate=0.1)(graph)
    return keras.layers.Dense(2, name="head")(layers.ReadoutFirstNode(node_set_name="paper")(graph))


def functional(graph, cls=gnnkit.keras.Model):
    inputs = gnnkit.keras.Input(make_spec(graph))
    return cls(inputs, network(inputs))


@keras.saving.register_keras_serializable("gnnkit_tests")
class Subclassed(gnnkit.keras.Model):
    def __init__(self, units: int, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.map_features = layers.MapFeatures(
            node_sets_fn=lambda node_set, node_set_name: keras.layers.Dense(8)(node_set["hidden_state"])
        )
        self.update = VanillaMPNNGraphUpdate(units=8, message_dim=8, receiver_tag=gnnkit.TARGET)
        self.readout = layers.ReadoutFirstNode(node_set_name="paper")
        self.head = keras.layers.Dense(units)

    def get_config(self):
        return {**super().get_config(), "units": self.units}

    def call(self, graph):
        return self.head(self.readout(self.update(self.map_features(graph))))


class PlainSubclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.inner = Subclassed(2)

    def call(self, graph):
        return self.inner(graph)


# All of it matters to the papers: Keras warns of weights without a gradient.
SETS = {
    "node_sets": {"author": 3, "paper": 4},
    "edge_sets": {"cites": ("paper", "paper", 2), "writes": ("author", "paper", 2)},
}


@pytest.fixture
def graph():
    return random_graph(3, min_nodes=1, **SETS)


@pytest.fixture
def other_graph():
    return random_graph(8, min_nodes=1, num_components=5, **SETS)


def train(model, graph):
    model.compile("adam", "mse")
    labels = tf.ones([graph.num_components, 2])
    model.fit(tf.data.Dataset.from_tensors((graph, labels)).repeat(2), verbose=0)


@pytest.mark.parametrize("make", [functional, lambda graph: Subclassed(2)], ids=["functional", "subclassed"])
@pytest.mark.parametrize("trained", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_keras_file(make, trained, graph, other_graph, tmp_path):
    model = make(graph)
    model(graph)
    if trained:
        train(model, graph)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded) is type(model)
    for each in (graph, other_graph):
        tf.debugging.assert_equal(loaded(each), model(each))
    if trained:
        assert loaded.optimizer.iterations == 2
        train(loaded, graph)


@pytest.mark.parametrize("cls", [gnnkit.keras.Model, keras.Model])
def test_weights_file_and_clone_of_functional_models(cls, graph, other_graph, tmp_path):
    model = functional(graph, cls)
    model.save_weights(tmp_path / "model.weights.h5")
    for other in (functional(graph, cls), keras.models.clone_model(model)):
        assert not {id(w) for w in other.weights} & {id(w) for w in model.weights}
        other.load_weights(tmp_path / "model.weights.h5")
        tf.debugging.assert_equal(other(other_graph), model(other_graph))


@pytest.mark.parametrize("make", [lambda: Subclassed(2), PlainSubclassed])
def test_weights_file_of_subclassed_models(make, graph, other_graph, tmp_path):
    model, other = make(), make()
    model(graph)
    other(other_graph)
    model.save_weights(tmp_path / "model.weights.h5")
    other.load_weights(tmp_path / "model.weights.h5")
    tf.debugging.assert_equal(other(graph), model(graph))


@pytest.mark.slow
def test_plain_keras_model_trains_but_does_not_save_as_keras_file(graph, tmp_path):
    model = functional(graph, keras.Model)
    train(model, graph)
    with pytest.raises(ValueError, match=r"cannot be saved as a \.keras file\. Make it with gnnkit\.keras\.Model"):
        model.save(tmp_path / "model.keras")


def test_structure_of_inputs_and_outputs(graph, tmp_path):
    inputs = {"graph": gnnkit.keras.Input(make_spec(graph)), "x": keras.Input([2], name="x")}
    pooled = gnnkit.pool(
        inputs["graph"], gnnkit.CONTEXT, node_set_name="paper", reduce_type="sum", feature_name="hidden_state"
    )
    model = gnnkit.keras.Model(inputs, {"same": inputs["graph"], "pair": (pooled, [inputs["x"]])})
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    value = {"graph": graph, "x": tf.ones([3, 2])}
    want, got = model(value), loaded(value)
    assert_graphs_equal(got["same"], graph)
    assert type(got["pair"]) is tuple and type(got["pair"][1]) is list
    tf.debugging.assert_equal(got["pair"][0], want["pair"][0])


def test_model_in_a_model(graph, tmp_path):
    inner = functional(graph)
    inputs = gnnkit.keras.Input(make_spec(graph))
    model = gnnkit.keras.Model(inputs, keras.layers.Dense(3)(inner(inputs)))
    model.save(tmp_path / "model.keras")
    tf.debugging.assert_equal(keras.saving.load_model(tmp_path / "model.keras")(graph), model(graph))


def test_set_names_with_slashes_and_spaces(tmp_path):
    graph = random_graph(1, min_nodes=1, node_sets={"a/b c": 2}, edge_sets={"x/y": ("a/b c", "a/b c", 1)})
    inputs = gnnkit.keras.Input(make_spec(graph))
    model = gnnkit.keras.Model(inputs, GCNHomGraphUpdate(units=3)(inputs))
    model.save(tmp_path / "model.keras")
    assert_graphs_equal(keras.saving.load_model(tmp_path / "model.keras")(graph), model(graph))


def test_batched_graphs_and_ragged_features(tmp_path):
    words = tf.ragged.constant([[1.0, 2.0], [], [3.0]])
    graph = gnnkit.homogeneous([0, 1], [1, 2], node_features={"words": words, "x": tf.ones([3, 2])})
    dataset = tf.data.Dataset.from_tensors(graph).repeat(4).batch(2)
    inputs = gnnkit.keras.Input(dataset.element_spec)
    merged = inputs.merge_batch_to_components()

    def node_sets_fn(node_set, *, node_set_name):
        return keras.layers.Dense(2)(node_set["x"])

    outputs = layers.Readout(node_set_name="nodes")(layers.MapFeatures(node_sets_fn=node_sets_fn)(merged))
    model = gnnkit.keras.Model(inputs, outputs)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    batch = next(iter(dataset))
    assert model(batch).shape == (6, 2)
    tf.debugging.assert_equal(loaded(batch), model(batch))
    assert loaded.predict(dataset, verbose=0).shape == (12, 2)


def test_ragged_features_with_rows_of_equal_length(tmp_path):
    pairs = tf.RaggedTensor.from_uniform_row_length(tf.range(6.0), 2)
    rows = tf.RaggedTensor.from_row_lengths(pairs, [2, 0, 1])
    graph = gnnkit.homogeneous(
        [0, 1], [1, 2], node_features={"pairs": pairs, "rows": rows.with_row_splits_dtype("int64")}
    )
    inputs = gnnkit.keras.Input(graph.spec.relax(num_nodes=True, num_edges=True))
    outputs = [gnnkit.broadcast_node_to_edges(inputs, "edges", 0, feature_name=name) for name in ("pairs", "rows")]
    model = gnnkit.keras.Model(inputs, outputs)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert [output.ragged_rank for output in loaded.outputs] == [output.ragged_rank for output in outputs] == [1, 2]
    assert [value.to_list() for value in loaded(graph)] == [value.to_list() for value in model(graph)]


def test_other_features_than_the_input_are_refused(graph):
    """Keras would take the tensors in the order in which they come."""
    model = functional(graph)
    author = graph.node_sets["author"]
    more = graph.replace_features(node_sets={"author": {**author.features, "age": tf.ones([author.total_size, 3])}})
    with pytest.raises(ValueError, match="(?s)other sets or features than its input.*age.*remove_features"):
        model(more)
    with pytest.raises(ValueError, match="expects a GraphTensor, but got EagerTensor"):
        model(tf.ones([2, 3]))
    with pytest.raises(ValueError, match="rank 0, but got one of rank 1"):
        model(next(iter(tf.data.Dataset.from_tensors(graph).batch(1))))


def test_subclass_with_inputs_and_outputs(graph):
    class Wrong(gnnkit.keras.Model):
        def __init__(self, inputs):
            super().__init__(inputs, inputs.context["hidden_state"])

    with pytest.raises(TypeError, match="a subclass of gnnkit.keras.Model defines call"):
        Wrong(gnnkit.keras.Input(graph.spec))
    functional(graph)
    assert Subclassed(3)(graph).shape == (3, 3)


def test_input_errors():
    with pytest.raises(TypeError, match="needs a GraphTensorSpec, but got TensorSpec.*dataset.element_spec"):
        gnnkit.keras.Input(tf.TensorSpec([None]))


def test_models_are_not_compiled_with_xla(graph):
    model = functional(graph)
    model.compile("adam", "mse")
    assert not model.supports_jit and not model.jit_compile
