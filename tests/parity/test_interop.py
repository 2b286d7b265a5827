"""Graphs handed to tensorflow-gnn and back, and its converters."""

import inspect

import hypothesis
import pytest
import tensorflow as tf
from hypothesis import strategies as st

import gnnkit
from gnnkit.interop.tfgnn import from_tfgnn, to_tfgnn
from gnnkit.testing import assert_graphs_equal, random_graph, strategies

graphs = strategies.graphs(strategies.schemas(readout=True))
few = hypothesis.settings(max_examples=20)


def _same_fields(got, want):
    """The very same bits, in fields of the same type."""
    got, want = (tf.nest.flatten(graph, expand_composites=True) for graph in (got, want))
    assert len(got) == len(want)
    for a, b in zip(got, want, strict=True):
        assert a.dtype == b.dtype and a.shape == b.shape
        assert tf.io.serialize_tensor(a) == tf.io.serialize_tensor(b)


@hypothesis.given(graphs)
@few
def test_scalar_graphs(build_pair, tfgnn, description):
    ours, theirs = build_pair(description)
    converted = to_tfgnn(ours)
    assert isinstance(converted, tfgnn.GraphTensor) and converted.spec == theirs.spec
    _same_fields(converted, theirs)
    assert_graphs_equal(from_tfgnn(theirs), ours)
    assert from_tfgnn(converted).spec == ours.spec


@hypothesis.given(graphs, st.booleans())
@few
def test_specs(build_pair, description, relax):
    ours, theirs = (
        g.spec.relax(num_components=relax, num_nodes=True, num_edges=relax) for g in build_pair(description)
    )
    assert to_tfgnn(ours) == theirs
    assert from_tfgnn(theirs) == ours


def _there_and_back(graph):
    theirs = to_tfgnn(graph)
    return graph, theirs, from_tfgnn(theirs)


@pytest.mark.slow
@hypothesis.given(graphs, st.booleans(), st.booleans())
@hypothesis.settings(max_examples=6)
def test_batches(build_pair, description, drop_remainder, static):
    ours, _ = build_pair(description)
    spec = ours.spec if static else ours.spec.relax(num_components=True, num_nodes=True, num_edges=True)
    batches = tf.data.Dataset.from_generator(lambda: [ours, ours, ours], output_signature=spec).batch(2, drop_remainder)
    converted = batches.map(_there_and_back)
    assert converted.element_spec[1] == to_tfgnn(batches.element_spec)
    for batch, theirs, back in converted:
        assert batch.rank == 1
        assert_graphs_equal(back, batch)
        assert_graphs_equal(from_tfgnn(theirs), batch)
        _same_fields(theirs.merge_batch_to_components(), to_tfgnn(batch.merge_batch_to_components()))


def test_hyperedges(tfgnn):
    def build(library):
        ends = {0: ("a", [0, 1]), 2: ("b", [0, 0]), 5: ("a", [1, 1])}
        return library.GraphTensor.from_pieces(
            node_sets={"a": library.NodeSet.from_fields(sizes=[2]), "b": library.NodeSet.from_fields(sizes=[1])},
            edge_sets={
                "h": library.EdgeSet.from_fields(
                    sizes=[2], adjacency=library.HyperAdjacency.from_indices(ends), features={"w": [1.0, 2.0]}
                )
            },
        )

    ours, theirs = build(gnnkit), build(tfgnn)
    _same_fields(to_tfgnn(ours), theirs)
    assert_graphs_equal(from_tfgnn(theirs), ours)
    assert to_tfgnn(ours.spec) == theirs.spec and from_tfgnn(theirs.spec) == ours.spec
    assert from_tfgnn(theirs).edge_sets["h"].adjacency.node_set_name(5) == "a"


def test_graphs_without_features_keep_their_components(tfgnn):
    graph = random_graph(1, num_components=3).remove_features(["hidden_state"])
    assert int(to_tfgnn(graph).num_components) == 3
    assert_graphs_equal(from_tfgnn(to_tfgnn(graph)), graph)


def test_wrong_arguments(tfgnn):
    graph = random_graph(0)
    with pytest.raises(TypeError, match="takes a tensorflow_gnn GraphTensor or GraphTensorSpec, but got gnnkit.graph"):
        from_tfgnn(graph)
    with pytest.raises(TypeError, match="takes a gnnkit GraphTensor or GraphTensorSpec, but got tensorflow_gnn"):
        to_tfgnn(to_tfgnn(graph))


def test_triples(tfgnn, assert_same_graph):
    from tensorflow_gnn.converters.triples import triple_to_graphtensor as theirs

    ours = gnnkit.interop.triple_to_graphtensor
    assert inspect.signature(ours).parameters.keys() == inspect.signature(theirs).parameters.keys()
    triples = [("d", "p", "b"), ("b", "q", "c"), ("a", "p", "a"), ("d", "p", "b"), ("c", "r", "d")]
    assert_same_graph(ours(triples), theirs(triples))
    for wrong in ([("a", "b")], [("a", "b", "c", "d")]):
        for function in (ours, theirs):
            with pytest.raises(ValueError):
                function(wrong)


class _Sizes(list):
    """Sizes as tensorflow-gnn's converter to networkx wants them: it takes int() of them, which NumPy now refuses."""

    def __int__(self):
        return self[0]


class _Graph:
    def __init__(self, graph):
        self.node_sets = {name: _Piece(piece) for name, piece in graph.node_sets.items()}
        self.edge_sets = {name: _Piece(piece) for name, piece in graph.edge_sets.items()}


class _Piece:
    def __init__(self, piece):
        self._piece = piece

    def __getattr__(self, name):
        value = getattr(self._piece, name)
        return _Sizes(value.numpy().tolist()) if name == "sizes" else value

    def __getitem__(self, name):
        return self._piece[name]


def test_networkx(tfgnn, capsys):
    from tensorflow_gnn.converters import networkx_io

    for name in ("to_edge_list", "to_networkx_graph"):
        ours, theirs = getattr(gnnkit.interop.networkx_io, name), getattr(networkx_io, name)
        assert inspect.signature(ours).parameters.keys() == inspect.signature(theirs).parameters.keys()
    graph = random_graph(2, num_components=1, min_nodes=1)
    other = _Graph(to_tfgnn(graph))
    nodes, edges = gnnkit.interop.to_edge_list(graph)
    their_nodes, their_edges = networkx_io.to_edge_list(other)
    assert nodes == their_nodes
    # Theirs look up the ids of edges in the wrong node set (B15).
    keys = ("source", "target", "#src_type", "#target_type", "#type")
    assert [[e[k] for k in keys] for e in edges] == [[e[k] for k in keys] for e in their_edges]
    assert edges and edges[0].keys() == their_edges[0].keys()
    ours, theirs = gnnkit.interop.to_networkx_graph(graph), networkx_io.to_networkx_graph(other)
    assert type(ours) is type(theirs) and dict(ours.nodes(data=True)) == dict(theirs.nodes(data=True))
    assert list(ours.edges(data=True, keys=True)) == list(theirs.edges(data=True, keys=True))
