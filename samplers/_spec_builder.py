"""`SamplingSpecBuilder`: a sampling spec, hop by hop."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, final

from gnnkit.samplers._schema import is_auxiliary
from gnnkit.schemas import sampling_spec_pb2


def edge_ends(schema: Any) -> dict[str, tuple[str, str]]:
    """Edge set -> (source node set, target node set), of a GraphSchema, GraphTables or a GraphStore."""
    tables = getattr(schema, "tables", schema)
    ends = {}
    for name, edge_set in sorted(tables.edge_sets.items()):
        if hasattr(edge_set, "source_set"):
            ends[name] = (edge_set.source_set, edge_set.target_set)
        else:
            ends[name] = (edge_set.source, edge_set.target)
    return ends


@final
class SamplingSpecBuilder:
    """Builds a `SamplingSpec` against a graph schema; names and API are TF-GNN's.

    graph_schema: a GraphSchema, `GraphTables` or a `GraphStore`.
    default_strategy: of operations that name none; RANDOM_UNIFORM. (TF-GNN says TOP_K there, but samples uniformly.)

    >>> from google.protobuf import text_format
    >>> from gnnkit.schemas import GraphSchema
    >>> schema = text_format.Parse('''
    ...     node_sets { key: "paper" value {} } node_sets { key: "author" value {} }
    ...     edge_sets { key: "cites" value { source: "paper" target: "paper" } }
    ...     edge_sets { key: "written" value { source: "paper" target: "author" } }''', GraphSchema())
    >>> seed = SamplingSpecBuilder(schema).seed("paper")
    >>> cited = seed.sample([8, 4], "cites")
    >>> spec = seed.join([cited]).sample(2, "written").build()
    >>> for op in spec.sampling_ops:
    ...     print(op.op_name, list(op.input_op_names), op.sample_size)
    paper->paper ['SEED->paper'] 8
    paper->paper.2 ['paper->paper'] 4
    (SEED->paper|paper->paper.2)->author ['SEED->paper', 'paper->paper.2'] 2
    """

    def __init__(self, graph_schema: Any, default_strategy: Any = sampling_spec_pb2.RANDOM_UNIFORM):
        tables = getattr(graph_schema, "tables", graph_schema)
        self._node_sets = sorted(name for name in tables.node_sets if not is_auxiliary(name))
        self._ends = edge_ends(graph_schema)
        self._default = _check_strategy(default_strategy)
        self._steps: list[SamplingStep] = []  # All operations, as they were made.

    def seed(self, node_set_name: str | None = None, op_name: str | None = None) -> SamplingStep:
        """Starts from a node set, whose name may be left out if there is only one. op_name: `SEED->node_set_name`."""
        if node_set_name is None and len(self._node_sets) != 1:
            raise ValueError(f"Say which node set to start from; there are {self._node_sets}.")
        name = self._node_sets[0] if node_set_name is None else node_set_name
        if name not in self._node_sets:
            raise ValueError(f"There is no node set {name!r} to start from; there are {self._node_sets}.")
        return SamplingStep(self, name, op_name=op_name)

    def join(self, steps: Iterable[SamplingStep]) -> SamplingStep:
        """The union of the nodes that some operations have reached, in the same node set; see `SamplingStep.join`."""
        steps = list(steps)
        if not steps:
            raise ValueError("join([]): expected at least one step.")
        return steps[0].join(steps[1:])

    def build(self) -> Any:
        """The SamplingSpec with all operations of this builder, also where they branch and do not meet again."""
        inputs = {parent for step in self._steps for parent in step._parents}
        return _build([step for step in self._steps if step not in inputs])

    def to_sampling_spec(self) -> Any:
        """Deprecated name of `build`."""
        return self.build()


@final
class SamplingStep:
    """The nodes that some operations have reached; made by `SamplingSpecBuilder.seed`."""

    def __init__(
        self,
        builder: SamplingSpecBuilder,
        node_set: str,
        *,
        parents: Sequence[SamplingStep] = (),
        edge_set: str | None = None,
        size: int = 0,
        strategy: int = 0,
        op_name: str | None = None,
        number: int = 1,
    ):
        self._builder, self._ends, self._node_set = builder, builder._ends, node_set
        self._parents = tuple(parents)  # Operations. Several, without an edge set, make a join.
        self._edge_set, self._size, self._strategy = edge_set, size, strategy
        self._op_name, self._number = op_name, number
        if edge_set is not None or not parents:
            builder._steps.append(self)

    def sample(
        self,
        sample_size: int | Sequence[int],
        edge_set_name: str | None = None,
        strategy: Any = None,
        op_name: str | None = None,
    ) -> SamplingStep:
        """One hop along an edge set, or one after another for a list of sizes.

        edge_set_name: may be left out if only one edge set starts from the nodes reached.
        strategy: a SamplingStrategy, or its name; None for the builder's default.
        op_name: `SOURCE->TARGET` by default, with `.2` and so on where that is taken. The later hops of a list are
          called `op_name.2` and so on.

        Raises ValueError for an edge set that starts elsewhere.
        """
        sizes = [sample_size] if isinstance(sample_size, int) else list(sample_size)
        for size in sizes:
            if isinstance(size, bool) or not isinstance(size, int) or size < 1:
                raise ValueError(f"sample_size={sample_size!r}: expected a positive number, or a list of them.")
        step = self
        for number, size in enumerate(sizes, 1):
            edge_set = step._check_edge_set(edge_set_name)
            step = SamplingStep(
                self._builder,
                self._ends[edge_set][1],
                parents=step._operations(),
                edge_set=edge_set,
                size=size,
                # Not `strategy or default`: TOP_K is 0.
                strategy=self._builder._default if strategy is None else _check_strategy(strategy),
                op_name=op_name,
                number=number,
            )
        return step

    def join(self, other_steps: Iterable[SamplingStep]) -> SamplingStep:
        """The union of the nodes that these and other operations have reached, in the same node set."""
        parents = list(self._operations())
        for other in other_steps:
            if other._node_set != self._node_set:
                raise ValueError(
                    f"Cannot join steps that reached node set {self._node_set!r} and node set {other._node_set!r}."
                )
            parents += [step for step in other._operations() if step not in parents]
        return SamplingStep(self._builder, self._node_set, parents=parents)

    def merge_then_sample(
        self,
        other_steps: Iterable[SamplingStep],
        sample_size: int | Sequence[int],
        edge_set_name: str | None = None,
        strategy: Any = None,
        op_name: str | None = None,
    ) -> SamplingStep:
        """`join(other_steps)`, then `sample(...)`."""
        return self.join(other_steps).sample(sample_size, edge_set_name, strategy, op_name)

    def build(self) -> Any:
        """The SamplingSpec with the operations that lead here; `SamplingSpecBuilder.build` has all branches."""
        return _build([self])

    def to_sampling_spec(self) -> Any:
        """Deprecated name of `build`."""
        return self.build()

    def _operations(self) -> tuple[SamplingStep, ...]:
        is_join = self._edge_set is None and self._parents
        return self._parents if is_join else (self,)

    def _check_edge_set(self, name: str | None) -> str:
        here = [
            edge_set
            for edge_set, (source, _) in self._ends.items()
            if source == self._node_set and not is_auxiliary(edge_set)
        ]
        if name is None:
            if len(here) != 1:
                raise ValueError(f"Say which edge set to sample: node set {self._node_set!r} has {here or 'none'}.")
            return here[0]
        if name not in self._ends:
            raise ValueError(f"There is no edge set {name!r}; there are {list(self._ends)}.")
        if self._ends[name][0] != self._node_set:
            raise ValueError(
                f"Edge set {name!r} starts from node set {self._ends[name][0]!r}, but the nodes reached are of "
                f"{self._node_set!r}. Edge sets that start there: {here or 'none'}."
            )
        return name


def make_sampling_spec_tree(
    graph_schema: Any,
    seed_nodeset: str,
    *,
    sample_sizes: Sequence[int],
    sampling_strategy: Any = sampling_spec_pb2.RANDOM_UNIFORM,
) -> Any:
    """A SamplingSpec that follows every edge set from every node, as many hops as there are sizes.

    >>> from gnnkit.datasets import academic_graph
    >>> tables = academic_graph(num_papers=100, num_authors=100)
    >>> len(make_sampling_spec_tree(tables, "paper", sample_sizes=[4, 2]).sampling_ops)
    8
    """
    seed = SamplingSpecBuilder(graph_schema, sampling_strategy).seed(seed_nodeset)
    ends = edge_ends(graph_schema)

    def leaves(step: SamplingStep, sizes: Sequence[int]) -> list[SamplingStep]:
        names = [name for name in ends if ends[name][0] == step._node_set and not is_auxiliary(name)] if sizes else []
        found = [leaf for name in names for leaf in leaves(step.sample(sizes[0], name), sizes[1:])]
        return found or [step]

    return _build(leaves(seed, list(sample_sizes)))


def _build(steps: Sequence[SamplingStep]) -> Any:
    spec = sampling_spec_pb2.SamplingSpec()
    names: dict[SamplingStep, str] = {}
    given: set[str] = set()

    def emit(step: SamplingStep) -> None:
        if step in names:
            return
        for parent in reversed(step._parents):
            emit(parent)
        if not step._parents:
            names[step] = step._op_name or f"SEED->{step._node_set}"
            if spec.HasField("seed_op"):
                raise ValueError("The steps start from more than one seed. Begin all of them from the same seed(...).")
            spec.seed_op.op_name, spec.seed_op.node_set_name = names[step], step._node_set
        elif step._edge_set is not None:
            inputs = [names[parent] for parent in step._parents]
            names[step] = _name(step, inputs, given)
            spec.sampling_ops.add(
                op_name=names[step],
                input_op_names=inputs,
                edge_set_name=step._edge_set,
                sample_size=step._size,
                strategy=step._strategy,
            )
        given.add(names.get(step, ""))

    for step in reversed(steps):
        emit(step)
    return spec


def _name(step: SamplingStep, inputs: Sequence[str], taken: set[str]) -> str:
    if step._op_name is not None:
        name = step._op_name + (f".{step._number}" if step._number > 1 else "")
        if name in taken:
            raise ValueError(f"Two operations are called {name!r}. Give each an op_name of its own.")
        return name
    source = step._parents[0]._node_set if len(inputs) == 1 else f"({'|'.join(inputs)})"
    base = name = f"{source}->{step._node_set}"
    number = 1
    while name in taken:
        number += 1
        name = f"{base}.{number}"
    return name


def _check_strategy(strategy: Any) -> int:
    values = sampling_spec_pb2.SamplingStrategy.values()
    if isinstance(strategy, str) and strategy in sampling_spec_pb2.SamplingStrategy.keys():
        return sampling_spec_pb2.SamplingStrategy.Value(strategy)
    if strategy not in values:
        raise ValueError(
            f"strategy={strategy!r} is not a SamplingStrategy: {', '.join(sampling_spec_pb2.SamplingStrategy.keys())}."
        )
    return int(strategy)
