"""Context, node sets, edge sets and adjacencies: fields, sizes, errors."""

import numpy as np
import pytest
import tensorflow as tf

import gnnkit


def _adjacency(source=(0, 1), target=(1, 0)) -> gnnkit.Adjacency:
    return gnnkit.Adjacency.from_indices(("a", list(source)), ("b", list(target)))


def test_node_set():
    ragged = tf.ragged.constant([["x"], [], ["y", "z"]])
    nodes = gnnkit.NodeSet.from_fields(features={"f": [1.0, 2.0, 3.0], "r": ragged}, sizes=[1, 2])
    assert nodes["f"].numpy().tolist() == [1.0, 2.0, 3.0]
    assert nodes["r"] is ragged
    assert list(nodes.features) == ["f", "r"]
    assert nodes.sizes.numpy().tolist() == [1, 2]
    assert (int(nodes.total_size), int(nodes.num_components), int(nodes.total_num_components)) == (3, 2, 2)
    assert nodes.rank == 0 and nodes.shape == []
    assert nodes.indices_dtype == tf.int32 and nodes.row_splits_dtype == tf.int64
    assert nodes.spec.total_size == 3


def test_features_cannot_be_changed_in_place():
    nodes = gnnkit.NodeSet.from_fields(features={"f": [1.0]}, sizes=[1])
    with pytest.raises(TypeError, match="does not support item assignment"):
        nodes.features["f"] = 2  # type: ignore[index]
    features = nodes.get_features_dict()
    features["g"] = 3
    assert list(nodes.features) == ["f"]


def test_latent_node_set():
    nodes = gnnkit.NodeSet.from_fields(sizes=[2, 3])
    assert int(nodes.total_size) == 5 and nodes.spec.total_size is None


def test_edge_set():
    edges = gnnkit.EdgeSet.from_fields(features={"w": [0.5, 1.0]}, sizes=[2], adjacency=_adjacency())
    adjacency = edges.adjacency
    assert (adjacency.source_name, adjacency.target_name) == ("a", "b")
    assert adjacency.source.numpy().tolist() == [0, 1] and adjacency[gnnkit.TARGET].numpy().tolist() == [1, 0]
    assert adjacency.node_set_name(gnnkit.SOURCE) == "a"
    assert {k: v[0] for k, v in adjacency.get_indices_dict().items()} == {0: "a", 1: "b"}
    assert int(edges.total_size) == 2


def test_edge_set_without_features_counts_its_indices():
    edges = gnnkit.EdgeSet.from_fields(sizes=[2], adjacency=_adjacency())
    assert int(edges.total_size) == 2 and edges.spec.total_size == 2


def test_hyper_adjacency():
    hyper = gnnkit.HyperAdjacency.from_indices({5: ("b", [1]), 0: ("a", [0])})
    assert hyper.tags == (0, 5) and hyper.node_set_name(5) == "b" and hyper[0].numpy().tolist() == [0]
    with pytest.raises(KeyError, match=r"no tag 3 \(#index.3\); its tags are \[0, 5\]"):
        hyper[3]
    with pytest.raises(KeyError, match="no tag 1"):
        hyper.node_set_name(1)
    edges = gnnkit.EdgeSet.from_fields(sizes=[1], adjacency=hyper)
    spec = gnnkit.HyperAdjacencySpec.from_incident_node_sets({5: "b", 0: "a"}, tf.TensorSpec([1], tf.int32))
    assert edges.spec.adjacency_spec == spec == hyper.spec
    assert repr(hyper) == "HyperAdjacency(0: ('a', int32[1]), 5: ('b', int32[1]))"


@pytest.mark.parametrize(
    "indices, message",
    [
        ({}, "HyperAdjacency needs at least one endpoint"),
        ({"x": ("a", [0])}, "HyperAdjacency: tags must be int, but got 'x'"),
        ({True: ("a", [0])}, "tags must be int, but got True"),
        ({0: "a"}, r"endpoint 0 must be a tuple \(node_set_name, indices\), but got 'a'"),
        ({0: ("a", [0]), 1: ("b", [0, 1])}, r"endpoint 0 \(node set 'a'\) has shape \[1\] and endpoint 1 .* \[2\]"),
        ({0: ("a", [0.5])}, "indices of endpoint 0 .node set 'a'. must be int32 or int64, but are float32"),
        ({0: ("a", 3)}, "indices of endpoint 0 .* must be a vector, got a scalar"),
    ],
)
def test_bad_adjacencies(indices, message):
    with pytest.raises(ValueError, match=message):
        gnnkit.HyperAdjacency.from_indices(indices)


class TestContext:
    def test_sizes_are_ones(self):
        assert gnnkit.Context.from_fields(features={"f": [[1.0], [2.0]]}).sizes.numpy().tolist() == [1, 1]
        assert gnnkit.Context.from_fields(features={"f": tf.ragged.constant([[1], []])}).sizes.numpy().tolist() == [
            1,
            1,
        ]

    def test_empty_lists_are_indices(self):
        adjacency = gnnkit.Adjacency.from_indices(("a", []), ("b", []))
        assert adjacency.source.dtype == tf.int32
        assert gnnkit.NodeSet.from_fields(sizes=[]).sizes.dtype == tf.int32

    def test_sizes_of_a_batch(self):
        context = gnnkit.Context.from_fields(features={"f": tf.zeros([3, 2, 4])}, shape=[3])
        assert context.sizes.shape == [3, 2] and context.shape == [3]
        context = gnnkit.Context.from_fields(features={"f": tf.ragged.constant([[1.0], [2.0, 3.0]])}, shape=[None])
        assert context.sizes.to_list() == [[1], [1, 1]] and context.rank == 1

    def test_nothing(self):
        context = gnnkit.Context.from_fields(indices_dtype=tf.int64)
        assert int(context.num_components) == 0 and context.indices_dtype == tf.int64

    def test_wrong_number_of_components(self):
        with pytest.raises(ValueError, match=r"Context: feature 'f' has 3 items \(shape \[3\]\), but sizes has 2"):
            gnnkit.Context.from_fields(features={"f": [1, 2, 3]}, sizes=[1, 1])

    def test_in_a_function(self):
        @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32)])
        def sizes(x):
            return gnnkit.Context.from_fields(features={"x": x}).sizes

        assert sizes(tf.zeros([4, 2])).numpy().tolist() == [1, 1, 1, 1]


class TestErrors:
    def test_arguments_are_named(self):
        with pytest.raises(TypeError, match="positional"):
            gnnkit.NodeSet.from_fields({"f": [1.0]}, [1])  # type: ignore[misc]

    @pytest.mark.parametrize(
        "features, sizes, message",
        [
            ({}, [1.0], r"NodeSet: sizes must be int32 or int64, but are float32. Pass sizes="),
            ({}, 3, r"NodeSet: sizes must have shape \[\*graph_shape, num_components\], but is a scalar"),
            ({"f": [1, 2], "g": [1, 2, 3]}, [2], r"feature 'g' has 3 items \(shape \[3\]\), but feature 'f' has 2"),
            ({"f": [1, 2]}, [3], r"NodeSet: sizes \[3\] add up to 3 items, but the features or indices have 2"),
            ({"f": 1.0}, [1], r"feature 'f' has shape \[\], but needs at least rank 1"),
            ({1: [1.0]}, [1], "NodeSet: feature names must be str, but got 1"),
            ({"f": [[1], [1, 2]]}, [2], "NodeSet: feature 'f' must be a tensor.*Pass ragged data as a tf.RaggedTensor"),
            ("f", [1], "NodeSet: features must be a mapping from name to tensor, but got str"),
        ],
    )
    def test_node_set(self, features, sizes, message):
        with pytest.raises(ValueError, match=message):
            gnnkit.NodeSet.from_fields(features=features, sizes=sizes)

    def test_batch(self):
        with pytest.raises(ValueError, match=r"does not begin with the graph's shape \[2\]"):
            gnnkit.NodeSet.from_fields(features={"f": tf.zeros([3, 4])}, sizes=[[4], [4]])

    def test_edge_set(self):
        with pytest.raises(TypeError, match="adjacency must be an Adjacency or HyperAdjacency, but got tuple"):
            gnnkit.EdgeSet.from_fields(sizes=[1], adjacency=("a", "b"))  # type: ignore[arg-type]
        with pytest.raises(ValueError, match=r"feature 'w' has 1 items .* but feature 'adjacency endpoint 0' has 2"):
            gnnkit.EdgeSet.from_fields(features={"w": [1.0]}, sizes=[2], adjacency=_adjacency())
        with pytest.raises(ValueError, match=r"EdgeSet: sizes \[3\] add up to 3 items, but .* have 2"):
            gnnkit.EdgeSet.from_fields(sizes=[3], adjacency=_adjacency())

    def test_missing_feature(self):
        nodes = gnnkit.NodeSet.from_fields(features={"f": [1.0]}, sizes=[1])
        with pytest.raises(KeyError, match=r"NodeSet has no feature 'g', only \['f'\]"):
            nodes["g"]
        with pytest.raises(KeyError, match=r"NodeSetSpec has no feature 'g', only \['f'\]"):
            nodes.spec["g"]
        with pytest.raises(TypeError, match=r"NodeSet cannot be iterated over. Read features with piece\['name'\]"):
            list(nodes)


class TestDtypes:
    def test_indices_become_the_wider(self):
        adjacency = gnnkit.Adjacency.from_indices(("a", tf.constant([0], tf.int64)), ("b", tf.constant([0])))
        assert adjacency.target.dtype == tf.int64
        edges = gnnkit.EdgeSet.from_fields(sizes=tf.constant([1]), adjacency=adjacency)
        assert edges.sizes.dtype == tf.int64
        edges = gnnkit.EdgeSet.from_fields(sizes=tf.constant([2], tf.int64), adjacency=_adjacency())
        assert edges.adjacency.source.dtype == tf.int64

    def test_row_splits_become_the_wider(self):
        narrow = tf.ragged.constant([[1], [2]], row_splits_dtype=tf.int32)
        wide = tf.ragged.constant([[1], [2]], row_splits_dtype=tf.int64)
        nodes = gnnkit.NodeSet.from_fields(features={"n": narrow, "w": wide}, sizes=[2])
        assert nodes["n"].row_splits.dtype == tf.int64
        assert gnnkit.NodeSet.from_fields(features={"n": narrow}, sizes=[2]).row_splits_dtype == tf.int32
        assert nodes.replace_features({"n": narrow}).row_splits_dtype == tf.int32
        spec = gnnkit.NodeSetSpec.from_field_specs(
            features_spec={k: tf.RaggedTensorSpec.from_value(v) for k, v in {"n": narrow, "w": wide}.items()},
            sizes_spec=tf.TensorSpec([1], tf.int32),
        )
        assert spec == nodes.spec

    def test_casts(self):
        ragged = tf.ragged.constant([[1], [2]], row_splits_dtype=tf.int64)
        edges = gnnkit.EdgeSet.from_fields(features={"r": ragged}, sizes=[2], adjacency=_adjacency())
        cast = edges.with_indices_dtype(tf.int64).with_row_splits_dtype(tf.int32)
        assert (cast.sizes.dtype, cast.adjacency.source.dtype, cast["r"].dtype) == (tf.int64, tf.int64, tf.int32)
        assert cast["r"].row_splits.dtype == tf.int32
        assert cast.spec == edges.spec.with_indices_dtype(tf.int64).with_row_splits_dtype(tf.int32)
        with pytest.raises(ValueError, match="indices_dtype must be tf.int32 or tf.int64"):
            edges.with_indices_dtype(tf.float32)
        with pytest.raises(ValueError, match="row_splits_dtype must be tf.int32 or tf.int64"):
            edges.with_row_splits_dtype(tf.int8)


def test_leaves_of_other_kinds():
    nodes = gnnkit.NodeSet.from_fields(features={"v": tf.Variable([1.0, 2.0]), "n": np.array(["a", "b"])}, sizes=[2])
    assert nodes.spec["v"] == tf.TensorSpec([2], tf.float32) and nodes.spec["n"].dtype == tf.string
    arrays = nodes._map(np.asarray)  # what keras.tree.map_structure may put at the leaves
    assert arrays.spec == nodes.spec and int(arrays.total_size) == 2


def test_replace_features_of_a_piece():
    nodes = gnnkit.NodeSet.from_fields(features={"f": [1.0, 2.0]}, sizes=[2])
    assert list(nodes.replace_features({"g": [3, 4]}).features) == ["g"]
    assert int(nodes.replace_features({}).total_size) == 2
    with pytest.raises(ValueError, match=r"NodeSet: feature 'g' has 3 items .* but the set has 2"):
        nodes.replace_features({"g": [1, 2, 3]})
    with pytest.raises(ValueError, match=r"NodeSet: sizes \[2\] add up to 2 items, but .* have 3"):
        nodes.replace_features({}).replace_features({"g": [1, 2, 3]})
    assert gnnkit.is_dense_tensor(nodes["f"]) and not gnnkit.is_ragged_tensor(nodes["f"])
