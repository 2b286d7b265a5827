"""How the machine is used, and which machines."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from gnnkit.runner.config._base import Count, Positive, Section, Switch, Text, Whole, infer_type
from gnnkit.runner.config._user_class import UserClass


class Strategy(Section):
    """A `tf.distribute` strategy, by name."""

    type: Literal["one_device", "mirrored", "multi_worker_mirrored", "parameter_server", "tpu"] = "one_device"
    """`one_device`: no strategy. `mirrored`: all GPUs of this machine. `multi_worker_mirrored`: the machines that the
    environment variable TF_CONFIG names; the same command runs on each. `parameter_server`: for a `training.trainer` of
    your own. `tpu`: TPUs."""

    devices: tuple[Text, ...] | None = None
    """For `mirrored`: the devices, such as `/gpu:0`; by default all GPUs."""

    tpu: str = ""
    """For `tpu`: the name or address; by default found by the environment, `local` is one of this machine."""

    min_shard_bytes: Count | None = None
    """For `parameter_server`: variables are cut into parts of at least so many bytes."""


class UserStrategy(UserClass):
    """A strategy of the user's."""

    type: Literal["custom"] = "custom"
    """Given by the key `class`; need not be written."""


_Name = Literal["one_device", "mirrored", "multi_worker_mirrored", "parameter_server", "tpu"]


def _strategy(value: Any) -> Any:
    """Lets `mirrored` stand for `{type: mirrored}`, and a dotted path for `{class: PATH}`."""
    if isinstance(value, str) and "." in value:
        value = {"class": value}
    return infer_type(("class", "custom"), default="one_device")(value)


class DataService(Section):
    """Where the tf.data service is that prepares batches in place of this machine."""

    tf_data_service_address: Text
    """Of the dispatcher, `grpc://host:port`."""

    tf_data_service_job_name: Text = "gnnkit"
    """Trainers that use the same name share the batches out among them."""

    tf_data_service_mode: Literal["parallel_epochs", "distributed_epoch"] = "distributed_epoch"
    """`distributed_epoch`: each batch comes once an epoch. `parallel_epochs`: each worker makes all of them."""

    use_data_service_for_validation: Switch = False
    """Whether batches of the validation part are made there too."""


class Runtime(Section):
    """How the machine is used. Nothing here changes what is computed, but for rounding."""

    threads: Whole = 0
    """Threads that sample; 0 takes one for each core."""

    deterministic: Switch = True
    """Whether operations that may differ in rounding from run to run are replaced by ones that do not."""

    trim_to_roots: Switch | None = None
    """Whether states that no prediction rests on are left out: by default with sampling, but not on the whole graph,
    where nearly all states are read, and not with `jit_compile`."""

    strategy: Annotated[
        Strategy | UserStrategy,
        Field(discriminator="type"),
        BeforeValidator(_strategy, json_schema_input_type=Strategy | UserStrategy | _Name | Text),
    ] = Strategy()
    """Where the model is trained: `one_device`, `mirrored`, `multi_worker_mirrored`, `parameter_server`, `tpu`, the
    dotted path of a class, or a mapping with options."""

    jit_compile: Switch = False
    """Whether steps are compiled with XLA, which needs `training.padding`."""

    steps_per_execution: Count | None = None
    """Batches that one call of the compiled step handles; by default 1, and 100 on TPUs."""

    run_eagerly: Switch = False
    """Whether steps are not compiled at all, to find errors."""

    policy: Text | None = None
    """The dtype policy of Keras, such as `mixed_bfloat16` for mixed precision."""

    soft_device_placement: Switch = False
    """Whether TensorFlow may move operations that a device lacks."""

    enable_check_numerics: Switch = False
    """Whether training stops at the first value that is infinite or not a number. Slow."""

    tf_data_service: DataService | None = None
    """Machines that prepare the batches; needs `training.steps_per_epoch`."""


class TightPadding(Section):
    """Pads to sizes that every batch fits into: the batch size times the largest graph."""

    type: Literal["tight"] = "tight"
    """This padding."""


class FitOrSkipPadding(Section):
    """Pads to sizes that most batches fit into, and leaves out the others in training."""

    type: Literal["fit_or_skip"] = "fit_or_skip"
    """This padding."""

    fit_or_skip_sample_sample_size: Count = 10_000
    """The number of examples that sizes are learnt from."""

    fit_or_skip_success_ratio: Positive = 0.99
    """The share of batches, out of 1, that are to fit."""


Padding = Annotated[
    TightPadding | FitOrSkipPadding,
    Field(discriminator="type"),
    BeforeValidator(
        infer_type(),
        json_schema_input_type=TightPadding | FitOrSkipPadding | Literal["tight", "fit_or_skip"],
    ),
]
