"""The data model: graphs, their pieces and their types."""

from gnnkit.graph._adjacency import Adjacency as Adjacency
from gnnkit.graph._adjacency import AdjacencySpec as AdjacencySpec
from gnnkit.graph._adjacency import HyperAdjacency as HyperAdjacency
from gnnkit.graph._adjacency import HyperAdjacencySpec as HyperAdjacencySpec
from gnnkit.graph._checks import disable_graph_tensor_validation as disable_graph_tensor_validation
from gnnkit.graph._checks import (
    disable_graph_tensor_validation_at_runtime as disable_graph_tensor_validation_at_runtime,
)
from gnnkit.graph._checks import enable_graph_tensor_validation as enable_graph_tensor_validation
from gnnkit.graph._checks import enable_graph_tensor_validation_at_runtime as enable_graph_tensor_validation_at_runtime
from gnnkit.graph._constraints import assert_constraints as assert_constraints
from gnnkit.graph._field import is_dense_tensor as is_dense_tensor
from gnnkit.graph._field import is_ragged_tensor as is_ragged_tensor
from gnnkit.graph._graph_tensor import GraphTensor as GraphTensor
from gnnkit.graph._graph_tensor import GraphTensorSpec as GraphTensorSpec
from gnnkit.graph._homogeneous import homogeneous as homogeneous
from gnnkit.graph._pieces import Context as Context
from gnnkit.graph._pieces import ContextSpec as ContextSpec
from gnnkit.graph._pieces import EdgeSet as EdgeSet
from gnnkit.graph._pieces import EdgeSetSpec as EdgeSetSpec
from gnnkit.graph._pieces import NodeSet as NodeSet
from gnnkit.graph._pieces import NodeSetSpec as NodeSetSpec
from gnnkit.graph._queries import check_homogeneous_graph_tensor as check_homogeneous_graph_tensor
from gnnkit.graph._queries import check_scalar_graph_tensor as check_scalar_graph_tensor
from gnnkit.graph._queries import get_aux_type_prefix as get_aux_type_prefix
from gnnkit.graph._queries import get_homogeneous_node_and_edge_set_name as get_homogeneous_node_and_edge_set_name
from gnnkit.graph._queries import is_graph_tensor as is_graph_tensor
from gnnkit.graph._values import graph_tensor_to_values as graph_tensor_to_values
