"""Input pipelines that run on other machines, by the tf.data service."""

import dataclasses
from typing import Any

import tensorflow as tf

_not_converted = tf.autograph.experimental.do_not_convert


@dataclasses.dataclass(frozen=True)
class TFDataServiceConfig:
    """Where the tf.data service is, which prepares the batches in place of this machine.

    tf_data_service_address: of the dispatcher, `"grpc://host:port"`.
    tf_data_service_job_name: trainers that use the same name share the batches out among them.
    tf_data_service_mode: `"parallel_epochs"`, `"distributed_epoch"` or a
        `tf.data.experimental.service.ShardingPolicy`. With `"distributed_epoch"` each batch comes once an epoch.

    gnnkit need not be installed on the workers, but files must be readable there. The number of batches in an epoch is
    not known to the trainer: `KerasTrainer(steps_per_epoch=...)` makes epochs equally long.

    ValueError: an address or a job name that is empty.
    """

    tf_data_service_address: str
    tf_data_service_job_name: str
    tf_data_service_mode: "str | tf.data.experimental.service.ShardingPolicy"

    def __post_init__(self) -> None:
        for name in ("tf_data_service_address", "tf_data_service_job_name"):
            value = getattr(self, name)
            if not isinstance(value, str) or not value:
                raise ValueError(f"TFDataServiceConfig: {name} must be a text, but got {value!r}.")


def through_service(dataset: tf.data.Dataset, config: TFDataServiceConfig, name: str) -> tf.data.Dataset:
    """The same dataset, run by the service. name: of the dataset; each has a job of its own."""
    spec = dataset.element_spec

    @_not_converted
    def flatten(*element: Any) -> Any:
        whole = element if isinstance(spec, tuple) else element[0]
        return tuple(tf.nest.flatten(whole, expand_composites=True))

    @_not_converted
    def pack(*tensors: Any) -> Any:
        return tf.nest.pack_sequence_as(spec, tensors, expand_composites=True)

    # The service knows tensors only, no graphs.
    job_name = config.tf_data_service_job_name
    dataset = dataset.map(flatten).apply(
        tf.data.experimental.service.distribute(
            processing_mode=config.tf_data_service_mode,
            service=config.tf_data_service_address,
            job_name=job_name if name == "train" else f"{job_name}_{name}",
        )
    )
    return dataset.map(pack, num_parallel_calls=tf.data.AUTOTUNE)
