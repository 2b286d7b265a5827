"""Graphs in tf.data and tf.function, and batches made scalar again."""

import numpy as np
import pytest
import tensorflow as tf

import gnnkit


def _values(field):
    return field.to_list() if isinstance(field, tf.RaggedTensor) else field.numpy().tolist()


def _same(a: gnnkit.GraphTensor, b: gnnkit.GraphTensor) -> bool:
    return a._structure() == b._structure() and all(
        _values(x) == _values(y) for x, y in zip(a._fields(), b._fields(), strict=True)
    )


@pytest.fixture
def varying(make_graph):
    """Graphs of 1, 2, 3 and 4 nodes, all under one spec."""
    graphs = [make_graph(n) for n in (1, 2, 3, 4)]
    spec = graphs[0].spec.relax(num_nodes=True, num_edges=True)
    return tf.data.Dataset.from_generator(lambda: iter(graphs), output_signature=spec), graphs, spec


class TestDataset:
    def test_static_graphs_stay_dense(self, graph):
        graph = graph.remove_features(node_sets={"user": ["r"]})
        batched = tf.data.Dataset.from_tensors(graph).repeat(3).batch(2)
        assert batched.element_spec.node_sets_spec["user"]["x"] == tf.TensorSpec([None, 3, 2], tf.float32)
        first, rest = list(batched)
        assert first.shape == [2] and rest.shape == [1]
        assert first.edge_sets["knows"].adjacency.source.numpy().tolist() == [[0, 1], [0, 1]]
        assert all(_same(g, graph) for g in batched.unbatch())
        exact = tf.data.Dataset.from_tensors(graph).repeat(4).batch(2, drop_remainder=True)
        assert exact.element_spec.total_num_components == 2

    def test_varying_graphs_become_ragged(self, varying):
        dataset, graphs, spec = varying
        batch = next(iter(dataset.batch(4)))
        assert batch.node_sets["user"]["x"].ragged_rank == 1
        assert batch.node_sets["user"]["r"].to_list() == [_values(g.node_sets["user"]["r"]) for g in graphs]
        assert batch.node_sets["user"].sizes.numpy().tolist() == [[1], [2], [3], [4]]
        assert int(batch.num_components) == 1 and int(batch.total_num_components) == 4
        assert dataset.batch(4).element_spec == spec._batch(None)
        unbatched = dataset.batch(3).unbatch()
        assert unbatched.element_spec == spec
        assert all(_same(a, b) for a, b in zip(unbatched, graphs, strict=True))

    def test_varying_components(self, make_graph):
        graphs = [make_graph(2, components=c) for c in (1, 3)]
        spec = graphs[0].spec.relax(num_components=True, num_nodes=True, num_edges=True)
        dataset = tf.data.Dataset.from_generator(lambda: iter(graphs), output_signature=spec).batch(2)
        batch = next(iter(dataset))
        assert batch.num_components.numpy().tolist() == [1, 3] and batch.num_components.dtype == tf.int32
        assert int(batch.total_num_components) == 4
        merged = batch.merge_batch_to_components()
        assert merged.node_sets["user"].sizes.numpy().tolist() == [2, 2, 2, 2]
        assert merged.edge_sets["knows"].adjacency.source.numpy().tolist() == [0, 2, 4, 6]
        assert merged.context["c"].numpy().tolist() == [[0.0], [0.0], [1.0], [2.0]]

    def test_pipeline(self, varying, tmp_path):
        dataset, graphs, spec = varying
        assert len(list(dataset.cache().repeat(2).shuffle(4, seed=1).prefetch(2))) == 8
        assert len(list(dataset.filter(lambda g: g.node_sets["user"].total_size > 2))) == 2
        assert len(list(dataset.interleave(lambda g: tf.data.Dataset.from_tensors(g).repeat(2)))) == 8
        assert len(list(dataset.concatenate(dataset).skip(3))) == 5
        assert int(dataset.reduce(0, lambda n, g: n + g.node_sets["user"].total_size)) == 10
        pair = next(iter(tf.data.Dataset.zip(dataset, tf.data.Dataset.range(4))))
        assert pair[0].spec.is_compatible_with(graphs[0])
        assert [g.shape[0] for g in dataset.batch(4).rebatch(2)] == [2, 2]
        assert _same(dataset.take(1).get_single_element(), graphs[0])
        ragged = next(iter(dataset.ragged_batch(2)))
        assert ragged.node_sets["user"]["x"].row_lengths().numpy().tolist() == [1, 2]
        cached = list(dataset.cache(str(tmp_path / "cache")))
        assert all(_same(a, b) for a, b in zip(cached, graphs, strict=True))

    @pytest.mark.filterwarnings("ignore:Encoding a StructuredValue with type gnnkit")
    def test_save_and_load(self, varying, tmp_path):
        dataset, graphs, spec = varying
        dataset.save(str(tmp_path / "saved"))
        loaded = tf.data.Dataset.load(str(tmp_path / "saved"))
        assert loaded.element_spec == spec
        assert all(_same(a, b) for a, b in zip(loaded, graphs, strict=True))

    def test_snapshot(self, varying, tmp_path):
        dataset, graphs, _ = varying
        for _ in range(2):
            again = list(dataset.snapshot(str(tmp_path / "snapshot")))
            assert all(_same(a, b) for a, b in zip(again, graphs, strict=True))

    def test_from_tensor_slices(self, varying):
        dataset, graphs, _ = varying
        batch = next(iter(dataset.batch(4)))
        slices = tf.data.Dataset.from_tensor_slices(batch)
        assert all(_same(a, b) for a, b in zip(slices, graphs, strict=True))

    def test_map_in_parallel(self, varying):
        dataset, _, _ = varying

        def double(g):
            x = g.node_sets["user"]["x"]
            return g.replace_features(node_sets={"user": {"x": x * 2, "r": g.node_sets["user"]["r"]}})

        totals = [float(tf.reduce_sum(g.node_sets["user"]["x"])) for g in dataset.map(double, num_parallel_calls=2)]
        assert totals == [2.0, 12.0, 30.0, 56.0]

    def test_generator_of_another_spec(self, graph):
        spec = graph.remove_features(context=["c"]).spec
        dataset = tf.data.Dataset.from_generator(lambda: iter([graph]), output_signature=spec)
        with pytest.raises((tf.errors.InvalidArgumentError, TypeError, ValueError)):
            next(iter(dataset))

    def test_twice(self, graph):
        dataset = tf.data.Dataset.from_tensors(graph).repeat(8)
        twice = dataset.batch(2, drop_remainder=True).batch(3, drop_remainder=True)
        assert twice.element_spec.shape == [3, 2]
        with pytest.raises(NotImplementedError, match="only the outermost dimension may be unknown"):
            dataset.batch(2).batch(3)

    def test_scalar_graphs_cannot_be_unbatched(self, graph):
        with pytest.raises(ValueError, match="Cannot unbatch a scalar graph"):
            tf.data.Dataset.from_tensors(graph).unbatch()


class TestMerge:
    def test_scalar_graph_is_returned(self, graph):
        assert graph.merge_batch_to_components() is graph

    @pytest.mark.parametrize("mode", ["eager", "function"])
    def test_equals_components(self, make_graph, mode):
        # Equal graphs of which the batch is dense but for one ragged feature.
        batch = next(iter(tf.data.Dataset.from_tensors(make_graph(3)).repeat(4).batch(4)))
        merge = tf.function(lambda g: g.merge_batch_to_components())
        merged = merge(batch) if mode == "function" else batch.merge_batch_to_components()
        want = make_graph(3, components=4)
        assert merged.node_sets["user"].sizes.numpy().tolist() == [3, 3, 3, 3]
        assert merged.edge_sets["knows"].adjacency.source.numpy().tolist() == (
            want.edge_sets["knows"].adjacency.source.numpy().tolist()
        )
        assert merged.edge_sets["knows"].adjacency.target.numpy().tolist() == (
            want.edge_sets["knows"].adjacency.target.numpy().tolist()
        )
        assert merged.node_sets["user"]["r"].to_list() == [[0, 1], [2], []] * 4
        assert int(merged.num_components) == 4 and merged.spec.num_components == 4

    def test_varying(self, varying):
        dataset, graphs, _ = varying
        merged = next(iter(dataset.batch(4))).merge_batch_to_components()
        assert merged.rank == 0
        assert merged.node_sets["user"].sizes.numpy().tolist() == [1, 2, 3, 4]
        assert merged.edge_sets["knows"].sizes.numpy().tolist() == [0, 1, 2, 3]
        assert merged.edge_sets["knows"].adjacency.source.numpy().tolist() == [1, 3, 4, 6, 7, 8]
        assert merged.edge_sets["knows"].adjacency.target.numpy().tolist() == [2, 4, 5, 7, 8, 9]
        assert merged.edge_sets["knows"].adjacency.source.dtype == tf.int32
        x = np.concatenate([g.node_sets["user"]["x"].numpy() for g in graphs])
        np.testing.assert_array_equal(merged.node_sets["user"]["x"].numpy(), x)
        assert merged.node_sets["user"]["r"].to_list() == sum((_values(g.node_sets["user"]["r"]) for g in graphs), [])
        assert merged.node_sets["user"].spec["x"].shape.as_list()[1:] == [2]

    def test_rank_two(self, make_graph):
        dataset = tf.data.Dataset.from_tensors(make_graph(2)).repeat(6)
        batch = next(iter(dataset.batch(3, drop_remainder=True).batch(2, drop_remainder=True)))
        merged = batch.merge_batch_to_components()
        assert merged.edge_sets["knows"].adjacency.source.numpy().tolist() == [0, 2, 4, 6, 8, 10]
        assert merged.node_sets["user"]["x"].shape == [12, 2]

    def test_rank_two_of_varying_graphs(self, varying):
        dataset, graphs, _ = varying
        batch = next(iter(dataset.batch(2, drop_remainder=True).batch(2, drop_remainder=True)))
        merged = batch.merge_batch_to_components()
        assert merged.edge_sets["knows"].adjacency.target.numpy().tolist() == [2, 4, 5, 7, 8, 9]
        assert merged.node_sets["user"]["r"].to_list() == sum((_values(g.node_sets["user"]["r"]) for g in graphs), [])

    def test_static_counts(self, graph):
        spec = tf.data.Dataset.from_tensors(graph).repeat(4).batch(4, drop_remainder=True)
        merged = spec.map(lambda g: g.merge_batch_to_components()).element_spec
        assert merged.num_components == 4 and merged.node_sets_spec["user"].total_size == 12
        assert merged.edge_sets_spec["knows"].total_size == 8

    def test_hyperedges(self):
        graph = gnnkit.GraphTensor.from_pieces(
            node_sets={"a": gnnkit.NodeSet.from_fields(sizes=[2]), "b": gnnkit.NodeSet.from_fields(sizes=[3])},
            edge_sets={
                "h": gnnkit.EdgeSet.from_fields(
                    sizes=[1],
                    adjacency=gnnkit.HyperAdjacency.from_indices({0: ("a", [1]), 1: ("b", [2]), 5: ("a", [0])}),
                )
            },
        )
        merged = next(iter(tf.data.Dataset.from_tensors(graph).repeat(2).batch(2))).merge_batch_to_components()
        assert [merged.edge_sets["h"].adjacency[t].numpy().tolist() for t in (0, 1, 5)] == [[1, 3], [2, 5], [0, 2]]

    def test_the_batch_is_left_as_it_was(self, varying):
        dataset, _, _ = varying
        batch = next(iter(dataset.batch(4)))
        before = batch.edge_sets["knows"].adjacency.source.to_list()
        batch.merge_batch_to_components()
        assert batch.edge_sets["knows"].adjacency.source.to_list() == before


class TestFunction:
    def test_no_retracing(self, make_graph):
        traces = []
        spec = make_graph(1).spec.relax(num_components=True, num_nodes=True, num_edges=True)

        @tf.function(input_signature=[spec])
        def total(g):
            traces.append(1)
            assert g.node_sets["user"].spec.total_size is None
            return g.node_sets["user"].total_size, g.num_components, g.edge_sets["knows"].total_size

        for n, c in ((1, 1), (4, 2), (3, 5)):
            assert [int(t) for t in total(make_graph(n, components=c))] == [n * c, c, (n - 1) * c]
        assert len(traces) == 1

    def test_static_counts_are_constants(self, graph):
        @tf.function
        def constants(g):
            return [tf.get_static_value(t) for t in (g.num_components, g.node_sets["user"].total_size)] == [1, 3]

        assert constants(graph)

    def test_control_flow(self, graph):
        @tf.function
        def loop(g):
            for _ in tf.range(3):
                users = g.node_sets["user"].get_features_dict()
                g = g.replace_features(node_sets={"user": {**users, "x": users["x"] + 1}})
            return tf.cond(tf.reduce_sum(g.context.sizes) > 0, lambda: g, lambda: graph)

        assert loop(graph).node_sets["user"]["x"].numpy().tolist() == [[3, 4], [5, 6], [7, 8]]

    def test_saved_model(self, graph, tmp_path):
        module = tf.Module()
        spec = graph.spec.relax(num_nodes=True, num_edges=True)
        module.double = tf.function(
            lambda g: g.replace_features(edge_sets={"knows": {"w": g.edge_sets["knows"]["w"] * 2}}),
            input_signature=[spec],
        )
        with pytest.warns(UserWarning, match="type gnnkit.GraphTensorSpec; loading .* will require"):
            tf.saved_model.save(module, str(tmp_path))
        loaded = tf.saved_model.load(str(tmp_path))
        assert loaded.double(graph).edge_sets["knows"]["w"].numpy().tolist() == [0.0, 2.0]

    def test_gradient(self, graph):
        x = tf.Variable(graph.node_sets["user"]["x"])
        with tf.GradientTape() as tape:
            g = graph.replace_features(node_sets={"user": {"x": x}})
            loss = tf.reduce_sum(g.node_sets["user"]["x"] ** 2)
        assert tape.gradient(loss, x).numpy().tolist() == (2 * x).numpy().tolist()

    def test_distribution(self, varying):
        dataset, _, _ = varying
        strategy = tf.distribute.MirroredStrategy(["CPU:0"])
        totals = [
            strategy.run(lambda g: g.node_sets["user"].sizes, args=(g,))
            for g in strategy.experimental_distribute_dataset(dataset.batch(2))
        ]
        assert len(totals) == 2


class TestPackedVectors:
    """Vectors of one dtype travel through tf.data together."""

    @pytest.fixture
    def graphs(self):
        def make(n):
            features = {
                "i": tf.range(n),
                "j": tf.range(n) * 10,
                "text": tf.strings.as_string(tf.range(n)),
                "more": tf.fill([n], "x"),
                "empty": tf.zeros([n, 0]),
                "lists": tf.RaggedTensor.from_row_lengths(tf.range(2 * n), tf.fill([n], 2)),
            }
            return gnnkit.GraphTensor.from_pieces(
                node_sets={"n": gnnkit.NodeSet.from_fields(features=features, sizes=[n])}
            ).with_row_splits_dtype(tf.int32)

        return [make(n) for n in (2, 0, 3, 1)]

    def test_as_few_tensors_as_dtypes(self, graphs):
        spec = graphs[0].spec.relax(num_nodes=True)
        assert len(spec._fields()) == 8
        # Sizes (of the context, of nodes), i and j; text and more; empty; lists.
        assert len(spec._flat_tensor_specs) == len(spec._batch(None)._flat_tensor_specs) == 4

    def test_batched_twice_and_back(self, graphs):
        spec = graphs[0].spec.relax(num_nodes=True)
        dataset = tf.data.Dataset.from_generator(lambda: iter(graphs), output_signature=spec)
        twice = dataset.batch(2, drop_remainder=True).batch(2)
        (batch,) = twice
        assert batch.row_splits_dtype == tf.int32
        assert batch.node_sets["n"]["text"].to_list() == [[[b"0", b"1"], []], [[b"0", b"1", b"2"], [b"0"]]]
        assert batch.node_sets["n"]["lists"][1, 0].to_list() == [[0, 1], [2, 3], [4, 5]]
        # Out of a function, where a batch is stored as one tensor, and not as it came.
        (again,) = twice.map(lambda graph: graph)
        assert _same(again, batch)
        assert all(_same(a, b) for a, b in zip(twice.unbatch().unbatch(), graphs, strict=True))
        assert all(_same(a, b) for a, b in zip(twice.map(lambda g: g).unbatch().unbatch(), graphs, strict=True))

    def test_slices_of_a_batch(self, graphs):
        spec = graphs[0].spec.relax(num_nodes=True)
        (batch,) = tf.data.Dataset.from_generator(lambda: iter(graphs), output_signature=spec).batch(4)
        assert all(_same(a, b) for a, b in zip(tf.data.Dataset.from_tensor_slices(batch), graphs, strict=True))
