"""Who reads what in a functional model: where its roots are, and which call made a graph."""

from typing import Any, final

import keras

from gnnkit.graph import GraphTensor, _keras
from gnnkit.graph._symbolic import GraphFunction
from gnnkit.keras._trim_plan import Roots
from gnnkit.keras.layers._graph_ops import ReadoutFirstNode
from gnnkit.keras.layers._receptive_field import ReadsAll, describe
from gnnkit.keras.layers._structured_readout import StructuredReadout

_FIRST_NODE = "gnnkit.ops._first_node:gather_first_node"
_STRUCTURED = "gnnkit.ops._readout:structured_readout"


@final
class Readers:
    """The calls of a model, by the tensors that they read.

    given: what is read of graphs that the model returns. ValueError: an unknown node set.
    """

    def __init__(self, model: Any, given: Roots) -> None:
        self._model, self._given = model, given
        self._calls_by_tensor: dict[int, list[Any]] = {}
        for call in _keras.nodes_of(model):
            for tensor in {id(x): x for x in call.input_tensors}.values():
                self._calls_by_tensor.setdefault(id(tensor), []).append(call)
        self._inputs = {id(x) for x in model.inputs}
        self._outputs = {id(x) for x in keras.tree.flatten(model._outputs_struct)}
        self._returned = _graphs_in(model._outputs_struct)
        for graph in self._returned:
            for name in (*given.first_nodes, *given.readouts):
                if name not in graph.node_sets:
                    raise ValueError(
                        f"trim_to_roots: the model returns a graph without node set {name!r}; it has "
                        f"{list(graph.node_sets)}."
                    )

    def read_out(self) -> list[tuple[GraphTensor, Roots]]:
        """The graphs of which nothing is read but roots."""
        found: dict[tuple[int, ...], tuple[GraphTensor, Roots]] = {}
        for call in _keras.nodes_of(self._model):
            for graph in _graphs_in((call.arguments.args, call.arguments.kwargs)):
                roots = _roots_that_are_read(call)
                key = tuple(map(id, graph._fields()))
                if roots is not None and key not in found:
                    found[key] = graph, self._all_roots(graph)
        for graph in self._returned:
            key = tuple(map(id, graph._fields()))
            if key not in found:
                found[key] = graph, self._all_roots(graph)
        return [(graph, roots) for graph, roots in found.values() if roots is not None]

    def _all_roots(self, graph: GraphTensor) -> Any:
        """What is read of a graph by everyone, or None where it may be other rows as well."""
        roots = Roots()
        fields = {id(x) for x in graph._fields()}
        if fields & self._outputs:
            if self._given == Roots() or not any(same_tensors(graph, g) for g in self._returned):
                return None
            roots |= self._given
        for call in self._calls_reading(graph):
            read = _roots_that_are_read(call)
            if read is None or not any(same_tensors(graph, g) for g in _graphs_in(call.arguments.args)):
                return None
            roots |= read
        return roots

    def _calls_reading(self, graph: GraphTensor) -> list[Any]:
        calls = [call for field in graph._fields() for call in self._calls_by_tensor.get(id(field), ())]
        return list({id(call): call for call in calls}.values())

    def call_that_made(self, graph: GraphTensor) -> Any:
        """The call whose result is this graph; None for an input, or a graph put together from several results."""
        fields = [x for x in graph._fields() if x is not None]  # The context may have no sizes of its own.
        if id(fields[0]) in self._inputs:
            return None
        call = _keras.producer_of(fields[0])
        made = [id(x) for x in call.outputs]
        return call if made == [id(x) for x in fields] else None

    def graph_argument(self, call: Any) -> GraphTensor:
        """The graph that a call takes. ReadsAll: it takes other tensors as well."""
        args = call.arguments.args
        if not (args and isinstance(args[0], GraphTensor)) or keras.tree.flatten(
            [x for x in keras.tree.flatten((args[1:], call.arguments.kwargs)) if isinstance(x, keras.KerasTensor)]
        ):
            raise ReadsAll(f"{describe(call.operation)} takes other inputs than one graph")
        return args[0]

    def other_reader(self, graph: GraphTensor, call: Any) -> str | None:
        """Who else reads a graph, or any field of it."""
        if {id(x) for x in graph._fields()} & self._outputs:
            return "the caller of the model"
        for other in self._calls_reading(graph):
            if other is not call:
                return describe(other.operation)
        return None


def same_tensors(graph: GraphTensor, other: GraphTensor) -> bool:
    return [id(x) for x in graph._fields()] == [id(x) for x in other._fields()]


def _graphs_in(tree: Any) -> list[GraphTensor]:
    if isinstance(tree, GraphTensor):
        # Keras gives models their masks as a graph of None.
        return [tree] if any(x is not None for x in tree._fields()) else []
    if isinstance(tree, dict):
        return [g for value in tree.values() for g in _graphs_in(value)]
    if isinstance(tree, (list, tuple)):
        return [g for value in tree for g in _graphs_in(value)]
    return []


def _roots_that_are_read(call: Any) -> Roots | None:
    """The roots that a call reads of its one graph; None where it may read other rows as well."""
    operation: Any = call.operation
    args, kwargs = call.arguments.args, call.arguments.kwargs
    if isinstance(operation, ReadoutFirstNode):
        name = kwargs.get("node_set_name") or operation._arguments["node_set_name"]
        return Roots(first_nodes=(name,))
    if isinstance(operation, StructuredReadout):
        return Roots(readouts=(operation._arguments["readout_node_set"],))
    if isinstance(operation, GraphFunction):
        if operation.function == _FIRST_NODE and kwargs.get("feature_value") is None:
            return Roots(first_nodes=(args[1] if len(args) > 1 else kwargs["node_set_name"],))
        if operation.function == _STRUCTURED:
            return Roots(readouts=(kwargs.get("readout_node_set", "_readout"),))
    if isinstance(operation, _keras.Functional) and len(args) == 1:
        model: Any = operation
        if isinstance(model._inputs_struct, GraphTensor):
            return Readers(model, Roots())._all_roots(model._inputs_struct)
    return None
