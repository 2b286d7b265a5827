"""Pure functions on graphs."""

from gnnkit.ops._broadcast import broadcast as broadcast
from gnnkit.ops._broadcast import broadcast_context_to_edges as broadcast_context_to_edges
from gnnkit.ops._broadcast import broadcast_context_to_nodes as broadcast_context_to_nodes
from gnnkit.ops._broadcast import broadcast_node_to_edges as broadcast_node_to_edges
from gnnkit.ops._combine import combine_values as combine_values
from gnnkit.ops._first_node import gather_first_node as gather_first_node
from gnnkit.ops._pool import node_degree as node_degree
from gnnkit.ops._pool import pool as pool
from gnnkit.ops._pool import pool_edges_to_context as pool_edges_to_context
from gnnkit.ops._pool import pool_edges_to_node as pool_edges_to_node
from gnnkit.ops._pool import pool_neighbors_to_node as pool_neighbors_to_node
from gnnkit.ops._pool import pool_neighbors_to_node_feature as pool_neighbors_to_node_feature
from gnnkit.ops._pool import pool_nodes_to_context as pool_nodes_to_context
from gnnkit.ops._pool import reverse_tag as reverse_tag
from gnnkit.ops._primitives import get_registered_reduce_operation_names as get_registered_reduce_operation_names
from gnnkit.ops._readout import add_readout_from_first_node as add_readout_from_first_node
from gnnkit.ops._readout import structured_readout as structured_readout
from gnnkit.ops._readout import structured_readout_into_feature as structured_readout_into_feature
from gnnkit.ops._readout import validate_graph_tensor_for_readout as validate_graph_tensor_for_readout
from gnnkit.ops._readout import validate_graph_tensor_spec_for_readout as validate_graph_tensor_spec_for_readout
from gnnkit.ops._softmax import softmax as softmax
from gnnkit.ops._softmax import softmax_edges_per_node as softmax_edges_per_node
