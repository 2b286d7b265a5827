"""MtAlbis and HGT against tensorflow-gnn."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.testing import random_graph

H = "hidden_state"
NODE_SETS = {"author": 4, "paper": 4, "venue": 4}
# The first has empty sets in some components, the second has no edges at all.
GRAPHS = [random_graph(1, node_sets=NODE_SETS), random_graph(2, node_sets=NODE_SETS, max_edges=0)]
GRAPH = GRAPHS[0]
LATENT = random_graph(1, node_sets={**NODE_SETS, "paper": 0})
WIDE = random_graph(1, node_sets=dict.fromkeys(NODE_SETS, 32))  # gnnkit transforms before it broadcasts.


def mt_albis(**kwargs):
    return lambda k: k.mt_albis.MtAlbisGraphUpdate(**{"units": 4, "message_dim": 6, "receiver_tag": 1, **kwargs})


MT_ALBIS_ARGUMENTS = [
    {},
    {"receiver_tag": 0},
    {"node_set_names": ["paper"], "edge_feature_name": H},
    {"attention_type": "multi_head", "attention_num_heads": 3, "edge_feature_name": H},
    {"attention_type": "gat_v2", "attention_num_heads": 2, "edge_set_combine_type": "sum"},
    {"attention_type": "gat_v2", "message_dim": 8, "attention_edge_set_names": ["cites"], "edge_feature_name": H},
    {"attention_type": "multi_head", "message_dim": 8, "attention_edge_set_names": ["writes"]},
    {"simple_conv_reduce_type": "mean|sum", "edge_set_combine_type": "sum"},
    {"simple_conv_reduce_type": "sum", "simple_conv_use_receiver_state": False},
    {"state_dropout_rate": 0.5, "edge_dropout_rate": 0.5, "l2_regularization": 0.1},
    {"attention_type": "gat_v2", "attention_num_heads": 3, "edge_dropout_rate": 0.5, "l2_regularization": 0.1},
    {"kernel_initializer": "he_normal", "normalization_type": "none", "l2_regularization": 0.1},
    {"normalization_type": "batch", "batch_normalization_momentum": 0.5},
    {"next_state_type": "residual"},
    {"next_state_type": "residual", "normalization_type": "none", "state_dropout_rate": 0.3, "receiver_tag": 0},
]


@pytest.mark.parametrize("arguments", MT_ALBIS_ARGUMENTS, ids=str)
def test_mt_albis(assert_parity, arguments):
    assert_parity(mt_albis(**arguments), GRAPH)


@pytest.mark.parametrize("arguments", [{}, {"attention_type": "gat_v2", "attention_num_heads": 3}], ids=str)
def test_mt_albis_on_other_graphs(assert_parity, arguments):
    assert_parity(mt_albis(**arguments), GRAPHS[1])
    assert_parity(mt_albis(next_state_type="residual", **arguments), LATENT)


@pytest.mark.parametrize("edge_feature", [None, H])
def test_mt_albis_on_wide_states(assert_parity, edge_feature):
    assert_parity(mt_albis(normalization_type="none", edge_feature_name=edge_feature), WIDE)


def test_mt_albis_batch_normalization_in_training(libraries, convert):
    """Moments of the batch, and moving averages of them."""
    results = []
    for k in libraries:
        update = mt_albis(normalization_type="batch", batch_normalization_momentum=0.5, kernel_initializer="ones")(k)
        graph = update(convert(k.library, GRAPH), training=True)
        moving = [w.numpy() for w in update.weights if "moving" in w.name]
        results.append([graph.node_sets["paper"][H], *moving])
    assert len(results[0]) == len(results[1]) == 5  # Two node sets receive.
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, 1e-4, 1e-5)


@pytest.mark.parametrize("dropout", ["state_dropout_rate", "edge_dropout_rate"])
def test_mt_albis_drops_alike(libraries, convert, dropout):
    """What is dropped: over many nodes in the same situation, the same means and deviations of new states."""
    nodes = np.arange(4000)
    states = np.tile(np.float32([[1.0, -1.0, 0.5, 2.0]]), (len(nodes), 1))
    graph = gnnkit.homogeneous(np.tile(nodes, 3), np.tile(nodes, 3), node_features=tf.constant(states))
    moments = []
    for k in libraries:
        keras.utils.set_random_seed(1)
        update = mt_albis(**{dropout: 0.5}, next_state_type="residual", normalization_type="none")(k)
        each = convert(k.library, graph)
        update(each)
        random = np.random.default_rng(0)
        for weight in update.trainable_variables:
            weight.assign(random.normal(size=weight.shape))
        draws = update(each, training=True).node_sets["nodes"][H].numpy()
        moments.append(np.stack([draws.mean(0), draws.std(0)]))
    ours, theirs = moments
    assert theirs[1].max() > 0.5
    np.testing.assert_allclose(ours, theirs, atol=0.1 * theirs[1].max())


HEADS = {"num_heads": 2, "per_head_channels": 2, "receiver_tag": 1}


def hgt(**kwargs):
    return lambda k: k.hgt.HGTGraphUpdate(**{**HEADS, **kwargs})


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"receiver_tag": 0},
        {"use_weighted_skip": False},
        {"use_layer_norm": False, "dropout_rate": 0.7},
        {"use_bias": False, "activation": "tanh", "num_heads": 1, "per_head_channels": 4},
        {"kernel_initializer": "he_normal", "activation": None},
    ],
    ids=str,
)
@pytest.mark.parametrize("graph", [*GRAPHS, LATENT], ids=["graph", "no edges", "latent"])
def test_hgt(assert_parity, arguments, graph):
    assert_parity(hgt(**arguments), graph)


def test_hgt_with_another_feature(assert_parity):
    renamed = {name: {"x": node_set[H], "other": node_set[H]} for name, node_set in GRAPH.node_sets.items()}
    assert_parity(hgt(feature_name="x", use_layer_norm=False), GRAPH.replace_features(node_sets=renamed))


@pytest.mark.parametrize("package, update", [("mt_albis", "MtAlbisGraphUpdate"), ("hgt", "HGTGraphUpdate")])
def test_signatures_and_config_dicts(libraries, package, update):
    ours, theirs = (getattr(k, package) for k in libraries)

    def arguments_of(library):
        parameters = inspect.signature(getattr(library, update)).parameters.values()
        # HGT has no node_set_names in tensorflow-gnn; gnnkit's takes them as all others do.
        added = {"node_set_names"} if package == "hgt" else set()
        return [(p.name, p.default, p.kind) for p in parameters if p.name not in added]

    assert arguments_of(ours) == arguments_of(theirs)
    our_config, their_config = ours.graph_update_get_config_dict(), theirs.graph_update_get_config_dict()
    assert set(our_config) == set(their_config)
    their_config.update(HEADS if package == "hgt" else {"units": 4, "message_dim": 6, "receiver_tag": 1})
    result = ours.graph_update_from_config_dict(their_config)(GRAPH)
    assert [v[H].shape[1] for v in result.node_sets.values()] == [4, 4, 4]
