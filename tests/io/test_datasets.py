"""Datasets from generators, and filters that tell what they removed."""

import pathlib

import pytest
import tensorflow as tf

import gnnkit
from gnnkit.testing import assert_graphs_equal, random_graph

GRAPHS = [random_graph(seed, num_components=2) for seed in range(3)]


def test_graphs_of_varied_sizes():
    calls = []

    def generate():
        calls.append(1)
        yield from GRAPHS

    dataset = gnnkit.dataset_from_generator(generate)
    assert dataset.element_spec == GRAPHS[0].spec.relax(num_nodes=True, num_edges=True)
    for _ in range(2):
        for got, want in zip(dataset, GRAPHS, strict=True):
            assert_graphs_equal(got, want)
    assert len(calls) == 3  # Once for the first element.


def test_graphs_with_labels():
    dataset = gnnkit.dataset_from_generator(
        lambda: ({"graph": graph, "label": (i, tf.ones([2]))} for i, graph in enumerate(GRAPHS))
    )
    elements = list(dataset)
    assert [int(e["label"][0]) for e in elements] == [0, 1, 2] and elements[0]["label"][1].shape == [2]
    assert_graphs_equal(elements[2]["graph"], GRAPHS[2])


def test_wrong_generators():
    with pytest.raises(ValueError, match="must yield at least one element, but there is none"):
        gnnkit.dataset_from_generator(lambda: [])
    batch = next(iter(tf.data.Dataset.from_tensors(GRAPHS[0]).batch(1)))
    with pytest.raises(ValueError, match="dataset_from_generator needs a scalar GraphTensor"):
        gnnkit.dataset_from_generator(lambda: [batch])
    paper = GRAPHS[1].node_sets["paper"]
    changed = GRAPHS[1].replace_features(node_sets={"paper": {"other": tf.ones([paper.total_size])}})
    for second in (changed, random_graph(1, num_components=3)):
        with pytest.raises(tf.errors.InvalidArgumentError, match="(?s)yielded an element of GraphTensorSpec.*expected"):
            list(gnnkit.dataset_from_generator(lambda second=second: [GRAPHS[0], second]))


def logged(folder: pathlib.Path, **arguments):
    """(step, value) of each summary that a filter of 0, ..., 19 without the multiples of 4 writes; and what it keeps."""
    writer = tf.summary.create_file_writer(str(folder))
    with writer.as_default():
        dataset = gnnkit.dataset_filter_with_summary(tf.data.Dataset.range(20), lambda n: n % 4 != 0, **arguments)
        kept = [int(n) for n in dataset]
    writer.close()
    events = [
        tf.compat.v1.Event.FromString(record.numpy())
        for file in sorted(map(str, folder.iterdir()))
        for record in tf.data.TFRecordDataset(file)
    ]
    values = [(e.step, v) for e in events for v in e.summary.value]
    assert {v.tag for _, v in values} <= {arguments.get("summary_name", "dataset_removed_fraction")}
    assert {v.metadata.plugin_data.plugin_name for _, v in values} <= {"scalars"}
    return [(step, float(tf.make_ndarray(v.tensor))) for step, v in values], kept


def test_summaries(tmp_path):
    events, kept = logged(tmp_path, summary_steps=5)
    assert kept == [n for n in range(20) if n % 4 != 0]
    assert [step for step, _ in events] == [2, 6, 10, 14]
    # 2 of the first 5 were removed; then one of 5 twice, an exponential mean.
    assert [value for _, value in events] == pytest.approx([0.4, 0.29556, 0.23024, 0.18418], abs=1e-5)


def test_name_and_decay(tmp_path):
    events, _ = logged(tmp_path, summary_name="other", summary_steps=2, summary_decay=0.5)
    assert events[:3] == [(0, 0.5), (2, 0.125), (3, 0.28125)]


def test_few_elements_and_no_writer(tmp_path):
    assert logged(tmp_path)[0] == []
    dataset = gnnkit.dataset_filter_with_summary(tf.data.Dataset.range(20), lambda n: n > 17, summary_steps=1)
    assert [int(n) for n in dataset] == [18, 19]


def test_predicate_with_python_conditions():
    """As in `Dataset.filter`, AutoGraph converts them."""

    def is_kept(n):
        if n > 2:
            return n < 5
        return False

    assert [int(n) for n in gnnkit.dataset_filter_with_summary(tf.data.Dataset.range(9), is_kept)] == [3, 4]


def test_filter_of_graphs():
    """As it is used: what cannot be padded is left out."""
    dataset = gnnkit.dataset_from_generator(lambda: GRAPHS)
    sizes = [int(graph.node_sets["paper"].total_size) for graph in GRAPHS]
    smallest = GRAPHS[sizes.index(min(sizes))]
    constraints = gnnkit.SizeConstraints(
        3,
        {name: int(piece.total_size) + 1 for name, piece in smallest.node_sets.items()},
        {name: int(piece.total_size) + 1 for name, piece in smallest.edge_sets.items()},
    )
    filtered = gnnkit.dataset_filter_with_summary(
        dataset, lambda graph: gnnkit.satisfies_size_constraints(graph, constraints)
    )
    assert filtered.element_spec == dataset.element_spec
    padded = [gnnkit.pad_to_total_sizes(graph, constraints)[0] for graph in filtered]
    assert 1 <= len(padded) < 3 and all(p.spec == padded[0].spec for p in padded)
    pairs = gnnkit.dataset_filter_with_summary(dataset.map(lambda g: (g, 1)), lambda pair: pair[1] > 1)
    assert not list(pairs)


def test_wrong_arguments():
    dataset = tf.data.Dataset.range(3)
    with pytest.raises(ValueError, match="summary_steps must be at least 1, but got 0"):
        gnnkit.dataset_filter_with_summary(dataset, lambda n: n > 1, summary_steps=0)
    for decay in (0.0, 1.0):
        with pytest.raises(ValueError, match="summary_decay must be between 0 and 1"):
            gnnkit.dataset_filter_with_summary(dataset, lambda n: n > 1, summary_decay=decay)
    with pytest.raises(TypeError, match="the predicate must give a bool, but gave int64"):
        gnnkit.dataset_filter_with_summary(dataset, lambda n: n)
