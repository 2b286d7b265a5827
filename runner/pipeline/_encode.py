"""From raw features to encoded ones, and from those to the first states of nodes and edges."""

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any, final

import keras

from gnnkit._names import HIDDEN_STATE, ID_NAME
from gnnkit.graph import GraphTensorSpec
from gnnkit.keras import Input, Model
from gnnkit.keras.layers import MakeEmptyFeature, MapFeatures
from gnnkit.ops import broadcast_context_to_nodes
from gnnkit.runner.pipeline import _embedding_layers as embedding_layers
from gnnkit.runner.pipeline import _encoding_layers as encoding_layers
from gnnkit.runner.pipeline._features import (
    CONTEXT,
    CategoryInput,
    FeaturePlan,
    IdInput,
    NumberInput,
    TextHashInput,
    VectorInput,
)
from gnnkit.runner.pipeline._features import Input as PlannedInput


@final
@dataclasses.dataclass(frozen=True)
class Slice:
    """Where one input lies in the first state of a set: columns `[start, stop)`."""

    name: str
    start: int
    stop: int


def slices(inputs: tuple[PlannedInput, ...]) -> list[Slice]:
    """The places of all inputs of a set, side by side."""
    result, start = [], 0
    for item in inputs:
        result.append(Slice(item.name, start, start + item.width))
        start += item.width
    return result


def raw_features(plan: FeaturePlan) -> dict[str, list[str]]:
    """The features of the tables that the plan reads, as the samplers take them: `nodes/SET` -> names."""
    wanted: dict[str, list[str]] = {}
    for prefix, kind, sets in (("nodes", "node_sets", plan.node_sets), ("edges", "edge_sets", plan.edge_sets)):
        for name, inputs in sets.items():
            columns = list(plan.columns(kind, name))  # type: ignore[arg-type]
            if any(isinstance(item, IdInput) for item in inputs):
                columns.append(ID_NAME)
            wanted[f"{prefix}/{name}"] = columns
    return wanted


def context_columns(plan: FeaturePlan) -> dict[str, list[str]]:
    """Node set -> the features of the context that its nodes get."""
    prefix = f"#{CONTEXT}"
    found = {
        name: [c.removeprefix(prefix) for c in plan.columns("node_sets", name) if c.startswith(prefix)]
        for name in plan.node_sets
    }
    return {name: columns for name, columns in found.items() if columns}


def _with_context(graph: Any, plan: FeaturePlan) -> Any:
    """The graph with the features of the context at the nodes that get them, and not in the context."""
    columns = context_columns(plan)
    for name, wanted in columns.items():
        features = graph.node_sets[name].get_features_dict()
        for column in wanted:
            features[f"#{CONTEXT}{column}"] = broadcast_context_to_nodes(graph, name, feature_name=column)
        graph = graph.replace_features(node_sets={name: features})
    return graph.remove_features(context=sorted({c for wanted in columns.values() for c in wanted}))


def make_encoder(plan: FeaturePlan, spec: GraphTensorSpec) -> Model:
    """A model from a graph of raw features to the graph of encoded ones, for `tf.data`; auxiliary sets stay."""

    def node_sets_fn(node_set: Any, *, node_set_name: str) -> Any:
        return {item.name: encode_input(item, node_set) for item in plan.node_sets.get(node_set_name, ())}

    def edge_sets_fn(edge_set: Any, *, edge_set_name: str) -> Any:
        return {item.name: encode_input(item, edge_set) for item in plan.edge_sets.get(edge_set_name, ())}

    inputs = Input(spec)
    graph = _with_context(inputs, plan) if context_columns(plan) else inputs
    return Model(inputs, MapFeatures(node_sets_fn=node_sets_fn, edge_sets_fn=edge_sets_fn, name="encode")(graph))


def make_embedder(plan: FeaturePlan, node_sets: Collection[str], edge_sets: Collection[str] = ()) -> keras.layers.Layer:
    """The layer from encoded features to `hidden_state` `[V, width]`; a set without inputs gets one of width 0.

    node_sets, edge_sets: those that get a state; the others end up without features.
    """

    def node_sets_fn(node_set: Any, *, node_set_name: str) -> Any:
        return _first_state(plan.node_sets, node_set_name, node_set) if node_set_name in node_sets else {}

    def edge_sets_fn(edge_set: Any, *, edge_set_name: str) -> Any:
        return _first_state(plan.edge_sets, edge_set_name, edge_set) if edge_set_name in edge_sets else {}

    return MapFeatures(node_sets_fn=node_sets_fn, edge_sets_fn=edge_sets_fn, name="embed")


def _first_state(inputs_of: Mapping[str, tuple[PlannedInput, ...]], name: str, piece: Any) -> dict[str, Any]:
    parts = [_embed(item, piece[item.name]) for item in inputs_of.get(name, ())]
    if not parts:
        return {HIDDEN_STATE: MakeEmptyFeature()(piece)}
    return {HIDDEN_STATE: parts[0] if len(parts) == 1 else keras.layers.Concatenate()(parts)}


def encode_input(item: PlannedInput, piece: Any) -> Any:
    """One input of a set, encoded, out of the features of tables in `piece`."""
    if isinstance(item, NumberInput):
        layer = encoding_layers.ScaleNumber(item.shift, item.scale, item.log, item.clip, item.fill)
        return layer(piece[item.feature])
    if isinstance(item, VectorInput):
        return encoding_layers.ScaleVector(item.norm, item.shift, item.scale)(piece[item.feature])
    if isinstance(item, CategoryInput):
        return encoding_layers.FindPlace(item.vocabulary)(piece[item.feature])
    if isinstance(item, TextHashInput):
        return encoding_layers.HashWords(item.buckets, item.lowercase)(piece[item.feature])
    return encoding_layers.FindPlace(item.ids)(piece[ID_NAME])


def _embed(item: PlannedInput, value: Any) -> Any:
    if isinstance(item, (NumberInput, VectorInput)):
        return value
    if isinstance(item, CategoryInput):
        depth = len(item.vocabulary) + 1
        if item.dim is None:
            return embedding_layers.OneHot(depth)(value)
        return keras.layers.Embedding(depth, item.dim)(value)
    if isinstance(item, TextHashInput):
        return embedding_layers.BagOfWords(item.buckets, item.dim)(value)
    return keras.layers.Embedding(item.num_nodes + 1, item.width)(value)
