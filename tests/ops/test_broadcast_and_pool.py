"""Broadcasting and pooling against plain NumPy."""

import functools
import pickle

import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.testing import random_graph

GRAPHS = [
    random_graph(1),
    random_graph(2, indices_dtype=tf.int64),
    random_graph(3, max_edges=0),
    random_graph(4, max_nodes=0),
    random_graph(5, num_components=1),
]
SEVERAL = pytest.mark.parametrize("graph", GRAPHS, ids=["int32", "int64", "no_edges", "nothing", "one_component"])
LOWEST, HIGHEST = np.finfo(np.float32).min, np.finfo(np.float32).max
# Reduction, and its value where there is nothing to reduce.
REDUCTIONS = {
    "sum": (np.sum, 0),
    "mean": (np.mean, 0),
    "prod": (np.prod, 1),
    "max": (np.max, LOWEST),
    "min": (np.min, HIGHEST),
    "max_no_inf": (np.max, 0),
    "min_no_inf": (np.min, 0),
}
H = "hidden_state"


def reduce_by_hand(kind, values, ids, num):
    fn, empty = REDUCTIONS[kind]
    rows = [values[ids == i] for i in range(num)]
    return np.array([fn(r, axis=0) if len(r) else np.full(values.shape[1:], empty) for r in rows], np.float32).reshape(
        num, *values.shape[1:]
    )


def components(piece):
    return np.repeat(np.arange(len(piece.sizes)), piece.sizes)


@SEVERAL
@pytest.mark.parametrize("edge_set_name", ["cites", "writes"])
@pytest.mark.parametrize("tag", [gnnkit.SOURCE, gnnkit.TARGET])
def test_broadcast_node_to_edges(run, graph, edge_set_name, tag):
    adjacency = graph.edge_sets[edge_set_name].adjacency
    states = graph.node_sets[adjacency.node_set_name(tag)][H].numpy()
    got = run(lambda g: gnnkit.broadcast_node_to_edges(g, edge_set_name, tag, feature_name=H), graph)
    np.testing.assert_array_equal(got, states[adjacency[tag].numpy()])


@SEVERAL
def test_broadcast_context(run, graph):
    context = graph.context[H].numpy()
    nodes, edges = run(
        lambda g: (
            gnnkit.broadcast_context_to_nodes(g, "venue", feature_name=H),
            gnnkit.broadcast_context_to_edges(g, "writes", feature_name=H),
        ),
        graph,
    )
    np.testing.assert_array_equal(nodes, context[components(graph.node_sets["venue"])])
    np.testing.assert_array_equal(edges, context[components(graph.edge_sets["writes"])])


@SEVERAL
def test_broadcast_to_several_sets_gives_a_list(run, graph):
    got = run(lambda g: gnnkit.broadcast(g, gnnkit.TARGET, edge_set_name=["cites", "writes"], feature_name=H), graph)
    assert isinstance(got, list)
    states = graph.node_sets["paper"][H].numpy()
    for name, value in zip(["cites", "writes"], got, strict=True):
        np.testing.assert_array_equal(value, states[graph.edge_sets[name].adjacency.target.numpy()])


@SEVERAL
@pytest.mark.parametrize("kind", REDUCTIONS)
def test_pool(run, graph, kind):
    cites, paper = graph.edge_sets["cites"], graph.node_sets["paper"]
    to_node, nodes_to_context, edges_to_context = run(
        lambda g: (
            gnnkit.pool_edges_to_node(g, "cites", gnnkit.TARGET, kind, feature_name=H),
            gnnkit.pool_nodes_to_context(g, "paper", kind, feature_name=H),
            gnnkit.pool_edges_to_context(g, "cites", kind, feature_name=H),
        ),
        graph,
    )
    num = int(graph.num_components)
    close = {"rtol": 1e-5, "atol": 1e-5}
    edge_states = cites[H].numpy()
    want = reduce_by_hand(kind, edge_states, cites.adjacency.target.numpy(), int(paper.total_size))
    np.testing.assert_allclose(to_node, want, **close)
    np.testing.assert_allclose(
        nodes_to_context, reduce_by_hand(kind, paper[H].numpy(), components(paper), num), **close
    )
    np.testing.assert_allclose(edges_to_context, reduce_by_hand(kind, edge_states, components(cites), num), **close)


@SEVERAL
@pytest.mark.parametrize("kind", ["sum", "mean", "max_no_inf"])
def test_several_edge_sets_pool_as_if_they_were_one(run, graph, kind):
    names = ["writes", "cites"]
    got = run(lambda g: gnnkit.pool(g, gnnkit.TARGET, edge_set_name=names, reduce_type=kind, feature_name=H), graph)
    values = np.concatenate([graph.edge_sets[n][H] for n in names])
    ids = np.concatenate([graph.edge_sets[n].adjacency.target for n in names])
    want = reduce_by_hand(kind, values, ids, int(graph.node_sets["paper"].total_size))
    np.testing.assert_allclose(got, want, 1e-5, 1e-5)


def test_several_node_sets_pool_to_the_context(run):
    graph = random_graph(6, node_sets={"a": 2, "b": 2}, edge_sets={})
    names = ("a", "b")
    got = run(lambda g: gnnkit.pool(g, gnnkit.CONTEXT, node_set_name=names, reduce_type="mean", feature_name=H), graph)
    values = np.concatenate([graph.node_sets[n][H] for n in names])
    ids = np.concatenate([components(graph.node_sets[n]) for n in names])
    np.testing.assert_allclose(got, reduce_by_hand("mean", values, ids, 3), 1e-5, 1e-5)


@SEVERAL
@pytest.mark.parametrize("kinds", ["mean|sum", "sum|max|sum"])
def test_several_reductions_side_by_side(run, graph, kinds):
    got = run(lambda g: gnnkit.pool_nodes_to_context(g, "author", kinds, feature_name=H), graph)
    author = graph.node_sets["author"]
    parts = [
        reduce_by_hand(kind, author[H].numpy(), components(author), int(graph.num_components))
        for kind in kinds.split("|")
    ]
    np.testing.assert_allclose(got, np.concatenate(parts, -1), 1e-5, 1e-5)


@SEVERAL
def test_neighbors_and_degree(run, graph):
    writes = graph.edge_sets["writes"].adjacency
    neighbors, degree = run(
        lambda g: (
            gnnkit.pool_neighbors_to_node(g, "writes", gnnkit.TARGET, reduce_type="sum", feature_name=H),
            gnnkit.node_degree(g, "writes", gnnkit.TARGET),
        ),
        graph,
    )
    total = int(graph.node_sets["paper"].total_size)
    states = graph.node_sets["author"][H].numpy()[writes.source.numpy()]
    np.testing.assert_allclose(neighbors, reduce_by_hand("sum", states, writes.target.numpy(), total), 1e-5, 1e-5)
    np.testing.assert_array_equal(degree, np.bincount(writes.target.numpy(), minlength=total))
    assert degree.dtype == graph.indices_dtype


def test_neighbors_into_feature(run):
    graph = random_graph(1)
    got = run(
        lambda g: (
            gnnkit.pool_neighbors_to_node_feature(
                g, ["writes"], gnnkit.TARGET, reduce_type="sum", feature_name=H, to_feature_name="authors"
            )
            .node_sets["paper"]
            .features["authors"]
        ),
        graph,
    )
    want = gnnkit.pool_neighbors_to_node(graph, "writes", gnnkit.TARGET, reduce_type="sum", feature_name=H)
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.float16, np.float64])
def test_dtypes_and_empty_segments(dtype):
    graph = gnnkit.homogeneous([0, 0], [1, 1], node_features={"x": [0, 0, 0]})
    values = np.array([3, 5], dtype)
    limits = np.iinfo(dtype) if np.issubdtype(dtype, np.integer) else np.finfo(dtype)
    for kind, want in [
        ("sum", [0, 8, 0]),
        ("prod", [1, 15, 1]),
        ("max", [limits.min, 5, limits.min]),
        ("min", [limits.max, 3, limits.max]),
        ("max_no_inf", [0, 5, 0]),
        ("min_no_inf", [0, 3, 0]),
    ]:
        got = gnnkit.pool_edges_to_node(graph, "edges", gnnkit.TARGET, kind, feature_value=values)
        assert got.dtype == dtype and got.numpy().tolist() == want, kind
    mean = gnnkit.pool_edges_to_node(graph, "edges", gnnkit.TARGET, "mean", feature_value=values)
    assert mean.dtype == (tf.float64 if np.issubdtype(dtype, np.integer) else dtype)
    assert mean.numpy().tolist() == [0, 4, 0]


def test_half_precision_means_of_many_values():
    """float16 cannot count beyond 2048, bfloat16 not beyond 256."""
    for dtype in (tf.float16, tf.bfloat16):
        values = tf.cast(tf.range(10000)[:, tf.newaxis] % 2, dtype)
        graph = gnnkit.homogeneous([0], [0], node_features={"x": values})
        mean = gnnkit.pool_nodes_to_context(graph, "nodes", "mean", feature_name="x")
        assert mean.dtype == dtype and float(mean[0, 0]) == 0.5


def test_infinities_and_nan_are_kept():
    graph = gnnkit.homogeneous([0, 0], [0, 1], node_features={"x": [0, 0]})
    got = gnnkit.pool_edges_to_node(graph, "edges", gnnkit.TARGET, "max", feature_value=[np.nan, np.inf])
    assert np.isnan(got[0]) and got[1] == np.inf


def test_strings_broadcast(run):
    graph = random_graph(1)
    names = tf.strings.as_string(tf.range(graph.node_sets["author"].total_size))
    graph = graph.replace_features(node_sets={"author": {"name": names}})
    got = run(lambda g: gnnkit.broadcast_node_to_edges(g, "writes", gnnkit.SOURCE, feature_name="name"), graph)
    assert got.numpy().tolist() == [str(i).encode() for i in graph.edge_sets["writes"].adjacency.source.numpy()]


def test_ragged_values(run):
    values = tf.ragged.constant([[1.0, 2.0], [], [5.0]], row_splits_dtype=tf.int64)
    graph = gnnkit.homogeneous([0, 2, 1, 2], [1, 1, 0, 0], node_features={"x": values})
    edges = run(lambda g: gnnkit.broadcast_node_to_edges(g, "edges", gnnkit.SOURCE, feature_name="x"), graph)
    assert edges.to_list() == [[1.0, 2.0], [5.0], [], [5.0]]
    pooled = run(
        lambda g: gnnkit.pool_neighbors_to_node(g, "edges", gnnkit.TARGET, reduce_type="sum", feature_name="x"), graph
    )
    assert pooled.to_list() == [[5.0], [6.0, 2.0], []]


def test_values_may_be_lists_and_arrays():
    graph = gnnkit.homogeneous([0, 0, 1], [2, 2, 1], node_features={"x": [0, 0, 0]})
    for value in ([1.0, 2.0, 4.0], np.array([1.0, 2.0, 4.0]), tf.constant([1.0, 2.0, 4.0])):
        got = gnnkit.pool_edges_to_node(graph, "edges", gnnkit.TARGET, feature_value=value)
        assert got.numpy().tolist() == [0.0, 4.0, 3.0]
    got = gnnkit.pool_edges_to_node(graph, "edges", gnnkit.TARGET, feature_value=[[1], [2], [4]])
    assert got.numpy().tolist() == [[0], [4], [3]]
    assert gnnkit.broadcast_node_to_edges(graph, "edges", 0, feature_value=[7, 8, 9]).numpy().tolist() == [7, 7, 8]


def test_gradients_in_a_model():
    graph = random_graph(1)
    with tf.GradientTape() as tape:
        value = graph.edge_sets["cites"][H]
        tape.watch(value)
        pooled = gnnkit.pool_edges_to_node(graph, "cites", gnnkit.TARGET, "mean", feature_value=value)
        loss = tf.reduce_sum(pooled)
    target = graph.edge_sets["cites"].adjacency.target.numpy()
    want = np.repeat(1 / np.bincount(target)[target][:, None], 2, 1)
    np.testing.assert_allclose(tape.gradient(loss, value), want, 1e-5)


def test_what_graphs_remember_is_used_for_the_same_arguments_only():
    graph = gnnkit.homogeneous([0, 0, 1], [2, 1, 1], node_features={"x": [1, 2, 3]}, edge_features={"w": [1, 2, 4]})
    pool = functools.partial(gnnkit.pool, graph, reduce_type="sum", feature_name="w")
    for _ in range(2):
        assert pool(gnnkit.TARGET, edge_set_name="edges").numpy().tolist() == [0, 6, 1]
        assert pool(gnnkit.SOURCE, edge_set_name=["edges"]).numpy().tolist() == [3, 4, 0]
        assert pool(gnnkit.CONTEXT, edge_set_name="edges").numpy().tolist() == [7]
        assert isinstance(gnnkit.broadcast(graph, 0, edge_set_name=("edges",), feature_name="x"), list)
        with pytest.raises(TypeError, match="must be a str"):
            gnnkit.pool_edges_to_node(graph, ["edges"], 0, feature_name="w")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="the tag must be"):
            pool(True, edge_set_name="edges")
    inside = tf.function(lambda: pool(gnnkit.CONTEXT, edge_set_name="edges") + pool(0, edge_set_name="edges"))
    assert inside().numpy().tolist() == [10, 11, 7]
    assert "_cached_segments" not in pickle.loads(pickle.dumps(graph)).__dict__
