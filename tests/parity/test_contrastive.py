"""Contrastive losses against tensorflow-gnn."""

import importlib
import inspect
import itertools
import types
import warnings

import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.models import contrastive_losses as ours
from gnnkit.testing import random_graph

METRICS = ["self_clustering", "pseudo_condition_number", "numerical_rank", "rankme", "coherence"]


@pytest.fixture(scope="module")
def theirs(tfgnn) -> types.ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("tensorflow_gnn.models.contrastive_losses")


@pytest.fixture(scope="module")
def their_losses(theirs) -> types.ModuleType:
    return importlib.import_module("tensorflow_gnn.models.contrastive_losses.losses")


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def row(*values):
    return np.array(values, "float32")


def value_and_gradients(function, *inputs):
    inputs = [tf.constant(x) for x in inputs]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        value = function(*inputs)
    return [value, *tape.gradient(value, inputs)]


def assert_close(got, want):
    for g, w in zip(got, want, strict=True):
        scale = max(1.0, float(np.max(np.abs(w), initial=0)))
        np.testing.assert_allclose(np.asarray(g) / scale, np.asarray(w) / scale, 1e-5, 1e-6)


def test_names_and_arguments(theirs):
    for name in dir(theirs):
        if name.startswith("_") or name.endswith("Task"):
            continue
        have, wanted = (inspect.signature(getattr(module, name)).parameters for module in (ours, theirs))
        for parameter in wanted.values():
            if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD) and name != "CorruptionSpec":
                assert have[parameter.name].default == parameter.default, name
                assert have[parameter.name].kind == parameter.kind, name
    fields = ["node_set_corruption", "edge_set_corruption", "context_corruption"]
    assert list(inspect.signature(ours.CorruptionSpec).parameters) == fields
    assert list(inspect.signature(theirs.CorruptionSpec).parameters) == fields


VIEWS = {
    "normal": (normal(6, 4), normal(6, 4) + 0.3 * normal(6, 4, seed=1)),
    "unrelated": (normal(300, 33), normal(300, 33, seed=1)),
    "constant columns": (normal(5, 4) * row(1, 1, 0, 0) + row(0, 0, 0, 3), normal(5, 4, seed=1)),
    "zeros": (np.zeros([5, 3], "float32"), np.zeros([5, 3], "float32")),
    "one example": (normal(1, 4), normal(1, 4, seed=1)),
    "one dimension": (normal(6, 1), normal(6, 1, seed=1)),
}


@pytest.mark.parametrize(
    "loss, arguments",
    [
        ("barlow_twins_loss", {}),
        ("barlow_twins_loss", {"lambda_": 0.1}),
        ("barlow_twins_loss", {"normalize_batch": False}),
        ("vicreg_loss", {}),
        ("vicreg_loss", {"sim_weight": 2.0, "var_weight": 0.0}),
        ("vicreg_loss", {"cov_weight": 3.0, "sim_weight": 0.0}),
        ("vicreg_loss", {"cov_weight": 0.0, "var_weight": 4.0}),
    ],
    ids=str,
)
@pytest.mark.parametrize("views", VIEWS)
def test_losses(their_losses, loss, arguments, views):
    """The function, the loss object, and both with equal weights."""
    clean, corrupted = VIEWS[views]
    wanted = value_and_gradients(lambda *x: getattr(their_losses, loss)(*x, **arguments), clean, corrupted)
    function = getattr(ours, loss)
    assert_close(value_and_gradients(lambda *x: function(*x, **arguments), clean, corrupted), wanted)
    weight = np.full(len(clean), 0.5)
    weighted = value_and_gradients(lambda *x: function(*x, **arguments, sample_weight=weight), clean, corrupted)
    assert_close(weighted, wanted)
    loss_object = {"barlow_twins_loss": ours.BarlowTwinsLoss, "vicreg_loss": ours.VicRegLoss}[loss](**arguments)
    assert_close([loss_object(tf.zeros(len(clean)), tf.stack([clean, corrupted], 1))], wanted[:1])


@pytest.mark.parametrize("margin", [1.0, 0.2])
def test_triplet_loss(their_losses, margin):
    distances = np.abs(normal(7, 2))
    wanted = value_and_gradients(lambda x: their_losses.triplet_loss(x[:, 0], x[:, 1], margin), distances)
    got = value_and_gradients(lambda x: ours.TripletLoss(margin)(tf.zeros(7), x), distances)
    assert_close(got, wanted)


REPRESENTATIONS = {
    "tall": normal(300, 33),
    "wide": normal(3, 5),
    "square": normal(4, 4),
    "zeros": np.zeros([5, 3], "float32"),
    "ones": np.ones([5, 3], "float32"),
    "one example": normal(1, 4),
    "one dimension": normal(6, 1),
    "a row of zeros": normal(6, 4) * row(1, 1, 1, 1, 1, 0)[:, None],
    "a row of NaN": normal(6, 4) * row(1, 1, 1, 1, 1, np.nan)[:, None],
    "NaN": np.full([5, 3], np.nan, "float32"),
    "no examples": np.zeros([0, 4], "float32"),
}


DIFFERENT = {("coherence", "no examples"), ("rankme", "a row of NaN"), ("rankme", "NaN")}


@pytest.mark.parametrize(
    "metric, name", [case for case in itertools.product(METRICS, REPRESENTATIONS) if case not in DIFFERENT]
)
def test_metrics(theirs, metric, name):
    x = REPRESENTATIONS[name]
    try:
        want = getattr(theirs, metric)(tf.constant(x))
    except ValueError:
        with pytest.raises(ValueError, match="rows and columns"):
            getattr(ours, metric)(x)
        return
    np.testing.assert_allclose(getattr(ours, metric)(x), want, 1e-5, 1e-7)


def test_metrics_where_tfgnn_differs(theirs):
    nan, none = (tf.constant(REPRESENTATIONS[name]) for name in ("NaN", "no examples"))
    with pytest.raises(tf.errors.InvalidArgumentError):
        theirs.rankme(nan)
    assert np.isnan(ours.rankme(nan))
    assert np.isnan(theirs.coherence(none))
    with pytest.raises(ValueError, match="rows and columns"):
        ours.coherence(none)
    half = tf.cast(REPRESENTATIONS["tall"], "float16")
    for metric in METRICS:
        with pytest.raises((TypeError, tf.errors.InvalidArgumentError)):
            getattr(theirs, metric)(half)
        assert np.isfinite(getattr(ours, metric)(half))


def test_arguments_of_metrics(theirs):
    x, sigma, u = tf.constant(normal(6, 4)), tf.constant([3.0, 2.0, 1.0, 0.0]), tf.constant(normal(6, 4, seed=1))
    for metric in METRICS:
        got, want = (float(getattr(module, metric)(x, sigma=sigma, u=u)) for module in (ours, theirs))
        assert got == pytest.approx(want, rel=1e-5), metric
    for arguments, metric in [({"subtract_mean": True}, "self_clustering"), ({"epsilon": 0.1}, "rankme")]:
        got, want = (float(getattr(module, metric)(x, **arguments)) for module in (ours, theirs))
        assert got == pytest.approx(want, rel=1e-5)
    assert float(ours.self_clustering(x[:1], subtract_mean=True)) == 1.0
    assert float(theirs.self_clustering(x[:1], subtract_mean=True)) == 1.0


def test_all_svd_metrics(theirs):
    metrics = [module.AllSvdMetrics(y_pred_transform_fn=lambda y: y[:, 0]) for module in (ours, theirs)]
    assert [metric.name for metric in metrics] == ["svd_metrics"] * 2
    for batch in (None, normal(9, 2, 4), normal(3, 2, 4, seed=1)):
        results = []
        for metric in metrics:
            if batch is not None:
                metric.update_state(None, batch)
            results.append({name: float(value) for name, value in metric.result().items()})
        assert results[0] == pytest.approx(results[1], rel=1e-5)
    for metric in metrics:
        metric.reset_state()
        assert set(map(float, metric.result().values())) == {0.0}


def test_layers(theirs):
    kernel = normal(5, 5, seed=1)
    for name, num in [("DeepGraphInfomaxLogits", 2), ("TripletEmbeddingSquaredDistances", 3)]:
        x, results = normal(7, num, 5), []
        for module in (ours, theirs):
            layer = getattr(module, name)()
            layer(x)
            assert [tuple(w.shape) for w in layer.weights] == ([(5, 5)] if num == 2 else [])
            layer.set_weights([kernel] * len(layer.weights))
            inputs = tf.constant(x)
            with tf.GradientTape() as tape:
                tape.watch(inputs)
                output = layer(inputs)
                loss = tf.reduce_sum(output**2)
            weights = [w.value for w in layer.weights] if module is ours else layer.weights
            results.append([output, *tape.gradient(loss, [inputs, *weights])])
        assert_close(*results)


SPECS = {
    "nothing named": {},
    "features": {"node_set_corruption": {"paper": {"hidden_state": 0.5}}},
    "features of all sets": {"node_set_corruption": {"*": {"hidden_state": 0.5}}},
    "a set and all": {"node_set_corruption": {"*": {"*": 0.25}, "paper": {"other": 0.0}}},
    "edges": {"edge_set_corruption": {"cites": {"*": 0.75}, "unknown": {"*": 1.0}}},
    "the context": {"context_corruption": {"other": 0.0, "*": 0.125}},
}


@pytest.mark.parametrize("default", [None, 0.5])
@pytest.mark.parametrize("spec", SPECS)
def test_corruption_specs(theirs, tfgnn, convert, spec, default):
    graph = random_graph(1)
    outcomes = []
    for module, each in [(ours, graph), (theirs, convert(tfgnn, graph))]:
        corruptor = module.Corruptor(
            module.CorruptionSpec(**SPECS[spec]), corruption_fn=lambda value, rate: value + rate, default=default
        )
        try:
            outcomes.append(corruptor(each))
        except KeyError:
            outcomes.append(KeyError)
    if default is None:
        assert outcomes == [KeyError, KeyError]
        return
    got, want = outcomes
    for kind in ("node_sets", "edge_sets"):
        for name, piece in getattr(want, kind).items():
            np.testing.assert_array_equal(getattr(got, kind)[name]["hidden_state"], piece["hidden_state"])
    np.testing.assert_array_equal(got.context["hidden_state"], want.context["hidden_state"])
    defaults = [module.CorruptionSpec(**SPECS[spec]).with_default(default) for module in (ours, theirs)]
    for field in ("node_set_corruption", "edge_set_corruption", "context_corruption"):
        assert getattr(defaults[0], field) == getattr(defaults[1], field)


@pytest.mark.parametrize("rate", [0.25, 0.5, 0.8])
def test_random_corruptors(theirs, tfgnn, convert, rate):
    """Other draws, of the same distribution."""
    graph = gnnkit.homogeneous([0], [1], node_features={"x": tf.range(1.0, 2001.0)})
    moved, dropped = [], []
    for module, each in [(ours, graph), (theirs, convert(tfgnn, graph))]:
        spec = module.CorruptionSpec({"nodes": {"x": rate}})
        shuffled = module.ShuffleFeaturesGlobally(spec, seed=1)(each).node_sets["nodes"]["x"].numpy()
        assert sorted(shuffled) == list(range(1, 2001))
        moved.append(np.sum(shuffled != np.arange(1, 2001)))
        values = module.DropoutFeatures(spec, seed=1)(each).node_sets["nodes"]["x"].numpy()
        kept = values != 0
        np.testing.assert_allclose(values[kept], np.arange(1, 2001)[kept] / (1 - rate), 1e-6)
        dropped.append(1 - kept.mean())
    assert moved[0] == pytest.approx(moved[1], abs=8)  # All but the few that stay by chance.
    assert dropped == pytest.approx([rate, rate], abs=0.04)


@pytest.mark.parametrize("make, rate", [("ShuffleFeaturesGlobally", 1.5), ("DropoutFeatures", 1.0)])
def test_wrong_rates(theirs, tfgnn, convert, make, rate):
    graph = random_graph(1)
    for module, each in [(ours, graph), (theirs, convert(tfgnn, graph))]:
        with pytest.raises(ValueError, match="in (the range )?.0, 1"):
            getattr(module, make)(module.CorruptionSpec({"*": {"*": rate}}))(each)


def test_corruptors_where_tfgnn_differs(theirs, tfgnn, convert):
    graph = gnnkit.homogeneous([0], [1], node_features={"id": [1, 2]})
    with pytest.raises(ValueError, match="floating point"):
        theirs.DropoutFeatures()(convert(tfgnn, graph))
    assert ours.DropoutFeatures()(graph).node_sets["nodes"]["id"].numpy().tolist() == [1, 2]
    with pytest.raises(NotImplementedError):
        theirs.DropoutFeatures().get_config()
    assert ours.DropoutFeatures(seed=3).get_config()["seed"] == 3
