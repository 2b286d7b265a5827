"""`execute`: a config, carried out from the tables to the exported model."""

import dataclasses
import json
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from gnnkit.runner._interfaces import RunResult
from gnnkit.runner._run import run
from gnnkit.runner.config import LinkPrediction, RunConfig, dump_resolved, to_yaml
from gnnkit.runner.exporters import KerasModelExporter
from gnnkit.runner.pipeline._artefacts import METRICS, MetricsLog, write_artefacts
from gnnkit.runner.pipeline._callbacks import Progress
from gnnkit.runner.pipeline._encode import make_encoder
from gnnkit.runner.pipeline._explain import can_explain, explain
from gnnkit.runner.pipeline._fit import (
    batch_size,
    make_optimizer,
    make_trainer,
    monitored,
    smaller_is_better,
    steps_per_epoch,
)
from gnnkit.runner.pipeline._network import Network, trims
from gnnkit.runner.pipeline._objectives import loss_weights, make_tasks
from gnnkit.runner.pipeline._prepare import Prepared, prepare
from gnnkit.runner.pipeline._progress import Reporter, make_reporter
from gnnkit.runner.pipeline._run_options import make_strategy, own_directory, run_options
from gnnkit.runner.pipeline._summary import RunSummary, top_features
from gnnkit.runner.pipeline._trained import TrainedRun, compile_for_evaluation, save_trained
from gnnkit.runner.trainers import KerasTrainer

_PACKAGES = ("gnnkit", "tensorflow", "keras", "numpy", "numba", "protobuf", "pyarrow")


def execute(config: RunConfig, *, quiet: bool = False) -> RunSummary:
    """Reads, samples, trains, evaluates, exports and explains as `config` says; everything is left in its model_dir.

    A run that was stopped goes on from its last checkpoint when it is started again with the same config.

    quiet: no progress.
    Raises `RunError` or `ConfigError` for data that does not fit the config.
    """
    return execute_run(config, make_reporter(quiet=quiet))[0]


def execute_run(config: RunConfig, reporter: Reporter) -> tuple[RunSummary, TrainedRun]:
    """Like `execute`; returns the trained run as well, as `load_run` would rebuild it."""
    # Before anything of TensorFlow runs: several workers must be known by then.
    strategy = make_strategy(config)
    output = own_directory(config, strategy)
    output.mkdir(parents=True, exist_ok=True)
    dump_resolved(config, output / "config.yaml")
    keras.utils.set_random_seed(config.seed)
    if config.runtime.deterministic and tf.config.list_physical_devices("GPU"):
        tf.config.experimental.enable_op_determinism()  # CPU kernels are deterministic without, and faster.

    data = prepare(config, reporter)
    files = {
        "config": str(output / "config.yaml"),
        "metrics": str(output / METRICS),
        "checkpoints": str(output / "ckpt"),
    }
    trained = _train(config, data, output, strategy, reporter)
    network, result = trained.network, trained.result
    save_trained(output, data, result)
    if config.training.tensorboard:
        files["tensorboard"] = str(output)
    if config.export.enabled:
        files["model"] = str(output / config.export.subdirectory)
        with reporter.stage("export", "Exporting the model"):
            KerasModelExporter().save(result, files["model"])
    if isinstance(config.main_task, LinkPrediction):
        compile_for_evaluation(config, data, result.trained_model)
    finished = TrainedRun(config, data, network, result, output)
    metrics = finished.evaluate(reporter=reporter)

    scores, gap = {}, None
    if config.attribution.enabled and can_explain(config):
        explained = explain(config, data, network, result, output, reporter)
        # Attention tells edges, and nothing of features.
        scores, gap = explained.scores or explained.edges, explained.completeness_error
        files["attribution"] = str(explained.path)

    history = result.trained_model.history.history
    epochs = len(history.get("loss", []))
    first_epoch = trained.progress.first_epoch
    summary = RunSummary(
        name=output.name,
        model_dir=str(output),
        seed=config.seed,
        metrics=metrics,
        epochs=epochs,
        best_epoch=_best_epoch(config, history),
        # A run that was killed between its last epoch and its end has no epoch left to begin.
        resumed_from=epochs if first_epoch is None else first_epoch,
        parameters=int(result.trained_model.count_params()),
        graph=data.counts,
        attribution=top_features(scores, config.attribution.top) if scores else (),
        explainer=config.attribution.explainer,
        completeness_error=gap,
        files={**files, "summary": str(output / "summary.json")},
        seconds=dict(reporter.seconds),
        waiting=trained.waiting,
        notes=data.notes + trained.notes,
    )
    document = {**summary.to_dict(), "history": _plain(history), "versions": _versions()}
    drawn = write_artefacts(output, document, summary, scores, to_yaml(config))
    summary = dataclasses.replace(summary, files={**summary.files, **drawn})
    document["files"] = dict(summary.files)
    (output / "summary.json").write_text(json.dumps(document, indent=2) + "\n")
    return summary, finished


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Trained:
    result: RunResult
    network: Network
    progress: Progress
    waiting: float | None
    notes: tuple[str, ...]


def _train(
    config: RunConfig, data: Prepared, output: Path, strategy: tf.distribute.Strategy | None, reporter: Reporter
) -> _Trained:
    train, valid = data.providers["train"], data.providers.get("valid")
    gtspec = train.gtspec
    encoder = make_encoder(data.plan, gtspec)
    network = Network(config, data.plan)
    notes = network.notes(gtspec)
    for note in notes:
        reporter.note(note)
    steps = steps_per_epoch(config, len(data.split.train))
    with reporter.stage("train", "Training", total=config.training.epochs * steps) as advance:
        advance(0, detail="building the model")
        progress = Progress(
            advance, reporter.note, epochs=config.training.epochs, steps=steps, monitor=monitored(config)
        )
        trainer = make_trainer(
            config,
            output,
            strategy,
            has_valid=valid is not None,
            callbacks=[progress, MetricsLog(output / METRICS)],
        )
        result = run(
            train_ds_provider=train,
            valid_ds_provider=valid,
            model_fn=network.model_fn,
            optimizer_fn=lambda: make_optimizer(config, steps),
            trainer=trainer,
            task=make_tasks(config, data.labels, data.plan, train=data.split.train),
            loss_weights=loss_weights(config),
            gtspec=gtspec,
            global_batch_size=batch_size(config),
            epochs=config.training.epochs,
            feature_processors=[encoder],
            model_exporters=[],
            trim_to_roots=trims(config),
            **run_options(config, train, valid),
        )
    waiting = None
    if isinstance(trainer, KerasTrainer) and trainer.waiting.batches > 1:
        waiting = trainer.waiting.seconds / progress.step_seconds
    return _Trained(result=result, network=network, progress=progress, waiting=waiting, notes=tuple(notes))


def _best_epoch(config: RunConfig, history: dict[str, list[float]]) -> int | None:
    values = history.get(monitored(config))
    if config.training.keep != "best" or not values:
        return None
    best = np.argmin(values) if smaller_is_better(monitored(config)) else np.argmax(values)
    return (int(best) + 1) * config.training.validation_freq


def _plain(history: dict[str, list[Any]]) -> dict[str, list[float]]:
    return {name: [float(value) for value in values] for name, values in history.items()}


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:  # Run from a checkout that is not installed.
            continue
    return versions
