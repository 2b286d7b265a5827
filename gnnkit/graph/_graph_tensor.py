"""GraphTensor: context, node sets and edge sets of one or many graphs, in one immutable value."""

from collections.abc import Mapping, Sequence
from typing import Any, Self, final

import numpy as np
import tensorflow as tf

from gnnkit.graph import _checks, _field
from gnnkit.graph._featured import with_one_row_splits_dtype
from gnnkit.graph._missing import MissingError, ReadOnlyMapping
from gnnkit.graph._piece import FieldTree, GraphPiece, PieceSpec, register_piece
from gnnkit.graph._pieces import Context, ContextSpec, EdgeSet, EdgeSetSpec, NodeSet, NodeSetSpec
from gnnkit.graph._runtime import with_runtime_checks
from gnnkit.graph._tf import register_type_spec


class _Graph:
    """Shared by graphs and their specs."""

    _context: Any
    _node_sets: dict[str, Any]
    _edge_sets: dict[str, Any]
    _classes: tuple[type, type, type]
    _cached_structure: Any = None

    def _structure(self) -> Any:
        if self._cached_structure is None:
            self._cached_structure = (
                self._context._structure(),
                tuple((name, piece._structure()) for name, piece in self._node_sets.items()),
                tuple((name, piece._structure()) for name, piece in self._edge_sets.items()),
            )
        return self._cached_structure

    def _fields(self) -> list[Any]:
        fields = self._context._fields()
        for piece in self._node_sets.values():
            fields += piece._fields()
        for piece in self._edge_sets.values():
            fields += piece._fields()
        return fields

    @property
    def _sizes_field(self) -> Any:
        return self._context._sizes

    @classmethod
    def _from_fields(cls, structure: Any, fields: Sequence[Any]) -> Self:
        context, node_sets, edge_sets = structure
        context_class, node_set_class, edge_set_class = cls._classes
        self = cls.__new__(cls)
        self._cached_structure = structure
        end = 1 + len(context)
        self._context = context_class._from_fields(context, fields[:end])  # type: ignore[attr-defined]
        self._node_sets, self._edge_sets = {}, {}
        for name, piece in node_sets:
            start, end = end, end + 1 + len(piece)
            self._node_sets[name] = node_set_class._from_fields(piece, fields[start:end])  # type: ignore[attr-defined]
        for name, piece in edge_sets:
            start, end = end, end + 1 + len(piece[1]) + len(piece[2])
            self._edge_sets[name] = edge_set_class._from_fields(piece, fields[start:end])  # type: ignore[attr-defined]
        return self

    def _index_positions(self) -> frozenset[int]:
        positions, start = {0}, 1 + len(self._context._structure())
        for pieces in (self._node_sets, self._edge_sets):
            for piece in pieces.values():
                positions |= {start + i for i in piece._index_positions()}
                start += len(piece._fields())
        return frozenset(positions)

    def _pieces(self) -> list[Any]:
        return [self._context, *self._node_sets.values(), *self._edge_sets.values()]


@final
class GraphTensor(_Graph, GraphPiece):
    """One or more heterogeneous graphs: a context, node sets and edge sets.

    Immutable. A scalar graph (rank 0) holds any number of components, whose nodes and edges lie one after the other;
    `tf.data.Dataset.batch` makes graphs of rank 1, `merge_batch_to_components` makes them scalar again. It passes
    through `tf.data`, `tf.function`, Keras models and `tf.distribute` as one value.

    >>> import gnnkit
    >>> graph = gnnkit.GraphTensor.from_pieces(
    ...     node_sets={"paper": gnnkit.NodeSet.from_fields(sizes=[3], features={"year": [1998, 2005, 2020]})},
    ...     edge_sets={"cites": gnnkit.EdgeSet.from_fields(
    ...         sizes=[2], adjacency=gnnkit.Adjacency.from_indices(("paper", [1, 2]), ("paper", [0, 0])))})
    >>> graph.edge_sets["cites"].adjacency.source.numpy().tolist()
    [1, 2]
    >>> graph = graph.replace_features(node_sets={"paper": {"age": 2026 - graph.node_sets["paper"]["year"]}})
    >>> graph.node_sets["paper"]["age"].numpy().tolist()
    [28, 21, 6]
    """

    _classes = (Context, NodeSet, EdgeSet)

    _cached_segments: dict[Any, Any] | None = None  # What gnnkit.ops resolved.

    @classmethod
    def from_pieces(
        cls,
        context: Context | None = None,
        node_sets: Mapping[str, NodeSet] | None = None,
        edge_sets: Mapping[str, EdgeSet] | None = None,
        validate: bool | None = None,
    ) -> Self:
        """Puts a graph together.

        context: features of components; made up where absent.
        node_sets, edge_sets: by name. Mixed int32 and int64 indices all become int64 (row splits likewise).
        validate: unused; kept for TF-GNN programs.

        ValueError: a piece of another class or graph shape, an edge set that names an absent node set, or pieces
        whose number of components differs.
        """
        del validate
        node_sets = dict(sorted(_check_pieces(node_sets, NodeSet, "node_sets").items()))
        edge_sets = dict(sorted(_check_pieces(edge_sets, EdgeSet, "edge_sets").items()))
        if context is not None and not isinstance(context, Context):
            raise ValueError(f"GraphTensor: context must be a Context, but got {type(context).__name__}.")
        others = [*node_sets.values(), *edge_sets.values()]
        if context is None or (not context._features and others):
            sizes = _ones_like(others[0].sizes) if others else _field.constant([], tf.int32)
            context = Context._from_fields((), [sizes])
        if _checks.static_checks():
            _check_graph(context, node_sets, edge_sets)
        self = cls.__new__(cls)
        self._context, self._node_sets, self._edge_sets = context, node_sets, edge_sets
        if len({p.indices_dtype for p in self._pieces()}) > 1:
            self = self.with_indices_dtype(tf.int64)
        self = with_one_row_splits_dtype(self)
        return with_runtime_checks(self) if _checks.runtime_checks() else self

    @property
    def context(self) -> Context:
        """Features of components."""
        return self._context

    @property
    def node_sets(self) -> Mapping[str, NodeSet]:
        """Read-only mapping from name to node set."""
        return ReadOnlyMapping(self._node_sets, "The graph", "node set")

    @property
    def edge_sets(self) -> Mapping[str, EdgeSet]:
        """Read-only mapping from name to edge set."""
        return ReadOnlyMapping(self._edge_sets, "The graph", "edge set")

    @property
    def num_components(self) -> Any:
        """Components of each graph of the batch."""
        return self._context.num_components

    @property
    def total_num_components(self) -> Any:
        """Components of all graphs of the batch together: scalar."""
        return self._context.total_num_components

    def replace_features(
        self,
        context: Mapping[str, Any] | None = None,
        node_sets: Mapping[str, Mapping[str, Any]] | None = None,
        edge_sets: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Self:
        """The same graph with other features.

        context: all features of the new context; None keeps those it has.
        node_sets, edge_sets: set name -> all features of that set; sets that are not named keep theirs.

        ValueError: an unknown set, or features whose number of rows does not fit.
        """
        result = type(self).__new__(type(self))
        result._context = self._context if context is None else self._context.replace_features(context)
        result._node_sets = _replace(self._node_sets, node_sets, "node")
        result._edge_sets = _replace(self._edge_sets, edge_sets, "edge")
        return with_one_row_splits_dtype(result)

    def remove_features(
        self,
        context: Sequence[str] | None = None,
        node_sets: Mapping[str, Sequence[str]] | None = None,
        edge_sets: Mapping[str, Sequence[str]] | None = None,
    ) -> Self:
        """The same graph without the named features.

        ValueError: a feature that is not there. KeyError: a set that is not there.
        """
        result = type(self).__new__(type(self))
        result._context = _without(self._context, context or (), "the context")
        result._node_sets = _remove(self._node_sets, node_sets or {}, "node set")
        result._edge_sets = _remove(self._edge_sets, edge_sets or {}, "edge set")
        return result

    def merge_batch_to_components(self) -> Self:
        """The batch as one scalar graph: its components one after the other, indices shifted to fit.

        A scalar graph is returned as it is. Works on symbolic Keras graphs too.
        """
        if self.rank == 0:
            return self
        from gnnkit.graph._merge import merge_batch_to_components

        return merge_batch_to_components(self)

    def __repr__(self) -> str:
        from gnnkit.graph._repr import piece_repr

        return piece_repr(self)

    def _repr_html_(self) -> str:
        from gnnkit.graph._html import piece_html

        return piece_html(self)


@final
@register_type_spec("gnnkit.GraphTensorSpec")
class GraphTensorSpec(_Graph, PieceSpec):
    """The type of a `GraphTensor`: sets, features, dtypes and static shapes.

    >>> import gnnkit, tensorflow as tf
    >>> spec = gnnkit.GraphTensorSpec.from_piece_specs(node_sets_spec={"paper": gnnkit.NodeSetSpec.from_field_specs(
    ...     features_spec={"year": tf.TensorSpec([None], tf.int64)}, sizes_spec=tf.TensorSpec([1], tf.int32))})
    >>> spec.node_sets_spec["paper"]["year"].dtype.name, spec.rank, spec.total_num_components
    ('int64', 0, 1)
    """

    _classes = (ContextSpec, NodeSetSpec, EdgeSetSpec)

    @classmethod
    def from_piece_specs(
        cls,
        context_spec: ContextSpec | None = None,
        node_sets_spec: Mapping[str, NodeSetSpec] | None = None,
        edge_sets_spec: Mapping[str, EdgeSetSpec] | None = None,
    ) -> Self:
        """The counterpart of `GraphTensor.from_pieces`, with the same errors."""
        node_sets = dict(sorted(_check_pieces(node_sets_spec, NodeSetSpec, "node_sets_spec").items()))
        edge_sets = dict(sorted(_check_pieces(edge_sets_spec, EdgeSetSpec, "edge_sets_spec").items()))
        others = [*node_sets.values(), *edge_sets.values()]
        if context_spec is None or (not context_spec._features and others):
            sizes = others[0].sizes_spec if others else tf.TensorSpec([0], tf.int32)
            context_spec = ContextSpec._from_fields((), [sizes])
        checked: Any = context_spec
        _check_graph(checked, node_sets, edge_sets)
        self = cls.__new__(cls)
        self._context, self._node_sets, self._edge_sets = context_spec, node_sets, edge_sets
        if len({p.indices_dtype for p in self._pieces()}) > 1:
            self = self.with_indices_dtype(tf.int64)
        return with_one_row_splits_dtype(self)

    @property
    def context_spec(self) -> ContextSpec:
        """The spec of the context."""
        return self._context

    @property
    def node_sets_spec(self) -> Mapping[str, NodeSetSpec]:
        """Read-only mapping from name to the spec of a node set."""
        return ReadOnlyMapping(self._node_sets, "The graph", "node set")

    @property
    def edge_sets_spec(self) -> Mapping[str, EdgeSetSpec]:
        """Read-only mapping from name to the spec of an edge set."""
        return ReadOnlyMapping(self._edge_sets, "The graph", "edge set")

    @property
    def num_components(self) -> int | None:
        """Static number of components of each graph."""
        return self._context.num_components

    @property
    def total_num_components(self) -> int | None:
        """Static number of components of the whole batch."""
        return self._context.total_num_components

    def relax(self, *, num_components: bool = False, num_nodes: bool = False, num_edges: bool = False) -> Self:
        """The spec without static numbers of components, nodes or edges. ValueError for a spec of rank > 0."""
        result = type(self).__new__(type(self))
        if self.rank:
            raise ValueError(f"relax() needs the spec of a scalar graph, but this one has shape {self.shape}.")
        result._context = self._context.relax(num_components=num_components)
        result._node_sets = {
            k: v.relax(num_components=num_components, num_nodes=num_nodes) for k, v in self._node_sets.items()
        }
        result._edge_sets = {
            k: v.relax(num_components=num_components, num_edges=num_edges) for k, v in self._edge_sets.items()
        }
        return result

    def __repr__(self) -> str:
        from gnnkit.graph._repr import spec_repr

        return spec_repr(self)


def _check_pieces(pieces: Any, cls: type, what: str) -> dict[str, Any]:
    pieces = {} if pieces is None else pieces
    if not isinstance(pieces, Mapping):
        raise ValueError(
            f"GraphTensor: {what} must be a mapping from name to {cls.__name__}, but got {type(pieces).__name__}."
        )
    for name, piece in pieces.items():
        if not isinstance(piece, cls):
            raise ValueError(
                f"GraphTensor: {what}[{name!r}] must be a {cls.__name__}, but got {type(piece).__name__}. "
                f"Make one with {cls.__name__}.from_fields(...)."
            )
    return dict(pieces)


def _check_graph(context: FieldTree, node_sets: dict[str, Any], edge_sets: dict[str, Any]) -> None:
    for name, edge_set in edge_sets.items():
        for tag, node_set_name in edge_set._adjacency._names.items():
            if node_set_name not in node_sets:
                raise ValueError(
                    f"Edge set {name!r} joins node set {node_set_name!r} (endpoint {tag}), which the graph lacks; "
                    f"it has {sorted(node_sets)}. Add that node set or correct the name in the adjacency."
                )
    want = _field.shape_of(context._sizes_field)
    named = [(f"node set {k!r}", v) for k, v in node_sets.items()] + [
        (f"edge set {k!r}", v) for k, v in edge_sets.items()
    ]
    for name, piece in named:
        got = _field.shape_of(piece._sizes_field)
        if want is None or got is None:
            continue
        if len(want) != len(got):
            raise ValueError(
                f"GraphTensor: {name} has graph shape {list(got[:-1])}, but the context (or first piece) has "
                f"{list(want[:-1])}. All pieces must be batched alike."
            )
        if any(a != b for a, b in zip(want, got, strict=True) if None not in (a, b)):
            raise ValueError(
                f"GraphTensor: {name} has sizes of shape {list(got)} (last: components), but the context (or first "
                f"piece) has {list(want)}. Give every piece one size a component; use 0 where a component has no items."
            )


def _ones_like(sizes: Any) -> Any:
    if isinstance(sizes, tf.Tensor | tf.RaggedTensor):
        return tf.ones_like(sizes)
    if isinstance(sizes, np.ndarray):
        return np.ones_like(sizes)
    import keras

    return keras.ops.ones_like(sizes)


def _replace(pieces: dict[str, Any], changes: Mapping[str, Any] | None, kind: str) -> dict[str, Any]:
    if not changes:
        return pieces
    for name in changes:
        if name not in pieces:
            raise ValueError(
                f"replace_features: the graph has no {kind} set {name!r}; its {kind} sets are {sorted(pieces)}."
            )
    return {
        k: v._replace(changes[k], f"{kind.capitalize()} set {k!r}") if k in changes else v for k, v in pieces.items()
    }


def _remove(pieces: dict[str, Any], names: Mapping[str, Sequence[str]], kind: str) -> dict[str, Any]:
    for name in names:
        if name not in pieces:
            raise MissingError(f"remove_features: the graph has no {kind} {name!r}; it has {sorted(pieces)}.")
    return {k: _without(v, names.get(k, ()), f"{kind} {k!r}") for k, v in pieces.items()}


def _without(piece: Any, names: Sequence[str], what: str) -> Any:
    if not names:
        return piece
    missing = [n for n in names if n not in piece._features]
    if missing:
        raise ValueError(
            f"remove_features: {what} has no feature {missing[0]!r}; its features are {list(piece._features)}."
        )
    return piece._with_features({k: v for k, v in piece._features.items() if k not in names})


GraphTensor._spec_class = GraphTensorSpec
GraphTensorSpec._value_class = GraphTensor
register_piece(GraphTensor)
