"""The network of a config: first states, rounds of message passing."""

import dataclasses
from collections.abc import Collection
from typing import Any, final

import keras

from gnnkit._names import HIDDEN_STATE, SOURCE, TARGET
from gnnkit.graph import GraphTensorSpec
from gnnkit.keras import Input, Model
from gnnkit.keras._builder import incoming_edge_sets
from gnnkit.keras.layers import MapFeatures
from gnnkit.models import gcn
from gnnkit.ops import reverse_tag
from gnnkit.runner.config import GCN, LinkPrediction, Rounds, RunConfig, WholeGraph, target_set
from gnnkit.runner.pipeline._encode import make_embedder
from gnnkit.runner.pipeline._features import FeaturePlan
from gnnkit.runner.pipeline._updates import edge_argument, make_update


def receiver_tag(config: RunConfig) -> int:
    """The end of edges that messages go to, as the config says or by the kind of sampling."""
    tag = config.model.receiver_tag
    if tag is None:
        return TARGET if isinstance(config.sampling, WholeGraph) else SOURCE
    return {"source": SOURCE, "target": TARGET}[tag]


def read_out(config: RunConfig, spec: GraphTensorSpec) -> tuple[str, ...]:
    """The node sets whose last states the tasks read."""
    kind, name = target_set(config)
    if kind == "edge_sets":
        adjacency = (
            spec.edge_sets_spec["_readout/source"].adjacency_spec,
            spec.edge_sets_spec["_readout/target"].adjacency_spec,
        )
        return tuple(dict.fromkeys(a.node_set_name(SOURCE) for a in adjacency))
    return (config.main_task.node_set if kind == "context" else name,)  # type: ignore[union-attr]


def trims(config: RunConfig) -> bool:
    """Whether states that no prediction rests on are left out."""
    wanted = config.runtime.trim_to_roots
    return not isinstance(config.sampling, WholeGraph) if wanted is None else wanted


@final
class Network:
    """The base model of a config, made of layers from graph to graph.

    layers: of the model that `model_fn` made last; the first makes `hidden_state` of the encoded features.
    """

    def __init__(self, config: RunConfig, plan: FeaturePlan) -> None:
        self._config, self._plan = config, plan
        self.layers: list[Any] = []
        self._read_out: tuple[str, ...] = ()

    def model_fn(self, spec: GraphTensorSpec) -> Model:
        """The base model for a spec of encoded graphs."""
        graph = inputs = Input(spec)
        self.layers = self._make_layers(spec)
        for layer in self.layers:
            graph = layer(graph)
        return Model(inputs, graph, name="base")

    def notes(self, spec: GraphTensorSpec) -> list[str]:
        """What a reader of the run should know: sets with features that the network is deaf to."""
        config = self._config
        self._read_out = read_out(config, spec)
        flow = information_flow(spec, receiver_tag(config), read_out(config, spec), config.model.num_layers)
        notes = []
        sets = (
            ("node_sets", self._plan.node_sets, spec.node_sets_spec, flow.node_sets),
            ("edge_sets", self._plan.edge_sets, spec.edge_sets_spec, flow.edge_sets),
        )
        for kind, plan, present, heard in sets:
            deaf = [name for name, inputs in plan.items() if inputs and name in present and name not in heard]
            if kind == "edge_sets" and not self._reads_edges:
                deaf = [name for name, inputs in plan.items() if inputs]
            notes += [f"features.{kind}.{name} is not used: {self._why(kind)}" for name in deaf]
        return notes

    @property
    def _reads_edges(self) -> bool:
        model = self._config.model
        return isinstance(model, Rounds) and edge_argument(model) is not None

    def _why(self, kind: str) -> str:
        if kind == "edge_sets" and not self._reads_edges:
            return f"{self._config.model.type!r} does not read features of edges."
        tag = "source" if receiver_tag(self._config) == SOURCE else "target"
        return (
            f"with messages to the {tag} of edges (model.receiver_tag) and {self._config.model.num_layers} layers, "
            f"nothing of it comes to {' or '.join(map(repr, self._read_out))}."
        )

    def _make_layers(self, spec: GraphTensorSpec) -> list[Any]:
        model, tag = self._config.model, receiver_tag(self._config)
        if isinstance(model, Rounds):
            flow = information_flow(spec, tag, read_out(self._config, spec), model.num_layers)
            layers = _rounds(model, self._plan, tag, flow)
            task = self._config.main_task
            if isinstance(task, LinkPrediction) and task.head == "dot_product":
                # Products of states behind a relu are never negative, so that no pair could be told to be improbable.
                layers.append(_linear(model.width, read_out(self._config, spec)))
            return layers
        if isinstance(model, GCN):
            return _gcn(model, self._plan, tag)
        raise TypeError(f"There is no network for a model section of type {type(model).__name__}.")


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Flow:
    """What reaches the node set that is read out. All else needs no states, and would have weights without gradient.

    rounds: for each round of message passing, the node sets whose new state matters. Rounds without any are left out.
    node_sets, edge_sets: those whose first state or features matter.
    """

    rounds: list[list[str]]
    node_sets: Collection[str]
    edge_sets: Collection[str]


def information_flow(spec: GraphTensorSpec, tag: int, read_out: str | Collection[str], num_layers: int) -> Flow:
    """Goes back from the node sets that are read out, against the direction of messages."""
    incoming = incoming_edge_sets(spec, tag)
    rounds: list[list[str]] = []
    node_sets, edge_sets = {read_out} if isinstance(read_out, str) else set(read_out), set()
    for _ in range(num_layers):
        rounds.insert(0, sorted(node_sets & incoming.keys()))
        for node_set in rounds[0]:
            for edge_set in incoming[node_set]:
                edge_sets.add(edge_set)
                node_sets.add(spec.edge_sets_spec[edge_set].adjacency_spec.node_set_name(reverse_tag(tag)))
    return Flow(rounds=[r for r in rounds if r], node_sets=node_sets, edge_sets=edge_sets)


def _rounds(model: Rounds, plan: FeaturePlan, tag: int, flow: Flow) -> list[Any]:
    reads_edges = edge_argument(model) is not None and any(plan.edge_sets.get(name) for name in flow.edge_sets)
    return [
        make_embedder(plan, flow.node_sets, flow.edge_sets if reads_edges else ()),
        _to_units(model.width, model.first_dropout),
        *(
            make_update(
                model,
                round=place,
                receiver_tag=tag,
                node_set_names=names,
                edge_feature=HIDDEN_STATE if reads_edges else None,
            )
            for place, names in enumerate(flow.rounds, start=1)
        ),
    ]


def _to_units(units: int, dropout_rate: float) -> Any:
    """All node sets start with states of one width; a set without features with a learned constant."""

    def node_sets_fn(node_set: Any, *, node_set_name: str) -> Any:
        if HIDDEN_STATE not in node_set.features:
            return {}
        state = keras.layers.Dense(units, activation="relu")(node_set[HIDDEN_STATE])
        return keras.layers.Dropout(dropout_rate)(state) if dropout_rate else state

    return MapFeatures(node_sets_fn=node_sets_fn, name="first_states")


def _linear(units: int, node_sets: Collection[str]) -> Any:
    """A linear layer on the states of some node sets."""

    def node_sets_fn(node_set: Any, *, node_set_name: str) -> Any:
        state = node_set[HIDDEN_STATE] if HIDDEN_STATE in node_set.features else None
        return (
            keras.layers.Dense(units)(state) if node_set_name in node_sets and state is not None else node_set.features
        )

    return MapFeatures(node_sets_fn=node_sets_fn, name="last_states")


def _gcn(model: GCN, plan: FeaturePlan, tag: int) -> list[Any]:
    layers: list[Any] = [make_embedder(plan, plan.node_sets)]
    for layer in range(model.num_layers):
        last = layer == model.num_layers - 1
        if model.dropout_rate:
            layers.append(_dropout(model.dropout_rate, f"dropout_{layer + 1}"))
        regularizer = None
        if layer == 0 and model.l2_regularization:
            # Kipf & Welling count half the squared weights.
            regularizer = keras.regularizers.L2(model.l2_regularization / 2)
        layers.append(
            gcn.GCNHomGraphUpdate(
                # The last convolution propagates here; its weights are the head of the task.
                units=None if last else model.units,
                receiver_tag=tag,
                add_self_loops=model.add_self_loops,
                kernel_regularizer=regularizer,
                name=f"gcn_{layer + 1}",
            )
        )
    return layers


def _dropout(rate: float, name: str) -> Any:
    def node_sets_fn(node_set: Any, *, node_set_name: str) -> Any:
        return keras.layers.Dropout(rate)(node_set[HIDDEN_STATE])

    return MapFeatures(node_sets_fn=node_sets_fn, name=name)
