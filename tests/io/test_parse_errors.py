"""Bad data is refused where it enters, with the set and the feature in the message."""

import functools

import pytest
import tensorflow as tf

import gnnkit

SCHEMA = """
context { features { key: "c" value { dtype: DT_FLOAT } } }
node_sets { key: "a" value {
  features { key: "x" value { dtype: DT_FLOAT shape { dim { size: 2 } } } }
  features { key: "r" value { dtype: DT_INT64 shape { dim { size: -1 } } } }
  features { key: "rdr" value { dtype: DT_INT64 shape { dim { size: -1 } dim { size: 2 } dim { size: -1 } } } } } }
edge_sets { key: "e" value { source: "a" target: "a" features { key: "w" value { dtype: DT_FLOAT } } } }
"""
GOOD = {
    "context/c": [1.0],
    "nodes/a.#size": [2],
    "nodes/a.x": [1.0, 2.0, 3.0, 4.0],
    "nodes/a.r": [1, 2, 3],
    "nodes/a.r.d1": [1, 2],
    "nodes/a.rdr": [1, 2, 3],
    "nodes/a.rdr.d1": [0, 1],
    "nodes/a.rdr.d3": [1, 2],
    "edges/e.#size": [2],
    "edges/e.#source": [0, 1],
    "edges/e.#target": [1, 0],
    "edges/e.w": [1.0, 2.0],
}


def serialize(**changes) -> bytes:
    example = tf.train.Example()
    for key, values in {**GOOD, **changes.get("changes", {})}.items():
        if values is None:
            continue
        feature = example.features.feature[key]
        if values and isinstance(values[0], float):
            feature.float_list.value.extend(values)
        elif values and isinstance(values[0], bytes):
            feature.bytes_list.value.extend(values)
        elif values:
            feature.int64_list.value.extend(values)
    return example.SerializeToString(deterministic=True)


def spec(components: int | None = 1) -> gnnkit.GraphTensorSpec:
    result = gnnkit.create_graph_spec_from_schema_pb(gnnkit.parse_schema(SCHEMA))
    return result if components else result.relax(num_components=True)


BAD = {
    "too few rows": (
        {"nodes/a.x": [1.0, 2.0]},
        r"Node set `a`, feature `x` \(nodes/a.x\): the number of items is 1, but #size adds up to 2 \(example 1",
    ),
    "absent feature of a set that is not empty": (
        {"nodes/a.x": None},
        "Node set `a`, feature `x` .nodes/a.x.: the number of items is 0, but #size adds up to 2",
    ),
    "absent size": ({"nodes/a.#size": None}, "the number of items is 2, but #size adds up to 0"),
    "half an item": (
        {"nodes/a.x": [1.0, 2.0, 3.0]},
        r"Node set `a`, feature `x` .*values of shape \[2\] need a multiple of 2; left over are 1",
    ),
    "row lengths": (
        {"nodes/a.r.d1": [1, 1]},
        r"feature `r`: row lengths \(nodes/a.r.d1\) add up to 2, but the number of rows is 3",
    ),
    "negative row lengths": (
        {"nodes/a.r.d1": [-1, 4]},
        r"feature `r`: row lengths \(nodes/a.r.d1\): expected numbers from 0 .* but got -1 \(example 1 of the batch\)",
    ),
    "row lengths that wrap around": (
        {"nodes/a.r.d1": [-(2**63), -(2**63)], "nodes/a.r": None},
        r"feature `r`: row lengths \(nodes/a.r.d1\): expected numbers from 0 .* but got -9223372036854775808",
    ),
    "number of row lengths": (
        {"nodes/a.r.d1": [3]},
        r"feature `r` \(nodes/a.r\): the number of items is 1, but #size adds up to 2",
    ),
    "inner row lengths": (
        {"nodes/a.rdr.d3": [1, 2, 0]},
        r"feature `rdr` .*rows of 2 need a multiple of 2; left over are 1",
    ),
    "outer row lengths": (
        {"nodes/a.rdr.d1": [1, 1]},
        r"feature `rdr`: row lengths \(nodes/a.rdr.d1\) add up to 2, but the number of rows is 1",
    ),
    "edges": (
        {"edges/e.#size": [3]},
        "Edge set `e`, #source .edges/e.#source.: the number of items is 2, but #size adds up to 3",
    ),
    "ends of edges": ({"edges/e.#target": [0]}, "Edge set `e`, #target .*: the number of items is 1"),
    "source too large": (
        {"edges/e.#source": [0, 2]},
        r"Edge set `e`, #source: index 2 is outside of node set `a`, which has 2 nodes \(example 1 of the batch\)",
    ),
    "target too large": ({"edges/e.#target": [7, 0]}, "Edge set `e`, #target: index 7 is outside of node set `a`"),
    "negative source": ({"edges/e.#source": [-1, 0]}, "Edge set `e`, #source: index -1 is outside of node set `a`"),
    "wraps around in int32": ({"edges/e.#source": [2**32, 0]}, "#source: index 4294967296 is outside"),
    "wrong type": ({"nodes/a.x": [1, 2, 3, 4]}, "nodes/a.x.*Data types don.t match. Expected type: float"),
    "absent context": (
        {"context/c": None},
        r"Context, feature `c` \(context/c\): the number of values is 0, but shape \[1\] needs 1",
    ),
}


def _parse(serialized: tf.Tensor) -> gnnkit.GraphTensor:
    return gnnkit.parse_example(spec(), serialized)


_parse_in_function = tf.function(_parse, input_signature=[tf.TensorSpec([None], tf.string)])


@pytest.mark.parametrize("parse", [_parse, _parse_in_function], ids=["eager", "function"])
@pytest.mark.parametrize("case", BAD)
def test_error_names_set_and_feature(case, parse):
    changes, message = BAD[case]
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        parse(tf.constant([serialize(), serialize(changes=changes)]))


@pytest.mark.parametrize(
    "changes, message",
    [
        (
            {"edges/e.#size": [2, 0]},
            "Edge set `e`, #size: the number of components is 2, but the first set of the graph has 1",
        ),
        (
            {"nodes/a.#size": [3, -1], "edges/e.#size": [1, 1]},
            "Node set `a`, #size: expected numbers from 0 .* but got -1 .example 0 of the batch",
        ),
        (
            {"nodes/a.#size": [-(2**63), 2, -(2**63)], "edges/e.#size": [2, 0, 0], "context/c": [1.0, 1.0, 1.0]},
            "Node set `a`, #size: expected numbers from 0 .* but got -9223372036854775808",
        ),
        (
            {"nodes/a.#size": [2, 0, 0, 0, 0], "edges/e.#size": [2] + [2**62] * 4, "context/c": [1.0] * 5},
            r"Edge set `e`, #size: expected numbers from 0 with a sum of at most 2\*\*62, but got 4611686018427387904",
        ),
        ({"context/c": [1.0, 2.0]}, "Context, feature `c` .*: the number of items is 2, the graph has components 1"),
    ],
)
def test_numbers_of_components(changes, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        gnnkit.parse_single_example(spec(None), serialize(changes=changes))


@pytest.mark.parametrize("rows", [1, 3])
def test_more_nodes_than_indices_can_count(rows):
    """As int32 they would be one node, and index 2 outside of it."""
    schema = gnnkit.parse_schema(
        'node_sets { key: "latent" value {} } edge_sets { key: "e" value { source: "latent" target: "latent" } }'
    )
    example = tf.train.Example()
    for key, value in {"nodes/latent.#size": 2**32 + 1, "edges/e.#size": 1, "edges/e.#source": 2}.items():
        example.features.feature[key].int64_list.value.append(value)
    example.features.feature["edges/e.#target"].int64_list.value.append(0)
    serialized = [example.SerializeToString()] * rows
    with pytest.raises(
        tf.errors.InvalidArgumentError,
        match=f"Node set `latent`, #size: the examples of the batch have {rows * (2**32 + 1)} items together, but int32",
    ):
        gnnkit.parse_example(gnnkit.create_graph_spec_from_schema_pb(schema), serialized)
    graph = gnnkit.parse_example(gnnkit.create_graph_spec_from_schema_pb(schema, tf.int64), serialized)
    assert graph.node_sets["latent"].sizes.numpy().tolist() == [[2**32 + 1]] * rows


def test_items_without_values():
    schema = gnnkit.parse_schema(
        'node_sets { key: "a" value { features { key: "x" value { dtype: DT_FLOAT shape { dim { size: 0 } } } } } }'
    )
    example = tf.train.Example()
    example.features.feature["nodes/a.#size"].int64_list.value.append(2)
    parse = functools.partial(gnnkit.parse_single_example, gnnkit.create_graph_spec_from_schema_pb(schema))
    assert parse(example.SerializeToString()).node_sets["a"]["x"].shape == [2, 0]
    example.features.feature["nodes/a.x"].float_list.value.append(1.0)
    with pytest.raises(
        tf.errors.InvalidArgumentError,
        match=r"feature `x` .*the number of values is 1, but items of shape \[0\] have 0",
    ):
        parse(example.SerializeToString())


@pytest.mark.parametrize(
    "data",
    [serialize()[:-1], serialize()[:20], b"\n", b"\n\xff\xff\xff\xff\x0f", b"\n\xb1"],
    ids=["cut at the end", "cut early", "a tag", "length of 5 bytes", "half a length"],
)
def test_bytes_that_are_no_example(data):
    for parse in (_parse, _parse_in_function):
        with pytest.raises(tf.errors.InvalidArgumentError):
            parse(tf.constant([serialize(), data]))


def _field(number: int, payload: bytes, length: bytes | None = None) -> bytes:
    """Of a protocol buffer, perhaps with a length that lies."""
    return bytes([8 * number + 2]) + (bytes([len(payload)]) if length is None else length) + payload


@pytest.mark.parametrize("length", [b"\x7f", b"\xff\xff\xff\x7f", b"\xff\xff\xff\xff\x07", b"\xff\xff\xff\xff\x0f"])
@pytest.mark.parametrize("dtype, at_end", [("DT_STRING", True), ("DT_STRING", False), ("DT_FLOAT", False)])
def test_lengths_beyond_the_end(dtype, at_end, length):
    """TensorFlow's parser of batches crashes where strings say so, and allocates gigabytes where floats do."""
    schema = gnnkit.parse_schema(
        f'node_sets {{ key: "a" value {{ features {{ key: "x" value {{ dtype: {dtype} }} }} }} }}'
    )
    values = _field(1, b"" if at_end else b"12345678", length)
    kind = _field(1, _field(1, b"a string") + values) if dtype == "DT_STRING" else _field(2, values)
    data = _field(1, _field(1, _field(1, b"nodes/a.x") + _field(2, kind)))
    with pytest.raises(tf.errors.InvalidArgumentError):
        gnnkit.parse_example(gnnkit.create_graph_spec_from_schema_pb(schema), [b"", data])


def test_empty_batch():
    assert gnnkit.parse_example(spec(), tf.zeros([0], tf.string)).shape == [0]


def test_good_data_pass():
    assert int(gnnkit.parse_single_example(spec(), serialize()).edge_sets["e"].total_size) == 2
    assert gnnkit.parse_example(spec(None), [serialize()] * 3).shape == [3]


def test_validate_false_takes_wrong_counts():
    graph = gnnkit.parse_single_example(spec(), serialize(changes={"edges/e.#source": [0, 9]}), validate=False)
    assert graph.edge_sets["e"].adjacency.source.numpy().tolist() == [0, 9]


def test_errors_end_a_dataset():
    dataset = tf.data.Dataset.from_tensor_slices([serialize(), serialize(changes={"nodes/a.x": None})])
    dataset = dataset.batch(2).map(lambda x: gnnkit.parse_example(spec(), x))
    with pytest.raises(tf.errors.InvalidArgumentError, match="Node set `a`, feature `x`"):
        next(iter(dataset))


def test_arguments():
    with pytest.raises(
        ValueError, match=r"parse_example needs a vector of strings \[B\], but got shape \(\). Use parse_single"
    ):
        gnnkit.parse_example(spec(), serialize())
    with pytest.raises(
        ValueError, match=r"parse_single_example needs a scalar string, but got shape \(1,\). Use parse_example"
    ):
        gnnkit.parse_single_example(spec(), [serialize()])
    with pytest.raises(ValueError, match=r"but got shape \(1, 1\). Flatten it first"):
        gnnkit.parse_example(spec(), [[serialize()]])
    with pytest.raises(TypeError, match="spec must be a GraphTensorSpec, but got GraphSchema"):
        gnnkit.parse_example(gnnkit.parse_schema(SCHEMA), [serialize()])
    with pytest.raises(ValueError, match="stores one scalar graph, but the spec has rank 1"):
        gnnkit.parse_example(spec()._batch(2), [serialize()])
    bad = gnnkit.GraphTensorSpec.from_piece_specs(
        node_sets_spec={
            "a": gnnkit.NodeSetSpec.from_field_specs(
                features_spec={"x": tf.TensorSpec([None, None], tf.float32)}, sizes_spec=tf.TensorSpec([1], tf.int32)
            )
        }
    )
    with pytest.raises(ValueError, match="Node set 'a', feature 'x': only the first dimension of a dense field may be"):
        gnnkit.get_io_spec(bad)
    bad = gnnkit.create_graph_spec_from_schema_pb(
        gnnkit.parse_schema(
            'node_sets { key: "a" value { features { key: "x" value { dtype: DT_FLOAT '
            "shape { dim { size: -1 } dim { size: 0 } } } } } }"
        )
    )
    with pytest.raises(
        ValueError, match=r"feature 'x': the shape \(None, None, 0\) has both a ragged dimension and one"
    ):
        gnnkit.parse_example(bad, [b""])
