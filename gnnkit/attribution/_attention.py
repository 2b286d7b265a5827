"""Attention coefficients of a whole model, as an explanation."""

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from gnnkit.attribution._features import FeatureKey, with_features
from gnnkit.attribution._outputs import python_function
from gnnkit.graph import GraphTensor, check_scalar_graph_tensor
from gnnkit.keras.layers._attention_log import Attended, attention_log


def attention(fn: Callable[[GraphTensor], Any], graph: GraphTensor) -> GraphTensor:
    """The coefficients of all attention layers of a model: how much each receiver listens to each of its senders.

    They tell where messages come from, not what they do to the prediction; compare them with `gnn_explainer`.

    fn: a model, graph update, or function of a graph. The attention convolutions of gnnkit (GATv2, GAT,
        MultiHeadAttention, TransformerConv, and MtAlbis with them) and HGT are heard, wherever they are in it; not
        inside a compiled `tf.function`. It must not add or remove edges (no `trim_to_roots`).
    graph: scalar.

    Returns the graph with the coefficients for features: in each edge set (or node set that sends to the context) one
    feature `[E, H]` for each layer, named after the layer, with `_2`, `_3` at the end for its further calls.
    At each receiver the coefficients of a head sum to 1, with HGT over all edge sets into it.
    ValueError: no attention layer was called, or one on another number of edges than the graph has.

    >>> import gnnkit, tensorflow as tf
    >>> graph = gnnkit.homogeneous([0, 1, 2], [1, 2, 2], node_features=tf.ones([3, 4]))
    >>> update = gnnkit.models.hgt.HGTGraphUpdate(
    ...     num_heads=2, per_head_channels=2, receiver_tag=gnnkit.TARGET, name="hgt_1")
    >>> attention(update, graph).edge_sets["edges"]["hgt_1"].numpy().tolist()
    [[1.0, 1.0], [0.5, 0.5], [0.5, 0.5]]
    """
    check_scalar_graph_tensor(graph, "attention")
    fn = python_function(fn)
    with attention_log() as log:
        fn(graph)
    if not log:
        raise ValueError(
            "attention: no attention layer of gnnkit was called. Use a model with attention (gat_v2, gat, "
            "multi_head_attention, transformer_conv, hgt, or mt_albis with an attention_type), or gnn_explainer; for a "
            "compiled tf.function or SavedModel give the model itself."
        )
    found: dict[FeatureKey, Any] = {}
    for one in log:
        key = _key(one)
        _check(graph, one, key)
        name, count = one.layer_name, 1
        while (*key, name) in found:
            count += 1
            name = f"{one.layer_name}_{count}"
        found[(*key, name)] = one.coefficients
    return with_features(graph, found, keep_others=False)


def _key(one: Attended) -> tuple[str, str]:
    return ("nodes", one.node_set_name) if one.node_set_name is not None else ("edges", str(one.edge_set_name))


def _check(graph: GraphTensor, one: Attended, key: tuple[str, str]) -> None:
    if not hasattr(one.coefficients, "numpy") and isinstance(one.coefficients, tf.Tensor):
        raise ValueError(
            f"attention: layer {one.layer_name!r} is called in a tf.function, whose values cannot be looked into. Give "
            "the model itself."
        )
    pieces: Mapping[Any, Any] = graph.node_sets if key[0] == "nodes" else graph.edge_sets
    rows = int(one.coefficients.shape[0])
    if key[1] not in pieces or int(pieces[key[1]].total_size) != rows:
        have = int(pieces[key[1]].total_size) if key[1] in pieces else "no"
        raise ValueError(
            f"attention: layer {one.layer_name!r} attends along {rows} items of {key[1]!r}, of which the graph has {have}. "
            "Explain the model without trimming, and with self-loops and other new edges made before it."
        )
