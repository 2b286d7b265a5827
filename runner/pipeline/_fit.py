"""From the config's training section to the arguments of `gnnkit.runner.run`."""

import hashlib
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from gnnkit.runner.config import (
    BinaryNodeClassification,
    CosineSchedule,
    RunConfig,
    WholeGraph,
    to_plain,
)
from gnnkit.runner.pipeline._labels import Labels
from gnnkit.runner.tasks import (
    NodeBinaryClassification,
    NodeMulticlassClassification,
    RootNodeBinaryClassification,
    RootNodeMulticlassClassification,
)
from gnnkit.runner.trainers import KerasTrainer

HEAD = "classification_logits"
_OPTIMIZERS = {"adam": keras.optimizers.Adam, "adamw": keras.optimizers.AdamW, "sgd": keras.optimizers.SGD}


def make_task(config: RunConfig, labels: Labels) -> Any:
    """The task: at the root of sampled subgraphs, or by structured readout from the whole graph."""
    binary = isinstance(config.task, BinaryNodeClassification)
    arguments: dict[str, Any] = {"label_feature_name": config.task.label, "name": HEAD}
    if not binary:
        arguments["num_classes"] = labels.num_classes
    if reads_out(config):
        return (NodeBinaryClassification if binary else NodeMulticlassClassification)("seed", **arguments)
    task = RootNodeBinaryClassification if binary else RootNodeMulticlassClassification
    return task(config.task.node_set, **arguments)


def reads_out(config: RunConfig) -> bool:
    """Whether predictions are read out by edges from the nodes of a graph, and not from the root of each component."""
    return isinstance(config.sampling, WholeGraph) or config.sampling.joint


def steps_per_epoch(config: RunConfig, num_train: int) -> int:
    """Steps that make up an epoch."""
    if config.training.steps_per_epoch is not None:
        return config.training.steps_per_epoch
    return 1 if isinstance(config.sampling, WholeGraph) else math.ceil(num_train / config.training.batch_size)


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
    if stopping is not None and stopping.monitor == "valid_loss":
        return "val_loss"
    binary = isinstance(config.task, BinaryNodeClassification)
    return f"val_{'binary' if binary else 'sparse_categorical'}_accuracy"


def make_trainer(
    config: RunConfig,
    output: Path,
    *,
    has_valid: bool,
    steps: int | None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> KerasTrainer:
    """The trainer. steps: in an epoch, where the config says so. callbacks: to hear of it."""
    training = config.training
    monitor = monitored(config)
    callbacks = list(callbacks)
    if training.early_stopping is not None and has_valid:
        callbacks.append(
            keras.callbacks.EarlyStopping(
                monitor=monitor,
                mode="min" if monitor == "val_loss" else "max",
                patience=training.early_stopping.patience,
                min_delta=training.early_stopping.min_delta,  # pyright: ignore[reportArgumentType]
            )
        )
    return KerasTrainer(
        model_dir=str(output),
        backup_dir=str(output / f"backup-{fingerprint(config)}"),
        backup_and_restore=training.resume,
        steps_per_epoch=steps,
        verbose=0,
        validation_freq=training.validate_every,
        summarize_every_n_steps=500 if training.tensorboard else "never",
        callbacks=callbacks,
        restore_best_weights=has_valid and training.keep == "best",
        monitor=monitor,
    )


def fingerprint(config: RunConfig) -> str:
    """The same for configs that train the same model, so that only these go on from each other's backups."""
    plain = to_plain(config)
    for key in ("model_dir", "export", "attribution", "runtime", "sweep"):
        plain.pop(key, None)
    return hashlib.sha256(json.dumps(plain, sort_keys=True, default=str).encode()).hexdigest()[:12]
