"""Integrated gradients: completeness, axioms of the paper, baselines, errors."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.attribution import integrated_gradients, top_features


def _graph(sizes=(3, 4), seed=0):
    rng = np.random.default_rng(seed)
    nodes, starts = sum(sizes), np.cumsum([0, *sizes[:-1]])
    source = np.concatenate([start + np.arange(1, n) for start, n in zip(starts, sizes, strict=True)])
    target = np.concatenate([np.full([n - 1], start) for start, n in zip(starts, sizes, strict=True)])
    return gnnkit.GraphTensor.from_pieces(
        context=gnnkit.Context.from_fields(features={"scale": rng.normal(size=(len(sizes), 1)).astype(np.float32)}),
        node_sets={
            "paper": gnnkit.NodeSet.from_fields(
                sizes=list(sizes),
                features={"x": rng.normal(size=(nodes, 3)).astype(np.float32), "id": np.arange(nodes)},
            )
        },
        edge_sets={
            "cites": gnnkit.EdgeSet.from_fields(
                sizes=[n - 1 for n in sizes],
                features={"weight": rng.uniform(0.5, 2.0, size=(len(source), 1)).astype(np.float32)},
                adjacency=gnnkit.Adjacency.from_indices(("paper", source), ("paper", target)),
            )
        },
    )


def _model(activation="tanh", outputs=3):
    keras.utils.set_random_seed(2)
    first = keras.layers.Dense(8, activation)
    second = keras.layers.Dense(outputs)

    def fn(graph):
        state = first(graph.node_sets["paper"]["x"])
        sent = gnnkit.broadcast_node_to_edges(graph, "cites", gnnkit.SOURCE, feature_value=state)
        sent = sent * graph.edge_sets["cites"]["weight"]
        state += gnnkit.pool_edges_to_node(graph, "cites", gnnkit.TARGET, "sum", feature_value=sent)
        root = gnnkit.gather_first_node(graph, "paper", feature_value=state)
        return second(tf.nn.tanh(root) * (1 + graph.context["scale"]))

    return fn


@pytest.mark.parametrize("baseline", ["zero", "mean", "random"])
@pytest.mark.parametrize("target", [None, 1, [0, 2]])
def test_attributions_add_up_to_the_change_of_the_score(baseline, target):
    graph = _graph()
    result = integrated_gradients(_model(), graph, baseline=baseline, target=target, seed=4, steps=24)
    assert result.gap.shape == [2]
    np.testing.assert_allclose(result.gap, 0, atol=1e-5)
    assert result.completeness_error < 1e-4
    assert set(result.features) == {("context", None, "scale"), ("nodes", "paper", "x"), ("edges", "cites", "weight")}
    assert result.graph.node_sets["paper"]["x"].shape == [7, 3]
    np.testing.assert_array_equal(
        result.graph.edge_sets["cites"].adjacency.source, graph.edge_sets["cites"].adjacency.source
    )


def test_kinks_cost_accuracy_but_steps_buy_it_back():
    errors = [integrated_gradients(_model("relu"), _graph(), steps=n).completeness_error for n in (4, 64)]
    assert errors[1] < 0.01 and errors[1] < errors[0]


@pytest.mark.slow
def test_the_integral_is_that_of_the_paper():
    graph, fn = _graph(), _model()
    result = integrated_gradients(fn, graph, target=0, features=[("nodes", "paper", "x")], steps=20)
    x = graph.node_sets["paper"]["x"]
    mean = tf.zeros_like(x)
    for alpha in (np.arange(400) + 0.5) / 400:  # Riemann's sum, in the simplest form.
        with tf.GradientTape() as tape:
            point = tf.cast(alpha, tf.float32) * x
            tape.watch(point)
            features = {**graph.node_sets["paper"].features, "x": point}
            score = tf.reduce_sum(fn(graph.replace_features(node_sets={"paper": features}))[:, 0])
        mean += tape.gradient(score, point) / 400
    np.testing.assert_allclose(result.graph.node_sets["paper"]["x"], x * mean, atol=1e-4)


@pytest.mark.parametrize("steps_per_call", [1, 5, 20])
def test_points_may_be_computed_one_by_one_or_together(steps_per_call):
    alone = integrated_gradients(_model(), _graph(), steps=20, steps_per_call=1)
    other = integrated_gradients(_model(), _graph(), steps=20, steps_per_call=steps_per_call)
    for key, value in alone.features.items():
        np.testing.assert_allclose(other.features[key], value, atol=1e-5)


def test_components_do_not_mix():
    fn = _model()
    both = integrated_gradients(fn, _graph(sizes=(3, 4)))
    first = _graph(sizes=(3, 4))
    alone = gnnkit.GraphTensor.from_pieces(
        context=gnnkit.Context.from_fields(features={"scale": first.context["scale"][:1]}),
        node_sets={
            "paper": gnnkit.NodeSet.from_fields(
                sizes=[3], features={k: v[:3] for k, v in first.node_sets["paper"].features.items()}
            )
        },
        edge_sets={
            "cites": gnnkit.EdgeSet.from_fields(
                sizes=[2],
                features={"weight": first.edge_sets["cites"]["weight"][:2]},
                adjacency=gnnkit.Adjacency.from_indices(("paper", [1, 2]), ("paper", [0, 0])),
            )
        },
    )
    single = integrated_gradients(fn, alone)
    np.testing.assert_allclose(
        both.features["nodes", "paper", "x"][:3], single.features["nodes", "paper", "x"], atol=1e-5
    )


def test_linear_models_give_weight_times_change():
    graph = gnnkit.homogeneous([0], [1], node_features={"x": [[1.0, 2.0], [3.0, 4.0]]})
    kernel = tf.constant([[1.0], [-2.0]])

    def fn(graph):
        return gnnkit.pool_nodes_to_context(graph, "nodes", "sum", feature_value=graph.node_sets["nodes"]["x"] @ kernel)

    key = ("nodes", "nodes", "x")
    result = integrated_gradients(fn, graph)
    np.testing.assert_allclose(result.features[key], [[1, -4], [3, -8]], rtol=1e-5)
    given = {key: [1.0, 0.0]}  # One value a column.
    np.testing.assert_allclose(
        integrated_gradients(fn, graph, baseline=given).features[key], [[0, -4], [2, -8]], rtol=1e-5
    )
    np.testing.assert_allclose(integrated_gradients(fn, graph, baseline=graph).features[key], np.zeros([2, 2]))
    np.testing.assert_allclose(
        integrated_gradients(fn, graph, baseline="mean").features[key], [[-1, 2], [1, -2]], atol=1e-6
    )


def test_random_baselines_lie_within_their_column():
    # TF-GNN takes the least and the largest value of the whole tensor instead (issue B13).
    graph = gnnkit.homogeneous([0], [1], node_features={"x": [[0.0, 100.0], [1.0, 101.0], [0.5, 100.5]]})

    def fn(graph):
        return gnnkit.pool_nodes_to_context(graph, "nodes", "sum", feature_name="x")

    for target in (0, 1):
        result = integrated_gradients(fn, graph, baseline="random", target=target, seed=1)
        change = result.features["nodes", "nodes", "x"].numpy()[:, target]
        assert np.all(np.abs(change) <= 1)
        again = integrated_gradients(fn, graph, baseline="random", target=target, seed=1)
        np.testing.assert_array_equal(again.features["nodes", "nodes", "x"], result.features["nodes", "nodes", "x"])


def test_ragged_features():
    ragged = tf.ragged.constant([[1.0, 2.0], [], [3.0]], ragged_rank=1)
    graph = gnnkit.GraphTensor.from_pieces(
        node_sets={
            "a": gnnkit.NodeSet.from_fields(sizes=[2, 1], features={"r": ragged, "h": tf.ones([3, 2], tf.float64)})
        }
    )

    def fn(graph):
        value = tf.reduce_sum(graph.node_sets["a"]["r"] ** 2, axis=1, keepdims=True)
        value += tf.cast(graph.node_sets["a"]["h"], tf.float32)
        return gnnkit.pool_nodes_to_context(graph, "a", "sum", feature_value=value)

    result = integrated_gradients(fn, graph, target=0, steps=4, steps_per_call=2)
    assert [np.round(row, 4).tolist() for row in result.features["nodes", "a", "r"]] == [[1, 4], [], [9]]
    np.testing.assert_allclose(result.features["nodes", "a", "h"], [[1, 0], [1, 0], [1, 0]])
    np.testing.assert_allclose(result.gap, [0, 0], atol=1e-5)


def test_structured_readouts_are_told_apart_by_component():
    graph = _graph()
    graph = gnnkit.GraphTensor.from_pieces(
        graph.context,
        {**graph.node_sets, "_readout": gnnkit.NodeSet.from_fields(sizes=[2, 1])},
        {
            **graph.edge_sets,
            "_readout/seed": gnnkit.EdgeSet.from_fields(
                sizes=[2, 1],
                adjacency=gnnkit.Adjacency.from_indices(("paper", [0, 1, 3]), ("_readout", [0, 1, 2])),
            ),
        },
    )

    def fn(graph):
        return tf.sin(gnnkit.structured_readout(graph, "seed", feature_name="x"))

    result = integrated_gradients(fn, graph)
    assert result.scores.shape == [3]
    np.testing.assert_allclose(result.gap, [0, 0], atol=1e-5)
    assert integrated_gradients(lambda g: fn(g)[:1], graph, steps_per_call=1).gap.shape == [1]


def test_top_features():
    graph = _graph()

    def fn(graph):
        x = graph.node_sets["paper"]["x"] * [0.0, 10.0, 1.0]
        total = gnnkit.pool_nodes_to_context(graph, "paper", "sum", feature_value=tf.reduce_sum(x, 1, keepdims=True))
        return total + 0.01 * graph.context["scale"]

    results = [integrated_gradients(fn, graph), integrated_gradients(fn, _graph(seed=1))]
    scores = top_features(results, 3, per_column=True)
    assert [s.name for s in scores[:2]] == ["nodes/paper/x[1]", "nodes/paper/x[2]"]
    expected = sum(float(tf.reduce_sum(tf.abs(_graph(seed=s).node_sets["paper"]["x"][:, 1]))) for s in (0, 1))
    assert scores[0].value == pytest.approx(10 * expected / 4, rel=1e-4)
    assert [s.name for s in top_features(results, None)] == ["nodes/paper/x", "context/scale", "edges/cites/weight"]


def test_errors():
    graph, fn = _graph(), _model()
    with pytest.raises(ValueError, match=r"cannot attribute to \[\('nodes', 'paper', 'id'\)\]: no such floating point"):
        integrated_gradients(fn, graph, features=[("nodes", "paper", "id")])
    with pytest.raises(ValueError, match="no floating point feature to attribute to"):
        bare = graph.replace_features(context={}, node_sets={"paper": {}}, edge_sets={"cites": {}})
        integrated_gradients(fn, bare)
    with pytest.raises(ValueError, match="steps must be at least 1, but got 0"):
        integrated_gradients(fn, graph, steps=0)
    with pytest.raises(
        ValueError, match=r"baseline must be one of \('zero', 'mean', 'random'\) or values, but got 'one'"
    ):
        integrated_gradients(fn, graph, baseline="one")
    with pytest.raises(ValueError, match=r"names \[.*'y'.*\], which are not attributed"):
        integrated_gradients(fn, graph, baseline={("nodes", "paper", "y"): 0.0})
    with pytest.raises(
        ValueError, match=r"baseline of \('nodes', 'paper', 'x'\) has shape \(2,\), which does not broad"
    ):
        integrated_gradients(fn, graph, baseline={("nodes", "paper", "x"): [0.0, 1.0]})
    with pytest.raises(ValueError, match=r"must return scores \[R, K\] or \[R\] \(floats\), but returned dict"):
        integrated_gradients(lambda g: {"a": fn(g)}, graph)
    with pytest.raises(ValueError, match=r"(?s)baseline graph lacks the features .*weight"):
        integrated_gradients(fn, graph, baseline=graph.replace_features(edge_sets={"cites": {}}))
