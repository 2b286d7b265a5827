"""Options of trainers."""

import dataclasses
import os
from typing import Any


@dataclasses.dataclass(frozen=True)
class KerasTrainerOptions:
    """Global settings that `KerasTrainer.train` makes.

    policy: mixed precision, `"mixed_bfloat16"` or a `keras.DTypePolicy`.
    soft_device_placement: lets TensorFlow move operations that the device lacks.
    enable_check_numerics: stops at the first value that is infinite or not a number. Slow.
    """

    policy: Any = None
    soft_device_placement: bool = False
    enable_check_numerics: bool = False


@dataclasses.dataclass(frozen=True)
class KerasTrainerCheckpointOptions:
    """Where weights are saved: `DIR/best.weights.h5` and `DIR/latest.weights.h5`.

    checkpoint_dir: `ckpt` in the trainer's model_dir by default.
    """

    checkpoint_dir: str | None = None
    best_checkpoint: str = "best"
    latest_checkpoint: str = "latest"

    def best_checkpoint_filepath(self) -> str:
        """The file of the best weights."""
        return self._path(self.best_checkpoint)

    def latest_checkpoint_filepath(self) -> str:
        """The file of the latest weights."""
        return self._path(self.latest_checkpoint)

    def _path(self, name: str) -> str:
        suffix = ".weights.h5"
        return os.path.join(self.checkpoint_dir or "", name if name.endswith(suffix) else name + suffix)
