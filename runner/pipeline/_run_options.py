"""From the runtime section of a config, and the padding, to the arguments of `gnnkit.runner.run`."""

from pathlib import Path
from typing import Any

import tensorflow as tf

from gnnkit.runner._errors import RunError
from gnnkit.runner._padding import FitOrSkipPadding, TightPadding, one_node_per_component
from gnnkit.runner._strategies import ParameterServerStrategy, TPUStrategy
from gnnkit.runner.config import FitOrSkipPadding as FitOrSkip
from gnnkit.runner.config import GraphTask, RunConfig, UserStrategy
from gnnkit.runner.data import TFDataServiceConfig
from gnnkit.runner.pipeline._user_classes import make_of_user


def make_strategy(config: RunConfig) -> tf.distribute.Strategy | None:
    """The strategy, or None for one device. `RunError`: one of the user's cannot be made."""
    section = config.runtime.strategy
    if isinstance(section, UserStrategy):
        return make_of_user("runtime.strategy", section.class_, section.args)
    if section.type == "mirrored":
        return tf.distribute.MirroredStrategy(list(section.devices) if section.devices is not None else None)
    if section.type == "multi_worker_mirrored":
        return _multi_worker()
    if section.type == "parameter_server":
        return ParameterServerStrategy(section.min_shard_bytes)
    return TPUStrategy(section.tpu) if section.type == "tpu" else None


def _multi_worker() -> tf.distribute.Strategy:
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    except RuntimeError as error:
        if "program startup" not in str(error):
            raise
        raise RunError(
            "runtime.strategy: multi_worker_mirrored must be set up before TensorFlow computes anything, but this process "
            "has done so already. Start the run in a new process, with `gnnkit run` on each machine."
        ) from error


def own_directory(config: RunConfig, strategy: tf.distribute.Strategy | None) -> Path:
    """Where this process writes: `model_dir`, but of several workers only the first; others have folders below it."""
    if strategy is None or strategy.extended.should_checkpoint:
        return config.output_directory
    resolver: Any = strategy.cluster_resolver
    return config.output_directory / "workers" / f"{resolver.task_type}-{resolver.task_id}"


def run_options(config: RunConfig, train: Any, valid: Any) -> dict[str, Any]:
    """Keyword arguments of `run`. train, valid: the providers."""
    runtime, service = config.runtime, config.runtime.tf_data_service
    options: dict[str, Any] = {
        "jit_compile": runtime.jit_compile,
        "run_eagerly": runtime.run_eagerly,
        "steps_per_execution": runtime.steps_per_execution,
        "drop_remainder": config.training.drop_remainder,
    }
    if config.training.padding is not None:
        options["train_padding"] = _padding(config, train)
        # Sizes that all fit into: of the validation part nothing is left out.
        options["valid_padding"] = None if valid is None else _padding(config, valid, tight=True)
    if service is not None:
        options["tf_data_service_config"] = TFDataServiceConfig(
            service.tf_data_service_address, service.tf_data_service_job_name, service.tf_data_service_mode
        )
        options["use_data_service_for_validation"] = service.use_data_service_for_validation
    return options


def _padding(config: RunConfig, provider: Any, *, tight: bool = False) -> Any:
    section = config.training.padding
    spec = provider.gtspec
    # Tasks read the first node of each component, of padding too.
    least = None if isinstance(config.main_task, GraphTask) else one_node_per_component(spec)
    if tight or not isinstance(section, FitOrSkip):
        return TightPadding(spec, provider, least)
    return FitOrSkipPadding(
        spec,
        provider,
        least,
        fit_or_skip_sample_sample_size=section.fit_or_skip_sample_sample_size,
        fit_or_skip_success_ratio=section.fit_or_skip_success_ratio,
    )
