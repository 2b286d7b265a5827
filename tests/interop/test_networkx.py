import hypothesis
import networkx as nx
import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.interop import from_networkx, to_edge_list, to_networkx, to_networkx_graph
from gnnkit.testing import assert_graphs_equal, random_graph, strategies


@hypothesis.given(strategies.graphs())
@hypothesis.settings(max_examples=50)
def test_round_trip_with_spec(description):
    graph = description.build(gnnkit)
    assert_graphs_equal(from_networkx(to_networkx(graph), spec=graph.spec), graph)


def test_round_trip_without_spec():
    graph = random_graph(3, num_components=4, min_nodes=1)
    words = tf.ragged.constant([["a"], [], ["b", "cö"], *[["d"]] * (int(graph.node_sets["paper"].total_size) - 3)])
    edges = int(graph.edge_sets["writes"].total_size)
    raw, half = tf.constant([b"\xff"] * edges), tf.ones([edges], tf.float16)
    graph = graph.replace_features(
        node_sets={"paper": {**graph.node_sets["paper"].features, "words": words}},
        edge_sets={"writes": {"raw": raw, "half": half}},
    )
    assert_graphs_equal(from_networkx(to_networkx(graph)), graph)


def test_ragged_dimension_behind_a_uniform_one():
    field = tf.RaggedTensor.from_uniform_row_length(tf.ragged.constant([[1], [2, 3], [], [4]]), 2)
    graph = gnnkit.homogeneous([0], [1], node_features={"x": field})
    with_spec = from_networkx(to_networkx(graph), spec=graph.spec)
    assert_graphs_equal(with_spec, graph)
    assert with_spec.spec == graph.spec
    assert from_networkx(to_networkx(graph)).node_sets["nodes"]["x"].shape == [2, 2, None]


def test_attributes():
    graph = gnnkit.GraphTensor.from_pieces(
        gnnkit.Context.from_fields(features={"label": [7]}),
        {
            "author": gnnkit.NodeSet.from_fields(sizes=[1], features={"name": ["ann"], "x": [[1.0, 2.0]]}),
            "paper": gnnkit.NodeSet.from_fields(sizes=[2], features={"words": tf.ragged.constant([["a", "b"], []])}),
        },
        {
            "writes": gnnkit.EdgeSet.from_fields(
                sizes=[3],
                features={"position": [1, 2, 3]},
                adjacency=gnnkit.Adjacency.from_indices(("author", [0, 0, 0]), ("paper", [1, 0, 1])),
            )
        },
    )
    result = to_networkx(graph)
    assert type(result) is nx.MultiDiGraph and result.graph == {"label": 7}
    assert result.nodes[2] == {"words": [], "#type": "paper", "#component": 0, "#local_id": 1}
    assert result.nodes[0]["name"] == "ann" and result.nodes[0]["x"].tolist() == [1, 2]
    assert {(*ends, d["position"], d["#local_id"]) for *ends, d in result.edges(data=True)} == {
        (0, 2, 1, 0),
        (0, 1, 2, 1),
        (0, 2, 3, 2),
    }
    assert list(nx.dag_longest_path(nx.DiGraph(result)))[0] == 0


def test_components():
    graph = random_graph(1, num_components=3)
    result = to_networkx(graph)
    assert result.graph["#num_components"] == 3 and len(result.graph["hidden_state"]) == 3
    for component in nx.weakly_connected_components(result):
        assert len({result.nodes[node]["#component"] for node in component}) == 1


def test_several_graphs_become_components():
    graphs = [nx.path_graph(3), nx.empty_graph(1), nx.path_graph(2)]
    for number, graph in enumerate(graphs):
        graph.graph["label"] = number
        nx.set_edge_attributes(graph, 0.5, "w")
    result = from_networkx(graphs)
    assert result.node_sets["nodes"].sizes.numpy().tolist() == [3, 1, 2]
    assert result.edge_sets["edges"].sizes.numpy().tolist() == [4, 0, 2]
    assert result.edge_sets["edges"].adjacency.source.numpy().tolist() == [0, 1, 1, 2, 4, 5]
    assert result.edge_sets["edges"].adjacency.target.numpy().tolist() == [1, 0, 2, 1, 5, 4]
    assert result.context["label"].numpy().tolist() == [0, 1, 2]
    nested = from_networkx([to_networkx(result), graphs[2]])
    assert nested.node_sets["nodes"].sizes.numpy().tolist() == [3, 1, 2, 2]
    assert nested.edge_sets["edges"].adjacency.target.numpy().tolist() == [1, 0, 2, 1, 5, 4, 7, 6]


def test_undirected_edges_go_both_ways_and_loops_stay():
    graph = nx.Graph([("b", "a"), ("a", "a")], name="letters")
    result = from_networkx(graph, node_set_name="letter", edge_set_name="next", indices_dtype=tf.int64)
    assert result.node_sets["letter"]["#id"].numpy().tolist() == [b"b", b"a"]
    adjacency = result.edge_sets["next"].adjacency
    assert adjacency.indices_dtype == tf.int64
    assert list(zip(adjacency.source.numpy(), adjacency.target.numpy(), strict=True)) == [(0, 1), (1, 0), (1, 1)]
    assert result.context["name"].numpy().tolist() == [b"letters"]
    back = to_networkx(result)
    names = nx.get_node_attributes(back, "#id")
    assert nx.is_isomorphic(nx.relabel_nodes(nx.Graph(back), names), graph)


def test_multigraphs_keep_parallel_edges():
    for kind, edges in ((nx.MultiDiGraph, 2), (nx.MultiGraph, 4), (nx.DiGraph, 1), (nx.Graph, 2)):
        graph = kind([(0, 1), (0, 1)])
        assert int(from_networkx(graph).edge_sets["edges"].total_size) == edges


def test_kinds_of_values():
    graph = nx.DiGraph()
    graph.add_node(0, i=1, f=0.5, b=True, s="x", vector=[1, 2], array=np.ones([2, 2], np.float16), ragged=[0.5])
    graph.add_node(1, i=2, f=1, b=False, s=b"y", vector=(3, 4), array=np.ones([2, 2], np.float16), ragged=[])
    features = from_networkx(graph).node_sets["nodes"].features
    assert {name: value.dtype.name for name, value in features.items()} == {
        "i": "int64",
        "f": "float32",
        "b": "bool",
        "s": "string",
        "vector": "int64",
        "array": "float16",
        "ragged": "float32",
    }
    assert features["vector"].numpy().tolist() == [[1, 2], [3, 4]] and features["array"].shape == (2, 2, 2)
    assert features["ragged"].to_list() == [[0.5], []]


def test_sets_by_attribute():
    graph = nx.Graph()
    graph.add_node("ann", kind="person")
    graph.add_node("tea", kind="drink")
    graph.add_edge("ann", "tea", kind="likes")
    graph.add_edge("ann", "ann", kind="knows")
    result = from_networkx(graph, type_attribute="kind")
    assert list(result.node_sets) == ["drink", "person"]
    # One type, two pairs of node sets.
    assert list(result.edge_sets) == ["drink_likes_person", "knows", "person_likes_drink"]
    assert result.edge_sets["drink_likes_person"].adjacency.target_name == "person"


def test_defaults_of_graph_readers_are_no_context_features():
    graph = nx.parse_graphml("\n".join(nx.generate_graphml(nx.path_graph(2))))
    assert graph.graph["node_default"] == {}
    assert not from_networkx(graph).context.features


def test_spec_selects_and_casts():
    spec = gnnkit.GraphTensorSpec.from_piece_specs(
        node_sets_spec={
            "nodes": gnnkit.NodeSetSpec.from_field_specs(
                features_spec={
                    "x": tf.TensorSpec([None], tf.float16),
                    "r": tf.RaggedTensorSpec([None, None], tf.int32, ragged_rank=1, row_splits_dtype=tf.int32),
                },
                sizes_spec=tf.TensorSpec([1], tf.int64),
            ),
            "other": gnnkit.NodeSetSpec.from_field_specs(sizes_spec=tf.TensorSpec([1], tf.int64)),
        }
    )
    graph = nx.empty_graph(2)
    nx.set_node_attributes(graph, 3, "x")
    nx.set_node_attributes(graph, [1], "r")
    nx.set_node_attributes(graph, None, "unwanted")
    result = from_networkx(graph, spec=spec)
    assert spec.is_compatible_with(result) and result.node_sets["other"].sizes.numpy().tolist() == [0]
    assert result.node_sets["nodes"]["r"].to_list() == [[1], [1]]


def _graph(**attributes):
    graph = nx.DiGraph([(0, 1)])
    nx.set_node_attributes(graph, 1, "x")
    graph.nodes[1].update(attributes)
    return graph


EMPTY = gnnkit.GraphTensorSpec.from_piece_specs()
ONE = to_networkx(random_graph(0))


@pytest.mark.parametrize(
    ("graph", "options", "message"),
    [
        (_graph(y=1), {}, "Node set 'nodes': 0 has no attribute 'y', which others or the spec have. Give it"),
        (_graph(x="a"), {}, "Node set 'nodes', feature 'x' has values like 1 and 'a'; expected texts only"),
        (_graph(x=None), {}, "feature 'x' has values like 1 and None; expected numbers, texts or lists"),
        (_graph(x=[1]), {}, r"feature 'x' has single values and lists: 1 and \[1\]. All items need the same rank"),
        (_graph(**{"#type": 3}), {}, "Node 1: attribute '#type' is 3; expected the name of a set"),
        (_graph(**{"#component": 1}), {}, "Node 1 has #component=1, but its graph has 1 component"),
        (_graph(), {"spec": EMPTY}, r"Node set 'nodes' is not in the spec, which has \[\]"),
        (nx.Graph(a=[1], **{"#num_components": 2}), {}, "'a' has 1 values; expected one for each of 2 components"),
    ],
)
def test_wrong_graphs(graph, options, message):
    with pytest.raises(ValueError, match=message):
        from_networkx(graph, **options)


def test_more_wrong_graphs():
    graph = nx.DiGraph([(0, 1)], **{"#num_components": 2})
    graph.nodes[1]["#component"] = 1
    with pytest.raises(ValueError, match=r"Edge \(0, 1\) joins component 0 and component 1"):
        from_networkx(graph)
    with pytest.raises(TypeError, match="takes networkx graphs, but got int"):
        from_networkx([1])
    spec = from_networkx(_graph()).spec
    with pytest.raises(ValueError, match=r"feature 'x': a value of rank 1 came; expected shape \[\]"):
        from_networkx(_graph(x=[1]).subgraph([1]), spec=spec)
    with pytest.raises(ValueError, match="Edge set 'edges' is not in the spec"):
        from_networkx(_graph(), spec=from_networkx(nx.empty_graph(1)).spec)
    graph = _graph(**{"#type": "other"})
    nx.set_edge_attributes(graph, "edges", "#type")
    spec = from_networkx([_graph(), nx.relabel_nodes(graph, {0: 2}).subgraph([1])]).spec
    with pytest.raises(ValueError, match="Edge set 'edges' joins 'nodes' to 'other'; the spec has nodes to nodes"):
        from_networkx(graph, spec=spec)


def test_wrong_graph_tensors():
    graph = random_graph(0)
    [batch] = tf.data.Dataset.from_tensors(graph).batch(1)
    with pytest.raises(ValueError, match=r"to_networkx\(\) needs a scalar GraphTensor.*merge_batch_to_components"):
        to_networkx(batch)
    with pytest.raises(TypeError, match="takes a GraphTensor, but got MultiDiGraph"):
        to_networkx(ONE)
    hyper = gnnkit.GraphTensor.from_pieces(
        node_sets={"a": gnnkit.NodeSet.from_fields(sizes=[1])},
        edge_sets={
            "h": gnnkit.EdgeSet.from_fields(
                sizes=[1], adjacency=gnnkit.HyperAdjacency.from_indices({0: ("a", [0]), 1: ("a", [0]), 2: ("a", [0])})
            )
        },
    )
    with pytest.raises(ValueError, match="edge set 'h' has a HyperAdjacency; only edges with one source"):
        to_edge_list(hyper)

    def traced(graph):
        with pytest.raises(ValueError, match="needs values, but got a symbolic graph"):
            to_networkx(graph)
        return graph

    tf.function(traced)(graph)


def _two_components():
    return gnnkit.GraphTensor.from_pieces(
        node_sets={
            "a": gnnkit.NodeSet.from_fields(sizes=[2, 1], features={"#id": ["x", "y", "z"]}),
            "b": gnnkit.NodeSet.from_fields(sizes=[3, 1], features={"#id": ["p", "q", "r", "s"]}),
            "c": gnnkit.NodeSet.from_fields(sizes=[0, 1]),
        },
        edge_sets={
            "ab": gnnkit.EdgeSet.from_fields(
                sizes=[2, 1], adjacency=gnnkit.Adjacency.from_indices(("a", [0, 1, 2]), ("b", [0, 2, 3]))
            ),
            "bb": gnnkit.EdgeSet.from_fields(
                sizes=[1, 0], adjacency=gnnkit.Adjacency.from_indices(("b", [1]), ("b", [2]))
            ),
        },
    )


def test_b15_edge_list_has_all_components_and_the_ids_of_both_ends(capsys):
    nodes, edges = to_edge_list(_two_components())
    assert [(n["#global_id"], n["#type"], n["#local_id"], n["#id"]) for n in nodes] == [
        (0, "a", 0, "x"),
        (1, "a", 1, "y"),
        (2, "a", 2, "z"),
        (3, "b", 0, "p"),
        (4, "b", 1, "q"),
        (5, "b", 2, "r"),
        (6, "b", 3, "s"),
        (7, "c", 0, "0"),
    ]
    assert [(e["#src_id"], e["#target_id"], e["source"], e["target"]) for e in edges] == [
        ("x", "p", 0, 3),
        ("y", "r", 1, 5),
        ("z", "s", 2, 6),
        ("q", "r", 4, 5),
    ]
    assert edges[3] == edges[3] | {"#src_type": "b", "#target_type": "b", "#type": "bb"}
    assert capsys.readouterr().out == ""


def test_b15_networkx_graph_has_all_components(capsys):
    graph = to_networkx_graph(_two_components())
    assert type(graph) is nx.MultiDiGraph and graph.number_of_nodes() == 8
    assert graph.nodes[6] == {"#type": "b", "#id": "s", "#local_id": 3}
    assert sorted(graph.edges()) == [(0, 3), (1, 5), (2, 6), (4, 5)]
    assert capsys.readouterr().out == ""
