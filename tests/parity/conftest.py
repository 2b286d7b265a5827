"""The same graphs in tensorflow-gnn and in gnnkit.

tensorflow-gnn wants Keras 2 as `tf.keras`: tests/conftest.py sets TF_USE_LEGACY_KERAS before TensorFlow is loaded.
`import keras` is Keras 3 all the same.
"""

import importlib
import types
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.interop.tfgnn._weights import paired_weights
from gnnkit.testing import GraphDescription
from gnnkit.testing._compare import assert_fields_equal


@pytest.fixture(scope="session")
def tfgnn() -> types.ModuleType:
    """The package tensorflow_gnn; a skip where it is not installed."""
    if importlib.util.find_spec("tensorflow_gnn") is None:
        pytest.skip("needs the extra 'interop': pip install gnnkit[interop]")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("tensorflow_gnn")


@pytest.fixture(scope="session")
def make_pair(tfgnn) -> Callable[[Callable[[Any], Any]], tuple[Any, Any]]:
    """Calls a function with gnnkit and with tensorflow_gnn: `ours, theirs = make_pair(build)`."""

    def pair(build: Callable[[Any], Any]) -> tuple[Any, Any]:
        return build(gnnkit), build(tfgnn)

    return pair


def _items(graph: Any) -> Iterator[tuple[str, Any]]:
    """Path -> field of a graph, or spec of a field of its spec, of either library."""
    suffix = "_spec" if hasattr(graph, "node_sets_spec") else ""

    def get(piece: Any, name: str) -> Any:
        return getattr(piece, name + suffix)

    # TF-GNN's context has sizes of its own only when it is given some.
    yield "context.#size", get(get(graph, "context"), "sizes")
    for name, field in get(get(graph, "context"), "features").items():
        yield f"context/{name}", field
    for kind in ("node_sets", "edge_sets"):
        for set_name, piece in get(graph, kind).items():
            yield f"{kind}/{set_name}.#size", get(piece, "sizes")
            for name, field in get(piece, "features").items():
                yield f"{kind}/{set_name}.{name}", field
            if kind == "edge_sets":
                adjacency = get(piece, "adjacency")
                yield f"{kind}/{set_name}.#source>{adjacency.source_name}", adjacency.source
                yield f"{kind}/{set_name}.#target>{adjacency.target_name}", adjacency.target


@pytest.fixture(scope="session")
def assert_same_spec() -> Callable[[Any, Any], None]:
    def check(ours: Any, theirs: Any) -> None:
        assert dict(_items(ours)) == dict(_items(theirs))
        assert ours.shape == theirs.shape and ours.rank == theirs.rank
        assert ours.indices_dtype == theirs.indices_dtype
        assert ours.total_num_components == theirs.total_num_components
        for kind in ("node_sets_spec", "edge_sets_spec"):
            for name, piece in getattr(ours, kind).items():
                other = getattr(theirs, kind)[name]
                assert piece.total_size == other.total_size, name

    return check


@pytest.fixture(scope="session")
def assert_same_graph() -> Callable[[Any, Any], None]:
    """Fields of the same kind, dtype and values."""

    def check(ours: Any, theirs: Any) -> None:
        a, b = dict(_items(ours)), dict(_items(theirs))
        assert set(a) == set(b)
        for path, field in a.items():
            other = b[path]
            assert isinstance(field, tf.RaggedTensor) == isinstance(other, tf.RaggedTensor), path
            assert field.dtype == other.dtype, path
            # gnnkit may know more of a static shape, never less.
            dims = zip(field.shape.as_list(), other.shape.as_list(), strict=True)
            assert all(their_dim in (our_dim, None) for our_dim, their_dim in dims), path
            if isinstance(field, tf.RaggedTensor):
                assert field.ragged_rank == other.ragged_rank, path
                assert field.to_list() == other.to_list(), path
            else:
                np.testing.assert_array_equal(field.numpy(), other.numpy(), err_msg=path)
        assert ours.rank == theirs.rank
        np.testing.assert_array_equal(ours.num_components, theirs.num_components)
        assert int(ours.total_num_components) == int(theirs.total_num_components)
        for kind in ("node_sets", "edge_sets"):
            for name, piece in getattr(ours, kind).items():
                assert int(piece.total_size) == int(getattr(theirs, kind)[name].total_size)

    return check


@pytest.fixture(scope="session")
def build_pair(make_pair) -> Callable[[GraphDescription], tuple[Any, Any]]:
    """Builds a drawn description: `ours, theirs = build_pair(description)`."""

    def build(description: GraphDescription) -> tuple[Any, Any]:
        ours, theirs = make_pair(description.build)
        # tensorflow-gnn widens row splits wherever one set has no ragged feature; see README.md.
        return ours.with_row_splits_dtype(theirs.row_splits_dtype), theirs

    return build


Call = tuple[str, tuple[Any, ...], dict[str, Any]]


@pytest.fixture(scope="session")
def assert_same_outcomes(tfgnn, assert_same_graph) -> Callable[[Any, Any, Iterable[Call]], None]:
    """Each call (function name, arguments after the graph, keyword arguments) gives the same value, of the same dtype
    and shape, or an error of the same type."""

    def outcome(library: Any, graph: Any, call: Call) -> Any:
        name, args, kwargs = call
        try:
            return getattr(library, name)(graph, *args, **kwargs)
        except Exception as e:
            return e

    def compare(got: Any, want: Any, call: Call) -> None:
        if isinstance(want, Exception) or isinstance(got, Exception):
            assert isinstance(got, type(want)), f"{call}: {got!r} and not {want!r}"
        elif isinstance(want, list):
            assert isinstance(got, list) and len(got) == len(want), call
            for g, w in zip(got, want, strict=True):
                compare(g, w, call)
        elif hasattr(want, "node_sets"):
            assert_same_graph(got, want)
        elif want is None:
            assert got is None, call
        else:
            assert isinstance(got, tf.RaggedTensor) == isinstance(want, tf.RaggedTensor), call
            assert_fields_equal(str(call), got, want, **TOLERANCES.get(want.dtype, {}))
            assert got.shape.as_list() == want.shape.as_list(), call

    def check(ours: Any, theirs: Any, calls: Iterable[Call]) -> None:
        for call in calls:
            compare(outcome(gnnkit, ours, call), outcome(tfgnn, theirs, call), call)

    return check


TOLERANCES = {
    tf.float16: {"rtol": 2e-3, "atol": 1e-4},
    tf.float32: {"rtol": 1e-5, "atol": 1e-6},
    tf.float64: {"rtol": 1e-12, "atol": 1e-12},
}


def _graph(library: Any, n: int = 3, components: int = 1, indices_dtype: tf.DType = tf.int32) -> Any:
    total, random = n * components, np.random.default_rng(n)
    edges = random.integers(1, 4, components)
    ends = [np.concatenate([random.integers(0, n, e) + c * n for c, e in enumerate(edges)]) for _ in range(2)]
    lengths = random.integers(0, 3, total)
    ragged = tf.RaggedTensor.from_row_lengths(random.integers(0, 99, lengths.sum()), lengths)
    deep = tf.RaggedTensor.from_row_lengths(
        tf.RaggedTensor.from_row_lengths(tf.range(float(lengths.sum())), random.permutation(lengths)),
        np.full(total, 1),
    )
    words = tf.RaggedTensor.from_row_lengths(tf.strings.as_string(tf.range(components * 2)), np.full(components, 2))
    return library.GraphTensor.from_pieces(
        library.Context.from_fields(
            features={"c": random.random([components, 2], np.float32), "words": words},
            indices_dtype=indices_dtype,
        ),
        {
            "user/a.b": library.NodeSet.from_fields(
                sizes=tf.fill([components], tf.constant(n, indices_dtype)),
                features={
                    "x": tf.constant(random.random([total, 2], np.float32)),
                    "half": tf.constant(random.random([total]), tf.float16),
                    "flag": tf.constant(random.random(total) > 0.5),
                    "id": tf.strings.as_string(tf.range(total)),
                    "big": tf.constant(random.integers(0, 2**64 - 1, total, np.uint64), tf.uint64),
                    "ragged": ragged,
                    "deep": deep,
                },
            ),
            "latent": library.NodeSet.from_fields(sizes=tf.fill([components], tf.constant(n, indices_dtype))),
        },
        {
            "e": library.EdgeSet.from_fields(
                sizes=tf.constant(edges, indices_dtype),
                features={"w": tf.constant(random.random(edges.sum()), tf.float64)},
                adjacency=library.Adjacency.from_indices(
                    ("user/a.b", tf.constant(ends[0], indices_dtype)), ("latent", tf.constant(ends[1], indices_dtype))
                ),
            )
        },
    )


@pytest.fixture(scope="session")
def make_graph() -> Callable[..., Any]:
    """`make_graph(library, n, components, indices_dtype)`: a graph with all kinds of features, the same in both."""
    return _graph


MODELS = ["gat_v2", "gcn", "graph_sage", "hgt", "mt_albis", "multi_head_attention", "vanilla_mpnn"]


@pytest.fixture(scope="session")
def libraries(tfgnn) -> tuple[types.SimpleNamespace, types.SimpleNamespace]:
    """What the same program needs of gnnkit with Keras 3, and of tensorflow_gnn with Keras 2."""
    import tf_keras

    def namespace(library: Any, keras_library: Any) -> types.SimpleNamespace:
        names = {tag: getattr(library, tag) for tag in ("SOURCE", "TARGET", "CONTEXT")}
        names |= {name: importlib.import_module(f"{library.__name__}.models.{name}") for name in MODELS}
        layers = library.keras.layers
        return types.SimpleNamespace(library=library, keras=keras_library, layers=layers, **names)

    return namespace(gnnkit, keras), namespace(tfgnn, tf_keras)


@pytest.fixture(scope="session")
def convert() -> Callable[[Any, Any], Any]:
    """`convert(library, graph)`: a graph of gnnkit as one of the library."""

    def features(piece: Any) -> dict[str, Any]:
        return dict(piece.features)

    def adjacency(library: Any, ends: Any) -> Any:
        return library.Adjacency.from_indices((ends.source_name, ends.source), (ends.target_name, ends.target))

    def convert_graph(library: Any, graph: Any) -> Any:
        return library.GraphTensor.from_pieces(
            library.Context.from_fields(features=features(graph.context)),
            {k: library.NodeSet.from_fields(features=features(v), sizes=v.sizes) for k, v in graph.node_sets.items()},
            {
                k: library.EdgeSet.from_fields(
                    features=features(v), sizes=v.sizes, adjacency=adjacency(library, v.adjacency)
                )
                for k, v in graph.edge_sets.items()
            },
        )

    return convert_graph


def _leaves(output: Any) -> dict[str, Any]:
    """Name -> tensor, of a graph or a tensor."""
    if not hasattr(output, "node_sets"):
        return {"": output}
    pieces = {"context": output.context}
    pieces |= {f"nodes/{k}": v for k, v in output.node_sets.items()}
    pieces |= {f"edges/{k}": v for k, v in output.edge_sets.items()}
    return {f"{k}.{name}": value for k, piece in pieces.items() for name, value in piece.features.items()}


def _output_and_gradients(
    layer: Any, weights: list[Any], graph: Any, call_kwargs: dict[str, Any]
) -> tuple[dict[str, Any], list[Any]]:
    """Gradients of the squared output plus losses, by the weights and then by the features of the graph."""
    inputs = list(_leaves(graph).values())
    sources = [w.value if isinstance(w, keras.Variable) else w for w in weights] + inputs
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        output = _leaves(layer(graph, **call_kwargs))
        losses = [tf.cast(x, tf.float32) for x in layer.losses]
        loss = tf.add_n([tf.reduce_sum(v**2) for v in output.values()] + losses)
    return output, tape.gradient(loss, sources)


@pytest.fixture(scope="session")
def assert_parity(libraries, convert) -> Callable[..., None]:
    """`assert_parity(make, graph, **call_kwargs)`: the same outputs and gradients, of `make(library)` called on the graph.

    Weights get the same random values, by the pairs of `gnnkit.interop.tfgnn.transfer_weights`.
    """

    def check(make: Callable[[Any], Any], graph: Any, **call_kwargs: Any) -> None:
        layers = [make(library) for library in libraries]
        graphs = [graph, convert(libraries[1].library, graph)]
        for layer, each in zip(layers, graphs, strict=True):
            layer(each, **call_kwargs)
        pairs = [(theirs, ours) for theirs, ours in paired_weights(layers[1], layers[0]) if ours.trainable]
        random = np.random.default_rng(0)
        for pair in pairs:
            value = random.normal(size=pair[0].shape).astype("float32") * 0.5  # Biases too.
            for weight in pair:
                weight.assign(value)

        weights = [[ours for _, ours in pairs], [theirs for theirs, _ in pairs]]
        results = [_output_and_gradients(*each, call_kwargs) for each in zip(layers, weights, graphs, strict=True)]
        (our_output, our_gradients), (their_output, their_gradients) = results
        assert our_output.keys() == their_output.keys()
        for name, value in their_output.items():
            assert our_output[name].dtype == value.dtype
            np.testing.assert_allclose(our_output[name], value, rtol=1e-5, atol=1e-5, err_msg=name)
        names = [f"weight {ours.path}" for _, ours in pairs] + list(_leaves(graph))
        for name, got, value in zip(names, our_gradients, their_gradients, strict=True):
            assert (got is None) == (value is None), name
            if value is not None:
                value, got = tf.convert_to_tensor(value), tf.convert_to_tensor(got)
                scale = max(1.0, float(tf.reduce_max(tf.abs(value))) if tf.size(value) else 1.0)
                np.testing.assert_allclose(got / scale, value / scale, 1e-5, 1e-5, err_msg=f"gradient of {name}")

    return check
