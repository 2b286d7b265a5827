"""What a run hears from Keras while it trains."""

import time
from collections.abc import Callable
from typing import Any, final

import keras

from gnnkit.runner.pipeline._progress import Advance


@final
class Progress(keras.callbacks.Callback):
    """Moves a progress bar by steps, and shows the loss and the validation metric of the last epoch.

    steps: in an epoch. note: says that a run goes on where it was stopped.
    first_epoch: the epoch that training began with, from 0: above 0 for a run that went on.
    step_seconds: of all steps but the first, which is compiled.
    """

    def __init__(self, advance: Advance, note: Callable[[str], None], *, epochs: int, steps: int, monitor: str) -> None:
        super().__init__()
        self._advance, self._note = advance, note
        self._epochs, self._steps, self._monitor = epochs, steps, monitor
        self._done, self._valid, self._text = 0, "", ""
        self.first_epoch: int | None = None
        self.step_seconds = 0.0
        self._first_step, self._begin = True, 0.0

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self._begin = time.perf_counter()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._done = epoch * self._steps
        if self.first_epoch is None:
            self.first_epoch = epoch
            if epoch:
                self._note(f"Training goes on after epoch {epoch} of {self._epochs}, where it was stopped.")
            self._text = "building the first step"
        self._show()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if not self._first_step:
            self.step_seconds += time.perf_counter() - self._begin
        self._first_step = False
        self._done += 1
        loss = f", loss {float(logs['loss']):.4f}" if logs and "loss" in logs else ""
        self._text = f"epoch {(self._done - 1) // self._steps + 1}/{self._epochs}{loss}"
        self._show()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if logs and self._monitor in logs:
            self._valid = f", valid {self._monitor.split('_')[-1]} {float(logs[self._monitor]):.4f}"
            self._show()

    def on_train_end(self, logs: Any = None) -> None:
        # Early stopping leaves the bar behind its end.
        self._advance(self._done, self._done, self._text + self._valid)

    def _show(self) -> None:
        self._advance(self._done, self._epochs * self._steps, self._text + self._valid)
