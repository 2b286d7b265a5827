import dataclasses
import subprocess
import sys
import threading

import ml_dtypes
import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.samplers import (
    EdgeTable,
    GraphStore,
    GraphTables,
    NodeTable,
    RaggedColumn,
    SamplingSpecBuilder,
    _at_exit,
    dataset,
    tables_from_graph_tensor,
    to_graph_tensor,
    whole_graph_dataset,
)
from gnnkit.samplers._gather import in_numpy


def objects(values):
    result = np.empty(len(values), object)
    result[:] = values
    return result


def make_tables(seed=0):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(0, 4, 50)
    papers = {
        "row": np.arange(50),
        "vector": rng.normal(size=(50, 3)).astype(np.float32),
        "half": rng.normal(size=50).astype(ml_dtypes.bfloat16),
        "flag": rng.random(50) < 0.5,
        "title": objects([b"title %d" % i for i in range(50)]),
        "words": RaggedColumn(values=np.arange(lengths.sum()), row_splits=np.concatenate([[0], np.cumsum(lengths)])),
        "label": rng.integers(4, size=50),
    }
    source, target = rng.integers(50, size=300), rng.integers(50, size=300)
    cites = {"row": np.arange(300), "kind": objects([b"k%d" % i for i in range(300)])}
    return GraphTables(
        node_sets={
            "paper": NodeTable(num_nodes=50, ids=objects([b"p%d" % i for i in range(50)]), features=papers),
            "author": NodeTable(num_nodes=20),
        },
        edge_sets={
            "cites": EdgeTable(source_set="paper", target_set="paper", source=source, target=target, features=cites),
            "written": EdgeTable(
                source_set="paper", target_set="author", source=np.arange(50), target=rng.integers(20, size=50)
            ),
        },
        context={"size": np.array([50])},
    )


@pytest.fixture(scope="module")
def store():
    return GraphStore.from_tables(make_tables())


@pytest.fixture(scope="module")
def spec(store):
    seed = SamplingSpecBuilder(store).seed("paper")
    return seed.join([seed.sample([3, 2], "cites")]).sample(2, "written").build()


def components(graph):
    """(root row, sorted paper rows, sorted edge rows) of each component."""
    papers, cites = graph.node_sets["paper"], graph.edge_sets["cites"]
    node_ends, edge_ends = np.cumsum(papers.sizes), np.cumsum(cites.sizes)
    result = []
    for b in range(len(node_ends)):
        rows = papers["row"].numpy()[node_ends[b] - papers.sizes[b] : node_ends[b]]
        edges = cites["row"].numpy()[edge_ends[b] - cites.sizes[b] : edge_ends[b]]
        result.append((int(rows[0]), tuple(sorted(rows.tolist())), tuple(sorted(edges.tolist()))))
    return result


def read(data):
    return [component for graph in data for component in components(graph)]


def test_graphs_hold_what_the_tables_hold(store, spec):
    graph = next(
        iter(
            dataset(
                store,
                spec,
                batch_size=16,
                features={"paper": [*store.node_features("paper"), "#id"], "cites": ["row", "kind"]},
            )
        )
    )
    tables = store.tables
    papers, cites = graph.node_sets["paper"], graph.edge_sets["cites"]
    rows = papers["row"].numpy()
    for name in ("vector", "half", "flag", "title", "label"):
        assert papers[name].numpy().tolist() == tables.node_sets["paper"].features[name][rows].tolist()
    assert papers["#id"].numpy().tolist() == [b"p%d" % i for i in rows]
    assert papers["words"].to_list() == [tables.node_sets["paper"].features["words"][i].tolist() for i in rows]
    assert papers["half"].dtype == tf.bfloat16
    edge_rows = cites["row"].numpy()
    assert (rows[cites.adjacency.source] == tables.edge_sets["cites"].source[edge_rows]).all()
    assert (rows[cites.adjacency.target] == tables.edge_sets["cites"].target[edge_rows]).all()
    assert cites["kind"].numpy().tolist() == [b"k%d" % i for i in edge_rows]
    assert graph.node_sets["author"].features == {} and int(graph.num_components) == 16
    assert graph.node_sets["author"].sizes.dtype == tf.int32


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"batch_size": 8},
        {"batch_size": 8, "drop_remainder": True, "readout": True},
        {"batch_size": 8, "readout_features": ["label", "title", "words"], "indices_dtype": "int64"},
        {"features": {"paper": ["#id"], "cites": ["kind"]}, "readout_features": ["label"]},
        {"features": {}},
    ],
)
def test_the_spec_is_known_beforehand(store, spec, options):
    data = dataset(store, spec, **options)
    expected = store.graph_tensor_spec(spec, **options)
    assert data.element_spec == expected
    graph = next(iter(data))
    assert expected.is_compatible_with(graph)


def test_content_and_order_are_the_same_for_any_number_of_threads_and_batch_size(store, spec):
    expected = read(dataset(store, spec, seed=3, shuffle=True, batch_size=1))
    assert sorted(root for root, _, _ in expected) == list(range(50))
    assert [root for root, _, _ in expected] != list(range(50))
    for batch_size, threads in ((None, 2), (7, 1), (7, 8), (50, 2)):
        assert read(dataset(store, spec, seed=3, shuffle=True, batch_size=batch_size, num_threads=threads)) == expected
    ordered = read(dataset(store, spec, seed=3, batch_size=9))
    assert ordered == sorted(expected)
    backwards = read(dataset(store, spec, np.arange(50)[::-1], seed=3, batch_size=9))
    assert backwards == ordered[::-1]
    assert read(dataset(store, spec, seed=4, batch_size=9)) != ordered


def test_seeds_by_id_and_repeated_seeds(store, spec):
    by_id = read(dataset(store, spec, ["p7", "p3"]))
    assert by_id == read(dataset(store, spec, [7, 3]))
    twice = read(dataset(store, spec, [7, 3, 7, 7], batch_size=4))
    assert twice[:2] == by_id and len({twice[0], twice[2], twice[3]}) == 3


def test_epochs(store, spec):
    options = {"seed": 1, "shuffle": True, "batch_size": 20}
    two = read(dataset(store, spec, repeat=2, **options))
    first, second = two[:50], two[50:]
    assert first != second and sorted(first) == sorted(second)  # A new order, the same subgraphs.
    assert read(dataset(store, spec, start_epoch=1, **options)) == second
    assert read(dataset(store, spec, repeat=None, **options).take(6)) == two
    again = dataset(store, spec, **options)
    assert read(again) == first and read(again) == second  # Reading on goes on.
    assert read(dataset(store, spec, **options).repeat(2)) == two
    fresh = dataset(store, spec, repeat=2, resample=True, seed=1, batch_size=20)
    both = read(fresh)
    assert sorted(both[:50]) == sorted(first) and sorted(both[50:]) != sorted(first)
    assert [root for root, _, _ in both] == [*range(50)] * 2
    still = dataset(store, spec, batch_size=20)
    assert read(still) == read(still)


def test_a_reading_that_was_stopped_goes_on(store, spec, tmp_path):
    options = {"batch_size": 8, "repeat": 2, "seed": 5, "features": {"paper": ["row"], "cites": ["row"]}}
    options |= {"shuffle": True, "resample": True}
    whole = read(dataset(store, spec, **options))
    rest = read(dataset(store, spec, start_epoch=1, start_batch=2, **{**options, "repeat": 1}))
    assert rest == whole[50 + 16 :]
    started = dataset(store, spec, start_batch=9, **options)
    assert read(started) == whole[50 + 16 :]
    assert read(started)[:50] == read(dataset(store, spec, start_epoch=2, **options))[:50]  # Read again, it goes on.
    # tf.data's own way, in a new dataset as of a new process; batches that were prefetched are part of the checkpoint.
    iterator = iter(dataset(store, spec, num_threads=2, **options))
    for _ in range(9):
        next(iterator)
    path = tf.train.Checkpoint(iterator=iterator).save(str(tmp_path / "position"))
    other = iter(dataset(store, spec, num_threads=2, **options))
    tf.train.Checkpoint(iterator=other).restore(path)
    assert read(other) == whole[50 + 16 :]
    with pytest.raises(ValueError, match="start_epoch=0, start_batch=-1: expected 0 or more"):
        dataset(store, spec, start_batch=-1)


def test_a_store_on_disk_gives_the_same_graphs(store, spec, tmp_path):
    store.save(tmp_path / "store")
    opened = GraphStore.open(tmp_path / "store")
    options = {
        "batch_size": 16,
        "features": {"paper": [*store.node_features("paper"), "#id"], "cites": ["row", "kind"]},
        "readout_features": ["title", "label"],
    }
    for a, b in zip(dataset(store, spec, **options), dataset(opened, spec, **options), strict=True):
        assert a.spec == b.spec
        fields = [tf.nest.flatten(graph, expand_composites=True) for graph in (a, b)]
        for old, new in zip(*fields, strict=True):
            assert old.dtype == new.dtype and old.numpy().tolist() == new.numpy().tolist()


def test_cardinality(store, spec):
    for options, count in (
        ({"batch_size": 20}, 3),
        ({"batch_size": 20, "drop_remainder": True}, 2),
        ({"batch_size": 20, "repeat": 2}, 6),
        ({}, 50),
        ({"repeat": None}, tf.data.UNKNOWN_CARDINALITY),
    ):
        data = dataset(store, spec, **options)
        assert int(data.cardinality()) == count
        if count > 0:
            assert len(list(data)) == count


def test_shards(store, spec):
    parts = []
    for worker in range(3):
        context = tf.distribute.InputContext(num_input_pipelines=3, input_pipeline_id=worker)
        parts.append(read(dataset(store, spec, shuffle=True, batch_size=4, input_context=context)))
    assert [len(part) for part in parts] == [17, 17, 16]
    assert sorted(sum(parts, [])) == read(dataset(store, spec, batch_size=10))


def test_readout(store, spec):
    graph = next(iter(dataset(store, spec, [9, 4, 9], batch_size=3, readout_features=["label", "title"])))
    assert sorted(graph.node_sets["paper"].features) == ["flag", "half", "row", "vector", "words"]
    readout, seed = graph.node_sets["_readout"], graph.edge_sets["_readout/seed"]
    label = store.node_features("paper")["label"]
    assert readout["label"].numpy().tolist() == label[[9, 4, 9]].tolist()
    assert readout["title"].numpy().tolist() == [b"title 9", b"title 4", b"title 9"]
    assert graph.node_sets["paper"]["row"].numpy()[seed.adjacency.source].tolist() == [9, 4, 9]
    assert seed.adjacency.target.numpy().tolist() == [0, 1, 2]
    assert readout.sizes.numpy().tolist() == seed.sizes.numpy().tolist() == [1, 1, 1]


@pytest.mark.parametrize("moved", [[], ["label", "title", "words", "tags"]])
def test_columns_on_disk_stay_there(tmp_path, moved):
    tables = make_tables()
    papers = tables.node_sets["paper"]
    lengths = np.arange(50) % 3
    tags = objects([b"tag %d" % i for i in range(lengths.sum())])
    tags = RaggedColumn(values=tags, row_splits=np.concatenate([[0], np.cumsum(lengths)]))
    papers = dataclasses.replace(papers, features={**papers.features, "tags": tags})
    tables = tables.replace(node_sets={**tables.node_sets, "paper": papers})
    kept = GraphStore.from_tables(tables)
    kept.save(tmp_path / "store")
    opened = GraphStore.open(tmp_path / "store")
    assert all(in_numpy(column) for column in opened.node_features("paper").values())
    assert [name for name, column in kept.node_features("paper").items() if not in_numpy(column)] == [
        "title", "words", "tags"
    ]  # fmt: skip
    seed = SamplingSpecBuilder(kept).seed("paper")
    graphs = [
        next(iter(dataset(store, seed.sample(3, "cites").build(), batch_size=16, readout_features=moved)))
        for store in (kept, opened)
    ]
    assert graphs[0].spec == graphs[1].spec and "tags" in graphs[0].node_sets["_readout" if moved else "paper"].features
    for ours, theirs in zip(*(tf.nest.flatten(graph, True) for graph in graphs), strict=True):
        assert ours.dtype == theirs.dtype and ours.numpy().tolist() == theirs.numpy().tolist()


def test_graphs_batch_and_pass_through_functions(store, spec):
    data = dataset(store, spec, [0, 1, 2, 3], readout=True).batch(2).map(lambda g: g.merge_batch_to_components())
    assert read(data) == read(dataset(store, spec, [0, 1, 2, 3], batch_size=2))


@pytest.mark.parametrize(
    "options, message",
    [
        (
            {"features": {"paper": ["names"]}},
            "Node set 'paper' has no feature 'names'; it has .*'title', 'vector', 'words', '#id'",
        ),
        ({"features": {"cites": ["#id"]}}, "Edge set 'cites' has no feature '#id'"),
        ({"features": {"papers": []}}, "'papers' names no set. Node sets: .*'author', 'paper'"),
        ({"features": {"paper": "row"}}, "expected a list of feature names"),
        ({"readout_features": ["lable"]}, "readout_features: node set 'paper' has no feature 'lable'"),
        ({"batch_size": 0}, "batch_size=0: expected 1 or more, or None"),
        ({"seeds": [50]}, "Seed 50 is not a row of node set 'paper'"),
        ({"seeds": ["p50"]}, "the first is b'p50'"),
    ],
)
def test_errors(store, spec, options, message):
    with pytest.raises(ValueError, match=message):
        dataset(store, spec, **options)


def test_whole_graph_round_trip():
    tables = make_tables()
    graph = to_graph_tensor(
        tables, features={"paper": [*tables.node_sets["paper"].features, "#id"], "cites": ["row", "kind"]}
    )
    assert int(graph.num_components) == 1 and graph.context["size"].numpy().tolist() == [50]
    again = tables_from_graph_tensor(graph)
    assert (
        again.summary()
        == GraphTables(node_sets=dict(sorted(tables.node_sets.items())), edge_sets=tables.edge_sets).summary()
    )
    paper, other = tables.node_sets["paper"], again.node_sets["paper"]
    assert other.ids.tolist() == paper.ids.tolist()
    for name, column in paper.features.items():
        if isinstance(column, RaggedColumn):
            assert other.features[name].row_splits.tolist() == column.row_splits.tolist()
        else:
            assert other.features[name].dtype == column.dtype and other.features[name].tolist() == column.tolist()
    assert again.edge_sets["cites"].target.tolist() == tables.edge_sets["cites"].target.tolist()
    with pytest.raises(ValueError, match="tables_from_graph_tensor.. needs a scalar GraphTensor"):
        tables_from_graph_tensor(next(iter(tf.data.Dataset.from_tensors(graph).batch(1))))


def test_whole_graph_dataset():
    tables = make_tables()
    [graph] = whole_graph_dataset(
        tables, [5, 2, 30], node_set="paper", features={"paper": ["row"]}, readout_features=["label"]
    )
    assert sorted(graph.node_sets["paper"].features) == ["row"]
    assert (
        graph.node_sets["_readout"]["label"].numpy().tolist()
        == tables.node_sets["paper"].features["label"][[5, 2, 30]].tolist()
    )
    adjacency = graph.edge_sets["_readout/seed"].adjacency
    assert adjacency.source.numpy().tolist() == [5, 2, 30] and adjacency.target.numpy().tolist() == [0, 1, 2]
    assert graph.node_sets["_readout"].sizes.numpy().tolist() == [3]
    assert len(list(whole_graph_dataset(tables, [1], node_set="paper", repeat=3))) == 3
    with pytest.raises(ValueError, match="Say which node set readout_nodes are of"):
        whole_graph_dataset(tables, [1])
    with pytest.raises(ValueError, match="readout_nodes: 50 is not a row of node set 'paper'"):
        whole_graph_dataset(tables, [50], node_set="paper")
    with pytest.raises(ValueError, match="need readout_nodes"):
        to_graph_tensor(tables, readout_node_set="paper", readout_features=["label"])


def test_tables_hold_the_context_of_one_component_only():
    context = gnnkit.Context.from_fields(features={"year": [1990, 1991]})
    nodes = {"n": gnnkit.NodeSet.from_fields(sizes=[1, 2])}
    graph = gnnkit.GraphTensor.from_pieces(context, nodes)
    with pytest.raises(ValueError, match=r"has 2, with the context features \['year'\].*remove_features"):
        tables_from_graph_tensor(graph)
    assert tables_from_graph_tensor(graph.remove_features(context=["year"])).node_sets["n"].num_nodes == 3


def test_tables_hold_no_hyperedges():
    nodes = {"n": gnnkit.NodeSet.from_fields(sizes=[2])}
    adjacency = gnnkit.HyperAdjacency.from_indices({0: ("n", [0]), 1: ("n", [1]), 2: ("n", [1])})
    graph = gnnkit.GraphTensor.from_pieces(
        node_sets=nodes, edge_sets={"e": gnnkit.EdgeSet.from_fields(sizes=[1], adjacency=adjacency)}
    )
    with pytest.raises(ValueError, match=r"edge set 'e' is one of hyperedges with the tags \[0, 1, 2\]"):
        tables_from_graph_tensor(graph)


ENDS = """
from gnnkit.datasets import academic_graph
from gnnkit.samplers import GraphStore, dataset, make_sampling_spec_tree
store = GraphStore.from_tables(academic_graph(num_papers=2000, num_authors=2000))
spec = make_sampling_spec_tree(store, "paper", sample_sizes=[8, 8])
graphs = [iter(dataset(store, spec, batch_size=64, repeat=None, resample=True, prefetch=4)) for _ in range(3)]
for _ in range(3):
    for iterator in graphs:
        next(iterator)
print("end")
"""


@pytest.mark.slow
def test_python_ends_while_pipelines_without_an_end_are_at_work():
    for _ in range(3):
        result = subprocess.run([sys.executable, "-c", ENDS], stdout=subprocess.PIPE, timeout=90, check=True)
        assert result.stdout == b"end\n"


def test_functions_of_pipelines_come_to_rest(monkeypatch):
    calls = []
    function = _at_exit.Resting(lambda x: calls.append(x) or x)
    assert function(1) == 1 and not function.rests
    closing = threading.Event()
    closing.set()
    monkeypatch.setattr(_at_exit, "_closing", closing)
    assert function(2) == 1 and calls == [1]  # What it gave last.
    assert _at_exit.Resting(lambda x: x)(3) == 3  # There is nothing that it gave before.
    monkeypatch.setattr(_at_exit, "_deadline", 0.0)
    with pytest.raises(RuntimeError, match="Python is about to end"):
        function(4)
