"""Subject-predicate-object triples, as in RDF. Names as in TF-GNN's `converters.triples`."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import tensorflow as tf

from gnnkit._names import ID_NAME
from gnnkit.graph import Adjacency, EdgeSet, GraphTensor, NodeSet
from gnnkit.interop._graphs import check_values
from gnnkit.interop._rows import rows_of


def triple_to_graphtensor(triples: Iterable[tuple[str, str, str]]) -> GraphTensor:
    """Makes a graph with one node set, `nodes`, and one edge set for each predicate, from subject to object.

    triples: (subject, predicate, object), texts. Repeated ones become parallel edges.

    Nodes come in the order of their first mention; the feature `#id` holds their names.

    ValueError: something else than three texts.

    >>> graph = triple_to_graphtensor([("ann", "knows", "bob"), ("ann", "likes", "tea")])
    >>> graph.node_sets["nodes"]["#id"].numpy().tolist(), graph.edge_sets["likes"].adjacency.target.numpy().tolist()
    ([b'ann', b'bob', b'tea'], [2])
    """
    nodes: dict[str, int] = {}
    edges: dict[str, list[tuple[int, int]]] = {}
    for number, triple in enumerate(triples):
        subject, predicate, target = _texts(triple, number)
        ends = nodes.setdefault(subject, len(nodes)), nodes.setdefault(target, len(nodes))
        edges.setdefault(predicate, []).append(ends)
    edge_sets = {}
    for predicate, pairs in edges.items():
        source, end = np.array(pairs, np.int32).T
        edge_sets[predicate] = EdgeSet.from_fields(
            sizes=[len(pairs)], adjacency=Adjacency.from_indices(("nodes", source), ("nodes", end))
        )
    names = tf.constant(list(nodes), tf.string)
    node_set = NodeSet.from_fields(features={ID_NAME: names}, sizes=[len(nodes)])
    return GraphTensor.from_pieces(node_sets={"nodes": node_set}, edge_sets=edge_sets)


def graphtensor_to_triples(graph: GraphTensor) -> list[tuple[str, str, str]]:
    """One triple an edge: names of source, edge set and target. Edge sets come in the order of their names.

    graph: scalar, with values; every node set that has edges has a feature `#id`.

    ValueError: a node set without `#id`, a batch, a symbolic graph, or hyperedges.
    """
    check_values(graph, "graphtensor_to_triples()")
    triples = []
    for name, edge_set in graph.edge_sets.items():
        adjacency = edge_set.adjacency
        ends = [
            _names(graph, adjacency.source_name, adjacency.source),
            _names(graph, adjacency.target_name, adjacency.target),
        ]
        triples += [(subject, name, target) for subject, target in zip(*ends, strict=True)]
    return triples


def _texts(triple: Any, number: int) -> list[str]:
    if (
        not isinstance(triple, (tuple, list))
        or len(triple) != 3
        or not all(isinstance(t, (str, bytes)) for t in triple)
    ):
        raise ValueError(f"Triple {number} is {triple!r}; expected three texts: (subject, predicate, object).")
    return [text.decode() if isinstance(text, bytes) else text for text in triple]


def _names(graph: GraphTensor, node_set_name: str, index: Any) -> list[str]:
    node_set = graph.node_sets[node_set_name]
    if ID_NAME not in node_set.features:
        raise ValueError(f"Node set {node_set_name!r} has no feature {ID_NAME!r}, so that its nodes have no names.")
    ids = rows_of(node_set[ID_NAME])
    return [str(ids[i]) for i in np.asarray(index)]
