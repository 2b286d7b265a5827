"""Structured readout: the features of the nodes or edges that predictions are made for. Its sets: `_readout_sets`."""

from typing import Any

import tensorflow as tf

from gnnkit.graph import GraphTensor, _field
from gnnkit.graph._symbolic import graph_function
from gnnkit.ops import _primitives
from gnnkit.ops._readout_sets import index_checks, readout_edge_sets, shadowed_edge_set
from gnnkit.ops._reductions import reduce_sum
from gnnkit.ops._resolve import check_alike, get_node_set, resolve_value


@graph_function
def structured_readout(
    graph: GraphTensor, key: str, *, feature_name: str, readout_node_set: str = "_readout", validate: bool = True
) -> Any:
    """The feature values of the nodes (or edges) that play the part `key`, one row a readout node.

    graph: a scalar graph.
    feature_name: the feature of the node sets (or, through `_shadow/EDGE_SET` node sets, edge sets) that are read.
    validate: checks the indices when run, on the TensorFlow backend (InvalidArgumentError).

    Returns `[num_readout, ...]`. KeyError: missing key or feature. ValueError: malformed sets, or features that differ
    in dtype or shape.
    """
    fn = "structured_readout"
    names = readout_edge_sets(graph, [key], readout_node_set)[key]
    checks = index_checks(graph, key, names, readout_node_set) if validate else []
    with tf.control_dependencies(checks):
        adjacencies = [graph.edge_sets[name].adjacency for name in names]
        values = [
            _primitives.gather(_readable_feature(graph, a.source_name, feature_name, fn), a.source, few=True)
            for a in adjacencies
        ]
        if len(names) == 1:
            return values[0]
        targets = [a.target for a in adjacencies]
        check_alike(values, names, fn)
        if _field.dtype_of(values[0]) in (tf.string, tf.bool):  # No sums of these: each row has its place.
            return _primitives.gather(
                _primitives.concat(values), _primitives.invert_permutation(_primitives.concat(targets))
            )
        num_readout = graph.node_sets[readout_node_set].total_size
        return reduce_sum(values, targets, num_readout)


def _readable_feature(graph: GraphTensor, node_set_name: str, feature_name: str, fn: str) -> Any:
    shadowed = shadowed_edge_set(node_set_name)
    if shadowed is not None:
        return resolve_value(graph.edge_sets[shadowed], f"edge set {shadowed!r}", fn, None, feature_name)
    return resolve_value(graph.node_sets[node_set_name], f"node set {node_set_name!r}", fn, None, feature_name)


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
    Other arguments and errors: see `structured_readout`. KeyError: no such readout node set.
    """
    fn = "structured_readout_into_feature"
    new_name = feature_name if new_feature_name is None else new_feature_name
    features = get_node_set(graph, fn, readout_node_set).get_features_dict()
    check_new_feature(new_name, features, readout_node_set, overwrite, fn)
    features[new_name] = structured_readout(
        graph, key, feature_name=feature_name, readout_node_set=readout_node_set, validate=validate
    )
    node_sets: dict[str, Any] = {readout_node_set: features}
    edge_sets: dict[str, Any] = {}
    if remove_input_feature:
        for name in readout_edge_sets(graph, [key], readout_node_set)[key]:
            source = graph.edge_sets[name].adjacency.source_name
            shadowed = shadowed_edge_set(source)
            if shadowed is not None:
                edge_sets[shadowed] = _without(graph.edge_sets[shadowed], feature_name)
            else:
                node_sets[source] = _without(graph.node_sets[source], feature_name)
    return graph.replace_features(node_sets=node_sets, edge_sets=edge_sets)


def _without(piece: Any, feature_name: str) -> dict[str, Any]:
    return {name: value for name, value in piece.features.items() if name != feature_name}


def check_new_feature(name: str, features: Any, readout_node_set: str, overwrite: bool, fn: str) -> None:
    if name in features and not overwrite:
        raise ValueError(
            f"{fn}: node set {readout_node_set!r} has a feature {name!r} already. Pass overwrite=True or another "
            "new_feature_name."
        )
