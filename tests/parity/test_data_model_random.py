"""Generated graphs, their specs, edits and batches are those of tensorflow-gnn."""

import itertools

import hypothesis
import pytest
import tensorflow as tf
from hypothesis import strategies as st

import gnnkit
from gnnkit.testing import GraphDescription, strategies

schemas = strategies.schemas(readout=True)
graphs = strategies.graphs(schemas)
few = hypothesis.settings(max_examples=20)


@hypothesis.given(graphs, st.tuples(st.booleans(), st.booleans(), st.booleans()))
@few
def test_graphs_and_specs(build_pair, assert_same_graph, assert_same_spec, graph, relax):
    ours, theirs = build_pair(graph)
    assert_same_graph(ours, theirs)
    assert_same_spec(ours.spec, theirs.spec)
    relaxed = dict(zip(("num_components", "num_nodes", "num_edges"), relax, strict=True))
    assert_same_spec(ours.spec.relax(**relaxed), theirs.spec.relax(**relaxed))


@pytest.mark.slow
@hypothesis.given(graphs)
@few
def test_dtypes(build_pair, assert_same_graph, assert_same_spec, graph):
    pair = build_pair(graph)
    for dtype, cast in itertools.product([tf.int32, tf.int64], ["with_indices_dtype", "with_row_splits_dtype"]):
        ours, theirs = (getattr(g, cast)(dtype) for g in pair)
        assert_same_graph(ours, theirs)
        assert_same_spec(ours.spec, theirs.spec)
        assert_same_spec(*(getattr(g.spec, cast)(dtype) for g in pair))


@hypothesis.given(graphs)
@few
def test_edits(build_pair, assert_same_graph, graph):
    ours, theirs = build_pair(graph)
    kept = {
        kind: {name: list(piece.features)[:1] for name, piece in getattr(graph, kind).items() if piece.features}
        for kind in ("node_sets", "edge_sets")
    }
    assert_same_graph(ours.remove_features(list(graph.context), **kept), theirs.remove_features(graph.context, **kept))

    def replaced(g):
        """A new feature on everything; node sets keep what they have, edge sets lose it."""
        return g.replace_features(
            {"new": tf.ones([int(g.num_components), 2])},
            {k: {**v.get_features_dict(), "new": tf.ones([int(v.total_size)])} for k, v in g.node_sets.items()},
            {k: {"new": tf.ones([int(v.total_size), 0])} for k, v in g.edge_sets.items()},
        )

    assert_same_graph(replaced(ours), replaced(theirs))


@hypothesis.given(graphs)
@few
def test_questions(tfgnn, build_pair, graph):
    ours, theirs = build_pair(graph)

    def answers(library, g):
        yield g.shape, g.rank, g.indices_dtype, int(g.num_components), int(g.total_num_components)
        yield [library.is_graph_tensor(value) for value in (g, g.spec, g.context, g.context.sizes)]
        for pieces in (g.node_sets, g.edge_sets):
            for name in sorted(pieces):
                piece = pieces[name]
                counts = (piece.num_components, piece.total_num_components, piece.total_size)
                yield name, library.get_aux_type_prefix(name), [(int(n), n.dtype) for n in counts]
                yield [
                    (f, library.is_dense_tensor(piece[f]), library.is_ragged_tensor(piece[f]))
                    for f in sorted(piece.features)
                ]
        for name in sorted(g.edge_sets):
            adjacency = g.edge_sets[name].adjacency
            yield adjacency.source_name, adjacency.target_name, [*adjacency.get_indices_dict()]
        yield sorted(found[:2] for found in library.iter_sets(g))
        for question in ("get_homogeneous_node_and_edge_set_name", "check_homogeneous_graph_tensor"):
            for tree in (g, g.spec):
                try:
                    yield getattr(library, question)(tree)
                except ValueError:
                    yield f"{question}: no"
        yield library.check_scalar_graph_tensor(g)

    assert list(answers(gnnkit, ours)) == list(answers(tfgnn, theirs))


@hypothesis.given(strategies.graphs(strategies.schemas(num_node_sets=(1, 1), num_edge_sets=(1, 1))))
@few
def test_homogeneous(make_pair, assert_same_graph, graph):
    ours, theirs = make_pair(lambda library: _homogeneous(library, graph))
    assert_same_graph(ours, theirs)


def _homogeneous(library, description: GraphDescription):
    graph = description.build(library)
    nodes, edges = graph.node_sets["a"], graph.edge_sets["e"]
    return library.homogeneous(
        edges.adjacency.source,
        edges.adjacency.target,
        node_features=nodes.get_features_dict() or None,
        edge_features=edges.get_features_dict() or None,
        context_features=graph.context.get_features_dict() or None,
        node_set_name="a",
        edge_set_name="e",
        node_set_sizes=nodes.sizes,
        edge_set_sizes=edges.sizes,
    )


@pytest.mark.slow
@hypothesis.given(st.data(), st.booleans())
@hypothesis.settings(max_examples=3, phases=[hypothesis.Phase.generate])  # Each takes seconds: no smaller example.
def test_batches(make_pair, assert_same_graph, assert_same_spec, data, drop_remainder):
    """Through tf.data and back: of graphs of one schema, with other numbers of components, nodes and edges."""
    one_schema = strategies.graphs(data.draw(schemas))
    descriptions = [data.draw(one_schema) for _ in range(3)]

    def batches(library):
        graphs = [d.build(library).with_indices_dtype(tf.int64).with_row_splits_dtype(tf.int64) for d in descriptions]
        spec = graphs[0].spec.relax(num_components=True, num_nodes=True, num_edges=True)
        dataset = tf.data.Dataset.from_generator(lambda: iter(graphs), output_signature=spec)
        return dataset.batch(2, drop_remainder=drop_remainder)

    ours, theirs = make_pair(batches)
    assert_same_spec(ours.element_spec, theirs.element_spec)
    merged = [dataset.map(lambda g: g.merge_batch_to_components()) for dataset in (ours, theirs)]
    assert_same_spec(*(dataset.element_spec for dataset in merged))
    for a, b in zip(ours, theirs, strict=True):
        assert_same_graph(a, b)
    for dataset in (merged, [ours.unbatch(), theirs.unbatch()]):
        for a, b in zip(*dataset, strict=True):
            assert_same_graph(a, b)
