"""The best and the latest weights, in memory and in files."""

import time
from typing import Any, final

import keras
import tensorflow as tf

from gnnkit.runner.trainers._options import KerasTrainerCheckpointOptions

_GROWS = ("acc", "auc", "precision", "recall", "f1", "mrr", "hits")
_SHRINKS = ("loss", "error", "crossentropy")  # Names of tasks may hold any of the above.
_SECONDS_BETWEEN_FILES = 60.0


@final
class Checkpoints(keras.callbacks.Callback):
    """Keeps the weights of the best evaluation; writes them and the latest ones to files.

    Files are written at the end of training, and of epochs, though not more often than once a minute: writing takes
    longer than an epoch on a small graph, and a run that is killed goes on from its backup.

    monitor: the metric that tells the best evaluation; the larger the better if it is an accuracy or the like.
    latest: when the latest weights are written: `"epoch"`, after so many steps, or `"never"`.
    writes: whether this process writes files.
    """

    def __init__(
        self, options: KerasTrainerCheckpointOptions, *, monitor: str, latest: int | str, writes: bool = True
    ) -> None:
        super().__init__()
        self._writes = writes
        self.model: Any
        self._options = options
        self._monitor = monitor
        self._grows = any(part in monitor for part in _GROWS) and not monitor.endswith(_SHRINKS)
        self._latest = latest
        self._steps = 0
        self._written = time.monotonic()
        # The names that a backup looks for.
        self.best: float | None = None
        self.best_weights: list[Any] | None = None

    def on_train_begin(self, logs: Any = None) -> None:
        tf.io.gfile.makedirs(str(self._options.checkpoint_dir))
        self.best, self.best_weights = None, None

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._steps += 1
        if self._writes and isinstance(self._latest, int) and self._steps % self._latest == 0:
            self.model.save_weights(self._options.latest_checkpoint_filepath())

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        logs = logs or {}
        if self._monitor in logs:
            value = float(logs[self._monitor])
            if self.best is None or (value > self.best if self._grows else value < self.best):
                self.best, self.best_weights = value, self.model.get_weights()
        elif any(name.startswith("val_") for name in logs):
            raise ValueError(
                f"KerasTrainer(monitor={self._monitor!r}): there is no such metric; there are {sorted(logs)}."
            )
        if time.monotonic() - self._written > _SECONDS_BETWEEN_FILES:
            self._write()

    def on_train_end(self, logs: Any = None) -> None:
        self._write()

    def _write(self) -> None:
        if not self._writes:
            return
        if self._latest == "epoch":
            self.model.save_weights(self._options.latest_checkpoint_filepath())
        if self.best_weights is not None:
            weights = self.model.get_weights()
            self.model.set_weights(self.best_weights)
            self.model.save_weights(self._options.best_checkpoint_filepath())
            self.model.set_weights(weights)
        self._written = time.monotonic()
