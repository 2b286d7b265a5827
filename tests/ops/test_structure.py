"""Self loops, masks and orders against plain NumPy."""

import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.testing import assert_graphs_equal, random_graph

H = "hidden_state"
InvalidArgumentError = tf.errors.InvalidArgumentError
GRAPHS = [
    random_graph(1),
    random_graph(2, indices_dtype=tf.int64),
    random_graph(3, max_edges=0),
    random_graph(4, max_nodes=0),
    random_graph(5, num_components=1),
]
SEVERAL = pytest.mark.parametrize("graph", GRAPHS, ids=["int32", "int64", "no_edges", "nothing", "one_component"])


def components(piece):
    return np.repeat(np.arange(len(piece.sizes)), piece.sizes)


def edge_list(edge_set, *features):
    """What each edge is: component, ends, features."""
    adjacency = edge_set.adjacency
    columns = [components(edge_set), adjacency.source.numpy(), adjacency.target.numpy()]
    return [*zip(*columns, *(map(repr, edge_set[f].numpy().tolist()) for f in features), strict=True)]


def as_list(field):
    return field.to_list() if isinstance(field, tf.RaggedTensor) else field.numpy().tolist()


def with_features(graph, **features):
    return graph.replace_features(edge_sets={"cites": features})


class TestAddSelfLoops:
    @SEVERAL
    def test_loops_follow_the_edges_of_their_component(self, run, graph):
        got = run(lambda g: gnnkit.add_self_loops(g, "cites"), graph)
        new, old, papers = got.edge_sets["cites"], graph.edge_sets["cites"], graph.node_sets["paper"]
        np.testing.assert_array_equal(new.sizes, old.sizes + papers.sizes)
        zeros = repr([0.0, 0.0])
        loops = [(c, i, i, zeros) for i, c in enumerate(components(papers))]
        assert edge_list(new, H) == sorted(edge_list(old, H) + loops, key=lambda edge: edge[0])
        assert new.indices_dtype == graph.indices_dtype and new[H].dtype == tf.float32
        assert_graphs_equal(
            gnnkit.GraphTensor.from_pieces(got.context, got.node_sets, {**got.edge_sets, "cites": old}), graph
        )

    def test_features_of_loops(self, run):
        values = {
            "string": tf.constant(["a"]),
            "flag": tf.constant([True]),
            "int": tf.constant([[[7, 8]]]),
            "empty": tf.ones([1, 0]),
            "ragged": tf.ragged.constant([[1, 2]]),
            "deep": tf.ragged.constant([[[1], [2, 3]]], row_splits_dtype=tf.int64),
            "pairs": tf.RaggedTensor.from_uniform_row_length(tf.ragged.constant([[1], [2, 3]]), 2),
        }
        graph = gnnkit.homogeneous([0], [1], node_features={"x": [1, 2]}, edge_features=values)
        new = run(lambda g: gnnkit.add_self_loops(g, "edges"), graph).edge_sets["edges"]
        assert {name: field.dtype for name, field in new.features.items()} == {k: v.dtype for k, v in values.items()}
        assert {name: as_list(field) for name, field in new.features.items()} == {
            "string": [b"a", b"", b""],
            "flag": [True, False, False],
            "int": [[[7, 8]], [[0, 0]], [[0, 0]]],
            "empty": [[], [], []],
            "ragged": [[1, 2], [], []],
            "deep": [[[1], [2, 3]], [], []],
            "pairs": [[[1], [2, 3]], [[], []], [[], []]],
        }

    def test_static_sizes_stay_static(self):
        graph = gnnkit.homogeneous([0, 1], [1, 2], node_features={"x": [1, 2, 3]}, edge_features={"w": [1.0, 2.0]})
        add = tf.function(lambda g: gnnkit.add_self_loops(g, "edges"))
        assert add.get_concrete_function(graph.spec).structured_outputs.edge_sets["edges"].spec.total_size == 5

    def test_hyperedges(self):
        ends = {tag: ("a", index) for tag, index in enumerate(([0], [1], [1]))}
        edges = gnnkit.EdgeSet.from_fields(sizes=[1], adjacency=gnnkit.HyperAdjacency.from_indices(ends))
        nodes = gnnkit.NodeSet.from_fields(sizes=[2])
        graph = gnnkit.GraphTensor.from_pieces(node_sets={"a": nodes}, edge_sets={"e": edges})
        adjacency = gnnkit.add_self_loops(graph, "e").edge_sets["e"].adjacency
        assert [adjacency[tag].numpy().tolist() for tag in (0, 1, 2)] == [[0, 0, 1], [1, 0, 1], [1, 0, 1]]

    def test_errors(self):
        with pytest.raises(
            ValueError, match="'writes' must join one node set with itself, .* joins .'author', 'paper'"
        ):
            gnnkit.add_self_loops(GRAPHS[0], "writes")
        with pytest.raises(KeyError, match="add_self_loops: the graph has no edge set 'nope'; it has .'cites'"):
            gnnkit.add_self_loops(GRAPHS[0], "nope")


class TestMaskEdges:
    @SEVERAL
    def test_kept_and_removed(self, run, graph):
        mask = np.random.default_rng(0).random(int(graph.edge_sets["cites"].total_size)) < 0.5
        graph = with_features(graph, keep=mask, **graph.edge_sets["cites"].features)
        got = run(lambda g: gnnkit.mask_edges(g, "cites", g.edge_sets["cites"]["keep"], "_removed"), graph)
        edges = edge_list(graph.edge_sets["cites"], H)
        for name, selected in (("cites", mask), ("_removed", ~mask)):
            assert edge_list(got.edge_sets[name], H) == [
                edge for edge, is_in in zip(edges, selected, strict=True) if is_in
            ]
            assert got.edge_sets[name].indices_dtype == graph.indices_dtype
            assert got.edge_sets[name].sizes.shape == graph.edge_sets["cites"].sizes.shape

    def test_removed_edges_are_dropped_by_default(self):
        graph = GRAPHS[0]
        total = int(graph.edge_sets["cites"].total_size)
        got = gnnkit.mask_edges(graph, "cites", [False] * total)
        assert list(got.edge_sets) == list(graph.edge_sets) and int(got.edge_sets["cites"].total_size) == 0
        assert_graphs_equal(gnnkit.mask_edges(graph, "cites", np.ones(total, bool)), graph)

    def test_ragged_features(self, run):
        graph = gnnkit.homogeneous(
            [0, 1, 1],
            [1, 0, 1],
            node_features={"x": [1, 2]},
            edge_features={"r": tf.ragged.constant([[1, 2], [], [3]])},
        )
        got = run(lambda g: gnnkit.mask_edges(g, "edges", g.edge_sets["edges"].adjacency.source > 0), graph)
        assert got.edge_sets["edges"]["r"].to_list() == [[], [3]]

    @pytest.mark.parametrize("shape", [[2], [4], [3, 1], []])
    def test_masks_of_another_shape(self, shape):
        graph = gnnkit.homogeneous([0, 1, 1], [1, 0, 1], node_features={"x": [1, 2]})
        message = r"boolean_edge_mask \(for edge set .edges.\) must .*one entry an item"
        with pytest.raises(InvalidArgumentError, match=message):
            gnnkit.mask_edges(graph, "edges", tf.fill(shape, True))
        spec = graph.spec.relax(num_edges=True)
        mask = tf.function(lambda g: gnnkit.mask_edges(g, "edges", tf.fill(shape, True)), input_signature=[spec])
        with pytest.raises(InvalidArgumentError, match=message):
            mask(graph)

    @pytest.mark.parametrize(
        "message, args",
        [
            ("has no edge set 'nope'; it has .'cites'", ("nope", [True])),
            ("must be a new name, but the graph has an edge set 'writes' already", ("cites", [True], "writes")),
            ("must be a new name, but the graph has an edge set 'cites' already", ("cites", [True], "cites")),
            (r"boolean_edge_mask \(for edge set 'cites'\) must be bool, but is int32", ("cites", [1])),
        ],
    )
    def test_errors(self, message, args):
        with pytest.raises(ValueError, match=message):
            gnnkit.mask_edges(GRAPHS[0], *args)


def orders_within(graph, names, seed=0):
    rng = np.random.default_rng(seed)
    ids = {name: components(graph.node_sets[name]) for name in names}
    return {name: np.lexsort([rng.random(len(each)), each]) for name, each in ids.items()}


class TestReorderNodes:
    @SEVERAL
    @pytest.mark.parametrize("names", [["paper"], ["author", "paper"]])
    def test_edges_join_the_same_nodes(self, run, graph, names):
        orders = orders_within(graph, names)
        got = run(lambda g: gnnkit.reorder_nodes(g, orders), graph)
        for name, node_set in graph.node_sets.items():
            order = orders.get(name, slice(None))
            np.testing.assert_array_equal(got.node_sets[name][H], node_set[H].numpy()[order])
            np.testing.assert_array_equal(got.node_sets[name].sizes, node_set.sizes)
        for name, edge_set in graph.edge_sets.items():
            new = got.edge_sets[name]
            np.testing.assert_array_equal(new[H], edge_set[H])
            assert new.indices_dtype == graph.indices_dtype
            for tag in (gnnkit.SOURCE, gnnkit.TARGET):
                order = orders.get(new.adjacency.node_set_name(tag))
                index = new.adjacency[tag].numpy()
                np.testing.assert_array_equal(index if order is None else order[index], edge_set.adjacency[tag])

    def test_forth_and_back(self):
        graph = GRAPHS[0]
        orders = orders_within(graph, graph.node_sets)
        there = gnnkit.reorder_nodes(graph, {k: tf.constant(v, tf.int64) for k, v in orders.items()})
        back = gnnkit.reorder_nodes(there, {k: np.argsort(v) for k, v in orders.items()}, validate=False)
        assert_graphs_equal(back, graph)

    def test_ragged_features_and_hyperedges(self, run):
        ends = {tag: (name, index) for tag, name, index in ((0, "a", [0, 1]), (1, "b", [0, 0]), (2, "a", [1, 1]))}
        graph = gnnkit.GraphTensor.from_pieces(
            node_sets={
                "a": gnnkit.NodeSet.from_fields(sizes=[2], features={"r": tf.ragged.constant([["p", "q"], ["r"]])}),
                "b": gnnkit.NodeSet.from_fields(sizes=[1]),
            },
            edge_sets={"e": gnnkit.EdgeSet.from_fields(sizes=[2], adjacency=gnnkit.HyperAdjacency.from_indices(ends))},
        )
        got = run(lambda g: gnnkit.reorder_nodes(g, {"a": [1, 0]}), graph)
        assert got.node_sets["a"]["r"].to_list() == [[b"r"], [b"p", b"q"]]
        adjacency = got.edge_sets["e"].adjacency
        assert [adjacency[tag].numpy().tolist() for tag in (0, 1, 2)] == [[1, 0], [0, 0], [0, 0]]

    @pytest.mark.parametrize(
        "order, message",
        [
            ([0, 1], "have one entry an item"),
            ([[0], [1], [2]], "be a vector with one entry an item"),
            ([0, 0, 2], "be a permutation"),
            ([0, 1, 3], "be a permutation"),
            ([-1, 0, 1], "be a permutation"),
            ([2, 1, 0], "leave each node in its component"),
        ],
    )
    def test_no_permutation_within_components(self, run, order, message):
        nodes = gnnkit.NodeSet.from_fields(sizes=[2, 1], features={"x": [1, 2, 3]})
        graph = gnnkit.GraphTensor.from_pieces(node_sets={"a": nodes})
        with pytest.raises(InvalidArgumentError, match=rf"node_indices\[[`']a[`']\] must {message}"):
            run(lambda g: gnnkit.reorder_nodes(g, {"a": order}), graph)

    def test_unchecked(self):
        nodes = gnnkit.NodeSet.from_fields(sizes=[2, 1], features={"x": [1, 2, 3]})
        graph = gnnkit.GraphTensor.from_pieces(node_sets={"a": nodes})
        got = gnnkit.reorder_nodes(graph, {"a": [2, 1, 0]}, validate=False)
        assert got.node_sets["a"]["x"].numpy().tolist() == [3, 2, 1]

    def test_errors(self):
        with pytest.raises(ValueError, match="has no node set 'nope'; it has .'author'"):
            gnnkit.reorder_nodes(GRAPHS[0], {"nope": [0]})
        with pytest.raises(ValueError, match=r"node_indices\['paper'\] must be int32 or int64, but is float32"):
            gnnkit.reorder_nodes(GRAPHS[0], {"paper": [0.0]})


@pytest.mark.parametrize(
    "call",
    [
        lambda g: gnnkit.add_self_loops(g, "cites"),
        lambda g: gnnkit.mask_edges(g, "cites", [True]),
        lambda g: gnnkit.reorder_nodes(g, {"paper": [0]}),
        lambda g: gnnkit.shuffle_nodes(g),
        lambda g: gnnkit.shuffle_features_globally(g),
        lambda g: gnnkit.convert_to_line_graph(g),
        lambda g: gnnkit.experimental.context_readout_into_feature(g, feature_name=H),
        lambda g: gnnkit.structured_readout(g, "seed", feature_name=H),
        lambda g: gnnkit.validate_graph_tensor_for_readout(g),
    ],
)
def test_batches_are_refused(call):
    batch = next(iter(tf.data.Dataset.from_tensors(GRAPHS[0]).batch(1)))
    with pytest.raises(ValueError, match=r"needs a scalar GraphTensor \(rank 0\).*merge_batch_to_components"):
        call(batch)


@pytest.mark.parametrize(
    "fn",
    [
        lambda g: gnnkit.add_self_loops(g, "cites"),
        lambda g: gnnkit.mask_edges(g, "cites", g.edge_sets["cites"][H][:, 0] > 0, "_removed"),
        lambda g: gnnkit.shuffle_nodes(g),
        lambda g: gnnkit.shuffle_features_globally(g, seed=1),
        lambda g: gnnkit.convert_to_line_graph(g, non_backtracking=True),
    ],
)
def test_one_trace_for_graphs_of_all_sizes(fn):
    traced = tf.function(
        fn, input_signature=[GRAPHS[0].spec.relax(num_components=True, num_nodes=True, num_edges=True)]
    )
    for graph in (GRAPHS[0], *GRAPHS[2:]):
        traced(graph)
    assert traced.experimental_get_tracing_count() == 1
