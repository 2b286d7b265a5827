"""Statistics over graphs, against NumPy on all values at once."""

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

import gnnkit
from gnnkit.io import GraphStatistics
from gnnkit.io._graph_statistics import NumberStatistics
from gnnkit.schemas import GraphTensorStats

SCHEMA = """
context { features { key: "c" value { dtype: DT_INT64 } } }
node_sets { key: "a" value {
  features { key: "x" value { dtype: DT_FLOAT shape { dim { size: 3 } } } }
  features { key: "r" value { dtype: DT_INT32 shape { dim { size: -1 } } } }
  features { key: "b" value { dtype: DT_BFLOAT16 } }
  features { key: "flag" value { dtype: DT_BOOL } }
  features { key: "s" value { dtype: DT_STRING } } } }
node_sets { key: "latent" value {} }
edge_sets { key: "e" value { source: "a" target: "latent" features { key: "w" value { dtype: DT_DOUBLE } } } }
"""
SPEC = gnnkit.create_graph_spec_from_schema_pb(gnnkit.parse_schema(SCHEMA))


@pytest.fixture(scope="module")
def graphs():
    return [gnnkit.random_graph_tensor(SPEC, seed=i) for i in range(9)]


def values_of(graphs, set_type, set_name, feature):
    pieces = [(g.context if set_type == "context" else getattr(g, f"{set_type[:-1]}_sets")[set_name]) for g in graphs]
    fields = [piece.sizes if feature == "#size" else piece[feature] for piece in pieces]
    flat = [f.flat_values if isinstance(f, tf.RaggedTensor) else f for f in fields]
    return np.concatenate([f.numpy().astype(np.float64).reshape(-1) for f in flat])


@pytest.mark.parametrize("batched", [False, True])
def test_statistics_of_graphs(graphs, batched):
    statistics = GraphStatistics()
    if batched:
        serialized = [gnnkit.write_example(graph).SerializeToString() for graph in graphs]
        for part in (serialized[:5], serialized[5:]):
            statistics.add(gnnkit.parse_example(SPEC, part))
    else:
        for graph in graphs:
            statistics.add(graph)
    assert statistics.num_graphs == 9
    assert list(statistics.features) == [
        ("context", "", "c"),
        *[("nodes", "a", name) for name in ("#size", "b", "flag", "r", "x")],
        ("nodes", "latent", "#size"),
        *[("edges", "e", name) for name in ("#size", "w")],
    ]
    proto = statistics.to_proto(num_quantiles=5)
    for entry in proto.feature_stats:
        key = (entry.set_type, entry.set_name, entry.feature_name)
        values, stats = values_of(graphs, *key), entry.stats
        assert statistics.features[key].count == values.size
        got = [stats.min, stats.median, stats.max, stats.mean, stats.std, *stats.quantiles]
        expected = [values.min(), np.quantile(values, 0.5, method="inverted_cdf"), values.max()]
        expected += [values.mean(), values.std(), *statistics.features[key].quantiles(5)]
        np.testing.assert_allclose(got, expected, rtol=1e-6, err_msg=str(key))
    pairs = [(p.num_nodes, p.num_edges) for p in proto.samples.size_pairs]
    assert pairs == [
        (int(g.node_sets["a"].total_size + g.node_sets["latent"].total_size), int(g.edge_sets["e"].total_size))
        for g in graphs
    ]
    assert text_format.Parse(text_format.MessageToString(proto), GraphTensorStats()) == proto


def test_components_count_as_one_graph():
    graph = gnnkit.homogeneous([0, 3], [1, 2], node_set_sizes=[2, 3], edge_set_sizes=[1, 1])
    statistics = GraphStatistics()
    statistics.add(graph)
    (pair,) = statistics.to_proto().samples.size_pairs
    assert (pair.num_nodes, pair.num_edges, statistics.num_graphs) == (5, 2, 1)
    assert statistics.features["nodes", "nodes", "#size"].count == 2


def test_mean_and_deviation_do_not_depend_on_the_parts():
    values = np.random.default_rng(0).normal(1e6, 1e-2, 10_000)
    numbers = NumberStatistics()
    for part in np.array_split(values, [1, 2, 2, 500, 7000]):
        numbers.add(part)
    assert numbers.mean == pytest.approx(values.mean(), rel=1e-15)
    assert numbers.std == pytest.approx(values.std(), rel=1e-9)


def test_values_that_are_not_finite_are_counted_apart():
    statistics = GraphStatistics()
    features = {"x": [1.0, np.nan, 3.0, np.inf]}
    statistics.add(gnnkit.homogeneous([], [], node_features=features))
    numbers = statistics.features["nodes", "nodes", "x"]
    assert (numbers.count, numbers.num_not_finite, numbers.mean, numbers.std) == (2, 2, 2.0, 1.0)


def test_a_feature_without_values_has_no_stats():
    statistics = GraphStatistics()
    statistics.add(gnnkit.homogeneous([], [], node_features={"x": tf.zeros([0, 3])}))
    entries = {entry.feature_name: entry for entry in statistics.to_proto().feature_stats}
    assert not entries["x"].HasField("stats")
    assert np.isnan(statistics.features["nodes", "nodes", "x"].std)


def test_samples_are_bounded_in_order_and_seeded():
    def pairs(seed):
        statistics = GraphStatistics(num_samples=20, seed=seed)
        for n in range(200):
            statistics.add(gnnkit.homogeneous([], [], node_set_sizes=[n]))
        return [pair.num_nodes for pair in statistics.to_proto().samples.size_pairs]

    first = pairs(0)
    assert len(set(first)) == 20 and first == sorted(first)
    assert first[-1] > 100
    assert pairs(0) == first and pairs(1) != first
