"""`gnnkit.experimental.sampler` against tensorflow_gnn's: the same where nothing is left to chance."""

import importlib
import warnings

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

import gnnkit
from gnnkit._parameters import parameters_of
from gnnkit.experimental import sampler

ragged = tf.ragged.constant
LEFT_OUT = {"Artifacts", "create_program"}  # of TF-GNN's Beam executor; see gnnkit/experimental/sampler/__init__.py

SCHEMA = """
node_sets { key: "a" value { features { key: "x" value { dtype: DT_FLOAT shape { dim { size: 1 } } } } } }
node_sets { key: "b" value { features { key: "y" value { dtype: DT_INT32 } } } }
edge_sets { key: "ab" value { source: "a" target: "b" features { key: "f" value { dtype: DT_FLOAT } } } }
edge_sets { key: "aa" value { source: "a" target: "a" } }
edge_sets { key: "ba" value { source: "b" target: "a" } }
"""
LINKS = """
node_sets { key: "_readout" value { features { key: "label" value { dtype: DT_INT64 } } } }
edge_sets { key: "_readout/source" value { source: "a" target: "_readout" } }
edge_sets { key: "_readout/target" value { source: "a" target: "_readout" } }
"""


@pytest.fixture(scope="module")
def theirs(tfgnn):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("tensorflow_gnn.experimental.sampler")


@pytest.fixture(scope="module")
def libraries(tfgnn, theirs):
    return [(gnnkit, sampler), (tfgnn, theirs)]


def _graph(library):
    def nodes(**features):
        return library.NodeSet.from_fields(features=features, sizes=[len(next(iter(features.values())))])

    def edges(source, target, **features):
        adjacency = library.Adjacency.from_indices(
            *((name, tf.constant(index, tf.int32)) for name, index in (source, target))
        )
        return library.EdgeSet.from_fields(features=features, sizes=[len(source[1])], adjacency=adjacency)

    return library.GraphTensor.from_pieces(
        node_sets={"a": nodes(x=tf.constant([[1.0], [2.0], [3.0]])), "b": nodes(y=tf.constant([7, 8]))},
        edge_sets={
            "ab": edges(("a", [0, 0, 1, 2]), ("b", [0, 1, 1, 0]), f=tf.constant([0.1, 0.2, 0.3, 0.4])),
            "aa": edges(("a", [0, 1, 2, 0]), ("a", [1, 2, 0, 1])),
            "ba": edges(("b", [0, 1, 1]), ("a", [1, 2, 0])),
        },
    )


def _canonical(features, batch):
    """What edges of a row there are, whatever their order: per row, the sorted tuples of their features."""
    names = sorted(features)
    rows = {name: features[name].to_list() for name in names}
    return names, [sorted(zip(*(rows[name][i] for name in names), strict=True)) for i in range(batch)]


def _list(value):
    return value.to_list() if isinstance(value, tf.RaggedTensor) else value.numpy().tolist()


def _specs(features):
    return {name: (x.dtype, x.row_splits.dtype, x.shape.as_list()) for name, x in features.items()}


def _graph_rows(graph, seed_set):
    """Per graph, its nodes and edges, whatever their order but for the seed; nodes are known by their features."""
    rows = []
    for i in range(int(graph.shape[0])):
        nodes = {}
        for name, piece in graph.node_sets.items():
            features = sorted(piece.features)
            nodes[name] = list(zip(*(map(str, piece[f][i].numpy().tolist()) for f in features), strict=True))
        found = {name: sorted(keys) for name, keys in nodes.items()}
        found["seed"] = nodes[seed_set][:1]
        for name, piece in graph.edge_sets.items():
            adjacency = piece.adjacency
            ends = [
                [nodes[s][k] for k in index[i].numpy()]
                for s, index in (
                    (adjacency.source_name, adjacency.source),
                    (adjacency.target_name, adjacency.target),
                )
            ]
            features = [map(str, piece[f][i].numpy().tolist()) for f in sorted(piece.features)]
            found[f"{name}: {adjacency.source_name}, {adjacency.target_name}"] = sorted(
                zip(*ends, *features, strict=True)
            )
        rows.append(found)
    return rows


def _arguments(fn):
    parameters = parameters_of(fn).values()
    return [(p.name, p.kind, p.default) for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]


def test_names_and_arguments(theirs):
    public = {name for name in dir(theirs) if not name.startswith("_")} - {"proto"}
    assert len(public) == 22
    assert public - LEFT_OUT <= set(dir(sampler))
    for name in sorted(public - LEFT_OUT):
        have, wanted = getattr(sampler, name), getattr(theirs, name)
        assert _arguments(have) == _arguments(wanted), name
        if isinstance(wanted, type):
            members = [m for m in vars(wanted) if not m.startswith("_") and m not in ("call", "get_config")]
            for member in members:
                assert hasattr(have, member), f"{name}.{member}"
                if callable(getattr(wanted, member)):
                    assert _arguments(getattr(have, member)) == _arguments(getattr(wanted, member)), f"{name}.{member}"
    for name in LEFT_OUT:
        with pytest.raises(AttributeError, match=f"has no {name}: it turns a Keras model into the program of TF-GNN's"):
            getattr(sampler, name)


@pytest.mark.parametrize("source_tag", [0, 1])
@pytest.mark.parametrize("dtype", [tf.int32, tf.int64])
def test_in_mem_uniform_edges_sampler(libraries, source_tag, dtype):
    seeds = ragged([[0], [1, 0], []], dtype)
    ours, theirs = (
        api.InMemUniformEdgesSampler.from_graph_tensor(_graph(library), "ab", sample_size=9, source_tag=source_tag)
        for library, api in libraries
    )
    got, want = ours(seeds), theirs(seeds)
    assert _specs(got) == _specs(want)
    assert _canonical(got, 3) == _canonical(want, 3)
    names = ("sample_size", "edge_set_name", "edge_target_feature_name", "name")
    assert [getattr(ours, name) for name in names] == [getattr(theirs, name) for name in names]


def test_in_mem_sampler_of_arrays_and_other_ids(libraries):
    for ids, dtypes in (([5, 6, 7], (tf.int64, tf.int32)), (["x", "y", "z"], (tf.int32, tf.string))):
        target = tf.constant(ids, dtypes[1])
        got, want = (
            api.InMemUniformEdgesSampler(
                2, tf.constant([1, 0, 1], dtypes[0]), target, {"w": tf.constant([[1], [2], [3]])}, sample_size=3
            )(ragged([[0], [0, 1]]))
            for _, api in libraries
        )
        assert _specs(got) == _specs(want)
        assert got["w"].to_list()[0] == want["w"].to_list()[0] == [[2]]
        del got["w"], want["w"]
        assert _canonical(got, 2) == _canonical(want, 2)


@pytest.mark.parametrize("bad", [5, -1])
def test_ids_out_of_range(libraries, bad):
    for library, api in libraries:
        for layer in (
            api.InMemUniformEdgesSampler.from_graph_tensor(_graph(library), "ab", sample_size=1),
            api.InMemIndexToFeaturesAccessor.from_graph_tensor(_graph(library), "a"),
        ):
            with pytest.raises(tf.errors.InvalidArgumentError):
                layer(ragged([[0, bad]]))
        with pytest.raises(KeyError):
            api.InMemUniformEdgesSampler.from_graph_tensor(_graph(library), "nothing", sample_size=1)
        with pytest.raises(KeyError):
            api.InMemIndexToFeaturesAccessor.from_graph_tensor(_graph(library), "nothing")


def test_in_mem_index_to_features_accessor(libraries):
    for indices in (ragged([[0, 2], [], [1]]), tf.constant([[0, 2]])):
        ours, theirs = (
            api.InMemIndexToFeaturesAccessor.from_graph_tensor(_graph(library), "a") for library, api in libraries
        )
        got, want = ours(indices), theirs(indices)
        assert list(got) == list(want) and type(got["x"]) is type(want["x"])
        assert _list(got["x"]) == _list(want["x"])
        assert got["x"].shape.as_list() == want["x"].shape.as_list()
        assert (ours.name, ours.resource_name) == (theirs.name, theirs.resource_name)


@pytest.mark.parametrize("kind", ["InMemStringKeyToBytesAccessor", "InMemIntegerKeyToBytesAccessor"])
def test_key_to_bytes(libraries, kind):
    keys = ["a", "b", "c"] if "String" in kind else [10, 20, 30]
    table, asked = dict(zip(keys[:2], [b"A", "B"], strict=True)), ragged([keys, [keys[1]], []])
    for arguments in ({}, {"default_value": b"zz"}, {"default_value": "zz"}):
        got, want = (getattr(api, kind)(keys_to_values=table, **arguments)(asked) for _, api in libraries)
        assert got.to_list() == want.to_list() and got.dtype == want.dtype
    for _, api in libraries:
        layer = getattr(api, kind)(keys_to_values=table, default_value=None)
        assert layer(ragged([keys[:2]])).to_list() == [[b"A", b"B"]]
        with pytest.raises(tf.errors.InvalidArgumentError):
            layer(asked)
        with pytest.raises(ValueError):
            getattr(api, kind)()


def _example(**features):
    example = tf.train.Example()
    for name, values in features.items():
        kind = {bytes: "bytes_list", float: "float_list", int: "int64_list"}[type(values[0])]
        getattr(example.features.feature[name], kind).value.extend(values)
    return example.SerializeToString()


EXAMPLES = [_example(c=[1], words=[b"to", b"be"], f=[1.0, 2.0]), _example(c=[2], words=[b"x"], f=[3.0, 4.0]), b""]
SPECS = {
    "c": tf.TensorSpec([], tf.int64),
    "words": tf.TensorSpec([None], tf.string),
    "f": tf.TensorSpec([2], tf.float32),
}


@pytest.mark.parametrize(
    "serialized",
    [ragged([[EXAMPLES[0]], EXAMPLES, []]), tf.constant(EXAMPLES), tf.constant([EXAMPLES])],
    ids=["ragged", "vector", "matrix"],
)
@pytest.mark.parametrize("defaults", [None, {"c": 7, "f": [8.0, 9.0]}])
def test_tf_examples_parser(libraries, serialized, defaults):
    got, want = (api.TfExamplesParser(SPECS, default_values=defaults)(serialized) for _, api in libraries)
    assert got.keys() == want.keys()
    for name, value in got.items():
        assert type(value) is type(want[name]), name
        assert value.dtype == want[name].dtype and value.shape.as_list() == want[name].shape.as_list(), name
        assert _list(value) == _list(want[name]), name


@pytest.mark.slow
def test_key_to_tf_example_accessor_and_uniform_edges_sampler(libraries):
    table = {
        "p1": _example(**{"#target": [b"p3", b"p4", b"p5"], "w": [0.3, 0.4, 0.5]}),
        "p2": _example(**{"#target": [b"p1"], "w": [0.1]}),
    }
    specs = {"#target": tf.TensorSpec([None], tf.string), "w": tf.TensorSpec([None], tf.float32)}
    asked = ragged([["p1", "p2"], ["p1"], ["p9"], []])
    results, names = [], []
    for _, api in libraries:
        serialized = api.InMemStringKeyToBytesAccessor(keys_to_values=table, name="cites")
        accessor = api.KeyToTfExampleAccessor(serialized, features_spec=specs)
        edges = api.UniformEdgesSampler(accessor, sample_size=9)
        found, sampled = accessor(asked), edges(asked)
        results.append((found["w"].to_list(), _specs(found), _canonical(sampled, 4), _specs(sampled)))
        names.append((accessor.resource_name, edges.resource_name, edges.edge_set_name, edges.sample_size))
        bad = api.UniformEdgesSampler(accessor, sample_size=9, edge_target_feature_name="nothing")
        with pytest.raises(ValueError):
            bad(asked)
        few = api.UniformEdgesSampler(accessor, sample_size=2)(asked)
        assert [len(row) for row in few["#target"].to_list()] == [3, 2, 0, 0]
        assert len(edges.wrapped_model.layers) > 1
    assert results[0] == results[1] and names[0] == names[1]


BUILD = {
    "latent": {
        "edge_sets": {
            "A,e,A": {"#source": ragged([[9, 1], [1]]), "#target": ragged([[5, 6], [2]])},
            "B,f,A": {"#source": ragged([[9, 1], [1]]), "#target": ragged([[7, 6], [2]])},
        }
    },
    "given": {
        "node_sets": {
            "A": {"#id": ragged([[1, 2, 3], [1, 2], [3]])},
            "B": {"#id": ragged([[4, 3, 2, 1], [7, 6, 5], [1]]),
                  "x": ragged([[[1], [], [], [2, 3]], [[4], [5], []], [[]]])},
        },
        "edge_sets": {
            "A,e,B": {"#source": ragged([[1, 2, 2, 1], [2, 2, 2], [3]]), "#target": ragged([[1, 2, 3, 4], [5, 6, 7], [1]])}
        },
    },
    "lists": {
        "node_sets": {
            "A": [
                {"#id": ragged([["a"], ["c"]]), "f.s": ragged([[0], [2]])},
                {"#id": ragged([["b"], []]), "f.s": ragged([[1], []], tf.int32)},
            ]
        },
        "edge_sets": {
            "A,e,A": [
                {"#source": ragged([["a"], ["c"]]), "#target": ragged([["b"], ["c"]]),
                 "w": ragged([[[1.0]], [[2.0]]], ragged_rank=1)},
                {"#source": ragged([["a"], ["c"]]), "#target": ragged([["a"], ["c"]]),
                 "w": ragged([[[3.0]], [[4.0]]], ragged_rank=1)},
            ]
        },
    },
    "context": {
        "context": {"c": tf.constant([[1], [2]]), "r": ragged([[[1, 2]], [[]]]), "d": tf.constant([[[1.0, 2]], [[3, 4]]])},
        "node_sets": {"A": {"#id": ragged([[1], [1, 2]])}},
    },
    "context only": {"context": {"c": tf.constant([[1], [2]])}},
    "short splits": {
        "node_sets": {"A": {"#id": ragged([[1], [2, 3]], row_splits_dtype=tf.int32)}},
    },
}  # fmt: skip


@pytest.mark.parametrize("case", BUILD)
@pytest.mark.parametrize("arguments", [{}, {"indices_dtype": tf.int64, "remove_parallel_edges": False}])
def test_build_graph_tensor(libraries, assert_same_graph, case, arguments):
    ours, theirs = (api.build_graph_tensor(**BUILD[case], **arguments) for _, api in libraries)
    assert_same_graph(ours, theirs)


def test_parallel_edges(libraries, assert_same_graph):
    edges = {"#source": ragged([[1, 1, 1], [1]]), "#target": ragged([[5, 5, 6], [2]]), "w": ragged([[1, 2, 3], [4]])}
    for remove, count in ((True, 2), (False, 3)):
        ours, theirs = (
            api.build_graph_tensor(edge_sets={"A,e,A": edges}, remove_parallel_edges=remove) for _, api in libraries
        )
        assert int(ours.edge_sets["e"].sizes[0, 0]) == count
        assert_same_graph(ours, theirs)


@pytest.mark.parametrize(
    ("error", "pieces"),
    [
        (tf.errors.InvalidArgumentError, {"node_sets": {"A": {"#id": ragged([[1, 1], [2]])}}}),
        (tf.errors.InvalidArgumentError, {"node_sets": {"A": {"#id": ragged([[1]])}},
                                         "edge_sets": {"A,e,A": {"#source": ragged([[1]]), "#target": ragged([[5]])}}}),
        (ValueError, {"node_sets": {"A": {"x": ragged([[1]])}}}),
        (ValueError, {"edge_sets": {"A->A": {"#source": ragged([[1]]), "#target": ragged([[1]])}}}),
        (ValueError, {"context": {"c": tf.constant([1, 2])}}),
        (ValueError, {"node_sets": {"A": {"#id": ragged([[1]])}},
                      "edge_sets": {"A,e,A": {"#source": ragged([["a"]]), "#target": ragged([["a"]])}}}),
    ],
    ids=["id twice", "unknown id", "no id", "key", "context", "dtype"],
)  # fmt: skip
def test_build_graph_tensor_refuses(libraries, error, pieces):
    for _, api in libraries:
        with pytest.raises(error):
            api.build_graph_tensor(**pieces)


def _sampler_of(library, api, graph):
    def factory(op):
        name = op.op_name.replace(">", "").replace("(", "").replace(")", "").replace("|", "")  # Keras 2 wants it so.
        return api.InMemUniformEdgesSampler.from_graph_tensor(
            graph, op.edge_set_name, sample_size=op.sample_size, name=name
        )

    return factory


def _spec(library):
    schema = text_format.Parse(SCHEMA, library.GraphSchema())
    seed = library.sampler.SamplingSpecBuilder(schema, library.sampler.SamplingStrategy.RANDOM_UNIFORM).seed("a")
    cited = seed.sample([9, 9], "aa")  # One edge set twice: for them, under names of its own.
    return schema, seed.join([cited]).sample(9, "ab").sample(9, "ba").build()


@pytest.mark.slow
@pytest.mark.timeout(1200)  # TF-GNN takes long to make the model.
def test_sampling_model(libraries, assert_same_spec):
    models = []
    for library, api in libraries:
        graph, (schema, spec) = _graph(library), _spec(library)

        def look_up(name, api=api, graph=graph):
            return api.InMemIndexToFeaturesAccessor.from_graph_tensor(graph, name) if name == "a" else None

        models.append(
            api.create_sampling_model_from_spec(
                schema, spec, _sampler_of(library, api, graph), look_up, seed_node_dtype=tf.int32
            )
        )
    for seeds in (ragged([[0], [2], [1]]), ragged([[0, 2, 0], [2], []])):
        ours, theirs = (_graph_rows(model(seeds), "a") for model in models)
        assert ours == theirs
    dataset = tf.data.Dataset.from_tensors(seeds)
    assert_same_spec(*(dataset.map(model).element_spec for model in models))


def _break(spec, how):
    if how == "no seed":
        spec.ClearField("seed_op")
    else:
        spec.sampling_ops[0].input_op_names[0] = "nothing"
    return spec


@pytest.mark.parametrize("how", ["no seed", "input"])
def test_sampling_model_refuses(libraries, how):
    for library, api in libraries:
        schema, spec = _spec(library)
        with pytest.raises(ValueError):
            api.create_sampling_model_from_spec(
                schema, _break(spec, how), _sampler_of(library, api, _graph(library)), seed_node_dtype=tf.int32
            )


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_link_sampling_model(libraries):
    rows, readouts = [], []
    for library, api in libraries:
        graph = _graph(library)
        schema = text_format.Parse(SCHEMA + LINKS, library.GraphSchema())
        spec = text_format.Parse(
            'symmetric_link_seed_op { op_name: "seed" }'
            'sampling_ops { op_name: "h" input_op_names: "seed" edge_set_name: "aa" sample_size: 9 }'
            'sampling_ops { op_name: "h2" input_op_names: ["seed", "h"] edge_set_name: "ab" sample_size: 9 }',
            library.sampler.SamplingSpec(),
        )
        model = api.create_link_sampling_model_from_spec(
            schema, spec, _sampler_of(library, api, graph), seed_node_dtype=tf.int32
        )
        result = model(
            {
                "#source": ragged([[0, 1], [2], [1]]),
                "#target": ragged([[1, 1], [0], [1]]),
                "label": ragged([[5, 9], [6], [7]], tf.int64),
            }
        )
        readouts.append({name: x.to_list() for name, x in result.node_sets["_readout"].features.items()})
        rows.append(_graph_rows(result, "a"))
    assert rows[0] == rows[1] and readouts[0] == readouts[1]
    assert readouts[0]["label"] == [[5, 9], [6], [7]]


def test_ragged_unique_and_lookup(libraries):
    cases = [
        ([["a", "a", "b"], [], ["a", "b", "a", "b", "c"]], [["b", "a"], [], ["a", "b", "c"]]),
        ([[1, 1, 2], [3]], [[2, 1], [3, 4]]),
        ([[1.5, 1.5], [3.0]], [[2.0, 1.5], [3.0, 4.0]]),
    ]
    for values, vocabulary in cases:
        for splits in (tf.int64, tf.int32) if values[0][0] == 1 else (tf.int64,):
            values_, vocabulary_ = (ragged(x, row_splits_dtype=splits) for x in (values, vocabulary))
            results = []
            for _, api in libraries:
                for result in (
                    api.ragged_unique(values_),
                    api.ragged_lookup(values_, vocabulary_),
                    api.ragged_lookup(values_, vocabulary_, global_indices=True),
                ):
                    results.append((result.to_list(), result.dtype, result.row_splits.dtype, result.shape.as_list()))
            assert results[:3] == results[3:]


@pytest.mark.parametrize(
    ("error", "values", "vocabulary"),
    [
        (tf.errors.InvalidArgumentError, ragged([["z"]]), ragged([["a"]])),
        (tf.errors.InvalidArgumentError, ragged([["a"]]), ragged([["a", "a"]])),
        (tf.errors.InvalidArgumentError, ragged([["a"], ["a"]]), ragged([["a"]])),
        (ValueError, ragged([["a"]]), ragged([[1]])),
        (ValueError, ragged([[1]], row_splits_dtype=tf.int32), ragged([[1]])),
        (ValueError, ragged([[[1]]]), ragged([[1]])),
    ],
    ids=["unknown", "repeated", "rows", "dtype", "splits", "rank"],
)
def test_ragged_lookup_refuses(libraries, error, values, vocabulary):
    for _, api in libraries:
        with pytest.raises(error):
            api.ragged_lookup(values, vocabulary)


def test_ragged_choice(libraries):
    for splits_dtype in (tf.int32, tf.int64):
        splits = tf.constant([0, 2, 2, 5, 25], splits_dtype)
        for count in (0, -1, 3, 9, [1, 1, 2, 3]):
            for global_indices in (True, False):
                results = []
                for _, api in libraries:
                    drawn = api.ragged_choice(tf.constant(count, splits_dtype), splits, global_indices=global_indices)
                    results.append((drawn.row_lengths().numpy().tolist(), drawn.dtype, drawn.shape.as_list()))
                    starts = splits.numpy()[:-1] if global_indices else np.zeros(4, int)
                    for row, start, degree in zip(drawn.to_list(), starts, np.diff(splits), strict=True):
                        assert len(set(row)) == len(row) and all(start <= x < start + degree for x in row)
                assert results[0] == results[1]


def test_set_ext_ops_implementation(libraries):
    for _, api in libraries:
        for name in ("parallel", "vectorized"):
            api.set_ext_ops_implementation(name)
        with pytest.raises(ValueError):
            api.set_ext_ops_implementation("nothing")
    sampler.set_ext_ops_implementation("compiled")
