"""Padding: where fake items go, that real ones keep their values, and what does not fit."""

import hypothesis
import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit import SOURCE, TARGET, FeatureDefaultValues, SizeConstraints
from gnnkit.testing import assert_graphs_equal, random_graph, strategies


def graph(**node_features):
    """Two components: nodes [2, 1], edges [2, 1]."""
    return gnnkit.GraphTensor.from_pieces(
        gnnkit.Context.from_fields(features={"c": [1.0, 2.0]}),
        {
            "a": gnnkit.NodeSet.from_fields(sizes=[2, 1], features={"x": [[1.0], [2.0], [3.0]], **node_features}),
            "b": gnnkit.NodeSet.from_fields(sizes=[1, 1]),
        },
        {
            "e": gnnkit.EdgeSet.from_fields(
                sizes=[2, 1], adjacency=gnnkit.Adjacency.from_indices(("a", [0, 1, 2]), ("b", [0, 0, 1]))
            ),
            "f": gnnkit.EdgeSet.from_fields(
                sizes=[1, 0],
                features={"w": [5]},
                adjacency=gnnkit.Adjacency.from_indices(("a", [1]), ("a", [0])),
            ),
        },
    )


SIZES = SizeConstraints(5, {"a": 7, "b": 4}, {"e": 6, "f": 4})


def sizes(constraints=SIZES, **changes):
    return constraints._replace(**changes)


def test_placement(run):
    """Behind the real items, in the first fake component; fake edges join fake nodes from the first to the last."""
    padded, mask = run(lambda g: gnnkit.pad_to_total_sizes(g, SIZES), graph())
    assert mask.numpy().tolist() == [True, True, False, False, False]
    assert padded.context.sizes.numpy().tolist() == [1] * 5
    assert padded.context["c"].numpy().tolist() == [1, 2, 0, 0, 0]
    assert padded.node_sets["a"].sizes.numpy().tolist() == [2, 1, 4, 0, 0]
    assert padded.node_sets["a"]["x"].numpy().tolist() == [[1], [2], [3], [0], [0], [0], [0]]
    assert padded.node_sets["b"].sizes.numpy().tolist() == [1, 1, 2, 0, 0]
    e, f = padded.edge_sets["e"], padded.edge_sets["f"]
    assert e.sizes.numpy().tolist() == [2, 1, 3, 0, 0] and f.sizes.numpy().tolist() == [1, 0, 3, 0, 0]
    assert e.adjacency.source.numpy().tolist() == [0, 1, 2, 3, 5, 6]
    assert e.adjacency.target.numpy().tolist() == [0, 0, 1, 2, 3, 3]
    assert f.adjacency.source.numpy().tolist() == [1, 3, 5, 6]
    assert f.adjacency.target.numpy().tolist() == [0, 3, 5, 6]
    assert f["w"].numpy().tolist() == [5, 0, 0, 0]


def test_min_nodes_per_component(run):
    constraints = sizes(min_nodes_per_component={"a": 1, "not there": 3})
    padded, _ = run(lambda g: gnnkit.pad_to_total_sizes(g, constraints), graph())
    assert padded.node_sets["a"].sizes.numpy().tolist() == [2, 1, 2, 1, 1]
    assert padded.node_sets["b"].sizes.numpy().tolist() == [1, 1, 2, 0, 0]


def test_static_shapes_in_a_dataset():
    spec = graph().spec.relax(num_components=True, num_nodes=True, num_edges=True)
    dataset = tf.data.Dataset.from_generator(lambda: [graph()], output_signature=spec)
    dataset = dataset.map(lambda g: gnnkit.pad_to_total_sizes(g, SIZES))
    padded, mask = dataset.element_spec
    assert mask == tf.TensorSpec([5], tf.bool)
    assert padded.total_num_components == 5 and padded.context_spec["c"].shape == [5]
    assert padded.node_sets_spec["a"].total_size == 7 and padded.node_sets_spec["a"]["x"].shape == [7, 1]
    assert padded.edge_sets_spec["e"].total_size == 6 and padded.edge_sets_spec["f"].total_size == 4
    assert_graphs_equal(next(iter(dataset))[0], gnnkit.pad_to_total_sizes(graph(), SIZES)[0])


def test_sizes_that_are_tensors():
    """They may come from elsewhere in the dataset; constants still give static shapes."""
    constraints = SizeConstraints(
        tf.constant(5), {"a": tf.constant(7, tf.int64), "b": np.int32(4)}, {"e": tf.constant(6), "f": 4}
    )
    want, mask = gnnkit.pad_to_total_sizes(graph(), SIZES)
    got, got_mask = gnnkit.pad_to_total_sizes(graph(), constraints)
    assert_graphs_equal(got, want)
    assert got.spec == want.spec

    @tf.function(input_signature=[tf.TensorSpec([], tf.int64)])
    def pad(total):
        return gnnkit.pad_to_total_sizes(graph(), sizes(total_num_nodes={"a": total, "b": 4}))

    assert_graphs_equal(pad(7)[0], want)
    assert pad.get_concrete_function().structured_outputs[0].spec.node_sets_spec["a"]["x"].shape[0] is None
    np.testing.assert_array_equal(got_mask, mask)


def test_int64_indices():
    want, _ = gnnkit.pad_to_total_sizes(graph(), SIZES)
    got, _ = gnnkit.pad_to_total_sizes(graph().with_indices_dtype(tf.int64), SIZES)
    assert_graphs_equal(got, want.with_indices_dtype(tf.int64))


def test_nothing_to_add():
    want = graph()
    exact = SizeConstraints(2, {"a": 3, "b": 2}, {"e": 3, "f": 1})
    got, mask = gnnkit.pad_to_total_sizes(want, exact)
    assert_graphs_equal(got, want)
    assert mask.numpy().tolist() == [True, True]


def test_graph_without_components():
    empty = gnnkit.GraphTensor.from_pieces(
        node_sets={"a": gnnkit.NodeSet.from_fields(sizes=tf.zeros([0], tf.int32), features={"x": tf.zeros([0, 2])})}
    )
    padded, mask = gnnkit.pad_to_total_sizes(empty, SizeConstraints(2, {"a": 3}, {}))
    assert padded.node_sets["a"].sizes.numpy().tolist() == [3, 0] and mask.numpy().tolist() == [False, False]


def test_features_of_all_kinds(run):
    uniform = tf.RaggedTensor.from_uniform_row_length(tf.ragged.constant([[1], [], [2, 3], [], [], [4]]), 2)
    features = {
        "bool": tf.constant([True, True, True]),
        "deep": tf.ragged.constant([[[1.0], []], [], [[2.0, 3.0]]]),
        "none": tf.zeros([3, 0]),
        "ragged": tf.RaggedTensor.from_row_lengths(tf.ones([4, 2], tf.int64), [1, 0, 3]),
        "text": tf.constant(["a", "b", "c"]),
        "uniform": uniform,
    }
    padded, _ = run(lambda g: gnnkit.pad_to_total_sizes(g, SIZES), graph(**features))
    a = padded.node_sets["a"]
    assert a["bool"].numpy().tolist() == [True] * 3 + [False] * 4
    assert a["deep"].to_list() == [[[1.0], []], [], [[2.0, 3.0]], [], [], [], []]
    assert a["none"].shape == [7, 0]
    assert a["ragged"].to_list() == [[[1, 1]], [], [[1, 1]] * 3, [], [], [], []]
    assert a["text"].numpy().tolist() == [b"a", b"b", b"c", b"", b"", b"", b""]
    assert a["uniform"].to_list() == [*uniform.to_list(), *[[[], []]] * 4]
    assert all(feature.shape[0] == 7 for feature in a.features.values())


def test_rows_of_one_length_are_filled():
    rows = tf.RaggedTensor.from_uniform_row_length(tf.ones([6, 1]), 2)
    padded, _ = gnnkit.pad_to_total_sizes(graph(rows=rows), SIZES)
    assert padded.node_sets["a"]["rows"].to_list() == [[[1], [1]]] * 3 + [[[0], [0]]] * 4


def test_padding_values():
    values = FeatureDefaultValues(
        context={"c": -1.0},
        node_sets={"a": {"x": tf.constant(9.0), "text": "none"}},
        edge_sets={"f": {"w": 3}},
    )
    each = graph(text=tf.constant(["a", "b", "c"]), y=tf.constant([1, 2, 3]))
    padded, _ = gnnkit.pad_to_total_sizes(each, sizes(), padding_values=values)
    assert padded.context["c"].numpy().tolist() == [1, 2, -1, -1, -1]
    assert padded.node_sets["a"]["x"].numpy()[3:].tolist() == [[9.0]] * 4
    assert padded.node_sets["a"]["text"].numpy()[3:].tolist() == [b"none"] * 4
    assert padded.node_sets["a"]["y"].numpy()[3:].tolist() == [0] * 4
    assert padded.edge_sets["f"]["w"].numpy().tolist() == [5, 3, 3, 3]


def test_hyperedges():
    ends = {0: ("a", [0, 1]), 1: ("b", [0, 0]), 3: ("a", [1, 1])}
    each = gnnkit.GraphTensor.from_pieces(
        node_sets={"a": gnnkit.NodeSet.from_fields(sizes=[2]), "b": gnnkit.NodeSet.from_fields(sizes=[1])},
        edge_sets={
            "h": gnnkit.EdgeSet.from_fields(sizes=[2], adjacency=gnnkit.HyperAdjacency.from_indices(ends)),
        },
    )
    padded, _ = gnnkit.pad_to_total_sizes(each, SizeConstraints(2, {"a": 5, "b": 3}, {"h": 6}))
    adjacency = padded.edge_sets["h"].adjacency
    assert {tag: adjacency[tag].numpy().tolist() for tag in adjacency.tags} == {
        0: [0, 1, 2, 3, 4, 4],
        1: [0, 0, 1, 1, 2, 2],
        3: [1, 1, 2, 3, 4, 4],
    }


@pytest.mark.parametrize("num_real", [5, 2**24 + 3])
def test_fake_edges_stay_among_fake_nodes(num_real):
    """Also where float32 does not hold the indices."""
    nodes = gnnkit.NodeSet.from_fields(sizes=[num_real])
    none = tf.zeros([0], tf.int32)
    edges = gnnkit.EdgeSet.from_fields(sizes=[0], adjacency=gnnkit.Adjacency.from_indices(("a", none), ("a", none)))
    each = gnnkit.GraphTensor.from_pieces(node_sets={"a": nodes}, edge_sets={"e": edges})
    padded, _ = gnnkit.pad_to_total_sizes(each, SizeConstraints(2, {"a": num_real + 5}, {"e": 1000}))
    ends = padded.edge_sets["e"].adjacency.source.numpy() - num_real
    assert ends.min() >= 0 and ends.max() == 4 and (np.diff(ends) >= 0).all()


def fits(each, spare=3):
    return SizeConstraints(
        int(each.num_components) + 2,
        {name: int(piece.total_size) + spare for name, piece in each.node_sets.items()},
        {name: int(piece.total_size) + 2 * spare for name, piece in each.edge_sets.items()},
    )


@hypothesis.given(strategies.graphs())
@hypothesis.settings(max_examples=10)
def test_real_part_stays_as_it_was(description):
    each = description.build(gnnkit)
    padded, mask = gnnkit.pad_to_total_sizes(each, fits(each))
    gnnkit.assert_constraints(padded)
    counts = [int(each.num_components)] * (1 + len(each.context.features))
    for piece in (*each.node_sets.values(), *each.edge_sets.values()):
        counts += [int(each.num_components)] + [int(piece.total_size)] * (len(piece._fields()) - 1)
    rows = iter(counts)
    assert_graphs_equal(padded._map(lambda field: field[: next(rows)]), each)
    assert mask.numpy().tolist() == [True] * int(each.num_components) + [False] * 2


OPERATIONS = {
    "pool": lambda g: gnnkit.pool_edges_to_node(g, "writes", TARGET, "max|mean|min|sum", feature_name="hidden_state"),
    "pool several": lambda g: gnnkit.pool(
        g, TARGET, edge_set_name=["writes", "cites"], reduce_type="mean", feature_name="hidden_state"
    ),
    "pool nodes": lambda g: gnnkit.pool_nodes_to_context(g, "paper", "mean", feature_name="hidden_state"),
    "pool edges": lambda g: gnnkit.pool_edges_to_context(g, "cites", "max", feature_name="hidden_state"),
    "broadcast": lambda g: gnnkit.broadcast_node_to_edges(g, "cites", SOURCE, feature_name="hidden_state"),
    "broadcast context": lambda g: gnnkit.broadcast_context_to_nodes(g, "venue", feature_name="hidden_state"),
    "softmax": lambda g: gnnkit.softmax_edges_per_node(g, "cites", TARGET, feature_name="hidden_state"),
    "softmax context": lambda g: gnnkit.softmax(g, "context", node_set_name="paper", feature_name="hidden_state"),
    "degree": lambda g: gnnkit.node_degree(g, "writes", SOURCE),
    "first node": lambda g: gnnkit.gather_first_node(g, "author", feature_name="hidden_state"),
}


@pytest.mark.parametrize("jit_compile", [False, True])
def test_operations_on_the_real_part(jit_compile):
    """They do not see the padding; compiled by XLA too, since all shapes are static."""

    def run_all(each):
        return {name: operation(each) for name, operation in OPERATIONS.items()}

    each = random_graph(1, min_nodes=1)
    padded, _ = gnnkit.pad_to_total_sizes(each, fits(each)._replace(min_nodes_per_component={"author": 1}))
    got = tf.function(run_all, jit_compile=jit_compile)(padded)
    for name, want in run_all(each).items():
        np.testing.assert_allclose(got[name][: len(want)], want, rtol=1e-6, atol=1e-6, err_msg=name)
        assert np.isfinite(got[name]).all(), name


FAILURES = {
    "components": (sizes(total_num_components=1), "the number of components is 2, but total_num_components is 1"),
    "nodes": (
        sizes(total_num_nodes={"a": 2, "b": 4}),
        "the number of nodes of node set `a` is 3, but total_num_nodes is 2",
    ),
    "edges": (
        sizes(total_num_edges={"e": 2, "f": 4}),
        "the number of edges of edge set `e` is 3, but total_num_edges is 2",
    ),
    "nodes without a fake component": (
        sizes(total_num_components=2),
        "total_num_nodes of node set `a` is 7, but without a fake component the number of nodes stays 3. "
        "Raise total_num_components",
    ),
    "edges without a fake node": (
        sizes(total_num_nodes={"a": 7, "b": 2}),
        "total_num_edges of edge set `e` is 6, but without a fake node in node set `b` the number of edges stays 3. "
        "Raise total_num_nodes of `b`",
    ),
    "small real component": (
        sizes(min_nodes_per_component={"a": 2}),
        "min_nodes_per_component of node set `a` is 2, but the smallest component has 1",
    ),
    "nodes of fake components": (
        sizes(total_num_nodes={"a": 5, "b": 4}, min_nodes_per_component={"a": 1}),
        "the number of nodes of node set `a`, with those that each fake component needs, is 6, but total_num_nodes is 5",
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_graphs_that_do_not_fit(name):
    constraints, message = FAILURES[name]
    assert not gnnkit.satisfies_size_constraints(graph(), constraints)
    for fn in (gnnkit.pad_to_total_sizes, gnnkit.assert_satisfies_size_constraints):
        with pytest.raises(tf.errors.InvalidArgumentError, match=message.replace(".", r"\.")):
            fn(graph(), constraints)


def test_outside_of_eager_mode(run):
    constraints, message = FAILURES["nodes"]
    assert run(lambda g: gnnkit.satisfies_size_constraints(g, SIZES), graph())
    assert not run(lambda g: gnnkit.satisfies_size_constraints(g, constraints), graph())
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        run(lambda g: gnnkit.pad_to_total_sizes(g, constraints), graph())


def test_graphs_that_fit():
    assert gnnkit.satisfies_size_constraints(graph(), SIZES)
    gnnkit.assert_satisfies_size_constraints(graph(), SIZES)
    assert gnnkit.satisfies_total_sizes is gnnkit.satisfies_size_constraints
    assert gnnkit.assert_satisfies_total_sizes is gnnkit.assert_satisfies_size_constraints


def test_assertion_in_a_function():
    @tf.function
    def total(each):
        with tf.control_dependencies(gnnkit.assert_satisfies_size_constraints(each, sizes(total_num_components=1))):
            return tf.identity(each.total_num_components)

    with pytest.raises(tf.errors.InvalidArgumentError, match="components is 2, but total_num_components is 1"):
        total(graph())


def test_batches_are_measured_together():
    """As a predicate after `batch()`, before the graphs are merged."""
    graphs = [random_graph(seed, num_components=2) for seed in range(6)]
    dataset = gnnkit.dataset_from_generator(lambda: graphs).batch(2)
    constraints = SizeConstraints(5, dict.fromkeys(graphs[0].node_sets, 14), dict.fromkeys(graphs[0].edge_sets, 18))
    together = [bool(gnnkit.satisfies_size_constraints(batch, constraints)) for batch in dataset]
    merged = dataset.map(lambda batch: batch.merge_batch_to_components())
    assert together == [bool(gnnkit.satisfies_size_constraints(each, constraints)) for each in merged]
    assert set(together) == {True, False}
    least = constraints._replace(min_nodes_per_component={"paper": 7})
    assert not any(gnnkit.satisfies_size_constraints(batch, least) for batch in dataset)


def test_without_validation():
    """Then nothing is checked, but shapes are as static as with it."""
    padded, _ = gnnkit.pad_to_total_sizes(graph(), sizes(min_nodes_per_component={"a": 2}), validate=False)
    assert padded.node_sets["a"].sizes.numpy().tolist() == [2, 1, 0, 2, 2]
    with pytest.raises(tf.errors.InvalidArgumentError):
        gnnkit.pad_to_total_sizes(graph(), sizes(total_num_components=1), validate=False)


WRONG = {
    "node set": (
        {"size_constraints": sizes(total_num_nodes={"a": 7})},
        "total_num_nodes has no entry for node set 'b', only for \\['a'\\]",
    ),
    "edge set": (
        {"size_constraints": sizes(total_num_edges={"f": 7})},
        "total_num_edges has no entry for edge set 'e', only for \\['f'\\]",
    ),
    "feature of padding_values": (
        {"padding_values": FeatureDefaultValues(node_sets={"a": {"y": 1.0}})},
        "padding_values: node set 'a' has no feature 'y'; its features are \\['x'\\]",
    ),
    "context feature of padding_values": (
        {"padding_values": FeatureDefaultValues(context={"y": 1.0})},
        "padding_values: the context has no feature 'y'; its features are \\['c'\\]",
    ),
    "set of padding_values": (
        {"padding_values": FeatureDefaultValues(edge_sets={"g": {"y": 1.0}})},
        "padding_values: the graph has no edge set 'g'; its edge sets are \\['e', 'f'\\]",
    ),
    "shape of padding_values": (
        {"padding_values": FeatureDefaultValues(node_sets={"a": {"x": [1.0]}})},
        "padding_values: node set 'a', feature 'x' needs a scalar, but got one of shape \\(1,\\)",
    ),
    "dtype of padding_values": (
        {"padding_values": FeatureDefaultValues(node_sets={"a": {"x": tf.constant(1)}})},
        "padding_values: node set 'a', feature 'x' is float32, but .* int32",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments(name):
    arguments, message = WRONG[name]
    with pytest.raises(ValueError, match=message):
        gnnkit.pad_to_total_sizes(graph(), **{"size_constraints": SIZES, **arguments})


def test_batched_graph():
    batch = next(iter(tf.data.Dataset.from_tensors(graph()).batch(1)))
    with pytest.raises(ValueError, match="pad_to_total_sizes needs a scalar GraphTensor .*merge_batch_to_components"):
        gnnkit.pad_to_total_sizes(batch, SIZES)
