"""Between tables and GraphTensors: specs, whole graphs, and back."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np
import tensorflow as tf

from gnnkit._names import ID_NAME
from gnnkit.graph import (
    Adjacency,
    AdjacencySpec,
    Context,
    ContextSpec,
    EdgeSet,
    EdgeSetSpec,
    GraphTensor,
    GraphTensorSpec,
    NodeSet,
    NodeSetSpec,
    check_scalar_graph_tensor,
)
from gnnkit.samplers._layout import READOUT, READOUT_EDGES, Features, Layout, column_of, make_layout
from gnnkit.samplers._plan import PlanOptions
from gnnkit.samplers._seeds import Negatives
from gnnkit.samplers._tables import Column, EdgeTable, GraphTables, NodeTable, RaggedColumn, take_rows


def to_tensor(column: Column) -> Any:
    """A column as a tensor `[V, ...]`, or a ragged one."""
    if isinstance(column, RaggedColumn):
        splits = tf.constant(column.row_splits, tf.int64)
        return tf.RaggedTensor.from_row_splits(to_tensor(column.values), splits, validate=False)
    texts = column.dtype.kind in "OSU"
    return tf.constant(np.asarray(column), tf.string) if texts else tf.convert_to_tensor(column)


def field_spec(column: Column, items: int | None = None) -> Any:
    """The spec of a feature of so many items."""
    values = column.values if isinstance(column, RaggedColumn) else column
    dtype = tf.string if values.dtype.kind in "OSU" else tf.as_dtype(values.dtype)
    if isinstance(column, RaggedColumn):
        return tf.RaggedTensorSpec([items, None, *values.shape[1:]], dtype, ragged_rank=1, row_splits_dtype=tf.int64)
    return tf.TensorSpec([items, *values.shape[1:]], dtype)


def layout_spec(tables: GraphTables, layout: Layout, num_components: int | None, indices: tf.DType) -> GraphTensorSpec:
    """The spec of graphs of so many components (None: not known) with the given layout."""
    sizes = tf.TensorSpec([num_components], indices)
    index = tf.TensorSpec([None], indices)
    nodes, edges = {}, {}
    for name, features in layout.node_features.items():
        specs = {feature: field_spec(column_of(tables.node_sets[name], feature)) for feature in features}
        nodes[name] = NodeSetSpec.from_field_specs(features_spec=specs, sizes_spec=sizes)
    for name, features in layout.edge_features.items():
        table = tables.edge_sets[name]
        edges[name] = EdgeSetSpec.from_field_specs(
            features_spec={feature: field_spec(column_of(table, feature)) for feature in features},
            sizes_spec=sizes,
            adjacency_spec=AdjacencySpec.from_incident_node_sets(table.source_set, table.target_set, index),
        )
    if layout.readout:
        table = tables.node_sets[layout.seed_set or ""]
        items = num_components if layout.one_each else None
        specs = {f: field_spec(column_of(table, f), items) for f in layout.readout_features}
        specs |= {f: field_spec(column, items) for f, column in layout.seed_features.items()}
        nodes[READOUT] = NodeSetSpec.from_field_specs(features_spec=specs, sizes_spec=sizes)
        for name, node_set in layout.readout_edges.items():
            edges[name] = EdgeSetSpec.from_field_specs(
                sizes_spec=sizes,
                adjacency_spec=AdjacencySpec.from_incident_node_sets(
                    node_set, READOUT, tf.TensorSpec([items], indices)
                ),
            )
    context = ContextSpec.from_field_specs(sizes_spec=sizes)
    return GraphTensorSpec.from_piece_specs(context, nodes, edges)


def graph_tensor_spec(
    store: Any,
    spec: Any,
    seeds: Any = None,
    *,
    batch_size: int | None = None,
    drop_remainder: bool = False,
    negatives: Negatives | None = None,
    features: Features = None,
    readout: bool = False,
    readout_features: Any = (),
    indices_dtype: Any = "int32",
    **options: Unpack[PlanOptions],
) -> GraphTensorSpec:
    """The `element_spec` of `dataset(store, spec, ...)` called with the same arguments.

    seeds: matter only if they are `NodeSeeds` or `LinkSeeds`.
    """
    from gnnkit.samplers._source import resolve_request

    request = resolve_request(
        store,
        spec,
        seeds,
        with_seeds=False,
        batch_size=batch_size,
        drop_remainder=drop_remainder,
        negatives=negatives,
        features=features,
        readout=readout,
        readout_features=readout_features,
        options=options,
    )
    return layout_spec(store.tables, request.layout, request.components, tf.as_dtype(indices_dtype))


def to_graph_tensor(
    tables: GraphTables,
    *,
    features: Features = None,
    readout_nodes: Any = None,
    readout_node_set: str | None = None,
    readout_features: Any = (),
    indices_dtype: Any = "int32",
) -> GraphTensor:
    """The whole graph as one GraphTensor with a single component.

    features: set -> names of the features it keeps, `#id` among them if wanted; None for all features, without ids.
      If given, sets that it does not name keep none.
    readout_nodes: int `[N]`: nodes to read out. Adds the node set `_readout` of N nodes and the edge set
      `_readout/seed` from them, in that order.
    readout_node_set: the node set that they belong to; may be left out if there is only one.
    readout_features: features that are moved from that node set to `_readout`, such as the label.

    Raises ValueError for names or nodes that are not there.

    >>> import numpy as np
    >>> from gnnkit.samplers import GraphTables, NodeTable
    >>> tables = GraphTables(node_sets={"n": NodeTable(num_nodes=3, features={"label": np.array([5, 6, 7])})})
    >>> graph = to_graph_tensor(tables, readout_nodes=[2, 0], readout_features=["label"])
    >>> graph.node_sets["_readout"]["label"].numpy(), sorted(graph.node_sets["n"].features)
    (array([7, 5]), [])
    """
    seed_set = readout_node_set
    if readout_nodes is not None and seed_set is None:
        if len(tables.node_sets) != 1:
            raise ValueError(
                f"Say which node set readout_nodes are of: readout_node_set= one of {sorted(tables.node_sets)}."
            )
        (seed_set,) = tables.node_sets
    if seed_set is not None and seed_set not in tables.node_sets:
        raise ValueError(f"readout_node_set={seed_set!r} is not a node set; there are {sorted(tables.node_sets)}.")
    if readout_nodes is None and readout_features:
        raise ValueError(f"readout_features={list(readout_features)} need readout_nodes.")
    layout = make_layout(
        tables,
        tables.node_sets,
        tables.edge_sets,
        features=features,
        seed_set=seed_set,
        readout=readout_nodes is not None,
        readout_features=readout_features,
    )
    dtype = tf.as_dtype(indices_dtype)
    nodes, edges = {}, {}
    for name, names in layout.node_features.items():
        table = tables.node_sets[name]
        nodes[name] = NodeSet.from_fields(
            features={feature: to_tensor(column_of(table, feature)) for feature in names},
            sizes=tf.constant([table.num_nodes], dtype),
        )
    for name, names in layout.edge_features.items():
        table = tables.edge_sets[name]
        edges[name] = EdgeSet.from_fields(
            features={feature: to_tensor(column_of(table, feature)) for feature in names},
            sizes=tf.constant([table.num_edges], dtype),
            adjacency=Adjacency.from_indices(
                source=(table.source_set, tf.constant(table.source, dtype)),
                target=(table.target_set, tf.constant(table.target, dtype)),
            ),
        )
    if layout.readout:
        table = tables.node_sets[seed_set or ""]
        chosen = _check_nodes(readout_nodes, seed_set or "", table.num_nodes)
        sizes = tf.constant([len(chosen)], dtype)
        moved = {f: to_tensor(take_rows(column_of(table, f), chosen)) for f in layout.readout_features}
        nodes[READOUT] = NodeSet.from_fields(features=moved, sizes=sizes)
        edges[READOUT_EDGES] = EdgeSet.from_fields(
            sizes=sizes,
            adjacency=Adjacency.from_indices(
                source=(seed_set or "", tf.constant(chosen, dtype)),
                target=(READOUT, tf.range(len(chosen), dtype=dtype)),
            ),
        )
    context = Context.from_fields(
        features={name: to_tensor(column) for name, column in tables.context.items()}, sizes=tf.ones([1], dtype)
    )
    return GraphTensor.from_pieces(context, nodes, edges)


def _check_nodes(nodes: Any, node_set: str, num_nodes: int) -> np.ndarray:
    nodes = np.asarray(nodes)
    if nodes.ndim != 1 or nodes.size and nodes.dtype.kind not in "iu":
        raise ValueError(
            f"readout_nodes must be integers of shape [N]; got {nodes.dtype} of shape {list(nodes.shape)}."
        )
    if nodes.size and (nodes.min() < 0 or nodes.max() >= num_nodes):
        bad = nodes.min() if nodes.min() < 0 else nodes.max()
        raise ValueError(f"readout_nodes: {bad} is not a row of node set {node_set!r}, which has {num_nodes} nodes.")
    return nodes.astype(np.int64)


def tables_from_graph_tensor(graph: GraphTensor) -> GraphTables:
    """Tables of a scalar graph; its components become one graph. A feature `#id` becomes the nodes' ids.

    ValueError: a batched graph, hyperedges, or context features of several components: a table holds those of one.

    >>> import numpy as np
    >>> from gnnkit.samplers import GraphTables, NodeTable
    >>> graph = to_graph_tensor(GraphTables(node_sets={"n": NodeTable(num_nodes=2, features={"x": np.array([5, 6])})}))
    >>> tables_from_graph_tensor(graph).node_sets["n"].features["x"]
    array([5, 6])
    """
    check_scalar_graph_tensor(graph, name="tables_from_graph_tensor()")
    nodes, edges = {}, {}
    for name, node_set in graph.node_sets.items():
        columns = {feature: column_of_tensor(value) for feature, value in node_set.features.items()}
        ids = columns.pop(ID_NAME, None)
        nodes[name] = NodeTable(num_nodes=int(node_set.total_size), ids=ids, features=columns)  # type: ignore[arg-type]
    for name, edge_set in graph.edge_sets.items():
        adjacency = edge_set.adjacency
        if not isinstance(adjacency, Adjacency):
            raise ValueError(
                f"tables_from_graph_tensor(): a table of edges has a source and a target, but edge set {name!r} is one "
                f"of hyperedges with the tags {list(adjacency.tags)}."
            )
        edges[name] = EdgeTable(
            source_set=adjacency.source_name,
            target_set=adjacency.target_name,
            source=np.asarray(adjacency.source, np.int64),
            target=np.asarray(adjacency.target, np.int64),
            features={feature: column_of_tensor(value) for feature, value in edge_set.features.items()},
        )
    context = {feature: column_of_tensor(value) for feature, value in graph.context.features.items()}
    num_components = int(graph.total_num_components)
    if context and num_components != 1:
        raise ValueError(
            f"tables_from_graph_tensor(): tables hold the context of one component, but the graph has {num_components}, "
            f"with the context features {sorted(context)}. Move those to nodes (broadcast_context_to_nodes), or "
            "remove them: graph.remove_features(context=[...])."
        )
    return GraphTables(node_sets=nodes, edge_sets=edges, context=context)


def column_of_tensor(value: Any) -> Column:
    """A feature of a graph as a column."""
    if isinstance(value, tf.RaggedTensor):
        if value.ragged_rank > 1:
            raise ValueError(f"Tables hold features with one ragged dimension; this one has {value.ragged_rank}.")
        return RaggedColumn(values=value.values.numpy(), row_splits=value.row_splits.numpy().astype(np.int64))
    return value.numpy() if hasattr(value, "numpy") else np.asarray(value)
