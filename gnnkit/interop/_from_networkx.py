"""networkx graphs to GraphTensors."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from gnnkit._names import ID_NAME
from gnnkit.graph import Adjacency, AdjacencySpec, Context, EdgeSet, GraphTensor, GraphTensorSpec, NodeSet
from gnnkit.interop._graphs import to_field
from gnnkit.interop._optional import require
from gnnkit.interop._rows import to_rows
from gnnkit.interop._to_networkx import COMPONENT, LOCAL_ID, NUM_COMPONENTS, TYPE


class _Item(NamedTuple):
    """A node, an edge or the context of a component.

    key: what the graph calls it. graph: the graph's number. ends: the indices of an edge's nodes.
    """

    key: Any
    component: int
    attributes: Mapping[str, Any]
    graph: int = 0
    ends: tuple[int, int] = (0, 0)


class _Place(NamedTuple):
    """Where a node went."""

    node_set: str
    index: int
    component: int


def from_networkx(
    graphs: Any,
    *,
    spec: GraphTensorSpec | None = None,
    type_attribute: str = TYPE,
    node_set_name: str = "nodes",
    edge_set_name: str = "edges",
    indices_dtype: tf.DType = tf.int32,
) -> GraphTensor:
    """Makes a GraphTensor of networkx graphs: of what `to_networkx` made, and of any other.

    Attributes become features: numbers, texts, vectors, and lists of different lengths as ragged tensors. Python's
    floats become float32, its ints int64; NumPy values keep their dtype. Graph attributes become context features, except
    dictionaries (the defaults that readers of GraphML and DOT leave there). Nodes that are called by texts keep their
    names in the feature `#id`. An edge of an undirected graph becomes two, one in each direction (a loop, one).

    graphs: a Graph, DiGraph, MultiGraph or MultiDiGraph, or several: one component each (or as many as the graph
      attribute `#num_components` says, with nodes in the component `#component`).
    spec: the spec of the result; then the features are those of the spec, in their dtypes and shapes, and sets without
      items are there as well. Without it all of that is found from the attributes.
    type_attribute: the attribute of nodes and edges that names their node set or edge set.
    node_set_name, edge_set_name: the sets of nodes and edges without that attribute.
    indices_dtype: of sizes and indices, without a spec.

    Edges of one type between different pairs of node sets become one edge set for each pair, called
    `{source set}_{type}_{target set}`.

    ValueError: an item that lacks a feature, values that do not go together, an edge between components, what does not
    fit the spec. ImportError: networkx is not installed.

    >>> import gnnkit
    >>> import networkx as nx
    >>> friends = nx.Graph(label=1)
    >>> friends.add_nodes_from([("ann", {"age": 30}), ("bob", {"age": 40})])
    >>> friends.add_edge("ann", "bob", years=2.5)
    >>> graph = gnnkit.interop.from_networkx(friends)
    >>> graph.node_sets["nodes"]["#id"].numpy(), graph.node_sets["nodes"]["age"].numpy()
    (array([b'ann', b'bob'], dtype=object), array([30, 40]))
    >>> graph.edge_sets["edges"].adjacency.source.numpy(), graph.edge_sets["edges"]["years"].numpy()
    (array([0, 1], dtype=int32), array([2.5, 2.5], dtype=float32))
    """
    nx = require("networkx")
    graphs = [graphs] if isinstance(graphs, nx.Graph) else list(graphs)
    for graph in graphs:
        if not isinstance(graph, nx.Graph):
            raise TypeError(f"from_networkx() takes networkx graphs, but got {type(graph).__name__}.")
    context, nodes = _nodes(graphs, type_attribute, node_set_name)
    edges = _edges(graphs, type_attribute, edge_set_name, nodes)
    ignored = {type_attribute, COMPONENT, LOCAL_ID}
    if spec is not None:
        indices_dtype = spec.indices_dtype
        nodes, edges = _fit_to(spec, nodes, edges)

    def features(items: Sequence[_Item], what: str, kinds: Mapping[str, Any] | None) -> dict[str, Any]:
        if kinds is None:
            kinds = {name: None for item in items for name in item.attributes if name not in ignored}
        return {name: _feature(items, name, what, kind) for name, kind in kinds.items()}

    def sizes(items: Sequence[_Item]) -> tf.Tensor:
        return tf.constant(np.bincount([i.component for i in items], minlength=len(context)), indices_dtype)

    node_sets, edge_sets = {}, {}
    for name, items in nodes.items():
        kinds = None if spec is None else spec.node_sets_spec[name].features_spec
        node_sets[name] = NodeSet.from_fields(features=features(items, f"Node set {name!r}", kinds), sizes=sizes(items))
    for name, (source, target, items) in edges.items():
        kinds = None if spec is None else spec.edge_sets_spec[name].features_spec
        ends = np.array([item.ends for item in items], np.int64).reshape(-1, 2)
        edge_sets[name] = EdgeSet.from_fields(
            features=features(items, f"Edge set {name!r}", kinds),
            sizes=sizes(items),
            adjacency=Adjacency.from_indices(
                (source, tf.constant(ends[:, 0], indices_dtype)), (target, tf.constant(ends[:, 1], indices_dtype))
            ),
        )
    kinds = None if spec is None else spec.context_spec.features_spec
    return GraphTensor.from_pieces(
        Context.from_fields(features=features(context, "Context", kinds), sizes=tf.ones([len(context)], indices_dtype)),
        node_sets,
        edge_sets,
    )


def _nodes(graphs: Sequence[Any], type_attribute: str, default: str) -> tuple[list[_Item], dict[str, list[_Item]]]:
    """The components, and the nodes of each node set in their order."""
    context: list[_Item] = []
    nodes: dict[str, list[_Item]] = {}
    for number, graph in enumerate(graphs):
        first = len(context)
        context += [_Item(f"component {first + i}", first + i, row) for i, row in enumerate(_context(graph))]
        for key, attributes in graph.nodes(data=True):
            component = attributes.get(COMPONENT, 0)
            if not 0 <= component < len(context) - first:
                raise ValueError(
                    f"Node {key!r} has {COMPONENT}={component}, but its graph has {len(context) - first} component(s). "
                    f"Say how many with graph.graph[{NUM_COMPONENTS!r}] = ..."
                )
            name = _set_name(attributes, type_attribute, default, f"Node {key!r}")
            nodes.setdefault(name, []).append(_Item(key, first + component, attributes, number))
    for name, items in nodes.items():
        items.sort(key=_order)
        if all(isinstance(item.key, str) and ID_NAME not in item.attributes for item in items):
            nodes[name] = [item._replace(attributes={ID_NAME: item.key, **item.attributes}) for item in items]
    return context, nodes


def _context(graph: Any) -> list[dict[str, Any]]:
    """The context features of each component."""
    features = {k: v for k, v in graph.graph.items() if k != NUM_COMPONENTS and not isinstance(v, Mapping)}
    components = graph.graph.get(NUM_COMPONENTS)
    if components is None:
        return [features]
    for name, values in features.items():
        if len(values) != components:
            raise ValueError(
                f"Graph attribute {name!r} has {len(values)} values; expected one for each of {components} components."
            )
    return [{name: values[i] for name, values in features.items()} for i in range(components)]


def _edges(
    graphs: Sequence[Any], type_attribute: str, default: str, nodes: Mapping[str, Sequence[_Item]]
) -> dict[str, tuple[str, str, list[_Item]]]:
    """Edge set -> source set, target set, the edges in their order."""
    place = {
        (item.graph, item.key): _Place(name, index, item.component)
        for name, items in nodes.items()
        for index, item in enumerate(items)
    }
    found: dict[str, dict[tuple[str, str], list[_Item]]] = {}
    for number, graph in enumerate(graphs):
        for start, end, attributes in _directed(graph):
            key, source, target = (start, end), place[number, start], place[number, end]
            if source.component != target.component:
                raise ValueError(
                    f"Edge {key} joins component {source.component} and component {target.component}; the nodes of an "
                    "edge must be in the same one."
                )
            name = _set_name(attributes, type_attribute, default, f"Edge {key}")
            item = _Item(key, source.component, attributes, number, (source.index, target.index))
            found.setdefault(name, {}).setdefault((source.node_set, target.node_set), []).append(item)
    edges = {}
    for kind, by_ends in found.items():
        for (source, target), items in by_ends.items():
            edges[kind if len(by_ends) == 1 else f"{source}_{kind}_{target}"] = (
                source,
                target,
                sorted(items, key=_order),
            )
    return edges


def _directed(graph: Any) -> Iterator[tuple[Any, Any, Mapping[str, Any]]]:
    for source, target, attributes in graph.edges(data=True):
        yield source, target, attributes
        if not graph.is_directed() and source != target:
            yield target, source, attributes


def _set_name(attributes: Mapping[str, Any], type_attribute: str, default: str, what: str) -> str:
    name = attributes.get(type_attribute, default)
    if not isinstance(name, str):
        raise ValueError(f"{what}: attribute {type_attribute!r} is {name!r}; expected the name of a set.")
    return name


def _order(item: _Item) -> tuple[int, float]:
    return item.component, item.attributes.get(LOCAL_ID, math.inf)


def _fit_to(
    spec: GraphTensorSpec, nodes: dict[str, Any], edges: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The sets of the spec, empty ones included. ValueError for other sets and other ends."""
    ends = {}
    for name, edge_set in spec.edge_sets_spec.items():
        adjacency = edge_set.adjacency_spec
        if not isinstance(adjacency, AdjacencySpec):
            raise ValueError(f"Edge set {name!r} has hyperedges in the spec, which networkx graphs do not hold.")
        ends[name] = adjacency.source_name, adjacency.target_name
    for kind, found, known in (("Node", nodes, spec.node_sets_spec), ("Edge", edges, spec.edge_sets_spec)):
        for name in found:
            if name not in known:
                raise ValueError(f"{kind} set {name!r} is not in the spec, which has {sorted(known)}.")
    for name, (source, target, _) in edges.items():
        if (source, target) != ends[name]:
            raise ValueError(
                f"Edge set {name!r} joins {source!r} to {target!r}; the spec has {' to '.join(ends[name])}."
            )
    return (
        {name: nodes.get(name, []) for name in spec.node_sets_spec},
        {name: edges.get(name, (*ends[name], [])) for name in spec.edge_sets_spec},
    )


def _feature(items: Sequence[_Item], name: str, what: str, kind: Any) -> Any:
    """kind: the spec of the feature, if it is known."""
    for item in items:
        if name not in item.attributes:
            raise ValueError(
                f"{what}: {item.key!r} has no attribute {name!r}, which others or the spec have. Give it to all of them, "
                "or remove it there."
            )
    rows, what = [item.attributes[name] for item in items], f"{what}, feature {name!r}"
    if kind is None:
        return to_field(to_rows(rows, what))
    dims = tuple(kind.shape[1:])
    if isinstance(kind, tf.TensorSpec) and None in dims:
        dims = None  # Dense, whatever the size.
    dtype = object if kind.dtype == tf.string else kind.dtype.as_numpy_dtype
    splits = kind.row_splits_dtype if isinstance(kind, tf.RaggedTensorSpec) else tf.int64
    return to_field(to_rows(rows, what, dtype, dims), splits)
