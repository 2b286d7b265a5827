"""How large padded graphs are, and whether a graph can be padded to that."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import tensorflow as tf

from gnnkit.graph import GraphTensor, _field
from gnnkit.graph._fail import fail_with
from gnnkit.graph._symbolic import graph_function


class SizeConstraints(NamedTuple):
    """The sizes that graphs are padded to, so that all batches have the same shapes. Ints or scalar int tensors.

    total_num_components: of the padded graph.
    total_num_nodes, total_num_edges: set name -> number of items of the padded graph. Each set of a graph needs its
        entry; entries of sets that it lacks do not matter.
    min_nodes_per_component: node set name -> fewest nodes of a component, real or fake; 0 for sets without an entry.
    """

    total_num_components: Any
    total_num_nodes: Mapping[str, Any]
    total_num_edges: Mapping[str, Any]
    min_nodes_per_component: Mapping[str, Any] | tuple[()] = ()


def total_of(name: str, kind: str, constraints: SizeConstraints) -> Any:
    """The number of items that a set is padded to. kind: "node" or "edge". ValueError where there is none."""
    totals = constraints.total_num_nodes if kind == "node" else constraints.total_num_edges
    if name not in totals:
        raise ValueError(
            f"SizeConstraints: total_num_{kind}s has no entry for {kind} set {name!r}, only for {sorted(totals)}. "
            f"Each {kind} set of the graph needs one."
        )
    return totals[name]


@graph_function
def satisfies_size_constraints(graph_tensor: GraphTensor, total_sizes: SizeConstraints) -> Any:
    """Whether `pad_to_total_sizes` can pad the graph to these sizes: bool scalar.

    graph_tensor: of any rank; of a batch, the sizes of all graphs together count.

    ValueError: a set without a total.

    >>> import gnnkit
    >>> graph = gnnkit.homogeneous([0, 1], [1, 2], node_set_sizes=[3])
    >>> sizes = gnnkit.SizeConstraints(2, total_num_nodes={"nodes": 3}, total_num_edges={"edges": 4})
    >>> bool(gnnkit.satisfies_size_constraints(graph, sizes))  # Fake edges would have no fake node to join.
    False
    """
    rules = _rules(graph_tensor._map(_field.to_tf), SizeConstraints(*total_sizes))
    return tf.reduce_all(tf.stack([rule.got for rule in rules]) <= tf.stack([rule.limit for rule in rules]))


def assert_satisfies_size_constraints(graph_tensor: GraphTensor, size_constraints: SizeConstraints) -> list[Any]:
    """Checks that `pad_to_total_sizes` can pad the graph to these sizes; see `satisfies_size_constraints`.

    Returns tensors for `tf.control_dependencies`. InvalidArgumentError: it cannot; the message names set and sizes.
    """
    rules = _rules(graph_tensor._map(_field.to_tf), SizeConstraints(*size_constraints))
    got, limit = tf.stack([rule.got for rule in rules]), tf.stack([rule.limit for rule in rules])
    wrong = got > limit

    def stop() -> Any:
        first = tf.where(wrong)[0, 0]
        has, but, end = (
            tf.gather(tf.constant(texts), first)
            for texts in zip(*[(rule.has, rule.but, rule.end) for rule in rules], strict=True)
        )
        return fail_with("Size constraints: ", has, " ", got[first], but, " ", limit[first], end)

    return [tf.cond(tf.reduce_any(wrong), stop, lambda: tf.constant(True))]


class _Rule(NamedTuple):
    """`got <= limit`, or the message `{has} {got}{but} {limit}{end}`."""

    has: str
    got: tf.Tensor
    but: str
    limit: tf.Tensor
    end: str = "."


def _rules(graph: GraphTensor, constraints: SizeConstraints) -> list[_Rule]:
    components, total = _int64(graph.total_num_components), _int64(constraints.total_num_components)
    num_fake = total - components
    rules = [_Rule("the number of components is", components, ", but total_num_components is", total)]
    least = dict(constraints.min_nodes_per_component)
    has_fakes = {}
    for name, node_set in graph.node_sets.items():
        what, of_fakes = f"node set {name!r}", ", with those that each fake component needs," if name in least else ""
        count, total = _int64(node_set.total_size), _int64(total_of(name, "node", constraints))
        fewest, needed = _fewest(node_set.sizes), _int64(least.get(name, 0))
        together = count + needed * tf.maximum(num_fake, 0)
        possible = tf.where(num_fake > 0, total, count)
        has_fakes[name] = total > count
        but = ", but without a fake component the number of nodes stays"
        rules += [
            _Rule(f"min_nodes_per_component of {what} is", needed, ", but the smallest component has", fewest),
            _Rule(f"the number of nodes of {what}{of_fakes} is", together, ", but total_num_nodes is", total),
            _Rule(f"total_num_nodes of {what} is", total, but, possible, ". Raise total_num_components."),
        ]
    for name, edge_set in graph.edge_sets.items():
        what = f"edge set {name!r}"
        count, total = _int64(edge_set.total_size), _int64(total_of(name, "edge", constraints))
        rules.append(_Rule(f"the number of edges of {what} is", count, ", but total_num_edges is", total))
        for node_set_name in sorted({end for end, _ in edge_set.adjacency.get_indices_dict().values()}):
            but = f", but without a fake node in node set {node_set_name!r} the number of edges stays"
            possible = tf.where(has_fakes[node_set_name], total, count)
            end = f". Raise total_num_nodes of {node_set_name!r}."
            rules.append(_Rule(f"total_num_edges of {what} is", total, but, possible, end))
    return rules


def _fewest(sizes: Any) -> tf.Tensor:
    return tf.reduce_min(_int64(sizes.flat_values if isinstance(sizes, tf.RaggedTensor) else sizes))


def _int64(number: Any) -> tf.Tensor:
    return tf.cast(number, tf.int64)
