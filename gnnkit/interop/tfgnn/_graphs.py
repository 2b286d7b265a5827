"""GraphTensors and their specs, to and from tensorflow-gnn."""

import importlib
from typing import Any

import gnnkit.graph
from gnnkit.graph import GraphTensor, GraphTensorSpec


def from_tfgnn(graph_tensor: Any) -> Any:
    """A `tensorflow_gnn` GraphTensor or GraphTensorSpec as one of gnnkit: the same tensors, nothing is copied.

    graph_tensor: scalar or batched; works in `tf.function` and `Dataset.map` as well.

    TypeError: something else. ImportError: tensorflow-gnn is missing, or TF_USE_LEGACY_KERAS=1 is not set.
    """
    library = _tensorflow_gnn()
    if isinstance(graph_tensor, library.GraphTensor):
        return _graph(graph_tensor, library, gnnkit.graph)
    if isinstance(graph_tensor, library.GraphTensorSpec):
        return _spec(graph_tensor, library, gnnkit.graph)
    raise TypeError(
        f"from_tfgnn() takes a tensorflow_gnn GraphTensor or GraphTensorSpec, but got {_name(graph_tensor)}."
    )


def to_tfgnn(graph_tensor: Any) -> Any:
    """A GraphTensor or GraphTensorSpec of gnnkit as one of `tensorflow_gnn`; see `from_tfgnn`."""
    library = _tensorflow_gnn()
    if isinstance(graph_tensor, GraphTensor):
        return _graph(graph_tensor, gnnkit.graph, library)
    if isinstance(graph_tensor, GraphTensorSpec):
        return _spec(graph_tensor, gnnkit.graph, library)
    raise TypeError(f"to_tfgnn() takes a gnnkit GraphTensor or GraphTensorSpec, but got {_name(graph_tensor)}.")


def _tensorflow_gnn() -> Any:
    try:
        return importlib.import_module("tensorflow_gnn")
    except ImportError as error:
        raise ImportError(
            "gnnkit.interop.tfgnn needs tensorflow-gnn: pip install gnnkit[interop]. It works with Keras 2 only: set the "
            f"environment variable TF_USE_LEGACY_KERAS=1 before TensorFlow is imported. ({error})"
        ) from error


def _name(value: Any) -> str:
    return f"{type(value).__module__}.{type(value).__name__}"


def _graph(graph: Any, ours: Any, to: Any) -> Any:
    """ours: the library that the graph is of. to: the one that it becomes one of; both have the same names."""
    node_sets = {
        name: to.NodeSet.from_fields(features=piece.features, sizes=piece.sizes)
        for name, piece in graph.node_sets.items()
    }
    edge_sets = {}
    for name, piece in graph.edge_sets.items():
        indices = piece.adjacency.get_indices_dict()
        if isinstance(piece.adjacency, ours.Adjacency):
            adjacency = to.Adjacency.from_indices(indices[0], indices[1])
        else:
            adjacency = to.HyperAdjacency.from_indices(indices)
        edge_sets[name] = to.EdgeSet.from_fields(features=piece.features, sizes=piece.sizes, adjacency=adjacency)
    context = to.Context.from_fields(features=graph.context.features, sizes=graph.context.sizes, shape=graph.shape)
    # tensorflow-gnn widens row splits where one set has no ragged feature.
    return to.GraphTensor.from_pieces(context, node_sets, edge_sets).with_row_splits_dtype(graph.row_splits_dtype)


def _spec(spec: Any, ours: Any, to: Any) -> Any:
    node_sets = {
        name: to.NodeSetSpec.from_field_specs(features_spec=piece.features_spec, sizes_spec=piece.sizes_spec)
        for name, piece in spec.node_sets_spec.items()
    }
    edge_sets = {}
    for name, piece in spec.edge_sets_spec.items():
        indices = piece.adjacency_spec.get_index_specs_dict()
        node_set_names = {tag: node_set_name for tag, (node_set_name, _) in indices.items()}
        index = indices[min(indices)][1]
        if isinstance(piece.adjacency_spec, ours.AdjacencySpec):
            adjacency = to.AdjacencySpec.from_incident_node_sets(node_set_names[0], node_set_names[1], index)
        else:
            adjacency = to.HyperAdjacencySpec.from_incident_node_sets(node_set_names, index)
        edge_sets[name] = to.EdgeSetSpec.from_field_specs(
            features_spec=piece.features_spec, sizes_spec=piece.sizes_spec, adjacency_spec=adjacency
        )
    context = to.ContextSpec.from_field_specs(
        features_spec=spec.context_spec.features_spec, sizes_spec=spec.context_spec.sizes_spec, shape=spec.shape
    )
    return to.GraphTensorSpec.from_piece_specs(context, node_sets, edge_sets).with_row_splits_dtype(
        spec.row_splits_dtype
    )
