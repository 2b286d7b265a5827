"""Trimming: a model over rooted subgraphs that does not compute what no root reads."""

import dataclasses
from typing import Any, NamedTuple, final

import keras

from gnnkit.graph import GraphTensor, _keras
from gnnkit.keras._model import FunctionalModel
from gnnkit.keras._trim_plan import Roots, Stage, TakeRows, TrimPlan
from gnnkit.keras._trim_roots import Readers
from gnnkit.keras.layers._graph_update import GraphUpdate
from gnnkit.keras.layers._receptive_field import Reads, ReadsAll, describe


def trim_to_roots(model: Any, *, node_set_name: str | None = None, readout_node_set: str | None = None) -> Any:
    """The same model, without the computation of states that no root reads.

    In subgraphs that were sampled around roots, and in a model that reads out the roots alone, the last graph update only
    has to make the states of the roots, the one before it only those of the roots and their neighbours, and so on. The
    trimmed model shares its layers with the given one, has the same outputs and gradients, and saves and loads as any
    other. Once a batch it works out which rows are read, and hands each update a graph of those rows. (Dropout draws
    other numbers, since it draws for fewer rows.)

    model: a functional model over a scalar graph. Roots are found from the model where it ends in
        `gnnkit.keras.layers.ReadoutFirstNode`, `StructuredReadout` or the functions behind them.
    node_set_name: for a model that returns a graph: only the first nodes of this set are read from it, one a component.
    readout_node_set: likewise, that only nodes are read that `gnnkit.structured_readout` finds for this node set. The
        graph that comes out then holds those rows and no others.

    Trimmed is what is known to be local: layers that say which rows they read (all graph updates of `gnnkit.models`) with
    next states and transformations row by row. Updates of the context, batch normalisation and the like read all rows, so
    that they, and what comes before them, stay as they are. A layer of your own takes part if it has an attribute
    `is_local = True`; see `gnnkit.keras.layers.AnyToAnyConvolutionBase`. `explain_trimming` tells what was done and why.

    Returns a model to be compiled, or `model` itself where there is nothing to trim; always on the JAX backend, where
    sizes are static. TypeError: no functional model. ValueError: an unknown node set.

    >>> import gnnkit, keras, tensorflow as tf
    >>> graph = gnnkit.homogeneous([0, 1, 2], [1, 2, 3], node_features=tf.ones([4, 4]))
    >>> inputs = hidden = gnnkit.keras.Input(graph.spec.relax(num_nodes=True, num_edges=True))
    >>> for _ in range(2):
    ...     hidden = gnnkit.models.vanilla_mpnn.VanillaMPNNGraphUpdate(
    ...         units=8, message_dim=8, receiver_tag=gnnkit.SOURCE)(hidden)
    >>> roots = gnnkit.keras.layers.ReadoutFirstNode(node_set_name="nodes")(hidden)
    >>> model = gnnkit.keras.Model(inputs, keras.layers.Dense(2)(roots))
    >>> trimmed = gnnkit.keras.trim_to_roots(model)
    >>> bool(tf.reduce_all(abs(trimmed(graph) - model(graph)) < 1e-5))
    True
    >>> len(trimmed.weights) == len(model.weights)
    True
    """
    return _trim(model, node_set_name, readout_node_set).model


def explain_trimming(
    model: Any, *, node_set_name: str | None = None, readout_node_set: str | None = None
) -> dict[str, str]:
    """What `trim_to_roots` does with the same arguments: name of a layer -> "trimmed", or why not.

    Layers are told of from the last one backwards, up to the first that is not trimmed.
    """
    return _trim(model, node_set_name, readout_node_set).report


class _Trimmed(NamedTuple):
    model: Any
    report: dict[str, str]


def _trim(model: Any, node_set_name: str | None, readout_node_set: str | None) -> _Trimmed:
    if not isinstance(model, _keras.Functional):
        raise TypeError(
            f"trim_to_roots needs a functional model, gnnkit.keras.Model(inputs, outputs), but got {type(model).__name__}."
        )
    if keras.backend.backend() != "tensorflow":
        return _Trimmed(model, {model.name: "sizes are static on this backend, so that nothing can be left out"})
    given = Roots(
        first_nodes=() if node_set_name is None else (node_set_name,),
        readouts=() if readout_node_set is None else (readout_node_set,),
    )
    return _trim_model(model, given)


def _trim_model(model: Any, given: Roots) -> _Trimmed:
    readers = Readers(model, given)
    report: dict[str, str] = {}
    chains = []
    for graph, roots in readers.read_out():
        chain = _chain(graph, roots, readers, report)
        if chain is not None:
            chains.append(chain)
    return _Trimmed(_rebuild(model, chains) if chains else model, report)


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class _Chain:
    """Calls of layers one after the other, each from graph to graph; only `roots` are read of the last result.

    nested: a model that takes the place of the only call.
    """

    calls: list[Any]
    stages: list[Stage]
    roots: Roots
    nested: Any = None


def _chain(graph: GraphTensor, roots: Roots, readers: Readers, report: dict[str, str]) -> _Chain | None:
    """Goes backwards from a graph of which only the roots are read."""
    calls: list[Any] = []
    stages: list[Stage] = []
    while True:
        call = readers.call_that_made(graph)
        if call is None:
            break
        layer = call.operation
        if not calls and isinstance(layer, FunctionalModel):
            nested = _trim_model(layer, roots)
            report.update(nested.report)
            return None if nested.model is layer else _Chain(calls=[call], stages=[], roots=roots, nested=nested.model)
        try:
            taken = readers.graph_argument(call)
            stages.insert(0, _stage(layer, taken))
        except ReadsAll as reason:
            report[layer.name] = f"not trimmed: {reason}"
            break
        calls.insert(0, call)
        report[layer.name] = "trimmed"
        graph = taken
        other = readers.other_reader(graph, call)
        if other is not None:
            report[f"before {layer.name}"] = f"not trimmed: the graph is also read by {other}"
            break
    if not any(stage.reads for stage in stages):
        return None  # Layers that work row by row: gathering rows would cost as much.
    return _Chain(calls=calls, stages=stages, roots=roots)


def _stage(layer: Any, graph: GraphTensor) -> Stage:
    """What a layer reads of its input. ReadsAll: maybe everything."""
    if not hasattr(layer, "reads_by_node_set"):
        raise ReadsAll(f"{describe(layer)} does not say which rows it reads")
    for part in _keras.layers_in(layer):
        if getattr(part, "activity_regularizer", None) is not None:
            raise ReadsAll(f"{describe(part)} has an activity_regularizer, which reads all rows")
    reads = layer.reads_by_node_set()
    all_reads = [(name, r) for name, several in reads.items() for r in several]
    for name, r in all_reads:
        receiver = graph.edge_sets[r.edge_set_name].adjacency.node_set_name(r.receiver_tag)
        if receiver != name:
            raise ReadsAll(f"{describe(layer)} updates {name!r} from {r.edge_set_name!r}, which leads to {receiver!r}")
    return Stage(reads=reads, separate=_takes_separate_receivers(layer, [r for _, r in all_reads]))


def _takes_separate_receivers(layer: Any, all_reads: list[Reads]) -> bool:
    ends: dict[str, set[int]] = {}
    for reads in all_reads:
        ends.setdefault(reads.edge_set_name, set()).add(reads.receiver_tag)
    return (
        isinstance(layer, GraphUpdate)
        and all(reads.separate_receivers for reads in all_reads)
        and all(len(tags) == 1 for tags in ends.values())
    )


def _rebuild(model: Any, chains: list[_Chain]) -> Any:
    """The model with other calls for those of the chains and for what depends on them; all else is shared."""
    chain_at = {id(chain.calls[-1]): chain for chain in chains}
    replaced_calls = {id(call) for chain in chains for call in chain.calls}
    new: dict[int, Any] = {}

    def renew(tree: Any) -> Any:
        return keras.tree.map_structure(lambda x: new.get(id(x), x), tree)

    for call in _keras.nodes_of(model):
        if id(call) in chain_at:
            outputs = _call_trimmed(chain_at[id(call)], renew)
        elif id(call) in replaced_calls or not any(id(x) in new for x in call.input_tensors):
            continue
        else:
            args, kwargs = renew(call.arguments.args), renew(call.arguments.kwargs)
            outputs = call.operation(*args, **kwargs)
        for old, made in zip(call.outputs, keras.tree.flatten(outputs), strict=True):
            new[id(old)] = made
    return FunctionalModel(model._inputs_struct, renew(model._outputs_struct), name=model.name)


def _call_trimmed(chain: _Chain, renew: Any) -> GraphTensor:
    if chain.nested is not None:
        args, kwargs = (renew(x) for x in (chain.calls[0].arguments.args, chain.calls[0].arguments.kwargs))
        return chain.nested(*args, **kwargs)
    graph = renew(chain.calls[0].arguments.args[0])
    plan = TrimPlan(chain.stages, chain.roots, name=_keras.auto_name("trim_plan"))(graph)
    for call, rows in zip(chain.calls, plan[:-1], strict=True):
        graph = TakeRows(name=_keras.auto_name("take_rows"))(graph, rows)
        args, kwargs = renew(call.arguments.args), renew(call.arguments.kwargs)
        graph = call.operation(graph, *args[1:], **kwargs)
    return TakeRows(name=_keras.auto_name("take_rows"))(graph, plan[-1])
