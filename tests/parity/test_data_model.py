"""The data model does what tensorflow-gnn's does, errors included; where that is wrong, gnnkit is not."""

import numpy as np
import pytest
import tensorflow as tf

import gnnkit


@pytest.mark.parametrize("components", [1, 3])
@pytest.mark.parametrize("indices_dtype", [tf.int32, tf.int64])
def test_graphs_and_specs(make_pair, make_graph, assert_same_graph, assert_same_spec, components, indices_dtype):
    ours, theirs = make_pair(lambda library: make_graph(library, 4, components, indices_dtype))
    assert_same_graph(ours, theirs)
    assert_same_spec(ours.spec, theirs.spec)
    relax = {"num_components": True, "num_nodes": True, "num_edges": True}
    assert_same_spec(ours.spec.relax(**relax), theirs.spec.relax(**relax))
    assert_same_spec(ours.spec.relax(num_nodes=True), theirs.spec.relax(num_nodes=True))
    assert_same_spec(ours.with_indices_dtype(tf.int64).spec, theirs.with_indices_dtype(tf.int64).spec)


def _batches(library, make_graph, mode: str) -> tf.data.Dataset:
    """Batches of equal graphs, of graphs of different sizes, and of different numbers of components."""
    graphs = {
        "equal": [make_graph(library, 3)] * 4,
        "varying": [make_graph(library, n) for n in (3, 1, 4, 2)],
        "components": [make_graph(library, 2, components=c) for c in (2, 1, 3, 2)],
    }[mode]
    relax = mode != "equal"
    spec = graphs[0].spec.relax(num_nodes=relax, num_edges=relax, num_components=mode == "components")
    return tf.data.Dataset.from_generator(lambda: iter(graphs), output_signature=spec)


@pytest.mark.parametrize("mode", ["equal", "varying", "components"])
@pytest.mark.parametrize("drop_remainder", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_batch_and_merge(make_pair, make_graph, assert_same_graph, assert_same_spec, mode, drop_remainder):
    ours, theirs = make_pair(
        lambda library: _batches(library, make_graph, mode).batch(3, drop_remainder=drop_remainder)
    )
    assert_same_spec(ours.element_spec, theirs.element_spec)
    assert len(list(ours)) == 2 - drop_remainder
    for a, b in zip(ours, theirs, strict=True):
        assert_same_graph(a, b)
        assert_same_graph(a.merge_batch_to_components(), b.merge_batch_to_components())
    assert_same_spec(
        ours.map(lambda g: g.merge_batch_to_components()).element_spec,
        theirs.map(lambda g: g.merge_batch_to_components()).element_spec,
    )
    for a, b in zip(ours.unbatch(), theirs.unbatch(), strict=True):
        assert_same_graph(a, b)


@pytest.mark.parametrize("mode", ["equal", "varying"])
def test_rank_two(make_pair, make_graph, assert_same_graph, mode):
    ours, theirs = make_pair(
        lambda library: next(
            iter(_batches(library, make_graph, mode).batch(2, drop_remainder=True).batch(2, drop_remainder=True))
        )
    )
    assert_same_graph(ours, theirs)
    assert_same_graph(ours.merge_batch_to_components(), theirs.merge_batch_to_components())


def test_edits(make_pair, make_graph, assert_same_graph):
    ours, theirs = make_pair(lambda library: make_graph(library, 3))
    changes = {
        "context": {"d": [[1.0]]},
        "node_sets": {"latent": {"h": tf.zeros([3, 2])}},
        "edge_sets": {"e": {}},
    }
    assert_same_graph(ours.replace_features(**changes), theirs.replace_features(**changes))
    names = {"context": ["c"], "node_sets": {"user/a.b": ["x", "deep"]}, "edge_sets": {"e": ["w"]}}
    assert_same_graph(ours.remove_features(**names), theirs.remove_features(**names))


def test_homogeneous(make_pair, assert_same_graph):
    index, one = tf.constant([0, 1]), tf.constant([1, 1])
    for arguments in (
        {"node_features": tf.zeros([3, 2])},
        {"node_features": {"x": tf.zeros([2])}, "edge_features": tf.zeros([2, 1]), "context_features": tf.zeros([1])},
        {"node_set_sizes": one, "edge_set_sizes": one, "node_set_name": "n", "edge_set_name": "e"},
    ):
        ours, theirs = make_pair(lambda library, a=arguments: library.homogeneous(index, index, **a))
        assert_same_graph(ours, theirs)


@pytest.mark.parametrize("name", ["_readout/x", "_readout:train/source", ".x", "-b", "#a-", "a", "_", "~~x", ""])
def test_auxiliary_prefix(tfgnn, name):
    assert gnnkit.get_aux_type_prefix(name) == tfgnn.get_aux_type_prefix(name)


def test_constants(tfgnn):
    for (
        name
    ) in "CONTEXT EDGES HIDDEN_STATE NODES SIZE_NAME SOURCE SOURCE_NAME TARGET TARGET_NAME DEFAULT_STATE_NAME".split():
        assert getattr(gnnkit, name) == getattr(tfgnn, name)


def _nodes(library, n=1, **features):
    return library.NodeSet.from_fields(sizes=tf.constant([n]), features=features)


def _graph(library):
    return library.homogeneous(tf.constant([0]), tf.constant([0]), node_features={"x": tf.constant([1.0])})


ERRORS = {
    "positional fields": lambda t: t.NodeSet.from_fields({}, [1]),
    "float sizes": lambda t: t.NodeSet.from_fields(sizes=tf.constant([1.0])),
    "scalar sizes": lambda t: t.NodeSet.from_fields(sizes=tf.constant(1)),
    "two numbers of items": lambda t: _nodes(t, 2, a=tf.zeros([2]), b=tf.zeros([3])),
    "missing node set": lambda t: t.GraphTensor.from_pieces(edge_sets=_graph(t).edge_sets),
    "wrong piece": lambda t: t.GraphTensor.from_pieces(node_sets={"a": _graph(t).context}),
    "wrong context": lambda t: t.GraphTensor.from_pieces(context=_nodes(t)),
    "no endpoints": lambda t: t.HyperAdjacency.from_indices({}),
    "tag of wrong type": lambda t: t.HyperAdjacency.from_indices({"a": ("n", tf.constant([0]))}),
    "float indices": lambda t: t.Adjacency.from_indices(("a", tf.constant([0.0])), ("b", tf.constant([0.0]))),
    "sizes of another rank": lambda t: t.NodeSet.from_fields(
        sizes=tf.constant([[1], [1]]), features={"x": tf.zeros([2])}
    ),
    "context features of two lengths": lambda t: t.Context.from_fields(
        features={"a": tf.zeros([1]), "b": tf.zeros([2])}
    ),
    "row splits dtype": lambda t: _graph(t).with_row_splits_dtype(tf.int8),
    "replace in unknown edge set": lambda t: _graph(t).replace_features(edge_sets={"x": {}}),
    "remove unknown context feature": lambda t: _graph(t).remove_features(context=["y"]),
    "remove from unknown edge set": lambda t: _graph(t).remove_features(edge_sets={"y": ["y"]}),
    "unknown set": lambda t: _graph(t).node_sets["y"],
    "unknown source": lambda t: _graph(t).edge_sets["edges"].adjacency[7],
    "assign a feature": lambda t: _graph(t).node_sets["nodes"].features.__setitem__("x", 1),
    "unknown tag": lambda t: t.HyperAdjacency.from_indices({0: ("n", tf.constant([0]))})[5],
    "replace in unknown set": lambda t: _graph(t).replace_features(node_sets={"x": {}}),
    "remove unknown feature": lambda t: _graph(t).remove_features(node_sets={"nodes": ["y"]}),
    "remove from unknown set": lambda t: _graph(t).remove_features(node_sets={"y": ["y"]}),
    "read unknown feature": lambda t: _nodes(t)["x"],
    "relax a batch": lambda t: _graph(t).spec._batch(2).relax(num_nodes=True),
    "indices dtype": lambda t: _graph(t).with_indices_dtype(tf.float32),
    "nodes cannot be counted": lambda t: t.homogeneous(tf.constant([0]), tf.constant([0])),
    "matrix of indices": lambda t: t.homogeneous(
        tf.constant([[0]]), tf.constant([[0]]), node_set_sizes=tf.constant([1])
    ),
    "not scalar": lambda t: t.check_scalar_graph_tensor(_graph(t).spec._batch(2)),
    "not homogeneous": lambda t: t.check_homogeneous_graph_tensor(
        t.GraphTensor.from_pieces(node_sets={"a": _nodes(t)})
    ),
    "batch twice": lambda t: tf.data.Dataset.from_tensors(_graph(t)).batch(2).batch(2),
}


@pytest.mark.parametrize("case", ERRORS)
def test_types_of_errors(tfgnn, case):
    with pytest.raises(Exception) as theirs:
        ERRORS[case](tfgnn)
    with pytest.raises(theirs.type):
        ERRORS[case](gnnkit)


class TestWhereTfgnnIsWrong:
    def test_numbers_of_components(self, tfgnn):
        def build(library):
            sizes = {"a": tf.constant([1]), "b": tf.constant([1, 1])}
            sets = {name: library.NodeSet.from_fields(sizes=size) for name, size in sizes.items()}
            return library.GraphTensor.from_pieces(node_sets=sets)

        build(tfgnn)
        with pytest.raises(ValueError, match=r"node set 'b' has sizes of shape \[2\]"):
            build(gnnkit)

    def test_sizes_and_rows(self, tfgnn):
        _nodes(tfgnn, 3, x=tf.zeros([2]))
        with pytest.raises(ValueError, match=r"sizes \[3\] add up to 3 items, but the features or indices have 2"):
            _nodes(gnnkit, 3, x=tf.zeros([2]))

    def test_replacing_by_another_number_of_rows(self, tfgnn):
        features = {"nodes": {"x": tf.zeros([2])}}
        assert int(_graph(tfgnn).replace_features(node_sets=features).node_sets["nodes"].sizes[0]) == 1
        with pytest.raises(ValueError, match="feature 'x' has 2 items"):
            _graph(gnnkit).replace_features(node_sets=features)

    @pytest.mark.parametrize("source, target", [([0], [9]), ([0], [-1]), ([-1], [0])])
    def test_indices_at_runtime(self, tfgnn, source, target):
        def build(library):
            library.enable_graph_tensor_validation_at_runtime()
            try:
                return library.homogeneous(tf.constant(source), tf.constant(target), node_features={"x": tf.zeros([2])})
            finally:
                library.disable_graph_tensor_validation_at_runtime()

        build(tfgnn)
        with pytest.raises(tf.errors.InvalidArgumentError, match="index outside of node set"):
            build(gnnkit)

    def test_iter_features_of_a_graph(self, tfgnn):
        with pytest.raises(AttributeError, match="HasField"):
            list(tfgnn.iter_features(_graph(tfgnn)))
        assert [f[:3] for f in gnnkit.iter_features(_graph(gnnkit))] == [("nodes", "nodes", "x")]


def test_numpy_of_a_graph_is_what_went_in(make_pair):
    ours, theirs = make_pair(_graph)
    np.testing.assert_array_equal(ours.node_sets["nodes"]["x"].numpy(), theirs.node_sets["nodes"]["x"].numpy())
