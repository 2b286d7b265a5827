"""What all attention convolutions have in common. Laws of all layers are in tests/keras, parity in tests/parity."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.models.gat import GATConv
from gnnkit.models.gat_v2 import GATv2Conv
from gnnkit.models.multi_head_attention import MultiHeadAttentionConv
from gnnkit.models.transformer_conv import TransformerConv
from gnnkit.testing import random_graph

H = "hidden_state"
HEADS, CHANNELS = 2, 3
CONVOLUTIONS = [GATv2Conv, MultiHeadAttentionConv, GATConv, TransformerConv]
all_convolutions = pytest.mark.parametrize("conv_class", CONVOLUTIONS, ids=lambda c: c.__name__)
WRITES = {"edge_set_name": "writes"}
NO_SKIP = {TransformerConv: {"skip_connection": "none"}}


def make(conv_class, receiver_tag=gnnkit.TARGET, **kwargs):
    return conv_class(num_heads=HEADS, per_head_channels=CHANNELS, receiver_tag=receiver_tag, **kwargs)


@all_convolutions
@pytest.mark.parametrize(
    "kwargs, call_kwargs",
    [
        ({}, WRITES),
        ({"receiver_tag": gnnkit.SOURCE, "sender_edge_feature": H}, WRITES),
        ({"receiver_tag": gnnkit.CONTEXT}, {"node_set_name": "paper"}),
        ({"receiver_tag": gnnkit.CONTEXT, "sender_node_feature": None, "sender_edge_feature": H}, WRITES),
    ],
    ids=["nodes", "nodes and edges", "nodes to context", "edges to context"],
)
def test_attention_sums_to_one_at_each_receiver(conv_class, kwargs, call_kwargs):
    graph = random_graph(1)
    conv = make(conv_class, **kwargs)
    output, attention = conv(graph, return_attention=True, **call_kwargs)
    np.testing.assert_allclose(output, conv(graph, **call_kwargs), 1e-6)
    tag = kwargs.get("receiver_tag", gnnkit.TARGET)
    total = gnnkit.pool(graph, tag, reduce_type="sum", feature_value=attention, **call_kwargs)
    num = gnnkit.pool(graph, tag, reduce_type="sum", feature_value=tf.ones_like(attention), **call_kwargs)
    assert total.shape[1] == HEADS and np.any(num > 1)
    np.testing.assert_allclose(total, num > 0, atol=1e-6)


@all_convolutions
def test_attention_in_a_saved_functional_model(conv_class, tmp_path):
    graph = random_graph(1)
    inputs = gnnkit.keras.Input(graph.spec.relax(num_nodes=True, num_edges=True))
    output, attention = make(conv_class)(inputs, return_attention=True, **WRITES)
    model = gnnkit.keras.Model(inputs, {"output": output, "attention": attention})
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for got, want in ((loaded(graph), model(graph)), (loaded(random_graph(2)), model(random_graph(2)))):
        np.testing.assert_allclose(got["output"], want["output"], 1e-6)
        np.testing.assert_allclose(got["attention"], want["attention"], 1e-6)


def with_a_sender_for_each_edge(graph):
    """The same edges, from a copy of the author for each: then what is computed on senders is computed on edges."""
    edges, authors = graph.edge_sets["writes"], graph.node_sets["author"]
    states = tf.gather(authors[H], edges.adjacency.source)
    copies = gnnkit.NodeSet.from_fields(features={H: states}, sizes=edges.sizes)
    adjacency = gnnkit.Adjacency.from_indices(("author", tf.range(len(states))), ("paper", edges.adjacency.target))
    writes = gnnkit.EdgeSet.from_fields(features={H: edges[H]}, sizes=edges.sizes, adjacency=adjacency)
    return gnnkit.GraphTensor.from_pieces(
        graph.context, {"author": copies, "paper": graph.node_sets["paper"]}, {"writes": writes}
    )


@all_convolutions
@pytest.mark.parametrize("edge_feature", [None, H])
def test_transforms_before_broadcast_are_those_of_broadcast_rows(conv_class, edge_feature):
    graph = random_graph(1)
    conv = make(conv_class, sender_edge_feature=edge_feature)
    want = conv(with_a_sender_for_each_edge(graph), return_attention=True, **WRITES)
    for got, expected in zip(conv(graph, return_attention=True, **WRITES), want, strict=True):
        np.testing.assert_allclose(got, expected, 1e-5, 1e-6)


@all_convolutions
def test_products_with_kernels_are_computed_on_nodes(conv_class):
    """No matrix product with as many rows as there are edges, but for the scores, which are narrow."""
    graph = random_graph(1, max_edges=50)
    conv = make(conv_class)
    conv(graph, **WRITES)
    num_edges = graph.edge_sets["writes"].adjacency.total_size
    traced = tf.function(lambda: conv(graph, **WRITES)).get_concrete_function()
    products = [op.outputs[0].shape for op in traced.graph.get_operations() if op.type in ("MatMul", "BatchMatMulV2")]
    assert products and num_edges not in {len(v[H]) for v in graph.node_sets.values()}
    assert all(shape[0] != num_edges or shape[1] == HEADS for shape in products)


@all_convolutions
def test_a_receiver_without_senders(conv_class):
    graph = gnnkit.homogeneous([0], [1], node_features=tf.ones([3, 4]))
    conv = make(conv_class, use_bias=False, activation="sigmoid", **NO_SKIP.get(conv_class, {}))
    np.testing.assert_allclose(conv(graph, edge_set_name="edges")[2], 0.5)


@all_convolutions
def test_no_edges_at_all(conv_class):
    conv = make(conv_class, sender_edge_feature=H, use_bias=False, activation="sigmoid", **NO_SKIP.get(conv_class, {}))
    output, attention = conv(random_graph(2, max_edges=0), return_attention=True, **WRITES)
    assert attention.shape == (0, HEADS)
    np.testing.assert_allclose(output, np.full(output.shape, 0.5))


@all_convolutions
def test_edge_dropout_drops_coefficients(conv_class):
    """With one sender each and constant values 1, receivers get 0 or, scaled up, 2; reported is the attention before."""
    num = 200
    graph = gnnkit.homogeneous(np.arange(num), np.arange(num), node_features=tf.ones([num, 1]))
    conv = make(conv_class, edge_dropout=0.5, kernel_initializer="ones", **NO_SKIP.get(conv_class, {}))
    output, attention = conv(graph, edge_set_name="edges", return_attention=True, training=True)
    assert set(np.unique(output)) == {0.0, 2.0}
    assert np.any(output[:, 0] != output[:, CHANNELS])  # Heads drop different edges.
    np.testing.assert_allclose(attention, 1.0)
    again = conv(graph, edge_set_name="edges", training=True)
    assert np.any(output != again)
    np.testing.assert_allclose(conv(graph, edge_set_name="edges"), 1.0)


@all_convolutions
@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16"])
def test_many_senders_in_half_precision(conv_class, dtype):
    """The mean of 5,000 ones: sums and quotients in half precision would be far off."""
    num = 5000
    graph = gnnkit.homogeneous(np.arange(num), np.zeros(num, np.int64), node_features=tf.ones([num, 1]))
    conv = make(conv_class, dtype=dtype, kernel_initializer="ones", **NO_SKIP.get(conv_class, {}))
    output, attention = conv(graph, edge_set_name="edges", return_attention=True)
    assert output.dtype == dtype.removeprefix("mixed_") and attention.dtype == tf.float32
    np.testing.assert_allclose(tf.cast(output[0], tf.float32), 1.0, 1e-2)
    np.testing.assert_allclose(attention, 1 / num, 1e-3)


@all_convolutions
def test_one_trace_for_graphs_of_all_sizes(conv_class):
    conv = make(conv_class, edge_dropout=0.1)
    conv(random_graph(1), **WRITES)
    call = tf.function(
        lambda graph: conv(graph, training=True, **WRITES),
        input_signature=[random_graph(1).spec.relax(num_nodes=True, num_edges=True)],
    )
    for seed in (1, 2, 3):
        call(random_graph(seed))
    assert call.experimental_get_tracing_count() == 1


@all_convolutions
@pytest.mark.parametrize(
    "kwargs, message",
    [
        ({"receiver_feature": None}, "receiver_feature must not be None"),
        ({"sender_node_feature": None}, "has no inputs to attend to: set sender_node_feature, sender_edge_feature"),
        ({"heads_merge_type": "sum"}, "heads_merge_type must be 'concat' or 'mean', but got 'sum'"),
        ({"per_head_channels": 0}, "num_heads and per_head_channels must be at least 1, but are 2 and 0"),
    ],
)
def test_wrong_arguments(conv_class, kwargs, message):
    with pytest.raises(ValueError, match=message):
        conv_class(**{"num_heads": 2, "per_head_channels": 3, "receiver_tag": gnnkit.TARGET, **kwargs})


@all_convolutions
def test_sender_and_receiver_that_do_not_fit(conv_class):
    conv = make(conv_class, gnnkit.CONTEXT)
    with pytest.raises(ValueError, match="sends to the context, but sender_edge_feature is None"):
        conv(random_graph(1), **WRITES)


@all_convolutions
def test_xla(conv_class):
    graph = random_graph(1)
    conv = make(conv_class, sender_edge_feature=H)
    want = conv(graph, **WRITES)
    compiled = tf.function(lambda graph: conv(graph, **WRITES), jit_compile=True)
    np.testing.assert_allclose(compiled(graph), want, 1e-4, 1e-5)
