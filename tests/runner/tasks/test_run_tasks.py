"""A run with one task of each family; padding changes no loss and no metric of it."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

import gnnkit
from gnnkit import runner
from gnnkit.models import contrastive_losses
from gnnkit.samplers import (
    EdgeTable,
    GraphStore,
    GraphTables,
    LinkSeeds,
    Negatives,
    NodeTable,
    compile_plan,
    dataset,
    graph_tensor_spec,
)
from gnnkit.schemas import SamplingSpec


def model_fn(spec):
    inputs = gnnkit.keras.Input(spec)
    x = inputs.node_sets["paper"]["x"]
    sent = gnnkit.broadcast_node_to_edges(inputs, "cites", gnnkit.SOURCE, feature_value=x)
    pooled = gnnkit.pool_edges_to_node(inputs, "cites", gnnkit.TARGET, "sum", feature_value=sent)
    state = keras.layers.Dense(6, "tanh")(keras.layers.Concatenate()([x, pooled]))
    return gnnkit.keras.Model(inputs, inputs.replace_features(node_sets={"paper": {"hidden_state": state}}))


def run(folder, task, gtspec, provider, *, padded=False, **kwargs):
    keras.utils.set_random_seed(1)
    result = runner.run(
        **{
            "train_ds_provider": provider,
            "model_fn": model_fn,
            "optimizer_fn": lambda: keras.optimizers.Adam(0.05),
            "trainer": runner.KerasTrainer(
                model_dir=str(folder),
                verbose=0,
                summarize_every_n_steps="never",
                backup_and_restore=False,
                checkpoint_every_n_steps="never",
            ),
            "task": task,
            "gtspec": gtspec,
            "global_batch_size": 8,
            "model_exporters": [],
            "train_padding": runner.TightPadding(gtspec, provider, {"paper": 1}) if padded else None,
            **kwargs,
        }
    )
    return result, result.trained_model.history.history


def labels_of_edges(graph):
    weight = graph.edge_sets["cites"]["weight"]
    label = keras.ops.cast(weight[:, 0] > 1.0, "int32")
    return graph.replace_features(context={}, edge_sets={"cites": {"weight": weight, "label": label}})


TASKS = {
    "graph": lambda: runner.GraphMeanSquaredLogScaledError("paper", label_fn=to_float),
    "edge": lambda: runner.EdgeBinaryClassification(
        "cites", edge_state_name="weight", label_feature_name="label", class_weights=[1.0, 2.0]
    ),
    "contrastive": lambda: contrastive_losses.VicRegTask(
        "paper", corruptor=contrastive_losses.Corruptor(corruption_fn=halve, default=0)
    ),
    # Features are shuffled among real items, with the same draws; the summary is of real components.
    "shuffled": lambda: contrastive_losses.DeepGraphInfomaxTask("paper", seed=1),
}


def to_float(graph):
    graph, label = runner.ContextLabelFn("label")(graph)
    return graph, keras.ops.cast(label, "float32")


def halve(value, parameter):
    return value / 2 if value.dtype == tf.float32 or value.dtype == "float32" else value


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "name", ["edge", *(pytest.param(name, marks=SLOW) for name in ("graph", "contrastive", "shuffled"))]
)
def test_padding_changes_nothing(tmp_path, gtspec, examples, name):
    provider = runner.PassthruDatasetProvider(tf.data.Dataset.from_tensor_slices(examples[:8]))
    processors = [lambda graph: graph.remove_features(node_sets={"paper": ["label"]})]
    if name == "edge":
        processors.append(labels_of_edges)
    histories = [
        run(tmp_path / str(padded), TASKS[name](), gtspec, provider, padded=padded, feature_processors=processors)[1]
        for padded in (False, True)
    ]
    assert histories[0].keys() == histories[1].keys()
    # One batch: of several, Keras weighs the losses by components, and, with padding, runs weigh them by rows.
    for key, value in histories[0].items():
        np.testing.assert_allclose(histories[1][key], value, rtol=1e-4, err_msg=key)


@pytest.fixture(scope="module")
def store():
    """60 papers in two groups; those of one group cite each other."""
    rng = np.random.default_rng(0)
    group = np.arange(60) % 2
    source = rng.integers(60, size=400)
    target = (rng.integers(30, size=400) * 2 + group[source]) % 60
    x = (rng.normal(size=[60, 3]) + 2 * group[:, None]).astype("float32")
    tables = GraphTables(
        node_sets={"paper": NodeTable(num_nodes=60, features={"x": x})},
        edge_sets={"cites": EdgeTable(source_set="paper", target_set="paper", source=source, target=target)},
    )
    return GraphStore.from_tables(tables)


SPEC = """
  symmetric_link_seed_op { op_name: "seed" }
  sampling_ops { op_name: "hop" input_op_names: "seed" edge_set_name: "cites" sample_size: 4 strategy: RANDOM_UNIFORM }
"""


class Links(runner.DatasetProvider):
    """Edges of the graph, each followed by pairs that are none."""

    def __init__(self, store, rows):
        self.store = store
        self.plan = compile_plan(store, text_format.Parse(SPEC, SamplingSpec()), link="cites")
        self.links = LinkSeeds.from_edge_set(store, "cites", rows)
        self.negatives = Negatives(count=3)

    def spec(self):
        return graph_tensor_spec(self.store, self.plan, self.links, negatives=self.negatives)

    def get_batched_dataset(self, context, batch_size):
        return dataset(self.store, self.plan, self.links, batch_size=batch_size, negatives=self.negatives)

    def get_dataset(self, context):
        return dataset(self.store, self.plan, self.links, negatives=self.negatives)


@pytest.mark.parametrize(
    "make",
    [pytest.param(c, marks=SLOW) for c in (runner.DotProductLinkPrediction, runner.HadamardProductLinkPrediction)],
)
def test_link_prediction(tmp_path, store, make):
    provider, test = Links(store, range(200)), Links(store, range(200, 240))
    task = make(num_candidates=4, hits_at=[1, 3])
    result, history = run(tmp_path, task, provider.spec(), provider, global_batch_size=80, epochs=4)
    assert {"binary_accuracy", "auc_roc", "mrr", "hits_at_1", "hits_at_3"} <= set(history)
    metrics = runner.evaluate(result, test, global_batch_size=80)
    guess = np.mean(1 / np.arange(1, 5))
    assert metrics["mrr"] > guess + 0.1 and metrics["hits_at_3"] > metrics["hits_at_1"] > 0.25
    # The same figures from predictions, whatever their order.
    batches = list(test.get_batched_dataset(None, 80))
    scores, labels = [], []
    for graph in batches:
        graph, label = result.preprocess_model(graph)
        scores.append(np.asarray(result.trained_model(graph))[:, 0])
        labels.append(np.asarray(label))
    scores, labels = np.concatenate(scores), np.concatenate(labels)
    order = np.random.default_rng(2).permutation(len(labels))
    queries = np.repeat(np.arange(40), 4)
    again = gnnkit.keras.metrics.evaluate_ranking(labels[order], scores[order], queries[order], hits_at=[1, 3])
    for key in ("mrr", "hits_at_1", "hits_at_3"):
        assert again[key] == pytest.approx(metrics[key], abs=1e-5)
