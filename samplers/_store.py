"""A graph laid out for sampling: the neighbours of each node side by side."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, final

import numpy as np

from gnnkit.samplers._progress import Progress
from gnnkit.samplers._tables import Column, GraphTables

if TYPE_CHECKING:
    from gnnkit.graph import GraphTensorSpec


@final
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class GraphStore:
    """The tables of a graph and the adjacency of its edge sets (CSR by source), shared by all sampling operations.

    The arrays of all sets lie one after another, so that one compiled kernel serves every graph:
    node set `n` has the rows `node_starts[n]:node_starts[n + 1]` of `node_keys`; edge set `e` has the edges
    `edge_starts[e]:edge_starts[e + 1]` of `targets` and `rows`, and `split_starts[e]` is where its row splits begin.

    tables: ids and features.
    node_names, edge_names: sorted; a set's number is its place here.
    source_sets, target_sets: int64, the numbers of the node sets that each edge set joins.
    node_keys: uint64, a hash of each node's id (or its index): it orders neighbours and seeds draws.
    max_degree: the largest number of edges that leave one node by one edge set; at least 1.
    splits: int64; targets: int32 or int64, node indices; rows: same, rows in the edge table.
    """

    tables: GraphTables
    node_names: tuple[str, ...]
    edge_names: tuple[str, ...]
    source_sets: np.ndarray
    target_sets: np.ndarray
    node_starts: np.ndarray
    node_keys: np.ndarray
    split_starts: np.ndarray
    splits: np.ndarray
    edge_starts: np.ndarray
    targets: np.ndarray
    rows: np.ndarray
    max_degree: int

    @classmethod
    def from_tables(
        cls,
        tables: GraphTables,
        *,
        backward: Mapping[str, str] | None = None,
        num_threads: int | None = None,
        progress: Progress | None = None,
    ) -> GraphStore:
        """Builds the adjacency of all edge sets, in parallel. O(nodes + edges), for bounded degrees.

        The arrays of the tables are kept, not copied, if they are contiguous: int32 endpoints take half the memory.
        They may be memory-mapped.

        backward: new edge set -> edge set that it walks backwards. The new set has the same edges and features, stored
          once, with source and target swapped, as an edge set of a schema that is marked `edge_type: reversed`.
        num_threads: None for one a core.
        progress: called as `progress(done, total, edge_set)`; None shows a bar on a terminal once work takes long.

        Raises ValueError for tables that do not fit together.

        >>> import numpy as np
        >>> from gnnkit.samplers import EdgeTable, GraphTables, NodeTable
        >>> store = GraphStore.from_tables(GraphTables(
        ...     node_sets={"n": NodeTable(num_nodes=3)},
        ...     edge_sets={"e": EdgeTable(source_set="n", target_set="n",
        ...                               source=np.array([2, 0, 2]), target=np.array([1, 1, 0]))}))
        >>> store.neighbors("e", 2).tolist(), store.degrees("e").tolist()
        ([0, 1], [1, 0, 2])
        >>> both = GraphStore.from_tables(store.tables, backward={"back": "e"})
        >>> both.neighbors("back", 1).tolist()
        [0, 2]
        """
        from gnnkit.samplers._build_store import build_store

        return build_store(tables, backward=backward or {}, num_threads=num_threads, progress=progress)

    @classmethod
    def from_graph_tensor(cls, graph: Any, **options: Any) -> GraphStore:
        """The store of a scalar `GraphTensor`, whose components become one graph; a feature `#id` becomes the ids.

        options: as for `from_tables`. Raises ValueError as `tables_from_graph_tensor` does.
        """
        from gnnkit.samplers._graph_tensor import tables_from_graph_tensor

        return cls.from_tables(tables_from_graph_tensor(graph), **options)

    @classmethod
    def from_scipy(
        cls,
        matrices: Mapping[tuple[str, str, str], Any],
        *,
        node_features: Mapping[str, Mapping[str, Any]] | None = None,
        weight_feature: str | None = None,
        **options: Any,
    ) -> GraphStore:
        """The store of sparse matrices: an entry in row `i` and column `j` is an edge from node `i` to node `j`.

        matrices: (source node set, edge set, target node set) -> sparse matrix `[V source, V target]`, of any format.
          An entry that is stored counts as an edge, also if it is 0 or stored twice.
        node_features: node set -> feature -> array `[V, ...]`.
        weight_feature: the name of an edge feature that holds the entries; None drops them.
        options: as for `from_tables`.

        Raises ValueError where sizes do not agree.

        >>> import numpy as np, scipy.sparse
        >>> cites = scipy.sparse.csr_array(np.array([[0, 0.5], [0, 0]]))
        >>> store = GraphStore.from_scipy({("paper", "cites", "paper"): cites}, weight_feature="weight")
        >>> store.neighbors("cites", 0), store.edge_features("cites")["weight"]
        (array([1], dtype=int32), array([0.5]))
        """
        from gnnkit.samplers._scipy import tables_from_scipy

        tables = tables_from_scipy(matrices, node_features=node_features or {}, weight_feature=weight_feature)
        return cls.from_tables(tables, **options)

    def save(
        self, folder: str | os.PathLike[str], *, overwrite: bool = False, progress: Progress | None = None
    ) -> None:
        """Writes the store into a new folder, which `GraphStore.open` opens: plain .npy files, and `store.json`.

        The folder appears when all of it is written. overwrite: whether a store that is there is replaced.
        progress: see `from_tables`. Raises FileExistsError; TypeError for a feature that no file can hold.

        >>> import tempfile
        >>> from gnnkit.datasets import academic_graph
        >>> folder = tempfile.mkdtemp() + "/academic"
        >>> GraphStore.from_tables(academic_graph(num_papers=100, num_authors=100)).save(folder)
        >>> GraphStore.open(folder).num_nodes("paper")
        100
        """
        from gnnkit.samplers._store_files import save_store

        save_store(self, pathlib.Path(folder), overwrite=overwrite, progress=progress)

    @classmethod
    def open(cls, folder: str | os.PathLike[str], *, mmap: bool = True) -> GraphStore:
        """Opens a folder that `save` made.

        mmap: leave the arrays on disk; the system keeps in memory what sampling touches. False reads them all.

        Raises FileNotFoundError where there is no store, ValueError for one of another version, or a damaged one.
        """
        from gnnkit.samplers._store_files import open_store

        return open_store(pathlib.Path(folder), mmap=mmap)

    @property
    def nbytes(self) -> int:
        """The size of all arrays in bytes, each counted once; of Python objects only the references."""
        from gnnkit.samplers._store_files import store_arrays

        return sum(array.nbytes for array in store_arrays(self))

    def num_nodes(self, node_set: str) -> int:
        return self.tables.node_sets[node_set].num_nodes

    def node_features(self, node_set: str) -> Mapping[str, Column]:
        return self.tables.node_sets[node_set].features

    def edge_features(self, edge_set: str) -> Mapping[str, Column]:
        return self.tables.edge_sets[edge_set].features

    def node_number(self, node_set: str) -> int:
        """The number of a node set. Raises ValueError for an unknown one."""
        return _number(self.node_names, node_set, "node set")

    def edge_number(self, edge_set: str) -> int:
        """The number of an edge set. Raises ValueError for an unknown one."""
        return _number(self.edge_names, edge_set, "edge set")

    def keys(self, node_set: str) -> np.ndarray:
        """uint64 `[V]`, the keys of a node set."""
        i = self.node_number(node_set)
        return self.node_keys[self.node_starts[i] : self.node_starts[i + 1]]

    def row_splits(self, edge_set: str) -> np.ndarray:
        """int64 `[V + 1]`, where the neighbours of each source node begin within the edge set."""
        i = self.edge_number(edge_set)
        return self.splits[self.split_starts[i] : self.split_starts[i + 1]]

    def degrees(self, edge_set: str) -> np.ndarray:
        """int64 `[V]`, the number of edges that leave each source node."""
        return np.diff(self.row_splits(edge_set))

    def neighbors(self, edge_set: str, node: int) -> np.ndarray:
        """The targets of a node's edges, in canonical order."""
        i = self.edge_number(edge_set)
        splits = self.row_splits(edge_set)
        return self.targets[self.edge_starts[i] + splits[node] : self.edge_starts[i] + splits[node + 1]]

    def indices(self, node_set: str, ids: Sequence[bytes | str]) -> np.ndarray:
        """int64: the indices of nodes given by id. Raises ValueError for an unknown id."""
        import pyarrow as pa

        from gnnkit.samplers._arrow import pc

        known = self.tables.node_sets[self.node_names[self.node_number(node_set)]].ids
        if known is None:
            raise ValueError(f"Node set {node_set!r} has no ids: give seeds as indices.")
        asked = [text.encode() if isinstance(text, str) else text for text in ids]
        found = pc.index_in(pa.array(asked, pa.large_binary()), value_set=pa.array(known, pa.large_binary()))
        if found.null_count:
            first = int(np.flatnonzero(found.is_null().to_numpy(zero_copy_only=False))[0])
            raise ValueError(
                f"{found.null_count} id(s) are not in node set {node_set!r}; the first is {asked[first]!r}."
            )
        return found.to_numpy().astype(np.int64)

    def graph_tensor_spec(self, spec: Any, **options: Any) -> GraphTensorSpec:
        """The spec of the graphs of `samplers.dataset(self, spec, ...)`.

        options: as given to `dataset`: batch_size, drop_remainder, features, readout, readout_features, indices_dtype.
        """
        from gnnkit.samplers._graph_tensor import graph_tensor_spec

        return graph_tensor_spec(self, spec, **options)


def _number(names: tuple[str, ...], name: str, what: str) -> int:
    if name not in names:
        raise ValueError(f"There is no {what} {name!r}. The {what}s are {', '.join(map(repr, names)) or 'none'}.")
    return names.index(name)
