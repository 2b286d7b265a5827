"""From the config's training section to the arguments of `gnnkit.runner.run`."""

import hashlib
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from gnnkit.runner._errors import RunError
from gnnkit.runner._interfaces import Trainer
from gnnkit.runner.config import (
    Classes,
    CosineSchedule,
    GraphTask,
    LinkPrediction,
    RunConfig,
    WholeGraph,
    metrics_of,
    to_plain,
)
from gnnkit.runner.pipeline._user_classes import make_of_user
from gnnkit.runner.trainers import KerasTrainer, KerasTrainerOptions

_OPTIMIZERS = {"adam": keras.optimizers.Adam, "adamw": keras.optimizers.AdamW, "sgd": keras.optimizers.SGD}


def batch_size(config: RunConfig) -> int:
    """Examples in a step: the whole graph is one."""
    whole = isinstance(config.sampling, WholeGraph) and not isinstance(config.main_task, GraphTask)
    return 1 if whole else config.training.batch_size


def reads_out(config: RunConfig) -> bool:
    """Whether predictions are read out by edges from the nodes of a graph, and not from the root of each component."""
    if isinstance(config.main_task, GraphTask):
        return False
    return isinstance(config.sampling, WholeGraph) or config.sampling.joint


def steps_per_epoch(config: RunConfig, num_train: int) -> int:
    """Steps that make up an epoch."""
    if config.training.steps_per_epoch is not None:
        return config.training.steps_per_epoch
    if batch_size(config) == 1 and isinstance(config.sampling, WholeGraph):
        return 1
    if isinstance(config.main_task, LinkPrediction):
        num_train *= 1 + config.main_task.negatives
    return math.ceil(num_train / batch_size(config))


def make_optimizer(config: RunConfig, steps: int) -> keras.optimizers.Optimizer:
    """The optimizer with its schedule. steps: in an epoch."""
    training = config.training
    rate: Any = training.learning_rate
    if isinstance(training.schedule, CosineSchedule):
        warmup = round(training.schedule.warmup_epochs * steps)
        rate = keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=0.0 if warmup else rate,
            decay_steps=max(1, training.epochs * steps - warmup),
            alpha=training.schedule.final,
            warmup_target=rate if warmup else None,
            warmup_steps=warmup,
        )
    kwargs: dict[str, Any] = {"learning_rate": rate, "global_clipnorm": training.gradient_clip}
    if training.weight_decay is not None:
        kwargs["weight_decay"] = training.weight_decay
    return _OPTIMIZERS[training.optimizer](**kwargs)


def monitored(config: RunConfig) -> str:
    """The name in Keras' logs of what tells the best epoch."""
    stopping = config.training.early_stopping
    name = (stopping.monitor if stopping is not None else None) or f"valid_{metrics_of(config.main_task)[0]}"
    return "val_" + keras_name(config, name.removeprefix("valid_"))


def keras_name(config: RunConfig, metric: str) -> str:
    """The name in Keras' logs of a metric of the first task with labels."""
    if metric == "loss":
        return metric  # Of all tasks together.
    kind = "sparse_categorical" if isinstance(config.main_task, Classes) else "binary"
    metric = f"{kind}_{metric}" if metric in ("accuracy", "crossentropy") else metric
    name = next(iter(config.labelled_tasks))
    return f"{name}_{metric}" if name else metric


def smaller_is_better(metric: str) -> bool:
    """Whether progress makes a metric smaller."""
    return any(part in metric for part in ("loss", "error", "crossentropy"))


def make_trainer(
    config: RunConfig,
    output: Path,
    strategy: tf.distribute.Strategy | None = None,
    *,
    has_valid: bool,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> Trainer:
    """The trainer. callbacks: to hear of it, of `KerasTrainer` only."""
    training, runtime = config.training, config.runtime
    if training.trainer is not None:
        offered = {"model_dir": str(output), "strategy": strategy}
        made = make_of_user("training.trainer", training.trainer.class_, training.trainer.args, offered)
        if not isinstance(made, Trainer):
            raise RunError(
                f"training.trainer.class: {training.trainer.class_!r} makes a {type(made).__name__}; expected a "
                "gnnkit.runner.Trainer, with model_dir, strategy and train."
            )
        return made
    monitor = monitored(config)
    callbacks = [*callbacks, *(make_of_user("training.callbacks", c.class_, c.args) for c in training.callbacks)]
    if training.early_stopping is not None and has_valid:
        callbacks.append(
            keras.callbacks.EarlyStopping(
                monitor=monitor,
                mode="min" if smaller_is_better(monitor) else "max",
                patience=training.early_stopping.patience,
                min_delta=training.early_stopping.min_delta,  # pyright: ignore[reportArgumentType]
            )
        )
    return KerasTrainer(
        strategy,
        model_dir=str(output),
        # All workers go on from the backup of the one that writes it.
        backup_dir=str(config.output_directory / f"backup-{fingerprint(config)}"),
        backup_and_restore=training.resume,
        backup_every_n_steps=training.backup_every_n_steps,
        checkpoint_every_n_steps=training.checkpoint_every_n_steps,
        steps_per_epoch=training.steps_per_epoch,
        verbose=0,
        validation_freq=None if training.validation_per_epoch else training.validation_freq,
        validation_per_epoch=training.validation_per_epoch if has_valid else None,
        validation_steps=training.validation_steps,
        summarize_every_n_steps=training.summarize_every_n_steps if training.tensorboard else "never",
        callbacks=callbacks,
        restore_best_weights=has_valid and training.keep == "best",
        monitor=monitor,
        options=KerasTrainerOptions(
            policy=runtime.policy,
            soft_device_placement=runtime.soft_device_placement,
            enable_check_numerics=runtime.enable_check_numerics,
        ),
    )


def fingerprint(config: RunConfig) -> str:
    """The same for configs that train the same model, so that only these go on from each other's backups."""
    plain = to_plain(config)
    for key in ("model_dir", "export", "attribution", "runtime", "sweep"):
        plain.pop(key, None)
    return hashlib.sha256(json.dumps(plain, sort_keys=True, default=str).encode()).hexdigest()[:12]
