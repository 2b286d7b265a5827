"""What contexts, node sets and edge sets share: sizes and features."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import keras
import tensorflow as tf

from gnnkit._names import HIDDEN_STATE
from gnnkit.graph import _checks, _field
from gnnkit.graph._missing import ReadOnlyMapping
from gnnkit.graph._piece import GraphPiece, PieceSpec


class WithFeatures:
    """Shared by all values and specs that have features: reading one, counting items."""

    _sizes: Any
    _features: dict[str, Any]
    _one_item_a_component = False
    rank: int  # Of the piece.

    def __getitem__(self, feature_name: str) -> Any:
        return ReadOnlyMapping(self._features, type(self).__name__, "feature")[feature_name]

    def _static_total(self) -> int | None:
        """Number of items of the whole batch, None where no static shape tells it (as for sets without features)."""
        lead = self.rank + 1
        for field in [self._sizes] if self._one_item_a_component else self._features.values():
            if lead > 1 and _field.row_splits_dtype_of(field) is not None:
                continue
            total = _field.static_size(field, lead)
            if total is not None:
                return total
        return None


class Featured(WithFeatures):
    """Shared by the values and specs of contexts and node sets: sizes and features."""

    def _structure(self) -> Any:
        return tuple(self._features)

    def _fields(self) -> list[Any]:
        return [self._sizes, *self._features.values()]

    @property
    def _sizes_field(self) -> Any:
        return self._sizes

    @classmethod
    def _from_fields(cls, structure: Any, fields: Sequence[Any]) -> Self:
        self = cls.__new__(cls)
        self._sizes = fields[0]
        self._features = dict(zip(structure, fields[1:], strict=True))
        return self

    def _index_positions(self) -> frozenset[int]:
        return frozenset([0])


class Joined(WithFeatures):
    """The same with an adjacency between sizes and features: edge sets."""

    _adjacency: Any
    _adjacency_classes: tuple[type, type]  # Two endpoints, any number.

    def _structure(self) -> Any:
        adjacency = self._adjacency
        return (isinstance(adjacency, self._adjacency_classes[1]), adjacency._structure(), tuple(self._features))

    def _fields(self) -> list[Any]:
        return [self._sizes, *self._adjacency._fields(), *self._features.values()]

    @property
    def _sizes_field(self) -> Any:
        return self._sizes

    @classmethod
    def _from_fields(cls, structure: Any, fields: Sequence[Any]) -> Self:
        is_hyper, endpoints, names = structure
        self = cls.__new__(cls)
        self._sizes = fields[0]
        end = 1 + len(endpoints)
        self._adjacency = cls._adjacency_classes[is_hyper]._from_fields(endpoints, fields[1:end])  # type: ignore[attr-defined]
        self._features = dict(zip(names, fields[end:], strict=True))
        return self

    def _index_positions(self) -> frozenset[int]:
        return frozenset(range(1 + len(self._adjacency.tags)))

    def _static_total(self) -> int | None:
        total = super()._static_total()
        return self._adjacency.total_size if total is None else total


class FeaturedPiece(GraphPiece):
    """What context, node set and edge set offer alike."""

    _sizes: Any
    _features: dict[str, Any]

    @property
    def sizes(self) -> Any:
        """Number of items of each component: int `[*graph_shape, C]`."""
        return self._sizes

    @property
    def features(self) -> Mapping[str, Any]:
        """Read-only mapping from name to field `[*graph_shape, num_items, ...]`."""
        return ReadOnlyMapping(self._features, type(self).__name__, "feature")

    def get_features_dict(self) -> dict[str, Any]:
        """A new dict of the features, to change and hand to `replace_features`."""
        return dict(self._features)

    @property
    def num_components(self) -> Any:
        """Components of each graph: scalar, or `[*graph_shape]` for batches that differ in it."""
        if isinstance(self._sizes, tf.RaggedTensor):
            return tf.cast(self._sizes.row_lengths(), self.indices_dtype)
        static = self._sizes.shape[self.rank]
        return _count(static, self._sizes, lambda: _dynamic_length(self._sizes, self.rank))

    @property
    def total_num_components(self) -> Any:
        """Components of all graphs of the batch together: scalar."""
        if isinstance(self._sizes, tf.RaggedTensor):
            return tf.size(self._sizes.flat_values, out_type=self.indices_dtype)
        return _count(_field.static_size(self._sizes), self._sizes, lambda: _dynamic_length(self._sizes, None))

    @property
    def total_size(self) -> Any:
        """Number of items in all components of all graphs: scalar of `indices_dtype` (a constant where static)."""
        return _count(self._static_total(), self._sizes, lambda: _dynamic_total(self))

    def _num_items(self) -> Any:
        """`total_size` as operations take it: an int where it is static."""
        total = self._static_total()
        return _dynamic_total(self) if total is None else total

    def replace_features(self, features: Mapping[str, Any]) -> Self:
        """The same piece with other features (all of them: what is not in `features` is gone).

        ValueError: wrong number of items or wrong leading shape.
        """
        return self._replace(features, type(self).__name__)

    def _replace(self, features: Mapping[str, Any], what: str) -> Self:
        new, what = features_from(features, what)
        known = self._known_items()
        if _checks.static_checks():
            _checks.check_features(new, self._sizes, what, self._one_item_a_component, before=known)
        result = self._with_features(new)
        if known is None and new and not self._one_item_a_component and _checks.static_checks():
            _checks.check_total(result._static_total(), self._sizes, what)
        if _checks.runtime_checks():
            result._sizes = _checks.check_runtime(what, self._sizes, list(new.items()))
        return with_one_row_splits_dtype(result)

    def _known_items(self) -> Any:
        """A field whose leading dimensions tell the number of items, if there is one."""
        return next(iter(self._features.values()), None)

    def _with_features(self, features: dict[str, Any]) -> Self:
        result = type(self).__new__(type(self))
        result.__dict__.update({k: v for k, v in self.__dict__.items() if not k.startswith("_cached")})
        result._features = features
        return result

    def __repr__(self) -> str:
        from gnnkit.graph._repr import piece_repr

        return piece_repr(self)

    def _repr_html_(self) -> str:
        from gnnkit.graph._html import piece_html

        return piece_html(self)


class FeaturedSpec(PieceSpec):
    _sizes: Any
    _features: dict[str, Any]

    @property
    def sizes_spec(self) -> Any:
        """The spec of `sizes`: int `[*graph_shape, C]`."""
        return self._sizes

    @property
    def features_spec(self) -> Mapping[str, Any]:
        """Read-only mapping from feature name to the spec of its field."""
        return ReadOnlyMapping(self._features, type(self).__name__, "feature")

    @property
    def num_components(self) -> int | None:
        """Static number of components of each graph, None where unknown."""
        return self._sizes.shape[-1]

    @property
    def total_num_components(self) -> int | None:
        """Static number of components of the whole batch, None where unknown."""
        return _field.static_size(self._sizes)

    @property
    def total_size(self) -> int | None:
        """Static number of items of the whole batch, None where unknown (as for sets without features)."""
        return self._static_total()

    def _relaxed(self, *, num_components: bool, num_items: bool) -> Self:
        if self.rank:
            raise ValueError(f"relax() needs the spec of a scalar graph, but this one has shape {self.shape}.")
        sizes = tf.TensorSpec([None], self._sizes.dtype) if num_components else self._sizes
        features = self._features
        if num_items:
            features = {k: _relax_first(v) for k, v in features.items()}
        result = type(self).__new__(type(self))
        result.__dict__.update(self.__dict__)
        result._sizes, result._features = sizes, features
        return result

    def __repr__(self) -> str:
        from gnnkit.graph._repr import spec_repr

        return spec_repr(self)


def features_from(features: Mapping[str, Any], what: str) -> tuple[dict[str, Any], str]:
    """Sorted by name, so that graphs with the same features have the same structure."""
    if not isinstance(features, Mapping):
        if _field.is_field(features):
            features = {HIDDEN_STATE: features}
        else:
            raise ValueError(
                f"{what}: features must be a mapping from name to tensor, but got {type(features).__name__}."
            )
    for name in features:
        if not isinstance(name, str):
            raise ValueError(f"{what}: feature names must be str, but got {name!r}.")
    return {k: _field.as_field(features[k], f"{what}: feature {k!r}") for k in sorted(features)}, what


def with_one_row_splits_dtype(piece: Any) -> Any:
    """Makes mixed row splits of ragged features int64."""
    dtypes = {d for d in map(_field.row_splits_dtype_of, piece._fields()) if d is not None}
    return piece.with_row_splits_dtype(tf.int64) if len(dtypes) > 1 else piece


def _count(static: int | None, sizes: Any, dynamic: Any) -> Any:
    dtype = _field.dtype_of(sizes)
    if isinstance(sizes, tf.Tensor | tf.RaggedTensor) and static is not None:
        return tf.constant(static, dtype)
    return dynamic() if static is None else static


def _dynamic_length(sizes: Any, axis: int | None) -> Any:
    """Length of one axis (None: of all together), for tensors and symbolic tensors."""
    if _field.is_symbolic(sizes):
        return keras.ops.sum(keras.ops.ones_like(sizes), axis=-1 if axis is not None else None)
    dtype = _field.dtype_of(sizes)
    return tf.size(sizes, out_type=dtype) if axis is None else tf.shape(sizes, out_type=dtype)[axis]


def _dynamic_total(piece: Any) -> Any:
    """Rows of a field where one has them, else the sum of sizes."""
    dtype, known = piece.indices_dtype, piece._known_items()
    if piece.rank == 0 and isinstance(known, tf.Tensor):
        return tf.shape(known, out_type=dtype)[0]
    if piece.rank == 0 and isinstance(known, tf.RaggedTensor):
        return tf.cast(known.nrows(), dtype)
    sizes = piece.sizes
    if _field.is_symbolic(sizes):
        return keras.ops.sum(sizes)
    return tf.reduce_sum(sizes.flat_values if isinstance(sizes, tf.RaggedTensor) else sizes)


def _relax_first(spec: Any) -> Any:
    shape = tf.TensorShape([None]).concatenate(spec.shape[1:])
    if isinstance(spec, tf.RaggedTensorSpec):
        return tf.RaggedTensorSpec(shape, spec.dtype, spec.ragged_rank, spec.row_splits_dtype)
    return tf.TensorSpec(shape, spec.dtype)
