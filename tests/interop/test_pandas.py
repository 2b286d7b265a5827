import hypothesis
import ml_dtypes
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.interop import from_pandas, to_pandas
from gnnkit.samplers import GraphTables, read_tables, tables_from_graph_tensor, to_graph_tensor
from gnnkit.testing import assert_graphs_equal, random_graph, strategies


def test_tables():
    people = pd.DataFrame({"id": ["ann", "bob"], "age": [30, 40], "name": ["Ann", "Böb"]})
    drinks = pd.DataFrame({"price": [1.5]}, index=["tea"])
    likes = pd.DataFrame({"source": ["bob", "ann"], "target": ["tea", "tea"], "much": [True, False]})
    tables = from_pandas({"person": people, "drink": drinks}, {"likes": likes}, {"likes": ("person", "drink")})
    assert tables.node_sets["person"].ids.tolist() == [b"ann", b"bob"]
    assert tables.node_sets["person"].features["name"].tolist() == [b"Ann", "Böb".encode()]
    assert tables.node_sets["person"].features["age"].dtype == np.int64
    assert tables.node_sets["drink"].ids.tolist() == [b"tea"]
    edges = tables.edge_sets["likes"]
    assert (edges.source.tolist(), edges.target.tolist()) == ([1, 0], [0, 0])
    assert edges.features["much"].tolist() == [True, False]
    graph = to_graph_tensor(tables)
    assert graph.node_sets["person"]["age"].numpy().tolist() == [30, 40]
    gnnkit.check_compatible_with_schema_pb(graph, tables.schema)


def test_single_frames_and_row_numbers():
    nodes = pd.DataFrame({"x": [1.0, 2.0, 3.0]})
    edges = pd.DataFrame({"#source": [2, 0], "#target": [1, 1]})
    tables = from_pandas(nodes, edges)
    assert tables.node_sets["nodes"].ids is None
    assert tables.edge_sets["edges"].source.tolist() == [2, 0]
    assert from_pandas(nodes).edge_sets == {}
    numbered = from_pandas(nodes.set_index(pd.Index([10, 20, 30])), edges.replace({2: 30, 0: 10, 1: 20}))
    assert numbered.node_sets["nodes"].ids.tolist() == [b"10", b"20", b"30"]
    assert numbered.edge_sets["edges"].source.tolist() == [2, 0]


def test_kinds_of_columns():
    frame = pd.DataFrame(
        {
            "nullable": pd.array([1, 2], "Int32"),
            "flag": pd.array([True, False], "boolean"),
            "category": pd.Categorical(["a", "b"]),
            "object": np.array(["a", b"\xff"], object),
            "vector": [[1.0, 2.0], [3.0, 4.0]],
            "array": list(np.ones([2, 2, 2], np.float32)),
            "ragged": [["x"], []],
            "nan": [np.nan, 1.0],
            "half": np.ones(2, np.float16),
        }
    )
    features = from_pandas(frame).node_sets["nodes"].features
    assert features["nullable"].dtype == np.int32 and features["flag"].dtype == bool
    assert features["category"].tolist() == [b"a", b"b"] and features["object"].tolist() == [b"a", b"\xff"]
    assert features["vector"].dtype == np.float32 and features["vector"].shape == (2, 2)
    assert features["array"].shape == (2, 2, 2)
    assert [row.tolist() for row in features["ragged"]] == [[b"x"], []]
    assert np.isnan(features["nan"][0]) and features["half"].dtype == np.float16


@hypothesis.given(strategies.graphs(num_components=(1, 1)))
@hypothesis.settings(max_examples=50)
def test_round_trip_with_schema(description):
    graph = description.build(gnnkit)
    fields = [f for piece in graph._pieces() for f in piece.features.values() if isinstance(f, tf.RaggedTensor)]
    hypothesis.assume(all(field.ragged_rank == 1 for field in fields))  # Tables hold no others.
    schema = gnnkit.create_schema_pb_from_graph_spec(graph)
    tables = from_pandas(*to_pandas(graph), schema=schema)
    same = to_graph_tensor(tables, indices_dtype=graph.indices_dtype).with_row_splits_dtype(graph.row_splits_dtype)
    assert_graphs_equal(same, graph)


def test_round_trip_without_schema():
    graph = random_graph(5, num_components=1, min_nodes=1)
    assert all(int(edges.total_size) for edges in graph.edge_sets.values())
    same = to_graph_tensor(from_pandas(*to_pandas(graph)))
    assert_graphs_equal(same, graph)


def test_frames():
    tables = GraphTables(
        node_sets=from_pandas(pd.DataFrame({"id": ["a", "b"], "r": [[1], [2, 3]], "v": [[1.0], [2.0]]})).node_sets,
        context={"year": np.array([1999])},
    )
    frames = to_pandas(tables)
    assert frames.nodes["nodes"].index.tolist() == ["a", "b"] and frames.nodes["nodes"].index.name == "id"
    assert frames.nodes["nodes"].loc["b", "r"].tolist() == [2, 3]
    assert frames.context["year"].tolist() == [1999]
    again = from_pandas(*frames)
    assert again.node_sets["nodes"].ids.tolist() == [b"a", b"b"] and again.context["year"].tolist() == [1999]


def test_frames_of_components():
    graph = random_graph(1, num_components=3, min_nodes=1)
    frames = to_pandas(graph)
    paper = frames.nodes["paper"]
    assert np.bincount(paper["#component"]).tolist() == graph.node_sets["paper"].sizes.numpy().tolist()
    assert len(frames.context) == 3
    cites = frames.edges["cites"]
    assert (paper["#component"].loc[cites["source"]].to_numpy() == cites["#component"].to_numpy()).all()
    with pytest.raises(ValueError, match="The context has 3 rows; tables hold one graph"):
        from_pandas(*frames)


def test_schema_selects_and_casts():
    schema = gnnkit.parse_schema("""
        node_sets { key: "nodes" value {
          features { key: "#id" value { dtype: DT_STRING } }
          features { key: "x" value { dtype: DT_FLOAT } }
          features { key: "r" value { dtype: DT_INT32 shape { dim { size: -1 } } } }
          features { key: "b" value { dtype: DT_BFLOAT16 shape { dim { size: 1 } } } } } }""")
    frame = pd.DataFrame({"id": ["a"], "x": [1], "r": [[1, 2]], "b": [[0.5]], "unwanted": [None]})
    features = from_pandas(frame, schema=schema).node_sets["nodes"].features
    assert sorted(features) == ["b", "r", "x"] and features["x"].dtype == np.float32
    assert features["r"].values.dtype == np.int32 and features["r"].row_splits.tolist() == [0, 2]
    assert features["b"].dtype == ml_dtypes.bfloat16


NODES = pd.DataFrame({"id": ["a", "b"]})
EDGES = pd.DataFrame({"source": ["a"], "target": ["b"]})
SCHEMA = gnnkit.parse_schema('node_sets { key: "nodes" value { features { key: "x" value { dtype: DT_INT64 } } } }')


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"nodes": pd.DataFrame({"id": ["a", "a"]})}, "Node set 'nodes': the id 'a' occurs more than once"),
        ({"nodes": pd.DataFrame({"id": ["a", None]})}, "Node set 'nodes': row 1 has no id"),
        ({"edges": EDGES.assign(target="c")}, "row 0, column 'target': 'c' is not the id of a node of 'nodes'.$"),
        ({"edges": EDGES.assign(source=0)}, "is not the id of a node of 'nodes'. Ids are str, the column is int64"),
        ({"edges": EDGES[["source"]]}, r"Edge set 'edges' has no column 'target'; it has \['source'\]"),
        ({"nodes": {"a": NODES, "b": NODES}}, r"joins: endpoints={'edges': .* the node sets are \['a', 'b'\]"),
        ({"endpoints": {"edges": ("x", "nodes")}}, "Edge set 'edges' joins node set 'x', but the node sets are"),
        ({"nodes": NODES.assign(x=[None, "a"])}, "Node set 'nodes', feature 'x': row 0 has no value"),
        ({"nodes": NODES.assign(x=[1, "a"])}, "feature 'x' has values like 1 and 'a'; expected texts only"),
        ({"nodes": NODES.assign(x=pd.Timestamp(0))}, r"feature 'x': the column is datetime64.*; expected numbers"),
        ({"nodes": NODES.assign(x=[[[1], [2, 3]], []])}, "'x' has 2 ragged dimensions; tables hold features with one"),
        ({"context": pd.DataFrame({"x": [1, 2]})}, "The context has 2 rows"),
        ({"schema": SCHEMA}, r"'nodes', feature 'x': the schema has it, but the columns are \[\]"),
        (
            {"schema": SCHEMA, "nodes": NODES.assign(x=0.5)},
            r"Node set 'nodes', feature 'x': np.float64\(0.5\) is no int64",
        ),
        (
            {"schema": SCHEMA, "nodes": NODES.assign(x=["a", "b"])},
            "feature 'x' has values like 'a'; expected int64 only",
        ),
        ({"schema": SCHEMA, "nodes": NODES.assign(x=np.nan)}, r"feature 'x': np.float64\(nan\) is no int64"),
        ({"schema": SCHEMA, "nodes": NODES.assign(x=0)}, r"The schema has no edge set 'edges'; it has \[\]"),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        from_pandas(**{"nodes": NODES, "edges": EDGES, **arguments})


def test_openflights(shared_data, tmp_path):
    """A real graph, read with pandas and by gnnkit."""
    folder = shared_data / "openflights"
    want = read_tables(folder / "graph_schema.pbtxt")
    nodes = {
        name: pd.read_csv(folder / f"{name}.csv", dtype={"id": str}, keep_default_na=False) for name in want.node_sets
    }
    ends = {"source": str, "target": str}
    edges = {
        name: pd.read_csv(folder / want.schema.edge_sets[name].metadata.filename, dtype=ends, keep_default_na=False)
        for name in want.edge_sets
        if name != "operated_by"
    }
    endpoints = {name: (table.source_set, table.target_set) for name, table in want.edge_sets.items()}
    got = from_pandas(nodes, edges, endpoints, schema=want.schema)
    for name, table in want.node_sets.items():
        assert got.node_sets[name].ids.tolist() == table.ids.tolist()
        for feature, column in table.features.items():
            np.testing.assert_array_equal(got.node_sets[name].features[feature], column)
    for name in edges:
        np.testing.assert_array_equal(got.edge_sets[name].source, want.edge_sets[name].source)
        np.testing.assert_array_equal(got.edge_sets[name].target, want.edge_sets[name].target)
    assert tables_from_graph_tensor(to_graph_tensor(got)).node_sets["airport"].num_nodes == 3108
