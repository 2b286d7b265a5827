"""Clipping of gradients and schedules of the learning rate: from configs, and in the steps of KerasTrainer."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from gnnkit import runner
from gnnkit.runner.config import RunConfig
from gnnkit.runner.pipeline._fit import make_optimizer


def _config(**training):
    return RunConfig.model_validate(
        {
            "model_dir": "run",
            "data": {"dataset": "academic"},
            "task": {"type": "node_classification", "node_set": "paper", "label": "label"},
            "split": {"feature": "split"},
            "sampling": {"sizes": [2]},
            "training": {"epochs": 4, "learning_rate": 0.1, **training},
        }
    )


def test_cosine_schedule_of_a_config():
    """Up over the warm-up, then down along half a cosine to what is left at the end."""
    optimizer = make_optimizer(_config(schedule={"type": "cosine", "warmup_epochs": 0.5, "final": 0.2}), 10)
    rate = optimizer._learning_rate
    got = [float(rate(step)) for step in (0, 1, 4, 5, 22.5, 40, 50)]
    half = 0.2 + 0.8 * 0.5 * (1 + math.cos(math.pi / 2))
    np.testing.assert_allclose(got, [0, 0.02, 0.08, 0.1, 0.1 * half, 0.02, 0.02], rtol=1e-5, atol=1e-8)
    plain = make_optimizer(_config(schedule="cosine"), 10)._learning_rate
    np.testing.assert_allclose([float(plain(step)) for step in (0, 20, 40)], [0.1, 0.05, 0.0], atol=1e-7)


def test_optimizers_of_a_config():
    optimizer = make_optimizer(_config(optimizer="adamw", gradient_clip=0.5, weight_decay=0.01), 10)
    assert isinstance(optimizer, keras.optimizers.AdamW)
    assert (optimizer.global_clipnorm, optimizer.weight_decay) == (0.5, 0.01)
    assert float(optimizer.learning_rate) == pytest.approx(0.1)
    assert make_optimizer(_config(), 10).global_clipnorm is None


class _Norms(keras.callbacks.Callback):
    """How far all weights together move in each step."""

    def on_train_begin(self, logs=None):
        self.norms, self._before = [], [w.numpy() for w in self.model.trainable_weights]

    def on_train_batch_end(self, batch, logs=None):
        now = [w.numpy() for w in self.model.trainable_weights]
        self.norms.append(math.sqrt(sum(float(np.sum((a - b) ** 2)) for a, b in zip(now, self._before, strict=True))))
        self._before = now


def _norms(tmp_path, gtspec, examples, model_fn, optimizer_fn):
    norms = _Norms()
    runner.run(
        train_ds_provider=runner.PassthruDatasetProvider(tf.data.Dataset.from_tensor_slices(examples[:32])),
        model_fn=model_fn,
        optimizer_fn=optimizer_fn,
        epochs=1,
        trainer=runner.KerasTrainer(
            model_dir=str(tmp_path), verbose=0, callbacks=[norms], summarize_every_n_steps="never"
        ),
        task=runner.RootNodeMulticlassClassification("paper", num_classes=2, label_fn=runner.ContextLabelFn("label")),
        feature_processors=[lambda g: g.remove_features(node_sets={"paper": ["label"]})],
        gtspec=gtspec,
        global_batch_size=8,
        model_exporters=[],
    )
    return norms.norms


def test_steps_of_the_trainer(tmp_path, gtspec, examples, model_fn):
    """Gradients are longer than the clipping allows, so that each step of SGD is as long as the rate of its step says."""
    rates = [1.0, 0.5, 0.5, 0.0]
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([0, 2], [1.0, 0.5, 0.0])
    norms = _norms(tmp_path, gtspec, examples, model_fn, lambda: keras.optimizers.SGD(schedule, global_clipnorm=1e-3))
    np.testing.assert_allclose(norms, [1e-3 * rate for rate in rates], rtol=1e-2, atol=1e-9)
