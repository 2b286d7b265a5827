"""Random graphs are of the spec, in range, well formed as readouts, and the same for the same seed."""

import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.testing import assert_graphs_equal

SCHEMA = """
context { features { key: "label" value { dtype: DT_INT64 } }
          features { key: "words" value { dtype: DT_STRING shape { dim { size: -1 } } } } }
node_sets { key: "a" value {
  features { key: "x" value { dtype: DT_FLOAT shape { dim { size: 2 } } } }
  features { key: "name" value { dtype: DT_STRING } }
  features { key: "flag" value { dtype: DT_BOOL } }
  features { key: "byte" value { dtype: DT_INT8 } }
  features { key: "nested" value { dtype: DT_DOUBLE
    shape { dim { size: -1 } dim { size: 2 } dim { size: -1 } dim { size: 3 } } } } } }
node_sets { key: "latent" value {} }
edge_sets { key: "e" value { source: "a" target: "latent" features { key: "w" value { dtype: DT_HALF } } } }
edge_sets { key: "loops" value { source: "a" target: "a" } }
"""
READOUT = """
node_sets { key: "a" value {} }
node_sets { key: "b" value {} }
node_sets { key: "_shadow/e" value {} }
node_sets { key: "_readout" value { features { key: "label" value { dtype: DT_INT32 } } } }
node_sets { key: "_readout:2" value {} }
edge_sets { key: "e" value { source: "a" target: "b" } }
edge_sets { key: "_readout/seed" value { source: "a" target: "_readout" } }
edge_sets { key: "_readout/any/1" value { source: "a" target: "_readout" } }
edge_sets { key: "_readout/any/2" value { source: "b" target: "_readout" } }
edge_sets { key: "_readout/edge" value { source: "_shadow/e" target: "_readout" } }
edge_sets { key: "_readout:2/seed" value { source: "b" target: "_readout:2" } }
edge_sets { key: "back" value { source: "_readout" target: "a" } }
"""


def spec_of(text: str, **arguments) -> gnnkit.GraphTensorSpec:
    return gnnkit.create_graph_spec_from_schema_pb(gnnkit.parse_schema(text), **arguments)


def assert_edges_within_components(graph: gnnkit.GraphTensor) -> None:
    for name, edge_set in graph.edge_sets.items():
        components = np.repeat(np.arange(len(edge_set.sizes)), edge_set.sizes)
        for node_set_name, index in edge_set.adjacency.get_indices_dict().values():
            sizes = graph.node_sets[node_set_name].sizes.numpy()
            ends = np.cumsum(sizes)
            assert np.all(index >= (ends - sizes)[components]) and np.all(index < ends[components]), name


@pytest.mark.parametrize("indices_dtype", [tf.int32, tf.int64])
def test_graph_is_of_the_spec(indices_dtype):
    spec = spec_of(SCHEMA, indices_dtype=indices_dtype)
    graph = gnnkit.random_graph_tensor(spec)
    assert spec.is_compatible_with(graph) and graph.indices_dtype == indices_dtype
    gnnkit.check_compatible_with_schema_pb(graph, gnnkit.parse_schema(SCHEMA))
    nested = graph.node_sets["a"]["nested"]
    assert nested.ragged_rank == 3 and nested.uniform_row_length is None and nested.values.uniform_row_length == 2
    assert set(graph.node_sets["a"]["name"].numpy()) <= {bytes([c]) for c in range(ord("A"), ord("Z") + 1)}
    assert 0 <= graph.node_sets["a"]["byte"].numpy().min() and graph.node_sets["a"]["byte"].numpy().max() < 100


@pytest.mark.parametrize("text", [SCHEMA, READOUT])
def test_several_components(text):
    spec = spec_of(text).relax(num_components=True)
    counts = set()
    for seed in range(12):
        graph = gnnkit.random_graph_tensor(spec, None, (0, 3), num_components_range=(0, 4), seed=seed)
        counts.add(int(graph.num_components))
        assert graph.node_sets["a"].sizes.numpy().max(initial=0) < 3
        assert_edges_within_components(graph)
    assert counts == {0, 1, 2, 3}


def test_readout_rules():
    spec = spec_of(READOUT).relax(num_components=True)
    read = {name: 0 for name in spec.edge_sets_spec}
    for seed in range(12):
        graph = gnnkit.random_graph_tensor(spec, None, (0, 5), num_components_range=(1, 5), seed=seed)
        for name, edge_set in graph.edge_sets.items():
            read[name] += int(edge_set.total_size)
        for readout in ("_readout", "_readout:2"):
            gnnkit.validate_graph_tensor_for_readout(graph, readout_node_set=readout)
        assert graph.node_sets["_shadow/e"].sizes.numpy().tolist() == graph.edge_sets["e"].sizes.numpy().tolist()
    assert min(read.values()) > 0 and read["_readout/any/1"] + read["_readout/any/2"] == read["_readout/seed"]


def test_ranges():
    graph = gnnkit.random_graph_tensor(spec_of(SCHEMA), row_lengths_range=(3, 4))
    assert graph.node_sets["latent"].sizes.numpy().tolist() == [3]
    assert graph.edge_sets["e"].sizes.numpy().tolist() == [3]
    assert graph.context["words"].row_lengths().numpy().tolist() == [3]
    assert graph.node_sets["a"]["nested"].row_lengths().numpy().tolist() == [3] * 3
    empty = gnnkit.random_graph_tensor(spec_of(SCHEMA), row_lengths_range=(0, 1))
    assert int(empty.num_components) == 1 and empty.node_sets["a"]["x"].shape == [0, 2]


def test_static_sizes_are_kept():
    spec = gnnkit.testing.random_graph(1, num_components=3, min_nodes=1).spec
    graph = gnnkit.random_graph_tensor(spec)
    assert spec.is_compatible_with(graph) and graph.spec == spec
    assert_edges_within_components(graph)


def test_a_range_of_components_goes_before_the_spec():
    graph = gnnkit.random_graph_tensor(spec_of(SCHEMA), num_components_range=(3, 4))
    assert int(graph.num_components) == 3 and graph.context["label"].shape == [3]
    assert_edges_within_components(graph)


def test_samples():
    samples = {("nodes", "a", "name"): ["p", "q"], ("context", None, "label"): [7], ("edges", "e", "w"): [0.5]}
    graph = gnnkit.random_graph_tensor(spec_of(SCHEMA), samples, (7, 8))
    assert set(graph.node_sets["a"]["name"].numpy()) <= {b"p", b"q"}
    assert graph.context["label"].numpy().tolist() == [7] and graph.edge_sets["e"]["w"].numpy().tolist() == [0.5] * 7
    assert gnnkit.random_graph_tensor(spec_of(SCHEMA), {("context", "", "label"): [8]}).context["label"].numpy() == 8


def test_seed():
    spec = spec_of(READOUT + SCHEMA[: SCHEMA.index("node_sets")])
    make = tf.function(lambda seed: gnnkit.random_graph_tensor(spec, seed=seed))
    assert_graphs_equal(gnnkit.random_graph_tensor(spec, seed=5), make(tf.constant(5)))
    tf.random.set_seed(1)
    one = gnnkit.random_graph_tensor(spec)
    other = gnnkit.random_graph_tensor(spec)
    tf.random.set_seed(1)
    assert_graphs_equal(one, gnnkit.random_graph_tensor(spec))
    with pytest.raises(AssertionError):
        assert_graphs_equal(one, other)


def test_each_element_of_a_dataset_differs():
    spec = spec_of(SCHEMA)
    dataset = tf.data.Dataset.range(20).map(lambda _: gnnkit.random_graph_tensor(spec))
    assert dataset.element_spec == spec
    assert len({graph.context["label"].numpy().item() for graph in dataset}) > 5
    labels = [
        [int(g.context["label"][0]) for g in dataset]
        for dataset in 2 * [tf.data.Dataset.range(3).map(lambda i: gnnkit.random_graph_tensor(spec, seed=i))]
    ]
    assert labels[0] == labels[1]


def test_hyperedges():
    spec = gnnkit.GraphTensorSpec.from_piece_specs(
        node_sets_spec={"a": gnnkit.NodeSetSpec.from_field_specs(sizes_spec=tf.TensorSpec([2], tf.int32))},
        edge_sets_spec={
            "h": gnnkit.EdgeSetSpec.from_field_specs(
                sizes_spec=tf.TensorSpec([2], tf.int32),
                adjacency_spec=gnnkit.HyperAdjacencySpec.from_incident_node_sets({0: "a", 3: "a", 5: "a"}),
            )
        },
    )
    graph = gnnkit.random_graph_tensor(spec)
    assert spec.is_compatible_with(graph) and graph.edge_sets["h"].adjacency.tags == (0, 3, 5)
    assert_edges_within_components(graph)


ERRORS = {
    "graph": (lambda s: s(gnnkit.homogeneous([0], [0], node_set_sizes=[1])), TypeError, "but got GraphTensor"),
    "batch": (lambda s: s(spec_of(SCHEMA)._batch(2)), ValueError, "random_graph_tensor needs a scalar GraphTensor"),
    "empty range": (
        lambda s: s(spec_of(SCHEMA), row_lengths_range=(5, 5)),
        ValueError,
        r"row_lengths_range must be \(low, high\) with 0 <= low < high, but got \(5, 5\)",
    ),
    "negative range": (
        lambda s: s(spec_of(SCHEMA), num_components_range=(-1, 2)),
        ValueError,
        r"num_components_range .* but got \(-1, 2\)",
    ),
    "unknown feature": (
        lambda s: s(spec_of(SCHEMA), {("nodes", "a", "y"): [1]}),
        ValueError,
        r"the key \('nodes', 'a', 'y'\), but the spec has no such feature; it has .*\('nodes', 'a', 'x'\)",
    ),
    "no samples": (
        lambda s: s(spec_of(SCHEMA), {("nodes", "a", "x"): []}),
        ValueError,
        "Node set 'a', feature 'x': sample_dict has no values to draw from",
    ),
    "wrong type": (
        lambda s: s(spec_of(SCHEMA), {("nodes", "a", "x"): ["q"]}),
        TypeError,
        "Node set 'a', feature 'x': sample_dict has values that are no float32",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors(case):
    call, error, message = ERRORS[case]
    with pytest.raises(error, match=message):
        call(gnnkit.random_graph_tensor)


def test_unknown_keys_pass_without_validation():
    gnnkit.random_graph_tensor(spec_of(SCHEMA), {("nodes", "a", "y"): [1]}, validate=False)
