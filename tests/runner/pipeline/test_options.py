"""Options of training and runtime reach `run` and the trainer; classes of the user's by dotted path."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from gnnkit import runner
from gnnkit.runner._errors import RunError
from gnnkit.runner.config import loads
from gnnkit.runner.pipeline import execute, load_run
from gnnkit.runner.pipeline._fit import make_trainer
from gnnkit.runner.pipeline._run_options import make_strategy
from gnnkit.runner.trainers import KerasTrainer

CONFIG = """
seed: 2
model_dir: run
data:
  dataset: academic
  args: {num_papers: 160, num_authors: 80, num_institutions: 8, num_fields: 8, num_classes: 2, feature_dim: 4}
task: {type: node_classification, node_set: paper, label: label}
split: {feature: split}
sampling: {sizes: [3], edge_sets: [cites]}
features: {node_sets: {paper: {embedding: vector}}}
model: {units: 8, message_dim: 8, num_layers: 1, dropout_rate: 0.0}
training: {epochs: 2, batch_size: 32, learning_rate: 0.02, tensorboard: false}
export: {enabled: false}
attribution: {enabled: false}
"""
SEEN = []


class Listener(keras.callbacks.Callback):
    """Notes how many epochs ended."""

    def __init__(self, name):
        super().__init__()
        self.name = name

    def on_epoch_end(self, epoch, logs=None):
        SEEN.append((self.name, epoch))


class MyTrainer(runner.Trainer):
    """Trains with fit, and nothing else."""

    def __init__(self, model_dir, extra=0):
        self._model_dir, self.extra = model_dir, extra

    model_dir = property(lambda self: self._model_dir)
    strategy = property(lambda self: tf.distribute.get_strategy())

    def train(self, model_fn, train_ds_provider, *, epochs=1, valid_ds_provider=None):
        model = model_fn()
        model.fit(train_ds_provider.get_dataset(tf.distribute.InputContext()), epochs=epochs + self.extra, verbose=0)
        return model


class MyTask(runner.ReadoutTask):
    """The title's length in thousands, or what `feature` says."""

    def __init__(self, label_feature_name, units=1):
        super().__init__(
            readout=runner.tasks.RootNodes("paper"),
            objective=runner.tasks.Regression("mean_absolute_error", units),
            label_feature_name=label_feature_name,
        )


@pytest.fixture(autouse=True)
def _in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(__import__("pathlib").Path(__file__).parent))


def run(*overrides):
    return execute(loads(CONFIG, overrides, file="config.yaml"), quiet=True)


def test_the_trainer_gets_its_options(tmp_path):
    config = loads(
        CONFIG,
        [
            "training.validation_per_epoch=2", "training.steps_per_epoch=4", "training.backup_every_n_steps=3",
            "training.checkpoint_every_n_steps=never", "training.validation_steps=1", "runtime.policy=mixed_bfloat16",
            "runtime.enable_check_numerics=true", "training.callbacks=[{class: test_options.Listener, args: {name: a}}]",
        ],
    )  # fmt: skip
    trainer = make_trainer(config, tmp_path, make_strategy(config), has_valid=True)
    assert isinstance(trainer, KerasTrainer)
    assert (trainer._validation_per_epoch, trainer._steps_per_epoch, trainer._backup_every) == (2, 4, 3)
    assert (trainer._checkpoint_every, trainer._validation_steps) == ("never", 1)
    assert trainer._options.policy == "mixed_bfloat16" and trainer._options.enable_check_numerics
    assert trainer._callbacks[0].name == "a"


def test_strategies():
    assert make_strategy(loads(CONFIG)) is None
    mirrored = make_strategy(loads(CONFIG, ["runtime.strategy={type: mirrored, devices: ['/cpu:0']}"]))
    assert isinstance(mirrored, tf.distribute.MirroredStrategy)
    custom = make_strategy(loads(CONFIG, ["runtime.strategy={class: tensorflow.distribute.OneDeviceStrategy, args: "
                                          "{device: '/cpu:0'}}"]))  # fmt: skip
    assert isinstance(custom, tf.distribute.OneDeviceStrategy)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("training.trainer={class: nowhere.Trainer}", r"training.trainer.class: 'nowhere.Trainer' cannot be imported"),
        (
            "training.trainer={class: builtins.dict}",
            r"training.trainer.class: 'builtins.dict' makes a dict; expected a",
        ),
        (
            "training.trainer={class: test_options.MyTrainer, args: {more: 1}}",
            r"MyTrainer\(model_dir=.*more=1\) failed",
        ),
        (
            "training.callbacks=[{class: test_options.Listener}]",
            r"training.callbacks.class: test_options.Listener\(\) f",
        ),
    ],
)
def test_wrong_classes(tmp_path, override, message):
    with pytest.raises(RunError, match=message):
        make_trainer(loads(CONFIG, [override]), tmp_path, has_valid=True)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("padding", ["tight", "{type: fit_or_skip, fit_or_skip_sample_sample_size: 50}"])
def test_padding_changes_no_metric(padding):
    plain = run("training.steps_per_epoch=2").metrics
    padded = run("training.steps_per_epoch=2", f"training.padding={padding}", "model_dir=padded").metrics
    if padding == "tight":
        assert padded["test"]["loss"] == pytest.approx(plain["test"]["loss"], rel=1e-3)
    compiled = run(
        "training.steps_per_epoch=2", f"training.padding={padding}", "model_dir=xla", "runtime.jit_compile=true"
    )
    assert compiled.metrics["test"]["loss"] == pytest.approx(padded["test"]["loss"], rel=1e-2)


@pytest.mark.slow
def test_runs_with_classes_of_the_user():
    SEEN.clear()
    run(
        "training.callbacks=[{class: test_options.Listener, args: {name: a}}]",
        "runtime.strategy={type: mirrored, devices: ['/cpu:0']}",
    )
    import test_options  # The module that the dotted path names, which is another one than pytest's.

    assert (test_options.SEEN or SEEN) == [("a", 0), ("a", 1)]
    assert run("runtime.steps_per_execution=2", "model_dir=two").epochs == 2
    summary = run("training.trainer={class: test_options.MyTrainer, args: {extra: 1}}", "model_dir=mine")
    assert summary.epochs == 3

    task = "{class: test_options.MyTask, args: {label_feature_name: year}, node_set: paper, label: year}"
    summary = run(f"task={task}", "model_dir=task", "attribution.enabled=true")
    assert np.isfinite(summary.metrics["test"]["mean_absolute_error"])
    assert summary.attribution == ()
    trained = load_run("task")
    assert trained.predict(part="test").values.shape[1] == 1
    with pytest.raises(RunError, match="Only tasks of gnnkit's own can be explained"):
        trained.explain()
