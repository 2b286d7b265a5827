"""KerasTrainer: checkpoints, resuming, logs, strategies."""

import json
import os
import pathlib
import signal
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from gnnkit import runner

ROOT = pathlib.Path(__file__).resolve().parents[3]


class _Stop(RuntimeError):
    pass


class _StopAfterBatches(keras.callbacks.Callback):
    def __init__(self, count):
        super().__init__()
        self._left = count

    def on_train_batch_end(self, batch, logs=None):
        self._left -= 1
        if not self._left:
            raise _Stop


class _StopAt(keras.callbacks.Callback):
    def __init__(self, epoch):
        super().__init__()
        self._epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self._epoch:
            raise _Stop


@pytest.fixture
def train(tmp_path, gtspec, examples, model_fn):
    def run(
        epochs,
        *,
        units=8,
        callbacks=(),
        name="run",
        seed=3,
        valid=True,
        early=True,
        provider=None,
        steps_per_execution=None,
        **kwargs,
    ):
        keras.utils.set_random_seed(11)
        early_stopping = [keras.callbacks.EarlyStopping(patience=50, restore_best_weights=True)] if early else []
        dataset = tf.data.Dataset.from_tensor_slices(examples)
        trainer = runner.KerasTrainer(
            model_dir=str(tmp_path / name),
            verbose=0,
            callbacks=[*early_stopping, *callbacks],
            **{"summarize_every_n_steps": "never", **kwargs},
        )
        result = runner.run(
            train_ds_provider=provider(dataset.take(32))
            if provider
            else runner.PassthruDatasetProvider(dataset.take(32), shuffle_datasets=True, seed=seed),
            steps_per_execution=steps_per_execution,
            valid_ds_provider=runner.PassthruDatasetProvider(dataset.skip(32)) if valid else None,
            model_fn=lambda spec: model_fn(spec, units),
            optimizer_fn=lambda: keras.optimizers.Adam(0.02),
            trainer=trainer,
            task=runner.RootNodeMulticlassClassification(
                "paper", num_classes=2, label_fn=runner.RootNodeLabelFn("paper", feature_name="label")
            ),
            gtspec=gtspec,
            global_batch_size=8,
            epochs=epochs,
            model_exporters=[],
        )
        return result.trained_model

    return run


@pytest.mark.slow
def test_an_interrupted_run_ends_as_if_nothing_had_happened(train, tmp_path):
    expected = train(5, name="whole")
    with pytest.raises(_Stop):
        train(5, name="cut", callbacks=[_StopAt(3)])
    assert (tmp_path / "cut" / "backup" / "state.npz").exists()
    resumed = train(5, name="cut")
    assert resumed.history.history == expected.history.history
    assert resumed.history.epoch == [0, 1, 2, 3, 4]
    for a, b in zip(resumed.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not (tmp_path / "cut" / "backup").exists()


class _UnknownSize:
    """A provider of which nothing is known but its elements."""

    def __init__(self, dataset):
        self._dataset = dataset.shuffle(32, seed=5).filter(lambda _: True)

    def get_dataset(self, context):
        return self._dataset


@pytest.mark.parametrize(
    ("kwargs", "steps"),
    [
        ({}, 7),
        # Epochs of three steps are cut out of a stream of passes of four.
        pytest.param({"steps_per_epoch": 3, "validation_steps": 1}, 8, marks=pytest.mark.slow),
        pytest.param({"provider": _UnknownSize, "steps_per_epoch": 3}, 8, marks=pytest.mark.slow),
        pytest.param({"steps_per_epoch": 4, "validation_per_epoch": 2}, 7, marks=pytest.mark.slow),
        pytest.param({"steps_per_execution": 2}, 3, marks=pytest.mark.slow),
    ],
)
def test_a_run_goes_on_in_the_midst_of_an_epoch(train, kwargs, steps):
    expected = train(3, name="whole", **kwargs)
    with pytest.raises(_Stop):
        train(3, name="cut", backup_every_n_steps=2, callbacks=[_StopAfterBatches(steps)], **kwargs)
    read = []
    resumed = train(3, name="cut", backup_every_n_steps=2, callbacks=[_Count(read)], **kwargs)
    assert resumed.history.history == expected.history.history
    for a, b in zip(resumed.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert read[0] >= 1  # Not from the beginning.


class _Count(keras.callbacks.Callback):
    def __init__(self, epochs):
        super().__init__()
        self._epochs = epochs

    def on_epoch_begin(self, epoch, logs=None):
        self._epochs.append(epoch)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_kills_at_twenty_random_moments_change_nothing(tmp_path):
    command = [sys.executable, "tests/runner/trainers/kill_runs.py", "tests/runner/conftest.py", tmp_path, "2", "10"]
    result = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    *lines, last = result.stdout.splitlines() or [""]
    assert last == '{"died": 20}', result.stderr[-3000:]
    assert len(lines) == 3 and len(set(lines)) == 1
    assert json.loads(lines[0])["epoch"] == [0, 1, 2, 3]


@pytest.mark.slow
def test_a_backup_of_another_model_is_refused(train):
    with pytest.raises(_Stop):
        train(3, callbacks=[_StopAt(1)])
    with pytest.raises(ValueError, match=r"is of another model: .* delete the folder or choose another model_dir"):
        train(3, units=9)


@pytest.mark.slow
def test_without_backup_a_run_starts_anew(train, tmp_path):
    with pytest.raises(_Stop):
        train(3, callbacks=[_StopAt(1)], backup_and_restore=False)
    assert not (tmp_path / "run" / "backup").exists()
    assert len(train(2, backup_and_restore=False).history.history["loss"]) == 2


@pytest.mark.slow
def test_best_and_latest_weights_are_in_files(train, tmp_path):
    model = train(4)
    files = tmp_path / "run" / "ckpt"
    assert sorted(p.name for p in files.iterdir()) == ["best.weights.h5", "latest.weights.h5"]
    best = [w.copy() for w in model.get_weights()]
    model.load_weights(files / "best.weights.h5")
    for a, b in zip(model.get_weights(), best, strict=True):
        np.testing.assert_array_equal(a, b)
    last = train(4, name="last", restore_best_weights=False, monitor="val_sparse_categorical_accuracy")
    latest = [w.copy() for w in last.get_weights()]
    last.load_weights(tmp_path / "last" / "ckpt" / "latest.weights.h5")
    for a, b in zip(last.get_weights(), latest, strict=True):
        np.testing.assert_array_equal(a, b)


def test_logs_for_tensorboard(train, tmp_path):
    pytest.importorskip("tensorboard")
    train(1, summarize_every_n_steps=2)
    assert list((tmp_path / "run" / "train").glob("events*"))
    assert list((tmp_path / "run" / "validation").glob("events*"))


@pytest.mark.slow
def test_steps_per_epoch_and_validation_per_epoch(train):
    history = train(2, steps_per_epoch=4, validation_per_epoch=2, validation_steps=1).history.history
    assert len(history["loss"]) == len(history["val_loss"]) == 4
    history = train(3, name="b", validation_freq=2).history.history
    assert len(history["loss"]) == 3 and len(history["val_loss"]) == 1


def test_wrong_arguments(train, tmp_path):
    with pytest.raises(
        ValueError, match=r"at most one of validation_per_epoch \(got 2\) and validation_freq \(got 3\)"
    ):
        runner.KerasTrainer(model_dir="x", validation_per_epoch=2, validation_freq=3)
    with pytest.raises(ValueError, match=r"validation_per_epoch=2 needs steps_per_epoch to be a multiple of it.*=3"):
        runner.KerasTrainer(model_dir="x", validation_per_epoch=2, steps_per_epoch=3)
    with pytest.raises(ValueError, match=r"restore_best_weights=True needs valid_ds_provider"):
        train(1, valid=False, early=False, restore_best_weights=True)
    with pytest.raises(ValueError, match=r"monitor='val_f1'\): there is no such metric; there are \['loss', 'sparse"):
        train(1, monitor="val_f1")


@pytest.mark.slow
def test_mixed_precision_is_for_training_only(train):
    model = train(1, options=runner.KerasTrainerOptions(policy="mixed_bfloat16"))
    assert model.get_layer("classification_logits").compute_dtype == "bfloat16"
    assert keras.config.dtype_policy().name == "float32"


_SCRIPT = """
import os, pathlib, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
import keras, tensorflow as tf
import importlib.util
replicas = int(sys.argv[3])
if replicas > 1:
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * replicas)
import gnnkit
from gnnkit import runner
spec = importlib.util.spec_from_file_location("conftest_", sys.argv[1])
graphs_ = importlib.util.module_from_spec(spec)
spec.loader.exec_module(graphs_)
import numpy as np
rng = np.random.default_rng(5)
graphs = [graphs_._graph(rng) for _ in range(50)]
examples = [gnnkit.write_example(g).SerializeToString() for g in graphs]
keras.utils.set_random_seed(3)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]) if replicas > 1 else None

class Pause(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        print("EPOCH", epoch, flush=True)
        if sys.argv[4] == "slow" and epoch == 2:
            sys.stdin.read()  # Until killed.

dataset = tf.data.Dataset.from_tensor_slices(examples)
result = runner.run(
    train_ds_provider=runner.PassthruDatasetProvider(dataset, shuffle_datasets=True, seed=1),
    valid_ds_provider=runner.PassthruDatasetProvider(dataset),
    model_fn=graphs_._model,
    optimizer_fn=lambda: keras.optimizers.Adam(0.02),
    trainer=runner.KerasTrainer(strategy, model_dir=sys.argv[2], verbose=0, callbacks=[Pause()],
                                summarize_every_n_steps="never"),
    task=runner.RootNodeMulticlassClassification("paper", num_classes=2, label_fn=runner.ContextLabelFn("label")),
    feature_processors=[lambda g: g.remove_features(node_sets={"paper": ["label"]})],
    gtspec=graphs[0].spec.relax(num_nodes=True, num_edges=True),
    global_batch_size=8, epochs=5)
print("LOSS", result.trained_model.history.history["loss"])
"""


def _start(tmp_path, name, replicas=1, pace="fast"):
    script = tmp_path / "script.py"
    script.write_text(_SCRIPT)
    graphs = ROOT / "tests" / "runner" / "conftest.py"
    return subprocess.Popen(
        [sys.executable, script, graphs, tmp_path / name, str(replicas), pace],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_a_killed_process_resumes(tmp_path):
    process = _start(tmp_path, "cut", pace="slow")
    for line in process.stdout:
        if line.startswith("EPOCH 2"):
            break
    process.send_signal(signal.SIGKILL)
    process.communicate()
    out, err = _start(tmp_path, "cut").communicate(timeout=200)
    assert "EPOCH 0" not in out and "EPOCH 4" in out, err
    whole, err = _start(tmp_path, "whole").communicate(timeout=200)
    assert _losses(out) == _losses(whole), err
    assert len(_losses(out)) == 5


@pytest.mark.slow
def test_two_replicas(tmp_path):
    out, err = _start(tmp_path, "mirrored", replicas=2).communicate(timeout=250)
    assert "LOSS" in out, err
    losses = _losses(out)
    assert len(losses) == 5 and losses[-1] < 0.8 * losses[0]


def _losses(out):
    (line,) = [line for line in out.splitlines() if line.startswith("LOSS")]
    return [float(x) for x in line.removeprefix("LOSS").strip(" []").split(",")]
