"""Whole programs on TF-GNN's sampling API, as its notebooks and guides have them, with the import changed."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

import gnnkit as tfgnn
from gnnkit import runner, samplers
from gnnkit.datasets import academic_graph
from gnnkit.experimental import sampler
from gnnkit.models import mt_albis

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
SIZE = 16


@pytest.fixture(scope="module")
def whole_graph():
    """(schema, graph) of one Example that holds the academic graph."""
    tables = academic_graph(num_papers=1_000, num_authors=800, seed=1)
    made = samplers.to_graph_tensor(
        tables, features={"paper": ["embedding", "label"], "author": ["#id"], "field": ["#id"]}
    )
    schema = tfgnn.create_schema_pb_from_graph_spec(made.spec.relax(num_nodes=True, num_edges=True))
    serialized = tfgnn.write_example(made).SerializeToString()
    spec = tfgnn.create_graph_spec_from_schema_pb(schema, indices_dtype=tf.int64)
    return schema, tfgnn.parse_single_example(spec, serialized)


def _factories(graph):
    def edge_sampler(op):
        return sampler.InMemUniformEdgesSampler.from_graph_tensor(graph, op.edge_set_name, sample_size=op.sample_size)

    def features(node_set_name):
        return sampler.InMemIndexToFeaturesAccessor.from_graph_tensor(graph, node_set_name)

    return edge_sampler, features


class _SampledGraphs:
    """A `runner.DatasetProvider` that samples subgraphs around papers."""

    def __init__(self, model, seeds):
        self._model, self._seeds = model, seeds

    def get_dataset(self, context):
        seeds = tf.data.Dataset.from_tensor_slices(self._seeds).shard(
            context.num_input_pipelines, context.input_pipeline_id
        )
        seeds = seeds.shuffle(len(self._seeds)).batch(64)
        graphs = seeds.map(lambda ids: self._model(tf.RaggedTensor.from_row_lengths(ids, tf.ones_like(ids))))
        return graphs.unbatch()


def test_s1_ogbn_mag_notebook(whole_graph, tmp_path):
    schema, graph = whole_graph
    num_classes = int(graph.node_sets["paper"]["label"].numpy().max()) + 1
    seed = tfgnn.sampler.SamplingSpecBuilder(schema).seed("paper")
    cited = seed.sample(8, "cites")
    authors = cited.join([seed]).sample(4, "written_by")
    written = authors.sample(4, "writes")
    spec = written.join([seed, cited]).sample(4, "has_topic").build()
    edge_sampler, features = _factories(graph)
    model = sampler.create_sampling_model_from_spec(schema, spec, edge_sampler, features, seed_node_dtype=tf.int64)
    provider = _SampledGraphs(model, np.arange(700))
    valid_provider = _SampledGraphs(model, np.arange(700, 1000))
    gtspec = provider.get_dataset(tf.distribute.InputContext()).element_spec
    assert gtspec.indices_dtype == tf.int32 and gtspec.rank == 0

    def hash_ids(node_set, *, node_set_name):
        if node_set_name in ("author", "field"):
            return {"hashed": keras.layers.Hashing(50)(node_set["#id"])}
        return node_set.features

    def read_out(inputs):
        return tfgnn.structured_readout_into_feature(
            tfgnn.add_readout_from_first_node(inputs, "seed", node_set_name="paper"),
            "seed",
            feature_name="label",
            remove_input_feature=True,
        )

    def initial_states(node_set, *, node_set_name):
        if node_set_name == "paper":
            return keras.layers.Dense(SIZE)(node_set["embedding"])
        if node_set_name in ("author", "field"):
            return keras.layers.Embedding(50, SIZE)(node_set["hashed"])
        return node_set.features

    def model_fn(gtspec):
        graph = inputs = tfgnn.keras.Input(gtspec)
        graph = tfgnn.keras.layers.MapFeatures(node_sets_fn=initial_states)(graph)
        for i in range(2):
            graph = mt_albis.MtAlbisGraphUpdate(
                units=SIZE,
                message_dim=SIZE,
                receiver_tag=tfgnn.SOURCE,
                node_set_names=None if i == 0 else ["paper"],
            )(graph)
        return tfgnn.keras.Model(inputs, graph)

    result = runner.run(
        gtspec=gtspec,
        train_ds_provider=provider,
        valid_ds_provider=valid_provider,
        feature_processors=[tfgnn.keras.layers.MapFeatures(node_sets_fn=hash_ids), read_out],
        model_fn=model_fn,
        task=runner.NodeMulticlassClassification("seed", num_classes=num_classes, label_feature_name="label"),
        trainer=runner.KerasTrainer(model_dir=str(tmp_path), verbose=0, summarize_every_n_steps="never"),
        optimizer_fn=lambda: keras.optimizers.Adam(0.02),
        epochs=3,
        global_batch_size=64,
        model_exporters=[],
    )
    history = result.trained_model.history.history
    (accuracy,) = [values[-1] for name, values in history.items() if name == "val_sparse_categorical_accuracy"]
    assert accuracy > 2 / num_classes, history


LINKS = """
node_sets { key: "_readout" value { features { key: "label" value { dtype: DT_INT64 } } } }
edge_sets { key: "_readout/source" value { source: "paper" target: "_readout" } }
edge_sets { key: "_readout/target" value { source: "%s" target: "_readout" } }
"""


@pytest.mark.parametrize(("end", "edge_set"), [("paper", "cites"), ("author", "written_by")])
def test_s11_links(whole_graph, tmp_path, end, edge_set):
    """Links within one node set, as TF-GNN has them, and between two."""
    schema, graph = whole_graph
    link_schema = tfgnn.GraphSchema()
    link_schema.CopyFrom(schema)
    link_schema.MergeFrom(text_format.Parse(LINKS % end, tfgnn.GraphSchema()))
    spec = text_format.Parse(
        """symmetric_link_seed_op { op_name: "seed" }
        sampling_ops { op_name: "cited" input_op_names: "seed" edge_set_name: "cites" sample_size: 4 }
        sampling_ops { op_name: "topics" input_op_names: ["seed", "cited"] edge_set_name: "has_topic" sample_size: 4 }"""
        + (
            """sampling_ops { op_name: "papers" input_op_names: "seed" edge_set_name: "writes" sample_size: 4 }"""
            if end == "author"
            else ""
        ),
        tfgnn.sampler.SamplingSpec(),
    )
    model = sampler.create_link_sampling_model_from_spec(
        link_schema, spec, *_factories(graph), seed_node_dtype=tf.int64
    )
    adjacency = graph.edge_sets[edge_set].adjacency
    source, target = adjacency.source.numpy()[:200], adjacency.target.numpy()[:200]
    rng = np.random.default_rng(1)
    links = {
        "#source": np.concatenate([source, source]),
        "#target": np.concatenate([target, rng.permutation(target)]),
        "label": np.repeat([1, 0], 200),
    }

    class Links:
        def get_dataset(self, context):
            def sample(links):
                return model({name: tf.RaggedTensor.from_tensor(value[:, tf.newaxis]) for name, value in links.items()})

            dataset = tf.data.Dataset.from_tensor_slices(links).shuffle(400, seed=1)
            return dataset.batch(50).map(sample).unbatch()

    gtspec = Links().get_dataset(tf.distribute.InputContext()).element_spec
    sampled = next(iter(Links().get_dataset(tf.distribute.InputContext())))
    assert sampled.node_sets["_readout"].sizes.numpy().tolist() == [1]
    for tag, name in (("source", "paper"), ("target", end)):
        place = int(sampled.edge_sets[f"_readout/{tag}"].adjacency.source[0])
        assert place == int(tag == "target" and end == "paper")
        key = "embedding" if name == "paper" else "#id"
        seed = int(sampled.node_sets["_readout"][f"#{tag}"][0])
        want = graph.node_sets[name][key][seed]
        np.testing.assert_array_equal(sampled.node_sets[name][key][place], want)

    def initial_states(node_set, *, node_set_name):
        if node_set_name == "paper":
            return keras.layers.Dense(SIZE)(node_set["embedding"])
        if node_set_name in ("author", "field"):
            return keras.layers.Embedding(50, SIZE)(keras.layers.Hashing(50)(node_set["#id"]))
        return {name: value for name, value in node_set.features.items() if name == "label"}

    def model_fn(gtspec):
        graph = inputs = tfgnn.keras.Input(gtspec)
        graph = tfgnn.keras.layers.MapFeatures(node_sets_fn=initial_states)(graph)
        return tfgnn.keras.Model(
            inputs, mt_albis.MtAlbisGraphUpdate(units=SIZE, message_dim=SIZE, receiver_tag=tfgnn.SOURCE)(graph)
        )

    result = runner.run(
        gtspec=gtspec,
        train_ds_provider=Links(),
        model_fn=model_fn,
        task=runner.DotProductLinkPrediction(),
        trainer=runner.KerasTrainer(model_dir=str(tmp_path), verbose=0, summarize_every_n_steps="never"),
        optimizer_fn=lambda: keras.optimizers.Adam(0.01),
        epochs=2,
        global_batch_size=50,
        model_exporters=[],
    )
    losses = result.trained_model.history.history["loss"]
    assert losses[1] < losses[0]
