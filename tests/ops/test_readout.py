"""Structured readout of nodes, edges and contexts."""

import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.experimental import context_readout_into_feature
from gnnkit.testing import assert_graphs_equal, random_graph

H = "hidden_state"
InvalidArgumentError = tf.errors.InvalidArgumentError


def readout_graph(targets=((0, 2), (1,)), sources=((2, 0), (1,)), dtype=tf.float32):
    """Nodes of a and b play the part `part`; `_readout/link` reads edges."""

    def edges(source, s, t):
        ends = gnnkit.Adjacency.from_indices((source, tf.constant(s)), ("_readout", tf.constant(t)))
        return gnnkit.EdgeSet.from_fields(sizes=[len(s)], adjacency=ends)

    a, b = (tf.cast(x, dtype) if dtype != tf.string else tf.strings.as_string(x) for x in ([1, 2, 3], [10, 20]))
    real = gnnkit.EdgeSet.from_fields(
        sizes=[2], features={"w": [5.0, 6.0]}, adjacency=gnnkit.Adjacency.from_indices(("a", [0, 1]), ("b", [0, 1]))
    )
    return gnnkit.GraphTensor.from_pieces(
        node_sets={
            "a": gnnkit.NodeSet.from_fields(sizes=[3], features={"x": a}),
            "b": gnnkit.NodeSet.from_fields(sizes=[2], features={"x": b}),
            "_readout": gnnkit.NodeSet.from_fields(sizes=[3]),
            "_shadow/e": gnnkit.NodeSet.from_fields(sizes=[2]),
        },
        edge_sets={
            "e": real,
            "_readout/part/1": edges("a", sources[0], targets[0]),
            "_readout/part/2": edges("b", sources[1], targets[1]),
            "_readout/link": edges("_shadow/e", [1, 0, 1], [0, 1, 2]),
        },
    )


def test_structured_readout(run):
    part, link = run(
        lambda g: (
            gnnkit.structured_readout(g, "part", feature_name="x"),
            gnnkit.structured_readout(g, "link", feature_name="w"),
        ),
        readout_graph(),
    )
    assert part.numpy().tolist() == [3.0, 20.0, 1.0]
    assert link.numpy().tolist() == [6.0, 5.0, 6.0]


@pytest.mark.parametrize(
    "targets, message",
    [
        (((2, 0), (1,)), "`_readout/part/1`: Not strictly sorted by target"),
        (((0, 0), (1,)), "`_readout/part/1`: Not strictly sorted by target"),
        (((0, 1), (1,)), "key `part` do not reach each node of `_readout` once"),
    ],
)
def test_malformed_indices(run, targets, message):
    graph = readout_graph(targets)
    with pytest.raises(InvalidArgumentError, match=message):
        run(lambda g: gnnkit.structured_readout(g, "part", feature_name="x"), graph)
    with pytest.raises(InvalidArgumentError, match=message):
        run(gnnkit.validate_graph_tensor_for_readout, graph)


def test_missing_rows(run):
    """They are noticed, or 0 where nobody looks."""
    graph = readout_graph(targets=((0,), (2,)), sources=((2,), (1,)))
    with pytest.raises(InvalidArgumentError, match="do not reach each node"):
        run(lambda g: gnnkit.structured_readout(g, "part", feature_name="x"), graph)
    unchecked = run(lambda g: gnnkit.structured_readout(g, "part", feature_name="x", validate=False), graph)
    assert unchecked.numpy().tolist() == [3.0, 0.0, 20.0]


def test_validation_keeps_the_graph(run):
    graph = readout_graph()
    assert_graphs_equal(run(lambda g: gnnkit.validate_graph_tensor_for_readout(g, ["part", "link"]), graph), graph)


def test_shadow_sets_have_the_sizes_of_their_edge_sets(run):
    graph = readout_graph()
    shadow = {"_shadow/e": gnnkit.NodeSet.from_fields(sizes=[3])}
    graph = gnnkit.GraphTensor.from_pieces(graph.context, {**graph.node_sets, **shadow}, graph.edge_sets)
    message = "edge set `_readout/link`: _shadow/e does not have the sizes of edge set e"
    with pytest.raises(InvalidArgumentError, match=message):
        run(lambda g: gnnkit.structured_readout(g, "link", feature_name="w"), graph)
    with pytest.raises(InvalidArgumentError, match=message):
        run(gnnkit.validate_graph_tensor_for_readout, graph)
    unchecked = run(lambda g: gnnkit.structured_readout(g, "link", feature_name="w", validate=False), graph)
    assert unchecked.numpy().tolist() == [6.0, 5.0, 6.0]


@pytest.mark.parametrize(
    "values, read",
    [
        (["k", "l"], [b"l", b"k", b"l"]),
        ([True, False], [False, True, False]),
        ([[1, 2], [3, 4]], [[3, 4], [1, 2], [3, 4]]),
    ],
)
def test_one_edge_set_reads_values_of_any_kind(run, values, read):
    graph = readout_graph().replace_features(edge_sets={"e": {"v": values}})
    got = run(lambda g: gnnkit.structured_readout(g, "link", feature_name="v"), graph)
    assert got.numpy().tolist() == read


def test_ragged_features(run):
    graph = readout_graph().replace_features(edge_sets={"e": {"v": tf.ragged.constant([[1], [2, 3]])}})
    got = run(lambda g: gnnkit.structured_readout(g, "link", feature_name="v"), graph)
    assert got.to_list() == [[2, 3], [1], [2, 3]]


def test_several_components_and_a_named_readout():
    """Edges and nodes play one part together."""
    graph = random_graph(3, min_nodes=2, num_components=2)
    papers, cites = graph.node_sets["paper"], graph.edge_sets["cites"]

    def edges(source, index, target, sizes):
        ends = gnnkit.Adjacency.from_indices((source, index), ("_readout:dev", target))
        return gnnkit.EdgeSet.from_fields(sizes=sizes, adjacency=ends)

    last = int(papers.total_size) - 1
    graph = gnnkit.GraphTensor.from_pieces(
        node_sets={
            "paper": papers.replace_features({"y": tf.range(papers.total_size)}),
            "_readout:dev": gnnkit.NodeSet.from_fields(sizes=[2, 1]),
            "_shadow/cites": gnnkit.NodeSet.from_fields(sizes=cites.sizes),
        },
        edge_sets={
            "cites": cites.replace_features({"y": 100 + tf.range(cites.total_size)}),
            "_readout:dev/mixed/a": edges("paper", [1, last], [1, 2], [1, 1]),
            "_readout:dev/mixed/b/c": edges("_shadow/cites", [2], [0], [1, 0]),
        },
    )
    got = gnnkit.structured_readout(graph, "mixed", feature_name="y", readout_node_set="_readout:dev")
    assert got.numpy().tolist() == [102, 1, last]
    moved = gnnkit.structured_readout_into_feature(
        graph, "mixed", feature_name="y", readout_node_set="_readout:dev", remove_input_feature=True
    )
    assert moved.node_sets["_readout:dev"]["y"].numpy().tolist() == [102, 1, last]
    assert not moved.node_sets["paper"].features and not moved.edge_sets["cites"].features


@pytest.mark.parametrize(
    "error, message, b",
    [
        (ValueError, "'_readout/part/1', '_readout/part/2'. differ in dtype: .'float32', 'int32'", [1, 2]),
        (ValueError, r"'_readout/part/2'\] differ in shape per item: \[\[\], \[1\]\]", [[1.0], [2.0]]),
        (ValueError, "ragged values from several sets .'_readout/part/1'", tf.ragged.constant([[1.0], [2.0, 3.0]])),
        (KeyError, "node set 'b' has no feature 'x'", None),
    ],
)
def test_values_that_several_edge_sets_cannot_read(error, message, b):
    graph = readout_graph().replace_features(node_sets={"b": {} if b is None else {"x": b}})
    with pytest.raises(error, match=message):
        gnnkit.structured_readout(graph, "part", feature_name="x")


@pytest.mark.parametrize("dtype, want", [(tf.string, [b"3", b"20", b"1"]), (tf.bool, [True, False, False])])
def test_values_that_cannot_be_added(run, dtype, want):
    graph = readout_graph(dtype=dtype)
    if dtype == tf.bool:
        graph = graph.replace_features(node_sets={"a": {"x": [False, True, True]}, "b": {"x": [True, False]}})
    got = run(lambda g: gnnkit.structured_readout(g, "part", feature_name="x"), graph)
    assert got.numpy().tolist() == want


def test_into_feature(run):
    graph = readout_graph()

    def move(g):
        return gnnkit.structured_readout_into_feature(
            g, "part", feature_name="x", new_feature_name="label", remove_input_feature=True
        )

    got = run(move, graph)
    assert got.node_sets["_readout"]["label"].numpy().tolist() == [3.0, 20.0, 1.0]
    assert not got.node_sets["a"].features and not got.node_sets["b"].features
    with pytest.raises(ValueError, match=r"'_readout' has a feature 'label' already\. Pass overwrite=True"):
        gnnkit.structured_readout_into_feature(got, "link", feature_name="w", new_feature_name="label")
    again = gnnkit.structured_readout_into_feature(
        got, "link", feature_name="w", new_feature_name="label", overwrite=True
    )
    assert again.node_sets["_readout"]["label"].numpy().tolist() == [6.0, 5.0, 6.0]
    edges = gnnkit.structured_readout_into_feature(graph, "link", feature_name="w", remove_input_feature=True)
    assert not edges.edge_sets["e"].features and edges.node_sets["_readout"]["w"].shape == (3,)


def test_add_readout_from_first_node(run):
    graph = random_graph(1, min_nodes=1)
    got = run(lambda g: gnnkit.add_readout_from_first_node(g, "seed", node_set_name="paper"), graph)
    assert gnnkit.validate_graph_tensor_for_readout(got, ["seed"]) is not None
    read = gnnkit.structured_readout(got, "seed", feature_name=H)
    np.testing.assert_array_equal(read, gnnkit.gather_first_node(graph, "paper", feature_name=H))
    assert_graphs_equal(
        gnnkit.GraphTensor.from_pieces(
            got.context,
            {k: v for k, v in got.node_sets.items() if k != "_readout"},
            {k: v for k, v in got.edge_sets.items() if k != "_readout/seed"},
        ),
        graph,
    )
    again = run(lambda g: gnnkit.add_readout_from_first_node(g, "other", node_set_name="author"), got)
    assert list(gnnkit.structured_readout(again, "other", feature_name=H).shape) == [3, 3]
    assert list(again.node_sets) == list(got.node_sets)


def test_the_readout_node_set_may_be_there_already(run):
    graph = random_graph(1, min_nodes=1, num_components=2)

    def with_readout(sizes, **features):
        nodes = gnnkit.NodeSet.from_fields(sizes=sizes, features=features)
        return gnnkit.GraphTensor.from_pieces(graph.context, {**graph.node_sets, "_readout": nodes}, graph.edge_sets)

    got = run(
        lambda g: gnnkit.add_readout_from_first_node(g, "seed", node_set_name="paper"), with_readout([1, 1], y=[5, 6])
    )
    assert got.node_sets["_readout"]["y"].numpy().tolist() == [5, 6]
    message = "node set `_readout` is there already, but not with one node a component"
    for fn in (
        lambda g: gnnkit.add_readout_from_first_node(g, "seed", node_set_name="paper"),
        lambda g: context_readout_into_feature(g, feature_name=H),
    ):
        with pytest.raises(InvalidArgumentError, match=message):
            run(fn, with_readout([2, 1]))


@pytest.mark.parametrize(
    "error, message, call",
    [
        (ValueError, "no node set 'nope'; it has .'author'", lambda g: gnnkit.add_readout_from_first_node(
            g, "seed", node_set_name="nope")),
        (ValueError, "an edge set '_readout/part' already. Choose another key", lambda g:
            gnnkit.add_readout_from_first_node(
                gnnkit.add_readout_from_first_node(g, "part", node_set_name="paper"), "part", node_set_name="author")),
        (KeyError, "the context has no feature 'nope', only .'hidden_state'", lambda g: context_readout_into_feature(
            g, feature_name="nope")),
        (ValueError, "'_readout' has a feature 'hidden_state' already", lambda g: context_readout_into_feature(
            context_readout_into_feature(g, feature_name=H), feature_name=H)),
    ],
)  # fmt: skip
def test_errors_of_root_readout(error, message, call):
    with pytest.raises(error, match=message):
        call(random_graph(1, min_nodes=1))


def test_context_readout_into_feature(run):
    graph = random_graph(1)
    values = graph.context[H].numpy()

    def moved(g):
        return context_readout_into_feature(g, feature_name=H, new_feature_name="label", remove_input_feature=True)

    got = run(moved, graph)
    np.testing.assert_array_equal(got.node_sets["_readout"]["label"], values)
    assert not got.context.features and got.node_sets["_readout"].sizes.numpy().tolist() == [1, 1, 1]
    got = run(lambda g: context_readout_into_feature(g, feature_name=H), graph)
    assert list(got.context.features) == [H]
    doubled = got.replace_features(context={H: 2 * values})
    with pytest.raises(ValueError, match="Pass overwrite=True"):
        context_readout_into_feature(doubled, feature_name=H)
    got = run(lambda g: context_readout_into_feature(g, feature_name=H, overwrite=True), doubled)
    np.testing.assert_array_equal(got.node_sets["_readout"][H], 2 * values)


def test_validation_of_specs():
    graph = readout_graph()
    gnnkit.validate_graph_tensor_spec_for_readout(graph.spec, ["part", "link"])
    with pytest.raises(KeyError, match="for key 'seed'; the graph has keys .'link', 'part'. for readout node set"):
        gnnkit.validate_graph_tensor_spec_for_readout(graph.spec, ["seed"])
    with pytest.raises(ValueError, match="no readout node set '_readout:train'"):
        gnnkit.validate_graph_tensor_spec_for_readout(graph.spec, readout_node_set="_readout:train")
    with pytest.raises(ValueError, match="named _readout or _readout:NAME, but got 'readout'"):
        gnnkit.validate_graph_tensor_spec_for_readout(graph.spec, readout_node_set="readout")

    with pytest.raises(ValueError, match=r"rank 1.*merge_batch_to_components"):
        gnnkit.validate_graph_tensor_spec_for_readout(graph.spec._batch(2))


@pytest.mark.parametrize(
    "message, source, target, name",
    [
        ("'_readout/a-b' is not named _readout/KEY", "a", "_readout", "_readout/a-b"),
        ("'_readout/' is not named _readout/KEY", "a", "_readout", "_readout/"),
        ("'_readout/key/' is not named _readout/KEY", "a", "_readout", "_readout/key/"),
        ("'_readout/key' must have target '_readout', but has 'a'", "_readout", "a", "_readout/key"),
        ("reads edges through '_shadow/e', but the graph has no edge set 'e'", "_shadow/e", "_readout", "_readout/key"),
        ("There is no edge set _readout/KEY", "a", "_readout", "_readout"),
    ],
)
def test_malformed_sets(message, source, target, name):
    ends = gnnkit.Adjacency.from_indices((source, [0]), (target, [0]))
    sets = {name: gnnkit.NodeSet.from_fields(sizes=[1]) for name in ("a", "_readout", "_shadow/e")}
    edges = gnnkit.EdgeSet.from_fields(sizes=[1], adjacency=ends)
    graph = gnnkit.GraphTensor.from_pieces(node_sets=sets, edge_sets={name: edges})
    for call in (
        lambda: gnnkit.validate_graph_tensor_spec_for_readout(graph.spec),
        lambda: gnnkit.validate_graph_tensor_for_readout(graph),
        lambda: gnnkit.structured_readout(graph, "key", feature_name="x", validate=False),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_readout_errors():
    graph = readout_graph()
    with pytest.raises(KeyError, match="edge set 'e' has no feature 'nope', only .'w'."):
        gnnkit.structured_readout(graph, "link", feature_name="nope")
    with pytest.raises(KeyError, match="no edge set _readout/part/1 .* for key 'part/1'"):
        gnnkit.structured_readout(graph, "part/1", feature_name="x")
    with pytest.raises(ValueError, match="no readout node set '_readout:dev'"):
        gnnkit.structured_readout(graph, "part", feature_name="x", readout_node_set="_readout:dev")
    with pytest.raises(KeyError, match="no node set '_readout:dev'"):
        gnnkit.structured_readout_into_feature(graph, "part", feature_name="x", readout_node_set="_readout:dev")


def test_deprecated_names():
    assert gnnkit.readout_named is gnnkit.structured_readout
    assert gnnkit.readout_named_into_feature is gnnkit.structured_readout_into_feature
