"""Tables of sparse matrices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gnnkit.samplers._tables import EdgeTable, GraphTables, NodeTable


def tables_from_scipy(
    matrices: Mapping[tuple[str, str, str], Any],
    *,
    node_features: Mapping[str, Mapping[str, Any]],
    weight_feature: str | None,
) -> GraphTables:
    """`GraphStore.from_scipy` explains the arguments."""
    counts: dict[str, tuple[int, str]] = {}  # Node set -> its number of nodes, and what said so.

    def count(node_set: str, size: int, what: str) -> None:
        known, witness = counts.setdefault(node_set, (int(size), what))
        if known != size:
            raise ValueError(f"Node set {node_set!r} has {known} nodes by {witness}, but {size} by {what}.")

    edge_sets: dict[str, EdgeTable] = {}
    for key, matrix in matrices.items():
        if not (isinstance(key, tuple) and len(key) == 3 and all(isinstance(name, str) for name in key)):
            raise ValueError(f"matrices: expected keys (source node set, edge set, target node set); got {key!r}.")
        source_set, name, target_set = key
        if name in edge_sets:
            raise ValueError(f"matrices: there are two edge sets {name!r}. Give each a name of its own.")
        if not hasattr(matrix, "tocoo"):
            raise ValueError(
                f"matrices[{key!r}]: expected a SciPy sparse matrix, got {type(matrix).__name__}. "
                "scipy.sparse.coo_array(matrix) makes one of a dense array."
            )
        entries = matrix.tocoo()
        count(source_set, entries.shape[0], f"the rows of {name!r}")
        count(target_set, entries.shape[1], f"the columns of {name!r}")
        edge_sets[name] = EdgeTable(
            source_set=source_set,
            target_set=target_set,
            source=np.asarray(entries.row),
            target=np.asarray(entries.col),
            features={} if weight_feature is None else {weight_feature: np.asarray(entries.data)},
        )
    for node_set, features in node_features.items():
        for feature, column in features.items():
            count(node_set, len(column), f"feature {feature!r}")
    return GraphTables(
        node_sets={
            name: NodeTable(
                num_nodes=size, features={f: _column(c) for f, c in dict(node_features.get(name, {})).items()}
            )
            for name, (size, _) in counts.items()
        },
        edge_sets=edge_sets,
    )


def _column(values: Any) -> Any:
    return values if hasattr(values, "row_splits") else np.asarray(values)
