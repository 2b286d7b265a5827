"""All sets and all features of a schema, a graph or the spec of a graph, one after the other."""

from collections.abc import Iterator
from typing import Any

from gnnkit._names import CONTEXT, EDGES, NODES


def iter_sets(schema: Any) -> Iterator[tuple[str, str, Any]]:
    """Yields (set_type, set_name, set) for the context (named ''), node sets and edge sets, sorted by name.
    A schema without a context yields none.

    schema: a `GraphSchema`, `GraphTensor` or `GraphTensorSpec` (the name is TF-GNN's).

    >>> import gnnkit
    >>> graph = gnnkit.homogeneous([0], [1], node_features=[[1.0], [2.0]])
    >>> [(set_type, name) for set_type, name, _ in gnnkit.iter_sets(graph)]
    [('context', ''), ('nodes', 'nodes'), ('edges', 'edges')]
    """
    spec = hasattr(schema, "node_sets_spec")
    if not spec and not hasattr(schema, "node_sets"):
        raise TypeError(
            f"iter_sets and iter_features take a GraphSchema, GraphTensor or GraphTensorSpec, "
            f"but got {type(schema).__name__}."
        )
    suffix = "_spec" if spec else ""
    if not hasattr(schema, "HasField") or schema.HasField("context"):
        yield CONTEXT, "", getattr(schema, f"context{suffix}")
    for set_type, sets in ((NODES, f"node_sets{suffix}"), (EDGES, f"edge_sets{suffix}")):
        for name, piece in sorted(getattr(schema, sets).items()):
            yield set_type, name, piece


def iter_features(schema: Any) -> Iterator[tuple[str, str, str, Any]]:
    """Yields (set_type, set_name, feature_name, feature), sorted by name; see `iter_sets`.

    The feature is a `Feature` message of a schema, a field `[num_items, ...]` of a graph, or its spec.
    """
    for set_type, set_name, piece in iter_sets(schema):
        features = piece.features_spec if hasattr(piece, "features_spec") else piece.features
        for feature_name, feature in sorted(features.items()):
            yield set_type, set_name, feature_name, feature
