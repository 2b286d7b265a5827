"""Trainers."""

from gnnkit.runner.trainers._keras_trainer import KerasTrainer as KerasTrainer
from gnnkit.runner.trainers._options import KerasTrainerCheckpointOptions as KerasTrainerCheckpointOptions
from gnnkit.runner.trainers._options import KerasTrainerOptions as KerasTrainerOptions
