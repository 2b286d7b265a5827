"""A sampling spec compiled to hops over a store."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from typing import Any, final

import numpy as np

from gnnkit.samplers._store import GraphStore

_UNIFORM = 1  # SamplingStrategy.RANDOM_UNIFORM


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Hop:
    """One sampling operation.

    name: of the op; it seeds the draws. edge_set: its number in the store. size: edges to draw for each node.
    inputs: numbers of earlier operations, whose nodes are united; 0 is the seed, hop `i` is `i + 1`.
    """

    name: str
    edge_set: int
    size: int
    inputs: tuple[int, ...]


@final
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """seed_set: number of the seeds' node set. hops: in the order of their execution.

    node_sets, edge_sets: names of the sets that a subgraph holds, sorted.
    arrays: what the kernel takes: (edge_set, size, hash, input_starts, inputs), one entry a hop.
    """

    seed_set: int
    hops: tuple[Hop, ...]
    node_sets: tuple[str, ...]
    edge_sets: tuple[str, ...]
    arrays: tuple[np.ndarray, ...]


def read_spec(spec: Any) -> Any:
    """A SamplingSpec proto; from the path of one in text form, if that is what is given."""
    if not isinstance(spec, (str, os.PathLike)):
        return spec
    from google.protobuf import text_format

    from gnnkit.schemas import sampling_spec_pb2

    path = pathlib.Path(spec)
    if not path.is_file():
        raise FileNotFoundError(f"There is no sampling spec file {path}.")
    try:
        return text_format.Parse(path.read_text(encoding="utf-8"), sampling_spec_pb2.SamplingSpec())
    except text_format.ParseError as error:
        raise ValueError(f"{path} is not a SamplingSpec: {error}") from error


def compile_plan(store: GraphStore, spec: Any) -> Plan:
    """Checks a SamplingSpec (proto or path of one) against a store and numbers its operations.

    Raises ValueError that names the operation and what is wrong with it.

    >>> import numpy as np
    >>> from gnnkit.samplers import EdgeTable, GraphTables, NodeTable, SamplingSpecBuilder
    >>> store = GraphStore.from_tables(GraphTables(
    ...     node_sets={"n": NodeTable(num_nodes=2)},
    ...     edge_sets={"e": EdgeTable(source_set="n", target_set="n", source=np.array([0]), target=np.array([1]))}))
    >>> compile_plan(store, SamplingSpecBuilder(store).seed("n").sample(4, "e").build()).hops
    (Hop(name='n->n', edge_set=0, size=4, inputs=(0,)),)
    """
    spec = read_spec(spec)
    which = spec.WhichOneof("seed_type")
    if which != "seed_op":
        what = "has no seed_op" if which is None else f"has a {which}; this version samples around single nodes"
        raise ValueError(f"The sampling spec {what}. Give it a seed_op {{ op_name: ... node_set_name: ... }}.")
    seed_set = _seed_set(store, spec.seed_op)
    numbers = {spec.seed_op.op_name: 0}
    reached = [seed_set]  # Node set of the nodes that each operation yields.
    hops = []
    for op in spec.sampling_ops:
        hops.append(_hop(store, op, numbers, reached))
        numbers[op.op_name] = len(hops)
        reached.append(int(store.target_sets[hops[-1].edge_set]))
    edge_sets = {hop.edge_set for hop in hops}
    node_sets = {seed_set, *reached, *(int(store.source_sets[edge_set]) for edge_set in edge_sets)}
    return Plan(
        seed_set=seed_set,
        hops=tuple(hops),
        node_sets=tuple(store.node_names[i] for i in sorted(node_sets)),
        edge_sets=tuple(store.edge_names[i] for i in sorted(edge_sets)),
        arrays=_arrays(hops),
    )


def _seed_set(store: GraphStore, seed_op: Any) -> int:
    if not seed_op.op_name:
        raise ValueError("The seed_op of the sampling spec has no op_name.")
    try:
        return store.node_number(seed_op.node_set_name)
    except ValueError as error:
        raise ValueError(f"Seed operation {seed_op.op_name!r}: {error}") from error


def _hop(store: GraphStore, op: Any, numbers: dict[str, int], reached: list[int]) -> Hop:
    name = op.op_name
    where = f"Sampling operation {name!r}"
    if not name:
        raise ValueError(f"A sampling operation on edge set {op.edge_set_name!r} has no op_name.")
    if name in numbers:
        raise ValueError(f"{where} occurs twice. Give each operation an op_name of its own.")
    try:
        edge_set = store.edge_number(op.edge_set_name)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error
    if op.sample_size < 1:
        raise ValueError(f"{where} has sample_size {op.sample_size}; expected 1 or more.")
    if op.strategy != _UNIFORM:
        from gnnkit.schemas import sampling_spec_pb2

        strategy = sampling_spec_pb2.SamplingStrategy.Name(op.strategy)
        given = "" if op.HasField("strategy") else " (what the format takes when none is set)"
        raise ValueError(
            f"{where} has strategy {strategy}{given}; RANDOM_UNIFORM is what this version samples. "
            "Write strategy: RANDOM_UNIFORM."
        )
    if not op.input_op_names:
        raise ValueError(f"{where} has no input_op_names. Name the operations whose nodes it starts from.")
    inputs = []
    source = int(store.source_sets[edge_set])
    for other in op.input_op_names:
        if other not in numbers:
            raise ValueError(
                f"{where} takes input {other!r}, which is not an earlier operation. "
                f"Earlier ones are {', '.join(map(repr, numbers))}."
            )
        number = numbers[other]
        if reached[number] != source:
            raise ValueError(
                f"{where}: edge set {op.edge_set_name!r} starts from node set {store.node_names[source]!r}, "
                f"but its input {other!r} yields nodes of {store.node_names[reached[number]]!r}."
            )
        if number not in inputs:
            inputs.append(number)
    return Hop(name=name, edge_set=edge_set, size=op.sample_size, inputs=tuple(inputs))


def _arrays(hops: list[Hop]) -> tuple[np.ndarray, ...]:
    from gnnkit.samplers._draw import hash_bytes

    return (
        np.array([hop.edge_set for hop in hops], np.int64),
        np.array([hop.size for hop in hops], np.int64),
        np.array([hash_bytes(hop.name.encode()) for hop in hops], np.uint64),
        np.concatenate([[0], np.cumsum([len(hop.inputs) for hop in hops])]).astype(np.int64),
        np.array([number for hop in hops for number in hop.inputs], np.int64),
    )
