"""What is random is a permutation of what may be permuted, and the same for the same seed."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.experimental import segment_random_index_shuffle
from gnnkit.testing import assert_graphs_equal, random_graph

H = "hidden_state"


def numbered(graph):
    """With feature `id`, the position of each item, everywhere."""

    def ids(piece):
        total = piece.total_num_components if piece is graph.context else piece.total_size
        return {**piece.features, "id": tf.range(total)}

    return graph.replace_features(
        context=ids(graph.context),
        node_sets={name: ids(piece) for name, piece in graph.node_sets.items()},
        edge_sets={name: ids(piece) for name, piece in graph.edge_sets.items()},
    )


@pytest.fixture
def graph():
    return numbered(random_graph(1, num_components=2, min_nodes=4, indices_dtype=tf.int64))


def test_shuffle_nodes_is_a_reorder_within_components(run, graph):
    got = run(lambda g: gnnkit.shuffle_nodes(g, seed=7), graph)
    orders = {name: got.node_sets[name]["id"].numpy() for name in got.node_sets}
    assert_graphs_equal(got, gnnkit.reorder_nodes(graph, orders))
    assert any(np.any(order != np.arange(len(order))) for order in orders.values())


def test_which_node_sets(graph):
    aux = gnnkit.NodeSet.from_fields(sizes=[20, 20], features={"id": tf.range(40)})
    graph = gnnkit.GraphTensor.from_pieces(graph.context, {**graph.node_sets, "_aux": aux}, graph.edge_sets)

    def moved(got):
        return {name for name, nodes in got.node_sets.items() if np.any(np.diff(nodes["id"]) != 1)}

    assert moved(gnnkit.shuffle_nodes(graph, seed=2)) == {"author", "paper", "venue"}
    assert moved(gnnkit.shuffle_nodes(graph, node_sets=["paper"], seed=2)) == {"paper"}
    assert moved(gnnkit.shuffle_nodes(graph, node_sets={"_aux"}, seed=2)) == {"_aux"}
    assert_graphs_equal(gnnkit.shuffle_nodes(graph, node_sets=[]), graph)
    with pytest.raises(ValueError, match="has no node sets .'nope'.; it has .'_aux', 'author'"):
        gnnkit.shuffle_nodes(graph, node_sets=["paper", "nope"])


def test_shuffle_features_globally(run, graph):
    """Rows move across components, and every feature goes its own way."""
    got = run(lambda g: gnnkit.shuffle_features_globally(g, seed=3), graph)
    differ = 0
    for new, old in zip(
        (got.context, *got.node_sets.values(), *got.edge_sets.values()),
        (graph.context, *graph.node_sets.values(), *graph.edge_sets.values()),
        strict=True,
    ):
        order = new["id"].numpy()
        np.testing.assert_array_equal(np.sort(order), np.arange(len(order)))
        rows = [tuple(row) for row in old[H].numpy()]
        assert sorted(map(tuple, new[H].numpy())) == sorted(rows)
        differ += [tuple(row) for row in new[H].numpy()] != [rows[i] for i in order]
    assert differ > 3
    papers = got.node_sets["paper"]
    assert set(papers["id"].numpy()[: papers.sizes[0]]) != set(range(papers.sizes[0]))
    for name, edge_set in graph.edge_sets.items():
        np.testing.assert_array_equal(got.edge_sets[name].adjacency.source, edge_set.adjacency.source)


def test_shuffle_ragged_and_string_features(run):
    ragged = [[b"a"], [], [b"b", b"c"], [b"d"], []]
    graph = gnnkit.homogeneous([0], [1], node_features={"r": tf.ragged.constant(ragged), "s": list("vwxyz")})
    nodes = run(lambda g: gnnkit.shuffle_features_globally(g, seed=1), graph).node_sets["nodes"]
    assert sorted(nodes["r"].to_list()) == sorted(ragged) and nodes["r"].to_list() != ragged
    assert sorted(nodes["s"].numpy()) == [b"v", b"w", b"x", b"y", b"z"]


@pytest.mark.parametrize("fn", [gnnkit.shuffle_nodes, gnnkit.shuffle_features_globally])
def test_seeds(graph, fn):
    first = fn(graph, seed=5)
    assert_graphs_equal(fn(graph, seed=5), first)
    assert_graphs_equal(tf.function(lambda g: fn(g, seed=5))(graph), first)
    for seed in (6, 0, -1, 2**40):
        with pytest.raises(AssertionError):
            assert_graphs_equal(fn(graph, seed=seed), first)


@pytest.mark.parametrize("fn", [gnnkit.shuffle_nodes, gnnkit.shuffle_features_globally])
def test_without_a_seed(graph, fn):
    """Another draw each time, in tf.data too; the global seed makes them reproducible."""
    draws = [g.node_sets["paper"]["id"].numpy().tolist() for g in tf.data.Dataset.from_tensors(graph).repeat(5).map(fn)]
    assert len({tuple(draw) for draw in draws}) > 1
    eager = []
    for _ in range(2):
        keras.utils.set_random_seed(1)
        eager.append([fn(graph).node_sets["paper"]["id"].numpy().tolist() for _ in range(4)])
    assert eager[0] == eager[1] and len({tuple(draw) for draw in eager[0]}) > 1


@pytest.mark.parametrize("dtype", [tf.int32, tf.int64])
@pytest.mark.parametrize("ids", [[], [3], [0, 0, 1, 1, 1, 4], [0, 1, 2]])
def test_segment_random_index_shuffle(dtype, ids):
    ids = tf.constant(ids, dtype)
    for fn in (segment_random_index_shuffle, tf.function(segment_random_index_shuffle, reduce_retracing=True)):
        order = fn(segment_ids=ids, seed=1)
        assert order.dtype == dtype
        np.testing.assert_array_equal(tf.gather(ids, order), ids)
        np.testing.assert_array_equal(np.sort(order), np.arange(len(ids)))


def test_segment_shuffles_are_uniform():
    """All 6 orders of 3 items come up alike: chi-square with 5 degrees of freedom."""
    ids = tf.repeat(tf.range(3000), 3)
    order = segment_random_index_shuffle(segment_ids=ids, seed=11).numpy().reshape(-1, 3) % 3
    counts = np.bincount(order @ [9, 3, 1], minlength=27)
    counts = counts[counts > 0]
    assert len(counts) == 6 and np.sum((counts - 500) ** 2 / 500) < 20.5  # p = 0.001


def test_errors_of_segment_shuffle():
    with pytest.raises(ValueError, match="segment_ids must be int32 or int64, but are float32"):
        segment_random_index_shuffle(segment_ids=[0.0])
    with pytest.raises(ValueError, match=r"segment_ids must have shape \[N\], but have shape \[1, 2\]"):
        segment_random_index_shuffle(segment_ids=[[0, 1]])
    with pytest.raises(tf.errors.InvalidArgumentError, match="segment_ids must be sorted in ascending order"):
        segment_random_index_shuffle(segment_ids=[1, 0])
