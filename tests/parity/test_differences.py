"""Where gnnkit does something else than tensorflow-gnn on purpose; README.md says why. Others are in the tests it names."""

import pytest
import tensorflow as tf

import gnnkit

RAGGED = tf.ragged.constant([[1.0, 2.0], [3.0], [5.0, 6.0, 9.0]])


@pytest.fixture
def graphs(make_pair):
    """Three nodes in one component, two of them joined by an edge."""

    def build(library):
        features = {
            "x": tf.constant([1.0, 2.0, 3.0]),
            "r": RAGGED,
            "word": tf.constant(["a", "b", "c"]),
            "flag": tf.constant([True, False, True]),
        }
        return library.homogeneous(tf.constant([0]), tf.constant([1]), node_features=features)

    return make_pair(build)


def test_mean_of_ragged_values_beside_others(tfgnn, graphs):
    def mean(library, graph, reduce_type):
        return library.pool_nodes_to_context(graph, "nodes", reduce_type, feature_name="r").to_list()[0][:3]

    for library, graph in zip((gnnkit, tfgnn), graphs, strict=True):
        assert mean(library, graph, "mean") == [3.0, 4.0, 9.0]
    assert mean(gnnkit, graphs[0], "mean|sum") == [3.0, 4.0, 9.0]
    assert mean(tfgnn, graphs[1], "mean|sum") == [3.0, pytest.approx(8 / 3), 3.0]


def test_means_of_half_precision(make_pair):
    """float16 cannot count beyond 2048."""
    values = tf.constant([[0.0]] * 2048 + [[1.0]] * 2048, tf.float16)
    none = tf.zeros([0], tf.int32)
    ours, theirs = make_pair(
        lambda library: library.pool_nodes_to_context(
            library.homogeneous(none, none, node_features={"x": values}), "nodes", "mean", feature_name="x"
        )
    )
    assert ours.dtype == theirs.dtype
    assert (float(ours[0, 0]), float(theirs[0, 0])) == (0.5, 1.0)


@pytest.mark.parametrize("name", ["word", "flag"])
@pytest.mark.parametrize("reduce_type", ["sum", "mean", "max"])
def test_what_is_no_number_cannot_be_pooled(tfgnn, graphs, name, reduce_type):
    with pytest.raises((tf.errors.InvalidArgumentError, TypeError), match="not in the list|Cannot convert"):
        tfgnn.pool_nodes_to_context(graphs[1], "nodes", reduce_type, feature_name=name)
    with pytest.raises(TypeError, match=f"feature '{name}' of node set 'nodes' is .*; expected numbers"):
        gnnkit.pool_nodes_to_context(graphs[0], "nodes", reduce_type, feature_name=name)


def test_rows_of_values(tfgnn, graphs):
    for rows, theirs_is_an_error in ((2, True), (9, False)):
        arguments = {"feature_value": tf.zeros([rows])}
        if theirs_is_an_error:
            with pytest.raises(tf.errors.InvalidArgumentError):
                tfgnn.pool_nodes_to_context(graphs[1], "nodes", **arguments)
        else:
            tfgnn.broadcast_node_to_edges(graphs[1], "edges", tfgnn.SOURCE, **arguments)
        for call in (
            lambda: gnnkit.pool_nodes_to_context(graphs[0], "nodes", **arguments),  # noqa: B023
            lambda: gnnkit.broadcast_node_to_edges(graphs[0], "edges", gnnkit.SOURCE, **arguments),  # noqa: B023
        ):
            with pytest.raises(ValueError, match=rf"feature_value has shape \[{rows}\], but node set 'nodes' has 3"):
                call()


def test_values_of_several_sets(tfgnn, graphs):
    arguments = {"node_set_name": ["nodes", "nodes"], "feature_value": [tf.zeros([3]), tf.zeros([3], tf.int32)]}
    with pytest.raises(tf.errors.InvalidArgumentError):
        tfgnn.pool(graphs[1], "context", reduce_type="sum", **arguments)
    with pytest.raises(ValueError, match=r"\['nodes', 'nodes'\] differ in dtype: \['float32', 'int32'\]"):
        gnnkit.pool(graphs[0], "context", reduce_type="sum", **arguments)
    inputs = [tf.zeros([1, 2]), tf.zeros([1, 1])]
    with pytest.raises(tf.errors.InvalidArgumentError):
        tfgnn.combine_values(inputs, "sum")
    with pytest.raises(ValueError, match=r"same shape, but rows have shapes \[\(2,\), \(1,\)\]"):
        gnnkit.combine_values(inputs, "sum")


def test_lists_of_numbers_are_values(tfgnn, graphs):
    arguments = {"node_set_name": "nodes", "reduce_type": "sum", "feature_value": [1.0, 2.0, 3.0]}
    with pytest.raises(ValueError, match="Sequence"):
        tfgnn.pool(graphs[1], "context", **arguments)
    assert gnnkit.pool(graphs[0], "context", **arguments).numpy().tolist() == [6.0]


ACCEPTED_THERE = {
    "ends of two lengths": lambda t: t.Adjacency.from_indices(("a", tf.constant([0])), ("b", tf.constant([0, 0]))),
    "pieces of two ranks": lambda t: t.GraphTensor.from_pieces(
        node_sets={
            "a": t.NodeSet.from_fields(sizes=tf.constant([1])),
            "b": t.NodeSet.from_fields(sizes=tf.constant([[1], [1]])),
        }
    ),
}


@pytest.mark.parametrize("case", ACCEPTED_THERE)
def test_pieces_that_do_not_go_together(tfgnn, case):
    ACCEPTED_THERE[case](tfgnn)
    with pytest.raises(ValueError, match="all endpoints need one index an edge|All pieces must be batched alike"):
        ACCEPTED_THERE[case](gnnkit)


def test_row_splits_stay_int32(make_pair):
    """A set without ragged features has no say."""

    def build(library):
        ragged = library.NodeSet.from_fields(
            sizes=tf.constant([3]), features={"r": RAGGED.with_row_splits_dtype(tf.int32)}
        )
        return library.GraphTensor.from_pieces(
            node_sets={"a": ragged, "b": library.NodeSet.from_fields(sizes=tf.constant([1]))}
        )

    ours, theirs = make_pair(build)
    assert ours.row_splits_dtype == tf.int32 and theirs.row_splits_dtype == tf.int64
    narrow = theirs.with_row_splits_dtype(tf.int32)
    with pytest.raises(AssertionError):
        narrow.spec.relax(num_nodes=True)
    assert ours.spec.relax(num_nodes=True).row_splits_dtype == tf.int32


def test_sets_and_features_are_sorted(make_pair):
    def build(library):
        nodes = library.NodeSet.from_fields(sizes=[1], features={"z": [1], "a": [1]})
        return library.GraphTensor.from_pieces(node_sets={"z": nodes, "a": nodes})

    ours, theirs = make_pair(build)
    assert list(ours.node_sets) == list(ours.node_sets["a"].features) == ["a", "z"]
    assert list(theirs.node_sets) == list(theirs.node_sets["a"].features) == ["z", "a"]


def test_rows_of_the_context(tfgnn, graphs):
    features = {"label": tf.zeros([5])}
    assert tfgnn.GraphTensor.replace_features(graphs[1], context=features).num_components == 1
    with pytest.raises(ValueError, match="feature 'label' has 5 items .* but sizes has 1"):
        graphs[0].replace_features(context=features)


def test_sizes_are_enough_for_homogeneous(tfgnn):
    index = tf.constant([0])
    arguments = {"node_features": {}, "node_set_sizes": tf.constant([1])}
    with pytest.raises(ValueError, match="Unsupported type NoneType"):
        tfgnn.homogeneous(index, index, **arguments)
    assert gnnkit.homogeneous(index, index, **arguments).node_sets["nodes"].features == {}


def test_iteration_over_specs(tfgnn, graphs):
    with pytest.raises(AttributeError):
        list(tfgnn.iter_sets(graphs[1].spec))
    assert [found[:2] for found in gnnkit.iter_sets(graphs[0].spec)] == [
        ("context", ""),
        ("nodes", "nodes"),
        ("edges", "edges"),
    ]


def test_assert_constraints_with_components(tfgnn, make_pair):
    ours, theirs = make_pair(
        lambda library: library.GraphTensor.from_pieces(
            node_sets={"a": library.NodeSet.from_fields(sizes=tf.constant([1, 2]), features={"x": tf.zeros([3])})}
        )
    )
    with pytest.raises(tf.errors.InvalidArgumentError):
        tfgnn.assert_constraints(theirs)
    gnnkit.assert_constraints(ours)


def test_texts_of_key_errors(tfgnn, graphs):
    with pytest.raises(KeyError) as theirs:
        tfgnn.node_degree(graphs[1], "edge", tfgnn.SOURCE)
    assert str(theirs.value) == "'edge'"
    with pytest.raises(KeyError) as ours:
        gnnkit.node_degree(graphs[0], "edge", gnnkit.SOURCE)
    assert str(ours.value) == "node_degree: the graph has no edge set 'edge'; it has ['edges']."
