"""Adjacency: which nodes an edge joins. Indices count from 0 over all components of a scalar graph."""

from collections.abc import Mapping, Sequence
from typing import Any, Self, final

import tensorflow as tf

from gnnkit._names import SOURCE, TARGET
from gnnkit.graph import _field
from gnnkit.graph._checks import static_checks
from gnnkit.graph._missing import MissingError
from gnnkit.graph._piece import GraphPiece, PieceSpec, register_piece
from gnnkit.graph._tf import register_type_spec


class _Incidence:
    """Shared by values and specs: fields by tag, with the node set that each tag points at."""

    _names: dict[int, str]
    _by_tag: dict[int, Any]

    def _structure(self) -> Any:
        return tuple(self._names.items())

    def _fields(self) -> list[Any]:
        return list(self._by_tag.values())

    @property
    def _sizes_field(self) -> Any:
        return next(iter(self._by_tag.values()))

    @classmethod
    def _from_fields(cls, structure: Any, fields: Sequence[Any]) -> Self:
        self = cls.__new__(cls)
        self._names = dict(structure)
        self._by_tag = dict(zip(self._names, fields, strict=True))
        return self

    def _index_positions(self) -> frozenset[int]:
        return frozenset(range(len(self._by_tag)))

    def node_set_name(self, node_set_tag: int) -> str:
        """The node set that the indices of this tag point at. KeyError for a tag that the adjacency lacks."""
        self._check_tag(node_set_tag)
        return self._names[node_set_tag]

    def __getitem__(self, tag: int) -> Any:
        self._check_tag(tag)
        return self._by_tag[tag]

    def _check_tag(self, tag: int) -> None:
        if tag not in self._names:
            raise MissingError(f"The adjacency has no tag {tag!r} (#index.{tag}); its tags are {sorted(self._names)}.")

    @property
    def tags(self) -> tuple[int, ...]:
        """The tags in ascending order."""
        return tuple(self._names)

    @property
    def total_size(self) -> Any:
        """Number of edges where it is static (an int), else None."""
        for value in self._by_tag.values():
            total = _field.static_size(value)
            if total is not None:
                return total
        return None

    def __repr__(self) -> str:
        ends = ", ".join(
            f"{tag}: ({name!r}, {_field.describe(self._by_tag[tag])})" for tag, name in self._names.items()
        )
        return f"{type(self).__name__}({ends})"


class _Adjacencies(_Incidence, GraphPiece):
    def get_indices_dict(self) -> dict[int, tuple[str, Any]]:
        """`{tag: (node set name, indices [*graph_shape, E])}`."""
        return {tag: (name, self._by_tag[tag]) for tag, name in self._names.items()}

    @classmethod
    def _checked(cls, indices: Mapping[int, tuple[str, Any]]) -> Self:
        if not indices:
            raise ValueError(f"{cls.__name__} needs at least one endpoint {{tag: (node_set_name, indices)}}, got none.")
        names, fields = [], []
        for tag in indices:
            if not isinstance(tag, int) or isinstance(tag, bool):
                raise ValueError(
                    f"{cls.__name__}: tags must be int, but got {tag!r}. "
                    "Use gnnkit.SOURCE (0), gnnkit.TARGET (1), 2, ..."
                )
        for tag in sorted(indices):
            endpoint = indices[tag]
            if not (isinstance(endpoint, (tuple, list)) and len(endpoint) == 2 and isinstance(endpoint[0], str)):
                raise ValueError(
                    f"{cls.__name__}: endpoint {tag} must be a tuple (node_set_name, indices), but got {endpoint!r}."
                )
            names.append((tag, endpoint[0]))
            fields.append(_field.as_index(endpoint[1], f"{cls.__name__}: indices of endpoint {tag}"))
        if static_checks():
            _check_indices(cls.__name__, names, fields)
        if len({_field.dtype_of(f) for f in fields}) > 1:
            fields = [_field.cast(f, tf.int64) for f in fields]
        splits = {d for d in map(_field.row_splits_dtype_of, fields) if d is not None}
        if len(splits) > 1:
            fields = [_field.cast_row_splits(f, tf.int64) for f in fields]
        return cls._from_fields(tuple(names), fields)


def _check_indices(what: str, names: list[tuple[int, str]], fields: list[Any]) -> None:
    for (tag, name), field in zip(names, fields, strict=True):
        dtype = _field.dtype_of(field)
        if dtype not in (tf.int32, tf.int64):
            raise ValueError(
                f"{what}: indices of endpoint {tag} (node set {name!r}) must be int32 or int64, but are {dtype.name}."
            )
        first, shape = _field.shape_of(fields[0]), _field.shape_of(field)
        if shape is None or first is None:
            continue
        if len(shape) < 1:
            raise ValueError(f"{what}: indices of endpoint {tag} (node set {name!r}) must be a vector, got a scalar.")
        if len(shape) != len(first) or any(a != b for a, b in zip(first, shape, strict=True) if None not in (a, b)):
            raise ValueError(
                f"{what}: all endpoints need one index an edge, but endpoint {names[0][0]} (node set "
                f"{names[0][1]!r}) has shape {list(first)} and endpoint {tag} (node set {name!r}) {list(shape)}."
            )


class _TwoEnds:
    @property
    def source(self) -> Any:
        """Source indices `[*graph_shape, E]` (or their spec)."""
        return self[SOURCE]  # type: ignore[index]

    @property
    def target(self) -> Any:
        """Target indices `[*graph_shape, E]` (or their spec)."""
        return self[TARGET]  # type: ignore[index]

    @property
    def source_name(self) -> str:
        return self.node_set_name(SOURCE)  # type: ignore[attr-defined]

    @property
    def target_name(self) -> str:
        return self.node_set_name(TARGET)  # type: ignore[attr-defined]


@final
class HyperAdjacency(_Adjacencies):
    """Edges with any number of endpoints, each with a tag of its own.

    >>> import gnnkit
    >>> a = gnnkit.HyperAdjacency.from_indices({0: ("user", [0, 1]), 1: ("item", [2, 0]), 2: ("shop", [0, 0])})
    >>> a.node_set_name(2)
    'shop'
    """

    @classmethod
    def from_indices(cls, indices: Mapping[int, tuple[str, Any]], *, validate: bool | None = None) -> Self:
        """Makes hyperedges.

        indices: tag -> (node set name, int32 or int64 `[*graph_shape, E]`).
        validate: unused; kept for TF-GNN programs.

        ValueError: no endpoint, a tag that is no int, indices of other shapes or of no integer type.
        """
        del validate
        return cls._checked(indices)


@final
class Adjacency(_TwoEnds, _Adjacencies):
    """Edges from a source node to a target node.

    >>> import gnnkit
    >>> a = gnnkit.Adjacency.from_indices(source=("author", [0, 1, 1]), target=("paper", [0, 0, 2]))
    >>> a.target.numpy().tolist()
    [0, 0, 2]
    """

    @classmethod
    def from_indices(cls, source: tuple[str, Any], target: tuple[str, Any], *, validate: bool | None = None) -> Self:
        """Makes edges.

        source, target: (node set name, int32 or int64 `[*graph_shape, E]`).
        validate: unused; kept for TF-GNN programs.

        ValueError: shapes that differ, or indices of no integer type.
        """
        del validate
        return cls._checked({SOURCE: source, TARGET: target})


class _AdjacencySpecs(_Incidence, PieceSpec):
    def get_index_specs_dict(self) -> dict[int, tuple[str, Any]]:
        """`{tag: (node set name, spec of the indices)}`."""
        return {tag: (name, self._by_tag[tag]) for tag, name in self._names.items()}

    def relax(self, *, num_edges: bool = False) -> Self:
        """The spec without the static number of edges, where `num_edges`."""
        if not num_edges:
            return self
        return self._map(lambda s: tf.TensorSpec([None], s.dtype))


_DEFAULT_INDEX = tf.TensorSpec([None], tf.int32)


@final
@register_type_spec("gnnkit.HyperAdjacencySpec")
class HyperAdjacencySpec(_AdjacencySpecs):
    """The type of a `HyperAdjacency`."""

    @classmethod
    def from_incident_node_sets(cls, incident_node_sets: Mapping[int, str], index_spec: Any = _DEFAULT_INDEX) -> Self:
        """`incident_node_sets`: tag -> node set name. `index_spec`: spec of the indices of each tag."""
        names = tuple(sorted(incident_node_sets.items()))
        return cls._from_fields(names, [index_spec] * len(names))


@final
@register_type_spec("gnnkit.AdjacencySpec")
class AdjacencySpec(_TwoEnds, _AdjacencySpecs):
    """The type of an `Adjacency`."""

    @classmethod
    def from_incident_node_sets(
        cls, source_node_set: str, target_node_set: str, index_spec: Any = _DEFAULT_INDEX
    ) -> Self:
        """`index_spec`: spec of the indices of both ends, `[*graph_shape, E]`."""
        return cls._from_fields(((SOURCE, source_node_set), (TARGET, target_node_set)), [index_spec] * 2)


HyperAdjacency._spec_class = HyperAdjacencySpec
HyperAdjacencySpec._value_class = HyperAdjacency
Adjacency._spec_class = AdjacencySpec
AdjacencySpec._value_class = Adjacency
register_piece(HyperAdjacency)
register_piece(Adjacency)
