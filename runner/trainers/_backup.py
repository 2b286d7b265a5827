"""Backups of a training in progress, from which a killed run goes on."""

import io
import json
import os
from collections.abc import Sequence
from typing import Any, final

import keras
import numpy as np
import tensorflow as tf

from gnnkit.runner.trainers._replicas import build_optimizer

# What callbacks of Keras (early stopping, checkpoints of the best weights, learning rates on plateaus) remember.
_CALLBACK_STATE = ("best", "wait", "stopped_epoch", "best_epoch", "cooldown_counter")


@final
class Backup(keras.callbacks.Callback):
    """Saves all that training needs to go on as if it had not been interrupted; deletes it when training ends.

    Keras' own `BackupAndRestore` loses the state of random generators and of other callbacks, so that a resumed run can
    overwrite the best weights with worse ones. One file, replaced at once: a kill leaves the old one or the new one.

    directory: where the file lies.
    every: `"epoch"`, or a number of steps, after which training goes on in the midst of an epoch.
    callbacks: those whose state is saved. This callback must come after them.
    writes: whether this process writes the file; others only read it.
    """

    def __init__(
        self,
        directory: str,
        *,
        every: int | str = "epoch",
        callbacks: Sequence[keras.callbacks.Callback] = (),
        writes: bool = True,
    ) -> None:
        super().__init__()
        self._writes = writes
        self._directory = directory
        self._path = os.path.join(directory, "state.npz")
        self._every = every
        self._callbacks = list(callbacks)
        self._saved_callbacks: list[dict[str, Any]] = []
        self._epochs: list[int] = []
        self._logs: list[dict[str, float]] = []
        # Steps of all epochs, the steps of the current one, and the current one.
        self._steps, self._step, self._epoch = 0, 0, 0
        # Where training goes on, and the metrics there.
        self._resumed_at: tuple[int, int] = (0, 0)
        self._metrics: list[Any] = []

    @property
    def history(self) -> tuple[list[int], dict[str, list[float]]]:
        """Epochs, and the values of each metric, of all processes that took part."""
        keys = dict.fromkeys(k for logs in self._logs for k in logs)
        return self._epochs, {k: [logs[k] for logs in self._logs if k in logs] for k in keys}

    def restore(self, model: keras.Model) -> tuple[int, int, bool]:
        """Loads the backup into `model`: epochs done, steps done in the next one, whether a callback had stopped training.

        (0, 0, False) without a backup. ValueError: the backup is of another model.
        """
        if not tf.io.gfile.exists(self._path):
            return 0, 0, False
        with tf.io.gfile.GFile(self._path, "rb") as f:
            saved = np.load(io.BytesIO(f.read()), allow_pickle=False)
        meta = json.loads(saved["meta"].tobytes())
        variables = _variables(model)
        shapes = [list(v.shape) for v in variables]
        if shapes != meta["shapes"]:
            raise ValueError(
                f"The backup {self._path!r} is of another model: it has {len(meta['shapes'])} variables of shapes "
                f"{meta['shapes'][:4]}..., this model {len(shapes)} of shapes {shapes[:4]}... To train anew, delete "
                "the folder or choose another model_dir; to go on, use the settings of the run that was interrupted."
            )
        for i, variable in enumerate(variables):
            variable.assign(saved[f"variable_{i}"])
        self._epochs, self._logs = meta["epochs"], meta["logs"]
        self._saved_callbacks = [
            {**state, **{k: [saved[n] for n in names] for k, names in meta["callback_arrays"][i].items()}}
            for i, state in enumerate(meta["callbacks"])
        ]
        self._resumed_at = meta["epochs_done"], meta["step"]
        self._steps = meta["steps"] - meta["step"]
        self._metrics = [saved[f"metric_{i}"] for i in range(meta["metrics"])]
        return meta["epochs_done"], meta["step"], meta["stopped"]

    def on_train_begin(self, logs: Any = None) -> None:
        # Their own on_train_begin has just forgotten everything.
        for callback, state in zip(self._callbacks, self._saved_callbacks, strict=False):
            vars(callback).update(state)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch, self._step = epoch, 0
        if self._is_repeated(1):
            # Keras has just forgotten what the steps before the interruption added up to.
            for variable, value in zip(_metrics_variables(self.model), self._metrics, strict=True):
                variable.assign(value)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        before = self._steps
        self._steps += batch + 1 - self._step
        self._step = batch + 1
        due = isinstance(self._every, int) and self._steps // self._every > before // self._every
        if due and not self._is_repeated(self._step):
            self._save(epochs_done=self._epoch, step=self._step)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._epochs.append(epoch)
        self._logs.append({k: float(v) for k, v in (logs or {}).items()})
        self._save(epochs_done=epoch + 1, step=0)

    def _is_repeated(self, step: int) -> bool:
        """Whether the step was done before the interruption."""
        return self._epoch == self._resumed_at[0] and step <= self._resumed_at[1]

    def on_train_end(self, logs: Any = None) -> None:
        if self._writes and tf.io.gfile.exists(self._directory):
            tf.io.gfile.rmtree(self._directory)

    def _save(self, *, epochs_done: int, step: int) -> None:
        model: Any = self.model
        # All processes must take part in reading metrics, which add up what each of them has.
        metrics = [_to_numpy(v) for v in _metrics_variables(model)] if step else []
        if not self._writes:
            return
        variables = _variables(model)
        arrays: dict[str, Any] = {f"variable_{i}": _to_numpy(v) for i, v in enumerate(variables)}
        arrays.update({f"metric_{i}": value for i, value in enumerate(metrics)})
        states, callback_arrays = [], []
        for i, callback in enumerate(self._callbacks):
            state: dict[str, Any] = {k: v for k in _CALLBACK_STATE if _is_plain(v := getattr(callback, k, _MISSING))}
            states.append({k: None if v is None else float(v) if k == "best" else int(v) for k, v in state.items()})
            weights = getattr(callback, "best_weights", None) or []
            arrays.update({f"callback_{i}_{j}": np.asarray(w) for j, w in enumerate(weights)})
            callback_arrays.append(
                {"best_weights": [f"callback_{i}_{j}" for j in range(len(weights))]} if weights else {}
            )
        meta = {
            "epochs_done": epochs_done,
            "step": step,
            "steps": self._steps,
            "metrics": len(metrics),
            "stopped": bool(model.stop_training),
            "epochs": self._epochs,
            "logs": self._logs,
            "shapes": [list(v.shape) for v in variables],
            "callbacks": states,
            "callback_arrays": callback_arrays,
        }
        buffer = io.BytesIO()
        arrays["meta"] = np.frombuffer(json.dumps(meta).encode(), np.uint8)
        np.savez(buffer, **arrays)
        tf.io.gfile.makedirs(self._directory)
        temporary = self._path + ".tmp"
        with tf.io.gfile.GFile(temporary, "wb") as f:
            f.write(buffer.getvalue())
        tf.io.gfile.rename(temporary, self._path, overwrite=True)


_MISSING = object()


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, (int, float, np.number))


def _variables(model: keras.Model) -> list[Any]:
    """Weights, random generators and the optimizer's variables."""
    build_optimizer(model)
    # Shared layers count once.
    return list({id(v): v for v in [*model.variables, *model.optimizer.variables]}.values())


def _metrics_variables(model: Any) -> list[Any]:
    return [variable for metric in model.metrics for variable in metric.variables]


def _to_numpy(variable: Any) -> np.ndarray:
    array = tf.convert_to_tensor(variable.value).numpy()
    # NumPy's files do not know bfloat16.
    return array.astype(np.float32) if array.dtype.kind == "V" or array.dtype.name == "bfloat16" else array
