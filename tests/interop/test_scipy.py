import numpy as np
import pytest
import scipy.sparse
import tensorflow as tf

import gnnkit
from gnnkit.interop import from_scipy, to_scipy
from gnnkit.testing import random_graph


def test_one_square_matrix():
    matrix = scipy.sparse.csr_array(np.array([[0, 2, 0], [0, 0, 3], [4, 0, 0]], np.float64))
    graph = from_scipy(matrix)
    assert graph.node_sets["nodes"].sizes.numpy().tolist() == [3]
    edges = graph.edge_sets["edges"]
    assert edges["weight"].dtype == tf.float64 and edges["weight"].numpy().tolist() == [2, 3, 4]
    assert edges.adjacency.source.numpy().tolist() == [0, 1, 2]
    assert edges.adjacency.target.numpy().tolist() == [1, 2, 0]
    back = to_scipy(graph)
    assert back.format == "csr" and (back != matrix).nnz == 0 and back.dtype == np.float64


def test_kinds_of_matrices():
    dense = np.array([[0, 1], [1, 0]], np.int32)
    kinds = [dense, dense.tolist(), scipy.sparse.csc_matrix(dense), scipy.sparse.lil_array(dense)]
    for matrix in [*kinds, scipy.sparse.dok_array(dense)]:
        graph = from_scipy(matrix, value_name=None, indices_dtype=tf.int64)
        assert graph.indices_dtype == tf.int64 and not graph.edge_sets["edges"].features
        np.testing.assert_array_equal(to_scipy(graph, value_name=None).toarray(), dense)


def test_one_rectangular_matrix():
    graph = from_scipy(np.ones([2, 3]))
    assert {name: int(nodes.total_size) for name, nodes in graph.node_sets.items()} == {"source": 2, "target": 3}
    assert graph.edge_sets["edges"].adjacency.source_name == "source"
    assert to_scipy(graph).shape == (2, 3)


def test_several_matrices():
    rng = np.random.default_rng(0)
    matrices = {
        "writes": scipy.sparse.random_array((4, 5), density=0.5, rng=rng, format="csr"),
        "cites": scipy.sparse.random_array((5, 5), density=0.5, rng=rng, format="csr"),
        "empty": scipy.sparse.csr_array((4, 4)),
    }
    endpoints = {"writes": ("author", "paper"), "cites": ("paper", "paper"), "empty": ("author", "author")}
    graph = from_scipy(matrices, endpoints=endpoints, value_name="w")
    for name, matrix in matrices.items():
        assert (to_scipy(graph, name, value_name="w") != matrix).nnz == 0


def test_parallel_edges_and_stored_zeros_stay():
    matrix = scipy.sparse.coo_array(([1.0, 2.0, 0.0], ([0, 0, 1], [1, 1, 0])), shape=(2, 2))
    graph = from_scipy(matrix)
    assert graph.edge_sets["edges"]["weight"].numpy().tolist() == [1, 2, 0]
    coo = to_scipy(graph, format="coo")
    assert coo.format == "coo" and coo.nnz == 3
    assert to_scipy(graph).toarray().tolist() == [[0, 3], [0, 0]]


def test_components_of_a_graph():
    graph = random_graph(2, num_components=3)
    matrix = to_scipy(graph, "cites", value_name=None)
    sizes = graph.node_sets["paper"].sizes.numpy()
    component = np.repeat(np.arange(3), sizes)
    rows, columns = matrix.nonzero()
    assert matrix.sum() == int(graph.edge_sets["cites"].total_size) > 0
    assert (component[rows] == component[columns]).all()


def test_wrong_matrices():
    with pytest.raises(ValueError, match=r"Edge set 'edges': the matrix has shape \[2\]; expected two dimensions"):
        from_scipy([1, 2])
    with pytest.raises(ValueError, match=r"Edge set 'e' has shape \[2, 3\], which is not square. Name the node sets"):
        from_scipy({"e": np.ones([2, 3])})
    with pytest.raises(
        ValueError, match=r"'b' has shape \[3, 3\], which gives node set 'nodes' 3 nodes, but edge set 'a'"
    ):
        from_scipy({"a": np.eye(2), "b": np.eye(3)})


def test_wrong_graphs():
    graph = gnnkit.homogeneous([0], [0], node_set_sizes=[1], edge_features={"x": [[1.0]], "s": ["a"]})
    for name in ("x", "s"):
        with pytest.raises(ValueError, match=f"Edge set 'edges', feature '{name}': expected one number an edge"):
            to_scipy(graph, value_name=name)
    with pytest.raises(ValueError, match=r"has no feature 'weight'; it has \['s', 'x'\]. Name one with value_name"):
        to_scipy(graph)
    with pytest.raises(ValueError, match=r"There is no edge set 'e'; there are \['edges'\]"):
        to_scipy(graph, "e")
    with pytest.raises(ValueError, match=r"Say which edge set: edge_set_name= one of \['cites', 'is_in', 'writes'\]"):
        to_scipy(random_graph(0))
    with pytest.raises(ValueError, match="format='csc' is not known"):
        to_scipy(graph, value_name=None, format="csc")  # type: ignore[arg-type]
