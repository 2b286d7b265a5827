"""`run`: from a provider of examples to a trained, exported model."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

import gnnkit.keras
from gnnkit.graph import GraphTensorSpec
from gnnkit.runner import _models
from gnnkit.runner._interfaces import (
    DatasetProvider,
    GraphTensorPadding,
    GraphTensorProcessorFn,
    ModelExporter,
    RunResult,
    Task,
    Trainer,
)
from gnnkit.runner._padding import padding_fn
from gnnkit.runner._stage import stage
from gnnkit.runner._weights import count_real_rows, over_real_rows, row_weights, tell_real_components
from gnnkit.runner.data import TFDataServiceConfig
from gnnkit.runner.data._batches import BatchProvider
from gnnkit.runner.exporters import KerasModelExporter


def run(
    *,
    train_ds_provider: DatasetProvider,
    model_fn: Callable[[GraphTensorSpec], keras.Model],
    optimizer_fn: Callable[[], keras.optimizers.Optimizer],
    trainer: Trainer,
    task: Task | Mapping[str, Task],
    loss_weights: Mapping[str, float] | None = None,
    gtspec: GraphTensorSpec,
    global_batch_size: int,
    epochs: int = 1,
    drop_remainder: bool = False,
    export_dirs: Sequence[str] | None = None,
    model_exporters: Sequence[ModelExporter] | None = None,
    feature_processors: Sequence[GraphTensorProcessorFn] | None = None,
    valid_ds_provider: DatasetProvider | None = None,
    train_padding: GraphTensorPadding | None = None,
    valid_padding: GraphTensorPadding | None = None,
    tf_data_service_config: TFDataServiceConfig | None = None,
    use_data_service_for_validation: bool = False,
    steps_per_execution: int | None = None,
    run_eagerly: bool = False,
    jit_compile: bool = False,
    trim_to_roots: bool = True,
) -> RunResult:
    """Trains a graph neural network: data, features, labels, base model, head, training, export.

    train_ds_provider: elements are serialized tf.train.Examples (string `[]`) or scalar GraphTensors, not batched.
    model_fn: the spec of the preprocessed graph to the base model, a Keras model from GraphTensor to GraphTensor.
    optimizer_fn: makes the optimizer.
    trainer: fits the model; see `KerasTrainer`.
    task: what is learnt, or a mapping from names to tasks that share the base model; outputs and labels then are
        dicts with these names (`TASK_OUTPUT` for a task that has a dict of outputs).
    loss_weights: task name to weight in the sum of losses; only with several tasks.
    gtspec: the type of one element (`dataset.element_spec`, or from a schema), with static numbers of components.
    global_batch_size: elements in a step, all replicas together.
    epochs: passes over the training examples, or of `steps_per_epoch` steps where the trainer says so.
    drop_remainder: leaves out the last batch where it is not full.
    export_dirs: folders to export to; `export` in the trainer's model_dir by default.
    model_exporters: `[KerasModelExporter()]` by default; `[]` exports nothing.
    feature_processors: from GraphTensor to GraphTensor, applied in turn to merged batches, in the input pipeline.
    valid_ds_provider: validation examples.
    train_padding, valid_padding: bring all batches to the same sizes, as `TightPadding` or `FitOrSkipPadding` do. Rows of
        padding have weight 0 in losses and metrics.
    tf_data_service_config: where the batches for training are made, if not on this machine.
    use_data_service_for_validation: makes those for validation there too.
    steps_per_execution: batches that one call of the compiled step handles; 1 by default, 100 on TPUs.
    run_eagerly: for debugging.
    jit_compile: compiles the steps with XLA, which needs padding: XLA compiles anew for each size.
    trim_to_roots: leaves the computation of states that no task reads out of the trained model, where tasks are about
        root nodes and the base model allows it, but not under XLA: see `gnnkit.keras.trim_to_roots`.
        `RunResult.base_model` is as it was made, and shares its layers.

    Batches go this way: batch, parse, merge, filter, pad, feature processors, `task.preprocess`.

    ValueError: an argument, a provider's elements or what a callback returns is not as it should be; the message, or a
    note on it, names the stage.
    """
    _check_arguments(
        gtspec=gtspec,
        global_batch_size=global_batch_size,
        epochs=epochs,
        optimizer_fn=optimizer_fn,
        task=task,
        loss_weights=loss_weights,
    )
    _check_service(tf_data_service_config, use_data_service_for_validation)
    on_tpu = isinstance(trainer.strategy, tf.distribute.TPUStrategy)
    if on_tpu or jit_compile:
        why = "TPUs" if on_tpu else "jit_compile=True"
        _check_static(why, train_padding, valid_padding, has_valid=valid_ds_provider is not None)
    padded = train_padding is not None or valid_padding is not None
    prepared = _models.preprocessing(gtspec, tuple(feature_processors or ()), task)

    def weights(graphs: list[Any], labels: Any, mask: Any) -> Any:
        if not isinstance(task, Mapping):
            return row_weights(task, graphs, labels, mask)
        of_task = {name: [graphs[i] for i in indices] for name, indices in prepared.inputs_of_task.items()}
        return _models.flat_outputs(
            {name: row_weights(t, of_task[name], prepared.labels_of(name, labels), mask) for name, t in task.items()}
        )

    def batches(name: str, provider: Any, padding: Any, service: Any) -> BatchProvider | None:
        if provider is None:
            return None
        if not callable(getattr(provider, "get_dataset", None) or getattr(provider, "get_batched_dataset", None)):
            raise ValueError(
                f"{name}_ds_provider must have get_dataset(context), but got {type(provider).__name__}. "
                "Wrap a dataset as gnnkit.runner.PassthruDatasetProvider(dataset)."
            )
        return BatchProvider(
            name=name,
            delegate=provider,
            gtspec=gtspec,
            preprocess_model=prepared.model,
            global_batch_size=global_batch_size,
            drop_remainder=drop_remainder,
            padding_fn=None if padding is None else padding_fn(padding, f"{name}_padding", weights),
            service=service,
        )

    bases: list[keras.Model] = []

    def compiled_model() -> keras.Model:
        base = _models.base_model(model_fn, prepared.specs)
        bases.append(base)
        # Trimmed graphs have other sizes from batch to batch, for which XLA would compile anew.
        model: Any = _models.with_heads(
            base, prepared, task, trim_to_roots=trim_to_roots and not (jit_compile or on_tpu)
        )
        if jit_compile:
            _models.allow_xla(model)
        with stage("compile"):
            compile_(model, optimizer_fn())
        return model

    def compile_(model: Any, optimizer: Any) -> None:
        losses, metrics, loss_factors = compiled(task, loss_weights)
        model.compile(
            optimizer=optimizer,
            loss=over_real_rows(losses) if padded else losses,
            loss_weights=loss_factors,
            steps_per_execution=steps_per_execution or (100 if on_tpu else 1),
            run_eagerly=run_eagerly,
            jit_compile=jit_compile,
            **{"weighted_metrics" if padded else "metrics": metrics},
        )
        if padded:
            count_real_rows(model)
            _tell_real_components(model, task, prepared)

    service = tf_data_service_config
    train = batches("train", train_ds_provider, train_padding, service)
    valid = batches("valid", valid_ds_provider, valid_padding, service if use_data_service_for_validation else None)
    if train is None:
        raise ValueError("train_ds_provider is None. Pass gnnkit.runner.PassthruDatasetProvider(dataset) or the like.")
    trained = trainer.train(compiled_model, train, epochs=epochs, valid_ds_provider=valid)
    if trainer.strategy.num_replicas_in_sync > 1 and isinstance(trained, gnnkit.keras.Model):
        optimizer = trained.optimizer
        trained = _models.without_replicas(trained)
        compile_(trained, optimizer)
    result = RunResult(
        preprocess_model=prepared.model,
        base_model=bases[-1],
        trained_model=trained,
        raw_preprocess_model=prepared.raw_model,
        gtspec=gtspec,
    )
    exporters = [KerasModelExporter()] if model_exporters is None else list(model_exporters)
    for export_dir in export_dirs or [os.path.join(trainer.model_dir, "export")]:
        for exporter in exporters:
            with stage(f"export to {export_dir} ({type(exporter).__name__})"):
                exporter.save(result, export_dir)
    return result


def compiled(task: Task | Mapping[str, Task], loss_weights: Mapping[str, float] | None) -> tuple[Any, Any, Any]:
    """Losses, metrics and weights of losses, as Keras wants them."""
    if not isinstance(task, Mapping):
        return task.losses(), task.metrics(), None
    losses = {name: t.losses() for name, t in task.items()}
    metrics = {name: t.metrics() for name, t in task.items()}
    factors = _models.flat_weights(loss_weights, losses) if loss_weights else None
    return _models.flat_outputs(losses), _models.flat_outputs(metrics), factors


def _check_arguments(
    *, gtspec: Any, global_batch_size: Any, epochs: Any, optimizer_fn: Any, task: Any, loss_weights: Any
) -> None:
    if not isinstance(gtspec, GraphTensorSpec):
        raise ValueError(
            f"run: gtspec must be a GraphTensorSpec, but got {type(gtspec).__name__}. Pass dataset.element_spec, "
            "graph.spec or gnnkit.create_graph_spec_from_schema_pb(schema)."
        )
    if gtspec.rank != 0:
        raise ValueError(
            f"run: gtspec must be the spec of one scalar graph, but has shape {gtspec.shape}. "
            "Leave .batch() out: run batches."
        )
    for name, value in (("global_batch_size", global_batch_size), ("epochs", epochs)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ValueError(f"run: {name} must be a positive int, but got {value!r}.")
    if not callable(optimizer_fn) or isinstance(optimizer_fn, keras.optimizers.Optimizer):
        raise ValueError(
            f"run: optimizer_fn must make an optimizer when called, but got {type(optimizer_fn).__name__}. "
            "Pass keras.optimizers.Adam or lambda: keras.optimizers.Adam(1e-3)."
        )
    if isinstance(task, Mapping):
        if not task:
            raise ValueError("run: the mapping of tasks is empty.")
        unknown = sorted(set(loss_weights or {}) - set(task))
        if unknown:
            raise ValueError(f"run: loss_weights names {unknown}, but the tasks are {sorted(task)}.")
    elif loss_weights is not None:
        raise ValueError("run: loss_weights needs several tasks. Pass task={'NAME': task, ...}, or leave it out.")
    for t in task.values() if isinstance(task, Mapping) else [task]:
        if not isinstance(t, Task):
            raise ValueError(
                f"run: task must be a gnnkit.runner.Task or a mapping from names to them, but got {type(t).__name__}."
            )


def _check_service(config: Any, for_validation: bool) -> None:
    if config is not None and not isinstance(config, TFDataServiceConfig):
        raise ValueError(
            f"run: tf_data_service_config must be a gnnkit.runner.TFDataServiceConfig, but got {type(config).__name__}."
        )
    if config is None and for_validation:
        raise ValueError("run: use_data_service_for_validation=True needs tf_data_service_config.")


def _tell_real_components(model: Any, task: Any, prepared: Any) -> None:
    """As far as a task has weights of components."""
    if not isinstance(task, Mapping):
        if getattr(task, "has_component_weights", False):
            tell_real_components(model, None)
        return
    for name, one in task.items():
        if getattr(one, "has_component_weights", False):
            outputs = prepared.outputs_of_task[name]
            tell_real_components(model, next(iter(outputs.values())) if isinstance(outputs, Mapping) else outputs)
            return


def _check_static(why: str, train_padding: Any, valid_padding: Any, *, has_valid: bool) -> None:
    missing = ["train_padding"] if train_padding is None else []
    missing += ["valid_padding"] if has_valid and valid_padding is None else []
    if missing:
        raise ValueError(
            f"run: {why} needs batches of static sizes: pass {' and '.join(missing)}, for example "
            "gnnkit.runner.FitOrSkipPadding(gtspec, train_ds_provider)."
        )
