import numpy as np
import pytest

from gnnkit.datasets import academic_graph
from gnnkit.samplers import check_tables, read_tables, write_tables


def one_hot(values):
    _, codes = np.unique(values.astype(bytes) if values.dtype == object else values, return_inverse=True)
    return np.eye(codes.max() + 1)[codes]


def mean_over(source, target, values, count):
    """Means of the targets' values over each source's edges."""
    total, degree = np.zeros((count, values.shape[1])), np.zeros((count, 1))
    np.add.at(total, source, values[target])
    np.add.at(degree, source, 1)
    return total / np.maximum(degree, 1)


def accuracy(inputs, label, split, ridge=10.0):
    """Test accuracy of ridge regression onto one-hot labels."""
    inputs = np.concatenate([inputs, np.ones((len(inputs), 1))], 1)
    train, test = split == b"train", split == b"test"
    x, y = inputs[train], np.eye(label.max() + 1)[label[train]]
    weights = np.linalg.solve(x.T @ x + ridge * np.eye(x.shape[1]), x.T @ y)
    return float(((inputs[test] @ weights).argmax(1) == label[test]).mean())


def academic_views(tables):
    """(what a paper knows, plus one hop, plus institutions two hops away)."""
    papers, count = tables.node_sets["paper"].features, tables.node_sets["paper"].num_nodes
    authors = tables.node_sets["author"]
    edges = tables.edge_sets
    own = np.concatenate([papers["embedding"], one_hot(papers["venue"]), (papers["year"][:, None] - 2012) / 10], axis=1)
    cited = mean_over(edges["cites"].source, edges["cites"].target, own, count)
    topics = np.eye(tables.node_sets["field"].num_nodes)
    topic = mean_over(edges["has_topic"].source, edges["has_topic"].target, topics, count)
    first_year = (authors.features["first_year"][:, None] - 2012) / 10
    author = mean_over(edges["written_by"].source, edges["written_by"].target, first_year, count)
    country = one_hot(tables.node_sets["institution"].features["country"])
    affiliated = edges["affiliated_with"]
    at_author = mean_over(affiliated.source, affiliated.target, country, authors.num_nodes)
    far = mean_over(edges["written_by"].source, edges["written_by"].target, at_author, count)
    one_hop = np.concatenate([own, cited, topic, author], 1)
    return own, one_hop, np.concatenate([one_hop, far], 1)


@pytest.mark.parametrize("seed", range(3))
def test_labels_need_two_hops(seed):
    tables = academic_graph(seed=seed)
    features = tables.node_sets["paper"].features
    own, one_hop, two_hops = (accuracy(view, features["label"], features["split"]) for view in academic_views(tables))
    assert own < 0.45
    assert own < one_hop < 0.6
    assert two_hops > 0.85


def test_layout():
    tables = academic_graph(num_papers=300, num_authors=400, num_institutions=30, num_fields=20, feature_dim=5)
    check_tables(tables)
    papers = tables.node_sets["paper"]
    assert {name: table.num_nodes for name, table in tables.node_sets.items()} == {
        "paper": 300,
        "author": 400,
        "institution": 30,
        "field": 20,
    }
    assert papers.features["embedding"].shape == (300, 5) and papers.features["embedding"].dtype == np.float32
    assert {name: papers.features[name].dtype for name in ("year", "label")} == {"year": np.int64, "label": np.int64}
    counts = dict(zip(*np.unique(papers.features["split"].astype(bytes), return_counts=True), strict=True))
    assert counts == {b"train": 180, b"valid": 60, b"test": 60}
    assert all(isinstance(title, bytes) for title in papers.features["title"])
    edges = tables.edge_sets
    assert (edges["writes"].source == edges["written_by"].target).all()
    assert (edges["writes"].target == edges["written_by"].source).all()
    assert set(edges["written_by"].source) == set(range(300)) and set(edges["affiliated_with"].source) == set(
        range(400)
    )
    assert (edges["cites"].target < edges["cites"].source).all()
    for edge_set in edges.values():  # No parallel edges.
        assert len(set(zip(edge_set.source, edge_set.target, strict=True))) == edge_set.num_edges
    assert tables.schema.node_sets["paper"].features["embedding"].shape.dim[0].size == 5


def test_the_same_seed_gives_the_same_graph(tmp_path):
    a, b, c = (
        academic_graph(num_papers=60, num_authors=60, num_institutions=12, num_fields=12, seed=s) for s in (3, 3, 4)
    )
    same = lambda x, y: (x.node_sets["paper"].features["embedding"] == y.node_sets["paper"].features["embedding"]).all()  # noqa: E731
    assert same(a, b) and not same(a, c)
    again = read_tables(write_tables(a, tmp_path, "parquet"))
    assert again.summary().splitlines() == sorted(a.summary().splitlines()[:4]) + sorted(a.summary().splitlines()[4:])
    assert same(a, again)


def test_errors():
    with pytest.raises(ValueError, match="num_institutions=5 is less than num_classes=6"):
        academic_graph(num_institutions=5)
    with pytest.raises(ValueError, match="num_classes=1: expected 2 or more"):
        academic_graph(num_classes=1)
