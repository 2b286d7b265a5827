"""Training by `keras.Model.fit`."""

import contextlib
import importlib.util
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, final

import keras
import tensorflow as tf

from gnnkit.runner._interfaces import DatasetProvider, Trainer
from gnnkit.runner._quiet import quiet_fit
from gnnkit.runner._stage import stage
from gnnkit.runner.trainers._backup import Backup
from gnnkit.runner.trainers._checkpoints import Checkpoints
from gnnkit.runner.trainers._one_iterator import FirstFrom, OneIterator
from gnnkit.runner.trainers._options import KerasTrainerCheckpointOptions, KerasTrainerOptions
from gnnkit.runner.trainers._replicas import build_optimizer, built_for, fewest
from gnnkit.runner.trainers._resume import skip_steps
from gnnkit.runner.trainers._waiting import Waiting

_log = logging.getLogger("gnnkit.runner")


@final
class KerasTrainer(Trainer):
    """Trains with `fit`: checkpoints, resuming, TensorBoard, validation.

    strategy: a `tf.distribute.Strategy`; by default one device.
    model_dir: logs for TensorBoard, checkpoints and the backup go here.
    checkpoint_options: where the best and the latest weights are saved.
    backup_and_restore: whether a run that was killed goes on from its last backup when it is started again. The backup
        is deleted when training ends.
    backup_dir: `backup` in `model_dir` by default.
    backup_every_n_steps: `"epoch"`, or a number of steps. Training goes on after the last backup, with the batches that
        come next, exactly as if it had not been interrupted, if the order of the examples has a seed.
    steps_per_epoch: repeats the training examples and calls so many steps an epoch.
    verbose: as for `fit`.
    validation_steps: repeats the validation examples and evaluates on so many batches.
    validation_per_epoch: evaluations in each epoch; needs `steps_per_epoch`, which must be a multiple.
    validation_freq: epochs from one evaluation to the next. Not both of these two.
    summarize_every_n_steps: for TensorBoard; `"never"` writes no logs.
    checkpoint_every_n_steps: for the latest weights: `"epoch"`, a number of steps, or `"never"`.
    callbacks: more callbacks, as `keras.callbacks.EarlyStopping`. Their state is part of the backup.
    restore_best_weights: ends with the weights of the best evaluation; by default where there is validation.
    options: mixed precision and the like.
    monitor: what tells the best evaluation.

    >>> trainer = KerasTrainer(model_dir="/tmp/model", validation_freq=2)
    >>> trainer.model_dir
    '/tmp/model'
    """

    def __init__(
        self,
        strategy: tf.distribute.Strategy | None = None,
        *,
        model_dir: str,
        checkpoint_options: KerasTrainerCheckpointOptions | None = None,
        backup_dir: str | None = None,
        steps_per_epoch: int | None = None,
        verbose: int | str = "auto",
        validation_steps: int | None = None,
        validation_per_epoch: int | None = None,
        validation_freq: int | None = None,
        summarize_every_n_steps: int | Literal["never"] = 500,
        checkpoint_every_n_steps: int | Literal["epoch", "never"] = "epoch",
        backup_every_n_steps: int | Literal["epoch"] = "epoch",
        backup_and_restore: bool = True,
        callbacks: Sequence[keras.callbacks.Callback] | None = None,
        restore_best_weights: bool | None = None,
        options: KerasTrainerOptions | None = None,
        monitor: str = "val_loss",
    ) -> None:
        if validation_per_epoch is not None and validation_freq is not None:
            raise ValueError(
                f"KerasTrainer: pass at most one of validation_per_epoch (got {validation_per_epoch}) and "
                f"validation_freq (got {validation_freq})."
            )
        if validation_per_epoch is not None and (steps_per_epoch is None or steps_per_epoch % validation_per_epoch):
            raise ValueError(
                f"KerasTrainer: validation_per_epoch={validation_per_epoch} needs steps_per_epoch to be a multiple of "
                f"it, but got steps_per_epoch={steps_per_epoch}."
            )
        checkpoint_options = checkpoint_options or KerasTrainerCheckpointOptions()
        if checkpoint_options.checkpoint_dir is None:
            checkpoint_options = KerasTrainerCheckpointOptions(
                os.path.join(model_dir, "ckpt"),
                checkpoint_options.best_checkpoint,
                checkpoint_options.latest_checkpoint,
            )
        self._strategy = strategy or tf.distribute.get_strategy()
        self._model_dir = model_dir
        self._checkpoints = checkpoint_options
        self._backup_dir = backup_dir or os.path.join(model_dir, "backup")
        self._steps_per_epoch = steps_per_epoch
        self._verbose: Any = verbose
        self._validation_steps = validation_steps
        self._validation_per_epoch = validation_per_epoch
        self._validation_freq = validation_freq or 1
        self._summarize_every = summarize_every_n_steps
        self._checkpoint_every = checkpoint_every_n_steps
        self._backup_every: int | Literal["epoch"] = backup_every_n_steps
        self._backup_and_restore = backup_and_restore
        self._callbacks = list(callbacks or ())
        self._restore_best_weights = restore_best_weights
        self._options = options or KerasTrainerOptions()
        self._monitor = monitor
        self.waiting = Waiting()
        """How long `train` waited for training data; only with one replica and a number of steps that is known."""

    @property
    def model_dir(self) -> str:
        """The folder that the trainer writes to."""
        return self._model_dir

    @property
    def strategy(self) -> tf.distribute.Strategy:
        """Where the model is trained."""
        return self._strategy

    def train(
        self,
        model_fn: Callable[[], keras.Model],
        train_ds_provider: DatasetProvider,
        *,
        epochs: int = 1,
        valid_ds_provider: DatasetProvider | None = None,
    ) -> keras.Model:
        """Trains and returns the model that `model_fn` makes (and has compiled).

        The providers give batches of (inputs, labels). `model.history` tells the metrics of all epochs, those before an
        interruption too.

        ValueError: the backup is of another model, a dataset is empty, or infinite where it must end.
        """
        restore_best = self._restore_best_weights
        if restore_best is None:
            restore_best = valid_ds_provider is not None
        elif restore_best and valid_ds_provider is None:
            raise ValueError(
                "KerasTrainer: restore_best_weights=True needs valid_ds_provider, but there is none: which weights are "
                "best is judged by validation."
            )
        steps, factor = self._steps_per_epoch, self._validation_per_epoch or 1
        if steps is not None:
            steps, epochs = steps // factor, epochs * factor
        with _globals(self._options):
            with self._strategy.scope():
                model = model_fn()
                build_optimizer(model)
            # Of several workers one writes files.
            writes = bool(self._strategy.extended.should_checkpoint)
            checkpoints = Checkpoints(
                self._checkpoints, monitor=self._monitor, latest=self._checkpoint_every, writes=writes
            )
            callbacks: list[Any] = [*self._callbacks, checkpoints, *(self._tensorboard() if writes else [])]
            backup, initial_epoch, done = None, 0, 0
            if self._backup_and_restore:
                backup = Backup(self._backup_dir, every=self._backup_every, callbacks=callbacks, writes=writes)
                with self._strategy.scope():
                    initial_epoch, done, stopped = backup.restore(model)
                if initial_epoch or done:
                    _log.info(
                        "Training goes on after epoch %d of %d and %d steps (%s).",
                        initial_epoch,
                        epochs,
                        done,
                        self._backup_dir,
                    )
                initial_epoch = epochs if stopped else min(initial_epoch, epochs)
                callbacks.append(backup)
            per_call = int(getattr(model, "steps_per_execution", None) or 1)
            train_ds, steps, spec = self._dataset(train_ds_provider, "training", steps, initial_epoch, per_call, done)
            valid_ds, valid_steps = None, None
            if valid_ds_provider is not None:
                valid_ds, valid_steps, _ = self._dataset(
                    valid_ds_provider, "validation", self._validation_steps, 0, per_call
                )
            with stage("training"), quiet_fit(), built_for(model, self._strategy, spec, always=done > 0):
                if done:
                    skip_steps(model, done)
                model.fit(
                    train_ds,
                    epochs=epochs,
                    initial_epoch=initial_epoch,
                    steps_per_epoch=steps,
                    verbose=self._verbose,
                    callbacks=callbacks,
                    validation_data=valid_ds,
                    validation_freq=self._validation_freq,
                    validation_steps=valid_steps,
                    shuffle=False,
                )
            if initial_epoch < epochs and "loss" not in model.history.history:
                raise ValueError(
                    "KerasTrainer: there was no batch to train on. Were all left out by train_padding? Then pad to "
                    "larger sizes."
                )
            if backup is not None:
                model.history.epoch, model.history.history = backup.history
            if restore_best and checkpoints.best_weights is not None:
                model.set_weights(checkpoints.best_weights)
        return model

    def _tensorboard(self) -> list[Any]:
        if self._summarize_every == "never":
            return []
        if importlib.util.find_spec("tensorboard") is None:
            _log.info("No logs for TensorBoard: the package is not installed (pip install gnnkit[tb]).")
            return []
        frequency: Any = self._summarize_every
        return [keras.callbacks.TensorBoard(self._model_dir, write_graph=False, update_freq=frequency)]

    def _dataset(
        self, provider: Any, what: str, steps: int | None, initial_epoch: int, steps_per_call: int, done: int = 0
    ) -> tuple[Any, int | None, Any]:
        """The dataset from a step on, the steps that an epoch takes (None: all), the type of a replica's batch.

        steps: in an epoch, where the user says so. done: steps of `initial_epoch` that are to be left out.
        """
        if steps is None and hasattr(provider, "know_size"):
            # Where fit() runs into the end of the data, random generators may or may not have advanced once more.
            provider.know_size()
        replicas = self._strategy.num_replicas_in_sync
        if replicas > 1:
            counts: list[int] = []
            specs: list[Any] = []

            def make(context: tf.distribute.InputContext) -> tf.data.Dataset:
                # Elements of this pipeline in a step.
                share = replicas // context.num_input_pipelines
                dataset, skipped, count = _at(provider, context, what, steps, initial_epoch, done, share)
                specs.append(dataset.element_spec)
                if steps is None:
                    count = fewest(self._strategy, count)
                    dataset = dataset.take(count * share) if count > 0 else dataset
                counts.append(count)
                # Without an end no replica can run out of data before the others.
                endless = steps is not None or count > 0
                if what == "validation" and steps is not None:
                    return dataset.repeat().take(steps * share).repeat()
                return (dataset.repeat() if endless else dataset).skip(skipped)

            distributed = self._strategy.distribute_datasets_from_function(make)
            return distributed, steps or (counts[0] if counts[0] > 0 else None), specs[0]
        dataset, skipped, count = _at(provider, tf.distribute.InputContext(), what, steps, initial_epoch, done, 1)
        spec = dataset.element_spec
        if what == "validation" and steps is not None:
            # The same batches each time, whether training was interrupted or not.
            return OneIterator(dataset.repeat().take(steps).repeat()), steps, spec
        measured = self.waiting.measure if what == "training" else lambda dataset: dataset
        if steps is not None:
            return measured(dataset.repeat().skip(skipped)), steps, spec
        if count > 0 and count % steps_per_call == 0:
            # So that fit() makes one iterator instead of one or two an epoch.
            return OneIterator(measured(dataset.repeat().skip(skipped))), count, spec
        return (FirstFrom(dataset, skipped) if skipped else dataset), None, spec


def _at(
    provider: Any,
    context: tf.distribute.InputContext,
    what: str,
    steps: int | None,
    initial_epoch: int,
    done: int,
    share: int,
) -> tuple[tf.data.Dataset, int, int]:
    """The dataset, in the order of the pass in which training goes on, the elements to skip, and the steps of a pass.

    The last is negative if it is not known. share: elements of this dataset in a step.
    """
    knows_passes = hasattr(provider, "set_initial_epoch")
    passes, skipped = initial_epoch, done
    if steps is not None:
        # Epochs are cut out of one stream of passes.
        passes, skipped = 0, initial_epoch * steps + done
        if skipped:
            if knows_passes:
                provider.set_initial_epoch(0)
            count = int(provider.get_dataset(context).cardinality()) // share
            if count > 0:
                passes, skipped = divmod(skipped, count)
    if knows_passes:
        provider.set_initial_epoch(passes)
    dataset = provider.get_dataset(context)
    if not knows_passes:
        for _ in range(passes):
            iter(dataset)  # A dataset that is shuffled anew in each epoch goes on to the order of the next.
    cardinality = int(dataset.cardinality())
    _check_finite(cardinality, what, steps)
    return dataset, skipped * share, cardinality // share if cardinality > 0 else cardinality


def _check_finite(cardinality: int, what: str, steps: int | None) -> None:
    if cardinality == 0:
        raise ValueError(
            f"The {what} dataset is empty: no batch came. Are there fewer examples than global_batch_size with "
            "drop_remainder (or several replicas)?"
        )
    if steps is None and cardinality == tf.data.INFINITE_CARDINALITY:
        name = "steps_per_epoch" if what == "training" else "validation_steps"
        raise ValueError(f"The {what} dataset is infinite. Pass KerasTrainer({name}=...).")


@contextlib.contextmanager
def _globals(options: KerasTrainerOptions) -> Iterator[None]:
    policy = keras.config.dtype_policy()
    try:
        if options.policy is not None:
            keras.config.set_dtype_policy(options.policy)
        if options.soft_device_placement:
            tf.config.set_soft_device_placement(True)
        if options.enable_check_numerics:
            tf.debugging.enable_check_numerics()
        yield
    finally:
        keras.config.set_dtype_policy(policy)
        if options.enable_check_numerics:
            tf.debugging.disable_check_numerics()
