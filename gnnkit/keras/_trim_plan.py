"""Which rows of a graph roots read, layer by layer, and the graphs with those rows alone."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, final

import keras
import tensorflow as tf

from gnnkit.graph import Context, EdgeSet, GraphTensor, NodeSet, _field
from gnnkit.keras.layers._graph_layer import GraphLayer
from gnnkit.keras.layers._receptive_field import RECEIVERS, Reads
from gnnkit.ops import _primitives
from gnnkit.ops._resolve import components_of

_ROWS = "#rows"


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Stage:
    """One layer: for each node set that it updates, what its nodes read.

    separate: whether receivers are handed to it apart from senders, so that it makes no states that nobody reads.
    """

    reads: Mapping[str, Sequence[Reads]]
    separate: bool


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Roots:
    """The rows that are read in the end.

    first_nodes: node sets whose first node in each component is read.
    readouts: readout node sets; all nodes that edges lead from to them are read.
    """

    first_nodes: tuple[str, ...] = ()
    readouts: tuple[str, ...] = ()

    def __or__(self, other: "Roots") -> "Roots":
        return Roots(
            first_nodes=tuple(sorted({*self.first_nodes, *other.first_nodes})),
            readouts=tuple(sorted({*self.readouts, *other.readouts})),
        )


@final
@keras.saving.register_keras_serializable("gnnkit")
class TrimPlan(GraphLayer):
    """Finds the rows for a chain of layers, once a batch, with operations on integers alone.

    Input: the graph that the first of them gets. Output: a list of graphs, one for each layer and one for those who read
    the result: its sets and edges without features but for `#rows`, the positions of the rows in the graph before; without
    it, all of them.
    """

    _jit_on_static_sizes = False

    def __init__(self, stages: Sequence[Any], roots: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._stages = [stage if isinstance(stage, Stage) else _stage(stage) for stage in stages]
        self._roots = roots if isinstance(roots, Roots) else Roots(**{k: tuple(v) for k, v in roots.items()})

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "stages": [dataclasses.asdict(stage) for stage in self._stages],
            "roots": dataclasses.asdict(self._roots),
        }

    def call(self, graph: GraphTensor) -> list[GraphTensor]:
        levels = [_roots_of(graph, self._roots)]
        for stage in reversed(self._stages):
            levels.insert(0, _before(graph, stage, levels[0]) if stage.reads else levels[0])
        return _graphs(graph, self._stages, levels)


def _stage(config: Any) -> Stage:
    reads = {
        name: [Reads(**{**r, "degrees": tuple(r["degrees"])}) for r in reads] for name, reads in config["reads"].items()
    }
    return Stage(reads=reads, separate=config["separate"])


class _Level(NamedTuple):
    """What is needed at one point of the chain: set name -> bool `[num_items]`. Nothing of sets that are not there."""

    nodes: dict[str, Any]
    edges: dict[str, Any]


def _roots_of(graph: GraphTensor, roots: Roots) -> _Level:
    nodes: dict[str, Any] = {}
    edges: dict[str, Any] = {}
    for name in roots.first_nodes:
        sizes = graph.node_sets[name].sizes
        first = tf.boolean_mask(tf.cumsum(sizes, exclusive=True), sizes > 0)
        _add(nodes, name, _mark(graph, name, first))
    for name, edge_set in graph.edge_sets.items():
        adjacency = edge_set.adjacency
        if name.split("/")[0] in roots.readouts:
            edges[name] = tf.ones_like(adjacency.source, tf.bool)
            _add(nodes, adjacency.source_name, _mark(graph, adjacency.source_name, adjacency.source))
    for name in roots.readouts:
        nodes[name] = tf.ones([graph.node_sets[name]._num_items()], tf.bool)
    return _Level(nodes, edges)


def _before(graph: GraphTensor, stage: Stage, after: _Level) -> _Level:
    """What is needed before a layer, so that it makes what is needed after it."""
    nodes, edges = dict(after.nodes), dict(after.edges)
    for node_set_name, all_reads in stage.reads.items():
        if node_set_name not in after.nodes:
            continue
        for reads in all_reads:
            adjacency = graph.edge_sets[reads.edge_set_name].adjacency
            needed = _edges_read(graph, adjacency, reads, after.nodes[node_set_name])
            _add(edges, reads.edge_set_name, needed)
            rows = _primitives.true_indices(edges[reads.edge_set_name])
            for end, index in adjacency.get_indices_dict().values():
                _add(nodes, end, _mark(graph, end, _primitives.gather(index, rows)))
    return _Level(nodes, edges)


def _edges_read(graph: GraphTensor, adjacency: Any, reads: Reads, receivers: Any) -> Any:
    """The edges that are needed for the results of `receivers`: bool `[E]`."""
    index = adjacency[reads.receiver_tag]
    edges = _primitives.gather(receivers, index)
    if reads.hops == 1 and not reads.degrees:
        return edges
    # Of layers within one node set.
    name, read = adjacency.node_set_name(reads.receiver_tag), receivers
    for hop in range(reads.hops):
        if hop:
            edges = _primitives.gather(read, index)
        rows = _primitives.true_indices(edges)
        for _, ends in adjacency.get_indices_dict().values():
            read |= _mark(graph, name, _primitives.gather(ends, rows))
    for tag in reads.degrees:
        edges |= _primitives.gather(read, adjacency[tag])
    return edges


def _mark(graph: GraphTensor, node_set_name: str, index: Any) -> Any:
    """Whether a node is in `index`: bool `[V]`."""
    return _primitives.segment_count(index, graph.node_sets[node_set_name]._num_items(), tf.int32) > 0


def _add(masks: dict[str, Any], name: str, mask: Any) -> None:
    masks[name] = masks[name] | mask if name in masks else mask


class _Selection(NamedTuple):
    """Rows of a set: their positions in the whole graph, ascending; the new position of each row; sizes `[C]`."""

    rows: Any
    new_position: Any
    sizes: Any


def _graphs(graph: GraphTensor, stages: Sequence[Stage], levels: Sequence[_Level]) -> list[GraphTensor]:
    selections = _Selections(graph)
    nodes = [{n: selections.of("node", n, graph.node_sets[n], lv.nodes) for n in graph.node_sets} for lv in levels]
    edges = [{n: selections.of("edge", n, graph.edge_sets[n], lv.edges) for n in graph.edge_sets} for lv in levels]
    result = []
    for i in range(len(levels)):
        separate = stages[i].reads if i < len(stages) and stages[i].separate else {}
        separate_before = stages[i - 1].reads if i and stages[i - 1].separate else {}
        unchanged = i > 0 and levels[i] is levels[i - 1]
        node_sets = {}
        for name, selection in nodes[i].items():
            rows = None
            if not (unchanged or name in separate_before):
                rows = selection.rows if i == 0 else _relative(selection, nodes[i - 1][name])
            node_sets[name] = NodeSet.from_fields(sizes=selection.sizes, features=_as_features(rows))
        for name in separate:
            selection = nodes[i + 1][name]
            node_sets[f"{RECEIVERS}{name}"] = NodeSet.from_fields(
                sizes=selection.sizes, features=_as_features(_relative(selection, nodes[i][name]))
            )
        receiving = {r.edge_set_name: r.receiver_tag for all_reads in separate.values() for r in all_reads}
        edge_sets = {}
        for name, selection in edges[i].items():
            rows = None
            if not unchanged:
                rows = selection.rows if i == 0 else _relative(selection, edges[i - 1][name])
            edge_sets[name] = EdgeSet.from_fields(
                sizes=selection.sizes,
                features=_as_features(rows),
                adjacency=_adjacency(
                    graph.edge_sets[name].adjacency,
                    selection.rows,
                    nodes[i],
                    {receiving[name]: nodes[i + 1]} if name in receiving else {},
                ),
            )
        context = Context.from_fields(sizes=graph.context.sizes)
        result.append(GraphTensor.from_pieces(context, node_sets, edge_sets))
    return result


class _Selections:
    """Made once for equal masks."""

    def __init__(self, graph: GraphTensor) -> None:
        self._dtype = graph.indices_dtype
        self._made: dict[Any, tuple[Any, _Selection]] = {}
        self._components: dict[Any, Any] = {}

    def of(self, kind: str, name: str, piece: Any, masks: Mapping[str, Any]) -> _Selection:
        mask = masks.get(name)
        key = kind, name, id(mask)
        if key not in self._made:
            self._made[key] = mask, self._make((kind, name), piece, mask)
        return self._made[key][1]

    def _make(self, key: Any, piece: Any, mask: Any) -> _Selection:
        if mask is None:
            # Not of static size: layers are traced once for all batches.
            none = tf.zeros([tf.reduce_sum(tf.zeros_like(piece.sizes))], self._dtype)
            return _Selection(none, None, tf.zeros_like(piece.sizes))
        if key not in self._components:
            self._components[key] = components_of(piece)
        rows = _primitives.true_indices(mask)
        sizes = _primitives.segment_count(
            _primitives.gather(self._components[key], rows), piece.total_num_components, self._dtype
        )
        return _Selection(_field.cast(rows, self._dtype), tf.cumsum(tf.cast(mask, self._dtype)) - 1, sizes)


def _relative(selection: _Selection, before: _Selection) -> Any:
    """The positions of the rows among the rows before."""
    return selection.rows if before.new_position is None else _primitives.gather(before.new_position, selection.rows)


def _as_features(rows: Any) -> dict[str, Any]:
    return {} if rows is None else {_ROWS: rows}


def _adjacency(adjacency: Any, rows: Any, nodes: Mapping[str, _Selection], receivers: Mapping[int, Any]) -> Any:
    """The ends of some edges, in a graph of these nodes. receivers: tags that lead to a set of receivers, and its nodes."""
    structure, fields = [], []
    for tag, (name, index) in adjacency.get_indices_dict().items():
        structure.append((tag, f"{RECEIVERS}{name}" if tag in receivers else name))
        new_position = receivers.get(tag, nodes)[name].new_position
        index = _primitives.gather(index, rows)
        fields.append(index if new_position is None else _primitives.gather(new_position, index))
    return adjacency._from_fields(tuple(structure), fields)


@final
@keras.saving.register_keras_serializable("gnnkit")
class TakeRows(GraphLayer):
    """The features of the graph before, for the rows of a graph of `TrimPlan`."""

    _jit_on_static_sizes = False

    def call(self, graph: GraphTensor, rows: GraphTensor) -> GraphTensor:
        node_sets: dict[str, NodeSet] = {}
        plain = [name for name in rows.node_sets if not name.startswith(RECEIVERS)]
        for name in plain:
            received = f"{RECEIVERS}{name}"
            before = graph.node_sets[received if received in graph.node_sets else name]
            node_sets[name] = _taken(rows.node_sets[name], before)
        for name in rows.node_sets.keys() - set(plain):
            node_sets[name] = _taken(rows.node_sets[name], node_sets[name.removeprefix(RECEIVERS)])
        edge_sets = {name: _taken(piece, graph.edge_sets[name]) for name, piece in rows.edge_sets.items()}
        return GraphTensor.from_pieces(graph.context, node_sets, edge_sets)


def _taken(piece: Any, before: Any) -> Any:
    features = before.features
    if _ROWS in piece.features:
        rows = piece.features[_ROWS]
        features = {name: _primitives.gather(value, rows) for name, value in features.items()}
    return piece._with_features(dict(features))
