"""Line graphs against their definition, pair by pair."""

import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.testing import assert_graphs_equal, random_graph

H = "hidden_state"
S, T = gnnkit.SOURCE, gnnkit.TARGET
EDGE_SETS = {"cites": ("paper", "paper", 2), "writes": ("author", "paper", 2), "is_in": ("paper", "venue", 2)}
GRAPHS = [
    random_graph(1),
    random_graph(2, indices_dtype=tf.int64),
    random_graph(3, max_edges=0),
    random_graph(4, max_nodes=0),
    random_graph(5, num_components=1, max_nodes=3, max_edges=12),
]
SEVERAL = pytest.mark.parametrize("graph", GRAPHS, ids=["int32", "int64", "no_edges", "nothing", "dense"])


def pairs_by_hand(graph, a, b, tag_from, tag_to, non_backtracking):
    """(node, i, j, component) of edges i of a and j of b that meet."""
    first, second = graph.edge_sets[a], graph.edge_sets[b]
    component = np.repeat(np.arange(len(first.sizes)), first.sizes)
    same_set = first.adjacency.node_set_name(1 - tag_from) == second.adjacency.node_set_name(1 - tag_to)
    result = []
    for i, node in enumerate(first.adjacency[tag_from].numpy()):
        for j, other in enumerate(second.adjacency[tag_to].numpy()):
            returns = same_set and first.adjacency[1 - tag_from][i] == second.adjacency[1 - tag_to][j]
            if node == other and not (non_backtracking and returns):
                result.append((node, i, j, component[i]))
    return np.array(sorted(result), int).reshape(-1, 4)


@SEVERAL
@pytest.mark.parametrize("non_backtracking", [False, True])
@pytest.mark.parametrize("tags", [(T, S), (S, S), (S, T), (T, T)])
def test_edges_that_meet(graph, tags, non_backtracking):
    got = gnnkit.convert_to_line_graph(
        graph,
        connect_from=tags[0],
        connect_to=tags[1],
        non_backtracking=non_backtracking,
        use_node_features_as_line_graph_edge_features=True,
    )
    assert list(got.node_sets) == list(graph.edge_sets)
    for name, edge_set in graph.edge_sets.items():
        np.testing.assert_array_equal(got.node_sets[name][H], edge_set[H])
        np.testing.assert_array_equal(got.node_sets[name].sizes, edge_set.sizes)
    np.testing.assert_array_equal(got.context[H], graph.context[H])
    ends = {name: edges.adjacency for name, edges in graph.edge_sets.items()}
    meeting = [(a, b) for a in ends for b in ends if ends[a].node_set_name(tags[0]) == ends[b].node_set_name(tags[1])]
    assert set(got.edge_sets) == {f"{a}=>{b}" for a, b in meeting}
    for a, b in meeting:
        want = pairs_by_hand(graph, a, b, *tags, non_backtracking)
        edges = got.edge_sets[f"{a}=>{b}"]
        assert (edges.adjacency.source_name, edges.adjacency.target_name) == (a, b)
        np.testing.assert_array_equal(edges.adjacency.source, want[:, 1])
        np.testing.assert_array_equal(edges.adjacency.target, want[:, 2])
        np.testing.assert_array_equal(edges.sizes, np.bincount(want[:, 3], minlength=len(edges.sizes)))
        nodes = graph.node_sets[ends[a].node_set_name(tags[0])]
        np.testing.assert_array_equal(edges[H], nodes[H].numpy()[want[:, 0]])
        assert edges.indices_dtype == graph.indices_dtype


@SEVERAL
def test_modes(run, graph):
    def convert(g):
        return gnnkit.convert_to_line_graph(g, non_backtracking=True, connect_with_original_nodes=True)

    assert_graphs_equal(run(convert, graph), convert(graph))


def test_original_nodes_and_readout():
    graph = gnnkit.add_readout_from_first_node(random_graph(1, min_nodes=1), "seed", node_set_name="paper")
    got = gnnkit.convert_to_line_graph(graph, connect_with_original_nodes=True)
    original = {f"original/{name}" for name in ("author", "paper", "venue")}
    assert set(got.node_sets) == {*EDGE_SETS, *original, "_readout"}
    for name, (source, target, _) in EDGE_SETS.items():
        old = graph.edge_sets[name]
        range_ = np.arange(int(old.total_size))
        to, away = got.edge_sets[f"original/to/{name}"], got.edge_sets[f"original/from/{name}"]
        assert (to.adjacency.source_name, to.adjacency.target_name) == (f"original/{source}", name)
        assert (away.adjacency.source_name, away.adjacency.target_name) == (name, f"original/{target}")
        np.testing.assert_array_equal(to.adjacency.source, old.adjacency.source)
        np.testing.assert_array_equal(to.adjacency.target, range_)
        np.testing.assert_array_equal(away.adjacency.source, range_)
        np.testing.assert_array_equal(away.adjacency.target, old.adjacency.target)
        np.testing.assert_array_equal(to.sizes, old.sizes)
        assert not to.features and not away.features
    np.testing.assert_array_equal(got.node_sets["original/paper"][H], graph.node_sets["paper"][H])
    read = gnnkit.structured_readout(got, "seed", feature_name=H)
    np.testing.assert_array_equal(read, gnnkit.structured_readout(graph, "seed", feature_name=H))


def test_ragged_features_and_latent_sets(run):
    ragged = tf.ragged.constant([["p"], ["q", "r"], []])
    graph = gnnkit.homogeneous([0, 1, 2], [1, 2, 1], node_features={"r": ragged}, edge_features={"r": ragged})
    got = run(lambda g: gnnkit.convert_to_line_graph(g, use_node_features_as_line_graph_edge_features=True), graph)
    assert got.node_sets["edges"]["r"].to_list() == ragged.to_list()
    assert got.edge_sets["edges=>edges"]["r"].to_list() == [[b"q", b"r"], [b"q", b"r"], []]
    latent = gnnkit.homogeneous([0, 1], [1, 0], node_set_sizes=[2])
    assert int(gnnkit.convert_to_line_graph(latent).edge_sets["edges=>edges"].total_size) == 2


def with_sets(nodes=(), edges=(), names=("paper", "paper")):
    graph = random_graph(1)
    more_nodes = {name: gnnkit.NodeSet.from_fields(sizes=[1, 1, 1]) for name in nodes}
    ends = gnnkit.Adjacency.from_indices((names[0], [0]), (names[1], [0]))
    more_edges = {name: gnnkit.EdgeSet.from_fields(sizes=[1, 0, 0], adjacency=ends) for name in edges}
    return gnnkit.GraphTensor.from_pieces(
        graph.context, {**graph.node_sets, **more_nodes}, {**graph.edge_sets, **more_edges}
    )


def hyper_graph():
    ends = gnnkit.HyperAdjacency.from_indices({0: ("a", [0]), 1: ("a", [0]), 2: ("a", [0])})
    edges = gnnkit.EdgeSet.from_fields(sizes=[1], adjacency=ends)
    nodes = gnnkit.NodeSet.from_fields(sizes=[1])
    return gnnkit.GraphTensor.from_pieces(node_sets={"a": nodes}, edge_sets={"h": edges})


@pytest.mark.parametrize(
    "error, message, graph, kwargs",
    [
        (ValueError, "auxiliary node set '_aux'; take it out of the graph first", with_sets(["_aux"]), {}),
        (ValueError, "auxiliary edge set '_aux'; take it out of the graph first", with_sets(edges=["_aux"]), {}),
        (ValueError, "readout node set '_readout'. Pass connect_with_original_nodes=True", with_sets(["_readout"]), {}),
        (ValueError, "auxiliary node set '_shadow/cites'", with_sets(["_shadow/cites"]),
         {"connect_with_original_nodes": True}),
        (ValueError, "edge set 'h' must have an Adjacency with source and target, .* tags .0, 1, 2.", hyper_graph(), {}),
        (ValueError, "several sets of the name .'original/paper'.", with_sets(edges=["original/paper"]),
         {"connect_with_original_nodes": True}),
        (ValueError, "the tag must be gnnkit.SOURCE .* but got 'context'", with_sets(), {"connect_to": gnnkit.CONTEXT}),
        (KeyError, "no tag 2", with_sets(), {"connect_from": 2}),
    ],
)  # fmt: skip
def test_errors(error, message, graph, kwargs):
    with pytest.raises(error, match=message):
        gnnkit.convert_to_line_graph(graph, **kwargs)
