"""iter_sets and iter_features."""

import pytest
import tensorflow as tf

import gnnkit

SCHEMA = """
context { features { key: "c" value { dtype: DT_FLOAT } } }
node_sets { key: "b" value { features { key: "y" value { dtype: DT_INT64 } }
                             features { key: "x" value { dtype: DT_FLOAT } } } }
node_sets { key: "a" value {} }
edge_sets { key: "e" value { source: "a" target: "b" features { key: "w" value { dtype: DT_FLOAT } } } }
"""
SETS = [("context", ""), ("nodes", "a"), ("nodes", "b"), ("edges", "e")]
FEATURES = [("context", "", "c"), ("nodes", "b", "x"), ("nodes", "b", "y"), ("edges", "e", "w")]


def _graph() -> gnnkit.GraphTensor:
    return gnnkit.GraphTensor.from_pieces(
        gnnkit.Context.from_fields(features={"c": [1.0]}),
        {
            "b": gnnkit.NodeSet.from_fields(sizes=[2], features={"y": [1, 2], "x": [1.0, 2.0]}),
            "a": gnnkit.NodeSet.from_fields(sizes=[1]),
        },
        {
            "e": gnnkit.EdgeSet.from_fields(
                sizes=[1],
                features={"w": [3.0]},
                adjacency=gnnkit.Adjacency.from_indices(("a", [0]), ("b", [1])),
            )
        },
    )


@pytest.mark.parametrize("kind", ["schema", "graph", "spec"])
def test_all_sets_and_features_in_order(kind):
    # TF-GNN's iter_features fails on graphs, although it is documented for them.
    value = {"schema": gnnkit.parse_schema(SCHEMA), "graph": _graph(), "spec": _graph().spec}[kind]
    assert [item[:2] for item in gnnkit.iter_sets(value)] == SETS
    assert [item[:3] for item in gnnkit.iter_features(value)] == FEATURES


def test_what_is_yielded():
    graph = _graph()
    assert [item[3].numpy().tolist() for item in gnnkit.iter_features(graph)] == [[1.0], [1.0, 2.0], [1, 2], [3.0]]
    assert next(gnnkit.iter_sets(graph))[2] is graph.context
    assert next(gnnkit.iter_features(graph.spec))[3] == tf.TensorSpec([1], tf.float32)


def test_wrong_type():
    with pytest.raises(TypeError, match="take a GraphSchema, GraphTensor or GraphTensorSpec, but got str"):
        list(gnnkit.iter_sets("schema.pbtxt"))
