"""The base of all pieces of a graph (and of the graph): a flat list of fields plus a hashable structure.

A piece and its spec are the same tree with other leaves: tensors here, `tf.TensorSpec`s there. Each concrete class says
how it takes itself apart (`_fields`) and is put together (`_from_fields`); everything that TensorFlow (TypeSpec,
tf.data batching) and Keras (pytrees) need follows from that.
"""

import abc
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import optree
import tensorflow as tf

from gnnkit.graph import _field
from gnnkit.graph._packed import pack, unpack
from gnnkit.graph._tf import CompositeTensor, with_static_ragged_shape

Structure = Any  # A nested tuple of names: hashable, equal for pieces with the same sets and features.


class FieldTree(abc.ABC):
    """What pieces and specs share."""

    @abc.abstractmethod
    def _structure(self) -> Structure:
        """Names of sets and features, without their fields."""

    @abc.abstractmethod
    def _fields(self) -> list[Any]:
        """All fields in the order that `_structure` implies; sizes come first."""

    @classmethod
    @abc.abstractmethod
    def _from_fields(cls, structure: Structure, fields: Sequence[Any]) -> Self:
        """The inverse; checks nothing, since Keras puts shapes, names and placeholders at the leaves."""

    def _map(self, fn: Any) -> Self:
        return self._from_fields(self._structure(), [fn(f) for f in self._fields()])

    @property
    @abc.abstractmethod
    def _sizes_field(self) -> Any:
        """The first field."""

    @property
    def shape(self) -> tf.TensorShape:
        """The shape of the graph: `[]` for one scalar graph, `[B]` for a batch."""
        return tf.TensorShape(self._sizes_field.shape)[:-1]

    @property
    def rank(self) -> int:
        """Rank of `shape`: 0 for a scalar graph (of any number of components), 1 for a batch."""
        shape = _field.shape_of(self._sizes_field)
        return 0 if shape is None else len(shape) - 1

    def with_shape(self, new_shape: Any) -> Self:
        """The same piece with what `new_shape` says about the graph's shape: a static batch size, or None for any.

        ValueError: it contradicts `shape`.
        """
        new_shape = tf.TensorShape(new_shape)
        if not self.shape.is_compatible_with(new_shape):
            raise ValueError(f"with_shape({new_shape}): the {type(self).__name__} has shape {self.shape}.")
        return self._map(lambda field: _field.with_leading_shape(field, new_shape))

    @property
    def indices_dtype(self) -> tf.DType:
        """The dtype of sizes and indices: `tf.int32` or `tf.int64`."""
        return _field.dtype_of(self._sizes_field)

    @property
    def row_splits_dtype(self) -> tf.DType:
        """The dtype of row splits of ragged fields; `tf.int64` where there is none."""
        for field in self._fields():
            dtype = _field.row_splits_dtype_of(field)
            if dtype is not None:
                return dtype
        return tf.int64

    @abc.abstractmethod
    def _index_positions(self) -> frozenset[int]:
        """Positions in `_fields()` of sizes and indices."""

    def with_indices_dtype(self, dtype: tf.DType) -> Self:
        """The same piece with sizes and indices of `dtype` (`tf.int32` or `tf.int64`)."""
        if dtype not in (tf.int32, tf.int64):
            raise ValueError(f"indices_dtype must be tf.int32 or tf.int64, but got {dtype!r}.")
        positions = self._index_positions()
        fields = [_field.cast(f, dtype) if i in positions else f for i, f in enumerate(self._fields())]
        return self._from_fields(self._structure(), fields)

    def with_row_splits_dtype(self, dtype: tf.DType) -> Self:
        """The same piece with row splits of `dtype` (`tf.int32` or `tf.int64`) in all ragged fields."""
        if dtype not in (tf.int32, tf.int64):
            raise ValueError(f"row_splits_dtype must be tf.int32 or tf.int64, but got {dtype!r}.")
        return self._map(lambda f: _field.cast_row_splits(f, dtype))


class GraphPiece(FieldTree, CompositeTensor):
    """A value: context, node set, edge set, adjacency or graph. Immutable."""

    _spec_class: ClassVar[type["PieceSpec"]]
    _cached_spec: "PieceSpec | None" = None
    _cached_is_symbolic: bool | None = None

    @property
    def spec(self) -> Any:
        """The `tf.TypeSpec` of this piece."""
        if self._cached_spec is None:
            specs = [_field.spec_of(f) for f in self._fields()]
            self._cached_spec = self._spec_class._from_fields(self._structure(), specs)
        return self._cached_spec

    def set_shape(self, new_shape: Any) -> Self:
        """Deprecated name of `with_shape`."""
        return self.with_shape(new_shape)

    @property
    def _type_spec(self) -> Any:
        return self.spec

    @property
    def _is_symbolic(self) -> bool:
        """Whether a field is a symbolic Keras tensor."""
        if self._cached_is_symbolic is None:
            self._cached_is_symbolic = any(map(_field.is_symbolic, self._fields()))
        return self._cached_is_symbolic

    def __getstate__(self) -> dict[str, Any]:
        """For pickle and copy: all but what can be made again."""
        return {k: v for k, v in self.__dict__.items() if not k.startswith("_cached")}

    @property
    def device(self) -> str:
        """Where the tensors are; tf.distribute asks for it."""
        return getattr(self._sizes_field, "device", "")

    # Keras asks for the length of nested arguments; a piece is one thing.
    def __len__(self) -> int:
        return 1

    def __bool__(self) -> bool:
        return True

    def __iter__(self):
        raise TypeError(f"{type(self).__name__} cannot be iterated over. Read features with piece['name'].")

    def get_config(self) -> dict[str, Any]:
        """For Keras, which stores the arguments of layers: structure and leaves.

        ValueError: a plain functional `keras.Model` over graphs is being saved.
        """
        first = self._sizes_field
        if isinstance(first, (list, tuple)) and len(first) == 3 and isinstance(first[0], str):
            # Where its inputs and outputs come from; Keras could store that, but not load it again.
            raise ValueError(
                "A keras.Model whose inputs or outputs are graphs has no config and cannot be saved as a .keras file. "
                "Make it with gnnkit.keras.Model(inputs, outputs) instead, or store its weights with save_weights()."
            )
        return {"structure": structure_to_lists(self._structure()), "fields": list(self._fields())}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        import keras

        revive = keras.saving.deserialize_keras_object
        fields = [revive(f) if isinstance(f, (dict, list)) else f for f in config["fields"]]
        return cls._from_fields(structure_from_lists(config["structure"]), fields)


class PieceSpec(FieldTree, tf.TypeSpec):
    """The type of a piece: what `tf.data`, `tf.function` and `gnnkit.keras.Input` take."""

    _value_class: ClassVar[type[GraphPiece]]
    _cached_parcels: list[list[int]] | None = None

    @property
    def value_type(self) -> type:
        """The class of the values that this spec describes."""
        return self._value_class

    @staticmethod
    def from_value(value: GraphPiece) -> Any:
        """The spec of a piece; `value.spec`."""
        return value.spec

    def _serialize(self) -> tuple[Any, ...]:
        return (self._structure(), tuple(self._fields()))

    @classmethod
    def _deserialize(cls, serialization: Any) -> Any:
        structure, fields = serialization
        return cls._from_fields(structure_from_lists(structure), list(fields))

    def __reduce__(self) -> Any:
        return type(self)._deserialize, (self._serialize(),)

    @property
    def _component_specs(self) -> tuple[Any, ...]:
        return tuple(self._fields())

    def _to_components(self, value: Any) -> tuple[Any, ...]:
        if value._structure() != self._structure():
            raise ValueError(
                f"The graph does not have the sets and features of the spec.\nSpec: {self!r}\nGraph: {value.spec!r}"
            )
        return tuple(_field.to_tf(f) for f in value._fields())

    def _from_components(self, components: Any) -> Any:
        return self._value_class._from_fields(self._structure(), list(components))

    # How tf.data stores an element: fields as variants, whatever their static shape. Variants of different sizes can be
    # stacked, and tf.function may relax static shapes without changing how an element is stored.

    def _is_static(self, spec: Any) -> bool:
        """Whether the field stays dense when graphs are batched."""
        return isinstance(spec, tf.TensorSpec) and spec.shape[self.rank :].is_fully_defined()

    def _boxed(self, spec: Any) -> tf.RaggedTensorSpec:
        """The field with the dimensions of the graph's shape as ragged ones (none for a scalar graph)."""
        if isinstance(spec, tf.RaggedTensorSpec):
            return spec
        return tf.RaggedTensorSpec(
            tf.TensorShape([*[None] * (self.rank + 1), *spec.shape[self.rank + 1 :]]) if self.rank else spec.shape,
            spec.dtype,
            ragged_rank=self.rank,
            row_splits_dtype=self.row_splits_dtype,
        )

    def _unbox(self, spec: Any, variant: Any) -> Any:
        if self.rank == 0 and isinstance(spec, tf.TensorSpec):
            # What the code below does, in a tenth of the time: every batch of a dataset comes through here.
            return tf.raw_ops.RaggedTensorFromVariant(
                encoded_ragged=variant, input_ragged_rank=0, output_ragged_rank=0, Tvalues=spec.dtype, Tsplits=tf.int64
            ).output_dense_values
        return self._unragged(spec, self._boxed(spec)._from_compatible_tensor_list([variant]))

    def _unragged(self, spec: Any, value: Any) -> Any:
        """The inverse of what `_boxed` tells."""
        if isinstance(spec, tf.TensorSpec):
            if self.rank == 1 and self._is_static(spec):
                value = tf.reshape(value.flat_values, [value.nrows(), *spec.shape[1:]])
            elif self.rank:
                value = value.to_tensor()
        return value

    def _ragged(self, spec: Any, value: Any) -> Any:
        """The value as `_boxed` tells."""
        boxed = self._boxed(spec)
        if boxed.ragged_rank and not isinstance(value, tf.RaggedTensor):
            value = tf.RaggedTensor.from_tensor(
                value, ragged_rank=boxed.ragged_rank, row_splits_dtype=boxed.row_splits_dtype
            )
        return value

    @property
    def _parcels(self) -> list[list[int]]:
        """Positions of the fields that travel together: the vectors of one dtype, and each other field alone."""
        if self._cached_parcels is None:
            fields = self._fields()
            vectors: dict[tf.DType, list[int]] = {}
            for i, spec in enumerate(fields):
                if spec.shape.rank == self.rank + 1:
                    vectors.setdefault(spec.dtype, []).append(i)
            together = [group for group in vectors.values() if len(group) > 1]
            alone = set(range(len(fields))).difference(*together)
            self._cached_parcels = [*together, *([i] for i in sorted(alone))]
        return self._cached_parcels

    @property
    def _flat_tensor_specs(self) -> list[Any]:
        return [tf.TensorSpec(None, tf.variant) for _ in self._parcels]

    def _to_tensor_list(self, value: Any) -> list[Any]:
        return self._variants(value, batched=False)

    def _to_batched_tensor_list(self, value: Any) -> list[Any]:
        return self._variants(value, batched=True)

    def _variants(self, value: Any, *, batched: bool) -> list[Any]:
        pairs = zip(self._fields(), self._to_components(value), strict=True)
        values = [self._ragged(*pair) for pair in pairs]
        variants = []
        for parcel in self._parcels:
            if len(parcel) > 1:
                variants.append(pack([values[i] for i in parcel], self.rank, batched=batched))
            else:
                boxed = self._boxed(self._fields()[parcel[0]])
                box = boxed._to_batched_tensor_list if batched else boxed._to_tensor_list
                variants += box(values[parcel[0]])
        return variants

    def _from_tensor_list(self, tensor_list: Sequence[Any]) -> Any:
        return self._from_compatible_tensor_list(tensor_list)

    def _from_compatible_tensor_list(self, tensor_list: Sequence[Any]) -> Any:
        specs, rank = self._fields(), self.rank
        fields: list[Any] = [None] * len(specs)
        for parcel, variant in zip(self._parcels, tensor_list, strict=True):
            first = specs[parcel[0]]
            if len(parcel) == 1:
                fields[parcel[0]] = self._unbox(first, variant)
                continue
            values = unpack(variant, len(parcel), first.dtype, rank)
            for i, value in zip(parcel, values, strict=True):
                fields[i] = (
                    self._unragged(specs[i], with_static_ragged_shape(value, self._boxed(specs[i]))) if rank else value
                )
        if not tf.executing_eagerly():
            fields = [_with_static_shape(*pair) for pair in zip(fields, specs, strict=True)]
        return self._value_class._from_fields(self._structure(), fields)

    def _batch(self, batch_size: int | None) -> Any:
        if self.rank > 0 and not self.shape[1:].is_fully_defined() or None in self.shape.as_list():
            raise NotImplementedError(
                f"Cannot batch graphs of shape {self.shape}: only the outermost dimension may be unknown. "
                "Use drop_remainder=True in the earlier Dataset.batch()."
            )

        def batch(spec: Any) -> Any:
            if self._is_static(spec):
                return tf.TensorSpec(tf.TensorShape([batch_size]).concatenate(spec.shape), spec.dtype)
            return self._boxed(spec)._batch(batch_size)

        return self._map(batch)

    def _unbatch(self) -> Any:
        if self.rank == 0:
            raise ValueError(f"Cannot unbatch a scalar graph: {self!r}. Only graphs that went through batch() can.")

        def unbatch(spec: Any) -> Any:
            if isinstance(spec, tf.RaggedTensorSpec) and spec.ragged_rank > 1:
                return tf.RaggedTensorSpec(spec.shape[1:], spec.dtype, spec.ragged_rank - 1, spec.row_splits_dtype)
            return tf.TensorSpec(spec.shape[1:], spec.dtype)

        return self._map(unbatch)

    def _to_legacy_output_types(self) -> Any:
        return self

    def _to_legacy_output_shapes(self) -> Any:
        return self

    def _to_legacy_output_classes(self) -> Any:
        return self


def _with_static_shape(value: Any, spec: Any) -> Any:
    if not isinstance(spec, tf.TensorSpec):
        return value
    value.set_shape(spec.shape)
    return tf.ensure_shape(value, spec.shape)


def register_piece(cls: type[GraphPiece]) -> None:
    """Makes `cls` a nested structure of its fields for Keras and, on that backend, for JAX."""
    import keras

    def flatten(piece: Any) -> Any:
        return piece._fields(), piece._structure()

    optree.register_pytree_node(
        cls, flatten, lambda structure, fields: cls._from_fields(structure, list(fields)), namespace="keras"
    )
    keras.saving.register_keras_serializable("gnnkit", cls.__name__)(cls)
    if keras.backend.backend() == "jax":
        import jax

        jax.tree_util.register_pytree_node(
            cls, flatten, lambda structure, fields: cls._from_fields(structure, list(fields))
        )


def structure_to_lists(structure: Structure) -> Any:
    """A structure as JSON holds it."""
    return [structure_to_lists(s) for s in structure] if isinstance(structure, tuple) else structure


def structure_from_lists(structure: Any) -> Structure:
    """The inverse of `structure_to_lists`."""
    if isinstance(structure, (tuple, list)):
        return tuple(structure_from_lists(s) for s in structure)
    return structure
