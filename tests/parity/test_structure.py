"""Self loops, masks, orders, shuffles, line graphs and readout of contexts as in tensorflow-gnn."""

import collections
import inspect

import hypothesis
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import strategies as st

import gnnkit
from gnnkit import SOURCE, TARGET
from gnnkit.testing import GraphDescription, RaggedValues, random_graph, strategies

H = "hidden_state"
few = hypothesis.settings(max_examples=20)
anything = strategies.graphs(strategies.schemas(num_edge_sets=(1, 3)))
seeds = st.integers(0, 2**16)
FUNCTIONS = [
    "add_self_loops", "convert_to_line_graph", "mask_edges", "reorder_nodes", "shuffle_features_globally",
    "shuffle_nodes", "readout_named", "readout_named_into_feature", "experimental.context_readout_into_feature",
    "experimental.segment_random_index_shuffle",
]  # fmt: skip


def function(library, name: str):
    for part in name.split("."):
        library = getattr(library, part)
    return library


@pytest.mark.parametrize("name", FUNCTIONS)
def test_signatures(tfgnn, name):
    def arguments(library):
        parameters = inspect.signature(function(library, name)).parameters.values()
        return [(p.name, p.kind, p.default) for p in parameters]

    assert arguments(gnnkit) == arguments(tfgnn)


@hypothesis.given(anything)
@few
def test_add_self_loops(build_pair, assert_same_outcomes, graph):
    def calls():
        for name, edge_set in graph.edge_sets.items():
            if len({end for end, _ in edge_set.endpoints.values()}) > 1 or works_in_tfgnn(graph, name):
                yield "add_self_loops", (name,), {}
        yield "add_self_loops", ("nothing",), {}

    assert_same_outcomes(*build_pair(graph), calls())


def works_in_tfgnn(graph: GraphDescription, edge_set_name: str) -> bool:
    """Not with ragged features, with features but without edges, nor with int64 indices."""
    edge_set = graph.edge_sets[edge_set_name]
    is_dense = not any(isinstance(values, RaggedValues) for values in edge_set.features.values())
    return is_dense and graph.indices_dtype == "int32" and (edge_set.sizes.sum() > 0 or not edge_set.features)


@pytest.mark.parametrize(
    "edges, features, dtype",
    [([], {"x": tf.zeros([0, 2])}, tf.int32), ([0], {"x": tf.ragged.constant([[1]])}, tf.int32), ([0], {}, tf.int64)],
    ids=["no_edges", "ragged", "int64"],
)
def test_add_self_loops_where_tfgnn_fails(tfgnn, make_pair, edges, features, dtype):
    def build(library):
        ends = ("a", tf.constant(edges, dtype))
        adjacency = library.Adjacency.from_indices(ends, ends)
        sizes = tf.constant([len(edges)], dtype)
        return library.GraphTensor.from_pieces(
            node_sets={"a": library.NodeSet.from_fields(sizes=tf.constant([2], dtype))},
            edge_sets={"e": library.EdgeSet.from_fields(sizes=sizes, features=features, adjacency=adjacency)},
        )

    ours, theirs = make_pair(build)
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
        tfgnn.add_self_loops(theirs, "e")
    got = gnnkit.add_self_loops(ours, "e").edge_sets["e"]
    assert got.adjacency.source.numpy().tolist() == [*edges, 0, 1] and got.indices_dtype == dtype


@pytest.mark.slow
@hypothesis.given(anything, seeds)
@few
def test_mask_edges(build_pair, assert_same_outcomes, graph, seed):
    rng = np.random.default_rng(seed)

    def calls():
        for name, edge_set in graph.edge_sets.items():
            mask = tf.constant(rng.random(edge_set.sizes.sum()) < 0.5)
            for more in ((), ("_removed",), ("removed",), (name,)):
                yield "mask_edges", (name, mask, *more), {}
            yield "mask_edges", (name, tf.concat([mask, [True]], 0)), {}
            yield "mask_edges", (name, mask[:, tf.newaxis]), {}
        yield "mask_edges", ("nothing", tf.constant([True])), {}

    assert_same_outcomes(*build_pair(graph), calls())


@pytest.mark.slow
@hypothesis.given(anything, seeds, st.sampled_from(["int32", "int64"]))
@few
def test_reorder_nodes(build_pair, assert_same_outcomes, graph, seed, dtype):
    rng = np.random.default_rng(seed)
    orders = {}
    for name, node_set in graph.node_sets.items():
        component = np.repeat(np.arange(graph.num_components), node_set.sizes)
        orders[name] = tf.constant(np.lexsort([rng.random(len(component)), component]), dtype)

    def calls():
        yield "reorder_nodes", (orders,), {}
        yield "reorder_nodes", (orders,), {"validate": False}
        yield "reorder_nodes", ({},), {}
        for name, order in orders.items():
            yield "reorder_nodes", ({name: order},), {}
            yield "reorder_nodes", ({name: tf.concat([order, [0]], 0)},), {}
            if len(order) > 1:
                yield "reorder_nodes", ({name: tf.zeros_like(order)},), {}
        yield "reorder_nodes", ({"nothing": tf.constant([0])},), {}

    assert_same_outcomes(*build_pair(graph), calls())


@pytest.mark.slow
@hypothesis.given(
    strategies.graphs(strategies.schemas(num_edge_sets=(1, 3), readout=True)) | anything,
    st.fixed_dictionaries(
        {
            "connect_from": st.sampled_from([SOURCE, TARGET]),
            "connect_to": st.sampled_from([SOURCE, TARGET]),
            "connect_with_original_nodes": st.booleans(),
            "non_backtracking": st.booleans(),
            "use_node_features_as_line_graph_edge_features": st.booleans(),
        }
    ),
)
@hypothesis.settings(max_examples=40)
def test_convert_to_line_graph(build_pair, assert_same_outcomes, graph, arguments):
    assert_same_outcomes(*build_pair(graph), [("convert_to_line_graph", (), arguments)])


def numbered(library, graph):
    """With the position of each item as a feature `id`."""

    def features(piece, total):
        return {**piece.features, "id": tf.range(total)}

    return graph.replace_features(
        context=features(graph.context, graph.total_num_components),
        node_sets={name: features(piece, piece.total_size) for name, piece in graph.node_sets.items()},
        edge_sets={name: features(piece, piece.total_size) for name, piece in graph.edge_sets.items()},
    )


@pytest.fixture
def pair(tfgnn, convert):
    graph = random_graph(1, min_nodes=3)
    return [(library, numbered(library, convert(library, graph))) for library in (gnnkit, tfgnn)]


@pytest.mark.parametrize("node_sets", [None, ["paper"], ["author", "venue"], []])
def test_shuffle_nodes(pair, node_sets):
    for library, graph in pair:
        got = library.shuffle_nodes(graph, node_sets=node_sets, seed=3)
        for name, node_set in graph.node_sets.items():
            new, component = got.node_sets[name], np.repeat(np.arange(3), node_set.sizes)
            np.testing.assert_array_equal(component[new["id"]], component)
            np.testing.assert_array_equal(np.sort(new["id"]), np.arange(len(component)))
            np.testing.assert_array_equal(new[H], node_set[H].numpy()[new["id"]])
            if node_sets is not None and name not in node_sets:
                np.testing.assert_array_equal(new["id"], node_set["id"])
        for name, edge_set in graph.edge_sets.items():
            new, old = got.edge_sets[name].adjacency, edge_set.adjacency
            for tag in (SOURCE, TARGET):
                np.testing.assert_array_equal(
                    tf.gather(got.node_sets[new.node_set_name(tag)]["id"], new[tag]), old[tag]
                )


def test_shuffle_features_globally(pair):
    for library, graph in pair:
        got = library.shuffle_features_globally(graph, seed=3)
        for kind in ("node_sets", "edge_sets"):
            for name, piece in getattr(graph, kind).items():
                new = getattr(got, kind)[name]
                np.testing.assert_array_equal(np.sort(new["id"]), piece["id"])
                assert collections.Counter(map(tuple, new[H].numpy())) == collections.Counter(
                    map(tuple, piece[H].numpy())
                )
        np.testing.assert_array_equal(np.sort(got.context["id"]), graph.context["id"])


def test_shuffle_ragged_features_where_tfgnn_is_wrong(tfgnn):
    """It moves values between rows, rather than rows."""
    rows = [[1, 2], [3, 4, 5], [6], []]
    for library in (gnnkit, tfgnn):
        nodes = library.NodeSet.from_fields(sizes=[2, 2], features={"r": tf.ragged.constant(rows)})
        graph = library.GraphTensor.from_pieces(node_sets={"a": nodes})
        got = library.shuffle_features_globally(graph, seed=1).node_sets["a"]["r"].to_list()
        assert sum(got, []) != sum(rows, [])
        assert (sorted(got) == sorted(rows)) == (library is gnnkit)


@pytest.mark.parametrize("dtype", [tf.int32, tf.int64])
@pytest.mark.parametrize("ids", [[], [0, 0, 0, 2, 2, 5]])
def test_segment_random_index_shuffle(tfgnn, dtype, ids):
    for library in (gnnkit, tfgnn):
        order = library.experimental.segment_random_index_shuffle(segment_ids=tf.constant(ids, dtype), seed=1)
        assert order.dtype == dtype and sorted(order.numpy()) == list(range(len(ids)))
        assert [ids[i] for i in order] == ids


@hypothesis.given(strategies.graphs(strategies.schemas(readout=True)) | strategies.graphs())
@few
def test_context_readout_into_feature(tfgnn, build_pair, assert_same_graph, graph):
    ours, theirs = build_pair(graph)
    for name in graph.context:
        for arguments in (
            {"readout_node_set": "_readout:new"},
            {"readout_node_set": "_readout:new", "new_feature_name": "label", "remove_input_feature": True},
            {"overwrite": True},
        ):
            outcomes = []
            for library, each in ((gnnkit, ours), (tfgnn, theirs)):
                try:
                    read = library.experimental.context_readout_into_feature(each, feature_name=name, **arguments)
                except tf.errors.InvalidArgumentError:
                    read = None
                outcomes.append(read)
            assert (outcomes[0] is None) == (outcomes[1] is None)
            if outcomes[0] is not None:
                assert_same_graph(*outcomes)


def readout_graph(library, sizes=(2, 1)):
    """`_readout/part` reads nodes and, through `_shadow/e`, edges."""

    def edges(source, index, target, sizes):
        ends = library.Adjacency.from_indices((source, index), ("_readout", target))
        return library.EdgeSet.from_fields(sizes=sizes, adjacency=ends)

    e = library.Adjacency.from_indices(("a", [0, 1, 2]), ("a", [1, 0, 2]))
    return library.GraphTensor.from_pieces(
        node_sets={
            "a": library.NodeSet.from_fields(sizes=[2, 1], features={"x": [1, 2, 3]}),
            "_shadow/e": library.NodeSet.from_fields(sizes=sizes),
            "_readout": library.NodeSet.from_fields(sizes=[2, 1]),
        },
        edge_sets={
            "e": library.EdgeSet.from_fields(sizes=[2, 1], features={"x": [10, 20, 30]}, adjacency=e),
            "_readout/part/nodes": edges("a", [1, 2], [0, 2], [1, 1]),
            "_readout/part/edges": edges("_shadow/e", [1], [1], [1, 0]),
        },
    )


@pytest.mark.parametrize("sizes", [(2, 1), (1, 2)])
def test_nodes_and_edges_in_one_readout(make_pair, assert_same_outcomes, sizes):
    ours, theirs = make_pair(lambda library: readout_graph(library, sizes))
    calls = [("structured_readout", ("part",), {"feature_name": "x", "validate": v}) for v in (True, False)]
    calls += [
        ("structured_readout_into_feature", ("part",), {"feature_name": "x", "remove_input_feature": remove})
        for remove in (True, False)
    ]
    calls += [("validate_graph_tensor_for_readout", (keys,), {}) for keys in (["part"], ["part/nodes"])]
    assert_same_outcomes(ours, theirs, calls)


@pytest.mark.parametrize(
    "error, call",
    [
        (ValueError, lambda t, g: t.shuffle_nodes(g, node_sets=["nothing"])),
        (ValueError, lambda t, g: t.experimental.segment_random_index_shuffle(segment_ids=tf.constant([0.0]))),
        (ValueError, lambda t, g: t.experimental.segment_random_index_shuffle(segment_ids=tf.constant([[0]]))),
        (tf.errors.InvalidArgumentError,
         lambda t, g: t.experimental.segment_random_index_shuffle(segment_ids=tf.constant([1, 0]))),
        (ValueError, lambda t, g: t.experimental.context_readout_into_feature(
            t.experimental.context_readout_into_feature(g, feature_name=H), feature_name=H)),
        (KeyError, lambda t, g: t.convert_to_line_graph(g, connect_from=2)),
        (ValueError, lambda t, g: t.convert_to_line_graph(g, connect_from=t.CONTEXT)),
        (ValueError, lambda t, g: t.convert_to_line_graph(t.add_readout_from_first_node(g, "k", node_set_name="paper"))),
        (ValueError, lambda t, g: t.add_readout_from_first_node(g, "seed", node_set_name="nothing")),
        (ValueError, lambda t, g: t.add_readout_from_first_node(
            t.add_readout_from_first_node(g, "k", node_set_name="paper"), "k", node_set_name="author")),
    ],
)  # fmt: skip
def test_errors(pair, error, call):
    for library, graph in pair:
        with pytest.raises(error):
            call(library, graph)


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if not name.endswith("segment_random_index_shuffle")])
def test_batches_are_refused(pair, name):
    arguments = {
        "add_self_loops": ("cites",), "mask_edges": ("cites", [True]), "reorder_nodes": ({"paper": [0]},),
        "readout_named": ("k",), "readout_named_into_feature": ("k",),
    }.get(name, ())  # fmt: skip
    kwargs = {"feature_name": H} if "readout" in name else {}
    for library, graph in pair:
        if name.startswith("readout"):
            graph = library.add_readout_from_first_node(graph, "k", node_set_name="paper")
        batch = next(iter(tf.data.Dataset.from_tensors(graph).batch(1)))
        with pytest.raises(ValueError, match="merge_batch_to_components"):
            function(library, name)(batch, *arguments, **kwargs)
