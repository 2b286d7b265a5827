"""The same graphs in tensorflow-gnn and in gnnkit.

tensorflow-gnn wants Keras 2 as `tf.keras`: tests/conftest.py sets TF_USE_LEGACY_KERAS before TensorFlow is loaded.
`import keras` is Keras 3 all the same.
"""

import importlib
import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import gnnkit


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
