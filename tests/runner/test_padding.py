"""Padding changes no loss, no metric and no weight; batches have static sizes then."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit import runner

TOLERANCE = {"rtol": 2e-5, "atol": 1e-6}


def _model_fn(traces=None):
    """Without dropout, whose random numbers depend on the sizes."""

    class Dense(keras.layers.Dense):
        def call(self, x, training=None):
            if traces is not None and not isinstance(x, keras.KerasTensor) and isinstance(training, bool):
                traces.append((training, tuple(x.shape)))
            return super().call(x)

    def model_fn(spec):
        graph = gnnkit.keras.Input(spec)
        x = Dense(8, "tanh")(graph.node_sets["paper"]["x"])
        sent = gnnkit.broadcast_node_to_edges(graph, "cites", gnnkit.SOURCE, feature_value=x)
        pooled = gnnkit.pool_edges_to_node(graph, "cites", gnnkit.TARGET, "sum", feature_value=sent)
        state = keras.layers.Dense(8, "relu")(keras.layers.Concatenate()([x, pooled]))
        return gnnkit.keras.Model(graph, graph.replace_features(node_sets={"paper": {"hidden_state": state}}))

    return model_fn


def _provider(elements):
    return runner.PassthruDatasetProvider(tf.data.Dataset.from_tensor_slices(elements))


@pytest.fixture
def train(tmp_path, gtspec, examples):
    # The last batches of training and validation are not full.
    train_ds, valid_ds = _provider(examples[:22]), _provider(examples[22:32])

    def run(name, padding=None, *, traces=None, processors=(), task=None, **kwargs):
        keras.utils.set_random_seed(3)
        return runner.run(
            **{
                "train_ds_provider": train_ds,
                "valid_ds_provider": valid_ds,
                "model_fn": _model_fn(traces),
                "optimizer_fn": lambda: keras.optimizers.Adam(0.02),
                "trainer": runner.KerasTrainer(
                    model_dir=str(tmp_path / name),
                    verbose=0,
                    summarize_every_n_steps="never",
                    backup_and_restore=False,
                    checkpoint_every_n_steps="never",
                ),
                "task": task
                or runner.RootNodeMulticlassClassification(
                    "paper", num_classes=2, label_fn=runner.RootNodeLabelFn("paper", feature_name="label")
                ),
                "gtspec": gtspec,
                "global_batch_size": 8,
                "feature_processors": [lambda g: g.remove_features(context=["label"]), *processors],
                "model_exporters": [],
                "epochs": 2,
                "train_padding": padding and padding(gtspec, train_ds, {"paper": 1}),
                "valid_padding": padding and padding(gtspec, valid_ds, {"paper": 1}),
                **kwargs,
            }
        )

    return run


def _assert_same(padded, plain, but=()):
    a, b = padded.trained_model.history.history, plain.trained_model.history.history
    assert a.keys() == b.keys() and "val_loss" in a
    for name in set(a) - set(but):
        np.testing.assert_allclose(a[name], b[name], err_msg=name, **TOLERANCE)
    for x, y in zip(padded.trained_model.get_weights(), plain.trained_model.get_weights(), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-3, atol=1e-5)


def test_padding_changes_nothing_and_one_trace_is_enough(train, examples):
    traces = []
    plain, padded = train("plain"), train("padded", runner.TightPadding, traces=traces)
    _assert_same(padded, plain)
    for training in (True, False):
        shapes = [shape for t, shape in traces if t is training]
        # tf.function traces once more where it makes variables, whatever the sizes.
        assert len(shapes) <= 2 and len(set(shapes)) == 1 and None not in shapes[0]
    # Evaluation after training, of batches without padding.
    metrics = [runner.evaluate(r, _provider(examples[22:32]), global_batch_size=8) for r in (plain, padded)]
    for name, value in metrics[0].items():
        np.testing.assert_allclose(metrics[1][name], value, err_msg=name, **TOLERANCE)


def _add_readout(graph):
    graph = gnnkit.add_readout_from_first_node(graph, "seed", node_set_name="paper")
    return gnnkit.structured_readout_into_feature(graph, "seed", feature_name="label", remove_input_feature=True)


@pytest.mark.slow
def test_two_tasks_one_of_them_with_a_readout(train):
    tasks = {
        "root": runner.RootNodeBinaryClassification("paper", label_feature_name="label"),
        "readout": runner.NodeMulticlassClassification(num_classes=2, label_feature_name="label"),
    }
    kwargs = {"task": tasks, "processors": [_add_readout], "loss_weights": {"root": 0.5, "readout": 1.0}}
    _assert_same(train("padded", runner.TightPadding, **kwargs), train("plain", **kwargs))


@pytest.mark.slow
def test_readout_sets_in_the_examples(train, graphs):
    """Fake readout nodes are reached as real ones are, and need not be one a component."""

    def with_readout(graph, count):
        return graph.__class__.from_pieces(
            context=graph.context,
            node_sets={
                **graph.node_sets,
                "_readout": gnnkit.NodeSet.from_fields(
                    sizes=np.array([count], np.int32), features={"y": np.arange(count, dtype=np.int64) % 2}
                ),
            },
            edge_sets={
                **graph.edge_sets,
                "_readout/seed": gnnkit.EdgeSet.from_fields(
                    sizes=np.array([count], np.int32),
                    features={},
                    adjacency=gnnkit.Adjacency.from_indices(
                        ("paper", np.arange(count, dtype=np.int32)), ("_readout", np.arange(count, dtype=np.int32))
                    ),
                ),
            },
        )

    made = [with_readout(graph, 1 + i % 3) for i, graph in enumerate(graphs[:22])]
    spec = made[0].spec.relax(num_nodes=True, num_edges=True)
    provider = _provider([gnnkit.write_example(g).SerializeToString() for g in made])
    task = runner.NodeMulticlassClassification(num_classes=2, label_feature_name="y")
    kwargs = {"train_ds_provider": provider, "valid_ds_provider": provider, "gtspec": spec, "task": task}
    paddings = {
        f"{name}_padding": runner.TightPadding(spec, provider, runner.one_node_per_component(spec))
        for name in ("train", "valid")
    }
    # The mean loss of an epoch counts rows with padding, and components without. The crossentropy is the same.
    _assert_same(train("padded", **kwargs, **paddings), train("plain", **kwargs), but=("loss", "val_loss"))


@pytest.mark.slow
def test_xla(train):
    _assert_same(train("padded", runner.TightPadding, jit_compile=True), train("plain"))


def test_sizes(gtspec, graphs, examples):
    provider = _provider(examples)
    nodes = [int(g.node_sets["paper"].total_size) for g in graphs]
    tight = runner.TightPadding(gtspec, provider)
    sizes = tight.get_size_constraints(4)
    assert sizes.total_num_components == 5 and sizes.total_num_nodes["paper"] == 4 * max(nodes) + 1
    assert tight.get_filter_fn(sizes)(graphs[0]) is True
    fit = runner.FitOrSkipPadding(gtspec, provider, {"paper": 1}, 48, 0.5)
    sizes = fit.get_size_constraints(4)
    assert sizes.total_num_nodes["paper"] < 4 * max(nodes) + 1 and sizes.min_nodes_per_component == {"paper": 1}
    small, large = (graphs[f(nodes)] for f in (np.argmin, np.argmax))
    assert bool(fit.get_filter_fn(sizes)(small))
    tiny = sizes._replace(total_num_nodes={"paper": 2})
    assert not bool(fit.get_filter_fn(tiny)(large))
    assert runner.one_node_per_component(gtspec) == {"paper": 1}


@pytest.mark.slow
def test_batches_that_do_not_fit_are_left_out(train, graphs, examples):
    nodes = [int(g.node_sets["paper"].total_size) for g in graphs[:22]]
    room = sum(nodes[16:]) + 3
    assert room < sum(nodes[:8]) and room < sum(nodes[8:16])

    class Small(runner.GraphTensorPadding):
        def get_size_constraints(self, target_batch_size):
            return gnnkit.SizeConstraints(target_batch_size + 1, {"paper": room}, {"cites": 99}, {"paper": 1})

        def get_filter_fn(self, size_constraints):
            return lambda graph: gnnkit.satisfies_size_constraints(graph, size_constraints)

    result = train("some", train_padding=Small(), valid_padding=None, epochs=1)
    # Only the last batch, of 6 graphs, fits; weights and loss are those of training on it.
    alone = train("alone", train_ds_provider=_provider(examples[16:22]), epochs=1)
    _assert_same(result, alone)
    with pytest.raises(ValueError, match="there was no batch to train on. Were all left out by train_padding"):
        train("none", train_padding=Small(), train_ds_provider=_provider(examples[:16]), epochs=1)


def test_labels_that_belong_to_nothing(train):
    class Odd(runner.Task):
        def preprocess(self, inputs):
            return inputs, inputs.edge_sets["cites"]["weight"]

        def predict(self, *args):
            return keras.layers.Dense(1)(args[0].edge_sets["cites"]["weight"])

        def losses(self):
            return "mse"

        def metrics(self):
            return []

    with pytest.raises(ValueError, match=r"Odd: there are \d+ labels, but 9 components"):
        train("odd", runner.TightPadding, task=Odd())
