"""Every error names what came, what was expected and the way out."""

import pytest
import tensorflow as tf

import gnnkit
from gnnkit.testing import random_graph

GRAPH = random_graph(1)
H = {"feature_name": "hidden_state"}
S, T, C = gnnkit.SOURCE, gnnkit.TARGET, gnnkit.CONTEXT


@pytest.mark.parametrize(
    "error, message, call",
    [
        (KeyError, r"broadcast_node_to_edges: the graph has no edge set 'nope'; it has .*'cites'",
         lambda g: gnnkit.broadcast_node_to_edges(g, "nope", S, **H)),
        (KeyError, r"pool_nodes_to_context: node set 'paper' has no feature 'x', only \['hidden_state'\]",
         lambda g: gnnkit.pool_nodes_to_context(g, "paper", feature_name="x")),
        (KeyError, r"broadcast_context_to_nodes: the context has no feature 'x'",
         lambda g: gnnkit.broadcast_context_to_nodes(g, "paper", feature_name="x")),
        (ValueError, r"broadcast_node_to_edges: the tag must be gnnkit.SOURCE \(0\).*but got 'context'",
         lambda g: gnnkit.broadcast_node_to_edges(g, "cites", C, **H)),
        (ValueError, r"pass exactly one of feature_value and feature_name \(for edge set 'cites'\)",
         lambda g: gnnkit.pool_edges_to_node(g, "cites", S)),
        (ValueError, r"pass exactly one of feature_value and feature_name",
         lambda g: gnnkit.pool_edges_to_node(g, "cites", S, feature_value=[1.0], **H)),
        (TypeError, r"pool_edges_to_node: the edge set name must be a str, but got list \['cites'\]",
         lambda g: gnnkit.pool_edges_to_node(g, ["cites"], S, **H)),
        (TypeError, r"broadcast_context_to_nodes: the node set name must be a str, but got list",
         lambda g: gnnkit.broadcast_context_to_nodes(g, ["paper"], **H)),
        (TypeError, r"pool: set names must be a str or a sequence of them, but got int",
         lambda g: gnnkit.pool(g, T, edge_set_name=3, reduce_type="sum", **H)),
        (KeyError, r"Unknown reduce_type 'median'. Known: max, max_no_inf, mean.*join several with '\|'",
         lambda g: gnnkit.pool_edges_to_node(g, "cites", S, "median", **H)),
        (ValueError, r"pool: pass exactly one of edge_set_name and node_set_name",
         lambda g: gnnkit.pool(g, C, reduce_type="sum", **H)),
        (ValueError, r"pool: tag 0 is an end of edges; pass edge_set_name, or gnnkit.CONTEXT as the tag",
         lambda g: gnnkit.pool(g, S, node_set_name="paper", reduce_type="sum", **H)),
        (ValueError, r"broadcast: tag 1 is an end of edges; pass edge_set_name, or gnnkit.CONTEXT as the tag",
         lambda g: gnnkit.broadcast(g, T, node_set_name="paper", **H)),
        (ValueError, r"different node sets at tag 0: \['paper', 'author'\]. Take edge sets that share one node set",
         lambda g: gnnkit.pool(g, S, edge_set_name=["cites", "writes"], reduce_type="sum", **H)),
        (ValueError, r"feature_value must be a sequence exactly if the set names are one, but got EagerTensor",
         lambda g: gnnkit.pool(g, T, edge_set_name=["cites"], reduce_type="sum", feature_value=tf.ones([1]))),
        (ValueError, r"feature_value must be a sequence exactly if the set names are one, but got list",
         lambda g: gnnkit.pool(g, T, edge_set_name="cites", reduce_type="sum", feature_value=[tf.ones([1])])),
        (ValueError, r"got 1 feature values for 2 sets",
         lambda g: gnnkit.pool(g, T, edge_set_name=["cites", "writes"], reduce_type="sum", feature_value=[[1.0]])),
        (ValueError, r"'paper', 'author'\] differ in shape per item: \[\[4\], \[3\]\]",
         lambda g: gnnkit.pool(g, C, node_set_name=["paper", "author"], reduce_type="sum", **H)),
        (ValueError, r"reduce_type 'mean\|sum' joins several reductions on the last axis, which needs values of rank",
         lambda g: gnnkit.pool_nodes_to_context(g, "paper", "mean|sum",
                                                feature_value=tf.range(g.node_sets["paper"].total_size))),
        (ValueError, r"ragged values from several sets .* are not supported; take them one by one",
         lambda g: gnnkit.pool(g, C, node_set_name=["paper", "paper"], reduce_type="sum",
                               feature_value=[tf.ragged.constant([[1.0]] * 7)] * 2)),
        (ValueError, r"feature_value has shape \[2, 3\], but node set 'paper' has 7 items; pass one row an item",
         lambda g: gnnkit.broadcast_node_to_edges(g, "cites", S, feature_value=tf.ones([2, 3]))),
        (ValueError, r"feature_value has shape \[2\], but the context has 3 items",
         lambda g: gnnkit.broadcast_context_to_nodes(g, "paper", feature_value=[1.0, 2.0])),
        (ValueError, r"softmax: feature_value has shape \[2\], but edge set 'cites' has \d+ items",
         lambda g: gnnkit.softmax(g, T, edge_set_name="cites", feature_value=[1.0, 2.0])),
        (ValueError, r"pool: feature_value has shape \[\], but edge set 'writes' has \d+ items",
         lambda g: gnnkit.pool(g, T, edge_set_name="writes", reduce_type="sum", feature_value=1.0)),
        (ValueError, r"node_degree: the tag must be gnnkit.SOURCE", lambda g: gnnkit.node_degree(g, "cites", C)),
        (ValueError, r"reverse_tag: expected gnnkit.SOURCE \(0\) or gnnkit.TARGET \(1\), but got 'context'",
         lambda g: gnnkit.reverse_tag(C)),
        (ValueError, r"combine_type must be 'sum' or 'concat', but got 'mean'",
         lambda g: gnnkit.combine_values([tf.ones([1, 1])], "mean")),
        (ValueError, r"there are no inputs to combine", lambda g: gnnkit.combine_values([], "sum")),
        (ValueError, r"to be summed, inputs must have the same shape, but rows have shapes \[\(1,\), \(2,\)\]",
         lambda g: gnnkit.combine_values([tf.ones([3, 1]), tf.ones([3, 2])], "sum")),
        (TypeError, r"pool: expected a GraphTensor, but got EagerTensor",
         lambda g: gnnkit.pool(tf.ones([1]), C, node_set_name="paper", reduce_type="sum", **H)),
    ],
)  # fmt: skip
def test_messages(error, message, call):
    with pytest.raises(error, match=message):
        call(GRAPH)


@pytest.mark.parametrize(
    "call",
    [
        lambda g: gnnkit.broadcast_node_to_edges(g, "cites", S, **H),
        lambda g: gnnkit.broadcast_context_to_nodes(g, "paper", **H),
        lambda g: gnnkit.broadcast_context_to_edges(g, "cites", **H),
        lambda g: gnnkit.broadcast(g, S, edge_set_name="cites", **H),
        lambda g: gnnkit.pool_edges_to_node(g, "cites", S, **H),
        lambda g: gnnkit.pool_nodes_to_context(g, "paper", **H),
        lambda g: gnnkit.pool_edges_to_context(g, "cites", **H),
        lambda g: gnnkit.pool(g, C, node_set_name="paper", reduce_type="sum", **H),
        lambda g: gnnkit.pool_neighbors_to_node(g, "cites", T, reduce_type="sum", **H),
        lambda g: gnnkit.softmax(g, T, edge_set_name="cites", **H),
        lambda g: gnnkit.node_degree(g, "cites", T),
        lambda g: gnnkit.gather_first_node(g, "paper", **H),
        lambda g: gnnkit.add_readout_from_first_node(g, "seed", node_set_name="paper"),
    ],
)
def test_batches_are_refused(call):
    batch = next(iter(tf.data.Dataset.from_tensors(GRAPH).batch(1)))
    with pytest.raises(ValueError, match=r"needs a scalar GraphTensor \(rank 0\).*merge_batch_to_components"):
        call(batch)


def test_errors_on_symbolic_graphs():
    """When the model is built, not when it runs."""
    inputs = gnnkit.keras.Input(GRAPH.spec)
    with pytest.raises(KeyError, match="has no edge set 'nope'"):
        gnnkit.broadcast_node_to_edges(inputs, "nope", S, **H)
    with pytest.raises(KeyError, match="Unknown reduce_type 'median'"):
        gnnkit.pool_edges_to_node(inputs, "cites", S, "median", **H)
