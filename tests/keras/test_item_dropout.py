"""ItemDropout and initializers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.keras import layers
from gnnkit.testing import random_graph

H = "hidden_state"
S, T, C = gnnkit.SOURCE, gnnkit.TARGET, gnnkit.CONTEXT


@pytest.fixture
def graph():
    return random_graph(3, min_nodes=1)


class TestItemDropout:
    def test_whole_rows_and_statistics(self):
        x = tf.random.stateless_uniform([20000, 2, 3], [1, 2], 1.0, 2.0)
        layer = layers.ItemDropout(0.3, seed=5)
        y = layer(x, training=True).numpy()
        dropped = np.all(y == 0, axis=(1, 2))
        np.testing.assert_allclose(y[~dropped], x.numpy()[~dropped] / 0.7, 1e-5)
        assert abs(dropped.mean() - 0.3) < 4 * np.sqrt(0.3 * 0.7 / 20000)
        np.testing.assert_array_equal(layer(x), x)
        np.testing.assert_array_equal(layer(x, training=False), x)

    def test_seed(self):
        x = tf.ones([100, 1])
        a, b, c = (layers.ItemDropout(0.5, seed=seed) for seed in (1, 1, 2))
        first = a(x, training=True)
        np.testing.assert_array_equal(first, b(x, training=True))
        assert np.any(first != c(x, training=True))
        assert np.any(first != a(x, training=True))  # Another draw every time.

    def test_in_a_model(self, tmp_path):
        inputs = keras.Input([3])
        model = keras.Model(inputs, layers.ItemDropout(0.5, seed=3)(inputs))
        model.save(tmp_path / "model.keras")
        loaded = keras.saving.load_model(tmp_path / "model.keras")
        x = np.ones([50, 3], "float32")
        np.testing.assert_array_equal(loaded(x), x)
        assert set(np.unique(loaded(x, training=True))) == {0.0, 2.0}

    @pytest.mark.parametrize("rate", [-0.1, 1.0])
    def test_rate(self, rate):
        with pytest.raises(ValueError, match=rf"rate must be in \[0, 1\), but got {rate}"):
            layers.ItemDropout(rate)
        assert layers.ItemDropout(0)(tf.ones([1]), training=True).numpy().tolist() == [1.0]


def test_clone_initializer():
    initializer = keras.initializers.GlorotUniform(seed=None)
    clone = gnnkit.keras.clone_initializer(initializer)
    assert clone is not initializer and type(clone) is type(initializer)
    assert gnnkit.keras.clone_initializer("zeros") == "zeros"
    assert gnnkit.keras.clone_initializer(None) is None
