"""Strategies that find their cluster by themselves."""

import tensorflow as tf


class TPUStrategy(tf.distribute.TPUStrategy):
    """Trains on the TPU `tpu`: connects to it and initializes it.

    tpu: its name or address; `""` finds it by the environment, `"local"` is one of this machine.

    ValueError: there is none.
    """

    def __init__(self, tpu: str = "") -> None:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver.connect(tpu)
        super().__init__(resolver)


class ParameterServerStrategy(tf.distribute.ParameterServerStrategy):
    """Keeps variables on the parameter servers of the cluster that the environment variable TF_CONFIG describes.

    min_shard_bytes: variables are cut into parts of at least so many bytes, on different servers. By default each is
        on one server.

    `KerasTrainer` does not train with it: `fit` of Keras 3 cannot. It is for training loops of one's own, with
    `tf.distribute.coordinator.ClusterCoordinator`.

    ValueError: TF_CONFIG names no parameter servers.
    """

    def __init__(self, min_shard_bytes: int | None = None) -> None:
        resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
        jobs = resolver.cluster_spec().as_dict()
        if not jobs.get("ps"):
            raise ValueError(
                f"ParameterServerStrategy: the cluster has no parameter servers, only {sorted(jobs)}. Set the environment "
                'variable TF_CONFIG to {"cluster": {"chief": [...], "worker": [...], "ps": [...]}, "task": {...}}.'
            )
        partitioner = None
        if min_shard_bytes is not None:
            partitioner = tf.distribute.experimental.partitioners.MinSizePartitioner(
                min_shard_bytes=min_shard_bytes, max_shards=len(jobs["ps"])
            )
        super().__init__(resolver, variable_partitioner=partitioner)
