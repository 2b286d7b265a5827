"""The model collection on the list that all laws run over: see conftest.py."""

from typing import Any

import keras
from keras_layer_cases import HOMOGENEOUS, ON_CITES, UNITS, Case, dense

import gnnkit
from gnnkit.keras import layers
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


@keras.saving.register_keras_serializable("gnnkit_tests")
def scale(value: Any, factor: float) -> Any:
    return value * factor


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


MODELS = [
    Case(
        name="Corruptor",
        make=lambda: Corruptor(
            CorruptionSpec({"paper": {"*": 2.0}}, {"cites": {"relation": 1}}), corruption_fn=scale, default=0.5
        ),
    ),
    Case(name="GCNConv", make=lambda: _gcn(add_self_loops=True), **ON_CITES),
    Case(
        name="GCNConv_weights",
        make=lambda: _gcn(edge_weight_feature_name="weight", degree_normalization="in_in"),
        **ON_CITES,
    ),
    Case(name="GCNConv_propagation", make=lambda: GCNConv(None, receiver_tag=gnnkit.SOURCE), **ON_CITES),
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
    Case(name="GATv2Conv", make=lambda: _attention(GATv2Conv, edge_dropout=0.2, kernel_regularizer="l2"), **ON_CITES),
    Case(
        name="GATv2Conv_edges_and_nodes",
        make=lambda: _attention(GATv2Conv, sender_edge_feature="hidden_state", heads_merge_type="mean"),
        **ON_CITES,
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
        **ON_CITES,
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
    Case(name="GATConv_edges", make=lambda: _attention(GATConv, sender_edge_feature="hidden_state"), **ON_CITES),
    Case(name="GATMPNN", make=lambda: _attention_mpnn(GATMPNNGraphUpdate)),
    Case(
        name="TransformerConv_gated",
        make=lambda: _attention(TransformerConv, sender_edge_feature="hidden_state", skip_connection="gated"),
        **ON_CITES,
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
        **ON_CITES,
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
    Case(name="GINConv", make=lambda: _gin(train_epsilon=True, epsilon=0.5), **ON_CITES),
    Case(
        name="GINConv_edges",
        make=lambda: _gin(sender_edge_feature="hidden_state"),
        graph_kwargs={"node_sets": {"paper": 2}, "edge_sets": HOMOGENEOUS["edge_sets"]},
        **ON_CITES,
    ),
    Case(
        name="GINHomGraphUpdate",
        make=lambda: GINHomGraphUpdate(units=UNITS, hidden_units=6, activation="tanh"),
        graph_kwargs=HOMOGENEOUS,
    ),
    Case(
        name="APPNPConv",
        make=lambda: APPNPConv(num_steps=3, edge_dropout=0.3, edge_weight_feature_name="weight"),
        **ON_CITES,
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
        **ON_CITES,
    ),
    Case(
        name="RGCNConv_bases",
        make=lambda: RGCNConv(
            3, num_relations=2, num_bases=2, receiver_tag=gnnkit.SOURCE, reduce_type="sum", activation="tanh"
        ),
        **ON_CITES,
    ),
    Case(name="RGCN", make=lambda: RGCNGraphUpdate(units=3, receiver_tag=gnnkit.TARGET, activation="tanh")),
    Case(
        name="RGCN_bases",
        make=lambda: RGCNGraphUpdate(
            units=4, num_bases=2, receiver_tag=gnnkit.TARGET, activation="tanh", kernel_regularizer="l2"
        ),
        graph_kwargs={"node_sets": {"author": 4, "paper": 4, "venue": 2}},
    ),
    Case(name="PNAConv", make=lambda: _pna(sender_edge_feature="hidden_state", message_units=3), **ON_CITES),
    Case(
        name="PNAHomGraphUpdate",
        make=lambda: PNAHomGraphUpdate(
            units=3, mean_log_degree=0.7, aggregators=["mean", "std"], scalers=["attenuation"], activation="tanh"
        ),
        graph_kwargs=HOMOGENEOUS,
    ),
]
