"""How the model is fitted."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from gnnkit.runner.config._base import Count, NonNegative, Positive, Section, Share, Switch, Text, expand_text
from gnnkit.runner.config._runtime import Padding
from gnnkit.runner.config._user_class import Callback, UserTrainer


class ConstantSchedule(Section):
    """The learning rate stays as it is."""

    type: Literal["constant"] = "constant"
    """This schedule."""


class CosineSchedule(Section):
    """The learning rate falls to `final` times its value along half a cosine over all steps of training."""

    type: Literal["cosine"] = "cosine"
    """This schedule."""

    warmup_epochs: NonNegative = 0.0
    """Epochs, or parts of one, over which the learning rate first rises from 0."""

    final: Share = 0.0
    """What is left of the learning rate at the end, as a share."""


_Schedule = Annotated[ConstantSchedule | CosineSchedule, Field(discriminator="type")]
_ScheduleInput = _Schedule | Literal["constant", "cosine"]
Schedule = Annotated[
    _Schedule,
    BeforeValidator(expand_text, json_schema_input_type=_ScheduleInput),
]


class EarlyStopping(Section):
    """Stop when the validation nodes show no progress."""

    monitor: Text | None = None
    """What is watched, `valid_` and the name of a metric, such as `valid_loss`; the best epoch by it is also the one
    whose weights are kept. By default `valid_accuracy` for classes, `valid_auc_roc` for links, and else `valid_loss`."""

    patience: Count = 10
    """Evaluations without progress after which training ends."""

    min_delta: NonNegative = 0.0
    """Progress smaller than this counts as none."""


class Training(Section):
    """How the model is fitted."""

    epochs: Count = 10
    """The number of passes over the training nodes."""

    batch_size: Count = 64
    """Training nodes (and their subgraphs) in a step. Without sampling the whole graph is one step."""

    steps_per_epoch: Count | None = None
    """Steps that make up an epoch; by default as many as the training nodes fill."""

    optimizer: Literal["adam", "adamw", "sgd"] = "adam"
    """The optimizer."""

    learning_rate: Positive = 1e-3
    """The learning rate, before the schedule."""

    weight_decay: NonNegative | None = None
    """Decay of the weights in each step, times the learning rate; by default none (adamw: 0.004)."""

    gradient_clip: Positive | None = None
    """The largest norm of all gradients together."""

    schedule: Schedule = ConstantSchedule()
    """`constant`, or `cosine` with options."""

    validation_freq: Count = 1
    """Epochs from one evaluation of the validation part to the next."""

    validation_per_epoch: Count | None = None
    """Evaluations in each epoch, in place of `validation_freq`; `steps_per_epoch` must be a multiple."""

    validation_steps: Count | None = None
    """Evaluates on so many batches of the validation part; by default on all of it."""

    drop_remainder: Switch = False
    """Whether the last batch of an epoch is left out where it is not full."""

    padding: Padding | None = None
    """Brings all batches to the same sizes, `tight` or `fit_or_skip`; rows of padding count nowhere. By default batches
    keep their sizes, which is faster on CPUs."""

    keep: Literal["best", "last"] = "best"
    """Which weights the run ends with: those of the best evaluation, or of the last epoch."""

    early_stopping: EarlyStopping | None = None
    """When to stop before all epochs are done; `null` never stops. `{}` takes the defaults."""

    resume: Switch = True
    """Whether a run that was killed goes on from its last checkpoint when it is started again."""

    backup_every_n_steps: Count | Literal["epoch"] = "epoch"
    """How often the state is saved that a killed run goes on from: `epoch`, or a number of steps."""

    checkpoint_every_n_steps: Count | Literal["epoch", "never"] = "epoch"
    """How often the latest weights are written: `epoch`, `never`, or a number of steps."""

    tensorboard: Switch = True
    """Whether curves are written for TensorBoard."""

    summarize_every_n_steps: Count = 500
    """Steps from one point of these curves to the next."""

    callbacks: tuple[Callback, ...] = ()
    """Further callbacks of Keras: a list of `{class: my_package.MyCallback, args: {...}}`."""

    trainer: UserTrainer | None = None
    """In place of `KerasTrainer`: `{class: my_package.MyTrainer, args: {...}}`. Options of this section that
    `KerasTrainer` carries out (`early_stopping`, `keep`, `resume` and the like) then mean nothing."""


class Export(Section):
    """A SavedModel that scores serialized examples in a process without gnnkit."""

    enabled: Switch = True
    """Whether the model is exported."""

    subdirectory: str = "export"
    """The folder of the exported model, inside `model_dir`."""
