"""A sampling spec compiled to a plan over a store."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from collections.abc import Collection, Sequence
from typing import Any, TypedDict, final

import numpy as np

from gnnkit.samplers._store import GraphStore
from gnnkit.samplers._strategies import FeatureOf, Strategies, Strategy, hop_arrays, near


class PlanOptions(TypedDict, total=False):
    """Keyword arguments of `compile_plan`, which explains them."""

    weights: FeatureOf
    times: FeatureOf
    replace: bool | Collection[str]
    link: str | tuple[str, str] | None
    joint: bool
    parallel_edges: bool
    connect: Sequence[str]


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Hop:
    """One sampling operation.

    name: of the op; it seeds the draws. edge_set: its number in the store. size: edges to draw for each node.
    inputs: numbers of earlier operations, whose nodes are united; seed operations come first, then the hops.
    strategy: how edges are drawn.
    """

    name: str
    edge_set: int
    size: int
    inputs: tuple[int, ...]
    strategy: Strategy = Strategy(number=1)


@final
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """What `compile_plan` makes of a sampling spec.

    seed_sets: numbers of the seeds' node sets: one for nodes, two (source and target) for links.
    hops: in the order of their execution. node_sets, edge_sets: names of the sets that a subgraph holds, sorted.
    joint, parallel_edges, connect: as given to `compile_plan`.
    timed: whether a cut-off time means anything to some edge set.
    arrays: what the kernel takes: (hops, input_starts, inputs, connect, parallel_edges, seed_sets, order, keys,
    weights, tree).
    """

    seed_sets: tuple[int, ...]
    hops: tuple[Hop, ...]
    node_sets: tuple[str, ...]
    edge_sets: tuple[str, ...]
    joint: bool
    parallel_edges: bool
    connect: tuple[str, ...]
    timed: bool
    arrays: tuple[Any, ...]

    @property
    def quick(self) -> bool:
        """Whether NumPy can do what the kernel does, while that is being compiled."""
        from gnnkit.samplers._sample_numpy import LARGEST

        return self.arrays[8] is None and all(hop.size <= LARGEST for hop in self.hops)

    @property
    def seed_set(self) -> int:
        """Number of the node set of the seeds, or of the sources of links."""
        return self.seed_sets[0]

    @property
    def links(self) -> bool:
        """Whether the seeds are links."""
        return len(self.seed_sets) == 2


def read_spec(spec: Any) -> Any:
    """A SamplingSpec proto; from the path of one in text or (`.pb`) binary form, if that is what is given."""
    if not isinstance(spec, (str, os.PathLike)):
        return spec
    from google.protobuf import message, text_format

    from gnnkit.schemas import sampling_spec_pb2

    path = pathlib.Path(spec)
    if not path.is_file():
        raise FileNotFoundError(f"There is no sampling spec file {path}.")
    result = sampling_spec_pb2.SamplingSpec()
    try:
        if path.suffix in (".pb", ".bin", ".binarypb", ".binpb"):
            result.ParseFromString(path.read_bytes())
            return result
        return text_format.Parse(path.read_text(encoding="utf-8"), result)
    except (text_format.ParseError, message.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not a SamplingSpec: {error}") from error


def compile_plan(
    store: GraphStore,
    spec: Any,
    *,
    weights: FeatureOf | None = None,
    times: FeatureOf | None = None,
    replace: bool | Collection[str] = False,
    link: str | tuple[str, str] | None = None,
    joint: bool = False,
    parallel_edges: bool = True,
    connect: Sequence[str] = (),
) -> Plan:
    """Checks a SamplingSpec (proto or path of one) against a store, and makes what its strategies need.

    The strategies, where a node has more than `sample_size` edges:

    - RANDOM_UNIFORM: any, with equal chances.
    - RANDOM_WEIGHTED: one after another, each in proportion to its weight among those left (as Efraimidis and Spirakis,
      2006). An edge of weight 0 is never drawn, also where a node has fewer edges.
    - TOP_K: those of the largest weights; among equals those first in canonical order (later times first, if any).
    - LATEST_K: those of the latest times; among equals as above.

    weights: operation or edge set -> edge feature, for RANDOM_WEIGHTED and TOP_K: one finite number an edge.
    times: operation or edge set -> edge feature: one finite number an edge. LATEST_K needs it. With cut-off times (see
      `NodeSeeds`) every strategy sees only edges whose time is at most the cut-off.
    Both: an operation's entry goes before its edge set's, and that before the schema, where `metadata.extra` of the
    edge set may name the features under the keys `sampling_weight` and `sampling_time`.
    replace: operations or edge sets that draw with replacement (True: all): `sample_size` times, independently, also
      where a node has fewer edges. An edge is in the subgraph as often as it was drawn.
    link: for a spec with symmetric_link_seed_op, what the links join: an edge set, or (source, target) node sets. An
      operation that takes the seed as input begins at the ends that are of its node set. May be left out if all
      operations at the seed start from one node set: that of both ends.
    joint: one graph for all seeds of a batch, in which a node, and what is drawn for it, is stored once. What is
      drawn for a node by an operation is then the same for all batches of one `seed`. Otherwise a graph for each seed.
    parallel_edges: keep all edges that were drawn (each once, unless drawn with replacement); otherwise, as TF-GNN does,
      only the first of those that lead from one node to another.
    connect: edge sets of which all edges between sampled nodes are added.

    Raises ValueError that names the operation and what is wrong with it.

    >>> import numpy as np
    >>> from gnnkit.samplers import EdgeTable, GraphTables, NodeTable, SamplingSpecBuilder
    >>> store = GraphStore.from_tables(GraphTables(
    ...     node_sets={"n": NodeTable(num_nodes=2)},
    ...     edge_sets={"e": EdgeTable(source_set="n", target_set="n", source=np.array([0, 0]), target=np.array([0, 1]),
    ...                               features={"year": np.array([1990, 2000])})}))
    >>> spec = SamplingSpecBuilder(store).seed("n").sample(1, "e", strategy="LATEST_K").build()
    >>> [hop] = compile_plan(store, spec, times={"e": "year"}).hops
    >>> hop.name, hop.size, hop.strategy.time
    ('n->n', 1, 'year')
    """
    spec = read_spec(spec)
    strategies = Strategies(store, weights or {}, times or {}, replace)
    seed_name, seed_sets = _seeds(store, spec, link)
    starts = {seed_name: tuple(range(len(seed_sets)))}  # Operation -> its numbers.
    reached = list(seed_sets)  # Node set of the nodes that each number yields.
    hops = []
    for op in spec.sampling_ops:
        hops.append(_hop(store, op, starts, reached, strategies))
        starts[op.op_name] = (len(reached),)
        reached.append(int(store.target_sets[hops[-1].edge_set]))
    connected = _connected(store, connect, set(reached))
    connect_times = [(number, strategies.time_of(store.edge_names[number])) for number in connected]
    strategies.check_all_used(connect)
    edge_sets = {*(hop.edge_set for hop in hops), *connected}
    node_sets = {*reached, *(int(store.source_sets[edge_set]) for edge_set in edge_sets)}
    return Plan(
        seed_sets=seed_sets,
        hops=tuple(hops),
        node_sets=tuple(store.node_names[i] for i in sorted(node_sets)),
        edge_sets=tuple(store.edge_names[i] for i in sorted(edge_sets)),
        joint=joint,
        parallel_edges=parallel_edges,
        connect=tuple(connect),
        timed=any(hop.strategy.time for hop in hops) or any(time for _, time in connect_times),
        arrays=_arrays(store, hops, connect_times, parallel_edges, seed_sets),
    )


def _seeds(store: GraphStore, spec: Any, link: str | tuple[str, str] | None) -> tuple[str, tuple[int, ...]]:
    """(Name of the seed operation, numbers of its node sets)."""
    which = spec.WhichOneof("seed_type")
    if which is None:
        raise ValueError(
            "The sampling spec has no seed_op. Give it a seed_op { op_name: ... node_set_name: ... }, or, to sample "
            "around links, a symmetric_link_seed_op { op_name: ... }."
        )
    op = getattr(spec, which)
    if not op.op_name:
        raise ValueError(f"The {which} of the sampling spec has no op_name.")
    where = f"Seed operation {op.op_name!r}"
    try:
        if which == "seed_op":
            if link is not None:
                raise ValueError(f"link={link!r} needs a spec with symmetric_link_seed_op, not seed_op.")
            return op.op_name, (store.node_number(op.node_set_name),)
        if isinstance(link, str):
            number = store.edge_number(link)
            return op.op_name, (int(store.source_sets[number]), int(store.target_sets[number]))
        if link is not None:
            source, target = link
            return op.op_name, (store.node_number(source), store.node_number(target))
        first = [other for other in spec.sampling_ops if op.op_name in other.input_op_names]
        found = sorted({int(store.source_sets[store.edge_number(other.edge_set_name)]) for other in first})
        if len(found) != 1:
            sets = [store.node_names[number] for number in found]
            raise ValueError(
                f"The spec does not tell which node sets the links join: operations start from {sets}. "
                "Say link=EDGE_SET or link=(SOURCE, TARGET)."
            )
        return op.op_name, (found[0], found[0])
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


def _hop(
    store: GraphStore, op: Any, starts: dict[str, tuple[int, ...]], reached: list[int], strategies: Strategies
) -> Hop:
    name = op.op_name
    where = f"Sampling operation {name!r}"
    if not name:
        raise ValueError(f"A sampling operation on edge set {op.edge_set_name!r} has no op_name.")
    if name in starts:
        raise ValueError(f"{where} occurs twice. Give each operation an op_name of its own.")
    try:
        edge_set = store.edge_number(op.edge_set_name)
    except ValueError as error:
        raise ValueError(f"{where}: {error}{near(op.edge_set_name, store.edge_names)}") from error
    if op.sample_size < 1:
        raise ValueError(f"{where} has sample_size {op.sample_size}; expected 1 or more.")
    strategy = strategies.of(op)
    if not op.input_op_names:
        raise ValueError(f"{where} has no input_op_names. Name the operations whose nodes it starts from.")
    inputs = []
    source = int(store.source_sets[edge_set])
    for other in op.input_op_names:
        if other not in starts:
            raise ValueError(
                f"{where} takes input {other!r}, which is not an earlier operation. "
                f"Earlier ones are {', '.join(map(repr, starts))}.{near(other, starts)}"
            )
        numbers = [number for number in starts[other] if reached[number] == source]
        if not numbers:
            yields = " and ".join(repr(store.node_names[reached[number]]) for number in starts[other])
            raise ValueError(
                f"{where}: edge set {op.edge_set_name!r} starts from node set {store.node_names[source]!r}, "
                f"but its input {other!r} yields nodes of {yields}."
            )
        inputs += [number for number in numbers if number not in inputs]
    return Hop(name=name, edge_set=edge_set, size=op.sample_size, inputs=tuple(inputs), strategy=strategy)


def _connected(store: GraphStore, connect: Sequence[str], reached: set[int]) -> list[int]:
    if isinstance(connect, str):
        raise ValueError(f"connect={connect!r}: expected a list of edge sets.")
    numbers = []
    for name in connect:
        try:
            number = store.edge_number(name)
        except ValueError as error:
            raise ValueError(f"connect: {error}{near(name, store.edge_names)}") from error
        for end in (int(store.source_sets[number]), int(store.target_sets[number])):
            if end not in reached:
                raise ValueError(
                    f"connect: edge set {name!r} has an end in node set {store.node_names[end]!r}, which no operation "
                    f"reaches; reached are {[store.node_names[i] for i in sorted(reached)]}."
                )
        if number not in numbers:
            numbers.append(number)
    return numbers


def _arrays(
    store: GraphStore,
    hops: list[Hop],
    connect: list[tuple[int, str | None]],
    parallel_edges: bool,
    seed_sets: tuple[int, ...],
) -> tuple[Any, ...]:
    from gnnkit.samplers._draw_numpy import hash_bytes

    named = [(hop.edge_set, hop.size, hash_bytes(hop.name.encode()), hop.strategy) for hop in hops]
    matrix, connections, order, keys, weights, tree = hop_arrays(store, named, connect)
    plain = all(hop.strategy == Strategy(number=1) for hop in hops) and not connect and len(seed_sets) == 1
    return (
        matrix,
        np.concatenate([[0], np.cumsum([len(hop.inputs) for hop in hops])]).astype(np.int64),
        np.array([number for hop in hops for number in hop.inputs], np.int64),
        connections,
        parallel_edges,
        np.array(seed_sets, np.int64),
        order,
        keys,
        None if plain else weights,
        tree,
    )
