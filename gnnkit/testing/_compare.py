"""Comparison of graphs, with errors that name the field that differs."""

from typing import Any

import numpy as np
import tensorflow as tf

from gnnkit.graph import GraphTensor


def assert_graphs_equal(actual: GraphTensor, expected: GraphTensor, *, rtol: float = 0.0, atol: float = 0.0) -> None:
    """AssertionError unless both graphs have the same sets, features, dtypes and values.

    rtol, atol: allowed differences of floating point features; none by default.

    >>> from gnnkit.testing import assert_graphs_equal, random_graph
    >>> assert_graphs_equal(random_graph(1), random_graph(1))
    """
    if actual._structure() != expected._structure():
        raise AssertionError(f"The graphs have other sets or features.\nActual: {actual}\nExpected: {expected}")
    for name, got, want in zip(field_names(actual), actual._fields(), expected._fields(), strict=True):
        assert_fields_equal(name, got, want, rtol, atol)


def assert_fields_equal(name: str, got: Any, want: Any, rtol: float = 0.0, atol: float = 0.0) -> None:
    got, want = (x if isinstance(x, tf.RaggedTensor) else tf.convert_to_tensor(x) for x in (got, want))
    if got.dtype != want.dtype or isinstance(got, tf.RaggedTensor) != isinstance(want, tf.RaggedTensor):
        raise AssertionError(f"{name}: is {got.dtype!r}, expected {want.dtype!r}: {got} against {want}")
    if isinstance(got, tf.RaggedTensor):
        for g, w in zip(got.nested_row_splits, want.nested_row_splits, strict=True):
            np.testing.assert_array_equal(g.numpy(), w.numpy(), f"{name}: row splits")
        got, want = got.flat_values, want.flat_values
    if got.dtype.is_floating:
        got, want = (tf.cast(x, tf.float64).numpy() for x in (got, want))
        np.testing.assert_allclose(got, want, rtol, atol, err_msg=name)
    else:
        np.testing.assert_array_equal(got.numpy(), want.numpy(), name)


def field_names(graph: GraphTensor) -> list[str]:
    """Names for messages, in the order of the graph's fields."""
    names = ["context sizes", *(f"context feature {f!r}" for f in graph.context.features)]
    for kind, pieces in (("node set", graph.node_sets), ("edge set", graph.edge_sets)):
        for name, piece in pieces.items():
            names.append(f"{kind} {name!r} sizes")
            if kind == "edge set":
                names += [f"{kind} {name!r} endpoint {tag}" for tag in piece.adjacency.tags]
            names += [f"{kind} {name!r} feature {f!r}" for f in piece.features]
    return names
