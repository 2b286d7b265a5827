"""What arguments of graph operations mean: sets, tags and values, with errors that name them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from gnnkit._names import CONTEXT
from gnnkit.graph import GraphTensor, _field, check_scalar_graph_tensor
from gnnkit.graph._missing import MissingError
from gnnkit.ops import _primitives


class Sets(NamedTuple):
    """The sets that an operation runs over, in order, and whether the caller gave a sequence."""

    names: list[str]
    labels: list[str]  # For messages.
    pieces: list[Any]
    are_edges: bool
    was_sequence: bool


def resolve_sets(
    graph: GraphTensor, fn: str, edge_set_name: Any = None, node_set_name: Any = None, *, single: bool = False
) -> Sets:
    """Exactly one of the two: a name or, unless `single`, a sequence of names."""
    if not isinstance(graph, GraphTensor):
        raise TypeError(f"{fn}: expected a GraphTensor, but got {type(graph).__name__}.")
    check_scalar_graph_tensor(graph, fn)
    if (edge_set_name is None) == (node_set_name is None):
        raise ValueError(f"{fn}: pass exactly one of edge_set_name and node_set_name.")
    are_edges = edge_set_name is not None
    given = edge_set_name if are_edges else node_set_name
    was_sequence = not single and not isinstance(given, str)
    if was_sequence and not isinstance(given, Sequence):
        raise TypeError(f"{fn}: set names must be a str or a sequence of them, but got {type(given).__name__}.")
    names: list[Any] = list(given) if was_sequence else [given]
    if not names:
        raise ValueError(f"{fn}: {'edge' if are_edges else 'node'}_set_name is empty; name at least one set.")
    pieces = [get_edge_set(graph, fn, n) if are_edges else get_node_set(graph, fn, n) for n in names]
    kind = "edge set" if are_edges else "node set"
    return Sets(names, [f"{kind} {name!r}" for name in names], pieces, are_edges, was_sequence)


class Segments(NamedTuple):
    """Where the items of sets belong: at nodes, or in components."""

    sets: Sets
    at: Any  # The node set, or the context.
    label: str
    ids: list[Any]  # For each set, where each item belongs: int `[E]`.
    num: Any  # How many nodes or components there are.


def resolve_segments(
    graph: GraphTensor,
    fn: str,
    tag: int | str,
    *,
    edge_set_name: Any = None,
    node_set_name: Any = None,
    single: bool = False,
    allow_context: bool = True,
) -> Segments:
    """What belongs to what, for `resolve_sets` with these arguments. Eagerly, graphs remember it."""
    check_tag(tag, fn, allow_context)
    key = None
    if isinstance(graph, GraphTensor) and tf.executing_eagerly():
        key = (tag, single, _hashable(edge_set_name), _hashable(node_set_name))
        found = graph._cached_segments.get(key) if graph._cached_segments is not None else None
        if found is not None:
            return found
    segments = _segments(graph, fn, tag, resolve_sets(graph, fn, edge_set_name, node_set_name, single=single))
    if key is not None and all(isinstance(i, tf.Tensor) for i in segments.ids):
        if graph._cached_segments is None:
            graph._cached_segments = {}
        graph._cached_segments[key] = segments
    return segments


def _hashable(names: Any) -> Any:
    return (
        tuple(map(_hashable, names))
        if isinstance(names, list)
        else names
        if isinstance(names, (str, tuple))
        else repr(names)
    )


def _segments(graph: GraphTensor, fn: str, tag: int | str, sets: Sets) -> Segments:
    if tag == CONTEXT:
        ids = [components_of(piece) for piece in sets.pieces]
        return Segments(sets, graph.context, "the context", ids, graph.context.total_num_components)
    name = node_set_at(sets, tag, fn)  # type: ignore[arg-type]
    node_set = get_node_set(graph, fn, name)
    ids = [piece.adjacency[tag] for piece in sets.pieces]
    return Segments(sets, node_set, f"node set {name!r}", ids, node_set._num_items())


def node_set_at(sets: Sets, tag: int, fn: str) -> str:
    """The name of the node set that all edge sets have at `tag`."""
    if not sets.are_edges:
        raise ValueError(f"{fn}: tag {tag!r} is an end of edges; pass edge_set_name, or gnnkit.CONTEXT as the tag.")
    found = []
    for name, piece in zip(sets.names, sets.pieces, strict=True):
        if tag not in piece.adjacency.tags:
            raise MissingError(
                f"{fn}: edge set {name!r} has no tag {tag!r} (#index.{tag}), only {list(piece.adjacency.tags)}."
            )
        found.append(piece.adjacency.node_set_name(tag))
    if len(set(found)) > 1:
        raise ValueError(
            f"{fn}: edge sets {sets.names} have different node sets at tag {tag}: {found}. "
            "Take edge sets that share one node set at a time."
        )
    return found[0]


def get_edge_set(graph: GraphTensor, fn: str, name: Any) -> Any:
    return _get(graph.edge_sets, "edge set", fn, name)


def get_node_set(graph: GraphTensor, fn: str, name: Any) -> Any:
    return _get(graph.node_sets, "node set", fn, name)


def _get(pieces: Any, kind: str, fn: str, name: Any) -> Any:
    if not isinstance(name, str):
        raise TypeError(f"{fn}: the {kind} name must be a str, but got {type(name).__name__} {name!r}.")
    if name not in pieces:
        raise MissingError(f"{fn}: the graph has no {kind} {name!r}; it has {list(pieces)}.")
    return pieces[name]


def resolve_value(piece: Any, what: str, fn: str, feature_value: Any, feature_name: str | None) -> Any:
    """The given value, or the feature of `piece`; exactly one."""
    if (feature_value is None) == (feature_name is None):
        raise ValueError(f"{fn}: pass exactly one of feature_value and feature_name (for {what}).")
    if feature_value is not None:
        value = _field.as_field(feature_value, f"{fn}: feature_value (for {what})")
        _check_rows(value, piece, what, fn)
        return value
    value = piece._features.get(feature_name)
    if value is None:
        raise MissingError(f"{fn}: {what} has no feature {feature_name!r}, only {list(piece.features)}.")
    return value


def _check_rows(value: Any, piece: Any, what: str, fn: str) -> None:
    """ValueError unless the value has one row an item, as far as both are known statically."""
    known = piece.sizes if piece._one_item_a_component else piece._known_items()
    if known is None:
        return
    got, want = _field.shape_of(value), _field.shape_of(known)
    if got is None or want is None:
        return
    if not got or (got[0] is not None and want[0] is not None and got[0] != want[0]):
        raise ValueError(
            f"{fn}: feature_value has shape {list(got)}, but {what} has {want[0]} items; pass one row an item."
        )


def check_alike(values: Sequence[Any], names: Sequence[str], fn: str) -> None:
    """ValueError unless the values of the sets `names` could lie one after the other."""
    if len(values) == 1:
        return
    if any(map(_field.is_ragged_tensor, values)):
        raise ValueError(f"{fn}: ragged values from several sets {names} are not supported; take them one by one.")
    shapes = [tuple(v.shape[1:]) for v in values]
    if any(s != shapes[0] for s in shapes):
        raise ValueError(f"{fn}: values of the sets {names} differ in shape per item: {[list(s) for s in shapes]}.")
    dtypes = [_field.dtype_of(v).name for v in values]
    if len(set(dtypes)) > 1:
        raise ValueError(f"{fn}: values of the sets {names} differ in dtype: {dtypes}. Cast them to one dtype first.")


def check_tag(tag: Any, fn: str, allow_context: bool = True) -> None:
    if isinstance(tag, bool) or not (isinstance(tag, int) or (allow_context and tag == CONTEXT)):
        raise ValueError(
            f"{fn}: the tag must be gnnkit.SOURCE (0), gnnkit.TARGET (1)"
            f"{' or gnnkit.CONTEXT' if allow_context else ''}, but got {tag!r}."
        )


def components_of(piece: Any) -> Any:
    """The component id of each item of a node or edge set: int `[num_items]`."""
    return _primitives.component_ids(piece.sizes, piece._num_items())
