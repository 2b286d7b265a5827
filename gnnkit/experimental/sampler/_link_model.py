"""`create_link_sampling_model_from_spec`: subgraphs around both ends of a link."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

import keras
import tensorflow as tf

from gnnkit._names import ID_NAME, SOURCE_NAME, TARGET_NAME
from gnnkit.experimental.sampler import _ragged
from gnnkit.experimental.sampler._build_graph import _same_ids, _sizes
from gnnkit.experimental.sampler._sampling_model import (
    EdgeSamplerFactory,
    NodeFeaturesAccessorFactory,
    UniqueLayers,
    ragged_input,
    sampled_graph,
    with_features,
)
from gnnkit.graph import Adjacency, EdgeSet, GraphTensor, NodeSet
from gnnkit.keras import Model
from gnnkit.keras.layers import GraphLayer

_READOUT = "_readout"


def create_link_sampling_model_from_spec(
    graph_schema: Any,
    sampling_spec: Any,
    edge_sampler_factory: EdgeSamplerFactory,
    node_features_accessor_factory: NodeFeaturesAccessorFactory | None = None,
    seed_node_dtype: Any = tf.string,
) -> Model:
    """A Keras model that samples one subgraph around both ends of each link.

    graph_schema: a GraphSchema with the node set `_readout`, whose features are those of links, and the edge sets
      `_readout/source` and `_readout/target`, from the node sets of the two ends, which may differ, to it.
    sampling_spec: a SamplingSpec whose `symmetric_link_seed_op` stands for the nodes of both ends; where they are of
      different node sets, an operation that starts from it takes those where its edge set begins.
    Other arguments: see `create_sampling_model_from_spec`.

    Returns a `gnnkit.keras.Model` called with a dict of `#source` and `#target`, ragged `[B, (links)]`, and each feature of
    `_readout`, `[B, (links), ...]`. It returns graphs of shape `[B]` with the readout sets that the schema
    describes, ready for `structured_readout`; `_readout` has the features of the links, and the ids of their ends. The
    ends of a single link are the first nodes of their node sets, the source before the target.

    Raises ValueError for a schema without these sets, and like `create_sampling_model_from_spec`.

    >>> import gnnkit
    >>> from gnnkit.experimental.sampler import InMemUniformEdgesSampler
    >>> from google.protobuf import text_format
    >>> from gnnkit.schemas import SamplingSpec
    >>> schema = gnnkit.parse_schema('''
    ...     node_sets { key: "user" value {} }
    ...     node_sets { key: "_readout" value { features { key: "label" value { dtype: DT_INT64 } } } }
    ...     edge_sets { key: "knows" value { source: "user" target: "user" } }
    ...     edge_sets { key: "_readout/source" value { source: "user" target: "_readout" } }
    ...     edge_sets { key: "_readout/target" value { source: "user" target: "_readout" } }''')
    >>> spec = text_format.Parse('''symmetric_link_seed_op { op_name: "seed" } sampling_ops {
    ...     op_name: "hop" input_op_names: "seed" edge_set_name: "knows" sample_size: 4 }''', SamplingSpec())
    >>> knows = InMemUniformEdgesSampler(3, [0, 1], [2, 2], sample_size=4, name="knows")
    >>> model = create_link_sampling_model_from_spec(schema, spec, lambda op: knows, seed_node_dtype=tf.int32)
    >>> graph = model({"#source": tf.ragged.constant([[1]]), "#target": tf.ragged.constant([[0]]),
    ...                "label": tf.ragged.constant([[1]], tf.int64)})
    >>> graph.node_sets["user"]["#id"].to_list(), graph.edge_sets["_readout/target"].adjacency.source.to_list()
    ([[1, 0, 2]], [[1]])
    """
    source_set, target_set = _check_schema(graph_schema)
    which = sampling_spec.WhichOneof("seed_type")
    if which is None:
        raise ValueError("The sampling spec has no seed. Give it a symmetric_link_seed_op { op_name: ... }.")
    inputs = {
        SOURCE_NAME: ragged_input(SOURCE_NAME, seed_node_dtype),
        TARGET_NAME: ragged_input(TARGET_NAME, seed_node_dtype),
    }
    for name, feature in sorted(graph_schema.node_sets[_READOUT].features.items()):
        if name not in inputs:
            inner = [None if dim.size < 0 else dim.size for dim in feature.shape.dim]
            inputs[name] = ragged_input(name, tf.as_dtype(feature.dtype), inner)
    layers = UniqueLayers(inputs)
    graph: Any = sampled_graph(
        graph_schema,
        sampling_spec,
        getattr(sampling_spec, which).op_name,
        [(source_set, inputs[SOURCE_NAME]), (target_set, inputs[TARGET_NAME])],
        edge_sampler_factory,
        layers,
    )
    graph = _AddLinkReadout(source_set, target_set)(graph, inputs)
    return Model(inputs, with_features(graph, node_features_accessor_factory, layers))


def _check_schema(schema: Any) -> tuple[str, str]:
    """The node sets of the two ends."""
    if _READOUT not in schema.node_sets:
        raise ValueError(
            f"Sampling links needs the node set {_READOUT!r} in the schema, but it has {sorted(schema.node_sets)}."
        )
    found = []
    for end in ("source", "target"):
        name = f"{_READOUT}/{end}"
        if name not in schema.edge_sets:
            raise ValueError(
                f"Sampling links needs the edge set {name!r} in the schema, from the node set of that end to {_READOUT!r}; "
                f"its edge sets are {sorted(schema.edge_sets)}."
            )
        edge_set = schema.edge_sets[name]
        if edge_set.target != _READOUT or edge_set.source not in schema.node_sets:
            raise ValueError(
                f"Edge set {name!r} must lead from a node set to {_READOUT!r}, but leads from {edge_set.source!r} to "
                f"{edge_set.target!r}."
            )
        found.append(edge_set.source)
    return found[0], found[1]


@final
@keras.saving.register_keras_serializable("gnnkit")
class _AddLinkReadout(GraphLayer):
    """Adds the readout sets of links to a graph whose nodes have ids."""

    def __init__(self, source_set: str, target_set: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._node_sets = {"source": source_set, "target": target_set}

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **{f"{end}_set": name for end, name in self._node_sets.items()}}

    @tf.autograph.experimental.do_not_convert
    def call(self, graph: GraphTensor, links: Mapping[str, tf.RaggedTensor]) -> GraphTensor:
        dtype = graph.indices_dtype
        row_splits = links[SOURCE_NAME].row_splits
        checks = []
        for name, value in links.items():
            same = tf.reduce_all(value.row_lengths() == links[SOURCE_NAME].row_lengths())
            checks += _ragged._assert(same, [f"Links: {SOURCE_NAME!r} and {name!r} have different numbers of links."])
        with tf.control_dependencies(checks):
            counts = tf.cast(row_splits[1:] - row_splits[:-1], dtype)
        places = tf.ragged.range(counts, row_splits_dtype=row_splits.dtype)
        edge_sets = {}
        for end, tag in (("source", SOURCE_NAME), ("target", TARGET_NAME)):
            node_set = self._node_sets[end]
            what = f"Links: {tag} in node set {node_set!r}"
            ids, known = _same_ids(what, links[tag], graph.node_sets[node_set][ID_NAME])
            known = known.with_row_splits_dtype(ids.row_splits.dtype)
            found = _ragged.lookup(ids, known, global_indices=False, validate=True, what=what)
            found = found.with_values(tf.cast(found.values, dtype))
            edge_sets[f"{_READOUT}/{end}"] = EdgeSet.from_fields(
                sizes=_sizes(found, dtype),
                adjacency=Adjacency.from_indices(
                    source=(node_set, found), target=(_READOUT, found.with_values(places.values))
                ),
            )
        readout = NodeSet.from_fields(features=dict(links), sizes=_sizes(links[SOURCE_NAME], dtype))
        return GraphTensor.from_pieces(
            graph.context, {**graph.node_sets, _READOUT: readout}, {**graph.edge_sets, **edge_sets}
        )
