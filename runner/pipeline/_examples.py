"""Many graphs, out of files of tf.train.Examples: read into memory, and given out as examples of a run."""

import dataclasses
from typing import Any, final

import numpy as np
import tensorflow as tf

from gnnkit.graph import ContextSpec, GraphTensor, GraphTensorSpec
from gnnkit.io import create_graph_spec_from_schema_pb, parse_example, write_example
from gnnkit.runner._errors import RunError
from gnnkit.runner._interfaces import DatasetProvider
from gnnkit.runner.config import ExamplesData, ProviderData, RunConfig, read_schema_file
from gnnkit.runner.exporters._serving import FeatureKey, without_features
from gnnkit.runner.pipeline._encode import context_columns
from gnnkit.runner.pipeline._features import CONTEXT, FeaturePlan
from gnnkit.runner.pipeline._labels import Labels
from gnnkit.runner.pipeline._user_classes import make_of_user
from gnnkit.samplers import GraphTables, NodeTable
from gnnkit.samplers._graph_tensor import column_of_tensor, tables_from_graph_tensor

# Columns of the tables beside the features, whose names do not begin with `#`.
_SERIALIZED, _GRAPH = "#serialized", "#graph"


def read_examples(data: ExamplesData | ProviderData, progress: Any) -> GraphTables:
    """All graphs of the files as one: their nodes and edges one after another, and a row of the context for each graph.

    `RunError`: there is no graph, or one that does not fit the schema.
    """
    schema = read_schema_file(data.schema_file)
    spec = create_graph_spec_from_schema_pb(schema)
    serialized = _of_files(data) if isinstance(data, ExamplesData) else _of_provider(data)
    progress(len(serialized), len(serialized), "parsing")
    try:
        # In one piece: the merged graph is made once, and tables want whole columns anyway.
        graph = parse_example(spec, tf.constant(serialized)).merge_batch_to_components()
    except (ValueError, tf.errors.InvalidArgumentError) as error:
        reason = str(getattr(error, "message", None) or error).splitlines()[0]
        raise RunError(f"The graphs of the data section do not fit {data.schema_file}: {reason}") from error
    context = {name: column_of_tensor(value) for name, value in graph.context.features.items()}
    bare = graph.replace_features(context={})
    tables = tables_from_graph_tensor(bare)
    nodes = {}
    for name, table in tables.node_sets.items():
        number = np.repeat(np.arange(len(serialized)), graph.node_sets[name].sizes.numpy())
        nodes[name] = dataclasses.replace(table, features={**table.features, _GRAPH: number})
    context[_SERIALIZED] = np.array(serialized, object)
    return tables.replace(node_sets=nodes, context=context, schema=schema)


def _of_files(data: ExamplesData) -> list[bytes]:
    files = [str(path) for path in data.files()]
    serialized = list(tf.data.TFRecordDataset(files).as_numpy_iterator())
    if not serialized:
        raise RunError(f"data.examples: there is no Example in {', '.join(files)}.")
    return serialized


def _of_provider(data: ProviderData) -> list[bytes]:
    provider = make_of_user("data", data.class_, data.args)
    if not isinstance(provider, DatasetProvider):
        raise RunError(
            f"data.class: {data.class_!r} makes a {type(provider).__name__}; expected a gnnkit.runner.DatasetProvider."
        )
    serialized = []
    for element in provider.get_dataset(tf.distribute.InputContext()):
        if isinstance(element, GraphTensor):
            serialized.append(write_example(element).SerializeToString())
        elif getattr(element, "dtype", None) == tf.string and element.shape.rank == 0:
            serialized.append(element.numpy())
        else:
            raise RunError(
                f"data.class: {data.class_!r} gives elements of type {type(element).__name__}; expected serialized "
                "tf.train.Examples (scalar strings) or scalar GraphTensors."
            )
    if not serialized:
        raise RunError(f"data.class: {data.class_!r} gives no graph.")
    return serialized


def with_context(config: RunConfig, tables: GraphTables) -> GraphTables:
    """The tables with the features of the context that are inputs as columns of the task's node set."""
    entries: Any = config.features.encoding("context", "")
    node_set = getattr(config.main_task, "node_set", "")
    if not entries or node_set not in tables.node_sets:
        return tables
    table = tables.node_sets[node_set]
    columns = {
        f"#{CONTEXT}{feature}": np.asarray(tables.context[feature])[_graph_of(table)]
        for feature in {entry.feature or name for name, entry in entries.items()}
    }
    table = dataclasses.replace(table, features={**table.features, **columns})
    return tables.replace(node_sets={**tables.node_sets, node_set: table})


def rows_of_graphs(tables: GraphTables, graphs: np.ndarray) -> dict[str, np.ndarray]:
    """Node set -> the rows of the nodes of some graphs."""
    return {name: np.flatnonzero(np.isin(_graph_of(table), graphs)) for name, table in tables.node_sets.items()}


def _graph_of(table: NodeTable) -> np.ndarray:
    return np.asarray(table.features[_GRAPH])


@final
@dataclasses.dataclass(kw_only=True)
class ExamplesProvider(DatasetProvider):
    """Some of the graphs, with their labels as features of the context; with `training` in a new order in each epoch.

    rows: int64 `[N]`, of the graphs. numbered: the name of a feature to add to all nodes, their rows in the tables.
    """

    tables: GraphTables
    labels: Labels
    plan: FeaturePlan
    rows: np.ndarray
    seed: int
    training: bool = False
    numbered: str | None = None

    @property
    def gtspec(self) -> GraphTensorSpec:
        """The type of one graph."""
        spec, values = self._parsed_spec(), self.labels.values
        label = tf.TensorSpec([1, *values.shape[1:]], tf.as_dtype(values.dtype))
        context = ContextSpec.from_field_specs(
            features_spec={**spec.context_spec.features_spec, self.labels.feature: label},
            sizes_spec=spec.context_spec.sizes_spec,
        )
        return GraphTensorSpec.from_piece_specs(context, spec.node_sets_spec, spec.edge_sets_spec)

    def get_dataset(self, context: tf.distribute.InputContext) -> tf.data.Dataset:
        """Scalar graphs of one component."""
        return self.get_batched_dataset(context, 1)

    def get_batched_dataset(self, context: tf.distribute.InputContext, batch_size: int) -> tf.data.Dataset:
        """Scalar graphs of up to `batch_size` components."""
        spec = self._parsed_spec()
        serialized = np.asarray(self.tables.context[_SERIALIZED])[self.rows]
        dataset = tf.data.Dataset.from_tensor_slices((tf.constant(serialized), self.labels.values[self.rows]))
        dataset = dataset.shard(context.num_input_pipelines, context.input_pipeline_id)
        if self.training:
            dataset = dataset.shuffle(len(self.rows), seed=self.seed)

        @tf.autograph.experimental.do_not_convert
        def graphs(examples: tf.Tensor, labels: tf.Tensor) -> Any:
            merged = parse_example(spec, examples).merge_batch_to_components()
            return merged.replace_features(context={**merged.context.features, self.labels.feature: labels})

        dataset = dataset.batch(batch_size).map(graphs, num_parallel_calls=tf.data.AUTOTUNE)
        return dataset if self.numbered is None else self._with_numbers(dataset, batch_size)

    def _with_numbers(self, dataset: tf.data.Dataset, batch_size: int) -> tf.data.Dataset:
        starts = {}
        for name, table in self.tables.node_sets.items():
            sizes = np.bincount(_graph_of(table), minlength=self.labels.items.count)
            starts[name] = (np.cumsum(sizes) - sizes)[self.rows]
        batches = tf.data.Dataset.from_tensor_slices(starts).batch(batch_size)

        @tf.autograph.experimental.do_not_convert
        def numbered(graph: Any, first: Any) -> Any:
            features = {}
            for name, piece in graph.node_sets.items():
                sizes = tf.cast(piece.sizes, tf.int64)
                shift = first[name] - tf.cumsum(sizes, exclusive=True)
                rows = tf.repeat(shift, sizes) + tf.range(tf.reduce_sum(sizes))
                features[name] = {**piece.features, self.numbered: rows}
            return graph.replace_features(node_sets=features)

        return tf.data.Dataset.zip(dataset, batches).map(numbered)

    def _parsed_spec(self) -> GraphTensorSpec:
        """What is read of the Examples: the features that are inputs."""
        spec = create_graph_spec_from_schema_pb(self.tables.schema)
        wanted = {column for columns in context_columns(self.plan).values() for column in columns}
        dropped: set[FeatureKey] = {("context", "", n) for n in spec.context_spec.features_spec if n not in wanted}
        for kind, key, sets in (
            ("nodes", "node_sets", spec.node_sets_spec),
            ("edges", "edge_sets", spec.edge_sets_spec),
        ):
            for name, piece in sets.items():
                read = self.plan.columns(key, name)  # type: ignore[arg-type]
                dropped |= {(kind, name, feature) for feature in piece.features_spec if feature not in read}
        return without_features(spec, frozenset(dropped))
