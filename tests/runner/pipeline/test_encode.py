"""The layers that apply what encodings have learned, against NumPy."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.runner.config import Features
from gnnkit.runner.pipeline import plan_features
from gnnkit.runner.pipeline._embedding_layers import BagOfWords, OneHot
from gnnkit.runner.pipeline._encode import make_embedder, make_encoder, raw_features, slices
from gnnkit.runner.pipeline._encoding_layers import FindPlace, HashWords, ScaleNumber, ScaleVector
from gnnkit.samplers import to_graph_tensor

VISIBLE = {"paper": np.array([0, 1, 2])}
EVERYTHING = {
    "node_sets": {
        "paper": {
            "year": {"type": "number", "normalize": "log", "clip": 3.0},
            "decade": {"type": "category", "feature": "year"},
            "score": {"type": "number", "missing": "mean"},
            "venue": "category",
            "place": {"type": "category", "feature": "venue", "dim": 3},
            "topic": {"type": "text_hash", "buckets": 8, "dim": None},
            "about": {"type": "text_hash", "feature": "topic", "buckets": 8, "dim": 4},
            "words": {"type": "vector", "normalize": "row"},
            "me": {"type": "id_embedding", "dim": 5},
        }
    },
    "edge_sets": {"writes": {"order": {"type": "number", "normalize": "minmax"}}},
}


def planned(tables, values, visible=None):
    plan = plan_features(Features.model_validate(values), tables, visible=visible)
    return plan, to_graph_tensor(tables, features=raw_features(plan))


def encoded(tables, encoding, set_name="paper", kind="node_sets", visible=VISIBLE):
    plan, graph = planned(tables, {kind: {set_name: {"it": encoding}}}, visible)
    result = make_encoder(plan, graph.spec)(graph)
    return np.asarray(getattr(result, kind)[set_name]["it"])


def revived(layer):
    """A copy by way of a config in JSON."""
    return keras.layers.deserialize(json.loads(json.dumps(keras.layers.serialize(layer))))


@pytest.mark.parametrize("normalize", ["standard", "log", "minmax", "none"])
def test_numbers(tables, normalize):
    x = tables.node_sets["paper"].features["year"].astype(np.float64)
    f = np.log1p(x) if normalize == "log" else x
    seen = f[:3]
    shift, scale = {
        "standard": (seen.mean(), seen.std()),
        "log": (seen.mean(), seen.std()),
        "minmax": (seen.min(), np.ptp(seen)),
        "none": (0.0, 1.0),
    }[normalize]
    found = encoded(tables, {"type": "number", "feature": "year", "normalize": normalize})
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, ((f - shift) / scale)[:, None], rtol=1e-6)


def test_large_numbers_keep_their_differences(tables):
    tables.node_sets["paper"].features["year"] = 10**11 + np.arange(6)
    found = encoded(tables, {"type": "number", "feature": "year"}, visible=None)
    np.testing.assert_allclose(found[:, 0], (np.arange(6) - 2.5) / np.arange(6).std(), rtol=1e-5)


def test_clipped_and_missing_numbers(tables):
    found = encoded(tables, {"type": "number", "feature": "year", "clip": 2.0})
    np.testing.assert_allclose(found[:, 0], [-np.sqrt(1.5), 0, np.sqrt(1.5), 2, 2, 2], rtol=1e-6)
    mean = encoded(tables, {"type": "number", "feature": "score", "missing": "mean", "normalize": "none"})
    assert mean[:, 0].tolist() == [1, 2, 3, 5, 5, 5]
    zero = encoded(tables, {"type": "number", "feature": "score", "missing": "zero"}, visible=None)
    x = np.array([1, 0, 3, 5, 5, 5])
    np.testing.assert_allclose(zero[:, 0], (x - x.mean()) / x.std(), rtol=1e-6)


def test_negative_numbers_have_a_signed_logarithm():
    layer = ScaleNumber(0.0, 1.0, log=True)
    np.testing.assert_allclose(layer(np.array([-3, 0, 3])), [[-np.log(4)], [0], [np.log(4)]], rtol=1e-6)


def test_categories_of_texts_and_of_numbers(tables):
    assert encoded(tables, {"type": "category", "feature": "venue"}).tolist() == [1, 2, 1, 0, 0, 0]
    assert encoded(tables, {"type": "category", "feature": "year"}).tolist() == [1, 2, 3, 0, 0, 0]
    assert encoded(tables, {"type": "category", "feature": "order"}, "writes", "edge_sets").tolist() == [1, 2]
    vocabulary = {"type": "category", "feature": "venue", "vocabulary": ["z", "q"]}
    assert encoded(tables, vocabulary).tolist() == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("feature", ["venue", "year"])
def test_an_empty_vocabulary_knows_nothing(tables, feature):
    found = encoded(tables, {"type": "category", "feature": feature, "min_count": 100})
    assert found.tolist() == [0] * 6
    assert found.dtype == np.int64


def test_categories_of_booleans(tables):
    tables.node_sets["paper"].features["flag"] = np.array([True, False, True, False, False, True])
    assert encoded(tables, {"type": "category", "feature": "flag"}).tolist() == [1, 2, 1, 2, 2, 1]
    found = encoded(tables, {"type": "number", "feature": "flag", "normalize": "none"})
    assert found[:, 0].tolist() == [1, 0, 1, 0, 0, 1]


def test_one_hot_has_a_place_for_unknown_values():
    np.testing.assert_array_equal(OneHot(3)(np.array([0, 2])), [[1, 0, 0], [0, 0, 1]])


def test_words():
    layer = HashWords(1000)
    found = layer(tf.constant(["Über graphs, GRAPHS; 7x", "", " - "]))
    words = [[b"\xc3\xbcber", b"graphs", b"graphs", b"7x"], [], []]
    expected = [tf.strings.to_hash_bucket_fast(tf.constant(w, tf.string), 1000).numpy().tolist() for w in words]
    assert found.to_list() == expected
    assert HashWords(1000, lowercase=False)(tf.constant(["A a"])).row_lengths().numpy().tolist() == [2]
    assert len(set(HashWords(10**6, lowercase=False)(tf.constant(["A a"])).values.numpy())) == 2


def test_texts_that_are_no_utf8_do_not_stop_a_run():
    assert HashWords(10)(tf.constant([b"caf\xe9 noir"])).nrows() == 1


def test_bags_of_words_are_counts_or_means():
    words = tf.ragged.constant([[1, 1, 3], [], [0]], dtype=tf.int64)
    np.testing.assert_array_equal(BagOfWords(4)(words), [[0, 2, 0, 1], [0, 0, 0, 0], [1, 0, 0, 0]])
    layer = BagOfWords(4, 2)
    found = np.asarray(layer(words))
    (table,) = (np.asarray(w) for w in layer.get_weights())
    np.testing.assert_allclose(found, [(2 * table[1] + table[3]) / 3, [0, 0], table[0]], rtol=1e-6)


def test_vectors(tables):
    x = tables.node_sets["paper"].features["words"]
    row = encoded(tables, {"type": "vector", "feature": "words", "normalize": "row"})
    np.testing.assert_allclose(row, [[0.5, 0.5], [0, 1], [0.25, 0.75], [0, 0], [1, 0], [0, 1]])
    l2 = encoded(tables, {"type": "vector", "feature": "words", "normalize": "l2"})
    np.testing.assert_allclose(l2, x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9), rtol=1e-6)
    standard = encoded(tables, {"type": "vector", "feature": "words", "normalize": "standard"})
    np.testing.assert_allclose(standard, (x - x[:3].mean(0)) / x[:3].std(0), rtol=1e-6)
    np.testing.assert_array_equal(encoded(tables, {"type": "vector", "feature": "words"}), x)


def test_ids(tables):
    assert encoded(tables, {"type": "id_embedding"}, "author").tolist() == [1, 2]
    assert FindPlace([b"a0", b"a1"])(tf.constant(["a1", "new"])).numpy().tolist() == [2, 0]
    assert FindPlace([b"\xff"])(tf.constant([b"\xff"])).numpy().tolist() == [1]


@pytest.mark.parametrize(
    ("layer", "inputs"),
    [
        (ScaleNumber(1.5, 2.0, True, 3.0, 0.5), np.array([np.nan, 2.0, -7.0])),
        (ScaleVector("l1"), np.array([[1.0, 3.0]])),
        (ScaleVector(None, [1.0, 2.0], [3.0, 4.0]), np.array([[1.0, 3.0]])),
        (FindPlace([b"a", b"\xff"]), tf.constant([b"a", b"\xff", b"c"])),
        (FindPlace((7, 5)), np.array([5, 7, 9])),
        (FindPlace(()), np.array([5])),
        (HashWords(50, False), tf.constant(["A b", ""])),
        (OneHot(3), np.array([1, 2])),
        (BagOfWords(4), tf.ragged.constant([[1, 1], []], dtype=tf.int64)),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, keras.Layer) else "",
)
def test_configs_give_the_same_layers(layer, inputs):
    copy = revived(layer)
    assert copy.get_config() == layer.get_config()
    for a, b in zip(tf.nest.flatten(layer(inputs), True), tf.nest.flatten(copy(inputs), True), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_encoder_loads_from_a_keras_file(tables, tmp_path):
    plan, graph = planned(tables, EVERYTHING, VISIBLE)
    encoder = make_encoder(plan, graph.spec)
    encoder.save(tmp_path / "encoder.keras")
    loaded = keras.models.load_model(tmp_path / "encoder.keras")
    expected = tf.nest.flatten(encoder(graph), expand_composites=True)
    for a, b in zip(expected, tf.nest.flatten(loaded(graph), expand_composites=True), strict=True):
        np.testing.assert_array_equal(a, b)
    assert encoder(graph).node_sets["author"].features == {}


def test_encoder_and_embedder_in_one_saved_model(tables, tmp_path):
    plan, graph = planned(tables, EVERYTHING, VISIBLE)
    encoder = make_encoder(plan, graph.spec)
    inputs = gnnkit.keras.Input(encoder.output.spec)
    embed = make_embedder(plan, plan.node_sets, plan.edge_sets)
    model = gnnkit.keras.Model(inputs, embed(inputs))
    expected = model(encoder(graph))
    state = np.asarray(expected.node_sets["paper"]["hidden_state"])
    assert state.shape == (6, plan.width("node_sets", "paper"))
    assert expected.node_sets["author"]["hidden_state"].shape == (2, 0)
    assert np.asarray(expected.edge_sets["writes"]["hidden_state"]).tolist() == [[0.0], [1.0]]

    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(encoder(graph)).node_sets["paper"]["hidden_state"], state)

    module = tf.Module()
    module.parts = [encoder, model]

    @tf.function(input_signature=[graph.spec], autograph=False)
    def score(g):
        return model(encoder(g)).node_sets["paper"]["hidden_state"]

    leaves = tf.nest.flatten(graph, expand_composites=True)
    signature = [tf.TensorSpec.from_tensor(leaf) for leaf in leaves]
    module.score = tf.function(
        lambda *xs: score(tf.nest.pack_sequence_as(graph, xs, expand_composites=True)),
        input_signature=signature,
        autograph=False,
    )
    tf.saved_model.save(module, str(tmp_path / "saved"))
    loaded = tf.saved_model.load(str(tmp_path / "saved"))
    np.testing.assert_array_equal(loaded.score(*leaves), state)


def test_slices_are_the_places_in_the_state(tables):
    plan, graph = planned(tables, EVERYTHING, VISIBLE)
    found = slices(plan.node_sets["paper"])
    assert [s.name for s in found] == list(EVERYTHING["node_sets"]["paper"])
    assert [s.stop for s in found[:-1]] == [s.start for s in found[1:]]
    assert found[-1].stop == plan.width("node_sets", "paper")
    state = make_embedder(plan, plan.node_sets)(make_encoder(plan, graph.spec)(graph)).node_sets["paper"]
    venue = next(s for s in found if s.name == "venue")
    one_hot = np.asarray(state["hidden_state"])[:, venue.start : venue.stop]
    np.testing.assert_array_equal(one_hot, np.eye(3)[[1, 2, 1, 0, 0, 0]])
