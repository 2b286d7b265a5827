"""Examples that either library writes are read by the other to the same graph, over random schemas."""

import hypothesis
import pytest
import tensorflow as tf
from hypothesis import strategies as st

import gnnkit
from gnnkit.testing import assert_graphs_equal, strategies

prefixes = st.sampled_from([None, "", "p/", "nodes/a."])
schemas = st.booleans().flatmap(lambda readout: strategies.schemas(readout=readout))
few = hypothesis.settings(max_examples=30)


def _bytes(example: tf.train.Example) -> bytes:
    return example.SerializeToString(deterministic=True)


@hypothesis.given(strategies.graphs(schemas), prefixes)
@few
def test_each_reads_what_the_other_writes(tfgnn, build_pair, assert_same_graph, description, prefix):
    """Graphs with any number of components."""
    ours, theirs = build_pair(description)
    written = [_bytes(library.write_example(graph, prefix)) for library, graph in ((gnnkit, ours), (tfgnn, theirs))]
    assert written[0] == written[1]
    any_size = {"num_components": True, "num_nodes": True, "num_edges": True}
    read = gnnkit.parse_single_example(ours.spec.relax(**any_size), written[1], prefix)
    assert_graphs_equal(read, ours)
    assert_same_graph(read, tfgnn.parse_single_example(theirs.spec.relax(**any_size), tf.constant(written[0]), prefix))


@pytest.mark.slow
@hypothesis.given(st.data(), st.sampled_from([tf.int32, tf.int64]), prefixes)
@few
def test_batches(tfgnn, assert_same_graph, data, indices_dtype, prefix):
    """Graphs of one schema, whose Examples may lack what is empty."""
    schema = data.draw(schemas)
    descriptions = data.draw(st.lists(strategies.graphs(schema, num_components=(1, 1)), min_size=1, max_size=3))
    serialized = []
    for i, description in enumerate(descriptions):
        library = (gnnkit, tfgnn)[i % 2]
        example = library.write_example(description.build(library), prefix)
        if data.draw(st.booleans()):
            _leave_out_what_is_empty(example, prefix or "")
        serialized.append(_bytes(example))

    def parse(library):
        spec = library.create_graph_spec_from_schema_pb(library.parse_schema(str(schema)), indices_dtype)
        return library.parse_example(spec, tf.constant(serialized), prefix)

    ours, theirs = parse(gnnkit), parse(tfgnn)
    assert_same_graph(ours, theirs)
    assert_same_graph(ours.merge_batch_to_components(), theirs.merge_batch_to_components())


def _leave_out_what_is_empty(example: tf.train.Example, prefix: str) -> None:
    features = example.features.feature
    for key, feature in list(features.items()):
        values = getattr(feature, feature.WhichOneof("kind")).value
        if not values or (key.endswith("#size") and not any(values)):
            if not key.startswith(f"{prefix}context/"):
                del features[key]


@hypothesis.given(strategies.graphs(), strategies.graphs())
@hypothesis.settings(max_examples=10)
def test_two_graphs_in_one_example(tfgnn, build_pair, assert_same_graph, first, second):
    example, pairs = tf.train.Example(), {"one.": build_pair(first), "two.": build_pair(second)}
    for prefix, (graph, _) in pairs.items():
        example.MergeFrom(gnnkit.write_example(graph, prefix))
    for prefix, (ours, theirs) in pairs.items():
        assert_graphs_equal(gnnkit.parse_single_example(ours.spec, _bytes(example), prefix), ours)
        assert_same_graph(ours, tfgnn.parse_single_example(theirs.spec, tf.constant(_bytes(example)), prefix))
