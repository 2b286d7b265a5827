"""The examples of a run, as `gnnkit.runner.run` takes them: the plan of sampled subgraphs, or the whole graph."""

import abc
import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, final

import numpy as np
import tensorflow as tf

from gnnkit.graph import Adjacency, EdgeSet, GraphTensor, GraphTensorSpec, NodeSet
from gnnkit.runner._errors import RunError
from gnnkit.runner._interfaces import DatasetProvider
from gnnkit.runner.config import EdgeTask, LinkPrediction, RunConfig, SpecSampling, resolve_hops, seed_sets
from gnnkit.samplers import GraphStore, GraphTables, Plan, compile_plan, to_graph_tensor
from gnnkit.samplers._plan import read_spec
from gnnkit.schemas import sampling_spec_pb2


def sampling_spec(config: RunConfig, tables: GraphTables) -> Any:
    """The `SamplingSpec` of a config that samples, or the path of one."""
    sampling = config.sampling
    if isinstance(sampling, SpecSampling):
        return str(sampling.spec)
    spec = sampling_spec_pb2.SamplingSpec()
    seeds = seed_sets(config, tables.schema)
    if link_of(config) is None:
        spec.seed_op.op_name = "seed"
        spec.seed_op.node_set_name = seeds[0]
    else:
        spec.symmetric_link_seed_op.op_name = "seed"
    for hop in resolve_hops(sampling, seeds, tables.schema):  # type: ignore[arg-type]
        spec.sampling_ops.add(
            op_name=hop.name,
            input_op_names=list(hop.inputs),
            edge_set_name=hop.edge_set,
            sample_size=hop.size,
            strategy=_STRATEGIES[hop.strategy],
        )
    return spec


_STRATEGIES = {
    "uniform": sampling_spec_pb2.RANDOM_UNIFORM,
    "weighted": sampling_spec_pb2.RANDOM_WEIGHTED,
    "top_k": sampling_spec_pb2.TOP_K,
    "latest_k": sampling_spec_pb2.LATEST_K,
}


def link_of(config: RunConfig) -> str | None:
    """The edge set that subgraphs are sampled around the links of, or None: around nodes."""
    task = config.main_task
    return task.edge_set if isinstance(task, (EdgeTask, LinkPrediction)) else None


def sampling_options(config: RunConfig, tables: GraphTables) -> dict[str, Any]:
    """What `compile_plan` needs besides the spec."""
    sampling = config.sampling
    if isinstance(sampling, SpecSampling):
        return {
            "weights": sampling.weights,
            "times": sampling.times,
            "replace": sampling.replace,
            "joint": sampling.joint,
        }
    hops = resolve_hops(sampling, seed_sets(config, tables.schema), tables.schema)  # type: ignore[arg-type]
    return {
        "weights": {hop.name: hop.weight for hop in hops if hop.weight},
        "times": {hop.name: hop.time for hop in hops if hop.time},
        "replace": [hop.name for hop in hops if hop.replace],
        "joint": sampling.joint,  # type: ignore[union-attr]
    }


def sampling_plan(config: RunConfig, tables: GraphTables, store: GraphStore) -> Plan:
    """The plan of a config that samples. Raises `RunError` for a spec, or features, that do not fit the data."""
    link = link_of(config)
    try:
        spec = read_spec(sampling_spec(config, tables))
        links = spec.WhichOneof("seed_type") == "symmetric_link_seed_op"
        if links and link is None:
            raise RunError(
                "sampling: the spec has a symmetric_link_seed_op, but the task is about nodes. Give it a seed_op."
            )
        if link is not None and not links:
            raise RunError(
                "sampling: the spec has a seed_op, but the task is about edges. Give it a symmetric_link_seed_op."
            )
        options = sampling_options(config, tables)
        plan = compile_plan(store, spec, link=link, **options)
    except ValueError as error:
        raise error if isinstance(error, RunError) else RunError(f"sampling: {error}") from error
    if getattr(config.sampling, "cutoff", None) is not None and not plan.timed:
        raise RunError(
            "sampling.cutoff means nothing where no edge set has a time: sampling.times={EDGE_SET: FEATURE}."
        )
    return plan


@dataclasses.dataclass(kw_only=True)
class WholeGraphProvider(DatasetProvider, abc.ABC):
    """One example: the whole graph, with what one part of the split has to be read out."""

    tables: GraphTables
    rows: np.ndarray
    features: Mapping[str, Sequence[str]]
    cacheable: bool = True  # All epochs see the same graph.

    @abc.abstractmethod
    def graph(self) -> GraphTensor:
        """The example."""

    @property
    def gtspec(self) -> GraphTensorSpec:
        """The type of the example, which does not tell how many nodes are read out."""
        return self.graph().spec.relax(num_nodes=True, num_edges=True)

    def get_dataset(self, context: tf.distribute.InputContext) -> tf.data.Dataset:
        """The whole graph, once."""
        return tf.data.Dataset.from_tensors(self.graph())

    def get_batched_dataset(self, context: tf.distribute.InputContext, batch_size: int) -> tf.data.Dataset:
        """The same: there is one example only."""
        return self.get_dataset(context)


@final
@dataclasses.dataclass(kw_only=True)
class WholeGraphNodes(WholeGraphProvider):
    """Nodes of a set are read out. rows: int64 `[N]`, of the nodes."""

    node_set: str
    labels: Sequence[str]

    def graph(self) -> GraphTensor:
        return to_graph_tensor(
            self.tables,
            features=self.features,
            readout_nodes=self.rows,
            readout_node_set=self.node_set,
            readout_features=self.labels,
        )


@final
@dataclasses.dataclass(kw_only=True)
class WholeGraphEdges(WholeGraphProvider):
    """Edges of a set are read out by the nodes at both ends, as around sampled edges. rows: int64 `[N]`, of the edges.

    label, values: the name of the feature of `_readout`, and its values `[N, ...]`.
    """

    edge_set: str
    label: str
    values: np.ndarray

    def graph(self) -> GraphTensor:
        graph = to_graph_tensor(self.tables, features=self.features)
        table = self.tables.edge_sets[self.edge_set]
        sizes = tf.constant([len(self.rows)], tf.int32)
        readout = NodeSet.from_fields(features={self.label: tf.constant(self.values)}, sizes=sizes)
        ends = {
            f"_readout/{end}": EdgeSet.from_fields(
                sizes=sizes,
                adjacency=Adjacency.from_indices(
                    (node_set, tf.constant(np.asarray(nodes)[self.rows], tf.int32)),
                    ("_readout", tf.range(len(self.rows), dtype=tf.int32)),
                ),
            )
            for end, node_set, nodes in (
                ("source", table.source_set, table.source),
                ("target", table.target_set, table.target),
            )
        }
        return GraphTensor.from_pieces(
            graph.context, {**graph.node_sets, "_readout": readout}, {**graph.edge_sets, **ends}
        )
