"""One list of all layers and models over graphs; the contract, mixed precision and other laws run over it."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import keras
import pytest

import gnnkit
from gnnkit.keras import ConvGNNBuilder, layers
from gnnkit.models.appnp import APPNPConv, APPNPHomGraphUpdate
from gnnkit.models.contrastive_losses import CorruptionSpec, Corruptor
from gnnkit.models.gat import GATConv, GATHomGraphUpdate, GATMPNNGraphUpdate
from gnnkit.models.gat_v2 import GATv2Conv, GATv2EdgePool, GATv2MPNNGraphUpdate
from gnnkit.models.gcn import GCNConv, GCNHomGraphUpdate
from gnnkit.models.gin import GINConv, GINHomGraphUpdate
from gnnkit.models.graph_sage import (
    GCNGraphSAGENodeSetUpdate,
    GraphSAGEAggregatorConv,
    GraphSAGEGraphUpdate,
    GraphSAGEPoolingConv,
)
from gnnkit.models.hgt import HGTGraphUpdate
from gnnkit.models.mt_albis import MtAlbisGraphUpdate
from gnnkit.models.multi_head_attention import MultiHeadAttentionConv, MultiHeadAttentionMPNNGraphUpdate
from gnnkit.models.pna import PNAConv, PNAHomGraphUpdate
from gnnkit.models.rgcn import RGCNConv, RGCNGraphUpdate
from gnnkit.models.transformer_conv import TransformerConv, TransformerConvMPNNGraphUpdate
from gnnkit.models.vanilla_mpnn import VanillaMPNNGraphUpdate
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


@keras.saving.register_keras_serializable("gnnkit_tests")
def scale(value: Any, factor: float) -> Any:
    return value * factor


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


def _gcn(**kwargs: Any) -> Any:
    return GCNConv(UNITS, activation="tanh", kernel_regularizer="l2", **kwargs)


def _mpnn(**kwargs: Any) -> Any:
    return VanillaMPNNGraphUpdate(units=8, message_dim=8, receiver_tag=gnnkit.TARGET, **kwargs)


def _attention(conv_class: Any, **kwargs: Any) -> Any:
    """A bias of keys has no effect without an activation of keys, hence no gradient."""
    defaults = {"num_heads": 2, "per_head_channels": 3, "activation": "tanh", "attention_activation": "elu"}
    return conv_class(**{**defaults, "receiver_tag": gnnkit.TARGET, **kwargs})


def _attention_mpnn(update: Any, **kwargs: Any) -> Any:
    defaults = {"units": 8, "message_dim": 8, "num_heads": 2, "activation": "tanh", "attention_activation": "elu"}
    return update(**{**defaults, "receiver_tag": gnnkit.TARGET, **kwargs})


def _mt_albis(**kwargs: Any) -> Any:
    return MtAlbisGraphUpdate(**{"units": 8, "message_dim": 8, "receiver_tag": gnnkit.TARGET, **kwargs})


def _hgt(**kwargs: Any) -> Any:
    return HGTGraphUpdate(**{"num_heads": 2, "per_head_channels": 2, "receiver_tag": gnnkit.TARGET, **kwargs})


def _sage(**kwargs: Any) -> Any:
    return GraphSAGEGraphUpdate(units=5, receiver_tag=gnnkit.TARGET, activation="tanh", **kwargs)


def _sage_gcn(**kwargs: Any) -> Any:
    update = GCNGraphSAGENodeSetUpdate(
        receiver_tag=gnnkit.TARGET, units=3, use_bias=True, activation="tanh", dropout_rate=0.2, **kwargs
    )
    return layers.GraphUpdate(node_sets={"paper": update})


def _gin(**kwargs: Any) -> Any:
    return GINConv(keras.Sequential([dense(), dense(3)]), receiver_tag=gnnkit.TARGET, **kwargs)


def _pna(**kwargs: Any) -> Any:
    return PNAConv(5, mean_log_degree=0.7, receiver_tag=gnnkit.TARGET, activation="tanh", **kwargs)


_ON_CITES = {"call_kwargs": {"edge_set_name": "cites"}, "rows": PAPER}
_MEAN = {"receiver_tag": gnnkit.CONTEXT}
CASES = [
    Case(name="MapFeatures", make=_map_features),
    Case(
        name="MapFeatures_shared",
        make=_shared_map_features,
        graph_kwargs={"node_sets": {"a": 2, "b": 2}, "edge_sets": {}},
    ),
    Case(name="GraphUpdate", make=_graph_update),
    Case(name="ConvGNNBuilder", make=_builder),
    Case(name="SimpleConv", make=_simple, **_ON_CITES),
    Case(name="SimpleConv_wide", make=_simple, graph_kwargs=WIDE, **_ON_CITES),
    Case(
        name="SimpleConv_sum_to_author",
        make=lambda: _simple(gnnkit.SOURCE, "mean|max", combine_type="sum", receiver_feature=None),
        call_kwargs={"edge_set_name": "writes"},
        rows=AUTHOR,
    ),
    Case(name="SimpleConv_edges", make=lambda: _simple(sender_edge_feature="hidden_state"), **_ON_CITES),
    Case(
        name="SimpleConv_edges_to_context",
        make=lambda: _simple(gnnkit.CONTEXT, sender_node_feature=None, sender_edge_feature="hidden_state"),
        call_kwargs={"edge_set_name": "cites"},
    ),
    Case(
        name="SimpleConv_nodes_to_context", make=lambda: _simple(gnnkit.CONTEXT), call_kwargs={"node_set_name": "paper"}
    ),
    Case(name="own_convolution", make=lambda: MeanOfDense(UNITS, receiver_tag=gnnkit.TARGET), **_ON_CITES),
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
    Case(
        name="Corruptor",
        make=lambda: Corruptor(
            CorruptionSpec({"paper": {"*": 2.0}}, {"cites": {"relation": 1}}), corruption_fn=scale, default=0.5
        ),
    ),
    Case(name="Pool", make=lambda: layers.Pool(gnnkit.TARGET, "mean"), **_ON_CITES),
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
    Case(name="GCNConv", make=lambda: _gcn(add_self_loops=True), **_ON_CITES),
    Case(
        name="GCNConv_weights",
        make=lambda: _gcn(edge_weight_feature_name="weight", degree_normalization="in_in"),
        **_ON_CITES,
    ),
    Case(name="GCNConv_propagation", make=lambda: GCNConv(None, receiver_tag=gnnkit.SOURCE), **_ON_CITES),
    Case(
        name="GCNHomGraphUpdate",
        make=lambda: GCNHomGraphUpdate(units=UNITS, activation="tanh"),
        graph_kwargs=HOMOGENEOUS,
    ),
    Case(name="VanillaMPNN", make=_mpnn),
    Case(
        name="VanillaMPNN_all_arguments",
        make=lambda: _mpnn(
            node_set_names=["paper"],
            edge_feature="hidden_state",
            reduce_type="mean",
            dropout_rate=0.3,
            l2_regularization=0.01,
            use_layer_normalization=True,
            kernel_initializer=keras.initializers.HeNormal(seed=1),
        ),
    ),
    Case(name="GATv2Conv", make=lambda: _attention(GATv2Conv, edge_dropout=0.2, kernel_regularizer="l2"), **_ON_CITES),
    Case(
        name="GATv2Conv_edges_and_nodes",
        make=lambda: _attention(GATv2Conv, sender_edge_feature="hidden_state", heads_merge_type="mean"),
        **_ON_CITES,
    ),
    Case(
        name="GATv2EdgePool",
        make=lambda: _attention(GATv2EdgePool, receiver_tag=gnnkit.CONTEXT),
        call_kwargs={"edge_set_name": "cites"},
    ),
    Case(name="GATv2MPNN", make=lambda: _attention_mpnn(GATv2MPNNGraphUpdate, edge_feature="hidden_state")),
    Case(
        name="MultiHeadAttentionConv_nodes_to_context",
        make=lambda: _attention(MultiHeadAttentionConv, receiver_tag=gnnkit.CONTEXT, inputs_dropout=0.2),
        call_kwargs={"node_set_name": "paper"},
    ),
    Case(
        name="MultiHeadAttentionConv_raw",
        make=lambda: _attention(
            MultiHeadAttentionConv,
            sender_edge_feature="hidden_state",
            transform_keys=False,
            transform_values_after_pooling=True,
            score_scaling="trainable_elup1",
        ),
        **_ON_CITES,
    ),
    Case(
        name="MultiHeadAttentionMPNN",
        make=lambda: _attention_mpnn(
            MultiHeadAttentionMPNNGraphUpdate,
            state_dropout_rate=0.2,
            l2_regularization=0.01,
            kernel_initializer=keras.initializers.HeNormal(seed=1),
        ),
    ),
    Case(
        name="GATHomGraphUpdate",
        make=lambda: GATHomGraphUpdate(num_heads=2, per_head_channels=3, receiver_tag=gnnkit.TARGET, activation="tanh"),
        graph_kwargs=HOMOGENEOUS,
    ),
    Case(name="GATConv_edges", make=lambda: _attention(GATConv, sender_edge_feature="hidden_state"), **_ON_CITES),
    Case(name="GATMPNN", make=lambda: _attention_mpnn(GATMPNNGraphUpdate)),
    Case(
        name="TransformerConv_gated",
        make=lambda: _attention(TransformerConv, sender_edge_feature="hidden_state", skip_connection="gated"),
        **_ON_CITES,
    ),
    Case(name="MtAlbis", make=_mt_albis),
    Case(
        name="MtAlbis_attention",
        make=lambda: _mt_albis(
            attention_type="gat_v2",
            attention_edge_set_names=["cites"],
            edge_feature_name="hidden_state",
            edge_set_combine_type="sum",
        ),
    ),
    Case(
        name="MtAlbis_all_arguments",
        make=lambda: _mt_albis(
            node_set_names=["paper"],
            next_state_type="residual",
            units=4,
            normalization_type="batch",
            simple_conv_reduce_type="mean|max_no_inf",
            simple_conv_use_receiver_state=False,
            state_dropout_rate=0.3,
            edge_dropout_rate=0.3,
            l2_regularization=0.01,
            kernel_initializer=keras.initializers.HeNormal(seed=1),
        ),
    ),
    Case(name="HGT", make=_hgt, graph_kwargs={"node_sets": {"author": 3, "paper": 4, "venue": 4}}),
    Case(
        name="HGT_all_arguments",
        make=lambda: _hgt(
            receiver_tag=gnnkit.SOURCE,
            use_weighted_skip=False,
            use_layer_norm=False,
            use_bias=False,
            activation="tanh",
            kernel_initializer=keras.initializers.HeNormal(seed=1),
        ),
        # Of few nodes, so that each edge set has two edges from one node: attention to one sender has no gradient.
        graph_kwargs={"node_sets": {"author": 4, "paper": 4, "venue": 2}, "max_nodes": 2},
    ),
    Case(name="TransformerConvMPNN", make=lambda: _attention_mpnn(TransformerConvMPNNGraphUpdate)),
    Case(
        name="GraphSAGEAggregatorConv",
        make=lambda: GraphSAGEAggregatorConv(units=2, receiver_tag=gnnkit.TARGET, dropout_rate=0.2),
        **_ON_CITES,
    ),
    Case(
        name="GraphSAGEPoolingConv_to_context",
        make=lambda: GraphSAGEPoolingConv(units=5, hidden_units=3, receiver_tag=gnnkit.CONTEXT, activation="tanh"),
        call_kwargs={"node_set_name": "paper"},
    ),
    Case(name="GraphSAGE_pooling", make=lambda: _sage(hidden_units=3, dropout_rate=0.2)),
    Case(name="GraphSAGE_concat", make=lambda: _sage(use_pooling=False, combine_type="concat")),
    Case(name="GCNGraphSAGE", make=lambda: _sage_gcn(edge_set_names={"cites", "writes"})),
    Case(
        name="GCNGraphSAGE_shared_sum",
        make=lambda: _sage_gcn(
            edge_set_names=["cites"], share_weights=True, reduce_type="sum", self_node_feature="hidden_state"
        ),
    ),
    Case(name="GINConv", make=lambda: _gin(train_epsilon=True, epsilon=0.5), **_ON_CITES),
    Case(
        name="GINConv_edges",
        make=lambda: _gin(sender_edge_feature="hidden_state"),
        graph_kwargs={"node_sets": {"paper": 2}, "edge_sets": HOMOGENEOUS["edge_sets"]},
        **_ON_CITES,
    ),
    Case(
        name="GINHomGraphUpdate",
        make=lambda: GINHomGraphUpdate(units=UNITS, hidden_units=6, activation="tanh"),
        graph_kwargs=HOMOGENEOUS,
    ),
    Case(
        name="APPNPConv",
        make=lambda: APPNPConv(num_steps=3, edge_dropout=0.3, edge_weight_feature_name="weight"),
        **_ON_CITES,
    ),
    Case(
        name="APPNPHomGraphUpdate",
        make=lambda: APPNPHomGraphUpdate(receiver_tag=gnnkit.SOURCE, add_self_loops=False),
        graph_kwargs=HOMOGENEOUS,
    ),
    Case(
        name="RGCNConv",
        make=lambda: RGCNConv(
            3, num_relations=2, receiver_tag=gnnkit.TARGET, activation="tanh", kernel_regularizer="l2"
        ),
        **_ON_CITES,
    ),
    Case(
        name="RGCNConv_bases",
        make=lambda: RGCNConv(
            3, num_relations=2, num_bases=2, receiver_tag=gnnkit.SOURCE, reduce_type="sum", activation="tanh"
        ),
        **_ON_CITES,
    ),
    Case(name="RGCN", make=lambda: RGCNGraphUpdate(units=3, receiver_tag=gnnkit.TARGET, activation="tanh")),
    Case(
        name="RGCN_bases",
        make=lambda: RGCNGraphUpdate(
            units=5, num_bases=2, receiver_tag=gnnkit.TARGET, activation="tanh", kernel_regularizer="l2"
        ),
        graph_kwargs={"node_sets": {"author": 4, "paper": 4, "venue": 2}},
    ),
    Case(name="PNAConv", make=lambda: _pna(sender_edge_feature="hidden_state", message_units=3), **_ON_CITES),
    Case(
        name="PNAHomGraphUpdate",
        make=lambda: PNAHomGraphUpdate(
            units=3, mean_log_degree=0.7, aggregators=["mean", "std"], scalers=["attenuation"], activation="tanh"
        ),
        graph_kwargs=HOMOGENEOUS,
    ),
]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", CASES, ids=lambda case: case.name)


@pytest.fixture
def policy(request: pytest.FixtureRequest):
    """Sets the global dtype policy to the parameter; the old one comes back."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy(before)
