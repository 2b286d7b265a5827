"""Padding, size constraints and datasets as in tensorflow-gnn. Differences on purpose: see README.md."""

import inspect

import hypothesis
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import strategies as st

import gnnkit
from gnnkit.testing import strategies

FUNCTIONS = [
    "assert_satisfies_size_constraints", "assert_satisfies_total_sizes", "dataset_filter_with_summary",
    "dataset_from_generator", "find_tight_size_constraints", "learn_fit_or_skip_size_constraints", "pad_to_total_sizes",
    "satisfies_size_constraints", "satisfies_total_sizes",
]  # fmt: skip


def arguments_of(fn):
    return [(p.name, p.kind, p.default) for p in inspect.signature(fn).parameters.values() if p.name != "self"]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_signatures(tfgnn, name):
    assert arguments_of(getattr(gnnkit, name)) == arguments_of(getattr(tfgnn, name))


@pytest.mark.parametrize("name", ["SizeConstraints", "FeatureDefaultValues"])
def test_tuples(tfgnn, name):
    ours, theirs = getattr(gnnkit, name), getattr(tfgnn, name)
    assert ours._fields == theirs._fields and ours._field_defaults == theirs._field_defaults


def test_signatures_of_layers(tfgnn):
    for name in ("ParseExample", "ParseSingleExample", "ReadoutNamed", "ReadoutNamedIntoFeature"):
        ours, theirs = (arguments_of(getattr(library.keras.layers, name).__init__) for library in (gnnkit, tfgnn))
        assert ours == theirs, name
    theirs = arguments_of(tfgnn.keras.layers.PadToTotalSizes.__init__)
    ours = arguments_of(gnnkit.keras.layers.PadToTotalSizes.__init__)
    assert [a for a in ours if a[0] not in ("return_mask", "mask_output_feature_name")] == theirs


def outcome(fn, *args, **kwargs):
    try:
        return fn(*args, **kwargs)
    except Exception as e:
        return e


def constraints_of(library, description, components, spare, least):
    """`spare` more components, nodes and edges; negative numbers for sizes that are too small."""
    numbers = iter(spare * 3)
    return library.SizeConstraints(
        description.num_components + components,
        {name: int(piece.sizes.sum()) + next(numbers) for name, piece in description.node_sets.items()},
        {name: int(piece.sizes.sum()) + next(numbers) for name, piece in description.edge_sets.items()},
        {name: n for name, n in zip(description.node_sets, least, strict=False) if n} or (),
    )


def few(minimum, maximum):
    return st.lists(st.integers(minimum, maximum), min_size=6, max_size=6)


@pytest.mark.slow
@hypothesis.given(strategies.graphs(), st.integers(-1, 3), few(-1, 9), few(0, 2))
@hypothesis.settings(max_examples=80)
def test_padding(tfgnn, build_pair, assert_same_graph, description, components, spare, least):
    """The same graph and mask, or an error of the same type; and what satisfies the constraints is what can be padded."""
    graphs = build_pair(description)
    constraints = [constraints_of(library, description, components, spare, least) for library in (gnnkit, tfgnn)]
    (ours, theirs), fits, asserted = (
        [
            outcome(getattr(library, name), graph, each)
            for library, graph, each in zip((gnnkit, tfgnn), graphs, constraints, strict=True)
        ]
        for name in ("pad_to_total_sizes", "satisfies_size_constraints", "assert_satisfies_size_constraints")
    )
    assert bool(fits[0]) == bool(fits[1])
    assert isinstance(asserted[0], Exception) == isinstance(asserted[1], Exception) == (not fits[0])
    if isinstance(theirs, Exception):
        assert type(ours) is type(theirs) is tf.errors.InvalidArgumentError and not fits[0]
        return
    assert_same_graph(ours[0], theirs[0])
    assert ours[1].dtype == theirs[1].dtype
    np.testing.assert_array_equal(ours[1], theirs[1])
    assert ours[0].total_num_components == constraints[0].total_num_components


@hypothesis.given(st.integers(1, 200), st.integers(1, 300), st.integers(1, 500))
@hypothesis.settings(max_examples=50)
def test_ends_of_fake_edges(tfgnn, make_pair, num_real, num_fake, num_edges):
    none = tf.zeros([0], tf.int32)
    graphs = make_pair(
        lambda library: library.GraphTensor.from_pieces(
            node_sets={"a": library.NodeSet.from_fields(sizes=[num_real])},
            edge_sets={
                "e": library.EdgeSet.from_fields(
                    sizes=[0], adjacency=library.Adjacency.from_indices(("a", none), ("a", none))
                )
            },
        )
    )
    constraints = 2, {"a": num_real + num_fake}, {"e": num_edges}
    ours, theirs = (
        library.pad_to_total_sizes(graph, library.SizeConstraints(*constraints))[0].edge_sets["e"].adjacency
        for library, graph in zip((gnnkit, tfgnn), graphs, strict=True)
    )
    np.testing.assert_array_equal(ours.source, theirs.source)
    np.testing.assert_array_equal(ours.target, theirs.target)


def hyper_graph(library):
    ends = {0: ("a", [0, 1, 2]), 1: ("b", [0, 0, 1]), 4: ("a", [1, 1, 2])}
    inner = tf.RaggedTensor.from_row_lengths(tf.range(6.0), [1, 2, 0, 1, 0, 2])
    features = {
        "uniform": tf.RaggedTensor.from_uniform_row_length(inner, 2),
        "half": tf.ones([3], tf.bfloat16),
        "none": tf.zeros([3, 0]),
    }
    return library.GraphTensor.from_pieces(
        node_sets={
            "a": library.NodeSet.from_fields(sizes=[2, 1], features=features),
            "b": library.NodeSet.from_fields(sizes=[1, 1]),
        },
        edge_sets={"h": library.EdgeSet.from_fields(sizes=[2, 1], adjacency=library.HyperAdjacency.from_indices(ends))},
    )


def test_hyperedges_and_unusual_features(tfgnn, make_pair):
    (ours, our_mask), (theirs, their_mask) = (
        library.pad_to_total_sizes(hyper_graph(library), library.SizeConstraints(4, {"a": 8, "b": 7}, {"h": 9}))
        for library in (gnnkit, tfgnn)
    )
    np.testing.assert_array_equal(our_mask, their_mask)
    for name, want in theirs.node_sets["a"].features.items():
        got = ours.node_sets["a"][name]
        assert got.dtype == want.dtype and got.shape.rank == want.shape.rank, name
        if isinstance(want, tf.RaggedTensor):
            assert got.to_list() == want.to_list(), name
        else:
            np.testing.assert_array_equal(got, want, name)
    adjacency = theirs.edge_sets["h"].adjacency
    for tag, (node_set_name, want) in adjacency.get_indices_dict().items():
        assert ours.edge_sets["h"].adjacency.node_set_name(tag) == node_set_name
        np.testing.assert_array_equal(ours.edge_sets["h"].adjacency[tag], want)
    np.testing.assert_array_equal(ours.edge_sets["h"].sizes, theirs.edge_sets["h"].sizes)


def test_padding_values_and_static_shapes(tfgnn, make_pair, make_graph, assert_same_graph, assert_same_spec):
    """In a dataset, whose element_spec says all sizes."""
    padded = []
    for library in (gnnkit, tfgnn):
        graph = make_graph(library, 3, 2)
        constraints = library.SizeConstraints(4, {"user/a.b": 10, "latent": 9}, {"e": 12})
        values = library.FeatureDefaultValues(
            context={"c": tf.constant(-1.0)},
            node_sets={"user/a.b": {"id": tf.constant("?"), "flag": True, "half": 2}},
            edge_sets={"e": {"w": tf.constant(0.5, tf.float64)}},
        )
        dataset = tf.data.Dataset.from_tensors(graph).map(
            lambda g, library=library, constraints=constraints, values=values: library.pad_to_total_sizes(
                g, constraints, padding_values=values
            )
        )
        padded.append((next(iter(dataset)), dataset.element_spec))
    (((ours, our_mask), our_spec), ((theirs, their_mask), their_spec)) = padded
    assert_same_graph(ours, theirs)
    np.testing.assert_array_equal(our_mask, their_mask)
    assert_same_spec(our_spec[0], their_spec[0])
    assert our_spec[1] == their_spec[1]


@pytest.mark.parametrize("missing", ["node", "edge", "rank", "shape", "dtype"])
def test_errors(tfgnn, make_graph, missing):
    for library in (gnnkit, tfgnn):
        graph = make_graph(library, 3, 2)
        nodes, edges, values = {"user/a.b": 10, "latent": 9}, {"e": 12}, None
        if missing == "node":
            del nodes["latent"]
        elif missing == "edge":
            edges.clear()
        elif missing == "rank":
            graph = next(iter(tf.data.Dataset.from_tensors(graph).batch(1)))
        else:
            value = tf.constant([1.0, 2.0]) if missing == "shape" else tf.constant(1)
            values = library.FeatureDefaultValues(context={"c": value})
        with pytest.raises(ValueError):
            library.pad_to_total_sizes(graph, library.SizeConstraints(4, nodes, edges), padding_values=values)


def sized_graph(library, a, b, e, f, components=1, latent=False):
    def edges(source, target, count):
        ends = tf.zeros([count * components], tf.int32)
        adjacency = library.Adjacency.from_indices((source, ends), (target, ends))
        return library.EdgeSet.from_fields(sizes=[count] * components, adjacency=adjacency)

    def nodes(count):
        features = {} if latent else {"x": tf.ones([count * components])}
        return library.NodeSet.from_fields(sizes=[count] * components, features=features)

    return library.GraphTensor.from_pieces(
        library.Context.from_fields(features={"c": tf.ones([components])}),
        {"a": nodes(a), "alone": nodes(b), "b": nodes(b)},
        {"e": edges("a", "b", e), "f": edges("b", "b", f)},
    )


def datasets(tfgnn, sizes, *, batch=None, **options):
    for library in (gnnkit, tfgnn):
        relax = {k: v for k, v in options.items() if k.startswith("num_")}
        others = {k: v for k, v in options.items() if k not in relax}
        graphs = [sized_graph(library, *each, **others) for each in sizes]
        dataset = tf.data.Dataset.from_generator(
            lambda graphs=graphs: graphs, output_signature=graphs[0].spec.relax(**relax)
        )
        yield library, dataset if batch is None else dataset.batch(batch)


VARIED = [(3, 2, 4, 5), (1, 4, 2, 9), (6, 1, 1, 1)]
DYNAMIC = {"num_nodes": True, "num_edges": True}


@pytest.mark.slow
@pytest.mark.parametrize(
    "sizes, options",
    [
        (VARIED, DYNAMIC),
        (VARIED, {**DYNAMIC, "batch": 2}),
        (VARIED[:1] * 2, {}),
        (VARIED[:1] * 2, {"latent": True}),
        (VARIED[:1] * 2, {"components": 2, "num_components": True}),
        (VARIED[:1] * 2, {"num_nodes": True}),
        (VARIED[:1] * 2, {"num_edges": True}),
    ],
)
def test_tight_sizes(tfgnn, sizes, options):
    for arguments in ({}, {"target_batch_size": 3}, {"min_nodes_per_component": {"a": 2, "alone": 1, "none": 9}}):
        ours, theirs = (
            library.find_tight_size_constraints(dataset, **arguments)
            for library, dataset in datasets(tfgnn, sizes, **options)
        )
        assert ours == theirs
        assert [type(n) for n in ours.total_num_nodes.values()] == [int] * 3


@pytest.mark.parametrize(
    "sizes, options, arguments",
    [
        (VARIED, DYNAMIC, {"batch_size": 2}),
        (VARIED[:1] * 2, {}, {"batch_size": [4, 3]}),
        (VARIED[:1] * 2, DYNAMIC, {"batch_size": 4, "success_ratio": [0.5], "min_nodes_per_component": {"alone": 2}}),
    ],
)
def test_learnt_sizes_that_do_not_depend_on_chance(tfgnn, sizes, options, arguments):
    ours, theirs = (
        library.learn_fit_or_skip_size_constraints(dataset, **arguments, num_thresholds=10, sample_size=100)
        for library, dataset in datasets(tfgnn, sizes, **options)
    )
    assert ours == theirs


@pytest.mark.slow
def test_learnt_sizes_of_random_graphs(tfgnn):
    """Other batches are simulated: the sizes are alike."""
    sizes = np.random.default_rng(1).lognormal(2, [0.3, 0.6, 0.5, 1.0], [200, 4]).astype(int).tolist()
    found = [
        library.learn_fit_or_skip_size_constraints(dataset, 8, success_ratio=0.9)
        for library, dataset in datasets(tfgnn, sizes, **DYNAMIC)
    ]
    ours, theirs = ([*c.total_num_nodes.values(), *c.total_num_edges.values()] for c in found)
    np.testing.assert_allclose(ours, theirs, rtol=0.03)


@pytest.mark.parametrize(
    "call",
    [
        lambda library, ds: library.find_tight_size_constraints(ds.repeat()),
        lambda library, ds: library.find_tight_size_constraints(tf.data.Dataset.range(3)),
        lambda library, ds: library.learn_fit_or_skip_size_constraints(ds, 0),
        lambda library, ds: library.learn_fit_or_skip_size_constraints(ds, 2, success_ratio=1.5),
        lambda library, ds: library.dataset_filter_with_summary(ds, lambda g: True, summary_steps=0),
        lambda library, ds: library.dataset_filter_with_summary(ds, lambda g: True, summary_decay=1.0),
        lambda library, ds: library.dataset_from_generator(lambda: []),
        lambda library, ds: library.dataset_from_generator(lambda: ds.batch(2)),
    ],
)
def test_errors_with_datasets(tfgnn, call):
    for library, dataset in datasets(tfgnn, VARIED, **DYNAMIC):
        with pytest.raises(ValueError):
            call(library, dataset)


def summaries(library, folder, **arguments):
    """Steps and values that a filter writes."""
    writer = tf.summary.create_file_writer(str(folder))
    with writer.as_default():
        dataset = library.dataset_filter_with_summary(tf.data.Dataset.range(40), lambda n: n % 3 != 1, **arguments)
        kept = list(dataset.as_numpy_iterator())
    writer.close()
    found = []
    for record in tf.data.TFRecordDataset([str(file) for file in folder.iterdir()]):
        event = tf.compat.v1.Event.FromString(record.numpy())
        found += [(event.step, float(tf.make_ndarray(value.tensor))) for value in event.summary.value]
    return found, kept


@pytest.mark.parametrize(
    "arguments", [{"summary_steps": 3}, {"summary_steps": 4, "summary_decay": 0.9}, {"summary_steps": 1}, {}]
)
def test_filter_with_summary(tfgnn, tmp_path, arguments):
    results = []
    for library in (gnnkit, tfgnn):
        folder = tmp_path / library.__name__
        folder.mkdir()
        results.append(summaries(library, folder, **arguments))
    (ours, our_kept), (theirs, their_kept) = results
    assert our_kept == their_kept
    assert [step for step, _ in ours] == [step for step, _ in theirs]
    np.testing.assert_allclose([v for _, v in ours], [v for _, v in theirs], rtol=1e-5)


def test_dataset_from_generator(tfgnn, assert_same_spec, assert_same_graph):
    found = []
    for library in (gnnkit, tfgnn):
        graphs = [sized_graph(library, *each, components=2) for each in VARIED]
        dataset = library.dataset_from_generator(lambda graphs=graphs: ((g, i) for i, g in enumerate(graphs)))
        found.append((dataset.element_spec, list(dataset)))
    (our_spec, ours), (their_spec, theirs) = found
    assert_same_spec(our_spec[0], their_spec[0])
    assert our_spec[1] == their_spec[1]
    for got, want in zip(ours, theirs, strict=True):
        assert_same_graph(got[0], want[0])
        assert int(got[1]) == int(want[1])
