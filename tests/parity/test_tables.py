"""Tables of a real graph, read by gnnkit and by tensorflow-gnn: the same nodes, edges and features."""

import collections

import pytest
import tensorflow as tf

import gnnkit
import gnnkit.samplers


@pytest.fixture(scope="module")
def schema_file(shared_data):
    return shared_data / "openflights" / "graph_schema.pbtxt"


@pytest.fixture(scope="module")
def theirs(tfgnn, schema_file):
    """{"nodes": {set: [(id, Example)]}, "edges": {set: [(source, target, Example)]}}."""
    pytest.importorskip("apache_beam")
    from tensorflow_gnn.data import unigraph

    graph = unigraph.DictStreams.iter_graph_via_path(str(schema_file))
    return {kind: {name: list(rows) for name, rows in sets.items()} for kind, sets in graph.items()}


@pytest.fixture(scope="module")
def ours(schema_file):
    return gnnkit.samplers.read_tables(schema_file)


def _values(example: tf.train.Example, name: str):
    feature = example.features.feature[name]
    (value,) = getattr(feature, feature.WhichOneof("kind")).value
    return value


def _features(example: tf.train.Example) -> set[str]:
    return {name for name in example.features.feature if not name.startswith("#")}


def test_nodes(ours, theirs):
    assert set(ours.node_sets) == set(theirs["nodes"])
    for name, rows in theirs["nodes"].items():
        table = ours.node_sets[name]
        # tensorflow-gnn keeps no order of rows; nodes go by their id.
        index = {node_id: i for i, node_id in enumerate(table.ids.tolist())}
        assert len(index) == len(rows) == table.num_nodes
        assert set(table.features) == _features(rows[0][1])
        for feature, column in table.features.items():
            got = {node_id: column[i].item() if column.dtype != object else column[i] for node_id, i in index.items()}
            assert got == {node_id: _values(example, feature) for node_id, example in rows}


def test_edges(ours, theirs):
    assert set(ours.edge_sets) == set(theirs["edges"])
    for name, rows in theirs["edges"].items():
        table = ours.edge_sets[name]
        names = sorted(table.features)
        assert set(names) == _features(rows[0][2])
        source = ours.node_sets[table.source_set].ids[table.source].tolist()
        target = ours.node_sets[table.target_set].ids[table.target].tolist()
        got = collections.Counter(zip(source, target, *(table.features[n].tolist() for n in names), strict=True))
        want = collections.Counter((s, t, *(_values(example, n) for n in names)) for s, t, example in rows)
        assert got == want


def test_graph_tensor(ours, theirs, schema_file):
    graph = gnnkit.samplers.to_graph_tensor(ours)
    schema = gnnkit.read_schema(schema_file)
    spec = gnnkit.create_graph_spec_from_schema_pb(schema, graph.indices_dtype)
    for name, rows in theirs["nodes"].items():
        assert int(graph.node_sets[name].total_size) == len(rows)
        for feature, field in spec.node_sets_spec[name].features_spec.items():
            assert field.is_compatible_with(graph.node_sets[name][feature])
    for name, rows in theirs["edges"].items():
        edges = graph.edge_sets[name]
        assert int(edges.total_size) == len(rows)
        assert edges.adjacency.source_name == schema.edge_sets[name].source
        assert int(tf.reduce_max(edges.adjacency.source)) < int(graph.node_sets[edges.adjacency.source_name].total_size)
