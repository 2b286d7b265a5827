"""gnnkit: heterogeneous graph neural networks on Keras 3.

Names load on first use, so that `import gnnkit` itself is quick: `gnnkit.GraphTensor` brings TensorFlow in.
"""

from gnnkit._lazy import attach
from gnnkit._names import CONTEXT as CONTEXT
from gnnkit._names import DEFAULT_STATE_NAME as DEFAULT_STATE_NAME
from gnnkit._names import EDGES as EDGES
from gnnkit._names import HIDDEN_STATE as HIDDEN_STATE
from gnnkit._names import NODES as NODES
from gnnkit._names import SIZE_NAME as SIZE_NAME
from gnnkit._names import SOURCE as SOURCE
from gnnkit._names import SOURCE_NAME as SOURCE_NAME
from gnnkit._names import TARGET as TARGET
from gnnkit._names import TARGET_NAME as TARGET_NAME

__version__ = "0.1.0"

_GRAPH = "gnnkit.graph"
_OPS = "gnnkit.ops"
_IO = "gnnkit.io"
_SCHEMAS = "gnnkit.schemas"
_ALIASES = "gnnkit.graph._aliases"
_LAZY = {
    "Adjacency": _GRAPH,
    "AdjacencySpec": _GRAPH,
    "Context": _GRAPH,
    "ContextSpec": _GRAPH,
    "EdgeSet": _GRAPH,
    "EdgeSetSpec": _GRAPH,
    "GraphTensor": _GRAPH,
    "GraphTensorSpec": _GRAPH,
    "HyperAdjacency": _GRAPH,
    "HyperAdjacencySpec": _GRAPH,
    "NodeSet": _GRAPH,
    "NodeSetSpec": _GRAPH,
    "assert_constraints": _GRAPH,
    "check_homogeneous_graph_tensor": _GRAPH,
    "check_scalar_graph_tensor": _GRAPH,
    "disable_graph_tensor_validation": _GRAPH,
    "disable_graph_tensor_validation_at_runtime": _GRAPH,
    "enable_graph_tensor_validation": _GRAPH,
    "enable_graph_tensor_validation_at_runtime": _GRAPH,
    "get_aux_type_prefix": _GRAPH,
    "get_homogeneous_node_and_edge_set_name": _GRAPH,
    "graph_tensor_to_values": _GRAPH,
    "homogeneous": _GRAPH,
    "is_dense_tensor": _GRAPH,
    "is_graph_tensor": _GRAPH,
    "is_ragged_tensor": _GRAPH,
    "broadcast": _OPS,
    "broadcast_context_to_edges": _OPS,
    "broadcast_context_to_nodes": _OPS,
    "broadcast_node_to_edges": _OPS,
    "combine_values": _OPS,
    "gather_first_node": _OPS,
    "node_degree": _OPS,
    "pool": _OPS,
    "pool_edges_to_context": _OPS,
    "pool_edges_to_node": _OPS,
    "pool_neighbors_to_node": _OPS,
    "pool_neighbors_to_node_feature": _OPS,
    "pool_nodes_to_context": _OPS,
    "reverse_tag": _OPS,
    "get_registered_reduce_operation_names": _OPS,
    "add_readout_from_first_node": _OPS,
    "add_self_loops": _OPS,
    "convert_to_line_graph": _OPS,
    "mask_edges": _OPS,
    "reorder_nodes": _OPS,
    "shuffle_features_globally": _OPS,
    "shuffle_nodes": _OPS,
    "readout_named": f"{_OPS}:structured_readout",
    "readout_named_into_feature": f"{_OPS}:structured_readout_into_feature",
    "structured_readout": _OPS,
    "structured_readout_into_feature": _OPS,
    "validate_graph_tensor_for_readout": _OPS,
    "validate_graph_tensor_spec_for_readout": _OPS,
    "softmax": _OPS,
    "softmax_edges_per_node": _OPS,
    "FeatureDefaultValues": _OPS,
    "SizeConstraints": _OPS,
    "assert_satisfies_size_constraints": _OPS,
    "assert_satisfies_total_sizes": f"{_OPS}:assert_satisfies_size_constraints",
    "pad_to_total_sizes": _OPS,
    "satisfies_size_constraints": _OPS,
    "satisfies_total_sizes": f"{_OPS}:satisfies_size_constraints",
    "ValidationError": _IO,
    "check_compatible_with_schema_pb": _IO,
    "check_required_features": _IO,
    "create_graph_spec_from_schema_pb": _IO,
    "create_schema_pb_from_graph_spec": _IO,
    "dataset_filter_with_summary": _IO,
    "dataset_from_generator": _IO,
    "find_tight_size_constraints": _IO,
    "get_io_spec": _IO,
    "iter_features": _IO,
    "iter_sets": _IO,
    "learn_fit_or_skip_size_constraints": _IO,
    "parse_example": _IO,
    "parse_schema": _IO,
    "parse_single_example": _IO,
    "random_graph_tensor": _IO,
    "read_schema": _IO,
    "validate_schema": _IO,
    "write_example": _IO,
    "write_schema": _IO,
    "Feature": _SCHEMAS,
    "GraphSchema": _SCHEMAS,
    "EdgeSetName": _ALIASES,
    "Field": _ALIASES,
    "FieldName": _ALIASES,
    "FieldOrFields": _ALIASES,
    "FieldSpec": _ALIASES,
    "Fields": _ALIASES,
    "FieldsSpec": _ALIASES,
    "IncidentNodeOrContextTag": _ALIASES,
    "IncidentNodeTag": _ALIASES,
    "NodeSetName": _ALIASES,
    "SetName": _ALIASES,
    "SetType": _ALIASES,
    "load": "gnnkit.runner.quick",
    "train": "gnnkit.runner.quick",
}

__getattr__, __dir__, __all__ = attach(
    __name__,
    _LAZY,
    submodules=[
        "attribution",
        "datasets",
        "experimental",
        "graph",
        "interop",
        "io",
        "keras",
        "models",
        "ops",
        "proto",
        "runner",
        "sampler",
        "samplers",
        "schemas",
        "testing",
        "viz",
    ],
)
__all__ += [
    "CONTEXT", "DEFAULT_STATE_NAME", "EDGES", "HIDDEN_STATE", "NODES",
    "SIZE_NAME", "SOURCE", "SOURCE_NAME", "TARGET", "TARGET_NAME",
]  # fmt: skip
