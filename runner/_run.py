"""`run`: from a provider of examples to a trained, exported model."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras

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
from gnnkit.runner._stage import stage
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
    tf_data_service_config: Any = None,
    use_data_service_for_validation: bool = False,
    steps_per_execution: int | None = None,
    run_eagerly: bool = False,
) -> RunResult:
    """Trains a graph neural network: data, features, labels, base model, head, training, export.

    train_ds_provider: elements are serialized tf.train.Examples (string `[]`) or scalar GraphTensors, not batched.
    model_fn: the spec of the preprocessed graph to the base model, a Keras model from GraphTensor to GraphTensor.
    optimizer_fn: makes the optimizer.
    trainer: fits the model; see `KerasTrainer`.
    task: what is learnt, or a mapping from names to tasks that share the base model; outputs and labels then are
        dicts with these names.
    loss_weights: task name to weight in the sum of losses; only with several tasks.
    gtspec: the type of one element (`dataset.element_spec`, or from a schema), with static numbers of components.
    global_batch_size: elements in a step, all replicas together.
    epochs: passes over the training examples, or of `steps_per_epoch` steps where the trainer says so.
    drop_remainder: leaves out the last batch where it is not full.
    export_dirs: folders to export to; `export` in the trainer's model_dir by default.
    model_exporters: `[KerasModelExporter()]` by default; `[]` exports nothing.
    feature_processors: from GraphTensor to GraphTensor, applied in turn to merged batches, in the input pipeline.
    valid_ds_provider: validation examples.
    train_padding, valid_padding, tf_data_service_config: must be None in this version.
    steps_per_execution: batches that one call of the compiled step handles.
    run_eagerly: for debugging.

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
    _refuse_later_features(
        train_padding=train_padding,
        valid_padding=valid_padding,
        tf_data_service_config=tf_data_service_config,
        use_data_service_for_validation=use_data_service_for_validation or None,
    )
    prepared = _models.preprocessing(gtspec, tuple(feature_processors or ()), task)

    def batches(name: str, provider: Any) -> BatchProvider | None:
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
        )

    bases: list[keras.Model] = []

    def compiled_model() -> keras.Model:
        base = _models.base_model(model_fn, prepared.specs)
        bases.append(base)
        model: Any = _models.with_heads(base, prepared, task)
        with stage("compile"):
            model.compile(
                optimizer=optimizer_fn(),
                loss={k: t.losses() for k, t in task.items()} if isinstance(task, Mapping) else task.losses(),
                loss_weights=dict(loss_weights) if loss_weights else None,
                metrics={k: t.metrics() for k, t in task.items()} if isinstance(task, Mapping) else task.metrics(),
                steps_per_execution=steps_per_execution or 1,
                run_eagerly=run_eagerly,
                jit_compile=False,  # XLA would compile anew for each batch: without padding all have other shapes.
            )
        return model

    train, valid = batches("train", train_ds_provider), batches("valid", valid_ds_provider)
    if train is None:
        raise ValueError("train_ds_provider is None. Pass gnnkit.runner.PassthruDatasetProvider(dataset) or the like.")
    trained = trainer.train(compiled_model, train, epochs=epochs, valid_ds_provider=valid)
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


def _refuse_later_features(**arguments: Any) -> None:
    for name, value in arguments.items():
        if value is not None:
            raise ValueError(
                f"run: {name} is not supported in this version of gnnkit, but got {value!r}. Pass {name}=None: batches "
                "of any size train as they are (issue 6 of the project brings padding and the tf.data service)."
            )
