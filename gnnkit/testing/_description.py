"""Graphs described in NumPy, to be built with gnnkit or with tensorflow_gnn alike."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from gnnkit._names import SOURCE, TARGET


@dataclasses.dataclass(frozen=True)
class RaggedValues:
    """A ragged feature: flat values `[n, ...]`, and the lengths of the rows of each ragged dimension, outermost first."""

    values: np.ndarray
    row_lengths: tuple[np.ndarray, ...]


@dataclasses.dataclass(frozen=True)
class SetDescription:
    """A node or edge set: items of each component `[C]`, features, and for edges {tag: (node set name, indices)}."""

    sizes: np.ndarray
    features: Mapping[str, np.ndarray | RaggedValues]
    endpoints: Mapping[int, tuple[str, np.ndarray]] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class GraphDescription:
    """A scalar graph of NumPy arrays; strings are arrays of `bytes` objects.

    indices_dtype, row_splits_dtype: "int32" or "int64".

    >>> import gnnkit, numpy as np
    >>> from gnnkit.testing import GraphDescription, SetDescription
    >>> nodes = SetDescription(sizes=np.array([2, 0]), features={"x": np.array([1.0, 2.0])})
    >>> graph = GraphDescription(num_components=2, context={}, node_sets={"a": nodes}, edge_sets={}).build(gnnkit)
    >>> graph.node_sets["a"].sizes.numpy().tolist()
    [2, 0]
    """

    num_components: int
    context: Mapping[str, np.ndarray | RaggedValues]
    node_sets: Mapping[str, SetDescription]
    edge_sets: Mapping[str, SetDescription]
    indices_dtype: str = "int32"
    row_splits_dtype: str = "int64"

    def build(self, library: Any) -> Any:
        """The GraphTensor of `library`: the module `gnnkit` or `tensorflow_gnn`."""
        import tensorflow as tf

        def field(values: np.ndarray | RaggedValues) -> Any:
            if not isinstance(values, RaggedValues):
                return tf.constant(values, tf.string if values.dtype == object else values.dtype)
            lengths = [tf.constant(n, self.row_splits_dtype) for n in values.row_lengths]
            return tf.RaggedTensor.from_nested_row_lengths(field(values.values), lengths)

        def fields(piece: SetDescription) -> dict[str, Any]:
            return {
                "features": {name: field(values) for name, values in piece.features.items()},
                "sizes": tf.constant(piece.sizes, self.indices_dtype),
            }

        def adjacency(piece: SetDescription) -> Any:
            ends = {tag: (name, tf.constant(i, self.indices_dtype)) for tag, (name, i) in piece.endpoints.items()}
            if set(ends) == {SOURCE, TARGET}:
                return library.Adjacency.from_indices(ends[SOURCE], ends[TARGET])
            return library.HyperAdjacency.from_indices(ends)

        context = SetDescription(np.ones(self.num_components), self.context)
        return library.GraphTensor.from_pieces(
            library.Context.from_fields(**fields(context)),
            {name: library.NodeSet.from_fields(**fields(piece)) for name, piece in self.node_sets.items()},
            {
                name: library.EdgeSet.from_fields(**fields(piece), adjacency=adjacency(piece))
                for name, piece in self.edge_sets.items()
            },
        )
