"""The tensors of a graph by name, as in serialized Examples: `nodes/SET.FEATURE`, `edges/SET.#source` and so on."""

from typing import Any

import tensorflow as tf

from gnnkit.graph import GraphTensor, GraphTensorSpec


def field_names(spec: Any) -> list[str]:
    """The names of all fields of a graph or its spec, in their order."""
    is_spec = isinstance(spec, GraphTensorSpec)
    names = ["context.#size"]
    context = spec.context_spec if is_spec else spec.context
    names += [f"context/{k}" for k in (context.features_spec if is_spec else context.features)]
    for kind, pieces in (
        ("nodes", spec.node_sets_spec if is_spec else spec.node_sets),
        ("edges", spec.edge_sets_spec if is_spec else spec.edge_sets),
    ):
        for name, piece in pieces.items():
            names.append(f"{kind}/{name}.#size")
            if kind == "edges":
                tags = (piece.adjacency_spec if is_spec else piece.adjacency).tags
                known = {0: "#source", 1: "#target"}
                names += [f"{kind}/{name}.{known.get(tag, f'#index.{tag}')}" for tag in tags]
            names += [f"{kind}/{name}.{k}" for k in (piece.features_spec if is_spec else piece.features)]
    return names


def named_features(graph: GraphTensor, *, sizes: bool = False) -> dict[str, tf.Tensor]:
    """The features of a graph, with `NAME.#row_lengths` beside ragged ones, and its sizes where `sizes`."""
    result: dict[str, tf.Tensor] = {}
    for name, field in zip(field_names(graph), graph._fields(), strict=True):
        if name.endswith(".#size") or ".#" not in name:
            if name.endswith(".#size") and not sizes:
                continue
            if isinstance(field, tf.RaggedTensor):
                result[f"{name}.#row_lengths"] = field.row_lengths()
                field = field.flat_values
            result[name] = tf.convert_to_tensor(field)
    return result
