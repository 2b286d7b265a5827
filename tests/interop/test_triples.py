import pytest

from gnnkit.interop import graphtensor_to_triples, triple_to_graphtensor
from gnnkit.testing import random_graph

TRIPLES = [("ann", "knows", "bob"), ("ann", "likes", "tea"), ("bob", "knows", "ann"), ("ann", "knows", "bob")]


def test_graph():
    graph = triple_to_graphtensor(iter(TRIPLES))
    assert graph.node_sets["nodes"]["#id"].numpy().tolist() == [b"ann", b"bob", b"tea"]
    knows = graph.edge_sets["knows"]
    assert knows.sizes.numpy().tolist() == [3] and knows.adjacency.source_name == "nodes"
    assert knows.adjacency.source.numpy().tolist() == [0, 1, 0]
    assert knows.adjacency.target.numpy().tolist() == [1, 0, 1]
    assert graph.edge_sets["likes"].adjacency.target.numpy().tolist() == [2]


def test_round_trip():
    assert sorted(graphtensor_to_triples(triple_to_graphtensor(TRIPLES))) == sorted(TRIPLES)
    assert graphtensor_to_triples(triple_to_graphtensor([(b"a", b"p", "ö")])) == [("a", "p", "ö")]


def test_no_triples():
    graph = triple_to_graphtensor([])
    assert graph.node_sets["nodes"]["#id"].dtype == "string" and not graph.edge_sets
    assert graphtensor_to_triples(graph) == []


def test_errors():
    for bad in (("a", "p"), ("a", "p", 3), "abc"):
        with pytest.raises(ValueError, match=r"Triple 1 is .*; expected three texts: \(subject, predicate, object\)"):
            triple_to_graphtensor([TRIPLES[0], bad])
    with pytest.raises(ValueError, match="Node set 'author' has no feature '#id'|Node set 'paper' has no feature"):
        graphtensor_to_triples(random_graph(0))
