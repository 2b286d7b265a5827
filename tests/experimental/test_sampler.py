"""TF-GNN's sampling API: draws, models with several operations on one edge set, saving, and errors."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.experimental import sampler
from gnnkit.samplers import SamplingSpecBuilder

ragged = tf.ragged.constant


@pytest.fixture(params=["compiled", "vectorized"])
def implementation(request):
    sampler.set_ext_ops_implementation(request.param)
    yield request.param
    sampler.set_ext_ops_implementation("compiled")


@pytest.fixture(scope="module")
def graph():
    """A ring of ten papers that also cite the paper after the next, with the year as what tells them apart."""
    paper = np.arange(10, dtype=np.int32)
    return gnnkit.homogeneous(
        tf.constant(np.repeat(paper, 2)),
        tf.constant(np.stack([(paper + 1) % 10, (paper + 2) % 10], 1).ravel()),
        node_set_name="paper",
        edge_set_name="cites",
        node_features={"year": tf.constant(2000 + paper), "words": ragged([["w"] * (i % 3) for i in range(10)])},
        edge_features={"weight": tf.range(20.0)},
    )


@pytest.fixture(scope="module")
def schema(graph):
    return gnnkit.create_schema_pb_from_graph_spec(graph.spec)


@pytest.fixture(scope="module")
def make_model(graph, schema):
    def make(sizes, *, name=None, features=True, **kwargs):
        spec = SamplingSpecBuilder(schema).seed("paper").sample(sizes, "cites").build()
        return sampler.create_sampling_model_from_spec(
            schema,
            spec,
            lambda op: sampler.InMemUniformEdgesSampler.from_graph_tensor(
                graph, op.edge_set_name, sample_size=op.sample_size, name=name
            ),
            (lambda name: sampler.InMemIndexToFeaturesAccessor.from_graph_tensor(graph, name)) if features else None,
            **{"seed_node_dtype": tf.int32, **kwargs},
        )

    return make


@pytest.fixture(scope="module")
def model(make_model):
    return make_model([9, 9])


@pytest.mark.parametrize(("degree", "count"), [(6, 2), (6, 4), (6, 6), (50, 40)])
def test_each_subset_is_equally_likely(implementation, degree, count):
    rows = 20_000 if degree < 10 else 4_000
    splits = tf.range(rows + 1) * degree
    drawn = sampler.ragged_choice(count, splits, seed=7).to_tensor().numpy()
    assert drawn.shape == (rows, min(count, degree))
    assert (np.diff(np.sort(drawn, axis=1), axis=1) > 0).all()
    # An element is in a sample with probability count / degree; samples are independent.
    expected, deviation = rows * count / degree, np.sqrt(rows * count / degree * (1 - count / degree))
    assert abs(np.bincount(drawn.ravel(), minlength=degree) - expected).max() <= 4.5 * deviation
    if degree == 6 and count == 2:
        pairs = np.bincount(drawn.min(1) * 6 + drawn.max(1), minlength=36)
        pairs = pairs[pairs > 0]
        assert len(pairs) == 15
        chi_square = ((pairs - rows / 15) ** 2 / (rows / 15)).sum()
        assert chi_square < 36.1  # the 99.9 % quantile for 14 degrees of freedom


def test_rows_of_one_hundred_thousand(implementation):
    splits = tf.range(65, dtype=tf.int64) * 100_000
    for row in sampler.ragged_choice(50, splits).to_list():
        assert len(set(row)) == 50 and 0 <= min(row) and max(row) < 100_000
    mixed = sampler.ragged_choice([3, 100, 7, 0], [0, 100_000, 100_120, 100_125, 100_130], global_indices=True)
    assert mixed.row_lengths().numpy().tolist() == [3, 100, 5, 0]
    assert [len(set(row)) for row in mixed.to_list()] == [3, 100, 5, 0]


def test_repeatable_draws(implementation):
    def draw():
        tf.random.set_seed(3)
        return [sampler.ragged_choice(2, [0, 50, 90], seed=4).to_list() for _ in range(3)]

    first = draw()
    assert first == draw() and first[0] != first[1]


def test_implementations_agree():
    rng = np.random.default_rng(1)
    values = tf.RaggedTensor.from_row_lengths(rng.integers(0, 9, 60), [10, 0, 30, 20])
    results = []
    for name in ("compiled", "vectorized"):
        sampler.set_ext_ops_implementation(name)
        unique = sampler.ragged_unique(values)
        found = sampler.ragged_lookup(values, unique, global_indices=True)
        unknown = sampler.ragged_lookup(values, unique[:, 1:], validate=False)
        results.append((unique.to_list(), found.to_list(), unknown.to_list()))
    sampler.set_ext_ops_implementation("compiled")
    assert results[0] == results[1]
    assert -1 in results[0][2][0]


@pytest.mark.parametrize(
    ("count", "splits", "error", "text"),
    [
        (2.0, [0, 2], TypeError, "num_samples must be int32 or int64, but got float32"),
        (2, [0.0, 2.0], TypeError, "row_splits must be int32 or int64"),
        (2, [[0, 2]], ValueError, r"row_splits must have shape \[R \+ 1\], but got \(1, 2\)"),
        ([1, 2, 3], [0, 2, 4], ValueError, "one for each of the 2 rows"),
        (2, [0, 5, 3], tf.errors.InvalidArgumentError, "must ascend from 0"),
        (2, [1, 5], tf.errors.InvalidArgumentError, "must ascend from 0"),
    ],
)
def test_ragged_choice_refuses(count, splits, error, text):
    with pytest.raises(error, match=text):
        sampler.ragged_choice(count, splits)


def test_num_samples_may_have_another_dtype_than_splits():
    assert sampler.ragged_choice(2, tf.constant([0, 2], tf.int64)).dtype == tf.int64
    assert sampler.ragged_choice(tf.constant(2, tf.int64), [0, 2]).dtype == tf.int32


def test_sampled_edges_are_edges(graph, implementation):
    layer = sampler.InMemUniformEdgesSampler.from_graph_tensor(graph, "cites", sample_size=1, seed=1)
    seeds = ragged([[3, 3, 9], [], [0]])
    weights = set()
    for _ in range(20):
        edges = layer(seeds)
        assert edges["#source"].to_list() == seeds.to_list()
        columns = (edges[name].values.numpy() for name in ("#source", "#target", "weight"))
        for source, target, weight in zip(*columns, strict=True):
            assert (source, target) == (weight // 2, (weight // 2 + 1 + weight % 2) % 10)
            weights.add(weight)
    assert len(weights) == 6  # Both edges of each of the three nodes.


def test_samplers_share_one_index(graph):
    one, two = (sampler.InMemUniformEdgesSampler.from_graph_tensor(graph, "cites", sample_size=k) for k in (1, 2))
    back = sampler.InMemUniformEdgesSampler.from_graph_tensor(graph, "cites", sample_size=1, source_tag=gnnkit.TARGET)
    assert one._index is two._index and one._index is not back._index


def test_b19_the_same_edge_set_in_several_operations(make_model):
    """tensorflow/gnn#827. Here: a layer for each operation, all of one name, which is that of the features' too."""
    model = make_model([9, 9], name="paper")
    result = model(ragged([[0], [5]]))
    assert result.node_sets["paper"]["year"].to_list() == [
        [2000, 2001, 2002, 2003, 2004],
        [2005, 2006, 2007, 2008, 2009],
    ]
    assert result.edge_sets["cites"].sizes.numpy().tolist() == [[6], [6]]
    assert model.get_layer("paper").name == "paper"


def test_model_in_eager_mode_function_and_dataset(model):
    seeds = ragged([[0], [5], [9]])
    want = model(seeds)
    function = tf.function(model, input_signature=[tf.RaggedTensorSpec([None, None], tf.int32)], autograph=False)
    in_dataset = next(iter(tf.data.Dataset.from_tensor_slices(seeds).batch(3).map(model)))
    for got in (function(seeds), in_dataset):
        assert got.spec.node_sets_spec.keys() == want.spec.node_sets_spec.keys()
        for name in ("year", "words"):
            assert got.node_sets["paper"][name].to_list() == want.node_sets["paper"][name].to_list()
        assert got.edge_sets["cites"]["weight"].to_list() == want.edge_sets["cites"]["weight"].to_list()
    assert want.node_sets["paper"]["words"].to_list()[2][0] == []  # Paper 9.
    merged = in_dataset.merge_batch_to_components()
    first = gnnkit.gather_first_node(merged, "paper", feature_name="year")
    assert first.numpy().tolist() == [2000, 2005, 2009]


def test_no_edge_is_sampled_twice_for_parallel_edges_of_a_batch(model):
    edges = model(ragged([[0, 1, 2, 3]])).edge_sets["cites"]
    pairs = list(zip(edges.adjacency.source.to_list()[0], edges.adjacency.target.to_list()[0], strict=True))
    assert len(pairs) == len(set(pairs))


def test_ids_of_other_integers(make_model):
    model = make_model([9], features=False, seed_node_dtype=tf.int64)
    assert model(ragged([[4]], tf.int64)).node_sets["paper"]["#id"].to_list() == [[4, 5, 6]]


def test_functions_as_samplers_and_accessors(schema):
    spec = SamplingSpecBuilder(schema).seed("paper").sample(3, "cites").build()

    def to_itself(ids):
        return {"#source": ids, "#target": ids}

    model = sampler.create_sampling_model_from_spec(
        schema, spec, lambda op: to_itself, lambda name: lambda ids: {"#id": ids, "twice": ids + ids}, tf.int64
    )
    assert model(ragged([[4]], tf.int64)).node_sets["paper"]["twice"].to_list() == [[8]]
    for factory, text in (
        (lambda op: None, "be a layer or a function"),
        (lambda op: lambda i: i, "return a dict"),
    ):
        with pytest.raises(TypeError, match=f"The sampler of operation 'paper->paper' must {text}"):
            sampler.create_sampling_model_from_spec(schema, spec, factory, seed_node_dtype=tf.int64)
    with pytest.raises(ValueError, match="operation 'paper->paper' returned no '#target', but"):
        sampler.create_sampling_model_from_spec(
            schema, spec, lambda op: lambda ids: {"#source": ids}, seed_node_dtype=tf.int64
        )


def _change(spec, path, value):
    op = spec.sampling_ops[0]
    if path == "seed":
        spec.ClearField("seed_op")
        spec.symmetric_link_seed_op.op_name = "SEED->paper"
    elif path == "node_set":
        spec.seed_op.node_set_name = value
    elif path == "input":
        op.input_op_names[:] = value
    else:
        setattr(op, path, value)


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        ("seed", None, "has no seed_op.*Use create_link_sampling_model_from_spec"),
        ("node_set", "author", r"no node set 'author' for the seeds; there are \['paper'\]"),
        ("input", ["x"], "'paper->paper' takes input 'x', which is not an earlier operation"),
        ("input", [], "'paper->paper' has no input_op_names"),
        ("edge_set_name", "x", r"'paper->paper': there is no edge set 'x'; there are \['cites'\]"),
        ("op_name", "SEED->paper", "'SEED->paper' occurs twice"),
    ],
)
def test_specs_that_do_not_fit(schema, path, value, text):
    spec = SamplingSpecBuilder(schema).seed("paper").sample(3, "cites").build()
    _change(spec, path, value)
    with pytest.raises(ValueError, match=text):
        sampler.create_sampling_model_from_spec(schema, spec, lambda op: None)


def test_errors_of_layers(graph, model):
    layer = sampler.InMemUniformEdgesSampler.from_graph_tensor(graph, "cites", sample_size=1)
    accessor = sampler.InMemIndexToFeaturesAccessor.from_graph_tensor(graph, "paper")
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"edge set 'cites': a node id is not in \[0, 10\)"):
        layer(ragged([[10]]))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"Features of 'paper': an index is not in \[0, 10\)"):
        accessor(ragged([[-1]]))
    for call in (layer, accessor):
        with pytest.raises(TypeError, match="nodes are known by their index, int32 or int64, but ids are string"):
            call(ragged([["0"]]))
    with pytest.raises(ValueError, match=r"source_node_ids must be a RaggedTensor \[batch, \(items\)\].*from_tensor"):
        layer(tf.constant([[1]]))
    with pytest.raises(ValueError, match="a RaggedTensor"):
        model(tf.constant([[1]]))
    for source, target, text in (
        ([0, 2], [0, 0], r"source 2 is not in \[0, 2\)"),
        ([0, -1], [0, 0], r"source -1 is not in \[0, 2\)"),
        ([0.0], [0], "source must be integers"),
        ([0, 1], [0], "there are 2 sources, but '#target' has shape"),
    ):
        with pytest.raises(ValueError, match=text):
            sampler.InMemUniformEdgesSampler(2, source, target, sample_size=1)
    with pytest.raises(ValueError, match=r"features cannot be called \['#target'\]"):
        sampler.InMemUniformEdgesSampler(2, [0], [0], {"#target": [1]}, sample_size=1)
    with pytest.raises(ValueError, match="same number of rows, but they have {'a': 1, 'b': 2}"):
        sampler.InMemIndexToFeaturesAccessor({"a": [1], "b": [1, 2]})
    for call in (layer, accessor):
        with pytest.raises(NotImplementedError, match="Make it anew.*save_model"):
            call.get_config()


def test_errors_of_accessors_to_bytes():
    accessor = sampler.InMemStringKeyToBytesAccessor(keys_to_values={"a": b"A"}, default_value=None, name="papers")
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="'papers' has no default_value, and no value for the keys"
    ):
        accessor(ragged([["a", "z"]]))
    with pytest.raises(TypeError, match="'papers' has string keys, but is asked for int32"):
        accessor(ragged([[1]]))
    with pytest.raises(TypeError, match="keys must be integers, but one is 'a'"):
        sampler.InMemIntegerKeyToBytesAccessor(keys_to_values={"a": b"A"})


def test_b19_config_without_default_value():
    blob = bytes(range(256))
    for accessor, keys in (
        (sampler.InMemStringKeyToBytesAccessor(keys_to_values={"é": blob}, default_value=None), [["é"]]),
        (sampler.InMemIntegerKeyToBytesAccessor(keys_to_values={7: blob}, default_value=None), [[7]]),
    ):
        again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(accessor))
        assert again(ragged(keys)).to_list() == [[blob]]
        assert again.get_config() == accessor.get_config() and again.get_config()["default_value"] is None


def _example(**features):
    example = tf.train.Example()
    for name, values in features.items():
        kind = {bytes: "bytes_list", float: "float_list", int: "int64_list"}[type(values[0])]
        getattr(example.features.feature[name], kind).value.extend(values)
    return example.SerializeToString()


def test_b19_features_have_the_dtype_of_their_spec():
    specs = {
        "i": tf.TensorSpec([], tf.int32),
        "flag": tf.TensorSpec([None], tf.bool),
        "f": tf.TensorSpec([2], tf.float64),
    }
    serialized = _example(i=[1], flag=[1, 0], f=[1.0, 2.0])
    for strings in (ragged([[serialized], []], tf.string, ragged_rank=1), tf.constant([serialized])):
        parsed = sampler.TfExamplesParser(specs)(strings)
        assert {name: x.dtype for name, x in parsed.items()} == {"i": tf.int32, "flag": tf.bool, "f": tf.float64}
    assert parsed["flag"].to_list() == [[True, False]]


def test_b19_row_lengths_of_inner_ragged_dimensions():
    parser = sampler.TfExamplesParser({"w": tf.RaggedTensorSpec([None, None], tf.int64, 1)})
    serialized = _example(**{"w": [1, 2, 3], "w.d1": [1, 2]})
    assert parser(ragged([[serialized, b""]]))["w"].to_list() == [[[[1], [2, 3]], []]]


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        (({},), ValueError, "features_spec is empty"),
        (({"a": 3},), TypeError, "needs a tf.TensorSpec or tf.RaggedTensorSpec, but has 3"),
        (({"a": tf.TensorSpec([], tf.int64)}, {"b": 1}), ValueError, r"default_values for \['b'\]"),
        (({"a": tf.TensorSpec([None], tf.int64)}, {"a": 1}), ValueError, r"empty where absent: \['a'\]"),
    ],
)
def test_parser_refuses(arguments, error, text):
    with pytest.raises(error, match=text):
        sampler.TfExamplesParser(arguments[0], default_values=arguments[1] if len(arguments) > 1 else None)


def test_bytes_that_are_no_example():
    parser = sampler.TfExamplesParser({"a": tf.TensorSpec([], tf.int64), "b": tf.TensorSpec([], tf.float32)})
    with pytest.raises((tf.errors.DataLossError, tf.errors.InvalidArgumentError)):
        parser(ragged([[b"\xff\xffjunk"]]))


@pytest.mark.slow
def test_models_of_serialized_examples_are_saved(tmp_path, schema):
    """Accessors to bytes have their data in their config, so that .keras files hold all there is."""
    cites = {f"p{i}": _example(**{"#target": [f"p{i + 1}".encode()]}) for i in range(3)}
    years = {f"p{i}": _example(year=[2000 + i]) for i in range(4)}
    edges = sampler.UniformEdgesSampler(
        sampler.KeyToTfExampleAccessor(
            sampler.InMemStringKeyToBytesAccessor(keys_to_values=cites),
            features_spec={"#target": tf.TensorSpec([None], tf.string)},
        ),
        sample_size=9,
        name="cites",
    )
    features = sampler.KeyToTfExampleAccessor(
        sampler.InMemStringKeyToBytesAccessor(keys_to_values=years, default_value=None),
        features_spec={"year": tf.TensorSpec([], tf.int64)},
        name="paper",
    )
    spec = SamplingSpecBuilder(schema).seed("paper").sample([9, 9], "cites").build()
    model = sampler.create_sampling_model_from_spec(schema, spec, lambda op: edges, lambda name: features)
    model.save(tmp_path / "model.keras")
    for each in (model, keras.models.load_model(tmp_path / "model.keras")):
        assert each(ragged([["p0"], ["p3"]])).node_sets["paper"]["year"].to_list() == [[2000, 2001, 2002], [2003]]


@pytest.mark.slow
def test_saved_model_runs_without_gnnkit(tmp_path, make_model, clean_environment):
    sampler.save_model(make_model([9], features=True), tmp_path / "model")
    assert sampler.get_ext_ops_implementation() == "compiled"
    program = f"""
import sys
sys.modules["gnnkit"] = None
import tensorflow as tf
sample = tf.saved_model.load({str(tmp_path / "model")!r}).signatures["serving_default"]
graph = sample(Input=tf.constant([0, 9]), Input_d1=tf.constant([1, 1], tf.int64))
assert graph["nodes/paper.year"].numpy().tolist() == [2000, 2001, 2002, 2009, 2000, 2001]
assert graph["nodes/paper.year.d1"].numpy().tolist() == [3, 3]
assert graph["nodes/paper.words.d2"].numpy().tolist() == [0, 1, 2, 0, 0, 1]
assert graph["nodes/paper.#size"].numpy().tolist() == [[3], [3]]
assert graph["edges/cites.#target"].numpy().tolist() == [1, 2, 1, 2]
"""
    done = subprocess.run([sys.executable, "-c", program], env=clean_environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    with pytest.raises(ValueError, match="is no functional model"):
        sampler.save_model(keras.Sequential(), tmp_path / "other")


def test_composite_layer_says_where_tensorflow_operations_belong():
    class Lower(sampler.CompositeLayer):
        def symbolic_call(self, keys):
            return tf.strings.lower(keys)

    layer = Lower(name="lower")
    with pytest.raises(ValueError, match="Layer 'lower' makes its model when it is called"):
        _ = layer.wrapped_model
    with pytest.raises(ValueError, match="symbolic_call of layer 'lower' uses an operation.*GraphLayer"):
        layer(tf.constant(["A"]))


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({}, "got no features"),
        ({"node_sets": {"a": {"#id": tf.constant([[1]])}}}, "feature '#id' must be ragged"),
        ({"node_sets": {"a": []}}, "Node set 'a' is an empty list"),
        (
            {"node_sets": {"a": [{"#id": ragged([[1]])}, {"#id": ragged([[2]]), "x": ragged([[2]])}]}},
            "its parts differ",
        ),
        ({"edge_sets": {"a,e,a": {"#source": ragged([[1]])}}}, "Edge set 'a,e,a' has no feature '#target'"),
        ({"edge_sets": {"a,e,a": {"#source": ragged([[1]]), "#target": ragged([["x"]])}}}, "ids must have one dtype"),
    ],
)
def test_build_graph_tensor_refuses(arguments, text):
    with pytest.raises(ValueError, match=text):
        sampler.build_graph_tensor(**arguments)


def test_build_graph_tensor_names_the_set():
    edges = {"#source": ragged([[1]]), "#target": ragged([[5]])}
    with pytest.raises(tf.errors.InvalidArgumentError, match="Edge set 'e': #target in node set 'a': not in its row"):
        sampler.build_graph_tensor(node_sets={"a": {"#id": ragged([[1]])}}, edge_sets={"a,e,a": edges})
    with pytest.raises(tf.errors.InvalidArgumentError, match="Node set 'a': an #id occurs more than once"):
        sampler.build_graph_tensor(node_sets={"a": {"#id": ragged([[1, 1]])}})
