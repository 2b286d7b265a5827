"""The networks of a config: which sets they update, from which end, with which weights."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit import SOURCE, TARGET
from gnnkit.runner._errors import RunError
from gnnkit.runner.config import loads
from gnnkit.runner.pipeline import SilentReporter
from gnnkit.runner.pipeline._encode import make_encoder
from gnnkit.runner.pipeline._network import Flow, Network, information_flow, receiver_tag, trims
from gnnkit.runner.pipeline._prepare import prepare

CONFIG = """
model_dir: out
data: {dataset: academic, args: {num_papers: 60, num_authors: 40, num_institutions: 12, num_fields: 12, feature_dim: 4}}
task: {type: node_classification, node_set: paper, label: label}
split: {feature: split}
sampling: {sizes: [3, 2]}
features:
  node_sets:
    paper: {embedding: vector, title: {type: text_hash, buckets: 8, dim: 4}}
    institution: {country: {type: category, dim: 3}}
  edge_sets: {written_by: {position: number}}
model: {type: vanilla_mpnn, units: 5, message_dim: 6, num_layers: 2}
"""


def network_of(*overrides):
    """A config, its network's model, and one batch of encoded graphs."""
    config = loads(CONFIG, overrides)
    data = prepare(config, SilentReporter())
    provider = data.providers["train"]
    encoder = make_encoder(data.plan, provider.gtspec.relax(num_components=True, num_nodes=True, num_edges=True))
    graph = encoder(next(iter(provider.get_batched_dataset(tf.distribute.InputContext(), 8))))
    model = Network(config, data.plan).model_fn(encoder.output.spec)
    return config, model, graph


def fit_one_step(model, graph):
    """One step of training on the sum of the papers' states; warnings are errors, gradients must all be there."""
    with warnings.catch_warnings(), tf.GradientTape() as tape:
        warnings.simplefilter("error")
        states = model(graph, training=True).node_sets["paper"]["hidden_state"]
        loss = tf.reduce_sum(tf.square(states - 1.0))
    variables = model.trainable_variables
    gradients = tape.gradient(loss, [v.value for v in variables])
    assert [v.path for v, g in zip(variables, gradients, strict=True) if g is None] == []
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Keras warns of variables without gradients.
        keras.optimizers.Adam().apply(gradients, variables)


@pytest.mark.parametrize("overrides", [[], ["runtime.trim_to_roots=false"], ["sampling=none"]])
def test_models_of_sampled_graphs_are_trimmed(overrides):
    config = loads(CONFIG, overrides)
    assert trims(config) == (overrides == [])


@pytest.mark.slow
def test_the_whole_network_is_trimmed():
    _, model, graph = network_of()
    told = gnnkit.keras.explain_trimming(model, node_set_name="paper")
    assert set(told.values()) == {"trimmed"} and len(told) == len(model.layers) - len(model.inputs)
    trimmed = gnnkit.keras.trim_to_roots(model, node_set_name="paper")
    want, got = (gnnkit.gather_first_node(m(graph), "paper", feature_name="hidden_state") for m in (model, trimmed))
    np.testing.assert_allclose(got, want, 1e-5, 1e-6)
    assert trimmed(graph).node_sets["paper"].total_size == len(want) < graph.node_sets["paper"].total_size


def test_receiver_tags():
    assert receiver_tag(loads(CONFIG)) == SOURCE
    assert receiver_tag(loads(CONFIG, ["sampling=none"])) == TARGET
    assert receiver_tag(loads(CONFIG, ["model.receiver_tag=target"])) == TARGET


def test_only_what_reaches_the_readout_has_a_state():
    _, _, graph = network_of()
    flow = information_flow(graph.spec, SOURCE, "paper", 3)
    # Institutions and fields receive nothing at the source of edges: they stay as they are.
    assert flow.rounds == [["author", "paper"], ["author", "paper"], ["paper"]]
    assert flow.node_sets == {"paper", "author", "institution", "field"}
    assert flow.edge_sets == {"affiliated_with", "cites", "has_topic", "writes", "written_by"}
    flow = information_flow(graph.spec, SOURCE, "paper", 1)
    assert flow == Flow(
        rounds=[["paper"]], node_sets={"paper", "author", "field"}, edge_sets={"cites", "has_topic", "written_by"}
    )
    flow = information_flow(graph.spec, SOURCE, "institution", 2)
    assert flow == Flow(rounds=[], node_sets={"institution"}, edge_sets=set())
    # At the target, institutions hear of authors, and those of papers.
    flow = information_flow(graph.spec, TARGET, "institution", 3)
    assert flow.rounds == [["author", "institution", "paper"], ["author", "institution"], ["institution"]]
    assert flow.edge_sets == {"affiliated_with", "written_by", "cites", "writes"}


def test_deaf_sets_are_noted():
    config = loads(CONFIG, ["sampling=none"])
    data = prepare(config, SilentReporter())
    assert Network(config, data.plan).notes(data.providers["train"].gtspec) == [
        "features.node_sets.institution is not used: with messages to the target of edges (model.receiver_tag) and 2 "
        "layers, nothing of it comes to 'paper'."
    ]
    config = loads(CONFIG)
    data = prepare(config, SilentReporter())
    assert Network(config, data.plan).notes(data.providers["train"].gtspec) == []


@pytest.mark.parametrize(
    "overrides",
    [
        [],
        ["model.num_layers=3", "model.reduce_type=mean|max", "model.use_layer_normalization=true"],
        ["sampling=none"],
        ["model=gat_v2"],
        *(
            pytest.param(overrides, marks=pytest.mark.slow)
            for overrides in (
                ["model.num_layers=1"],
                ["features.edge_sets={}"],
                ["features.node_sets={paper: {embedding: vector}}"],
                ["features={}"],
                ["sampling={hops: [{edge_set: written_by, size: 2}]}", "model.num_layers=1"],
                ["sampling=none", "model.receiver_tag=source"],
                *([f"model={name}"] for name in ("gat", "graph_sage", "hgt", "mt_albis", "multi_head_attention")),
                *([f"model={name}"] for name in ("rgcn", "transformer_conv")),
                [
                    "model={type: mt_albis, attention_type: multi_head, next_state_type: residual, "
                    "edge_set_combine_type: sum}"
                ],
                ["model={type: graph_sage, use_pooling: false, combine_type: sum, units: 6}"],
                ["model={class: gnnkit.models.mt_albis.MtAlbisGraphUpdate, units: 6, args: {message_dim: 4}}"],
            )
        ),
    ],
    ids=lambda overrides: " ".join(overrides)[:50] or "as is",
)
def test_every_weight_has_a_gradient(overrides):
    config, model, graph = network_of(*overrides)
    fit_one_step(model, graph)
    states = model(graph).node_sets["paper"]["hidden_state"]
    assert states.shape == (graph.node_sets["paper"].total_size, config.model.width)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "model={class: no.such.module.Update}",
            "model.class: 'no.such.module.Update' cannot be imported .ModuleNotFound",
        ),
        ("model={class: gnnkit.models.NoUpdate}", "'gnnkit.models.NoUpdate' cannot be imported .AttributeError"),
        ("model={class: gnnkit.models.mt_albis.MtAlbisGraphUpdate}", r"MtAlbisGraphUpdate\(.*\) failed: TypeError"),
    ],
)
def test_wrong_classes_of_the_user(override, message):
    with pytest.raises(RunError, match=message):
        network_of(override)


def test_a_node_set_that_is_never_reached_is_not_in_the_graph():
    config, model, graph = network_of("sampling={hops: [{edge_set: cites, size: 2}]}", "model.num_layers=1")
    assert set(graph.node_sets) == {"paper", "_readout"}
    fit_one_step(model, graph)


def test_edge_features_change_the_result():
    _, model, graph = network_of("model.dropout_rate=0")
    before = np.asarray(model(graph).node_sets["paper"]["hidden_state"])
    position = graph.edge_sets["written_by"]["position"]
    changed = graph.replace_features(edge_sets={"written_by": {"position": position + 1.0}})
    assert np.abs(np.asarray(model(changed).node_sets["paper"]["hidden_state"]) - before).max() > 1e-4


def test_messages_come_to_the_root():
    _, model, graph = network_of("model.dropout_rate=0", "model.receiver_tag=source", "features.edge_sets={}")
    # The roots are the first nodes of their components; what they cite is heard, two hops deep.
    cites = graph.edge_sets["cites"].adjacency
    root, cited = int(cites.source[0]), int(cites.target[0])
    x = graph.node_sets["paper"]["embedding"].numpy()
    x[cited] += 10.0
    changed = graph.replace_features(
        node_sets={"paper": {**graph.node_sets["paper"].features, "embedding": tf.constant(x)}}
    )
    before, after = (np.asarray(model(g).node_sets["paper"]["hidden_state"])[root] for g in (graph, changed))
    assert np.abs(before - after).max() > 1e-4


HOMOGENEOUS = """
model_dir: out
data: {schema: schema.pbtxt}
task: {type: node_classification, node_set: a, label: label}
split: random
sampling: none
features: {node_sets: {a: {x: number, y: number}}}
model: {type: gcn, units: 4, num_layers: 2, l2_regularization: 0.5}
"""


@pytest.mark.parametrize("sampling", ["none", "{sizes: [2, 2]}"])
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_gcn(tmp_path, layers, sampling):
    (tmp_path / "schema.pbtxt").write_text("""
        node_sets { key: "a" value { metadata { filename: "a.csv" }
          features { key: "label" value { dtype: DT_INT64 } }
          features { key: "x" value { dtype: DT_FLOAT } } features { key: "y" value { dtype: DT_FLOAT } } } }
        edge_sets { key: "e" value { source: "a" target: "a" metadata { filename: "e.csv" } } }""")
    (tmp_path / "a.csv").write_text("id,label,x,y\n" + "".join(f"n{i},{i % 2},{i % 2},{i}\n" for i in range(20)))
    (tmp_path / "e.csv").write_text("source,target\n" + "".join(f"n{i},n{(i * 3 + 2) % 20}\n" for i in range(20)))
    config = loads(HOMOGENEOUS, [f"model.num_layers={layers}", f"sampling={sampling}"], file=str(tmp_path / "c.yaml"))
    data = prepare(config, SilentReporter())
    provider = data.providers["train"]
    encoder = make_encoder(data.plan, provider.gtspec.relax(num_components=True, num_nodes=True, num_edges=True))
    graph = encoder(next(iter(provider.get_batched_dataset(tf.distribute.InputContext(), 4))))
    model = Network(config, data.plan).model_fn(encoder.output.spec)
    state = model(graph).node_sets["a"]["hidden_state"]
    # The last convolution propagates; its weights are the head's.
    assert state.shape[1] == (2 if layers == 1 else 4)
    assert len(model.trainable_variables) == 2 * (layers - 1)
    # Only the first convolution is regularised, by half the squares.
    if layers > 1:
        np.testing.assert_allclose(
            sum(model.losses), 0.25 * np.square(model.trainable_variables[0].numpy()).sum(), rtol=1e-5
        )
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(model(graph, training=True).node_sets["a"]["hidden_state"])
        gradients = tape.gradient(loss, [v.value for v in model.trainable_variables])
        assert all(g is not None for g in gradients)
    else:
        assert not model.losses
