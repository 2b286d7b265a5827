"""Schemas and tf.train.Examples: bytes and graphs like tensorflow-gnn's."""

import functools
import pathlib
import random

import pytest
import tensorflow as tf

import gnnkit
import gnnkit.schemas

EXAMPLES = pathlib.Path(gnnkit.schemas.__file__).parent / "examples"
SCHEMA = """
context { features { key: "c" value { dtype: DT_FLOAT } }
          features { key: "words" value { dtype: DT_STRING shape { dim { size: -1 } dim { size: 2 } } } } }
node_sets { key: "a" value {
  features { key: "n" value { dtype: DT_INT32 } }
  features { key: "feat" value { dtype: DT_FLOAT shape { dim { size: 2 } dim { size: 3 } } } }
  features { key: "r" value { dtype: DT_INT64 shape { dim { size: -1 } dim { size: 2 } } } }
  features { key: "rr" value { dtype: DT_BOOL shape { dim { size: -1 } dim { size: -1 } } } }
} }
node_sets { key: "latent" value {} }
edge_sets { key: "e" value { source: "a" target: "latent" features { key: "w" value { dtype: DT_DOUBLE } } } }
"""


def _schemas() -> dict[str, str]:
    found = {path.name: path.read_text() for path in EXAMPLES.glob("*schema.pbtxt")}
    return {"all kinds": SCHEMA, "empty context": SCHEMA[SCHEMA.index("node_sets") :], **found}


@pytest.mark.parametrize("name", _schemas())
@pytest.mark.parametrize("indices_dtype", [tf.int32, tf.int64])
def test_spec_of_schema(make_pair, assert_same_spec, name, indices_dtype):
    ours, theirs = make_pair(
        lambda library: library.create_graph_spec_from_schema_pb(library.parse_schema(_schemas()[name]), indices_dtype)
    )
    assert_same_spec(ours, theirs)
    back = make_pair(lambda library: library.create_schema_pb_from_graph_spec(ours if library is gnnkit else theirs))
    assert back[0].SerializeToString(deterministic=True) == back[1].SerializeToString(deterministic=True)


@pytest.mark.parametrize("name", _schemas())
def test_iteration(make_pair, name):
    ours, theirs = make_pair(lambda library: library.parse_schema(_schemas()[name]))
    sets = make_pair(lambda library: list(library.iter_sets(ours if library is gnnkit else theirs)))
    assert sorted(s[:2] for s in sets[0]) == sorted(s[:2] for s in sets[1])
    features = make_pair(lambda library: list(library.iter_features(ours if library is gnnkit else theirs)))
    assert sorted(f[:3] for f in features[0]) == sorted(f[:3] for f in features[1])


def test_files(tfgnn, tmp_path):
    tfgnn.write_schema(tfgnn.parse_schema(SCHEMA), str(tmp_path / "theirs"))
    assert gnnkit.read_schema(tmp_path / "theirs") == gnnkit.parse_schema(SCHEMA)
    gnnkit.write_schema(gnnkit.parse_schema(SCHEMA), tmp_path / "ours")
    assert tfgnn.read_schema(str(tmp_path / "ours")) == tfgnn.parse_schema(SCHEMA)


@pytest.mark.parametrize("components", [1, 3])
@pytest.mark.parametrize("prefix", [None, "p/"])
def test_written_bytes(make_pair, make_graph, components, prefix):
    ours, theirs = make_pair(lambda library: library.write_example(make_graph(library, 4, components), prefix=prefix))
    assert ours == theirs
    assert ours.SerializeToString(deterministic=True) == theirs.SerializeToString(deterministic=True)


def test_written_bytes_of_an_empty_set(make_pair):
    def write(library):
        return library.write_example(
            library.homogeneous(
                tf.zeros([0], tf.int32),
                tf.zeros([0], tf.int32),
                node_features={
                    "s": tf.zeros([0], tf.string),
                    "r": tf.ragged.constant([], ragged_rank=1, dtype=tf.int32),
                },
            )
        )

    ours, theirs = make_pair(write)
    assert ours == theirs


@pytest.mark.parametrize("mode", ["one component", "components", "static"])
@pytest.mark.parametrize("prefix", [pytest.param(None, marks=pytest.mark.slow), "p/"])
def test_parsing(make_pair, make_graph, assert_same_graph, mode, prefix):
    counts = {"one component": (1, 1, 1), "components": (2, 1, 3), "static": (1, 1, 1)}[mode]

    def parse(library):
        nodes = [3, 3, 3] if mode == "static" else [3, 1, 4]
        graphs = [make_graph(library, n, components=c) for n, c in zip(nodes, counts, strict=True)]
        relax = mode != "static"
        spec = graphs[0].spec.relax(num_nodes=relax, num_edges=relax, num_components=mode == "components")
        serialized = [library.write_example(g, prefix=prefix).SerializeToString() for g in graphs]
        single = library.parse_single_example(spec, tf.constant(serialized[0]), prefix=prefix)
        parse = functools.partial(library.parse_example, spec, prefix=prefix)
        return parse(tf.constant(serialized)), tf.function(parse)(tf.constant(serialized)), single

    for ours, theirs in zip(*make_pair(parse), strict=True):
        assert_same_graph(ours, theirs)


@pytest.mark.parametrize("name", _schemas())
def test_io_spec(make_pair, name):
    def io_spec(library):
        spec = library.create_graph_spec_from_schema_pb(library.parse_schema(_schemas()[name]))
        return library.get_io_spec(spec, prefix="p/")

    ours, theirs = make_pair(io_spec)
    assert {k: str(v) for k, v in ours.items()} == {k: str(v) for k, v in theirs.items()}


def test_parsing_of_random_examples(make_pair, assert_same_graph):
    """Examples that no writer made: sets and keys that are absent."""
    generator = random.Random(1)

    def example() -> bytes:
        result = tf.train.Example()
        feature = result.features.feature
        feature["context/c"].float_list.value.append(1.0)
        lengths = [generator.randrange(3)]
        feature["context/words.d1"].int64_list.value.extend(lengths)
        feature["context/words"].bytes_list.value.extend([b"x"] * 2 * sum(lengths))
        if n := generator.randrange(4):
            feature["nodes/a.#size"].int64_list.value.append(n)
            feature["nodes/a.n"].int64_list.value.extend(range(n))
            feature["nodes/a.feat"].float_list.value.extend(map(float, range(6 * n)))
            rows = [generator.randrange(3) for _ in range(n)]
            feature["nodes/a.r.d1"].int64_list.value.extend(rows)
            feature["nodes/a.r"].int64_list.value.extend(range(2 * sum(rows)))
            inner = [generator.randrange(3) for _ in range(sum(rows))]
            feature["nodes/a.rr.d1"].int64_list.value.extend(rows)
            feature["nodes/a.rr.d2"].int64_list.value.extend(inner)
            feature["nodes/a.rr"].int64_list.value.extend(k % 2 for k in range(sum(inner)))
            if generator.random() < 0.5:
                feature["nodes/latent.#size"].int64_list.value.append(2)
                feature["edges/e.#size"].int64_list.value.append(2)
                feature["edges/e.w"].float_list.value.extend([0.5, 0.1])
                feature["edges/e.#source"].int64_list.value.extend([0, n - 1])
                feature["edges/e.#target"].int64_list.value.extend([1, 0])
        return result.SerializeToString()

    serialized = tf.constant([example() for _ in range(40)])

    def parse(library):
        spec = library.create_graph_spec_from_schema_pb(library.parse_schema(SCHEMA))
        return library.parse_example(spec, serialized)

    ours, theirs = make_pair(parse)
    assert_same_graph(ours, theirs)
    assert_same_graph(ours.merge_batch_to_components(), theirs.merge_batch_to_components())


def _hyper(library):
    index = tf.constant([0])
    adjacency = library.HyperAdjacency.from_indices({0: ("a", index), 1: ("a", index)})
    return library.GraphTensor.from_pieces(
        node_sets={"a": library.NodeSet.from_fields(sizes=tf.constant([1]))},
        edge_sets={"h": library.EdgeSet.from_fields(sizes=tf.constant([1]), adjacency=adjacency)},
    )


def _spec(library, dtype=tf.float32, shape=(None,), rank=0):
    spec = library.GraphTensorSpec.from_piece_specs(
        node_sets_spec={
            "a": library.NodeSetSpec.from_field_specs(
                features_spec={"x": tf.TensorSpec(shape, dtype)}, sizes_spec=tf.TensorSpec([1], tf.int32)
            )
        }
    )
    return spec._batch(2) if rank else spec


def _example() -> bytes:
    example = tf.train.Example()
    example.features.feature["nodes/a.#size"].int64_list.value.append(1)
    example.features.feature["nodes/a.x"].int64_list.value.append(1)
    return example.SerializeToString()


def _graph(library, **arguments):
    return library.homogeneous(tf.constant([0]), tf.constant([0]), node_features={"x": tf.constant([1.0])}, **arguments)


ERRORS = {
    "scalar to parse_example": lambda t: t.parse_example(_spec(t), tf.constant("")),
    "vector to parse_single_example": lambda t: t.parse_single_example(_spec(t), tf.constant([""])),
    "wrong type of value": lambda t: t.parse_example(_spec(t), tf.constant([_example()])),
    "fixed feature is absent": lambda t: t.parse_example(_spec(t, shape=(1,)), tf.constant([b""])),
    "complex": lambda t: t.get_io_spec(_spec(t, tf.complex64)),
    "two unknown dimensions": lambda t: t.get_io_spec(_spec(t, shape=(None, None))),
    "write complex": lambda t: t.write_example(
        t.homogeneous(tf.constant([0]), tf.constant([0]), node_features={"x": tf.complex([1.0], [1.0])})
    ),
    "schema of a batch": lambda t: t.create_schema_pb_from_graph_spec(_spec(t, rank=1)),
    "schema of several components": lambda t: t.create_schema_pb_from_graph_spec(_spec(t).relax(num_components=True)),
    "schema of hyperedges": lambda t: t.create_schema_pb_from_graph_spec(_hyper(t)),
    "schema of complex": lambda t: t.create_schema_pb_from_graph_spec(_spec(t, tf.complex64)),
    "check a batch": lambda t: t.check_compatible_with_schema_pb(_spec(t, rank=1), t.parse_schema("")),
    "not compatible": lambda t: t.check_compatible_with_schema_pb(_spec(t), t.parse_schema("")),
}


@pytest.mark.parametrize("case", ERRORS)
def test_types_of_errors(tfgnn, case):
    with pytest.raises(Exception) as theirs:
        ERRORS[case](tfgnn)
    with pytest.raises(theirs.type):
        ERRORS[case](gnnkit)


def _set(feature: str, name: str = "x") -> str:
    return f'node_sets {{ key: "a" value {{ features {{ key: "{name}" value {{ {feature} }} }} }} }}'


def _edge(name: str, source: str, target: str) -> str:
    return f'edge_sets {{ key: "{name}" value {{ source: "{source}" target: "{target}" }} }}'


READOUT = 'node_sets { key: "u" value {} } node_sets { key: "_readout" value {} }'
VALIDATE = [
    "",
    SCHEMA,
    _set(""),
    _set("dtype: DT_COMPLEX64"),
    _set("dtype: DT_QINT8"),
    _set("dtype: DT_HALF"),
    _set("dtype: DT_FLOAT shape { unknown_rank: true }"),
    _set('dtype: DT_FLOAT shape { dim { size: 3 name: "n" } }'),
    _set("dtype: DT_FLOAT shape { dim { size: 1 } }"),
    _set("dtype: DT_INT64", "#size"),
    'node_sets { key: "a" value { context: "q" } }',
    _edge("e", "a", "b"),
    'node_sets { key: "a" value {} } edge_sets { key: "e" value { source: "a" } }',
    'node_sets { key: "a" value {} } ' + _edge("", "a", "a"),
    READOUT,
    READOUT + _edge("_readout/seed", "u", "_readout"),
    READOUT + _edge("_readout/seed", "_readout", "u"),
    READOUT + _edge("_readout/seed/1", "u", "_readout") + _edge("_readout/other", "u", "_readout"),
    READOUT + _edge("x", "u", "_readout"),
    READOUT + 'node_sets { key: "_shadow/e" value {} }' + _edge("_readout/seed", "_shadow/e", "_readout"),
    READOUT
    + 'node_sets { key: "_shadow/e" value {} }'
    + _edge("e", "u", "u")
    + _edge("_readout/seed", "_shadow/e", "_readout"),
]


@pytest.mark.parametrize("text", VALIDATE, ids=range(len(VALIDATE)))
def test_verdicts_on_schemas(make_pair, text):
    def verdict(library):
        try:
            return len(library.validate_schema(library.parse_schema(text)))
        except library.ValidationError:
            return "error"

    ours, theirs = make_pair(verdict)
    assert ours == theirs


class TestWhereTfgnnIsWrong:
    def test_sizes_without_rows(self, tfgnn):
        example = tf.train.Example()
        example.features.feature["nodes/a.#size"].int64_list.value.append(2)
        serialized = tf.constant([example.SerializeToString()])
        graph = tfgnn.parse_example(_spec(tfgnn), serialized)
        assert graph.node_sets["a"].sizes.numpy().tolist() == [[2]] and graph.node_sets["a"]["x"].to_list() == [[]]
        with pytest.raises(tf.errors.InvalidArgumentError, match="feature `x`.*number of items is 0, but #size"):
            gnnkit.parse_example(_spec(gnnkit), serialized)
        assert gnnkit.parse_example(_spec(gnnkit), serialized, validate=False).node_sets["a"]["x"].to_list() == [[]]

    def test_uniform_dimension_before_a_ragged_one(self, make_pair):
        text = _set("dtype: DT_INT64 shape { dim { size: 3 } dim { size: -1 } }")
        ours, theirs = make_pair(lambda library: library.create_graph_spec_from_schema_pb(library.parse_schema(text)))
        value = tf.RaggedTensor.from_uniform_row_length(tf.ragged.constant([[1], [], [2]], dtype=tf.int64), 3)
        assert not theirs.node_sets_spec["a"]["x"].is_compatible_with(value)
        assert ours.node_sets_spec["a"]["x"].is_compatible_with(value)

    def test_writing_a_batch(self, make_pair, tfgnn):
        ours, theirs = make_pair(lambda library: next(iter(tf.data.Dataset.from_tensors(_graph(library)).batch(2))))
        assert list(tfgnn.write_example(theirs).features.feature["nodes/nodes.#size"].int64_list.value) == [
            1
        ]  # two graphs
        with pytest.raises(ValueError, match="write_example needs a scalar GraphTensor"):
            gnnkit.write_example(ours)

    def test_hyperedges(self, tfgnn):
        with pytest.raises(NotImplementedError):
            tfgnn.write_example(_hyper(tfgnn))
        assert "edges/h.#index.1" in gnnkit.write_example(_hyper(gnnkit)).features.feature
