"""Bugs of TF-GNN's schemas and Examples, by their numbers in the reference: gnnkit is right."""

import pytest
import tensorflow as tf

import gnnkit

SCHEMA = """
node_sets { key: "a" value { features { key: "x" value { dtype: DT_FLOAT } } } }
node_sets { key: "b" value {} }
edge_sets { key: "e" value { source: "b" target: "b" } }
"""


def _serialized(**values: list[int]) -> bytes:
    """Keys as in `a_size`."""
    example = tf.train.Example()
    for name, numbers in values.items():
        set_name, _, field = name.partition("_")
        key = f"{'edges' if set_name == 'e' else 'nodes'}/{set_name}.#{field}"
        example.features.feature[key].int64_list.value.extend(numbers)
    return example.SerializeToString()


@pytest.mark.parametrize("target", [-1, 2])
def test_b1_indices_out_of_range_in_examples(target):
    spec = gnnkit.create_graph_spec_from_schema_pb(gnnkit.parse_schema(SCHEMA))
    with pytest.raises(tf.errors.InvalidArgumentError, match="Edge set `e`, #target: index .* outside of node set `b`"):
        gnnkit.parse_single_example(spec, _serialized(b_size=[2], e_size=[1], e_source=[0], e_target=[target]))


def test_b2_sizes_differ_from_rows_in_examples():
    spec = gnnkit.create_graph_spec_from_schema_pb(gnnkit.parse_schema(SCHEMA))
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="feature `x` .*number of items is 0, but #size adds up to 2"
    ):
        gnnkit.parse_single_example(spec, _serialized(a_size=[2]))


def test_b2_numbers_of_components_differ_in_examples():
    spec = gnnkit.create_graph_spec_from_schema_pb(gnnkit.parse_schema(SCHEMA)).relax(num_components=True)
    with pytest.raises(
        tf.errors.InvalidArgumentError,
        match="Node set `b`, #size: the number of components is 2, but the first set .* 1",
    ):
        gnnkit.parse_single_example(spec, _serialized(a_size=[0], b_size=[1, 1], e_size=[0]))


def test_b3_features_of_a_graph():
    graph = gnnkit.homogeneous([0], [1], node_features={"x": [1.0, 2.0]})
    ((set_type, set_name, name, field),) = gnnkit.iter_features(graph)
    assert (set_type, set_name, name, field.numpy().tolist()) == ("nodes", "nodes", "x", [1.0, 2.0])
    assert [found[:3] for found in gnnkit.iter_features(graph.spec)] == [("nodes", "nodes", "x")]
