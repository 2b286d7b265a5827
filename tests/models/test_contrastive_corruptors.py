"""Corruptions of graphs. Parity is in tests/parity."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.models.contrastive_losses import CorruptionSpec, Corruptor, DropoutFeatures, ShuffleFeaturesGlobally
from gnnkit.ops._real_components import real_components
from gnnkit.testing import assert_graphs_equal, random_graph

EVERYTHING = {"*": {"*": 0.5}}


@keras.saving.register_keras_serializable("gnnkit_tests")
def add(value, amount):
    return value + amount


def graph_of(**features):
    return gnnkit.homogeneous([0], [1], node_features=features)


def nodes(graph):
    return graph.node_sets["nodes"]


def random_corruptors():
    spec = CorruptionSpec(EVERYTHING)
    return [ShuffleFeaturesGlobally(seed=7), ShuffleFeaturesGlobally(spec, seed=7), DropoutFeatures(spec, seed=7)]


def test_wildcards():
    spec = CorruptionSpec(
        node_set_corruption={"a": {"x": 1.0}, "*": {"x": 2.0, "*": 3.0}},
        edge_set_corruption={"*": {"*": 4.0}},
        context_corruption={"x": 5.0},
    )
    ones = {"x": tf.ones([2]), "y": tf.ones([2])}
    sets = {name: gnnkit.NodeSet.from_fields(features=ones, sizes=[2]) for name in ("a", "b", "_readout")}
    ends = gnnkit.Adjacency.from_indices(("a", [0, 1]), ("b", [1, 0]))
    edges = gnnkit.EdgeSet.from_fields(features=ones, sizes=[2], adjacency=ends)
    context = gnnkit.Context.from_fields(features={"x": [1.0], "y": [1.0]})
    graph = gnnkit.GraphTensor.from_pieces(context, sets, {"e": edges})
    graph = Corruptor(spec, corruption_fn=add, default=6.0)(graph)
    pieces = [graph.context, *(graph.node_sets[name] for name in ("a", "b", "_readout")), graph.edge_sets["e"]]
    got = [(float(piece["x"][0]) - 1, float(piece["y"][0]) - 1) for piece in pieces]
    assert got == [(5, 6), (1, 6), (2, 3), (0, 0), (4, 4)]


def test_without_parameter():
    spec = CorruptionSpec(node_set_corruption={"nodes": {"x": 1.0}})
    with pytest.raises(KeyError, match="nothing of feature 'y' of node set 'nodes'.* or pass default"):
        Corruptor(spec, corruption_fn=add)(graph_of(x=[1.0], y=[1.0]))
    with pytest.raises(ValueError, match="Corruptor needs corruption_spec or default"):
        Corruptor(corruption_fn=add)


def test_seeds():
    """Calls differ; equal seeds give equal draws."""
    graph = graph_of(x=tf.range(1.0, 100.0), y=tf.range(1.0, 100.0))
    for first, second in zip(random_corruptors(), random_corruptors(), strict=True):
        results = [first(graph), first(graph)]
        for result in results:
            assert_graphs_equal(second(graph), result)
            assert not np.array_equal(nodes(result)["x"], nodes(result)["y"])
        assert not np.array_equal(nodes(results[0])["x"], nodes(results[1])["x"])


def test_in_datasets_functions_and_models():
    graph = graph_of(x=tf.range(1.0, 50.0))
    for corruptor in random_corruptors():
        inputs = gnnkit.keras.Input(graph.spec)
        model = gnnkit.keras.Model(inputs, corruptor(inputs))
        dataset = iter(tf.data.Dataset.from_tensors(graph).repeat().map(corruptor))
        draws = [next(dataset), next(dataset), tf.function(corruptor)(graph), model(graph)]
        values = {tuple(nodes(draw)["x"].numpy()) for draw in draws}
        assert len(values) == 4


@pytest.mark.parametrize("rate, num", [(0.0, 0), (0.1, 0), (0.21, 3), (0.5, 5), (0.75, 8), (1.0, 10)])
def test_share_of_shuffled_rows(rate, num):
    """At most `num` of 10 rows move (one alone has nowhere to go), and all of them do so at times, to all places."""
    corruptor = ShuffleFeaturesGlobally(CorruptionSpec({"nodes": {"x": rate}}), seed=1)
    graph = graph_of(x=tf.range(10))
    draws = np.stack([nodes(corruptor(graph))["x"] for _ in range(60)])
    assert np.all(np.sort(draws) == np.arange(10))
    assert np.max(np.sum(draws != np.arange(10), 1)) == num
    assert np.all([len(set(column)) >= 3 for column in draws.T]) == (num > 0)


def test_shuffle_moves_rows_across_components():
    features = {
        "wide": tf.reshape(tf.range(40), [20, 2]),
        "word": tf.strings.as_string(tf.range(20)),
        "ragged": tf.RaggedTensor.from_row_lengths(tf.range(30), [0, 3] * 10),
    }
    sets = {"nodes": gnnkit.NodeSet.from_fields(features=features, sizes=[10, 10])}
    graph = gnnkit.GraphTensor.from_pieces(node_sets=sets)
    for spec in (None, CorruptionSpec(EVERYTHING)):
        result = nodes(ShuffleFeaturesGlobally(spec, seed=1)(graph))
        assert result.sizes.numpy().tolist() == [10, 10]
        for name, value in features.items():
            rows, was = (v.to_list() if name == "ragged" else v.numpy().tolist() for v in (result[name], value))
            assert sorted(rows) == sorted(was) and rows != was
        assert sorted(result["wide"].numpy()[:10, 0]) != list(range(0, 20, 2))


def test_dropout():
    rows = tf.RaggedTensor.from_row_lengths(tf.ones([3000]), [1, 2] * 1000)
    graph = graph_of(x=tf.ones([2000, 3]), ragged=rows, untouched=tf.range(2000))
    spec = CorruptionSpec({"nodes": {"x": 0.75, "ragged": 0.75}})
    result = nodes(DropoutFeatures(spec, seed=1)(graph))
    for values in (result["x"].numpy().ravel(), result["ragged"].flat_values.numpy()):
        assert set(values) == {0.0, 4.0}
        assert np.mean(values == 0) == pytest.approx(0.75, abs=0.03)
    assert result["ragged"].row_lengths().numpy().tolist() == [1, 2] * 1000
    np.testing.assert_array_equal(result["untouched"], np.arange(2000))


@pytest.mark.parametrize(
    "make, rate, text",
    [
        (ShuffleFeaturesGlobally, -0.5, r"feature 'x' of node set 'nodes': the rate of shuffling must be in \[0, 1\]"),
        (ShuffleFeaturesGlobally, 1.5, "but is 1.5"),
        (DropoutFeatures, -0.5, r"feature 'x' of node set 'nodes': the rate of dropout must be in \[0, 1\)"),
        (DropoutFeatures, 1.0, "but is 1.0"),
        (DropoutFeatures, 0.5, "dropout needs floating point values, but they are int32"),
    ],
)
def test_errors(make, rate, text):
    with pytest.raises(ValueError, match=text):
        make(CorruptionSpec({"*": {"*": rate}}))(graph_of(x=[1, 2]))


def test_saved_random_corruptors_draw_from_their_seed(tmp_path):
    graph = graph_of(x=tf.range(1.0, 50.0))
    for corruptor in random_corruptors():
        again = type(corruptor).from_config(corruptor.get_config())
        expected = again(graph)
        assert_graphs_equal(corruptor(graph), expected)
        inputs = gnnkit.keras.Input(graph.spec)
        model = gnnkit.keras.Model(inputs, corruptor(inputs))
        model.save(tmp_path / "model.keras")
        loaded: Any = keras.saving.load_model(tmp_path / "model.keras")
        assert_graphs_equal(loaded(graph), expected)


@pytest.mark.parametrize("rate", [1.0, 0.5])
def test_padding_stays_where_it_is(rate):
    """Real items trade places as they do without padding."""
    spec = CorruptionSpec({"*": {"*": rate}}, {"*": {"*": rate}}, {"*": rate})
    graph = random_graph(3, min_nodes=1)
    sizes = {name: int(piece.total_size) for name, piece in graph.node_sets.items()}
    edges = {name: int(piece.total_size) for name, piece in graph.edge_sets.items()}
    padded, mask = gnnkit.pad_to_total_sizes(
        graph,
        gnnkit.SizeConstraints(
            int(graph.num_components) + 2, {k: v + 3 for k, v in sizes.items()}, {k: v + 2 for k, v in edges.items()}
        ),
    )
    want = ShuffleFeaturesGlobally(spec, seed=5)(graph)
    with real_components(tf.cast(mask, tf.float32)):
        got = ShuffleFeaturesGlobally(spec, seed=5)(padded)
    for kind, counts in (("node_sets", sizes), ("edge_sets", edges)):
        for name, count in counts.items():
            value = getattr(got, kind)[name]["hidden_state"]
            np.testing.assert_array_equal(value[:count], getattr(want, kind)[name]["hidden_state"])
            np.testing.assert_array_equal(value[count:], getattr(padded, kind)[name]["hidden_state"][count:])
    np.testing.assert_array_equal(got.context["hidden_state"][:-2], want.context["hidden_state"])
