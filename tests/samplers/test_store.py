import json

import ml_dtypes
import numpy as np
import pytest
import scipy.sparse

from gnnkit.samplers import (
    EdgeTable,
    GraphStore,
    GraphTables,
    NodeTable,
    RaggedColumn,
    SamplingSpecBuilder,
    _csr,
    compile_plan,
    sample_batch,
    to_graph_tensor,
)


def objects(values):
    result = np.empty(len(values), object)
    result[:] = values
    return result


def ragged(rng, rows, values):
    splits = np.concatenate([[0], np.cumsum(rng.integers(0, 4, rows))])
    return RaggedColumn(values=values(int(splits[-1])), row_splits=splits)


def make_tables(papers=40, edges=400, dtype=np.int64):
    rng = np.random.default_rng(0)
    features = {
        "half": rng.normal(size=(papers, 3)).astype(np.float16),
        "brain": rng.normal(size=papers).astype(ml_dtypes.bfloat16),
        "flag": rng.random(papers) < 0.5,
        "title": objects([b"t\0%d" % i for i in range(papers)]),
        "names": objects([b"a%d" % i for i in range(2 * papers)]).reshape(papers, 2),
        "words": ragged(rng, papers, lambda n: objects([b"w%d" % i for i in range(n)])),
        "numbers": ragged(rng, papers, np.arange),
    }
    source, target = rng.integers(papers, size=edges), rng.integers(papers, size=edges)
    source[: edges // 2] = 3  # A hub.
    return GraphTables(
        node_sets={
            "paper": NodeTable(num_nodes=papers, ids=objects([b"p%d" % i for i in range(papers)]), features=features),
            "author": NodeTable(num_nodes=5),
            "nobody": NodeTable(num_nodes=0, features={"x": np.empty((0, 4), np.float32)}),
        },
        edge_sets={
            "cites": EdgeTable(
                source_set="paper",
                target_set="paper",
                source=source.astype(dtype),
                target=target.astype(dtype),
                features={"weight": rng.random(edges)},
            ),
            "written by": EdgeTable(
                source_set="paper", target_set="author", source=np.arange(papers), target=np.arange(papers) % 5
            ),
            "none": EdgeTable(
                source_set="author", target_set="nobody", source=np.empty(0, int), target=np.empty(0, int)
            ),
        },
        context={"when": np.array([7])},
    )


@pytest.fixture(scope="module")
def store():
    return GraphStore.from_tables(make_tables(), backward={"cited_by": "cites"})


def same_columns(a, b):
    if isinstance(a, RaggedColumn):
        return a.row_splits.tolist() == b.row_splits.tolist() and same_columns(a.values, b.values)
    return a.dtype == b.dtype and np.asarray(a).tolist() == np.asarray(b).tolist()


@pytest.mark.parametrize("threads", [1, 2, 8])
@pytest.mark.parametrize("edges", [400, 300_000])
@pytest.mark.parametrize("kernels", [True, False])
def test_neighbours_are_in_canonical_order_for_any_number_of_threads(threads, edges, kernels, monkeypatch):
    monkeypatch.setattr(_csr, "_SMALL", 0 if kernels else edges)
    store = GraphStore.from_tables(make_tables(edges=edges, dtype=np.int32), num_threads=threads)
    table = store.tables.edge_sets["cites"]
    keys = store.keys("paper")
    order = np.lexsort((np.arange(edges), keys[table.target], table.source))
    begin, end = store.edge_starts[:2]
    assert store.edge_names[0] == "cites"
    assert (store.rows[begin:end] == order).all() and (store.targets[begin:end] == table.target[order]).all()
    assert (store.degrees("cites") == np.bincount(table.source, minlength=40)).all()
    assert store.max_degree == store.degrees("cites").max()


def test_backward_edge_sets_share_the_edges_of_the_forward_ones(store):
    forward, backward = store.tables.edge_sets["cites"], store.tables.edge_sets["cited_by"]
    assert backward.source is forward.target and backward.features["weight"] is forward.features["weight"]
    source, target = forward.source, forward.target
    for node in (0, 3, 17):
        assert sorted(store.neighbors("cited_by", node)) == sorted(source[target == node])
    with pytest.raises(
        ValueError, match="there is no edge set 'quotes'. The edge sets are 'cited_by', 'cites', 'none'"
    ):
        GraphStore.from_tables(store.tables, backward={"back": "quotes"})
    with pytest.raises(ValueError, match="there is an edge set 'cites' already"):
        GraphStore.from_tables(store.tables, backward={"cites": "cites"})


@pytest.mark.parametrize("mmap", [True, False])
def test_a_saved_store_is_the_same_store(store, tmp_path, mmap):
    store.save(tmp_path / "a" / "store")
    again = GraphStore.open(tmp_path / "a" / "store", mmap=mmap)
    assert again.nbytes > 0 and again.max_degree == store.max_degree
    for kind in ("node_sets", "edge_sets"):
        old, new = getattr(store.tables, kind), getattr(again.tables, kind)
        assert list(old) == list(new)
        for name in old:
            assert list(old[name].features) == list(new[name].features)
            for feature, column in old[name].features.items():
                assert same_columns(column, new[name].features[feature]), feature
    assert np.asarray(again.tables.node_sets["paper"].ids).tolist() == store.tables.node_sets["paper"].ids.tolist()
    assert again.tables.node_sets["author"].ids is None and again.tables.context["when"].tolist() == [7]
    assert again.indices("paper", ["p7", b"p3"]).tolist() == [7, 3]
    # The backward edge set is stored with the forward one.
    assert again.tables.edge_sets["cited_by"].source is again.tables.edge_sets["cites"].target
    names = [path.name for path in (tmp_path / "a" / "store").iterdir()]
    assert sum("#source" in name for name in names) == 3 and sum("weight" in name for name in names) == 1

    builder = SamplingSpecBuilder(store).seed("paper")
    spec = builder.sample(3, "cites").sample(2, "cited_by").sample(2, "written by").build()
    first, second = (sample_batch(s, compile_plan(s, spec), np.arange(40), 5) for s in (store, again))
    for name, nodes in first.node_sets.items():
        assert nodes.rows.tolist() == second.node_sets[name].rows.tolist()
    for name, edges in first.edge_sets.items():
        assert edges.rows.tolist() == second.edge_sets[name].rows.tolist()


def test_reading_texts_from_disk(store, tmp_path):
    store.save(tmp_path / "s")
    column = GraphStore.open(tmp_path / "s").node_features("paper")["names"]
    known = store.node_features("paper")["names"]
    assert column.shape == (40, 2) and column.ndim == 2 and len(column) == 40
    for rows in (3, -1, slice(2, 9, 3), [5, 0, 5], np.arange(40) % 7 == 0):
        assert column[rows].tolist() == known[rows].tolist()
    assert column.take([4]).tolist() == known[[4]].tolist()


def test_saving_over_something(store, tmp_path):
    store.save(tmp_path / "s")
    with pytest.raises(FileExistsError, match="There is a graph store in .*s. Pass overwrite=True"):
        store.save(tmp_path / "s")
    opened = GraphStore.open(tmp_path / "s")
    opened.save(tmp_path / "s", overwrite=True)  # Even over the files that it is mapped from.
    assert GraphStore.open(tmp_path / "s").num_nodes("paper") == 40
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("important")
    with pytest.raises(FileExistsError, match="is not the folder of a graph store"):
        store.save(tmp_path / "other", overwrite=True)
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["other", "s"]  # Nothing is left lying about.


def test_folders_that_hold_no_whole_store(store, tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere is not the folder of a graph store: it does not exist"):
        GraphStore.open(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="it has no store.json"):
        GraphStore.open(tmp_path)
    folder = tmp_path / "s"
    store.save(folder)
    text = (folder / "store.json").read_text()
    for damage, message in (
        (text[: len(text) // 2], "store.json is damaged"),
        ("[]", "store.json does not describe a graph store"),
        (
            json.dumps(json.loads(text) | {"version": 99}),
            "has version 99 of the format, .* this gnnkit reads version 1",
        ),
    ):
        (folder / "store.json").write_text(damage)
        with pytest.raises(ValueError, match=message):
            GraphStore.open(folder)
    (folder / "store.json").write_text(text)
    [file] = folder.glob("*index.targets.npy")
    whole = file.read_bytes()
    file.write_bytes(whole[:-4])
    with pytest.raises(ValueError, match="index.targets.npy has .* bytes, but .* bytes were written. Copy it again"):
        GraphStore.open(folder)
    file.unlink()
    with pytest.raises(ValueError, match="index.targets.npy is missing"):
        GraphStore.open(folder)
    file.write_bytes(whole.replace(b"'<i4'", b"'<f4'"))
    with pytest.raises(ValueError, match="index.targets.npy holds float32 .*, but int32 .* was written"):
        GraphStore.open(folder)


def test_a_store_of_what_no_file_can_hold(tmp_path):
    tables = GraphTables(node_sets={"n": NodeTable(num_nodes=1, features={"x": objects([{}])})})
    with pytest.raises(TypeError, match="nodes.n.x: a column of texts holds something that is none"):
        GraphStore.from_tables(tables).save(tmp_path / "s")
    assert not list(tmp_path.iterdir())


def test_memory_mapped_tables(tmp_path):
    tables = make_tables(dtype=np.int32)
    table = tables.edge_sets["cites"]
    np.save(tmp_path / "source.npy", table.source)
    mapped = EdgeTable(
        source_set="paper",
        target_set="paper",
        source=np.load(tmp_path / "source.npy", mmap_mode="r"),
        target=table.target,
    )
    one = GraphStore.from_tables(tables.replace(edge_sets={"cites": mapped}))
    two = GraphStore.from_tables(tables.replace(edge_sets={"cites": table}))
    assert (one.rows == two.rows).all()


def test_progress():
    seen = []
    GraphStore.from_tables(make_tables(), progress=lambda *args: seen.append(args))
    assert seen[0] == (0, 440, "cites") and seen[-1] == (440, 440, "")
    assert [done for done, _, _ in seen] == sorted(done for done, _, _ in seen)


def test_from_a_graph_tensor(store):
    tables = make_tables()
    graph = to_graph_tensor(tables, features={"paper": ["half", "words", "#id"], "cites": ["weight"]})
    made = GraphStore.from_graph_tensor(graph, backward={"cited_by": "cites"})
    assert (made.rows == store.rows).all() and (made.node_keys == store.node_keys).all()
    assert made.node_features("paper")["half"].dtype == np.float16


def test_from_scipy():
    cites = scipy.sparse.coo_array(([0.5, 2.0, 0.0], ([0, 2, 2], [1, 0, 0])), shape=(3, 3))
    writes = scipy.sparse.csc_matrix(np.ones((2, 3)))
    store = GraphStore.from_scipy(
        {("paper", "cites", "paper"): cites, ("author", "writes", "paper"): writes},
        node_features={"paper": {"x": [[1.0], [2.0], [3.0]]}},
        weight_feature="w",
    )
    assert store.num_nodes("author") == 2 and store.node_features("paper")["x"].shape == (3, 1)
    assert store.neighbors("cites", 2).tolist() == [0, 0]  # What is stored counts, twice and as 0.
    assert store.edge_features("cites")["w"].tolist() == [0.5, 2.0, 0.0]
    assert store.degrees("writes").tolist() == [3, 3]


@pytest.mark.parametrize(
    "matrices, features, message",
    [
        ({"cites": scipy.sparse.eye_array(3)}, {}, "expected keys .source node set, edge set, target node set.; got"),
        ({("a", "e", "a"): np.eye(3)}, {}, "expected a SciPy sparse matrix, got ndarray"),
        (
            {("a", "e", "b"): scipy.sparse.eye_array(3), ("b", "f", "a"): scipy.sparse.eye_array(4)},
            {},
            "Node set 'b' has 3 nodes by the columns of 'e', but 4 by the rows of 'f'",
        ),
        (
            {("a", "e", "b"): scipy.sparse.eye_array(3), ("b", "e", "a"): scipy.sparse.eye_array(3)},
            {},
            "there are two edge sets 'e'",
        ),
        ({("a", "e", "a"): scipy.sparse.eye_array(3)}, {"a": {"x": [1, 2]}}, "3 nodes .* but 2 by feature 'x'"),
    ],
)
def test_matrices_that_do_not_fit(matrices, features, message):
    with pytest.raises(ValueError, match=message):
        GraphStore.from_scipy(matrices, node_features=features)
