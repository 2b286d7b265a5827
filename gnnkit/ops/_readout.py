"""Structured readout: auxiliary sets that say which nodes (or edges) predictions are made for.

A node set `_readout` (or `_readout:NAME`) has one node a prediction; edge sets `_readout/KEY` (or
`_readout/KEY/SUFFIX`) join each real node that plays the part KEY to its `_readout` node. All edge sets of a key
together reach each `_readout` node exactly once, in ascending order within each edge set.
"""

import re
from typing import Any

import tensorflow as tf

from gnnkit._names import TARGET
from gnnkit.graph import Adjacency, EdgeSet, GraphTensor, NodeSet, check_scalar_graph_tensor
from gnnkit.graph._symbolic import graph_function
from gnnkit.ops import _primitives
from gnnkit.ops._first_node import first_node_index
from gnnkit.ops._resolve import get_node_set

_READOUT = re.compile(r"_readout(:[A-Za-z0-9_]+)?")
_SHADOW = "_shadow/"


def readout_edge_sets(tree: Any, key: str, readout_node_set: str) -> list[str]:
    """The edge sets of `key`, sorted; `tree` is a graph or its spec."""
    names = [
        n for n in tree._edge_sets
        if n == f"{readout_node_set}/{key}" or n.startswith(f"{readout_node_set}/{key}/")
    ]  # fmt: skip
    if not names:
        keys = sorted({n.split("/")[1] for n in tree._edge_sets if n.startswith(f"{readout_node_set}/")})
        raise KeyError(
            f"structured_readout: no edge set {readout_node_set}/{key} (or {readout_node_set}/{key}/...) for key "
            f"{key!r}; the graph has keys {keys} for readout node set {readout_node_set!r}."
        )
    return sorted(names)


def validate_graph_tensor_spec_for_readout(
    graph_spec: Any, required_keys: Any = None, *, readout_node_set: str = "_readout"
) -> None:
    """ValueError unless the sets of a structured readout are there and well formed; KeyError for a missing key."""
    if not _READOUT.fullmatch(readout_node_set):
        raise ValueError(f"A readout node set is named _readout or _readout:NAME, but got {readout_node_set!r}.")
    if readout_node_set not in graph_spec._node_sets:
        raise ValueError(
            f"The graph has no readout node set {readout_node_set!r}; its node sets are "
            f"{sorted(graph_spec._node_sets)}. Add one with add_readout_from_first_node, or let the sampler make it."
        )
    keys = set()
    for name, edge_set in graph_spec._edge_sets.items():
        if not name.startswith(f"{readout_node_set}/"):
            continue
        match = re.fullmatch(rf"{re.escape(readout_node_set)}/(\w+)(/.*)?", name)
        if not match:
            raise ValueError(f"Readout edge set {name!r} is not named {readout_node_set}/KEY or .../KEY/SUFFIX.")
        names = edge_set._adjacency._names
        if names.get(TARGET) != readout_node_set:
            raise ValueError(
                f"Readout edge set {name!r} must have target {readout_node_set!r}, but has {names.get(TARGET)!r}."
            )
        keys.add(match.group(1))
    if not keys:
        raise ValueError(f"There is no edge set {readout_node_set}/KEY, so nothing is read out.")
    for key in required_keys or ():
        readout_edge_sets(graph_spec, key, readout_node_set)


def validate_graph_tensor_for_readout(
    graph: GraphTensor, required_keys: Any = None, *, readout_node_set: str = "_readout"
) -> GraphTensor:
    """The same graph, after the checks of the spec and of the indices of each key (InvalidArgumentError)."""
    validate_graph_tensor_spec_for_readout(graph, required_keys, readout_node_set=readout_node_set)
    keys = {n.split("/")[1] for n in graph.edge_sets if n.startswith(f"{readout_node_set}/")}
    checks: list[Any] = []
    for key in sorted(keys):
        checks += _checks(graph, readout_edge_sets(graph, key, readout_node_set), key, readout_node_set)
    with tf.control_dependencies([c for c in checks if c is not None]):
        return graph._map(lambda f: f if isinstance(f, tf.RaggedTensor) else tf.identity(f))


def _checks(graph: GraphTensor, names: list[str], key: str, readout_node_set: str) -> list[Any]:
    targets = [graph.edge_sets[n].adjacency.target for n in names]
    if not all(isinstance(t, tf.Tensor) for t in targets):
        return []
    checks = [
        tf.debugging.Assert(
            tf.reduce_all(t[1:] > t[:-1]), [f"structured_readout: edge set {n!r}: Not strictly sorted by target", t]
        )
        for n, t in zip(names, targets, strict=True)
    ]
    total = graph.node_sets[readout_node_set].total_size
    together = tf.sort(tf.concat(targets, 0))
    message = f"structured_readout: the edge sets of key {key!r} do not reach each node of {readout_node_set!r} once"
    checks.append(tf.debugging.assert_equal(tf.size(together, out_type=total.dtype), total, message=message))
    with tf.control_dependencies([c for c in checks if c is not None]):
        expected = tf.range(tf.cast(total, together.dtype))
        checks.append(tf.debugging.assert_equal(together, expected, message=message))
    return checks


@graph_function
def structured_readout(
    graph: GraphTensor, key: str, *, feature_name: str, readout_node_set: str = "_readout", validate: bool = True
) -> Any:
    """The feature values of the nodes (or edges) that play the part `key`, one row a readout node.

    graph: a scalar graph.
    feature_name: the feature of the node sets (or, through `_shadow/EDGE_SET` node sets, edge sets) that are read.
    validate: checks the indices when run.

    Returns `[num_readout, ...]`. KeyError: missing key or feature. NotImplementedError: strings from several edge sets.
    InvalidArgumentError: malformed indices.
    """
    fn = "structured_readout"
    check_scalar_graph_tensor(graph, fn)
    names = readout_edge_sets(graph, key, readout_node_set)
    total = get_node_set(graph, fn, readout_node_set).total_size
    checks = _checks(graph, names, key, readout_node_set) if validate else []
    values, targets = [], []
    with tf.control_dependencies([c for c in checks if c is not None]):
        for name in names:
            adjacency = graph.edge_sets[name].adjacency
            value = _readable_feature(graph, adjacency.source_name, feature_name, fn)
            values.append(_primitives.gather(value, adjacency.source))
            targets.append(adjacency.target)
        if len(names) == 1:
            return values[0]
        if values[0].dtype == tf.string:
            raise NotImplementedError(
                f"{fn}: feature {feature_name!r} holds strings, which cannot be read from several edge sets {names}. "
                "Turn them into numbers first."
            )
        return _primitives.segment_sum(tf.concat(values, 0), tf.concat(targets, 0), total)


def _readable_feature(graph: GraphTensor, node_set_name: str, feature_name: str, fn: str) -> Any:
    if node_set_name.startswith(_SHADOW):
        piece, what = (
            graph.edge_sets.get(node_set_name[len(_SHADOW) :]),
            f"edge set {node_set_name[len(_SHADOW) :]!r}",
        )
    else:
        piece, what = graph.node_sets.get(node_set_name), f"node set {node_set_name!r}"
    if piece is None:
        raise KeyError(f"{fn}: the graph has no {what}, which the readout points at.")
    if feature_name not in piece.features:
        raise KeyError(f"{fn}: {what} has no feature {feature_name!r}, only {list(piece.features)}.")
    return piece.features[feature_name]


@graph_function
def structured_readout_into_feature(
    graph: GraphTensor,
    key: str,
    *,
    feature_name: str,
    new_feature_name: str | None = None,
    remove_input_feature: bool = False,
    overwrite: bool = False,
    readout_node_set: str = "_readout",
    validate: bool = True,
) -> GraphTensor:
    """The graph with `structured_readout` stored as a feature of the readout node set.

    new_feature_name: its name there; `feature_name` by default.
    remove_input_feature: takes the feature away where it was read (labels must not stay with the inputs).
    overwrite: allows replacing a feature of that name; ValueError otherwise.
    Other arguments and errors: see `structured_readout`.
    """
    new_name = new_feature_name or feature_name
    features = get_node_set(graph, "structured_readout_into_feature", readout_node_set).get_features_dict()
    if new_name in features and not overwrite:
        raise ValueError(
            f"structured_readout_into_feature: node set {readout_node_set!r} has a feature {new_name!r} already. "
            "Pass overwrite=True or another new_feature_name."
        )
    features[new_name] = structured_readout(
        graph, key, feature_name=feature_name, readout_node_set=readout_node_set, validate=validate
    )
    node_sets: dict[str, Any] = {readout_node_set: features}
    edge_sets: dict[str, Any] = {}
    if remove_input_feature:
        for name in readout_edge_sets(graph, key, readout_node_set):
            source = graph.edge_sets[name].adjacency.source_name
            is_edge = source.startswith(_SHADOW)
            set_name = source[len(_SHADOW) :] if is_edge else source
            kept = (graph.edge_sets if is_edge else graph.node_sets)[set_name].get_features_dict()
            del kept[feature_name]
            (edge_sets if is_edge else node_sets)[set_name] = kept
    return graph.replace_features(node_sets=node_sets, edge_sets=edge_sets)


@graph_function
def add_readout_from_first_node(
    graph: GraphTensor, key: str, *, node_set_name: str, readout_node_set: str = "_readout"
) -> GraphTensor:
    """The graph with a readout of the first node of each component: node set and edge set `_readout/KEY` are added.

    ValueError: the graph has that readout node set already.
    """
    fn = "add_readout_from_first_node"
    check_scalar_graph_tensor(graph, fn)
    if readout_node_set in graph.node_sets:
        raise ValueError(f"{fn}: the graph has a node set {readout_node_set!r} already.")
    index = first_node_index(get_node_set(graph, fn, node_set_name), node_set_name)
    ones = graph.context.sizes
    edges = EdgeSet.from_fields(
        sizes=ones,
        adjacency=Adjacency.from_indices(
            (node_set_name, index), (readout_node_set, tf.range(tf.size(ones, ones.dtype)))
        ),
    )
    return GraphTensor.from_pieces(
        graph.context,
        {**graph.node_sets, readout_node_set: NodeSet.from_fields(sizes=ones)},
        {**graph.edge_sets, f"{readout_node_set}/{key}": edges},
    )
