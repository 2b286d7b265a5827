"""Layers, losses and metrics of contrastive learning: weights of examples, Keras. Parity is in tests/parity."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from gnnkit.models import contrastive_losses
from gnnkit.models.contrastive_losses import (
    AllSvdMetrics,
    BarlowTwinsLoss,
    DeepGraphInfomaxLogits,
    TripletEmbeddingSquaredDistances,
    TripletLoss,
    VicRegLoss,
)

LOSSES = [BarlowTwinsLoss(), BarlowTwinsLoss(lambda_=0.3, normalize_batch=False), VicRegLoss()]


def views(batch_size, num=2, dim=4, seed=0):
    return np.random.default_rng(seed).normal(size=(batch_size, num, dim)).astype("float32")


def value_and_gradient(loss, y_pred, sample_weight=None):
    y_pred = tf.constant(y_pred)
    with tf.GradientTape() as tape:
        tape.watch(y_pred)
        value = loss(tf.zeros([len(y_pred)]), y_pred, sample_weight)
    return value.numpy(), tape.gradient(value, y_pred).numpy()


@keras.saving.register_keras_serializable("gnnkit_tests")
def first_view(y_pred):
    return y_pred[:, 0]


@pytest.mark.parametrize("loss", [*LOSSES, TripletLoss()], ids=lambda loss: loss.name)
def test_b12c_weights_of_zero_leave_padding_out(loss):
    """Same value and gradients as without the padding, and none for it. TF-GNN's losses ignore the weights."""
    real, padding = views(6), 100 * views(3, seed=1)
    if isinstance(loss, TripletLoss):
        real, padding = real[..., 0], padding[..., 0]
    value, gradient = value_and_gradient(loss, real)
    for weight in (np.repeat([1.0, 0.0], [6, 3]), np.repeat([[1.0], [0.0]], [6, 3], 0)):
        if isinstance(loss, TripletLoss) and weight.ndim == 2:
            continue  # Keras itself takes these for weights of values.
        got, gradients = value_and_gradient(loss, np.concatenate([real, padding]), weight)
        assert got == pytest.approx(value, rel=1e-5)
        np.testing.assert_allclose(gradients[:6], gradient, 1e-4, 1e-6)
        assert not np.any(gradients[6:])
    assert value != pytest.approx(value_and_gradient(loss, np.concatenate([real, padding]))[0], rel=0.01)


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
def test_b12c_weights_count_examples(loss):
    """An example of weight 3 counts as three; equal weights are as none."""
    y_pred, times = views(5), np.array([1, 3, 1, 2, 1])
    value, gradient = value_and_gradient(loss, np.repeat(y_pred, times, 0))
    got, gradients = value_and_gradient(loss, y_pred, times * 0.5)
    assert got == pytest.approx(value, rel=1e-5)
    np.testing.assert_allclose(gradients, np.add.reduceat(gradient, np.cumsum([0, *times[:-1]])), 1e-4, 1e-6)
    equal, gradients = value_and_gradient(loss, y_pred, np.full(5, 7.0))
    value, gradient = value_and_gradient(loss, y_pred)
    assert equal == pytest.approx(value, rel=1e-6)
    np.testing.assert_allclose(gradients, gradient, 1e-5, 1e-7)


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
def test_no_examples_at_all(loss):
    value, gradient = value_and_gradient(loss, views(4), np.zeros(4))
    assert np.isfinite(value) and not np.any(gradient)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_losses_compute_in_float32(dtype):
    y_pred = tf.cast(views(3000), dtype)
    for loss in LOSSES:
        whole = loss(tf.zeros([3000]), tf.cast(y_pred, "float32"))
        assert loss(tf.zeros([3000]), y_pred).numpy() == whole.numpy()


def test_losses_from_their_configs():
    losses = [
        BarlowTwinsLoss(lambda_=0.25, normalize_batch=False, name="a"),
        VicRegLoss(sim_weight=2.0, var_weight=3.0, cov_weight=4.0, name="b"),
        TripletLoss(margin=0.5, reduction="mean", name="c"),
    ]
    for loss in losses:
        again: Any = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
        assert again.get_config() == loss.get_config() and again.name == loss.name
        y_pred = views(5)[..., 0] if isinstance(loss, TripletLoss) else views(5)
        value, same, other = (value_and_gradient(each, y_pred)[0] for each in (loss, again, type(loss)()))
        assert value == same != other


def test_training_with_padding(tmp_path):
    """`fit`, `evaluate`, weighted metrics and saving; padding changes no weight of the model."""
    real, padding = views(8, dim=5), 100 * views(8, dim=5, seed=1)

    def trained(x, sample_weight=None):
        keras.utils.set_random_seed(1)
        model: Any = keras.Sequential([keras.Input([2, 5]), keras.layers.Dense(3)])
        metrics = AllSvdMetrics(first_view)
        model.compile(keras.optimizers.SGD(0.01), VicRegLoss(), weighted_metrics=[metrics])
        model.fit(x, np.zeros(len(x)), sample_weight=sample_weight, batch_size=len(x), epochs=2, verbose=0)
        return model, model.evaluate(x, np.zeros(len(x)), len(x), 0, sample_weight, return_dict=True)

    (model, logs), (other, other_logs) = (
        trained(real),
        trained(np.concatenate([real, padding]), np.repeat([1.0, 0.0], 8)),
    )
    assert set(logs) == {"loss", "numerical_rank", "rankme", "coherence"}
    assert other_logs == pytest.approx(logs, rel=1e-4)
    np.testing.assert_allclose(other.get_weights()[0], model.get_weights()[0], 1e-4, 1e-6)
    model.save(tmp_path / "model.keras")
    loaded: Any = keras.saving.load_model(tmp_path / "model.keras")
    again = loaded.evaluate(real, np.zeros(8), 8, 0, return_dict=True)
    assert again == pytest.approx(logs)


def test_svd_metrics_leave_padding_out():
    """With fewer examples than dimensions too; a batch of padding does not count."""
    for num in (3, 9):
        metric, real = AllSvdMetrics(), views(num)[:, 0]
        metric.update_state(None, real)
        expected = {name: float(value) for name, value in metric.result().items()}
        metric.reset_state()
        metric.update_state(None, np.concatenate([real, np.full([5, 4], np.nan)]), np.repeat([2.0, 0.0], [num, 5]))
        metric.update_state(None, real, np.zeros(num))
        got = {name: float(value) for name, value in metric.result().items()}
        assert got == pytest.approx(expected, rel=1e-5)
        assert expected["numerical_rank"] == pytest.approx(float(contrastive_losses.numerical_rank(real)))


@pytest.mark.parametrize(
    "name", ["self_clustering", "pseudo_condition_number", "numerical_rank", "rankme", "coherence"]
)
def test_metrics_are_for_matrices(name):
    metric = getattr(contrastive_losses, name)
    for shape in ([3], [3, 4, 1]):
        with pytest.raises(ValueError, match=rf"{name}: .* \[batch size, dimensions\], but have \{shape}"):
            metric(np.ones(shape))
    x = views(8)[:, 0]
    assert float(tf.function(metric)(tf.constant(x))) == pytest.approx(float(metric(x)), rel=1e-5)
    assert float(metric(x.astype("float16"))) == pytest.approx(float(metric(x)), rel=0.02)


@pytest.mark.parametrize("name", ["pseudo_condition_number", "numerical_rank", "coherence"])
@pytest.mark.parametrize("shape", [[0, 4], [4, 0]])
def test_metrics_of_nothing(name, shape):
    with pytest.raises(ValueError, match=rf"{name}: .* rows and columns, but have shape \{shape}"):
        getattr(contrastive_losses, name)(np.ones(shape))


@pytest.mark.parametrize("loss", ["barlow_twins_loss", "vicreg_loss"])
def test_shapes_of_losses(loss):
    function = getattr(contrastive_losses, loss)
    with pytest.raises(ValueError, match=rf"{loss}: .* but have \[3\]"):
        function(np.ones(3), np.ones(3))
    with pytest.raises(ValueError, match=rf"{loss}: both .* but have \[3, 2\] and \[3, 4\]"):
        function(np.ones([3, 2]), np.ones([3, 4]))


def test_shapes_of_inputs():
    for loss in (BarlowTwinsLoss(), VicRegLoss()):
        with pytest.raises(ValueError, match=r"y_pred of shape \[batch size, 2, dimensions\]"):
            loss(np.zeros(4), np.ones([4, 3, 2]))
    for shape in ([4, 3], [4, 4, 3], [4, 1, 3], [4, 2, 3, 1]):
        with pytest.raises(ValueError, match=r"DeepGraphInfomaxLogits needs inputs of shape \[batch size, 2, dim"):
            DeepGraphInfomaxLogits()(tf.ones(shape))
        with pytest.raises(ValueError, match=r"SquaredDistances needs inputs of shape \[batch size, 3, dim"):
            TripletEmbeddingSquaredDistances()(tf.ones(shape))


def test_infomax_summary_leaves_padding_out():
    layer, real = DeepGraphInfomaxLogits(), views(6)
    padded = np.concatenate([real, 100 * views(3, seed=1)])
    expected = layer(real)
    got = layer(padded, sample_weight=np.repeat([1.0, 0.0], [6, 3]))
    np.testing.assert_allclose(got[:6], expected, 1e-5, 1e-6)


@pytest.mark.parametrize("make, num", [(DeepGraphInfomaxLogits, 2), (TripletEmbeddingSquaredDistances, 3)])
def test_layers_in_models(make, num, tmp_path):
    x = views(6, num)
    layer = make(name="here")
    inputs = keras.Input([num, 4])
    model: Any = keras.Model(inputs, layer(inputs))
    assert model.output_shape == (None, 2)
    model.save(tmp_path / "model.keras")
    loaded: Any = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(x), model(x))
    for policy in ("mixed_float16", "mixed_bfloat16"):
        half = make(dtype=policy)
        half.build(x.shape)
        half.set_weights(layer.get_weights())
        result = half(x)
        assert result.dtype == policy.removeprefix("mixed_") and all(w.dtype == "float32" for w in half.weights)
        np.testing.assert_allclose(tf.cast(result, "float32"), layer(x), 0.05, 0.05)


def test_infomax_of_many_examples_in_half_precision():
    x = tf.ones([5000, 2, 2])
    layer = DeepGraphInfomaxLogits(dtype="mixed_float16")
    layer.build(x.shape)
    layer.set_weights([np.eye(2)])
    np.testing.assert_allclose(layer(x), np.full([5000, 2], 2.0), 1e-3)
