"""Serialized Examples to predictions, in TensorFlow operations alone."""

import dataclasses
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from gnnkit.graph import ContextSpec, EdgeSetSpec, GraphTensor, GraphTensorSpec, NodeSetSpec
from gnnkit.io import parse_example

FeatureKey = tuple[str, str, str]  # ("context", "", feature), ("nodes", set, feature) or ("edges", set, feature)

# Operations whose results depend on the shape of their input alone.
_SHAPE_OPS = frozenset({"Shape", "ShapeN", "Size", "Rank", "ZerosLike", "OnesLike"})


@dataclasses.dataclass(frozen=True)
class Serving:
    """Parses serialized Examples and calls `fn`, with zeros for features that `fn` does not read (labels, for one).

    fn: merged scalar graph to outputs.
    spec: of the graph in one Example.
    """

    fn: Callable[[GraphTensor], Any]
    spec: GraphTensorSpec

    def unread_features(self) -> frozenset[FeatureKey]:
        """Features that no output depends on, whatever their values. Examples need not have them."""
        spec = self.spec.relax(num_components=True, num_nodes=True, num_edges=True)
        concrete = tf.function(
            lambda graph: tf.nest.flatten(self.fn(graph), expand_composites=True), autograph=False
        ).get_concrete_function(spec)
        read = _ancestors(concrete.outputs)
        inputs, unread = iter(concrete.inputs), set()
        for key, field in _keyed_fields(spec):
            tensors = [next(inputs) for _ in tf.nest.flatten(field, expand_composites=True)]
            if key is not None and _can_be_filled(field) and not any(t.ref() in read for t in tensors):
                unread.add(key)
        return frozenset(unread)

    def __call__(self, examples: tf.Tensor, unread: frozenset[FeatureKey]) -> Any:
        """Outputs of the serialized Examples, string `[B]`, which may lack the features `unread`."""
        graph = parse_example(without_features(self.spec, unread), examples).merge_batch_to_components()
        return self.fn(_filled(graph, self.spec, unread))


def _keyed_fields(spec: GraphTensorSpec) -> list[tuple[FeatureKey | None, Any]]:
    """All fields in the order of the spec's components; the key is None for sizes and indices."""
    fields: list[tuple[FeatureKey | None, Any]] = []
    pieces = [
        ("context", "", spec.context_spec),
        *(("nodes", k, v) for k, v in spec.node_sets_spec.items()),
        *(("edges", k, v) for k, v in spec.edge_sets_spec.items()),
    ]
    for kind, name, piece in pieces:
        structural = len(piece._fields()) - len(piece.features_spec)
        keys: list[FeatureKey | None] = [None] * structural
        keys += [(kind, name, feature) for feature in piece.features_spec]
        fields += zip(keys, piece._fields(), strict=True)
    return fields


def _ancestors(outputs: list[Any]) -> set[Any]:
    seen, stack = set(), list(outputs)
    while stack:
        tensor = stack.pop()
        if tensor.ref() in seen:
            continue
        seen.add(tensor.ref())
        if tensor.op.type not in _SHAPE_OPS:
            stack += tensor.op.inputs
    return seen


def _can_be_filled(field: Any) -> bool:
    if isinstance(field, tf.RaggedTensorSpec):
        return field.ragged_rank == 1 and field.shape[2:].is_fully_defined()
    return field.shape[1:].is_fully_defined()


def without_features(spec: GraphTensorSpec, unread: frozenset[FeatureKey]) -> GraphTensorSpec:
    """The spec without some features."""

    def kept(kind: str, name: str, features: Any) -> dict[str, Any]:
        return {k: v for k, v in features.items() if (kind, name, k) not in unread}

    context = spec.context_spec
    return GraphTensorSpec.from_piece_specs(
        context_spec=ContextSpec.from_field_specs(
            features_spec=kept("context", "", context.features_spec), sizes_spec=context.sizes_spec
        ),
        node_sets_spec={
            k: NodeSetSpec.from_field_specs(features_spec=kept("nodes", k, v.features_spec), sizes_spec=v.sizes_spec)
            for k, v in spec.node_sets_spec.items()
        },
        edge_sets_spec={
            k: EdgeSetSpec.from_field_specs(
                features_spec=kept("edges", k, v.features_spec),
                sizes_spec=v.sizes_spec,
                adjacency_spec=v.adjacency_spec,
            )
            for k, v in spec.edge_sets_spec.items()
        },
    )


def _filled(graph: GraphTensor, spec: GraphTensorSpec, unread: frozenset[FeatureKey]) -> GraphTensor:
    def features(kind: str, name: str, piece: Any, piece_spec: Any) -> dict[str, Any]:
        rows = tf.size(piece.sizes) if kind == "context" else tf.reduce_sum(piece.sizes)
        return {
            k: _zeros(v, rows) if (kind, name, k) in unread else piece[k] for k, v in piece_spec.features_spec.items()
        }

    return graph.replace_features(
        context=features("context", "", graph.context, spec.context_spec),
        node_sets={k: features("nodes", k, v, spec.node_sets_spec[k]) for k, v in graph.node_sets.items()},
        edge_sets={k: features("edges", k, v, spec.edge_sets_spec[k]) for k, v in graph.edge_sets.items()},
    )


def _zeros(spec: Any, rows: tf.Tensor) -> Any:
    if isinstance(spec, tf.RaggedTensorSpec):
        lengths = tf.zeros([rows], spec.row_splits_dtype)
        return tf.RaggedTensor.from_row_lengths(tf.zeros([0, *spec.shape[2:]], spec.dtype), lengths)
    rows = tf.cast(rows, tf.int32)
    return (
        tf.zeros(tf.concat([[rows], spec.shape[1:].as_list()], 0), spec.dtype)
        if spec.shape.rank > 1
        else tf.zeros([rows], spec.dtype)
    )
