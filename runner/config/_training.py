"""How the model is fitted."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from gnnkit.runner.config._base import Count, NonNegative, Positive, Section, Share, Switch, Whole, expand_text


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

    monitor: Literal["valid_accuracy", "valid_loss"] = "valid_accuracy"
    """What is watched; the best epoch by it is also the one whose weights are kept."""

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

    validate_every: Count = 1
    """Epochs from one evaluation of the validation nodes to the next."""

    keep: Literal["best", "last"] = "best"
    """Which weights the run ends with: those of the best evaluation, or of the last epoch."""

    early_stopping: EarlyStopping | None = None
    """When to stop before all epochs are done; `null` never stops. `{}` takes the defaults."""

    resume: Switch = True
    """Whether a run that was killed goes on from its last checkpoint when it is started again."""

    tensorboard: Switch = True
    """Whether curves are written for TensorBoard."""


class Export(Section):
    """A SavedModel that scores serialized examples in a process without gnnkit."""

    enabled: Switch = True
    """Whether the model is exported."""

    subdirectory: str = "export"
    """The folder of the exported model, inside `model_dir`."""


class Runtime(Section):
    """How the machine is used. Nothing here changes what is computed."""

    threads: Whole = 0
    """Threads that sample; 0 takes one for each core."""

    deterministic: Switch = True
    """Whether operations that may differ in rounding from run to run are replaced by ones that do not."""

    trim_to_roots: Switch | None = None
    """Whether states that no prediction rests on are left out: by default with sampling, but not on the whole graph,
    where nearly all states are read."""
