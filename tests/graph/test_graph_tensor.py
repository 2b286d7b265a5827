"""GraphTensor: putting together, editing, specs, text."""

import copy
import pickle

import keras
import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.graph import _checks


def assert_equal(got: gnnkit.GraphTensor, want: gnnkit.GraphTensor) -> None:
    assert got.spec == want.spec
    for a, b in zip(got._fields(), want._fields(), strict=True):
        assert (a.to_list() if isinstance(a, tf.RaggedTensor) else a.numpy().tolist()) == (
            b.to_list() if isinstance(b, tf.RaggedTensor) else b.numpy().tolist()
        )


class TestFromPieces:
    def test_context_is_made_up(self):
        nodes = gnnkit.NodeSet.from_fields(sizes=tf.constant([1, 2], tf.int64))
        for context in (None, gnnkit.Context.from_fields()):
            graph = gnnkit.GraphTensor.from_pieces(context, {"a": nodes})
            assert int(graph.num_components) == 2 and graph.context.sizes.dtype == tf.int64

    def test_empty(self):
        graph = gnnkit.GraphTensor.from_pieces()
        assert int(graph.num_components) == 0 and graph.rank == 0 and not graph.node_sets

    def test_order_of_sets_does_not_matter(self, graph):
        again = gnnkit.GraphTensor.from_pieces(
            graph.context, dict(reversed(graph.node_sets.items())), dict(graph.edge_sets)
        )
        assert again.spec == graph.spec and hash(again.spec) == hash(graph.spec)

    def test_dtypes_become_the_wider(self):
        graph = gnnkit.GraphTensor.from_pieces(
            node_sets={
                "a": gnnkit.NodeSet.from_fields(sizes=tf.constant([1], tf.int64)),
                "b": gnnkit.NodeSet.from_fields(
                    sizes=[1], features={"r": tf.ragged.constant([[1]], row_splits_dtype=tf.int32)}
                ),
                "c": gnnkit.NodeSet.from_fields(sizes=[1], features={"r": tf.ragged.constant([[1]])}),
            }
        )
        assert graph.node_sets["b"].sizes.dtype == tf.int64 and graph.context.sizes.dtype == tf.int64
        assert graph.node_sets["b"]["r"].row_splits.dtype == tf.int64

    def test_errors(self, graph):
        users, knows = graph.node_sets["user"], graph.edge_sets["knows"]
        build = gnnkit.GraphTensor.from_pieces
        with pytest.raises(ValueError, match=r"Edge set 'knows' joins node set 'user' \(endpoint 0\), which the"):
            build(edge_sets={"knows": knows})
        with pytest.raises(ValueError, match=r"node_sets\['user'\] must be a NodeSet, but got EdgeSet"):
            build(node_sets={"user": knows})
        with pytest.raises(ValueError, match="context must be a Context, but got NodeSet"):
            build(context=users)
        with pytest.raises(ValueError, match="node_sets must be a mapping from name to NodeSet, but got list"):
            build(node_sets=[users])
        two = gnnkit.NodeSet.from_fields(sizes=[1, 1])
        # TF-GNN takes this and uses the first set's number.
        with pytest.raises(ValueError, match=r"node set 'b' has sizes of shape \[2\] .*but the context.* has \[1\]"):
            build(node_sets={"a": users, "b": two})
        batch = gnnkit.NodeSet.from_fields(sizes=[[1]])
        with pytest.raises(ValueError, match=r"node set 'b' has graph shape \[1\], but the context .* has \[\]"):
            build(node_sets={"a": users, "b": batch})

    def test_checks_can_be_switched_off(self, graph):
        gnnkit.disable_graph_tensor_validation()
        try:
            graph = gnnkit.GraphTensor.from_pieces(edge_sets=graph.edge_sets)
        finally:
            gnnkit.enable_graph_tensor_validation()
        assert _checks.static_checks() and list(graph.edge_sets) == ["knows"]


class TestEditing:
    def test_replace_features(self, graph):
        new = graph.replace_features(
            context={"d": [1]}, node_sets={"latent": {"h": [[1.0]]}}, edge_sets={"knows": {"w": [5, 6]}}
        )
        assert list(new.context.features) == ["d"]
        assert list(new.node_sets["latent"].features) == ["h"]
        assert list(new.node_sets["user"].features) == ["r", "x"]
        assert new.edge_sets["knows"]["w"].dtype == tf.int32
        assert new.edge_sets["knows"].adjacency is graph.edge_sets["knows"].adjacency
        assert list(graph.context.features) == ["c"] and graph.spec != new.spec
        assert_equal(graph.replace_features(), graph)
        assert not graph.replace_features(context={}).context.features

    def test_one_field_is_the_hidden_state(self, graph):
        new = graph.replace_features(node_sets={"user": tf.zeros([3, 7])})
        assert list(new.node_sets["user"].features) == [gnnkit.HIDDEN_STATE]

    def test_replace_features_errors(self, graph):
        with pytest.raises(ValueError, match=r"replace_features: the graph has no node set 'usr'; its node sets are"):
            graph.replace_features(node_sets={"usr": {}})
        with pytest.raises(ValueError, match=r"the graph has no edge set 'x'; its edge sets are \['knows'\]"):
            graph.replace_features(edge_sets={"x": {}})
        with pytest.raises(ValueError, match="feature 'w' has 3 items"):
            graph.replace_features(edge_sets={"knows": {"w": [1, 2, 3]}})
        with pytest.raises(ValueError, match="Context: feature 'c' has 2 items"):
            graph.replace_features(context={"c": [1, 2]})

    def test_row_splits_stay_alike(self, graph):
        narrow = tf.ragged.constant([[1]], row_splits_dtype=tf.int32)
        new = graph.replace_features(node_sets={"latent": {"r": narrow}})
        assert new.node_sets["latent"]["r"].row_splits.dtype == tf.int64

    def test_remove_features(self, graph):
        new = graph.remove_features(context=["c"], node_sets={"user": ["x"]}, edge_sets={"knows": ["w"]})
        assert not new.context.features and list(new.node_sets["user"].features) == ["r"]
        assert not new.edge_sets["knows"].features and int(new.num_components) == 1
        assert_equal(graph.remove_features(), graph)
        with pytest.raises(ValueError, match=r"node set 'user' has no feature 'y'; its features are \['r', 'x'\]"):
            graph.remove_features(node_sets={"user": ["y"]})
        with pytest.raises(KeyError, match="the graph has no edge set 'y'"):
            graph.remove_features(edge_sets={"y": ["w"]})
        with pytest.raises(ValueError, match="the context has no feature 'y'"):
            graph.remove_features(context=["y"])

    def test_graphs_cannot_be_iterated_over(self, graph):
        with pytest.raises(TypeError, match="GraphTensor cannot be iterated over"):
            list(graph)
        assert len(graph) == 1 and graph


class TestHomogeneous:
    def test_defaults(self):
        graph = gnnkit.homogeneous(
            tf.constant([0, 1], tf.int64),
            tf.constant([1, 2], tf.int64),
            node_features=tf.zeros([3, 4]),
            edge_features={"w": [1.0, 2.0]},
            context_features=[[1.0]],
        )
        assert graph.indices_dtype == tf.int64
        assert graph.node_sets["nodes"][gnnkit.HIDDEN_STATE].shape == [3, 4]
        assert graph.edge_sets["edges"].sizes.numpy().tolist() == [2]
        assert graph.context[gnnkit.HIDDEN_STATE].numpy().tolist() == [[1.0]]

    def test_names_and_sizes(self):
        graph = gnnkit.homogeneous(
            [0, 1, 2], [1, 0, 2], node_set_name="n", edge_set_name="e", node_set_sizes=[2, 1], edge_set_sizes=[2, 1]
        )
        assert list(graph.node_sets) == ["n"] and graph.edge_sets["e"].adjacency.source_name == "n"
        assert int(graph.num_components) == 2

    def test_ragged_and_unknown_counts(self):
        graph = gnnkit.homogeneous([0], [1], node_features={"r": tf.ragged.constant([[1], [], [2]])})
        assert graph.node_sets["nodes"].sizes.numpy().tolist() == [3]

        @tf.function(input_signature=[tf.TensorSpec([None], tf.int32), tf.TensorSpec([None, 2], tf.float32)])
        def sizes(index, x):
            graph = gnnkit.homogeneous(index, index, node_features=x)
            return graph.node_sets["nodes"].sizes, graph.edge_sets["edges"].sizes

        assert [s.numpy().tolist() for s in sizes([0, 1, 1], tf.zeros([5, 2]))] == [[5], [3]]

    def test_errors(self):
        with pytest.raises(ValueError, match="pass node_features or node_set_sizes"):
            gnnkit.homogeneous([0], [1])
        with pytest.raises(ValueError, match=r"source must be a vector of node indices \[E\], but has shape \[1, 1\]"):
            gnnkit.homogeneous([[0]], [[1]], node_set_sizes=[2])


class TestQueries:
    def test_kinds(self, graph):
        assert gnnkit.is_graph_tensor(graph) and not gnnkit.is_graph_tensor(graph.spec)
        assert gnnkit.is_ragged_tensor(graph.node_sets["user"]["r"]) and gnnkit.is_dense_tensor(np.zeros(3))
        assert gnnkit.is_dense_tensor(keras.KerasTensor([3])) and not gnnkit.is_dense_tensor([1])

    @pytest.mark.parametrize(
        "name, prefix",
        [("_readout/x", "_readout"), ("_readout:train/source", "_readout"), (".x", ".x"), ("-b", None), ("a_b", None)]
        + [(f"{c}x-", f"{c}x") for c in "_#!%.^~"],
    )
    def test_auxiliary_sets(self, name, prefix):
        assert gnnkit.get_aux_type_prefix(name) == prefix

    def test_homogeneous(self, graph):
        with pytest.raises(ValueError, match=r"A layer needs a homogeneous .* got node sets \['latent', 'user'\]"):
            gnnkit.check_homogeneous_graph_tensor(graph, "A layer")
        one = gnnkit.GraphTensor.from_pieces(
            node_sets={"n": gnnkit.NodeSet.from_fields(sizes=[1]), "_readout": gnnkit.NodeSet.from_fields(sizes=[1])},
            edge_sets={
                name: gnnkit.EdgeSet.from_fields(
                    sizes=[1], adjacency=gnnkit.Adjacency.from_indices(("n", [0]), (target, [0]))
                )
                for name, target in (("e", "n"), ("_readout/seed", "_readout"))
            },
        )
        assert gnnkit.get_homogeneous_node_and_edge_set_name(one.spec) == ("n", "e")

    def test_scalar(self, graph):
        gnnkit.check_scalar_graph_tensor(graph)
        with pytest.raises(ValueError, match=r"A layer needs a scalar GraphTensor .*merge_batch_to_components"):
            gnnkit.check_scalar_graph_tensor(graph.spec._batch(2), "A layer")


class TestSpec:
    def test_from_piece_specs(self, graph):
        spec = graph.spec
        again = gnnkit.GraphTensorSpec.from_piece_specs(
            spec.context_spec, dict(spec.node_sets_spec), dict(spec.edge_sets_spec)
        )
        assert again == spec and hash(again) == hash(spec) and again.value_type is gnnkit.GraphTensor
        with pytest.raises(ValueError, match="Edge set 'knows' joins node set 'user'.*which the graph lacks"):
            gnnkit.GraphTensorSpec.from_piece_specs(edge_sets_spec=spec.edge_sets_spec)
        context = gnnkit.GraphTensorSpec.from_piece_specs(node_sets_spec=spec.node_sets_spec).context_spec
        assert context.sizes_spec == tf.TensorSpec([1], tf.int32)

    def test_row_splits_become_the_wider(self):
        def node_set(dtype):
            return gnnkit.NodeSetSpec.from_field_specs(
                features_spec={"r": tf.RaggedTensorSpec([None, None], tf.int32, 1, dtype)},
                sizes_spec=tf.TensorSpec([1], tf.int32),
            )

        spec = gnnkit.GraphTensorSpec.from_piece_specs(
            node_sets_spec={"a": node_set(tf.int32), "b": node_set(tf.int64)}
        )
        assert spec.node_sets_spec["a"]["r"].row_splits_dtype == tf.int64

    def test_static_sizes(self, make_graph):
        spec = make_graph(3, components=2).spec
        assert spec.num_components == spec.total_num_components == 2
        assert spec.node_sets_spec["user"].total_size == 6 and spec.edge_sets_spec["knows"].total_size == 4
        assert spec.node_sets_spec["latent"].total_size is None
        batched = spec._batch(5)
        assert batched.total_num_components == 10 and batched.num_components == 2
        assert batched.node_sets_spec["user"].total_size == 30
        assert spec._batch(None).total_num_components is None

    def test_relax(self, graph):
        spec = graph.spec.relax(num_components=True, num_nodes=True, num_edges=True)
        assert spec.num_components is None
        assert spec.context_spec["c"] == tf.TensorSpec([None, 1], tf.float32)
        assert spec.node_sets_spec["user"]["x"] == tf.TensorSpec([None, 2], tf.float32)
        assert spec.node_sets_spec["user"]["r"].shape.as_list() == [None, None]
        assert spec.edge_sets_spec["knows"].adjacency_spec.source == tf.TensorSpec([None], tf.int32)
        only_edges = graph.spec.relax(num_edges=True)
        assert only_edges.num_components == 1 and only_edges.node_sets_spec["user"].total_size == 3
        assert graph.spec.relax() == graph.spec
        with pytest.raises(ValueError, match=r"relax\(\) needs the spec of a scalar graph"):
            graph.spec._batch(2).relax(num_nodes=True)

    def test_compatibility(self, graph, make_graph):
        relaxed = graph.spec.relax(num_nodes=True, num_edges=True)
        assert relaxed.is_compatible_with(graph) and relaxed.is_compatible_with(make_graph(5))
        assert not graph.spec.is_compatible_with(make_graph(5))
        assert not relaxed.is_compatible_with(make_graph(3, components=2))
        assert not relaxed.is_compatible_with(graph.remove_features(context=["c"]))
        assert graph.spec.is_subtype_of(relaxed) and not relaxed.is_subtype_of(graph.spec)
        common = graph.spec.most_specific_common_supertype([make_graph(5).spec])
        assert common.is_compatible_with(graph) and common.node_sets_spec["user"].total_size is None
        assert graph.spec.most_specific_common_supertype([graph.remove_features(context=["c"]).spec]) is None

    def test_equality(self, graph):
        assert graph.spec != graph.spec.with_indices_dtype(tf.int64)
        assert graph.spec.node_sets_spec["user"] == graph.node_sets["user"].spec
        assert len({graph.spec, copy.copy(graph).spec, graph.spec._batch(2)._unbatch()}) == 1


class TestCopies:
    def test_pickle(self, graph):
        assert pickle.loads(pickle.dumps(graph.spec)) == graph.spec
        assert_equal(pickle.loads(pickle.dumps(graph)), graph)

    def test_copy(self, graph):
        assert_equal(copy.copy(graph), graph)
        assert_equal(copy.deepcopy(graph), graph)
        assert copy.deepcopy(graph.spec) == graph.spec

    def test_config(self, graph):
        for piece in (graph, graph.node_sets["user"], graph.edge_sets["knows"], graph.context):
            again = type(piece).from_config(piece.get_config())
            assert again.spec == piece.spec

    def test_serialization_by_keras(self, graph):
        dense = graph.remove_features(node_sets={"user": ["r"]})
        again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(dense))
        assert_equal(again, dense)


class TestPytree:
    def test_sizes_of_the_context_come_first(self, graph):
        leaves = keras.tree.flatten(graph)
        assert leaves[0] is graph.context.sizes and len(leaves) == len(graph._fields())

    def test_map_structure(self, graph):
        doubled = keras.tree.map_structure(lambda x: x + x, graph)
        assert isinstance(doubled, gnnkit.GraphTensor)
        assert doubled.edge_sets["knows"]["w"].numpy().tolist() == [0.0, 2.0]
        names = keras.tree.map_structure(lambda x: x.dtype, graph)  # leaves may be anything
        assert names.context.sizes == tf.int32
        keras.tree.assert_same_structure(graph, doubled)

    def test_nest(self, graph):
        flat = tf.nest.flatten(graph, expand_composites=True)
        assert_equal(tf.nest.pack_sequence_as(graph, flat, expand_composites=True), graph)

    def test_numpy_leaves(self, make_graph):
        graph = make_graph().remove_features(node_sets={"user": ["r"]})
        arrays = keras.tree.map_structure(lambda x: x.numpy(), graph)
        assert arrays.spec == graph.spec and int(arrays.total_num_components) == 1
        edited = arrays.replace_features(node_sets={"user": {"y": np.zeros([3, 1])}})
        assert edited.node_sets["user"].spec["y"].dtype == tf.float64


class TestText:
    def test_repr(self, graph):
        assert repr(graph) == (
            "GraphTensor(shape=[]\n"
            "  context: sizes=[1], {c: float32[1, 1]}\n"
            "  node set 'latent': sizes=[1], {}\n"
            "  node set 'user': sizes=[3], {r: ragged int32[3, None], x: float32[3, 2]}\n"
            "  edge set 'knows': user -> user, sizes=[2], {w: float32[2]})"
        )
        assert "node set 'user': sizes=int32[1], {r: ragged int32[3, None]" in repr(graph.spec)
        assert repr(graph.node_sets["latent"]) == "NodeSet(sizes=[1], {})"

    def test_html_is_escaped(self):
        graph = gnnkit.GraphTensor.from_pieces(
            node_sets={"<script>": gnnkit.NodeSet.from_fields(sizes=[1], features={"<b>&": [1.0]})}
        )
        html = graph._repr_html_()
        assert "&lt;script&gt;" in html and "&lt;b&gt;&amp;" in html
        assert "<script>" not in html and "<b>&" not in html
        assert "float32[1]" in html and graph.node_sets["<script>"]._repr_html_().startswith("<div>")

    def test_symbolic_graphs_have_text(self, graph):
        @tf.function
        def text(g):
            assert "node set 'user': sizes=int32[1]" in repr(g)
            assert "int32[1]" in g._repr_html_()
            return tf.constant(0)

        text(graph)
