"""Schema to spec and back."""

import pytest
import tensorflow as tf

import gnnkit

SCHEMA = """
context { features { key: "c" value { dtype: DT_FLOAT } }
          features { key: "words" value { dtype: DT_STRING shape { dim { size: -1 } } } } }
node_sets { key: "a" value {
  features { key: "n" value { dtype: DT_INT32 } }
  features { key: "feat" value { dtype: DT_FLOAT shape { dim { size: 2 } dim { size: 3 } } } }
  features { key: "r" value { dtype: DT_INT64 shape { dim { size: -1 } dim { size: 2 } } } }
  features { key: "rdr" value { dtype: DT_BOOL shape { dim { size: -1 } dim { size: 2 } dim { size: -1 } } } }
} }
node_sets { key: "latent" value {} }
edge_sets { key: "e" value { source: "a" target: "latent" features { key: "w" value { dtype: DT_DOUBLE } } } }
"""


def test_spec_of_schema():
    spec = gnnkit.create_graph_spec_from_schema_pb(gnnkit.parse_schema(SCHEMA))
    assert spec.rank == 0 and spec.num_components == 1 and spec.indices_dtype == tf.int32
    assert spec.context_spec["c"] == tf.TensorSpec([1], tf.float32)
    assert spec.context_spec["words"] == tf.RaggedTensorSpec([1, None], tf.string, 1, tf.int64)
    a = spec.node_sets_spec["a"]
    assert a["n"] == tf.TensorSpec([None], tf.int32)
    assert a["feat"] == tf.TensorSpec([None, 2, 3], tf.float32)
    assert a["r"] == tf.RaggedTensorSpec([None, None, 2], tf.int64, 1, tf.int64)
    assert a["rdr"] == tf.RaggedTensorSpec([None, None, 2, None], tf.bool, 3, tf.int64)
    assert spec.node_sets_spec["latent"].total_size is None
    adjacency = spec.edge_sets_spec["e"].adjacency_spec
    assert (adjacency.source_name, adjacency.target_name) == ("a", "latent")
    assert adjacency.source == tf.TensorSpec([None], tf.int32)


def test_a_uniform_dimension_before_a_ragged_one():
    # TF-GNN counts the ragged dimensions instead, which gives a spec that no value fits.
    schema = gnnkit.parse_schema(
        'node_sets { key: "a" value { features { key: "x" value { dtype: DT_FLOAT shape '
        "{ dim { size: 3 } dim { size: -1 } } } } } }"
    )
    spec = gnnkit.create_graph_spec_from_schema_pb(schema).node_sets_spec["a"]["x"]
    assert spec == tf.RaggedTensorSpec([None, 3, None], tf.float32, 2, tf.int64)


def test_indices_dtype():
    spec = gnnkit.create_graph_spec_from_schema_pb(gnnkit.parse_schema(SCHEMA), indices_dtype=tf.int64)
    assert spec.indices_dtype == tf.int64
    assert spec.edge_sets_spec["e"].adjacency_spec.target == tf.TensorSpec([None], tf.int64)
    assert spec.context_spec.sizes_spec == tf.TensorSpec([1], tf.int64)
    with pytest.raises(ValueError, match="indices_dtype must be tf.int32 or tf.int64"):
        gnnkit.create_graph_spec_from_schema_pb(gnnkit.parse_schema(SCHEMA), indices_dtype=tf.float32)


def test_there_and_back():
    schema = gnnkit.parse_schema(SCHEMA)
    spec = gnnkit.create_graph_spec_from_schema_pb(schema)
    assert gnnkit.create_schema_pb_from_graph_spec(spec) == schema
    assert not gnnkit.create_schema_pb_from_graph_spec(spec).context.features["c"].HasField("shape")


def test_static_sizes_are_no_part_of_a_schema():
    graph = gnnkit.homogeneous([0], [1], node_features={"x": [[1.0], [2.0]]})
    schema = gnnkit.create_schema_pb_from_graph_spec(graph)
    assert [dim.size for dim in schema.node_sets["nodes"].features["x"].shape.dim] == [1]
    assert schema == gnnkit.create_schema_pb_from_graph_spec(graph.spec)


@pytest.mark.parametrize(
    "text, message",
    [
        ('node_sets { key: "a" value { features { key: "x" value {} } } }', "feature 'x': the schema gives dtype None"),
        (
            'node_sets { key: "a" value { features { key: "x" value { dtype: DT_COMPLEX64 } } } }',
            "Node set 'a', feature 'x': the schema gives dtype complex64. Supported are",
        ),
        (
            'node_sets { key: "a" value { features { key: "x" value { dtype: 1 shape { unknown_rank: true } } } } }',
            "Node set 'a', feature 'x': the schema gives a shape of unknown rank",
        ),
        (
            'edge_sets { key: "e" value { source: "a" target: "b" } }',
            "Edge set 'e' joins node set 'a'.*which the graph lacks",
        ),
    ],
)
def test_bad_schemas(text, message):
    with pytest.raises(ValueError, match=message):
        gnnkit.create_graph_spec_from_schema_pb(gnnkit.parse_schema(text))


def test_graphs_that_a_schema_cannot_describe():
    graph = gnnkit.homogeneous(
        [0], [1], node_features={"x": [[1.0], [2.0]]}, node_set_sizes=[1, 1], edge_set_sizes=[1, 0]
    )
    with pytest.raises(
        ValueError, match="create_schema_pb_from_graph_spec needs a graph with one component, but got 2"
    ):
        gnnkit.create_schema_pb_from_graph_spec(graph)
    batched = gnnkit.homogeneous([0], [1], node_features={"x": [[1.0], [2.0]]}).spec._batch(3)
    with pytest.raises(ValueError, match=r"needs a scalar GraphTensor \(rank 0\), but got rank 1"):
        gnnkit.create_schema_pb_from_graph_spec(batched)
    with pytest.raises(ValueError, match="feature 'x' has dtype complex64, which a schema cannot hold"):
        gnnkit.create_schema_pb_from_graph_spec(
            gnnkit.homogeneous([0], [0], node_features={"x": tf.complex([1.0], [0.0])})
        )
    with pytest.raises(ValueError, match="takes a GraphTensor or GraphTensorSpec, but got str"):
        gnnkit.create_schema_pb_from_graph_spec("graph")
    hyper = gnnkit.GraphTensor.from_pieces(
        node_sets={"a": gnnkit.NodeSet.from_fields(sizes=[1])},
        edge_sets={
            "h": gnnkit.EdgeSet.from_fields(
                sizes=[1], adjacency=gnnkit.HyperAdjacency.from_indices({0: ("a", [0]), 1: ("a", [0])})
            )
        },
    )
    with pytest.raises(ValueError, match="Edge set 'h' has a HyperAdjacency; a schema can only"):
        gnnkit.create_schema_pb_from_graph_spec(hyper)


def _schema(**changes: str) -> str:
    text = (
        'node_sets { key: "nodes" value { features { key: "x" value { DTYPE shape { dim { size: 1 } } } } } }'
        'edge_sets { key: "edges" value { source: "nodes" target: "nodes" } } MORE'
    )
    return text.replace("DTYPE", changes.get("dtype", "dtype: DT_FLOAT")).replace("MORE", changes.get("more", ""))


def test_compatible():
    graph = gnnkit.homogeneous([0], [1], node_features={"x": [[1.0], [2.0]]})
    schema = gnnkit.parse_schema(_schema())
    assert gnnkit.check_compatible_with_schema_pb(graph, schema) is None
    assert gnnkit.check_compatible_with_schema_pb(graph.spec, schema) is None
    assert gnnkit.check_compatible_with_schema_pb(graph.with_indices_dtype(tf.int64), schema) is None


@pytest.mark.parametrize(
    "changes, message",
    [
        (
            {"dtype": "dtype: DT_INT64"},
            r"Node set 'nodes', feature 'x': the schema says int64 \[1\], the graph has float32 \[1\]",
        ),
        ({"more": 'node_sets { key: "b" value {} }'}, "Node set 'b': the schema says nodes, the graph has none"),
        (
            {"more": 'context { features { key: "c" value { dtype: DT_FLOAT } } }'},
            r"Context, feature 'c': the schema says float32 \[\], the graph has none",
        ),
    ],
)
def test_incompatible(changes, message):
    graph = gnnkit.homogeneous([0], [1], node_features={"x": [[1.0], [2.0]]})
    with pytest.raises(ValueError, match=message):
        gnnkit.check_compatible_with_schema_pb(graph, gnnkit.parse_schema(_schema(**changes)))


def test_feature_that_the_schema_lacks():
    graph = gnnkit.homogeneous([0], [1], node_features={"x": [[1.0], [2.0]], "y": [1, 2]})
    with pytest.raises(ValueError, match=r"feature 'y': the graph has int32 \[\], the schema does not know it"):
        gnnkit.check_compatible_with_schema_pb(graph, gnnkit.parse_schema(_schema()))
