"""The sets of structured readout: auxiliary sets that say which nodes or edges predictions are made for.

A node set `_readout` (or `_readout:NAME`) has one node a prediction. Edge sets `_readout/KEY` or `_readout/KEY/SUFFIX`
join each real node that plays the part KEY to its `_readout` node. All edge sets of a key together reach each
`_readout` node exactly once, in ascending order within each edge set.

Edges are read through a node set `_shadow/EDGE_SET`, of the same sizes as the edge set and without features: node i
stands for edge i.
"""

import re
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from gnnkit._names import TARGET
from gnnkit.graph import GraphTensor, GraphTensorSpec, check_scalar_graph_tensor
from gnnkit.graph._checks import without_quotes
from gnnkit.graph._missing import MissingError
from gnnkit.graph._symbolic import graph_function

_NODE_SET = re.compile(r"_readout(:[A-Za-z0-9_]+)?")
_KEY = re.compile(r"(\w+)(/.+)?")
_SHADOW = "_shadow/"


def validate_graph_tensor_spec_for_readout(
    graph_spec: GraphTensorSpec, required_keys: Sequence[str] | None = None, *, readout_node_set: str = "_readout"
) -> None:
    """ValueError unless the sets of a structured readout are there and well formed; KeyError for a missing key."""
    readout_edge_sets(graph_spec, required_keys or (), readout_node_set)


@graph_function
def validate_graph_tensor_for_readout(
    graph: GraphTensor, required_keys: Sequence[str] | None = None, *, readout_node_set: str = "_readout"
) -> GraphTensor:
    """The same graph, after the checks of its spec and, on the TensorFlow backend, of the indices of the keys.

    required_keys: the keys to check; all that there are by default.
    ValueError, KeyError: see `validate_graph_tensor_spec_for_readout`. InvalidArgumentError: malformed indices.
    """
    keys = readout_edge_sets(graph, required_keys or (), readout_node_set)
    checked = keys if required_keys is None else required_keys
    checks = [check for key in checked for check in index_checks(graph, key, keys[key], readout_node_set)]
    if not checks:
        return graph
    with tf.control_dependencies(checks):
        return graph._map(lambda f: f if isinstance(f, tf.RaggedTensor) else tf.identity(f))


def readout_edge_sets(
    tree: GraphTensor | GraphTensorSpec, required_keys: Sequence[str], readout_node_set: str
) -> dict[str, list[str]]:
    """Key -> names of its edge sets, both sorted. Errors: see `validate_graph_tensor_spec_for_readout`."""
    check_scalar_graph_tensor(tree, "Structured readout")
    if not _NODE_SET.fullmatch(readout_node_set):
        raise ValueError(f"A readout node set is named _readout or _readout:NAME, but got {readout_node_set!r}.")
    if readout_node_set not in tree._node_sets:
        raise ValueError(
            f"The graph has no readout node set {readout_node_set!r}; its node sets are {sorted(tree._node_sets)}. "
            "Add one with add_readout_from_first_node, or let the sampler make it."
        )
    keys: dict[str, list[str]] = {}
    readers: dict[tuple[str, str], str] = {}
    for name, edge_set in tree._edge_sets.items():
        if name.startswith(f"{readout_node_set}/"):
            match = _KEY.fullmatch(name.removeprefix(f"{readout_node_set}/"))
            if not match:
                raise ValueError(f"Readout edge set {name!r} is not named {readout_node_set}/KEY or .../KEY/SUFFIX.")
            _check_ends(tree, name, edge_set._adjacency, readout_node_set)
            key, source = match.group(1), edge_set._adjacency.source_name
            other = readers.setdefault((key, source), name)
            if other != name:
                raise ValueError(
                    f"Readout edge sets {other!r} and {name!r} both read {source!r} for key {key!r}. "
                    "Put their edges into one edge set."
                )
            keys.setdefault(key, []).append(name)
    if not keys:
        raise ValueError(f"There is no edge set {readout_node_set}/KEY, so nothing is read out.")
    for key in required_keys:
        if key not in keys:
            raise MissingError(
                f"structured_readout: no edge set {readout_node_set}/{key} (or {readout_node_set}/{key}/...) for key "
                f"{key!r}; the graph has keys {sorted(keys)} for readout node set {readout_node_set!r}."
            )
    return keys


def _check_ends(tree: GraphTensor | GraphTensorSpec, name: str, adjacency: Any, readout_node_set: str) -> None:
    target = adjacency._names.get(TARGET)
    if target != readout_node_set:
        raise ValueError(f"Readout edge set {name!r} must have target {readout_node_set!r}, but has {target!r}.")
    shadowed = shadowed_edge_set(adjacency.source_name)
    if shadowed is not None and shadowed not in tree._edge_sets:
        raise ValueError(
            f"Readout edge set {name!r} reads edges through {adjacency.source_name!r}, but the graph has no edge set "
            f"{shadowed!r}; it has {sorted(tree._edge_sets)}."
        )


def shadowed_edge_set(node_set_name: str) -> str | None:
    """The edge set that node set `_shadow/EDGE_SET` stands for; None for a real node set."""
    return node_set_name.removeprefix(_SHADOW) if node_set_name.startswith(_SHADOW) else None


def index_checks(graph: GraphTensor, key: str, names: Sequence[str], readout_node_set: str) -> list[Any]:
    """Assertions on the edge sets `names` of `key`; eager ones have run. None on backends other than TensorFlow."""
    adjacencies = [graph.edge_sets[name].adjacency for name in names]
    targets = [adjacency.target for adjacency in adjacencies]
    if not all(isinstance(target, tf.Tensor) for target in targets):
        return []
    checks = []
    for name, adjacency in zip(names, adjacencies, strict=True):
        what = without_quotes(f"structured_readout: edge set {name!r}")
        checks.append(
            tf.debugging.assert_less(
                adjacency.target[:-1], adjacency.target[1:], f"{what}: Not strictly sorted by target"
            )
        )
        shadowed = shadowed_edge_set(adjacency.source_name)
        if shadowed is not None:
            message = f"{what}: {adjacency.source_name} does not have the sizes of edge set {shadowed}"
            sizes = graph.node_sets[adjacency.source_name].sizes, graph.edge_sets[shadowed].sizes
            checks.append(tf.debugging.assert_equal(*sizes, message))
    total = graph.node_sets[readout_node_set].total_size
    together = tf.sort(tf.concat(targets, 0)) if len(targets) > 1 else targets[0]
    message = without_quotes(
        f"structured_readout: the edge sets of key {key!r} do not reach each node of {readout_node_set!r} once"
    )
    checks.append(tf.debugging.assert_equal(tf.size(together, out_type=total.dtype), total, message=message))
    with tf.control_dependencies([check for check in checks if check is not None]):
        expected = tf.range(tf.cast(total, together.dtype))
        checks.append(tf.debugging.assert_equal(together, expected, message=message))
    return [check for check in checks if check is not None]
