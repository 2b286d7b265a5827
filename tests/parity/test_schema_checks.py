"""Random graphs, values, and checks of graphs and schemas like tensorflow-gnn's."""

import hypothesis
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.testing import strategies

few = hypothesis.settings(max_examples=10)
HAVE = """
context { features { key: "c" value { dtype: DT_INT64 } } }
node_sets { key: "a" value { features { key: "x" value { dtype: DT_FLOAT shape { dim { size: 3 } dim { size: -1 } } } }
                             features { key: "y" value { dtype: DT_INT64 } } } }
node_sets { key: "b" value {} }
edge_sets { key: "e" value { source: "a" target: "b" } }
"""


def _feature(text: str, name: str = "x") -> str:
    return f'node_sets {{ key: "a" value {{ features {{ key: "{name}" value {{ {text} }} }} }} }}'


def _fulfilled(library, text: str) -> bool:
    try:
        library.check_required_features(library.parse_schema(text), library.parse_schema(HAVE))
    except library.ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    "text",
    [
        "",
        HAVE,
        'context { features { key: "q" value { dtype: DT_INT64 } } }',
        _feature(""),
        _feature("", "q"),
        _feature("dtype: DT_FLOAT"),
        _feature("dtype: DT_INT64"),
        _feature("shape {}"),
        _feature("shape {}", "y"),
        _feature("shape { unknown_rank: true }"),
        _feature("shape { unknown_rank: true }", "y"),
        _feature("shape { dim { size: 3 } }"),
        _feature("shape { dim { size: 3 } dim { size: -1 } }"),
        _feature("shape { dim { size: 0 } dim { size: 0 } }"),
        _feature("shape { dim { size: -1 } dim { size: -1 } }"),
        _feature("shape { dim { size: 0 } }", "y"),
        'edge_sets { key: "e" value {} }',
    ],
)
def test_required_features(make_pair, text):
    ours, theirs = make_pair(lambda library: _fulfilled(library, text))
    assert ours == theirs


@pytest.mark.parametrize(
    "text",
    [
        'node_sets { key: "q" value {} }',
        'edge_sets { key: "q" value {} }',
        'edge_sets { key: "e" value { source: "b" } }',
        'edge_sets { key: "e" value { target: "a" } }',
    ],
)
def test_required_sets_without_features(make_pair, text):
    assert make_pair(lambda library: _fulfilled(library, text)) == (False, True)


@hypothesis.given(strategies.graphs())
@few
def test_values(tfgnn, build_pair, description):
    ours, theirs = build_pair(description)
    assert gnnkit.graph_tensor_to_values(ours) == tfgnn.graph_tensor_to_values(theirs)


@hypothesis.given(strategies.schemas(), hypothesis.strategies.sampled_from([tf.int32, tf.int64]))
@few
def test_random_graphs(make_pair, schema, indices_dtype):
    """Of the same spec, but for the numbers of items."""

    def components(library):
        spec = library.create_graph_spec_from_schema_pb(library.parse_schema(str(schema)), indices_dtype)
        graph = library.random_graph_tensor(spec)
        assert spec.is_compatible_with(graph)
        library.check_compatible_with_schema_pb(graph, library.parse_schema(str(schema)))
        several = library.random_graph_tensor(spec, num_components_range=(5, 6))
        relaxed = library.random_graph_tensor(spec.relax(num_components=True), num_components_range=(5, 6))
        return int(graph.num_components), int(several.num_components), int(relaxed.num_components)

    assert make_pair(components) == ((1, 5, 5), (1, 5, 5))


def _spec(library, rank: int = 0):
    schema = HAVE.replace("shape { dim { size: 3 } dim { size: -1 } }", "")
    spec = library.create_graph_spec_from_schema_pb(library.parse_schema(schema))
    return spec._batch(2) if rank else spec


@pytest.mark.parametrize(
    "call",
    [
        lambda t: t.random_graph_tensor(_spec(t, rank=1)),
        lambda t: t.random_graph_tensor(_spec(t), row_lengths_range=(3, 3)),
        lambda t: t.random_graph_tensor(_spec(t), row_lengths_range=(-1, 3)),
        lambda t: t.random_graph_tensor(_spec(t), {("nodes", "a", "y"): ["text"]}),
    ],
)
def test_errors_of_random_graphs(tfgnn, call):
    with pytest.raises(Exception) as theirs:
        call(tfgnn)
    with pytest.raises(theirs.type):
        call(gnnkit)


@pytest.mark.parametrize("key", [("nodes", "a", "q"), ("nodes", "q", "x"), ("edge", "e", "w")])
def test_samples_of_unknown_features(tfgnn, key):
    tfgnn.random_graph_tensor(_spec(tfgnn), {key: [1.0]})
    with pytest.raises(ValueError, match="but the spec has no such feature"):
        gnnkit.random_graph_tensor(_spec(gnnkit), {key: [1.0]})


def test_random_graphs_of_static_sizes(make_pair):
    def is_kept(library):
        graph = library.homogeneous(
            tf.zeros([50], tf.int32), tf.zeros([50], tf.int32), node_features={"x": tf.zeros([40])}
        )
        return graph.spec.is_compatible_with(library.random_graph_tensor(graph.spec))

    assert make_pair(is_kept) == (True, False)


GRAPHS = {
    "good": ({}, {}),
    "source too large": ({"source": [0, 3]}, {}),
    "target too large": ({"target": [3, 0]}, {}),
    "negative source": ({"source": [-1, 0]}, {}),
    "negative target": ({"target": [0, -1]}, {}),
}


@pytest.mark.parametrize("case", GRAPHS)
def test_constraints(make_pair, case):
    changes, sizes = GRAPHS[case]

    def verdict(library):
        ends = {"source": [0, 1], "target": [1, 1], **changes}
        graph = library.homogeneous(
            tf.constant(ends["source"]), tf.constant(ends["target"]), node_features={"x": tf.zeros([3])}, **sizes
        )
        try:
            return library.assert_constraints(graph)
        except tf.errors.InvalidArgumentError:
            return "refused"

    ours, theirs = make_pair(verdict)
    assert ours == theirs


def test_more_nodes_than_indices_can_count(make_pair):
    example = tf.train.Example()
    example.features.feature["nodes/latent.#size"].int64_list.value.append(2**32 + 1)

    def parse(library):
        schema = library.parse_schema('node_sets { key: "latent" value {} }')
        spec = library.create_graph_spec_from_schema_pb(schema)
        return lambda: library.parse_example(spec, tf.constant([example.SerializeToString()]))

    ours, theirs = make_pair(parse)
    assert theirs().node_sets["latent"].sizes.numpy().tolist() == [[1]]
    with pytest.raises(tf.errors.InvalidArgumentError, match="have 4294967297 items together, but int32"):
        ours()
