"""Operations give the numbers and the errors that tensorflow-gnn's give."""

import inspect

import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.testing import random_graph

REDUCE_TYPES = ["max", "max_no_inf", "mean", "min", "min_no_inf", "sum", "prod"]
FUNCTIONS = [
    "add_readout_from_first_node", "broadcast", "broadcast_context_to_edges", "broadcast_context_to_nodes",
    "broadcast_node_to_edges", "combine_values", "gather_first_node", "get_registered_reduce_operation_names",
    "node_degree", "pool", "pool_edges_to_context", "pool_edges_to_node", "pool_neighbors_to_node",
    "pool_neighbors_to_node_feature", "pool_nodes_to_context", "reverse_tag", "softmax", "softmax_edges_per_node",
    "structured_readout", "structured_readout_into_feature", "validate_graph_tensor_for_readout",
    "validate_graph_tensor_spec_for_readout",
]  # fmt: skip


def convert(library, graph, map_fields=lambda x: x):
    """The gnnkit graph as a graph of `library`, with its features mapped."""

    def features(piece):
        return {k: map_fields(v) for k, v in piece.features.items()}

    def adjacency(ends):
        return library.Adjacency.from_indices((ends.source_name, ends.source), (ends.target_name, ends.target))

    return library.GraphTensor.from_pieces(
        library.Context.from_fields(features=features(graph.context), indices_dtype=graph.indices_dtype),
        {k: library.NodeSet.from_fields(features=features(v), sizes=v.sizes) for k, v in graph.node_sets.items()},
        {
            k: library.EdgeSet.from_fields(features=features(v), sizes=v.sizes, adjacency=adjacency(v.adjacency))
            for k, v in graph.edge_sets.items()
        },
    )


@pytest.fixture
def pairs(tfgnn):
    """Graphs with parallel edges, loops, nodes without edges and components without nodes, in both libraries."""
    graphs = [random_graph(seed, indices_dtype=dtype) for seed, dtype in ((1, tf.int32), (2, tf.int64), (3, tf.int32))]
    return [(graph, convert(tfgnn, graph)) for graph in graphs]


def check(got, want, exact=False):
    if isinstance(want, (list, tuple)):
        assert type(got) is type(want) and len(got) == len(want)
        for g, w in zip(got, want, strict=True):
            check(g, w, exact)
        return
    assert got.dtype == want.dtype and got.shape == want.shape
    if exact:
        np.testing.assert_array_equal(got, want)
    else:
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_signatures(tfgnn, name):
    """The same arguments, in the same order, with the same defaults."""

    def arguments(fn):
        return [(p.name, p.kind, p.default) for p in inspect.signature(fn).parameters.values()]

    ours, theirs = arguments(getattr(gnnkit, name)), arguments(getattr(tfgnn, name))
    if name == "combine_values":  # Positional-only or not is no matter.
        ours, theirs = [a[0] for a in ours], [a[0] for a in theirs]
    if name.startswith("pool_neighbors"):  # Keyword-only arguments have no order.
        ours, theirs = ours[:3] + sorted(ours[3:], key=str), theirs[:3] + sorted(theirs[3:], key=str)
    assert ours == theirs


def test_reverse_tag(tfgnn):
    for tag in (gnnkit.SOURCE, gnnkit.TARGET):
        assert gnnkit.reverse_tag(tag) == tfgnn.reverse_tag(tag)


def test_reduce_operation_names(tfgnn):
    ours, theirs = gnnkit.get_registered_reduce_operation_names(), tfgnn.get_registered_reduce_operation_names()
    assert list(ours) == list(theirs)


@pytest.mark.parametrize(
    "call",
    [
        lambda t, g: t.broadcast_node_to_edges(g, "cites", t.SOURCE, feature_name="hidden_state"),
        lambda t, g: t.broadcast_node_to_edges(g, "writes", t.TARGET, feature_name="hidden_state"),
        lambda t, g: t.broadcast_context_to_nodes(g, "venue", feature_name="hidden_state"),
        lambda t, g: t.broadcast_context_to_edges(g, "writes", feature_name="hidden_state"),
        lambda t, g: t.broadcast(g, t.TARGET, edge_set_name=["cites", "writes"], feature_name="hidden_state"),
        lambda t, g: t.broadcast(g, t.CONTEXT, node_set_name=("venue",), feature_name="hidden_state"),
        lambda t, g: t.broadcast(g, t.CONTEXT, edge_set_name="is_in", feature_name="hidden_state"),
        lambda t, g: t.node_degree(g, "cites", t.SOURCE),
        lambda t, g: t.node_degree(g, "writes", t.TARGET),
        lambda t, g: t.pool_neighbors_to_node(g, "writes", t.TARGET, reduce_type="max", feature_name="hidden_state"),
        lambda t, g: t.pool_neighbors_to_node(
            g, "cites", t.SOURCE, from_tag=t.SOURCE, reduce_type="sum", feature_name="hidden_state"
        ),
        lambda t, g: t.pool_neighbors_to_node_feature(
            g, "writes", t.TARGET, reduce_type="sum", feature_name="hidden_state", to_feature_name="new"
        ).node_sets["paper"]["new"],
    ],
)
def test_broadcast_and_neighbors(tfgnn, pairs, call):
    for ours, theirs in pairs:
        check(call(gnnkit, ours), call(tfgnn, theirs))


@pytest.mark.parametrize("reduce_type", [*REDUCE_TYPES, "mean|sum", "max|max|min"])
@pytest.mark.parametrize(
    "call",
    [
        lambda t, g, r: t.pool_edges_to_node(g, "cites", t.TARGET, r, feature_name="hidden_state"),
        lambda t, g, r: t.pool_nodes_to_context(g, "venue", r, feature_name="hidden_state"),
        lambda t, g, r: t.pool_edges_to_context(g, "writes", r, feature_name="hidden_state"),
        lambda t, g, r: t.pool(
            g, t.TARGET, edge_set_name=["writes", "cites"], reduce_type=r, feature_name="hidden_state"
        ),
        lambda t, g, r: t.pool(g, t.SOURCE, edge_set_name="writes", reduce_type=r, feature_name="hidden_state"),
    ],
)
def test_pool(tfgnn, pairs, call, reduce_type):
    for ours, theirs in pairs:
        check(call(gnnkit, ours, reduce_type), call(tfgnn, theirs, reduce_type))


@pytest.mark.parametrize("reduce_type", REDUCE_TYPES)
@pytest.mark.parametrize("dtype", [tf.int32, tf.int64, tf.float16, tf.float64])
def test_pool_of_other_dtypes(tfgnn, reduce_type, dtype):
    graph = random_graph(4)
    values = tf.cast(tf.range(graph.edge_sets["cites"].total_size) % 5 - 2, dtype)
    args = "cites", 1, reduce_type
    ours = gnnkit.pool_edges_to_node(graph, *args, feature_value=values)
    theirs = tfgnn.pool_edges_to_node(convert(tfgnn, graph), *args, feature_value=values)
    check(ours, theirs, exact=not dtype.is_floating)


@pytest.mark.parametrize("index", [-1, 3])
@pytest.mark.parametrize("reduce_type", [*REDUCE_TYPES, "degree", "softmax", "broadcast"])
def test_indices_out_of_range(make_pair, reduce_type, index):
    """On the CPU, pooling leaves edges with negative indices out; all else is an error."""

    def outcome(t):
        ends = tf.constant([0, index]), tf.constant([0, 1])
        graph = t.homogeneous(*ends, node_features={"x": tf.ones([3, 1])}, edge_features={"x": tf.ones([2, 1])})
        try:
            if reduce_type == "degree":
                return t.node_degree(graph, "edges", t.SOURCE)
            if reduce_type == "softmax":
                return t.softmax_edges_per_node(graph, "edges", t.SOURCE, feature_name="x")
            if reduce_type == "broadcast":
                return t.broadcast_node_to_edges(graph, "edges", t.SOURCE, feature_name="x")
            return t.pool_edges_to_node(graph, "edges", t.SOURCE, reduce_type, feature_name="x")
        except tf.errors.InvalidArgumentError:
            return tf.constant("error")

    check(*make_pair(outcome), exact=True)


@pytest.mark.parametrize("reduce_type", ["sum", "mean", "max", "min", "prod"])
def test_pool_of_ragged_values(tfgnn, reduce_type):
    graph = random_graph(4)
    total = int(graph.edge_sets["cites"].total_size)
    values = tf.RaggedTensor.from_row_lengths(
        tf.range(float(sum(i % 3 for i in range(total)))), [i % 3 for i in range(total)]
    )
    args = "cites", 1, reduce_type
    ours = gnnkit.pool_edges_to_node(graph, *args, feature_value=values)
    theirs = tfgnn.pool_edges_to_node(convert(tfgnn, graph), *args, feature_value=values)
    assert ours.to_list() == theirs.to_list()


@pytest.mark.parametrize(
    "call",
    [
        lambda t, g: t.softmax_edges_per_node(g, "cites", t.TARGET, feature_name="hidden_state"),
        lambda t, g: t.softmax(g, t.SOURCE, edge_set_name="writes", feature_name="hidden_state"),
        lambda t, g: t.softmax(g, t.TARGET, edge_set_name=["writes", "cites"], feature_name="hidden_state"),
        lambda t, g: t.softmax(g, t.CONTEXT, node_set_name="venue", feature_name="hidden_state"),
        lambda t, g: t.softmax(g, t.CONTEXT, edge_set_name=["is_in"], feature_name="hidden_state"),
    ],
)
def test_softmax(tfgnn, pairs, call):
    for ours, theirs in pairs:
        check(call(gnnkit, ours), call(tfgnn, theirs))


@pytest.mark.parametrize("reduce_type", ["sum", "mean", "max", "min", "max_no_inf", "mean|sum"])
def test_gradients(tfgnn, pairs, reduce_type):
    for ours, theirs in pairs:
        value = ours.node_sets["paper"]["hidden_state"]
        gradients = []
        for library, graph in ((gnnkit, ours), (tfgnn, theirs)):
            with tf.GradientTape() as tape:
                tape.watch(value)
                messages = library.broadcast_node_to_edges(graph, "cites", 0, feature_value=value)
                weights = library.softmax_edges_per_node(graph, "cites", 1, feature_value=messages)
                pooled = library.pool_edges_to_node(graph, "cites", 1, reduce_type, feature_value=weights * messages)
                loss = tf.reduce_sum(tf.clip_by_value(pooled, -9.0, 9.0) ** 2)
            gradients.append(tf.convert_to_tensor(tape.gradient(loss, value)))
        check(*gradients)


def test_first_node_and_readout(tfgnn):
    graph = random_graph(5, min_nodes=1)
    theirs = convert(tfgnn, graph)
    args = {"feature_name": "hidden_state"}
    check(gnnkit.gather_first_node(graph, "paper", **args), tfgnn.gather_first_node(theirs, "paper", **args))
    results = []
    for library, each in ((gnnkit, graph), (tfgnn, theirs)):
        each = library.add_readout_from_first_node(each, "seed", node_set_name="paper")
        readout = library.structured_readout(each, "seed", feature_name="hidden_state")
        each = library.structured_readout_into_feature(
            each, "seed", feature_name="hidden_state", new_feature_name="label", remove_input_feature=True
        )
        library.validate_graph_tensor_for_readout(each, ["seed"])
        edges = each.edge_sets["_readout/seed"]
        results.append(
            [readout, each.node_sets["_readout"]["label"], edges.adjacency.source, edges.adjacency.target, edges.sizes]
        )
        assert list(each.node_sets["paper"].features) == []
    check(*results)


def test_readout_from_several_edge_sets_and_shadow_node_sets(tfgnn):
    """Two kinds of nodes play one part; edges are read through `_shadow/`."""

    def build(t):
        def edges(source, n, s, e):
            ends = t.Adjacency.from_indices((source, tf.constant(s)), ("_readout", tf.constant(e)))
            return t.EdgeSet.from_fields(sizes=[n], adjacency=ends)

        return t.GraphTensor.from_pieces(
            None,
            {
                "a": t.NodeSet.from_fields(sizes=[3], features={"x": [[1.0], [2.0], [3.0]]}),
                "b": t.NodeSet.from_fields(sizes=[2], features={"x": [[10.0], [20.0]]}),
                "_readout": t.NodeSet.from_fields(sizes=[3]),
                "_shadow/e": t.NodeSet.from_fields(sizes=[2]),
            },
            {
                "e": t.EdgeSet.from_fields(
                    sizes=[2],
                    features={"w": [[5.0], [6.0]]},
                    adjacency=t.Adjacency.from_indices(("a", [0, 1]), ("b", [0, 1])),
                ),
                "_readout/part/1": edges("a", 2, [2, 0], [0, 2]),
                "_readout/part/2": edges("b", 1, [1], [1]),
                "_readout/link": edges("_shadow/e", 3, [1, 0, 1], [0, 1, 2]),
            },
        )

    for key, name in (("part", "x"), ("link", "w")):
        check(*[t.structured_readout(build(t), key, feature_name=name) for t in (gnnkit, tfgnn)])


def ragged(piece):
    return tf.RaggedTensor.from_row_lengths(tf.ones([piece.total_size]), tf.ones([piece.total_size], tf.int32))


READOUT_ERRORS = {
    "not sorted": (tf.errors.InvalidArgumentError, {"ends": ([1, 0], [1, 0])}),
    "one twice": (tf.errors.InvalidArgumentError, {"ends": ([1, 0], [0, 0])}),
    "one left out": (tf.errors.InvalidArgumentError, {"ends": ([1], [1])}),
    "two dtypes": (ValueError, {"ends": ([1], [1]), "other": ([0], [0]), "value": [1, 2]}),
    "wrong target": (ValueError, {"target": "b"}),
    "wrong name": (ValueError, {"name": "_readout/seed-1"}),
    "other key": (KeyError, {"name": "_readout/other"}),
    "no readout": (KeyError, {"readout": "_readout:other"}),
    "twice the same nodes": (ValueError, {"ends": ([1], [1]), "other": ([0], [0]), "source": "a"}),
    "feature is there": (ValueError, {"features": {"x": [1.0, 2.0]}}),
}


@pytest.mark.parametrize("case", READOUT_ERRORS)
def test_errors_of_readout(tfgnn, case):
    def build(
        t, ends=([1, 0], [0, 1]), other=None, value=(3.0, 4.0), target="_readout", name="_readout/seed", source="b",
        readout="_readout", features=None,
    ):  # fmt: skip
        def edges(source, ends, target):
            adjacency = t.Adjacency.from_indices((source, tf.constant(ends[0])), (target, tf.constant(ends[1])))
            return t.EdgeSet.from_fields(sizes=[len(ends[0])], adjacency=adjacency)

        target = readout if target == "_readout" else target
        value = tf.constant(value)
        return t.GraphTensor.from_pieces(
            node_sets={
                "a": t.NodeSet.from_fields(sizes=[2], features={"x": tf.constant([1.0, 2.0])}),
                "b": t.NodeSet.from_fields(sizes=[2], features={"x": value}),
                readout: t.NodeSet.from_fields(sizes=[2], features=features),
            },
            edge_sets={name: edges("a", ends, target)} | ({f"{name}/2": edges(source, other, target)} if other else {}),
        )

    error, arguments = READOUT_ERRORS[case]
    for library in (gnnkit, tfgnn):
        with pytest.raises(error):
            library.structured_readout_into_feature(build(library, **arguments), "seed", feature_name="x")


def test_readout_of_strings_from_several_edge_sets(tfgnn):
    def build(t):
        def names(*values):
            return t.NodeSet.from_fields(sizes=[len(values)], features={"x": tf.constant(values)})

        def read(node_set, source, target):
            adjacency = t.Adjacency.from_indices((node_set, tf.constant([source])), ("_readout", tf.constant([target])))
            return t.EdgeSet.from_fields(sizes=[1], adjacency=adjacency)

        return t.GraphTensor.from_pieces(
            node_sets={"a": names("p"), "b": names("o", "q"), "_readout": t.NodeSet.from_fields(sizes=[2])},
            edge_sets={"_readout/seed/1": read("a", 0, 1), "_readout/seed/2": read("b", 1, 0)},
        )

    with pytest.raises(NotImplementedError):
        tfgnn.structured_readout(build(tfgnn), "seed", feature_name="x")
    assert gnnkit.structured_readout(build(gnnkit), "seed", feature_name="x").numpy().tolist() == [b"q", b"p"]


@pytest.mark.parametrize(
    "call",
    [
        lambda t, g, **value: t.broadcast_node_to_edges(g, "cites", 0, **value),
        lambda t, g, **value: t.broadcast_context_to_nodes(g, "paper", **value),
        lambda t, g, **value: t.broadcast_context_to_edges(g, "cites", **value),
        lambda t, g, **value: t.broadcast(g, 0, edge_set_name="cites", **value),
        lambda t, g, **value: t.pool_edges_to_node(g, "cites", 0, **value),
        lambda t, g, **value: t.pool_nodes_to_context(g, "paper", **value),
        lambda t, g, **value: t.pool_edges_to_context(g, "cites", **value),
        lambda t, g, **value: t.pool(g, 0, edge_set_name="cites", reduce_type="sum", **value),
        lambda t, g, **value: t.pool_neighbors_to_node(g, "cites", 0, reduce_type="sum", **value),
        lambda t, g, **value: t.pool_neighbors_to_node_feature(g, "cites", 0, reduce_type="sum", **value),
        lambda t, g, **value: t.softmax(g, 0, edge_set_name="cites", **value),
        lambda t, g, **value: t.softmax_edges_per_node(g, "cites", 0, **value),
        lambda t, g, **value: t.gather_first_node(g, "paper", **value),
        lambda t, g, **value: t.node_degree(g, "cites", 0),
        lambda t, g, **value: t.add_readout_from_first_node(g, "seed", node_set_name="paper"),
        lambda t, g, **value: t.structured_readout(g, "seed", **value),
    ],
)
def test_batches_are_refused(tfgnn, call):
    graph = random_graph(5, min_nodes=1)
    for library, each in ((gnnkit, graph), (tfgnn, convert(tfgnn, graph))):
        batch = next(iter(tf.data.Dataset.from_tensors(each).batch(1)))
        with pytest.raises(ValueError):
            call(library, batch, feature_name="hidden_state")


@pytest.mark.parametrize(
    "error, call",
    [
        (KeyError, lambda t, g: t.broadcast_node_to_edges(g, "nope", 0, feature_name="hidden_state")),
        (KeyError, lambda t, g: t.broadcast_node_to_edges(g, "cites", 0, feature_name="nope")),
        (ValueError, lambda t, g: t.broadcast_node_to_edges(g, "cites", t.CONTEXT, feature_name="hidden_state")),
        (ValueError, lambda t, g: t.broadcast_node_to_edges(g, "cites", 0)),
        (ValueError, lambda t, g: t.broadcast_node_to_edges(g, "cites", 0, feature_name="x", feature_value=[1])),
        (TypeError, lambda t, g: t.pool_edges_to_node(g, ["cites"], 0, feature_name="hidden_state")),
        (KeyError, lambda t, g: t.pool_edges_to_node(g, "cites", 0, "median", feature_name="hidden_state")),
        (ValueError, lambda t, g: t.pool(g, 0, edge_set_name=["cites", "writes"], reduce_type="sum",
                                         feature_name="hidden_state")),
        (ValueError, lambda t, g: t.pool(g, 0, node_set_name="paper", reduce_type="sum", feature_name="hidden_state")),
        (ValueError, lambda t, g: t.pool(g, 0, reduce_type="sum", feature_name="hidden_state")),
        (ValueError, lambda t, g: t.pool_nodes_to_context(g, "paper", "mean|sum",
                                                          feature_value=tf.range(g.node_sets["paper"].total_size))),
        (ValueError, lambda t, g: t.broadcast(g, 0, node_set_name="paper", feature_name="hidden_state")),
        (ValueError, lambda t, g: t.node_degree(g, "cites", t.CONTEXT)),
        (KeyError, lambda t, g: t.structured_readout(t.add_readout_from_first_node(g, "a", node_set_name="author"), "b",
                                                     feature_name="x")),
        (ValueError, lambda t, g: t.validate_graph_tensor_for_readout(g)),
        (ValueError, lambda t, g: t.reverse_tag(t.CONTEXT)),
        (ValueError, lambda t, g: t.combine_values([tf.ones([2, 1])], "mean")),
        (ValueError, lambda t, g: t.combine_values([], "sum")),
        (TypeError, lambda t, g: t.pool_nodes_to_context(g, ["paper"], feature_name="hidden_state")),
        (TypeError, lambda t, g: t.pool_edges_to_context(g, ["cites"], feature_name="hidden_state")),
        (TypeError, lambda t, g: t.broadcast_node_to_edges(g, ["cites"], 0, feature_name="hidden_state")),
        (TypeError, lambda t, g: t.broadcast_context_to_nodes(g, ["paper"], feature_name="hidden_state")),
        (TypeError, lambda t, g: t.node_degree(g, ["cites"], 0)),
        (KeyError, lambda t, g: t.node_degree(g, "cites", 5)),
        (ValueError, lambda t, g: t.pool_edges_to_node(g, "cites", 0, "", feature_name="hidden_state")),
        (ValueError, lambda t, g: t.pool(g, 0, edge_set_name=[], reduce_type="sum", feature_name="hidden_state")),
        (ValueError, lambda t, g: t.broadcast(g, 0, edge_set_name=["cites", "writes"], feature_name="hidden_state")),
        (ValueError, lambda t, g: t.pool(g, t.CONTEXT, node_set_name=["paper", "author"], reduce_type="sum",
                                         feature_name="hidden_state")),
        (ValueError, lambda t, g: t.pool(g, 1, edge_set_name=["cites"], reduce_type="sum", feature_value=tf.ones([1]))),
        (ValueError, lambda t, g: t.pool(g, 1, edge_set_name="cites", reduce_type="sum", feature_value=[tf.ones([1])])),
        (ValueError, lambda t, g: t.pool(g, t.CONTEXT, node_set_name=["venue"] * 2, reduce_type="sum",
                                         feature_value=[ragged(g.node_sets["venue"])] * 2)),
        (ValueError, lambda t, g: t.softmax(g, 1, node_set_name="paper", feature_name="hidden_state")),
        (ValueError, lambda t, g: t.pool_neighbors_to_node(g, ["cites", "writes"], 1, reduce_type="sum",
                                                           feature_name="hidden_state")),
        (ValueError, lambda t, g: t.pool_neighbors_to_node(g, "cites", t.CONTEXT, reduce_type="sum",
                                                           feature_name="hidden_state")),
        (ValueError, lambda t, g: t.pool_neighbors_to_node(g, "cites", 1, from_tag=t.CONTEXT, reduce_type="sum",
                                                           feature_name="hidden_state")),
        (ValueError, lambda t, g: t.gather_first_node(g, "paper")),
        (ValueError, lambda t, g: t.add_readout_from_first_node(g, "seed", node_set_name="papers")),
    ],
)  # fmt: skip
def test_errors(tfgnn, error, call):
    graph = random_graph(5, min_nodes=1)
    for library, each in ((gnnkit, graph), (tfgnn, convert(tfgnn, graph))):
        with pytest.raises(error):
            call(library, each)
