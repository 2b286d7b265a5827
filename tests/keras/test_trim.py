"""Trimming: the same outputs and gradients as without, on any graph, and less work."""

import re

import keras
import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.keras import explain_trimming, layers, trim_to_roots
from gnnkit.models.appnp import APPNPHomGraphUpdate
from gnnkit.models.gcn import GCNHomGraphUpdate
from gnnkit.models.vanilla_mpnn import VanillaMPNNGraphUpdate
from gnnkit.testing import random_graph

# Of all graph updates in the list of all layers, those that may read any row.
READ_ALL = {
    "GraphUpdate": "updates the context",
    "Corruptor": "does not say which rows it reads",
    "AddReadoutFromFirstNode": "does not say which rows it reads",
    "MtAlbis_all_arguments": "BatchNormalization .* is computed over all rows",
}
ROW_BY_ROW = {"MapFeatures", "MapFeatures_shared"}
HOMOGENEOUS = {"node_sets": {"paper": 4}, "edge_sets": {"cites": ("paper", "paper", 0)}}
SETS = {
    "node_sets": {"author": 4, "paper": 4},
    "edge_sets": {
        "cites": ("paper", "paper", 4),
        "reads": ("author", "paper", 4),
        "knows": ("author", "author", 4),
    },
}


def relaxed(graph):
    return graph.spec.relax(num_components=True, num_nodes=True, num_edges=True)


def with_readout(graph, seed=0):
    """Some roots in two node sets of each component: several, the same one twice, or none."""
    rng = np.random.default_rng(seed)
    sizes = {name: graph.node_sets[name].sizes.numpy() for name in ("author", "paper")}
    picked = {name: [rng.integers(n, size=rng.integers(3)) if n else [] for n in s] for name, s in sizes.items()}
    counts = {name: np.array([len(p) for p in parts]) for name, parts in picked.items()}
    total, position = sum(counts.values()), 0
    targets = {name: [] for name in picked}
    for c in range(len(total)):
        for name in picked:
            targets[name] += range(position, position + counts[name][c])
            position += counts[name][c]
    edges = {}
    for name, parts in picked.items():
        starts = np.cumsum(sizes[name]) - sizes[name]
        sources = np.concatenate([start + np.asarray(p, int) for start, p in zip(starts, parts, strict=True)])
        ends = (name, tf.constant(sources, tf.int32)), ("_readout", tf.constant(targets[name], tf.int32))
        edges[f"_readout/seed/{name}"] = gnnkit.EdgeSet.from_fields(
            sizes=tf.constant(counts[name], tf.int32), adjacency=gnnkit.Adjacency.from_indices(*ends)
        )
    readout = gnnkit.NodeSet.from_fields(sizes=tf.constant(total, tf.int32))
    node_sets, edge_sets = {**graph.node_sets, "_readout": readout}, {**graph.edge_sets, **edges}
    return gnnkit.GraphTensor.from_pieces(graph.context, node_sets, edge_sets)


def outputs_and_gradients(model, graph):
    with tf.GradientTape() as tape:
        outputs = model(graph)
        loss = tf.reduce_sum(outputs**2)
    weights = [w.value for w in model.trainable_variables]
    return outputs, [g for g in tape.gradient(loss, weights, unconnected_gradients="zero")]


def assert_same(model, trimmed, graph):
    (output, gradients), (got, got_gradients) = (outputs_and_gradients(m, graph) for m in (model, trimmed))
    np.testing.assert_allclose(got, output, 1e-5, 1e-6)
    scale = max([1.0, *(np.abs(g).max(initial=0) for g in gradients)])
    for g, want, weight in zip(got_gradients, gradients, model.trainable_variables, strict=True):
        np.testing.assert_allclose(g, want, 1e-4, 1e-5 * scale, err_msg=weight.path)


def two_updates(case):
    """Two layers of a case, or one that is called twice where its name is given."""
    graph = case.graph()
    inputs = gnnkit.keras.Input(relaxed(graph))
    first, second = case.make(), case.make()
    hidden = first(inputs, **case.call_kwargs)
    if not isinstance(hidden, gnnkit.GraphTensor) or case.name == "AddReadoutFromFirstNode":
        pytest.skip("no graph update")
    try:
        hidden = (second if second.name != first.name else first)(hidden)
    except ValueError:
        pass  # It takes no states of the widths that it makes.
    root = layers.ReadoutFirstNode(node_set_name="paper" if "paper" in graph.node_sets else "a")(hidden)
    return gnnkit.keras.Model(inputs, keras.layers.Dense(3)(root))


@pytest.mark.slow
def test_all_graph_updates(case):
    model = two_updates(case)
    trimmed, told = trim_to_roots(model), explain_trimming(model)
    if case.name in READ_ALL:
        assert trimmed is model
        assert len(told) == 1
        assert re.search(READ_ALL[case.name], *told.values())
        return
    assert set(told.values()) == {"trimmed"}
    assert (trimmed is model) == (case.name in ROW_BY_ROW)
    for seed in (3, 4):
        assert_same(model, trimmed, case.graph(seed))


def dense(units=4, activation="tanh"):
    return keras.layers.Dense(units, activation, bias_initializer="random_normal")


def conv(tag, **kwargs):
    return layers.SimpleConv(dense(), "mean|max_no_inf", receiver_tag=tag, **kwargs)


def next_state(**kwargs):
    return layers.NextStateFromConcat(keras.Sequential([dense(), keras.layers.LayerNormalization()]), **kwargs)


def mixed_updates(graph):
    """Edges that are updated, read in both directions and by several layers; updates of some node sets only."""
    update = layers.GraphUpdate(
        edge_sets={"cites": layers.EdgeSetUpdate(next_state()), "knows": layers.EdgeSetUpdate(next_state())},
        node_sets={
            "paper": layers.NodeSetUpdate(
                {"cites": conv(gnnkit.SOURCE, sender_edge_feature="hidden_state"), "reads": conv(gnnkit.TARGET)},
                next_state(),
                context_input_feature="hidden_state",
            ),
            "author": layers.NodeSetUpdate({"reads": conv(gnnkit.SOURCE)}, next_state()),
        },
    )
    graph = update(graph)
    mapped = layers.MapFeatures(node_sets_fn=lambda node_set, node_set_name: dense()(node_set["hidden_state"]))
    graph = mapped(graph)
    return VanillaMPNNGraphUpdate(
        units=4, message_dim=4, receiver_tag=gnnkit.SOURCE, node_set_names=["paper"], edge_feature="hidden_state"
    )(graph)


@pytest.mark.parametrize("readout", [pytest.param("first", marks=pytest.mark.slow), "structured"])
def test_random_graphs(readout):
    def make_graph(seed):
        least = 1 if readout == "first" else 0
        graph = random_graph(seed, num_components=4, min_nodes=least, max_nodes=9, max_edges=12, **SETS)
        return graph if readout == "first" else with_readout(graph, seed)

    inputs = gnnkit.keras.Input(relaxed(make_graph(0)))
    hidden = mixed_updates(inputs)
    if readout == "first":
        roots = layers.ReadoutFirstNode(node_set_name="paper")(hidden)
    else:
        roots = layers.StructuredReadout("seed")(hidden)
    model = gnnkit.keras.Model(inputs, roots)
    trimmed = trim_to_roots(model)
    assert list(explain_trimming(model).values()) == ["trimmed"] * 3

    @tf.function(input_signature=[relaxed(make_graph(0))], autograph=False)
    def both(graph):
        return outputs_and_gradients(model, graph), outputs_and_gradients(trimmed, graph)

    for seed in range(20):
        (output, gradients), (got, got_gradients) = both(make_graph(seed))
        np.testing.assert_allclose(got, output, 1e-4, 1e-5)
        for g, want in zip(got_gradients, gradients, strict=True):
            np.testing.assert_allclose(g, want, 1e-3, 1e-4)


@pytest.mark.parametrize("normalization", ["none", "in_out", "in_in", "appnp"])
def test_degrees_are_those_of_the_whole_graph(normalization):
    graphs = [random_graph(seed, max_nodes=12, max_edges=16, min_nodes=1, **HOMOGENEOUS) for seed in range(5)]
    inputs = hidden = gnnkit.keras.Input(relaxed(graphs[0]))
    for name in ("one", "two"):
        if normalization == "appnp":
            update = APPNPHomGraphUpdate(num_steps=2, receiver_tag=gnnkit.SOURCE, name=name)
        else:
            update = GCNHomGraphUpdate(
                units=3,
                receiver_tag=gnnkit.SOURCE,
                degree_normalization=normalization,
                add_self_loops=True,
                name=name,
            )
        hidden = update(hidden)
    readout = layers.ReadoutFirstNode(node_set_name="paper")(hidden)
    model = gnnkit.keras.Model(inputs, keras.layers.Dense(2)(readout))
    trimmed = trim_to_roots(model)
    assert trimmed is not model
    for graph in graphs:
        assert_same(model, trimmed, graph)


class CountsRows(keras.layers.Layer):
    """How many rows it got when it was last called eagerly."""

    is_local = True

    def call(self, x):
        self.rows = x.shape[0]
        return x


def path(length=6, components=2):
    """Each node cites the next one; messages come to the source."""
    source = np.arange(length * components).reshape(components, length)
    nodes = gnnkit.NodeSet.from_fields(
        sizes=[length] * components, features={"hidden_state": tf.random.normal([source.size, 4])}
    )
    ends = [("paper", tf.constant(e.flatten(), tf.int32)) for e in (source[:, :-1], source[:, 1:])]
    edges = gnnkit.EdgeSet.from_fields(sizes=[length - 1] * components, adjacency=gnnkit.Adjacency.from_indices(*ends))
    return gnnkit.GraphTensor.from_pieces(node_sets={"paper": nodes}, edge_sets={"cites": edges})


def counting_model(graph, updates=2, make_update=None, **kwargs):
    """The layers that count: rows of the first states, of messages and of next states of each update."""
    counts = [CountsRows() for _ in range(1 + 2 * updates)]

    def node_sets_fn(node_set, *, node_set_name):
        return counts[0](dense()(node_set["hidden_state"]))

    inputs = gnnkit.keras.Input(relaxed(graph))
    hidden = layers.MapFeatures(node_sets_fn=node_sets_fn)(inputs)
    for i in range(updates):
        message, state = counts[1 + 2 * i : 3 + 2 * i]
        convolution = layers.SimpleConv(keras.Sequential([dense(), message]), receiver_tag=gnnkit.SOURCE)
        update = layers.NodeSetUpdate(
            {"cites": convolution}, layers.NextStateFromConcat(keras.Sequential([dense(), state, *kwargs.values()]))
        )
        hidden = layers.GraphUpdate(node_sets={"paper": update})(hidden)
    roots = layers.ReadoutFirstNode(node_set_name="paper")(hidden)
    return gnnkit.keras.Model(inputs, keras.layers.Dense(2)(roots)), counts


def test_nothing_is_computed_that_no_root_reads():
    graph = path()
    model, counts = counting_model(graph)
    model(graph)
    assert [c.rows for c in counts] == [12, 10, 12, 10, 12]
    trim_to_roots(model)(graph)
    # Of 2 components: 3 nodes in reach; edges of 2 receivers; 2 states; 1 edge and 1 state for the root.
    assert [c.rows for c in counts] == [6, 4, 4, 2, 2]


def test_a_layer_over_all_rows_keeps_what_is_before_it():
    graph = path()
    model, counts = counting_model(graph, norm=keras.layers.BatchNormalization())
    told = explain_trimming(model)
    assert trim_to_roots(model) is model
    assert "BatchNormalization 'batch_normalization" in str(told) and "is computed over all rows" in str(told)

    # It reads all rows of its input, but what comes after it is trimmed.
    inputs = gnnkit.keras.Input(relaxed(graph))
    hidden = layers.MapFeatures(
        node_sets_fn=lambda node_set, node_set_name: keras.layers.BatchNormalization()(node_set["hidden_state"])
    )(inputs)
    hidden = VanillaMPNNGraphUpdate(units=4, message_dim=4, receiver_tag=gnnkit.SOURCE)(hidden)
    model = gnnkit.keras.Model(inputs, layers.ReadoutFirstNode(node_set_name="paper")(hidden))
    trimmed = trim_to_roots(model)
    assert [told == "trimmed" for told in explain_trimming(model).values()] == [True, False]
    tf.debugging.assert_near(trimmed(graph, training=True), model(graph, training=True), 1e-5, 1e-5)


def test_layers_of_the_user_take_part_if_they_say_so():
    class Mean(layers.AnyToAnyConvolutionBase):
        def convolve(self, *, sender_node_input, broadcast_from_sender_node, pool_to_receiver, **kwargs):
            return pool_to_receiver(broadcast_from_sender_node(sender_node_input), reduce_type="mean")

    class Local(Mean):
        is_local = True

    graph = path()
    for cls in (Mean, Local):
        inputs = gnnkit.keras.Input(relaxed(graph))
        update = layers.NodeSetUpdate({"cites": cls(receiver_tag=gnnkit.SOURCE)}, layers.SingleInputNextState())
        hidden = layers.GraphUpdate(node_sets={"paper": update})(inputs)
        model = gnnkit.keras.Model(inputs, gnnkit.gather_first_node(hidden, "paper", feature_name="hidden_state"))
        trimmed = trim_to_roots(model)
        assert (trimmed is model) == (cls is Mean)
        tf.debugging.assert_near(trimmed(graph), model(graph), 1e-5, 1e-5)
        if cls is Mean:
            assert "does not say is_local = True" in str(explain_trimming(model))


def test_graphs_that_others_read_too_stay():
    graph = path()
    inputs = gnnkit.keras.Input(relaxed(graph))
    updates = [VanillaMPNNGraphUpdate(units=4, message_dim=4, receiver_tag=gnnkit.SOURCE) for _ in range(2)]
    first = updates[0](inputs)
    second = updates[1](first)
    roots = layers.ReadoutFirstNode(node_set_name="paper")(second)
    mean = layers.Pool(gnnkit.CONTEXT, "mean", node_set_name="paper")(first)
    model = gnnkit.keras.Model(inputs, [roots, mean])
    trimmed = trim_to_roots(model)
    told = explain_trimming(model)
    assert told[updates[1].name] == "trimmed" and "also read by Pool" in str(told)
    for got, want in zip(trimmed(graph), model(graph), strict=True):
        tf.debugging.assert_near(got, want, 1e-5, 1e-5)
    # Where not only roots are read of the last graph, nothing can be trimmed.
    all_states = layers.Readout(node_set_name="paper")(second)
    model = gnnkit.keras.Model(inputs, [roots, all_states])
    assert trim_to_roots(model) is model


def test_models_that_return_graphs():
    graph = path()
    inputs = gnnkit.keras.Input(relaxed(graph))
    update = VanillaMPNNGraphUpdate(units=4, message_dim=4, receiver_tag=gnnkit.SOURCE)
    base = gnnkit.keras.Model(inputs, update(inputs))
    assert trim_to_roots(base) is base  # Who knows what is read.
    trimmed = trim_to_roots(base, node_set_name="paper")
    result, whole = trimmed(graph), base(graph)
    assert result.node_sets["paper"].sizes.numpy().tolist() == [1, 1]
    assert result.edge_sets["cites"].sizes.numpy().tolist() == [0, 0]
    np.testing.assert_allclose(
        result.node_sets["paper"]["hidden_state"], tf.gather(whole.node_sets["paper"]["hidden_state"], [0, 6]), 1e-5
    )
    with pytest.raises(ValueError, match="without node set 'author'; it has .'paper'"):
        trim_to_roots(base, node_set_name="author")
    # As part of another model, roots are found from what that one reads.
    head = layers.ReadoutFirstNode(node_set_name="paper")(base(inputs))
    whole_model = gnnkit.keras.Model(inputs, keras.layers.Dense(2)(head))
    trimmed = trim_to_roots(whole_model)
    assert trimmed is not whole_model
    assert_same(whole_model, trimmed, graph)


def test_wrong_models():
    with pytest.raises(TypeError, match="needs a functional model.*but got Dense"):
        trim_to_roots(keras.layers.Dense(1))
    inputs = keras.Input([3])
    model = keras.Model(inputs, keras.layers.Dense(1)(inputs))
    assert trim_to_roots(model) is model


def test_activity_regularizers_read_all_rows():
    graph = path()
    inputs = gnnkit.keras.Input(relaxed(graph))
    message = keras.layers.Dense(4, activity_regularizer="l2")
    update = layers.NodeSetUpdate(
        {"cites": layers.SimpleConv(message, receiver_tag=gnnkit.SOURCE)}, layers.NextStateFromConcat(dense())
    )
    hidden = layers.GraphUpdate(node_sets={"paper": update})(inputs)
    model = gnnkit.keras.Model(inputs, layers.ReadoutFirstNode(node_set_name="paper")(hidden))
    assert trim_to_roots(model) is model
    assert "activity_regularizer" in str(explain_trimming(model))


@pytest.mark.slow
def test_files(tmp_path):
    graph = with_readout(random_graph(1, min_nodes=1, **SETS))
    inputs = gnnkit.keras.Input(relaxed(graph))
    model = gnnkit.keras.Model(inputs, dense()(layers.StructuredReadout("seed")(mixed_updates(inputs))))
    trimmed = trim_to_roots(model)
    want = model(graph)
    trimmed.save(tmp_path / "trimmed.keras")
    loaded = keras.saving.load_model(tmp_path / "trimmed.keras")
    np.testing.assert_allclose(loaded(graph), want, 1e-5, 1e-6)
    # The same layers, hence the same files of weights.
    trimmed.save_weights(tmp_path / "trimmed.weights.h5")
    for weight in model.weights:
        weight.assign(weight + 1.0)
    model.load_weights(tmp_path / "trimmed.weights.h5")
    np.testing.assert_allclose(model(graph), want, 1e-5, 1e-6)


def test_fit_on_padded_graphs():
    graphs = [path(length) for length in (3, 6)]
    constraints = gnnkit.SizeConstraints(3, {"paper": 16}, {"cites": 13}, min_nodes_per_component={"paper": 1})
    spec = relaxed(graphs[0])
    dataset = tf.data.Dataset.from_generator(lambda: iter(graphs), output_signature=spec)
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(len(graphs)))

    def pad(graph):
        padded, mask = gnnkit.pad_to_total_sizes(graph, constraints)
        return padded, tf.ones([3, 2]), tf.cast(mask, tf.float32)

    dataset = dataset.map(pad)
    inputs = gnnkit.keras.Input(dataset.element_spec[0])
    hidden = inputs
    for _ in range(2):
        hidden = VanillaMPNNGraphUpdate(units=4, message_dim=4, receiver_tag=gnnkit.SOURCE)(hidden)
    roots = layers.ReadoutFirstNode(node_set_name="paper")(hidden)
    model = gnnkit.keras.Model(inputs, keras.layers.Dense(2)(roots))
    trimmed = trim_to_roots(model)
    want = [model(x) for x, *_ in dataset]
    for (x, *_), y in zip(dataset, want, strict=True):
        np.testing.assert_allclose(trimmed(x), y, 1e-5, 1e-6)
    trimmed.compile("sgd", "mse")
    losses = trimmed.fit(dataset, epochs=4, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert not trimmed.jit_compile
