"""Graphs to tf.train.Examples and back: the format of TF-GNN."""

import numpy as np
import pytest
import tensorflow as tf

import gnnkit


def graph_of_everything() -> gnnkit.GraphTensor:
    """Two components, all kinds of fields."""
    nodes = {
        "s": tf.constant(["x", "", "\u00e4"]),
        "f16": tf.constant([1.0, 2.5, -3.0], tf.float16),
        "bf16": tf.constant([1.0, 2.5, -3.0], tf.bfloat16),
        "f64": tf.constant([0.5, 1.0, 2.0], tf.float64),
        "b": tf.constant([True, False, True]),
        "i8": tf.constant([-1, 2, 3], tf.int8),
        "u64": tf.constant([2**64 - 1, 0, 1], tf.uint64),
        "m": tf.reshape(tf.range(18, dtype=tf.float32), [3, 2, 3]),
        "r": tf.ragged.constant([[1, 2], [], [3]], dtype=tf.int64),
        "r2": tf.ragged.constant([[[1], [2, 3]], [], [[4]]], dtype=tf.int32),
        "rd": tf.RaggedTensor.from_row_lengths(tf.ones([4, 2]), [0, 3, 1]),
        "dr": tf.RaggedTensor.from_uniform_row_length(
            tf.ragged.constant([[1.0], [], [2.0, 3.0], [], [], [4.0]]), uniform_row_length=2
        ),
    }
    return gnnkit.GraphTensor.from_pieces(
        gnnkit.Context.from_fields(
            features={"c": [[1.0, 2.0], [3.0, 4.0]], "cr": tf.ragged.constant([["a"], ["b", "c"]])}
        ),
        {
            "a/b.c": gnnkit.NodeSet.from_fields(sizes=[2, 1], features=nodes),
            "latent": gnnkit.NodeSet.from_fields(sizes=[1, 3]),
        },
        {
            "e": gnnkit.EdgeSet.from_fields(
                sizes=[1, 2],
                features={"w": [1.0, 2.0, 3.0]},
                adjacency=gnnkit.Adjacency.from_indices(("a/b.c", [0, 2, 2]), ("latent", [0, 3, 1])),
            )
        },
    )


def relaxed(graph: gnnkit.GraphTensor, **kwargs) -> gnnkit.GraphTensorSpec:
    return graph.spec.relax(num_nodes=True, num_edges=True, **kwargs)


def assert_same(got: gnnkit.GraphTensor, want: gnnkit.GraphTensor) -> None:
    assert got._structure() == want._structure()
    for a, b in zip(got._fields(), want._fields(), strict=True):
        assert a.dtype == b.dtype
        assert type(a) is type(b) and a.shape.rank == b.shape.rank
        if isinstance(a, tf.RaggedTensor):
            assert a.to_list() == b.to_list()
        else:
            np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_keys_and_lists():
    feature = gnnkit.write_example(graph_of_everything(), prefix="P/").features.feature
    assert list(feature["P/context/c"].float_list.value) == [1, 2, 3, 4]
    assert list(feature["P/context/cr"].bytes_list.value) == [b"a", b"b", b"c"]
    assert list(feature["P/context/cr.d1"].int64_list.value) == [1, 2]
    assert list(feature["P/nodes/a/b.c.#size"].int64_list.value) == [2, 1]
    assert list(feature["P/nodes/latent.#size"].int64_list.value) == [1, 3]
    assert list(feature["P/nodes/a/b.c.s"].bytes_list.value) == [b"x", b"", "\u00e4".encode()]
    assert list(feature["P/nodes/a/b.c.b"].int64_list.value) == [1, 0, 1]
    assert list(feature["P/nodes/a/b.c.u64"].int64_list.value) == [-1, 0, 1]
    assert list(feature["P/nodes/a/b.c.bf16"].float_list.value) == [1.0, 2.5, -3.0]
    assert list(feature["P/nodes/a/b.c.r"].int64_list.value) == [1, 2, 3]
    assert list(feature["P/nodes/a/b.c.r.d1"].int64_list.value) == [2, 0, 1]
    assert list(feature["P/nodes/a/b.c.r2.d1"].int64_list.value) == [2, 0, 1]
    assert list(feature["P/nodes/a/b.c.r2.d2"].int64_list.value) == [1, 2, 1]
    assert list(feature["P/nodes/a/b.c.dr.d2"].int64_list.value) == [1, 0, 2, 0, 0, 1]
    assert "P/nodes/a/b.c.dr.d1" not in feature and "P/nodes/a/b.c.rd.d2" not in feature
    assert list(feature["P/edges/e.#source"].int64_list.value) == [0, 2, 2]
    assert list(feature["P/edges/e.#target"].int64_list.value) == [0, 3, 1]


@pytest.mark.parametrize(
    "num_components, prefix, mode", [(False, None, "eager"), (True, "p_", "eager"), (True, None, "function")]
)
def test_single_round_trip(num_components, prefix, mode):
    graph = graph_of_everything()
    spec = relaxed(graph, num_components=num_components)
    serialized = gnnkit.write_example(graph, prefix).SerializeToString()

    def parse(x: tf.Tensor) -> gnnkit.GraphTensor:
        return gnnkit.parse_single_example(spec, x, prefix)

    parsed = (tf.function(parse) if mode == "function" else parse)(tf.constant(serialized))
    assert_same(parsed, graph)
    assert spec.is_compatible_with(parsed)


def test_static_counts_round_trip():
    graph = graph_of_everything()
    serialized = gnnkit.write_example(graph).SerializeToString()
    assert_same(gnnkit.parse_single_example(graph.spec, serialized), graph)
    batch = gnnkit.parse_example(graph.spec, [serialized, serialized])
    assert batch.node_sets["a/b.c"]["m"].shape == [2, 3, 2, 3]


@pytest.mark.parametrize("num_components", [False, True])
def test_batch_equals_batched_singles(num_components):
    graph = graph_of_everything()
    spec = relaxed(graph, num_components=num_components)
    other = graph.replace_features(
        context={"c": [[5.0, 6.0], [7.0, 8.0]], "cr": tf.ragged.constant([[], ["d"]], dtype=tf.string)}
    )
    serialized = [gnnkit.write_example(g).SerializeToString() for g in (graph, other, graph)]
    batch = gnnkit.parse_example(spec, serialized)
    singles = tf.data.Dataset.from_tensor_slices(serialized).map(lambda x: gnnkit.parse_single_example(spec, x))
    assert_same(batch, next(iter(singles.batch(3))))
    assert batch.shape == [3]
    assert spec._batch(None).is_compatible_with(batch)
    assert_same(batch.merge_batch_to_components(), next(iter(singles.batch(3))).merge_batch_to_components())


def test_batch_of_nothing():
    spec = relaxed(graph_of_everything())
    batch = gnnkit.parse_example(spec, tf.zeros([0], tf.string))
    assert batch.shape == [0]
    assert int(batch.merge_batch_to_components().total_num_components) == 0


def test_absent_sets_are_empty():
    spec = gnnkit.create_graph_spec_from_schema_pb(
        gnnkit.create_schema_pb_from_graph_spec(
            gnnkit.homogeneous([0], [0], node_features={"x": [[1.0]], "r": tf.ragged.constant([[1]])})
        )
    )
    graph = gnnkit.parse_single_example(spec, tf.train.Example().SerializeToString())
    assert graph.node_sets["nodes"].sizes.numpy().tolist() == [0]
    assert graph.node_sets["nodes"]["x"].shape == [0, 1]
    assert graph.node_sets["nodes"]["r"].to_list() == []
    assert graph.edge_sets["edges"].adjacency.source.shape == [0]
    assert int(graph.num_components) == 1


def test_items_without_numbers_are_counted_by_their_sizes():
    graph = gnnkit.homogeneous([0], [1], node_features={"h": tf.zeros([3, 0]), "z": tf.zeros([3, 2, 0], tf.int32)})
    serialized = gnnkit.write_example(graph).SerializeToString()
    batch = gnnkit.parse_example(relaxed(graph), [serialized, serialized])
    assert batch.node_sets["nodes"]["h"].to_tensor().shape == [2, 3, 0]
    assert_same(gnnkit.parse_single_example(relaxed(graph), serialized), graph)


def test_int64_indices():
    graph = gnnkit.homogeneous(tf.constant([0], tf.int64), tf.constant([1], tf.int64), node_features={"x": [1.0, 2.0]})
    parsed = gnnkit.parse_single_example(relaxed(graph), gnnkit.write_example(graph).SerializeToString())
    assert parsed.indices_dtype == tf.int64
    assert_same(parsed, graph)


def test_hyperedges():
    graph = gnnkit.GraphTensor.from_pieces(
        node_sets={"a": gnnkit.NodeSet.from_fields(sizes=[3])},
        edge_sets={
            "h": gnnkit.EdgeSet.from_fields(
                sizes=[2],
                adjacency=gnnkit.HyperAdjacency.from_indices({0: ("a", [0, 1]), 1: ("a", [2, 2]), 4: ("a", [1, 0])}),
            )
        },
    )
    example = gnnkit.write_example(graph)
    assert list(example.features.feature["edges/h.#index.4"].int64_list.value) == [1, 0]
    assert_same(gnnkit.parse_single_example(relaxed(graph), example.SerializeToString()), graph)
    parsed = tf.io.parse_single_example(example.SerializeToString(), gnnkit.get_io_spec(relaxed(graph)))
    assert {key: value.numpy().tolist() for key, value in parsed.items()} == {
        "nodes/a.#size": [3], "edges/h.#size": [2],
        "edges/h.#index.0": [0, 1], "edges/h.#index.1": [2, 2], "edges/h.#index.4": [1, 0],
    }  # fmt: skip


def test_io_spec_reads_with_tf_io():
    graph = gnnkit.homogeneous([0], [1], node_features={"x": [[1.0], [2.0]], "r": tf.ragged.constant([[1], [2, 3]])})
    io_spec = gnnkit.get_io_spec(relaxed(graph), "p/")
    assert io_spec["p/nodes/nodes.#size"].shape == [1]
    parsed = tf.io.parse_single_example(gnnkit.write_example(graph, "p/").SerializeToString(), io_spec)
    assert parsed["p/nodes/nodes.x"].numpy().tolist() == [[1.0], [2.0]]
    assert parsed["p/nodes/nodes.r"].to_list() == [[1], [2, 3]]
    assert parsed["p/edges/edges.#target"].numpy().tolist() == [1]


def test_write_numpy_leaves():
    graph = gnnkit.homogeneous([0], [1], node_features={"x": [1.0, 2.0], "s": ["a", "b"]})
    arrays = graph._map(lambda t: t.numpy())
    assert gnnkit.write_example(arrays) == gnnkit.write_example(graph)


def test_write_errors():
    graph = gnnkit.homogeneous([0], [1], node_features={"x": [1.0, 2.0]})
    with pytest.raises(TypeError, match="write_example takes a GraphTensor, but got GraphTensorSpec"):
        gnnkit.write_example(graph.spec)
    batch = next(iter(tf.data.Dataset.from_tensors(graph).batch(1)))
    with pytest.raises(ValueError, match=r"write_example needs a scalar GraphTensor \(rank 0\), but got rank 1"):
        gnnkit.write_example(batch)
    with pytest.raises(TypeError, match="Node set 'nodes', feature 'x' has dtype complex64, which a tf.train.Example"):
        gnnkit.write_example(graph.replace_features(node_sets={"nodes": {"x": tf.complex([1.0, 2.0], 0.0)}}))
    with pytest.raises(ValueError, match="feature '#size': tf.Examples store something else under this name"):
        gnnkit.write_example(graph.replace_features(node_sets={"nodes": {"#size": [1.0, 2.0]}}))

    @tf.function
    def write(g: gnnkit.GraphTensor) -> tf.Tensor:
        gnnkit.write_example(g)
        return tf.constant(0)

    with pytest.raises(ValueError, match="write_example needs values, but got the symbolic"):
        write(graph)
