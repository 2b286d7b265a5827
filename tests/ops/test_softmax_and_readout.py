"""Softmax, first nodes and structured readout against plain NumPy."""

import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.testing import assert_graphs_equal, random_graph

H = "hidden_state"


def softmax_by_hand(values, ids):
    result = np.zeros_like(values)
    for i in np.unique(ids):
        exp = np.exp(values[ids == i] - values[ids == i].max(0))
        result[ids == i] = exp / exp.sum(0)
    return result


@pytest.mark.parametrize("seed", range(3))
def test_softmax_per_node(run, seed):
    graph = random_graph(seed)
    adjacency = graph.edge_sets["cites"].adjacency
    got = run(lambda g: gnnkit.softmax_edges_per_node(g, "cites", gnnkit.SOURCE, feature_name=H), graph)
    want = softmax_by_hand(graph.edge_sets["cites"][H].numpy(), adjacency.source.numpy())
    np.testing.assert_allclose(got, want, 1e-5, 1e-6)


def test_softmax_of_several_edge_sets_is_shared(run):
    graph = random_graph(1)
    names = ["writes", "cites"]
    got = run(lambda g: gnnkit.softmax(g, gnnkit.TARGET, edge_set_name=names, feature_name=H), graph)
    values = np.concatenate([graph.edge_sets[n][H] for n in names])
    ids = np.concatenate([graph.edge_sets[n].adjacency.target for n in names])
    np.testing.assert_allclose(np.concatenate(got), softmax_by_hand(values, ids), 1e-5, 1e-6)


def test_softmax_per_component(run):
    graph = random_graph(2)
    paper = graph.node_sets["paper"]
    got = run(lambda g: gnnkit.softmax(g, gnnkit.CONTEXT, node_set_name="paper", feature_name=H), graph)
    want = softmax_by_hand(paper[H].numpy(), np.repeat(np.arange(3), paper.sizes))
    np.testing.assert_allclose(got, want, 1e-5, 1e-6)


def test_softmax_of_large_values_and_its_gradient():
    graph = gnnkit.homogeneous([0, 1, 1], [0, 0, 1], node_features={"x": [0, 0]})
    values = tf.constant([1e4, 1e4 + 1, -1e4])
    with tf.GradientTape() as tape:
        tape.watch(values)
        result = gnnkit.softmax(graph, gnnkit.TARGET, edge_set_name="edges", feature_value=values)
        loss = result[0]
    p = 1 / (1 + np.e)
    np.testing.assert_allclose(result, [p, 1 - p, 1], 1e-4)
    np.testing.assert_allclose(tape.gradient(loss, values), [p * (1 - p), -p * (1 - p), 0], 1e-3)


def test_gather_first_node(run):
    graph = random_graph(1, min_nodes=1)
    got = run(lambda g: gnnkit.gather_first_node(g, "paper", feature_name=H), graph)
    sizes = graph.node_sets["paper"].sizes.numpy()
    np.testing.assert_array_equal(got, graph.node_sets["paper"][H].numpy()[np.cumsum(sizes) - sizes])


def test_gather_first_node_of_an_empty_component(run):
    nodes = gnnkit.NodeSet.from_fields(sizes=[1, 0], features={"x": [1.0]})
    graph = gnnkit.GraphTensor.from_pieces(node_sets={"nodes": nodes})
    with pytest.raises(tf.errors.InvalidArgumentError, match="node set .*nodes.* has a component without nodes"):
        run(lambda g: gnnkit.gather_first_node(g, "nodes", feature_name="x"), graph)


def readout_graph(targets=((0, 2), (1,)), sources=((2, 0), (1,)), dtype=tf.float32):
    """Nodes of a and b play the part `part`; `_readout/link` reads edges."""

    def edges(source, s, t):
        ends = gnnkit.Adjacency.from_indices((source, tf.constant(s)), ("_readout", tf.constant(t)))
        return gnnkit.EdgeSet.from_fields(sizes=[len(s)], adjacency=ends)

    a, b = (tf.cast(x, dtype) if dtype != tf.string else tf.strings.as_string(x) for x in ([1, 2, 3], [10, 20]))
    real = gnnkit.EdgeSet.from_fields(
        sizes=[2], features={"w": [5.0, 6.0]}, adjacency=gnnkit.Adjacency.from_indices(("a", [0, 1]), ("b", [0, 1]))
    )
    return gnnkit.GraphTensor.from_pieces(
        node_sets={
            "a": gnnkit.NodeSet.from_fields(sizes=[3], features={"x": a}),
            "b": gnnkit.NodeSet.from_fields(sizes=[2], features={"x": b}),
            "_readout": gnnkit.NodeSet.from_fields(sizes=[3]),
            "_shadow/e": gnnkit.NodeSet.from_fields(sizes=[2]),
        },
        edge_sets={
            "e": real,
            "_readout/part/1": edges("a", sources[0], targets[0]),
            "_readout/part/2": edges("b", sources[1], targets[1]),
            "_readout/link": edges("_shadow/e", [1, 0, 1], [0, 1, 2]),
        },
    )


def test_structured_readout(run):
    part, link = run(
        lambda g: (
            gnnkit.structured_readout(g, "part", feature_name="x"),
            gnnkit.structured_readout(g, "link", feature_name="w"),
        ),
        readout_graph(),
    )
    assert part.numpy().tolist() == [3.0, 20.0, 1.0]
    assert link.numpy().tolist() == [6.0, 5.0, 6.0]


@pytest.mark.parametrize(
    "targets, message",
    [
        (((2, 0), (1,)), "'_readout/part/1': Not strictly sorted by target"),
        (((0, 0), (1,)), "'_readout/part/1': Not strictly sorted by target"),
        (((0, 1), (1,)), "key 'part' do not reach each node of '_readout' once"),
    ],
)
def test_malformed_indices(targets, message):
    graph = readout_graph(targets)
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        gnnkit.structured_readout(graph, "part", feature_name="x")
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        gnnkit.validate_graph_tensor_for_readout(graph)
    gnnkit.structured_readout(graph, "part", feature_name="x", validate=False)


def test_missing_rows_are_noticed():
    graph = readout_graph(targets=((0,), (1,)), sources=((2,), (1,)))
    with pytest.raises(tf.errors.InvalidArgumentError, match="do not reach each node"):
        gnnkit.structured_readout(graph, "part", feature_name="x")


def test_strings_from_several_edge_sets():
    with pytest.raises(NotImplementedError, match="feature 'x' holds strings.*Turn them into numbers first"):
        gnnkit.structured_readout(readout_graph(dtype=tf.string), "part", feature_name="x")


def test_into_feature(run):
    graph = readout_graph()

    def move(g):
        return gnnkit.structured_readout_into_feature(
            g, "part", feature_name="x", new_feature_name="label", remove_input_feature=True
        )

    got = run(move, graph)
    assert got.node_sets["_readout"]["label"].numpy().tolist() == [3.0, 20.0, 1.0]
    assert not got.node_sets["a"].features and not got.node_sets["b"].features
    with pytest.raises(ValueError, match=r"'_readout' has a feature 'label' already\. Pass overwrite=True"):
        gnnkit.structured_readout_into_feature(got, "link", feature_name="w", new_feature_name="label")
    again = gnnkit.structured_readout_into_feature(
        got, "link", feature_name="w", new_feature_name="label", overwrite=True
    )
    assert again.node_sets["_readout"]["label"].numpy().tolist() == [6.0, 5.0, 6.0]
    edges = gnnkit.structured_readout_into_feature(graph, "link", feature_name="w", remove_input_feature=True)
    assert not edges.edge_sets["e"].features and edges.node_sets["_readout"]["w"].shape == (3,)


def test_add_readout_from_first_node(run):
    graph = random_graph(1, min_nodes=1)
    got = run(lambda g: gnnkit.add_readout_from_first_node(g, "seed", node_set_name="paper"), graph)
    assert gnnkit.validate_graph_tensor_for_readout(got, ["seed"]) is not None
    read = gnnkit.structured_readout(got, "seed", feature_name=H)
    np.testing.assert_array_equal(read, gnnkit.gather_first_node(graph, "paper", feature_name=H))
    assert_graphs_equal(
        gnnkit.GraphTensor.from_pieces(
            got.context,
            {k: v for k, v in got.node_sets.items() if k != "_readout"},
            {k: v for k, v in got.edge_sets.items() if k != "_readout/seed"},
        ),
        graph,
    )
    with pytest.raises(ValueError, match="node set '_readout' already"):
        gnnkit.add_readout_from_first_node(got, "other", node_set_name="paper")


def test_validation_of_specs():
    graph = readout_graph()
    gnnkit.validate_graph_tensor_spec_for_readout(graph.spec, ["part", "link"])
    with pytest.raises(KeyError, match="for key 'seed'; the graph has keys .'link', 'part'. for readout node set"):
        gnnkit.validate_graph_tensor_spec_for_readout(graph.spec, ["seed"])
    with pytest.raises(ValueError, match="no readout node set '_readout:train'"):
        gnnkit.validate_graph_tensor_spec_for_readout(graph.spec, readout_node_set="_readout:train")
    with pytest.raises(ValueError, match="named _readout or _readout:NAME, but got 'readout'"):
        gnnkit.validate_graph_tensor_spec_for_readout(graph.spec, readout_node_set="readout")


def test_readout_errors():
    graph = readout_graph()
    with pytest.raises(KeyError, match="node set 'a' has no feature 'nope', only .'x'."):
        gnnkit.structured_readout(graph, "part", feature_name="nope")
    with pytest.raises(KeyError, match="edge set 'e' has no feature 'nope', only .'w'."):
        gnnkit.structured_readout(graph, "link", feature_name="nope")
