"""The layers of `gnnkit.keras` on the list that all laws run over: see conftest.py."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import keras

import gnnkit
from gnnkit.keras import ConvGNNBuilder, layers
from gnnkit.testing import random_graph

UNITS = 4
PAPER, AUTHOR, CITES, WRITES = ("node_sets", "paper"), ("node_sets", "author"), ("edge_sets", "cites"), "writes"
HOMOGENEOUS = {"node_sets": {"paper": 4}, "edge_sets": {"cites": ("paper", "paper", 2)}}
WIDE = {"node_sets": {"paper": 32}, "edge_sets": {"cites": ("paper", "paper", 2)}}  # SimpleConv transforms first.


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """A layer and how to call it; see `assert_layer_contract`."""

    name: str
    make: Callable[[], Any]
    call_kwargs: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    rows: tuple[str, str] | None = None
    relabel_nodes: bool = True
    graph_kwargs: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def graph(self, seed: int = 3) -> gnnkit.GraphTensor:
        graph = random_graph(seed, min_nodes=1, **self.graph_kwargs)
        if "cites" in graph.edge_sets:  # For edge weights, and for relations.
            features = graph.edge_sets["cites"].get_features_dict()
            weight = keras.ops.abs(features["hidden_state"][:, 0])
            relation = keras.ops.cast(features["hidden_state"][:, 1] > 0, "int32")
            features = {**features, "weight": weight, "relation": relation}
            graph = graph.replace_features(edge_sets={"cites": features})
        return graph

    @property
    def contract_kwargs(self) -> dict[str, Any]:
        return {"call_kwargs": self.call_kwargs, "rows": self.rows, "relabel_nodes": self.relabel_nodes}


@keras.saving.register_keras_serializable("gnnkit_tests")
class MeanOfDense(layers.AnyToAnyConvolutionBase):
    """A convolution as a user writes one."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(extra_receiver_ops={"softmax": gnnkit.softmax}, **kwargs)
        self.units = units
        self.dense = keras.layers.Dense(units, "relu")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}

    def convolve(
        self,
        *,
        sender_node_input,
        sender_edge_input,
        receiver_input,
        broadcast_from_sender_node,
        broadcast_from_receiver,
        pool_to_receiver,
        extra_receiver_ops,
        training,
    ):
        inputs = []
        if self.takes_sender_node_input and sender_node_input is not None:
            inputs.append(broadcast_from_sender_node(sender_node_input))
        if self.takes_sender_edge_input:
            inputs.append(sender_edge_input)
        if self.takes_receiver_input:
            inputs.append(broadcast_from_receiver(receiver_input))
        messages = self.dense(keras.ops.concatenate(inputs, -1))
        return pool_to_receiver(extra_receiver_ops["softmax"](messages) * messages, reduce_type="sum")


def dense(units: int = UNITS, activation: str | None = "tanh") -> keras.layers.Layer:
    return keras.layers.Dense(units, activation, bias_initializer="random_normal")


def _map_features() -> Any:
    def node_sets_fn(node_set, *, node_set_name):
        return None if node_set_name == "author" else dense()(node_set["hidden_state"])

    def edge_sets_fn(edge_set, *, edge_set_name):
        old = edge_set["hidden_state"]
        return {"hidden_state": dense()(old), "old": old}

    return layers.MapFeatures(lambda context: dense()(context["hidden_state"]), node_sets_fn, edge_sets_fn)


def _shared_map_features() -> Any:
    shared = dense()
    return layers.MapFeatures(node_sets_fn=lambda node_set, node_set_name: shared(node_set["hidden_state"]))


def _simple(receiver_tag: Any = gnnkit.TARGET, reduce_type: str = "sum", **kwargs: Any) -> Any:
    return layers.SimpleConv(dense(3), reduce_type, receiver_tag=receiver_tag, **kwargs)


def _graph_update() -> Any:
    return layers.GraphUpdate(
        edge_sets={"cites": layers.EdgeSetUpdate(layers.NextStateFromConcat(dense()))},
        node_sets={
            "paper": layers.NodeSetUpdate(
                {"cites": layers.Pool(gnnkit.TARGET, "sum"), "writes": _simple()},
                layers.ResidualNextState(dense(), activation="tanh"),
                context_input_feature="hidden_state",
            )
        },
        context=layers.ContextUpdate(
            {"paper": layers.Pool(gnnkit.CONTEXT, "mean")},
            layers.NextStateFromConcat(dense()),
            edge_set_inputs={"cites": layers.Pool(gnnkit.CONTEXT, "max_no_inf")},
        ),
    )


def _builder() -> Any:
    return ConvGNNBuilder(
        lambda edge_set_name, receiver_tag: _simple(receiver_tag),
        lambda node_set_name: layers.NextStateFromConcat(dense()),
        receiver_tag=gnnkit.SOURCE,
    ).Convolve()


ON_CITES = {"call_kwargs": {"edge_set_name": "cites"}, "rows": PAPER}
_MEAN = {"receiver_tag": gnnkit.CONTEXT}
LAYERS = [
    Case(name="MapFeatures", make=_map_features),
    Case(
        name="MapFeatures_shared",
        make=_shared_map_features,
        graph_kwargs={"node_sets": {"a": 2, "b": 2}, "edge_sets": {}},
    ),
    Case(name="GraphUpdate", make=_graph_update),
    Case(name="ConvGNNBuilder", make=_builder),
    Case(name="SimpleConv", make=_simple, **ON_CITES),
    Case(name="SimpleConv_wide", make=_simple, graph_kwargs=WIDE, **ON_CITES),
    Case(
        name="SimpleConv_sum_to_author",
        make=lambda: _simple(gnnkit.SOURCE, "mean|max", combine_type="sum", receiver_feature=None),
        call_kwargs={"edge_set_name": "writes"},
        rows=AUTHOR,
    ),
    Case(name="SimpleConv_edges", make=lambda: _simple(sender_edge_feature="hidden_state"), **ON_CITES),
    Case(
        name="SimpleConv_edges_to_context",
        make=lambda: _simple(gnnkit.CONTEXT, sender_node_feature=None, sender_edge_feature="hidden_state"),
        call_kwargs={"edge_set_name": "cites"},
    ),
    Case(
        name="SimpleConv_nodes_to_context", make=lambda: _simple(gnnkit.CONTEXT), call_kwargs={"node_set_name": "paper"}
    ),
    Case(name="own_convolution", make=lambda: MeanOfDense(UNITS, receiver_tag=gnnkit.TARGET), **ON_CITES),
    Case(
        name="own_convolution_of_edges",
        make=lambda: MeanOfDense(UNITS, sender_edge_feature="hidden_state", **_MEAN),
        call_kwargs={"edge_set_name": "cites"},
    ),
    Case(
        name="own_convolution_of_nodes",
        make=lambda: MeanOfDense(UNITS, **_MEAN),
        call_kwargs={"node_set_name": "author"},
    ),
    Case(name="Pool", make=lambda: layers.Pool(gnnkit.TARGET, "mean"), **ON_CITES),
    Case(
        name="Pool_several",
        make=lambda: layers.Pool(gnnkit.TARGET, "max|mean", edge_set_name=("cites", "writes")),
        rows=PAPER,
    ),
    Case(name="Broadcast", make=lambda: layers.Broadcast(gnnkit.SOURCE, edge_set_name="cites"), rows=CITES),
    Case(
        name="Broadcast_context",
        make=lambda: layers.Broadcast(gnnkit.CONTEXT),
        call_kwargs={"node_set_name": "paper"},
        rows=PAPER,
    ),
    Case(name="Readout", make=lambda: layers.Readout(node_set_name="paper"), rows=PAPER),
    Case(name="Readout_context", make=lambda: layers.Readout(from_context=True)),
    Case(name="ReadoutFirstNode", make=lambda: layers.ReadoutFirstNode(node_set_name="paper"), relabel_nodes=False),
    Case(
        name="AddReadoutFromFirstNode",
        make=lambda: layers.AddReadoutFromFirstNode("seed", node_set_name="paper"),
        relabel_nodes=False,
    ),
]
