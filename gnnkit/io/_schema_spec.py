"""Schemas to specs of graphs and back."""

from typing import Any

import tensorflow as tf

from gnnkit.graph import (
    Adjacency,
    AdjacencySpec,
    ContextSpec,
    EdgeSetSpec,
    GraphTensor,
    GraphTensorSpec,
    NodeSetSpec,
)
from gnnkit.io._iterate import iter_features, iter_sets
from gnnkit.io._validate import describe_feature, describe_set
from gnnkit.io._wire import is_supported
from gnnkit.schemas import GraphSchema

_SUPPORTED = "Supported are string, bool, integers and real floating-point numbers"


def create_graph_spec_from_schema_pb(schema: Any, indices_dtype: tf.DType = tf.int32) -> GraphTensorSpec:
    """Makes the spec of the graphs that a schema describes: scalar, one component, any number of nodes and edges.

    schema: a `GraphSchema`; see `validate_schema` for checks with better messages.
    indices_dtype: `tf.int32` or `tf.int64`, of sizes and indices.

    Features of node and edge sets become `[None, *shape]`, of the context `[1, *shape]`; a shape with a dimension -1
    makes them ragged.

    ValueError: a feature without dtype or with unknown rank, an edge set between node sets that do not exist.

    >>> import gnnkit
    >>> schema = gnnkit.parse_schema(
    ...     'node_sets { key: "paper" value { features { key: "feat" value { '
    ...     'dtype: DT_FLOAT shape { dim { size: 128 } } } } } }')
    >>> gnnkit.create_graph_spec_from_schema_pb(schema).node_sets_spec["paper"]["feat"]
    TensorSpec(shape=(None, 128), dtype=tf.float32, name=None)
    """
    if indices_dtype not in (tf.int32, tf.int64):
        raise ValueError(f"indices_dtype must be tf.int32 or tf.int64, but got {indices_dtype!r}.")
    sizes = tf.TensorSpec([1], indices_dtype)
    specs: dict[tuple[str, str], dict[str, Any]] = {}
    for set_type, set_name, name, feature in iter_features(schema):
        items = 1 if set_type == "context" else None
        specs.setdefault((set_type, set_name), {})[name] = _feature_spec(
            items, feature, describe_feature(set_type, set_name, name)
        )
    return GraphTensorSpec.from_piece_specs(
        context_spec=ContextSpec.from_field_specs(features_spec=specs.get(("context", "")), sizes_spec=sizes),
        node_sets_spec={
            name: NodeSetSpec.from_field_specs(features_spec=specs.get(("nodes", name)), sizes_spec=sizes)
            for name in schema.node_sets
        },
        edge_sets_spec={
            name: EdgeSetSpec.from_field_specs(
                features_spec=specs.get(("edges", name)),
                sizes_spec=sizes,
                adjacency_spec=AdjacencySpec.from_incident_node_sets(
                    edges.source, edges.target, tf.TensorSpec([None], indices_dtype)
                ),
            )
            for name, edges in schema.edge_sets.items()
        },
    )


def _feature_spec(items: int | None, feature: Any, what: str) -> Any:
    if feature.shape.unknown_rank:
        raise ValueError(f"{what}: the schema gives a shape of unknown rank. Give its dimensions, -1 for ragged ones.")
    dtype = tf.as_dtype(feature.dtype) if feature.dtype else None
    if dtype is None or not is_supported(dtype):
        raise ValueError(f"{what}: the schema gives dtype {dtype and dtype.name}. {_SUPPORTED}.")
    shape = [items, *(None if dim.size < 0 else dim.size for dim in feature.shape.dim)]
    ragged = [axis for axis, dim in enumerate(shape) if axis and dim is None]
    if not ragged:
        return tf.TensorSpec(shape, dtype)
    return tf.RaggedTensorSpec(shape, dtype, ragged_rank=ragged[-1], row_splits_dtype=tf.int64)


def create_schema_pb_from_graph_spec(graph: GraphTensor | GraphTensorSpec) -> Any:
    """Makes the `GraphSchema` of a graph or its spec.

    graph: scalar, with one component.

    ValueError: a batch, several components, a `HyperAdjacency` or an unsupported dtype.
    """
    spec = _scalar_spec(graph, "create_schema_pb_from_graph_spec")
    schema = GraphSchema()
    sets = {"nodes": schema.node_sets, "edges": schema.edge_sets}
    for set_type, set_name, piece in iter_sets(spec):
        if set_type == "context":
            continue
        message = sets[set_type][set_name]
        if set_type == "edges":
            adjacency = piece.adjacency_spec
            if adjacency.value_type is not Adjacency:
                raise ValueError(
                    f"{describe_set(set_type, set_name)} has a {adjacency.value_type.__name__}; a schema can only "
                    "describe edges with one source and one target (Adjacency)."
                )
            message.source, message.target = adjacency.source_name, adjacency.target_name
    for set_type, set_name, name, field in iter_features(spec):
        features = schema.context.features if set_type == "context" else sets[set_type][set_name].features
        what = describe_feature(set_type, set_name, name)
        if not is_supported(field.dtype):
            raise ValueError(f"{what} has dtype {field.dtype.name}, which a schema cannot hold. {_SUPPORTED}.")
        if field.shape.rank is None:
            raise ValueError(f"{what} has a shape of unknown rank, which a schema cannot hold.")
        features[name].dtype = field.dtype.as_datatype_enum
        for dim in field.shape[1:]:
            features[name].shape.dim.add(size=-1 if dim is None else dim)
    return schema


def check_compatible_with_schema_pb(graph: GraphTensor | GraphTensorSpec, schema: Any) -> None:
    """Checks that a graph, or its spec, has the sets and features of a schema, no more and no fewer.

    ValueError: they differ; the message names each set and feature that does.
    """
    have = create_schema_pb_from_graph_spec(_scalar_spec(graph, "check_compatible_with_schema_pb"))
    ours, theirs = _described(have), _described(schema)
    lines = [f"{k}: the schema says {theirs[k]}, the graph has none." for k in theirs if k not in ours]
    lines += [f"{k}: the graph has {ours[k]}, the schema does not know it." for k in ours if k not in theirs]
    lines += [
        f"{k}: the schema says {theirs[k]}, the graph has {ours[k]}."
        for k in ours
        if k in theirs and ours[k] != theirs[k]
    ]
    if lines:
        raise ValueError("The graph is not compatible with the schema:\n" + "\n".join(sorted(lines)))


def _described(schema: Any) -> dict[str, str]:
    found = {}
    for set_type, set_name, piece in iter_sets(schema):
        if set_type != "context":
            ends = f"edges from {piece.source!r} to {piece.target!r}" if set_type == "edges" else "nodes"
            found[describe_set(set_type, set_name)] = ends
    for set_type, set_name, name, feature in iter_features(schema):
        dtype = tf.as_dtype(feature.dtype).name if feature.dtype else "no dtype"
        found[describe_feature(set_type, set_name, name)] = f"{dtype} {[dim.size for dim in feature.shape.dim]}"
    return found


def _scalar_spec(graph: Any, name: str) -> GraphTensorSpec:
    spec = graph.spec if isinstance(graph, GraphTensor) else graph
    if not isinstance(spec, GraphTensorSpec):
        raise ValueError(f"{name} takes a GraphTensor or GraphTensorSpec, but got {type(graph).__name__}.")
    if spec.rank != 0:
        raise ValueError(
            f"{name} needs a scalar GraphTensor (rank 0), but got rank {spec.rank}, shape {spec.shape}. "
            "Call merge_batch_to_components() first."
        )
    if spec.num_components != 1:
        raise ValueError(f"{name} needs a graph with one component, but got {spec.num_components} components.")
    return spec
