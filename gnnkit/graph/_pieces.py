"""Context, node sets and edge sets: features and sizes of one part of a graph."""

from collections.abc import Mapping
from typing import Any, Self, final

import keras
import numpy as np
import tensorflow as tf

from gnnkit.graph import _checks, _field
from gnnkit.graph._adjacency import Adjacency, AdjacencySpec, HyperAdjacency, HyperAdjacencySpec
from gnnkit.graph._featured import (
    Featured,
    FeaturedPiece,
    FeaturedSpec,
    Joined,
    features_from,
    with_one_row_splits_dtype,
)
from gnnkit.graph._piece import register_piece
from gnnkit.graph._tf import register_type_spec


@final
class Context(Featured, FeaturedPiece):
    """Features of whole components: one row a component."""

    _one_item_a_component = True

    @classmethod
    def from_fields(
        cls,
        *,
        features: Mapping[str, Any] | None = None,
        sizes: Any = None,
        shape: Any = None,
        indices_dtype: tf.DType | None = None,
        validate: bool | None = None,
    ) -> Self:
        """Makes a context.

        features: name -> field `[*graph_shape, C, ...]`.
        sizes: int `[*graph_shape, C]`, all ones; found from a feature when absent.
        shape: the graph's shape, needed only for a batch without sizes.
        indices_dtype: of the sizes when they are absent; `tf.int32` by default.
        validate: unused; kept for TF-GNN programs.

        ValueError: features that differ in their number of components.
        """
        del validate
        new, what = features_from(features or {}, "Context")
        dtype = indices_dtype or tf.int32
        rank = len(shape if shape is not None else [])
        if sizes is not None:
            sizes = _field.as_index(sizes, f"{what}: sizes")
        elif new:
            sizes = _ones_per_item(next(iter(new.values())), rank, dtype)
        else:
            lead = [1 if d is None else d for d in tf.TensorShape(shape or []).as_list()]
            sizes = _field.constant(np.zeros([*lead, 0]), dtype)
        if _checks.static_checks():
            _checks.check_sizes(sizes, what)
            _checks.check_features(new, sizes, what, per_component=True)
        return cls._from_fields(tuple(new), [sizes, *new.values()])


@final
class NodeSet(Featured, FeaturedPiece):
    """A set of nodes: features, one row a node, and how many nodes each component has.

    >>> import gnnkit
    >>> papers = gnnkit.NodeSet.from_fields(sizes=[2, 1], features={"year": [1998, 2005, 2020]})
    >>> papers["year"].numpy().tolist(), papers.sizes.numpy().tolist()
    ([1998, 2005, 2020], [2, 1])
    """

    @classmethod
    def from_fields(
        cls, *, features: Mapping[str, Any] | None = None, sizes: Any, validate: bool | None = None
    ) -> Self:
        """Makes a node set.

        features: name -> field `[*graph_shape, V, ...]`, dense or ragged.
        sizes: int32 or int64 `[*graph_shape, C]`: the number of nodes of each component.
        validate: unused; kept for TF-GNN programs.

        ValueError: sizes of another dtype, or features whose number of rows differs from the sizes or each other.
        """
        del validate
        new, what = features_from(features or {}, "NodeSet")
        sizes = _field.as_index(sizes, f"{what}: sizes")
        result = cls._from_fields(tuple(new), [sizes, *new.values()])
        if _checks.static_checks():
            _checks.check_sizes(sizes, what)
            _checks.check_features(new, sizes, what)
            _checks.check_total(result._static_total(), sizes, what)
        if _checks.runtime_checks():
            result._sizes = _checks.check_runtime(what, sizes, list(new.items()))
        return with_one_row_splits_dtype(result)


@final
class EdgeSet(Joined, FeaturedPiece):
    """A set of edges: an adjacency, features, one row an edge, and how many edges each component has.

    >>> import gnnkit
    >>> cites = gnnkit.EdgeSet.from_fields(
    ...     sizes=[2], features={"weight": [0.5, 1.0]},
    ...     adjacency=gnnkit.Adjacency.from_indices(source=("paper", [0, 1]), target=("paper", [2, 2])))
    >>> cites.adjacency.source_name, int(cites.total_size)
    ('paper', 2)
    """

    _adjacency_classes = (Adjacency, HyperAdjacency)

    def _known_items(self) -> Any:
        return self._adjacency._fields()[0]

    @property
    def adjacency(self) -> Any:
        """The `Adjacency` or `HyperAdjacency`."""
        return self._adjacency

    @classmethod
    def from_fields(
        cls,
        *,
        features: Mapping[str, Any] | None = None,
        sizes: Any,
        adjacency: Adjacency | HyperAdjacency,
        validate: bool | None = None,
    ) -> Self:
        """Makes an edge set.

        features: name -> field `[*graph_shape, E, ...]`.
        sizes: int32 or int64 `[*graph_shape, C]`: the number of edges of each component.
        adjacency: the endpoints; its indices count nodes over all components of a scalar graph.
        validate: unused; kept for TF-GNN programs.

        ValueError: numbers of edges that differ. TypeError: an adjacency of another class.
        """
        del validate
        if not isinstance(adjacency, (Adjacency, HyperAdjacency)):
            raise TypeError(
                f"EdgeSet: adjacency must be an Adjacency or HyperAdjacency, but got {type(adjacency).__name__}. "
                "Make one with Adjacency.from_indices(source=(node_set, indices), target=(node_set, indices))."
            )
        new, what = features_from(features or {}, "EdgeSet")
        sizes = _field.as_index(sizes, f"{what}: sizes")
        if _checks.static_checks():
            _checks.check_sizes(sizes, what)
            ends = {f"adjacency endpoint {t}": adjacency[t] for t in adjacency.tags}
            _checks.check_features({**ends, **new}, sizes, what)
            _checks.check_total(adjacency.total_size, sizes, what)
        if _field.dtype_of(sizes) != adjacency.indices_dtype:
            sizes, adjacency = _field.cast(sizes, tf.int64), adjacency.with_indices_dtype(tf.int64)
        if _checks.runtime_checks():
            rows = [*((f"#index.{t}", adjacency[t]) for t in adjacency.tags), *new.items()]
            sizes = _checks.check_runtime(what, sizes, rows)
        result = cls.__new__(cls)
        result._sizes, result._features, result._adjacency = sizes, new, adjacency
        return with_one_row_splits_dtype(result)


@final
@register_type_spec("gnnkit.ContextSpec")
class ContextSpec(Featured, FeaturedSpec):
    """The type of a `Context`."""

    _one_item_a_component = True

    @classmethod
    def from_field_specs(
        cls,
        *,
        features_spec: Mapping[str, Any] | None = None,
        sizes_spec: Any = None,
        shape: Any = (),
        indices_dtype: tf.DType = tf.int32,
    ) -> Self:
        """Makes the spec. Without `sizes_spec` it follows from a feature; see `Context.from_fields`."""
        features = dict(sorted((features_spec or {}).items()))
        if sizes_spec is None:
            lead = tf.TensorShape(shape)
            items = next(iter(features.values())).shape[len(lead)] if features else 0
            sizes_spec = tf.TensorSpec(lead.concatenate([items]), indices_dtype)
        return with_one_row_splits_dtype(cls._from_fields(tuple(features), [sizes_spec, *features.values()]))

    def relax(self, *, num_components: bool = False) -> Self:
        """The spec without the static number of components, where `num_components`."""
        return self._relaxed(num_components=num_components, num_items=num_components)


@final
@register_type_spec("gnnkit.NodeSetSpec")
class NodeSetSpec(Featured, FeaturedSpec):
    """The type of a `NodeSet`."""

    @classmethod
    def from_field_specs(cls, *, features_spec: Mapping[str, Any] | None = None, sizes_spec: Any) -> Self:
        """`features_spec`: name -> `tf.TensorSpec` or `tf.RaggedTensorSpec`; `sizes_spec`: int `[*graph_shape, C]`."""
        features = dict(sorted((features_spec or {}).items()))
        return with_one_row_splits_dtype(cls._from_fields(tuple(features), [sizes_spec, *features.values()]))

    def relax(self, *, num_components: bool = False, num_nodes: bool = False) -> Self:
        """The spec without static numbers of components or nodes."""
        return self._relaxed(num_components=num_components, num_items=num_nodes)


@final
@register_type_spec("gnnkit.EdgeSetSpec")
class EdgeSetSpec(Joined, FeaturedSpec):
    """The type of an `EdgeSet`."""

    _adjacency_classes = (AdjacencySpec, HyperAdjacencySpec)

    @property
    def adjacency_spec(self) -> Any:
        """The spec of the adjacency."""
        return self._adjacency

    @classmethod
    def from_field_specs(
        cls, *, features_spec: Mapping[str, Any] | None = None, sizes_spec: Any, adjacency_spec: Any
    ) -> Self:
        """See `NodeSetSpec.from_field_specs`; `adjacency_spec` is an `AdjacencySpec` or `HyperAdjacencySpec`."""
        result = cls.__new__(cls)
        result._sizes, result._adjacency = sizes_spec, adjacency_spec
        result._features = dict(sorted((features_spec or {}).items()))
        return with_one_row_splits_dtype(result)

    def relax(self, *, num_components: bool = False, num_edges: bool = False) -> Self:
        """The spec without static numbers of components or edges."""
        result = self._relaxed(num_components=num_components, num_items=num_edges)
        result._adjacency = self._adjacency.relax(num_edges=num_edges)
        return result


def _ones_per_item(feature: Any, rank: int, dtype: tf.DType) -> Any:
    """Ones `[*graph_shape, C]` for a context feature `[*graph_shape, C, ...]`."""
    shape: Any = _field.shape_of(feature)
    if shape is not None and None not in shape[: rank + 1]:
        return _field.constant(np.ones(shape[: rank + 1]), dtype)
    if _field.is_symbolic(feature):
        return keras.ops.ones_like(feature[(..., *[0] * (len(feature.shape) - rank - 1))], dtype=dtype.name)
    if isinstance(feature, tf.RaggedTensor):
        if rank == 0:
            return tf.ones([feature.nrows()], dtype)
        return tf.RaggedTensor.from_row_splits(tf.ones(feature.row_splits[-1:], dtype), feature.row_splits)
    return tf.ones(tf.shape(feature)[: rank + 1], dtype)


for _value, _spec in ((Context, ContextSpec), (NodeSet, NodeSetSpec), (EdgeSet, EdgeSetSpec)):
    _value._spec_class, _spec._value_class = _spec, _value
    register_piece(_value)
