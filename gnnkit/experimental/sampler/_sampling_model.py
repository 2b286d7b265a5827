"""`create_sampling_model_from_spec`: a sampling spec as a Keras model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, final

import keras
import tensorflow as tf

from gnnkit._names import ID_NAME, SOURCE_NAME, TARGET_NAME
from gnnkit.experimental.sampler import _ragged
from gnnkit.experimental.sampler._build_graph import GraphTensorBuilder, concat_ids
from gnnkit.graph import GraphTensor
from gnnkit.keras import Model
from gnnkit.keras.layers import GraphLayer

EdgeSamplerFactory = Callable[[Any], Any]  # (SamplingOp) -> OutgoingEdgesSampler
NodeFeaturesAccessorFactory = Callable[[str], Any]  # (node set name) -> KeyToFeaturesAccessor, or None
_SEEDS = "_seeds"  # Of fake edge sets from the seeds to themselves, which make them the first nodes.


def create_sampling_model_from_spec(
    graph_schema: Any,
    sampling_spec: Any,
    edge_sampler_factory: EdgeSamplerFactory,
    node_features_accessor_factory: NodeFeaturesAccessorFactory | None = None,
    seed_node_dtype: Any = tf.string,
) -> Model:
    """A Keras model that samples subgraphs around seeds.

    graph_schema: a GraphSchema: which node sets an edge set joins.
    sampling_spec: a SamplingSpec with a `seed_op`.
    edge_sampler_factory: called with each SamplingOp, it returns an `OutgoingEdgesSampler`. Several operations may sample
      the same edge set, with one sampler or with several.
    node_features_accessor_factory: called with the name of each node set, it returns a `KeyToFeaturesAccessor`, or None
      for a node set that keeps the ids of its nodes, `#id`, alone.
    seed_node_dtype: of the ids of seeds.

    Returns a `gnnkit.keras.Model` called with seeds, ragged `[B, (seeds)]`, that returns graphs of shape `[B]`. Each is
    of one component, and holds all subgraphs of its row of seeds, usually one; seeds come first, so that a single seed
    is node 0. It may be used in `Dataset.map`.

    Raises ValueError for a spec that does not fit the schema, TypeError for a sampler that cannot be called.

    >>> import gnnkit
    >>> from gnnkit.experimental.sampler import InMemIndexToFeaturesAccessor, InMemUniformEdgesSampler
    >>> from gnnkit.samplers import SamplingSpecBuilder
    >>> graph = gnnkit.homogeneous(
    ...     tf.constant([0, 0, 1]), tf.constant([1, 2, 2]), node_features={"year": tf.constant([2018, 2019, 2017])})
    >>> schema = gnnkit.create_schema_pb_from_graph_spec(graph.spec)
    >>> model = create_sampling_model_from_spec(
    ...     schema, SamplingSpecBuilder(schema).seed("nodes").sample([2, 2], "edges").build(),
    ...     lambda op: InMemUniformEdgesSampler.from_graph_tensor(graph, op.edge_set_name, sample_size=op.sample_size),
    ...     lambda name: InMemIndexToFeaturesAccessor.from_graph_tensor(graph, name), seed_node_dtype=tf.int32)
    >>> model(tf.ragged.constant([[0], [2]])).node_sets["nodes"]["year"].to_list()
    [[2018, 2019, 2017], [2017]]
    """
    which = sampling_spec.WhichOneof("seed_type")
    if which != "seed_op":
        hint = " Use create_link_sampling_model_from_spec." if which == "symmetric_link_seed_op" else ""
        raise ValueError(f"The sampling spec has no seed_op, whose node set is where seeds come from.{hint}")
    seed_op = sampling_spec.seed_op
    if not seed_op.node_set_name:
        raise ValueError(f"Seed operation {seed_op.op_name!r} has no node_set_name.")
    seeds = ragged_input("Input", seed_node_dtype)
    layers = UniqueLayers(["Input"])
    graph = sampled_graph(
        graph_schema, sampling_spec, seed_op.op_name, [(seed_op.node_set_name, seeds)], edge_sampler_factory, layers
    )
    return Model(seeds, with_features(graph, node_features_accessor_factory, layers))


def ragged_input(name: str, dtype: Any, inner: Sequence[int | None] = ()) -> Any:
    """A symbolic `[B, (items), *inner]`."""
    result: Any = keras.Input(batch_shape=(None, None, *inner), dtype=tf.as_dtype(dtype).name, name=name, ragged=True)
    result._ragged_rank, result._row_splits_dtype = 1 + (None in inner), "int64"
    return result


def sampled_graph(
    schema: Any,
    spec: Any,
    seed_op_name: str,
    seeds: Sequence[tuple[str, Any]],
    edge_sampler_factory: EdgeSamplerFactory,
    layers: UniqueLayers,
) -> GraphTensor:
    """The symbolic graph of all operations, in which nodes have ids and no other features.

    seeds: (node set, ids). Where they are of several node sets, an operation takes those where its edge set begins.
    """
    steps: dict[str, dict[str, Any]] = {seed_op_name: {}}  # Operation -> node set -> ids that it has reached.
    edges: dict[str, list[Any]] = {}
    for node_set, ids in seeds:
        if node_set not in schema.node_sets:
            raise ValueError(f"There is no node set {node_set!r} for the seeds; there are {sorted(schema.node_sets)}.")
        earlier = steps[seed_op_name].get(node_set)
        steps[seed_op_name][node_set] = ids if earlier is None else _UniqueIds()([earlier, ids])
    for node_set, ids in steps[seed_op_name].items():
        edges[f"{node_set},{_SEEDS}/{node_set},{node_set}"] = [{SOURCE_NAME: ids, TARGET_NAME: ids}]
    for op in spec.sampling_ops:
        source_set, target_set = _check_op(schema, op, steps)
        inputs = [steps[name][source_set] for name in op.input_op_names if source_set in steps[name]]
        frontier = _UniqueIds()(inputs)
        sampled = layers.call(edge_sampler_factory(op), frontier, f"The sampler of operation {op.op_name!r}")
        for feature in (SOURCE_NAME, TARGET_NAME):
            if feature not in sampled:
                raise ValueError(
                    f"The sampler of operation {op.op_name!r} returned no {feature!r}, but {sorted(sampled)}."
                )
        edges.setdefault(f"{source_set},{op.edge_set_name},{target_set}", []).append(dict(sampled))
        steps[op.op_name] = {target_set: sampled[TARGET_NAME]}
    graph: Any = GraphTensorBuilder(validate=False)({"context": {}, "node_sets": {}, "edge_sets": edges})
    kept = {name: piece for name, piece in graph.edge_sets.items() if not name.startswith(f"{_SEEDS}/")}
    return GraphTensor.from_pieces(graph.context, graph.node_sets, kept)


def with_features(graph: GraphTensor, factory: NodeFeaturesAccessorFactory | None, layers: UniqueLayers) -> GraphTensor:
    """Looks up the features of the nodes of a symbolic graph by their ids, which are dropped then."""
    found = {}
    for name, node_set in graph.node_sets.items():
        accessor = None if factory is None or name.startswith("_") else factory(name)
        if accessor is not None:
            found[name] = dict(layers.call(accessor, node_set[ID_NAME], f"The features accessor of node set {name!r}"))
    return graph.replace_features(node_sets=found)


def _check_op(schema: Any, op: Any, steps: dict[str, dict[str, Any]]) -> tuple[str, str]:
    """The node sets that the edge set of an operation joins."""
    where = f"Sampling operation {op.op_name!r}"
    if op.op_name in steps:
        raise ValueError(f"{where} occurs twice. Give each operation an op_name of its own.")
    if op.edge_set_name not in schema.edge_sets:
        raise ValueError(f"{where}: there is no edge set {op.edge_set_name!r}; there are {sorted(schema.edge_sets)}.")
    if not op.input_op_names:
        raise ValueError(f"{where} has no input_op_names. Name the operations whose nodes it starts from.")
    edge_set = schema.edge_sets[op.edge_set_name]
    for name in op.input_op_names:
        if name not in steps:
            raise ValueError(f"{where} takes input {name!r}, which is not an earlier operation: {list(steps)}.")
        if edge_set.source not in steps[name]:
            raise ValueError(
                f"{where}: edge set {op.edge_set_name!r} starts from node set {edge_set.source!r}, but its input {name!r} "
                f"yields nodes of {', '.join(map(repr, steps[name]))}."
            )
    return edge_set.source, edge_set.target


class UniqueLayers:
    """Calls layers in one model, where Keras wants each name only once: a second one is called within another layer."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._by_name: dict[str, Any] = dict.fromkeys(taken)

    def call(self, layer: Any, argument: Any, what: str) -> Any:
        if not callable(layer):
            raise TypeError(f"{what} must be a layer or a function, but the factory returned {layer!r}.")
        name = getattr(layer, "name", None)
        if isinstance(layer, keras.layers.Layer) and self._by_name.setdefault(str(name), layer) is layer:
            result = layer(argument)
        else:
            result = Inner(layer)(argument)
        if not isinstance(result, dict):
            raise TypeError(f"{what} must return a dict of features, but returned {type(result).__name__}.")
        return result


@final
@keras.saving.register_keras_serializable("gnnkit")
class Inner(GraphLayer):
    """Calls a layer, or a function, under a name of its own."""

    def __init__(self, inner: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._inner = inner

    @tf.autograph.experimental.do_not_convert
    def call(self, ids: Any) -> Any:
        return self._inner(ids)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "inner": self._inner}


@final
@keras.saving.register_keras_serializable("gnnkit")
class _UniqueIds(GraphLayer):
    """The different ids in a list of `[B, (N)]`."""

    @tf.autograph.experimental.do_not_convert
    def call(self, values: Sequence[tf.RaggedTensor]) -> tf.RaggedTensor:
        for x in values:
            _ragged.check_matrix(x, "Seeds or sampled node ids")
        dtype = tf.int32 if all(x.row_splits.dtype == tf.int32 for x in values) else tf.int64
        return _ragged.ragged_unique(concat_ids("Sampled nodes", [x.with_row_splits_dtype(dtype) for x in values]))
