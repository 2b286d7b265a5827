"""SciPy sparse matrices as edge sets, and back."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import tensorflow as tf

from gnnkit.graph import Adjacency, EdgeSet, GraphTensor, NodeSet
from gnnkit.interop._graphs import check_values
from gnnkit.interop._optional import require

_SQUARE, _RECTANGULAR = ("nodes", "nodes"), ("source", "target")


def from_scipy(
    matrices: Any,
    *,
    endpoints: Mapping[str, tuple[str, str]] | None = None,
    value_name: str | None = "weight",
    indices_dtype: tf.DType = tf.int32,
) -> GraphTensor:
    """Makes a graph of sparse matrices: an entry in row i and column j is an edge from source i to target j.

    matrices: edge set -> sparse or dense matrix `[sources, targets]`; a single matrix is the edge set `edges`. Entries
      that are stored are edges, zeros and repeated ones too; of a dense matrix, those that are not zero.
    endpoints: edge set -> (source node set, target node set). By default ("nodes", "nodes") for square matrices, and
      ("source", "target") for a single one that is not.
    value_name: the edge feature that holds the entries; None for none.
    indices_dtype: of sizes and indices.

    Node features: add them with `replace_features`.

    ValueError: no matrix, or a node set of two sizes. ImportError: SciPy is not installed.

    >>> import numpy as np
    >>> graph = from_scipy(np.array([[0, 2.5], [0, 0]], np.float32))
    >>> graph.edge_sets["edges"].adjacency.target.numpy(), graph.edge_sets["edges"]["weight"].numpy()
    (array([1], dtype=int32), array([2.5], dtype=float32))
    """
    sparse = require("scipy.sparse")
    single = sparse.issparse(matrices) or not isinstance(matrices, Mapping)  # A dok_array is both.
    sizes: dict[str, tuple[int, str]] = {}
    edge_sets = {}
    named: Mapping[str, Any] = {"edges": matrices} if single else matrices
    for name, matrix in named.items():
        coo = matrix.tocoo() if sparse.issparse(matrix) else sparse.coo_array(np.asarray(matrix))
        if coo.ndim != 2:
            raise ValueError(f"Edge set {name!r}: the matrix has shape {list(coo.shape)}; expected two dimensions.")
        ends = _ends(name, coo.shape, endpoints or {}, single)
        for node_set_name, size in zip(ends, coo.shape, strict=True):
            before, owner = sizes.setdefault(node_set_name, (size, name))
            if before != size:
                raise ValueError(
                    f"Edge set {name!r} has shape {list(coo.shape)}, which gives node set {node_set_name!r} {size} "
                    f"nodes, but edge set {owner!r} gives it {before}. Name the ends with endpoints={{...}}."
                )
        rows, columns = (tf.constant(index, indices_dtype) for index in coo.coords)
        edge_sets[name] = EdgeSet.from_fields(
            features={} if value_name is None else {value_name: coo.data},
            sizes=tf.constant([coo.nnz], indices_dtype),
            adjacency=Adjacency.from_indices((ends[0], rows), (ends[1], columns)),
        )
    node_sets = {
        name: NodeSet.from_fields(sizes=tf.constant([size], indices_dtype)) for name, (size, _) in sizes.items()
    }
    return GraphTensor.from_pieces(node_sets=node_sets, edge_sets=edge_sets)


def to_scipy(
    graph: GraphTensor,
    edge_set_name: str | None = None,
    *,
    value_name: str | None = "weight",
    format: Literal["csr", "coo"] = "csr",
) -> Any:
    """Makes the sparse array `[sources, targets]` of an edge set, over all components.

    graph: scalar, with values.
    edge_set_name: may be left out if there is only one.
    value_name: the edge feature `[E]` that holds the entries; None for ones (int8).
    format: "csr" sums parallel edges, "coo" keeps the edges as they are.

    ValueError: a batch, a symbolic graph, hyperedges, unknown names, or a feature that is no number an edge.
    ImportError: SciPy is not installed.

    >>> import gnnkit
    >>> graph = gnnkit.homogeneous([0, 1], [1, 2], node_set_sizes=[3])
    >>> to_scipy(graph, value_name=None).toarray()
    array([[0, 1, 0],
           [0, 0, 1],
           [0, 0, 0]], dtype=int8)
    """
    sparse = require("scipy.sparse")
    check_values(graph, "to_scipy()")
    if format not in ("csr", "coo"):
        raise ValueError(f'format={format!r} is not known. Choose "csr" or "coo".')
    if edge_set_name is None:
        if len(graph.edge_sets) != 1:
            raise ValueError(f"Say which edge set: edge_set_name= one of {sorted(graph.edge_sets)}.")
        (edge_set_name,) = graph.edge_sets
    if edge_set_name not in graph.edge_sets:
        raise ValueError(f"There is no edge set {edge_set_name!r}; there are {sorted(graph.edge_sets)}.")
    edge_set = graph.edge_sets[edge_set_name]
    adjacency = edge_set.adjacency
    ends = (adjacency.source_name, np.asarray(adjacency.source)), (adjacency.target_name, np.asarray(adjacency.target))
    shape = tuple(int(graph.node_sets[name].total_size) for name, _ in ends)
    values = _values(edge_set, edge_set_name, value_name)
    return sparse.coo_array((values, tuple(index for _, index in ends)), shape=shape).asformat(format)


def _ends(name: str, shape: tuple[int, ...], endpoints: Mapping[str, tuple[str, str]], single: bool) -> tuple[str, str]:
    if name in endpoints:
        return endpoints[name]
    if shape[0] != shape[1] and not single:
        raise ValueError(
            f"Edge set {name!r} has shape {list(shape)}, which is not square. Name the node sets that it joins: "
            f"endpoints={{{name!r}: (source set, target set)}}."
        )
    return _SQUARE if shape[0] == shape[1] else _RECTANGULAR


def _values(edge_set: Any, name: str, value_name: str | None) -> np.ndarray:
    if value_name is None:
        return np.ones(int(edge_set.total_size), np.int8)
    if value_name not in edge_set.features:
        raise ValueError(
            f"Edge set {name!r} has no feature {value_name!r}; it has {sorted(edge_set.features)}. "
            "Name one with value_name=..., or pass value_name=None for ones."
        )
    values = edge_set[value_name]
    if hasattr(values, "row_splits") or values.ndim != 1 or np.asarray(values).dtype.kind not in "biuf":
        raise ValueError(f"Edge set {name!r}, feature {value_name!r}: expected one number an edge, got {values!r}.")
    return np.asarray(values)
