"""Malformed, truncated and hostile tf.train.Examples: refused, or parsed to a valid graph; never anything else."""

import functools
import resource
import sys

import hypothesis
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import strategies as st

import gnnkit


def _nodes(**features: str) -> str:
    """A schema of the node set "a" with some features, a latent one, and edges between them."""
    text = " ".join(f'features {{ key: "{name}" value {{ {feature} }} }}' for name, feature in features.items())
    return f"""
        node_sets {{ key: "a" value {{ {text} }} }}
        node_sets {{ key: "latent" value {{}} }}
        edge_sets {{ key: "e" value {{ source: "a" target: "latent"
                                       features {{ key: "w" value {{ dtype: DT_DOUBLE }} }} }} }}
        edge_sets {{ key: "loops" value {{ source: "latent" target: "latent" }} }}
    """


DENSE = _nodes(
    n="dtype: DT_INT32", x="dtype: DT_FLOAT shape { dim { size: 3 } }", none="dtype: DT_HALF shape { dim { size: 0 } }"
)
RAGGED = _nodes(
    r="dtype: DT_INT64 shape { dim { size: -1 } dim { size: 2 } }",
    s="dtype: DT_STRING shape { dim { size: -1 } dim { size: -1 } }",
    u="dtype: DT_BOOL shape { dim { size: -1 } dim { size: 2 } dim { size: -1 } }",
)
CONTEXT = """
    context { features { key: "c" value { dtype: DT_FLOAT shape { dim { size: 2 } } } }
              features { key: "words" value { dtype: DT_STRING shape { dim { size: -1 } } } } }
"""


def _spec(schema: str, indices_dtype: tf.DType) -> gnnkit.GraphTensorSpec:
    return gnnkit.create_graph_spec_from_schema_pb(gnnkit.parse_schema(schema), indices_dtype)


def _with_hyperedges(spec: gnnkit.GraphTensorSpec) -> gnnkit.GraphTensorSpec:
    adjacency = gnnkit.HyperAdjacencySpec.from_incident_node_sets({0: "a", 1: "latent", 2: "a"})
    edge_set = gnnkit.EdgeSetSpec.from_field_specs(sizes_spec=tf.TensorSpec([1], tf.int32), adjacency_spec=adjacency)
    return gnnkit.GraphTensorSpec.from_piece_specs(spec.context_spec, spec.node_sets_spec, {"h": edge_set})


SPECS = [
    _spec(DENSE, tf.int64),
    _with_hyperedges(_spec(DENSE, tf.int32)),
    _spec(CONTEXT + DENSE, tf.int32).relax(num_components=True),
    _spec(RAGGED, tf.int32),
    _spec(CONTEXT + RAGGED, tf.int64).relax(num_components=True),
]


@functools.cache
def _good(which: int) -> list[bytes]:
    """Valid Examples of a spec."""
    components = (1, 4) if SPECS[which].num_components is None else (1, 2)
    graphs = [gnnkit.random_graph_tensor(SPECS[which], None, (0, 4), True, components, seed=seed) for seed in range(8)]
    return [gnnkit.write_example(graph).SerializeToString(deterministic=True) for graph in graphs]


@functools.cache
def _parser(which: int, single: bool):
    """parse_single_example or parse_example, traced."""
    parse, shape = (gnnkit.parse_single_example, []) if single else (gnnkit.parse_example, [None])
    return tf.function(lambda data: parse(SPECS[which], data), input_signature=[tf.TensorSpec(shape, tf.string)])


HOSTILE = [-(2**63), -(2**62), -(2**32), -(2**31), -2, -1, 0, 1, 2, 3, 5, 2**31 - 1, 2**31, 2**32, 2**32 + 1]
HOSTILE += [2**40, 2**61, 2**62, 2**63 - 1]
LENGTHS = [
    b"\xff\xff\xff\x7f",
    b"\xff\xff\xff\xff\x07",
    b"\x80\x80\x80\x80\x08",
    b"\xfc\xff\xff\xff\x0f",
    b"\xff" * 9 + b"\x01",
]
hostile_ints = st.sampled_from(HOSTILE)
hostile_lists = st.one_of(
    st.builds(lambda value, n: [value] * n, hostile_ints, st.integers(0, 8)), st.lists(hostile_ints, max_size=5)
)


@st.composite
def _changed_feature(draw, example: tf.train.Example) -> None:
    """Changes one feature of the Example: its values, their number, their type, its name."""
    features = example.features.feature
    key = draw(st.sampled_from(sorted(features)))
    values = getattr(features[key], features[key].WhichOneof("kind") or "int64_list").value
    change = draw(st.sampled_from(["remove", "set", "list", "append", "pop", "floats", "bytes", "unset", "swap"]))
    if change == "remove":
        del features[key]
    elif change == "set" and values and isinstance(values[0], int):
        values[draw(st.integers(0, len(values) - 1))] = draw(hostile_ints)
    elif change == "list":
        features[key].Clear()
        features[key].int64_list.value.extend(draw(hostile_lists))
    elif change == "append" and values:
        values.extend([values[0]] * draw(st.integers(1, 4)))
    elif change == "pop" and values:
        del values[draw(st.integers(0, len(values) - 1)) :]
    elif change == "floats":
        features[key].float_list.value.extend([0.0] * draw(st.integers(0, 7)))
    elif change == "bytes":
        features[key].bytes_list.value.extend([b""] * draw(st.integers(0, 7)))
    elif change == "unset":
        features[key].Clear()
    elif change == "swap":
        features[key].CopyFrom(features[draw(st.sampled_from(sorted(features)))])


@st.composite
def _changed_bytes(draw, data: bytes) -> bytes:
    at = draw(st.integers(0, len(data)))
    change = draw(st.sampled_from(["truncate", "replace", "insert", "delete", "repeat", "overwrite", "length"]))
    end = at + draw(st.integers(1, 16))
    if change == "truncate":
        return data[:at]
    if change == "replace":
        return data[:at] + draw(st.binary(min_size=1, max_size=1)) + data[at + 1 :]
    if change == "insert":
        return data[:at] + draw(st.binary(max_size=12)) + data[at:]
    if change == "delete":
        return data[:at] + data[end:]
    if change == "repeat":
        return data[:end] + data[at:]
    if change == "overwrite":
        return data[:at] + b"\xff" * (end - at) + data[end:]
    tag = data.find(draw(st.sampled_from([b"\n", b"\x12", b"\x1a"])), at)
    return data[: tag + 1] + draw(st.sampled_from(LENGTHS)) + data[tag + 2 :]


@st.composite
def cases(draw) -> tuple[int, bytes, bool]:
    """Which spec, a serialized Example that was one of it, and whether to parse it alone."""
    which = draw(st.integers(0, len(SPECS) - 1))
    data = draw(st.sampled_from(_good(which)))
    if draw(st.booleans()):
        example = tf.train.Example.FromString(data)
        for _ in range(draw(st.integers(1, 4))):
            if example.features.feature:
                draw(_changed_feature(example))
        data = example.SerializeToString(deterministic=True)
    if draw(st.integers(0, 2)) == 0:
        for _ in range(draw(st.integers(1, 3))):
            data = draw(_changed_bytes(data))
    return which, data, draw(st.booleans())


def _graphs(field, rank: int) -> list[tuple[np.ndarray, int]]:
    """For each graph of a batch (of one graph, where the rank is 0) the values of a field and its number of items."""
    _check_splits(field)
    if rank == 0:
        return [_values(field)]
    if not isinstance(field, tf.RaggedTensor):
        return [(row, len(row)) for row in field.numpy()]
    ends = field.row_splits.numpy()
    values = _values(field.values)[0]
    return [(values[start:end], end - start) for start, end in zip(ends[:-1], ends[1:], strict=True)]


def _values(field) -> tuple[np.ndarray, int]:
    """Values of a dense field, row lengths of a ragged one, and how many items there are."""
    values = np.diff(field.row_splits.numpy()) if isinstance(field, tf.RaggedTensor) else field.numpy()
    return values, len(values)


def _check_splits(field) -> None:
    while isinstance(field, tf.RaggedTensor):
        splits, field = field.row_splits.numpy(), field.values
        rows = field.row_splits.shape[0] - 1 if isinstance(field, tf.RaggedTensor) else field.shape[0]
        assert splits[0] == 0 and np.all(splits[1:] >= splits[:-1]) and splits[-1] == rows


def assert_valid(graph: gnnkit.GraphTensor, rank: int = 1) -> None:
    """Checks a batch, or one graph, with NumPy, without any code of the library."""
    components = [n for _, n in _graphs(graph.context.sizes, rank)]
    for name, field in graph.context.features.items():
        assert [n for _, n in _graphs(field, rank)] == components, name
    totals = {}
    for kind, pieces in (("nodes", graph.node_sets), ("edges", graph.edge_sets)):
        for name, piece in pieces.items():
            sizes = _graphs(piece.sizes, rank)
            assert [n for _, n in sizes] == components and all(np.all(s >= 0) for s, _ in sizes), name
            totals[kind, name] = [sum(map(int, s)) for s, _ in sizes]
            for feature, field in piece.features.items():
                assert [n for _, n in _graphs(field, rank)] == totals[kind, name], (name, feature)
    for name, piece in graph.edge_sets.items():
        for tag in piece.adjacency.tags:
            indices = _graphs(piece.adjacency[tag], rank)
            assert [n for _, n in indices] == totals["edges", name], (name, tag)
            for (index, _), nodes in zip(indices, totals["nodes", piece.adjacency.node_set_name(tag)], strict=True):
                assert np.all(index >= 0) and np.all(index < nodes), (name, tag)


def _check(case: tuple[int, bytes, bool]) -> None:
    which, data, single = case
    good = _good(which)[0]
    try:
        graph = _parser(which, single)(tf.constant(data if single else [good, data, good]))
    except tf.errors.InvalidArgumentError:
        hypothesis.event("refused")
    except UnicodeDecodeError:
        hypothesis.event("refused with bytes that TensorFlow cannot quote")
    else:
        hypothesis.event("parsed")
        assert_valid(graph, rank=0 if single else 1)


def test_good_examples_pass():
    for which in range(len(SPECS)):
        assert_valid(gnnkit.parse_example(SPECS[which], _good(which)))


@hypothesis.given(cases())
@hypothesis.settings(max_examples=300)
def test_some(case):
    _check(case)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_ten_thousand():
    """Memory stays where it was: nothing is allocated by a number that an Example claims."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    hypothesis.settings(max_examples=10_000)(hypothesis.given(cases())(_check))()
    growth = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert growth * (1 if sys.platform == "darwin" else 1024) < 2**30
