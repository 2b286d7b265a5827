"""Random orders: of the nodes of each component, of features, of the items of segments."""

import itertools
from collections.abc import Collection
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from gnnkit.graph import GraphTensor, _field, check_scalar_graph_tensor, get_aux_type_prefix
from gnnkit.graph._symbolic import graph_function
from gnnkit.ops import _primitives
from gnnkit.ops._reorder import reorder_nodes
from gnnkit.ops._resolve import components_of


@graph_function
def shuffle_nodes(
    graph_tensor: GraphTensor, *, node_sets: Collection[str] | None = None, seed: int | None = None
) -> GraphTensor:
    """The graph with the nodes of each component in random order, and edges that join the same nodes as before.

    graph_tensor: a scalar graph.
    node_sets: names of the node sets to shuffle; by default all but auxiliary ones.
    seed: the same seed gives the same order; by default each call gives another one.

    ValueError: an unknown node set, or a batched graph.
    """
    fn = "shuffle_nodes"
    check_scalar_graph_tensor(graph_tensor, fn)
    if node_sets is None:
        names = [name for name in graph_tensor.node_sets if get_aux_type_prefix(name) is None]
    else:
        names = sorted(set(node_sets))
    unknown = [name for name in names if name not in graph_tensor.node_sets]
    if unknown:
        raise ValueError(f"{fn}: the graph has no node sets {unknown}; it has {list(graph_tensor.node_sets)}.")
    orders = {}
    for stream, name in enumerate(names):
        node_set = graph_tensor.node_sets[name]
        orders[name] = _order_within(components_of(node_set), node_set.total_size, seed, stream)
    return reorder_nodes(graph_tensor, orders, validate=False)


@graph_function
def shuffle_features_globally(graph_tensor: GraphTensor, *, seed: int | None = None) -> GraphTensor:
    """The graph with the rows of each feature in random order: across components, and for each feature another one.

    Features of the context, of all node sets and of all edge sets, auxiliary ones too; dense or ragged.
    graph_tensor: a scalar graph.
    seed: the same seed gives the same order; by default each call gives another one.
    ValueError: a batched graph.
    """
    check_scalar_graph_tensor(graph_tensor, "shuffle_features_globally")
    streams = itertools.count()

    def shuffled(piece: Any) -> dict[str, Any]:
        num = piece.total_num_components if piece is graph_tensor.context else piece.total_size
        orders = {name: _random_order(num, piece.indices_dtype, seed, next(streams)) for name in piece.features}
        return {name: _primitives.gather(value, orders[name]) for name, value in piece.features.items()}

    return graph_tensor.replace_features(
        context=shuffled(graph_tensor.context),
        node_sets={name: shuffled(piece) for name, piece in graph_tensor.node_sets.items()},
        edge_sets={name: shuffled(piece) for name, piece in graph_tensor.edge_sets.items()},
    )


@graph_function
def segment_random_index_shuffle(*, segment_ids: Any, seed: int | None = None) -> Any:
    """A random permutation of 0, 1, ... N - 1 that moves no index out of its segment: `[N]`, of the dtype of the ids.

    segment_ids: int32 or int64 `[N]`, ascending.
    seed: the same seed gives the same permutation; by default each call gives another one.

    ValueError: ids of another dtype or rank. InvalidArgumentError: ids that are not sorted.

    >>> import gnnkit
    >>> order = gnnkit.experimental.segment_random_index_shuffle(segment_ids=[0, 0, 0, 4, 4], seed=1)
    >>> sorted(order[:3].numpy().tolist()), sorted(order[3:].numpy().tolist())
    ([0, 1, 2], [3, 4])
    """
    what = "segment_random_index_shuffle: segment_ids"
    ids = _field.as_index(segment_ids, what)
    if _field.dtype_of(ids) not in (tf.int32, tf.int64):
        raise ValueError(f"{what} must be int32 or int64, but are {_field.dtype_of(ids).name}.")
    if len(ids.shape) != 1:
        raise ValueError(f"{what} must have shape [N], but have shape {list(ids.shape)}.")
    if _primitives.is_tf(ids):
        check = tf.debugging.assert_less_equal(ids[:-1], ids[1:], f"{what} must be sorted in ascending order")
        with tf.control_dependencies([] if check is None else [check]):
            ids = tf.identity(ids)
    num = ids.shape[0] if ids.shape[0] is not None else tf.shape(ids)[0]
    return _order_within(ids, num, seed)


def _order_within(ids: Any, num: Any, seed: int | None, stream: int = 0) -> Any:
    """A random permutation of the positions of ascending `ids` `[num]` that keeps `ids[order] == ids`."""
    order = _random_order(num, _field.dtype_of(ids), seed, stream)
    return _primitives.gather(order, _primitives.argsort(_primitives.gather(ids, order)))


def _random_order(num: Any, dtype: Any, seed: int | None, stream: int) -> Any:
    """A random permutation of 0, 1, ... `num` - 1; draws with one seed differ by `stream`."""
    positions = _primitives.arange(num, dtype)
    if seed is not None:
        seed = int(np.random.SeedSequence([seed % 2**64, stream]).generate_state(1)[0])
    if not _primitives.is_tf(positions):
        return keras.random.shuffle(positions, seed=seed)
    if seed is None:
        # Not by Keras, whose generator is a variable: tf.data and exported functions could not hold it.
        return tf.random.shuffle(positions)
    return tf.random.experimental.stateless_shuffle(positions, [seed, 0])
