"""The line graph: edges become nodes, and two of them are joined where they meet."""

import itertools
from collections.abc import Iterator
from typing import Any

import keras

from gnnkit._names import SOURCE, TARGET
from gnnkit.graph import Adjacency, EdgeSet, GraphTensor, NodeSet, check_scalar_graph_tensor, get_aux_type_prefix
from gnnkit.graph._symbolic import graph_function
from gnnkit.ops import _primitives
from gnnkit.ops._pool import reverse_tag
from gnnkit.ops._resolve import check_tag, components_of

_READOUT = "_readout"
_ORIGINAL = "original/"


@graph_function
def convert_to_line_graph(
    graph_tensor: GraphTensor,
    *,
    connect_from: int = TARGET,
    connect_to: int = SOURCE,
    connect_with_original_nodes: bool = False,
    non_backtracking: bool = False,
    use_node_features_as_line_graph_edge_features: bool = False,
) -> GraphTensor:
    """The graph whose nodes are the edges of `graph_tensor`.

    Each edge set becomes a node set of the same name and with the same features. Edge set `A=>B` joins each edge of A
    to each edge of B such that the end `connect_from` of the one is the end `connect_to` of the other: by default, the
    edges that can follow each other. Context features stay.

    graph_tensor: a scalar graph.
    connect_with_original_nodes: keeps the nodes as node sets `original/NODE_SET`, with edge sets `original/to/EDGE_SET`
        from each edge's source and `original/from/EDGE_SET` to its target; the sets of structured readout stay too.
    non_backtracking: leaves out pairs of edges whose other ends are one node as well.
    use_node_features_as_line_graph_edge_features: gives the new edges the features of the node where the two meet.

    ValueError: hyperedges, auxiliary sets (but those of structured readout, see above), new names that collide, or a
    batched graph. KeyError: a tag that the edge sets lack.

    >>> import gnnkit
    >>> graph = gnnkit.homogeneous([0, 1, 2], [1, 2, 1], node_features={"x": [10, 20, 30]})
    >>> adjacency = gnnkit.convert_to_line_graph(graph).edge_sets["edges=>edges"].adjacency
    >>> list(zip(adjacency.source.numpy().tolist(), adjacency.target.numpy().tolist()))
    [(0, 1), (2, 1), (1, 2)]
    """
    fn = "convert_to_line_graph"
    check_scalar_graph_tensor(graph_tensor, fn)
    check_tag(connect_from, fn, allow_context=False)
    check_tag(connect_to, fn, allow_context=False)
    _check_sets(graph_tensor, fn, connect_with_original_nodes)
    dtype = graph_tensor.indices_dtype
    edge_sets = {name: edges for name, edges in graph_tensor.edge_sets.items() if get_aux_type_prefix(name) is None}
    new_nodes = [(name, NodeSet.from_fields(sizes=e.sizes, features=e.features)) for name, e in edge_sets.items()]
    new_edges = []
    for name_from, name_to in itertools.product(edge_sets, repeat=2):
        ends_from, ends_to = edge_sets[name_from].adjacency, edge_sets[name_to].adjacency
        node_set_name = ends_from.node_set_name(connect_from)
        if ends_to.node_set_name(connect_to) != node_set_name:
            continue
        node_set = graph_tensor.node_sets[node_set_name]
        left, right, fan_out = _meeting_pairs(ends_from[connect_from], ends_to[connect_to], node_set.total_size, dtype)
        if non_backtracking:
            tags = reverse_tag(connect_from), reverse_tag(connect_to)
            left, right = _forward_pairs(left, right, ends_from, ends_to, *tags)
            fan_out = _primitives.segment_count(left, edge_sets[name_from].total_size, dtype)
        features = {}
        if use_node_features_as_line_graph_edge_features:
            node = _primitives.gather(ends_from[connect_from], left)
            features = {name: _primitives.gather(value, node) for name, value in node_set.features.items()}
        components = components_of(edge_sets[name_from])
        sizes = _primitives.segment_sum(fan_out, components, graph_tensor.total_num_components)
        new_edges.append((f"{name_from}=>{name_to}", _edges(sizes, (name_from, left), (name_to, right), features)))
    if connect_with_original_nodes:
        new_nodes += _original_nodes(graph_tensor)
        new_edges += _original_edges(graph_tensor)
    return GraphTensor.from_pieces(graph_tensor.context, _unique(new_nodes, fn), _unique(new_edges, fn))


def _check_sets(graph: GraphTensor, fn: str, keep_readout: bool) -> None:
    for kind, pieces in (("node set", graph.node_sets), ("edge set", graph.edge_sets)):
        for name in pieces:
            prefix = get_aux_type_prefix(name)
            if prefix == _READOUT and not keep_readout:
                raise ValueError(
                    f"{fn}: the graph has the readout {kind} {name!r}. Pass connect_with_original_nodes=True to keep "
                    "what it points at, or take it out of the graph first."
                )
            if prefix not in (None, _READOUT):
                raise ValueError(f"{fn}: the graph has the auxiliary {kind} {name!r}; take it out of the graph first.")
    for name, edge_set in graph.edge_sets.items():
        if not isinstance(edge_set.adjacency, Adjacency):
            raise ValueError(
                f"{fn}: edge set {name!r} must have an Adjacency with source and target, "
                f"but has a HyperAdjacency with tags {list(edge_set.adjacency.tags)}."
            )


def _meeting_pairs(left: Any, right: Any, num_nodes: Any, dtype: Any) -> tuple[Any, Any, Any]:
    """All (i, j) with left[i] == right[j], in ascending order of that node, i and j; and how many there are for each i."""
    left_order, right_order = _primitives.argsort(left), _primitives.argsort(right)
    matches = _primitives.segment_count(right, num_nodes, dtype)  # Of each node.
    first_match = keras.ops.cumsum(matches) - matches
    fan_out = _primitives.gather(matches, left)
    copies = _primitives.gather(fan_out, left_order)
    first_copy = keras.ops.cumsum(copies) - copies
    total = keras.ops.sum(copies)
    pair = _primitives.component_ids(copies, total)
    shift = _primitives.gather(first_match, _primitives.gather(left, left_order)) - first_copy
    rank = _primitives.arange(total, dtype) + _primitives.gather(shift, pair)
    i, j = _primitives.gather(left_order, pair), _primitives.gather(right_order, rank)
    return keras.ops.cast(i, dtype.name), keras.ops.cast(j, dtype.name), fan_out


def _forward_pairs(
    left: Any, right: Any, ends_from: Adjacency, ends_to: Adjacency, start_tag: int, end_tag: int
) -> tuple[Any, Any]:
    """The pairs that do not lead back to the node where they started."""
    if ends_from.node_set_name(start_tag) != ends_to.node_set_name(end_tag):
        return left, right
    start, end = _primitives.gather(ends_from[start_tag], left), _primitives.gather(ends_to[end_tag], right)
    rows = _primitives.true_indices(start != end)
    return _primitives.gather(left, rows), _primitives.gather(right, rows)


def _original_nodes(graph: GraphTensor) -> Iterator[tuple[str, NodeSet]]:
    for name, node_set in graph.node_sets.items():
        yield _original_name(name), node_set


def _original_edges(graph: GraphTensor) -> Iterator[tuple[str, EdgeSet]]:
    for name, edge_set in graph.edge_sets.items():
        adjacency = edge_set.adjacency
        source = (_original_name(adjacency.source_name), adjacency.source)
        target = (_original_name(adjacency.target_name), adjacency.target)
        if get_aux_type_prefix(name) is not None:
            yield name, _edges(edge_set.sizes, source, target, edge_set.features)
            continue
        itself = (name, _primitives.arange(edge_set.total_size, graph.indices_dtype))
        yield f"{_ORIGINAL}to/{name}", _edges(edge_set.sizes, source, itself)
        yield f"{_ORIGINAL}from/{name}", _edges(edge_set.sizes, itself, target)


def _original_name(node_set_name: str) -> str:
    return node_set_name if get_aux_type_prefix(node_set_name) else f"{_ORIGINAL}{node_set_name}"


def _edges(sizes: Any, source: tuple[str, Any], target: tuple[str, Any], features: Any = None) -> EdgeSet:
    return EdgeSet.from_fields(sizes=sizes, features=features, adjacency=Adjacency.from_indices(source, target))


def _unique(pieces: list[tuple[str, Any]], fn: str) -> dict[str, Any]:
    names = [name for name, _ in pieces]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"{fn}: the line graph would have several sets of the name {repeated}. Rename edge sets.")
    return dict(pieces)
