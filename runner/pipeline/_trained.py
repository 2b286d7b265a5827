"""A run that is finished: its model, rebuilt from the files that it left, and what can be done with it."""

import functools
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, final, get_args

import keras
import numpy as np
import tensorflow as tf

from gnnkit.runner import _models
from gnnkit.runner._errors import RunError
from gnnkit.runner._evaluate import evaluate
from gnnkit.runner._interfaces import RunResult
from gnnkit.runner._run import compiled
from gnnkit.runner.config import LinkPrediction, RunConfig, load
from gnnkit.runner.config._attribution import ExplainerName
from gnnkit.runner.exporters import KerasModelExporter
from gnnkit.runner.pipeline._copy import CONFIG, WEIGHTS, copy_run
from gnnkit.runner.pipeline._describe import Description
from gnnkit.runner.pipeline._encode import make_encoder
from gnnkit.runner.pipeline._explain import Explanation, explain
from gnnkit.runner.pipeline._fit import batch_size
from gnnkit.runner.pipeline._network import Network, trims
from gnnkit.runner.pipeline._objectives import loss_weights, make_tasks
from gnnkit.runner.pipeline._plan_file import Learned
from gnnkit.runner.pipeline._predict import predict
from gnnkit.runner.pipeline._predictions import Predictions
from gnnkit.runner.pipeline._prepare import Prepared, prepare_trained
from gnnkit.runner.pipeline._progress import Reporter, make_reporter
from gnnkit.runner.tasks._metrics import short_metric_names


@final
class TrainedRun:
    """A trained model with its data. `load_run` makes it from the folder of a run.

    config: of the run. data: tables, labels and parts. network: the layers of the base model. result: the models.
    folder: where the run has left its files.
    """

    def __init__(self, config: RunConfig, data: Prepared, network: Network, result: RunResult, folder: Path) -> None:
        self.config, self.data, self.network, self.result, self.folder = config, data, network, result, folder

    @property
    def batch_size(self) -> int:
        """Examples in a batch."""
        return batch_size(self.config)

    @property
    def evaluation_batch_size(self) -> int:
        """Examples in a batch of evaluation, which holds whole lists of candidates where links are ranked."""
        task = self.config.main_task
        if not isinstance(task, LinkPrediction):
            return self.batch_size
        return (1 + task.candidates) * max(1, self.batch_size // (1 + task.candidates))

    @functools.cached_property
    def outputs(self) -> Callable[[Any], Any]:
        """A `tf.function` from preprocessed graphs of any size to what the heads say, `[R, K]`, or a dict of that by the
        names of several tasks; traced once."""
        model: Any = self.result.trained_model
        inputs = model.input
        signature = tuple(graph.spec for graph in inputs) if isinstance(inputs, (list, tuple)) else inputs.spec
        return tf.function(lambda graph: model(graph, training=False), input_signature=[signature], autograph=False)

    def evaluate(
        self, parts: str | Iterable[str] | None = None, *, reporter: Reporter | None = None
    ) -> dict[str, dict[str, float]]:
        """Part -> metric -> value. parts: of the split; by default `valid` and `test`, as far as they have nodes.

        `RunError`: a part without nodes.
        """
        known = list(self.data.providers)
        parts = [part for part in ("valid", "test") if part in known] if parts is None else parts
        asked = [parts] if isinstance(parts, str) else list(parts)
        for part in asked:
            self.rows(part=part)  # Refuses parts without nodes.
        metrics = {}
        reporter = reporter or make_reporter(quiet=True)
        with reporter.stage("evaluate", "Evaluating", total=len(asked)) as advance:
            for done, part in enumerate(asked):
                advance(done, detail=part)
                values = evaluate(self.result, self.data.providers[part], global_batch_size=self.evaluation_batch_size)
                metrics[part] = short_metric_names(values)
            advance(len(asked))
        return metrics

    def rows(self, ids: Sequence[Any] | np.ndarray | None = None, *, part: str | None = None) -> np.ndarray:
        """int64 `[N]`, rows of the task's nodes, edges or graphs; for links given by ids the pairs of nodes `[N, 2]`.

        ids: of nodes, as texts or bytes, or as whole numbers where nodes have no ids; of edges and links texts
            `source->target` or pairs of ids; of graphs their numbers. All by default.
        part: those of a part of the split instead.

        `RunError`: an unknown id, or a part that is empty.
        """
        items = self.data.items
        if part is not None:
            found = dict(self.data.split.items())
            if part not in found:
                raise RunError(
                    f"There are no {items.noun} in part {part!r} of the split; parts with {items.noun}: {sorted(found)}."
                )
            return found[part]
        return np.arange(items.count) if ids is None else items.find(ids)

    def predict(
        self,
        ids: Sequence[Any] | np.ndarray | None = None,
        *,
        part: str | None = None,
        task: str | None = None,
        reporter: Reporter | None = None,
    ) -> Predictions:
        """What the model says about nodes, edges, links or graphs. ids, part: see `rows`.

        task: the name of one of several tasks; by default the first that has labels.
        """
        return predict(self, self.rows(ids, part=part), reporter or make_reporter(quiet=True), task)

    def explain(
        self,
        ids: Sequence[Any] | np.ndarray | None = None,
        *,
        part: str | None = None,
        explainer: str | None = None,
        output: str | Path | None = None,
        reporter: Reporter | None = None,
    ) -> Explanation:
        """What the predictions of nodes rest on: features, nodes and edges.

        ids, part: see `rows`; by default the first `attribution.num_examples` nodes of the test part.
        explainer: `integrated_gradients`, `gnn_explainer` or `attention`; by default `attribution.explainer` of the config.
        output: the folder for `attribution.json` with the details; by default `explain` in the run's folder.

        `RunError`: an unknown explainer, or `attention` where the model has none; others: see `rows`.
        """
        config = self.config
        if explainer is not None:
            known = get_args(ExplainerName)
            if explainer not in known:
                raise RunError(f"There is no explainer {explainer!r}; there are {', '.join(known)}.")
            attribution = config.attribution.model_copy(update={"explainer": explainer})
            config = config.model_copy(update={"attribution": attribution})
        rows = self.rows(ids, part=part) if ids is not None or part is not None else None
        if rows is not None and not len(rows):
            raise RunError("There are no nodes to explain: the list of ids is empty.")
        folder = Path(output) if output is not None else self.folder / "explain"
        folder.mkdir(parents=True, exist_ok=True)
        reporter = reporter or make_reporter(quiet=True)
        return explain(config, self.data, self.network, self.result, folder, reporter, rows=rows)

    def export(self, export_dir: str | Path) -> Path:
        """Writes the SavedModel that scores serialized Examples, and `model.keras` beside it; returns the folder."""
        KerasModelExporter().save(self.result, str(export_dir))
        return Path(export_dir)

    def describe(self) -> Description:
        """What the run was and what came of it: text, or the report in a notebook."""
        return Description(self.folder)

    def save(self, folder: str | Path) -> Path:
        """Copies the model to a folder of its own, for `gnnkit.load`, with the tables that it was trained on.

        The folder can be moved. `RunError`: it is there and not empty.
        """
        return copy_run(self.config, self.folder, Path(folder))

    def __repr__(self) -> str:
        about = ", ".join(labels.where for labels in self.data.labels.values())
        return f"<TrainedRun {self.folder}: {about}>"


def save_trained(output: Path, data: Prepared, result: RunResult) -> None:
    """Leaves in a folder what `load_run` needs besides the config."""
    classes = {name: labels.names for name, labels in data.labels.items()}
    widths = {name: labels.values.shape[1:] for name, labels in data.labels.items() if not labels.names}
    Learned(plan=data.plan, classes=classes, widths=widths).save(output)
    result.trained_model.save_weights(str(output / WEIGHTS), overwrite=True)


def load_run(model_dir: str | Path, overrides: Iterable[str] = (), *, reporter: Reporter | None = None) -> TrainedRun:
    """Rebuilds the model of a finished run.

    model_dir: the folder of the run. overrides: as after `--set`; `data.schema=FILE` applies the model to other tables
        of the same schema. Those that change the network do not fit the weights.
    `RunError`: the folder is not of a finished run, or the weights do not fit. `ConfigError`: a wrong override.
    """
    folder = Path(model_dir)
    if not (folder / CONFIG).is_file() or not (folder / WEIGHTS).is_file():
        raise RunError(
            f"{folder} is not the folder of a finished run: it has no {CONFIG} and {WEIGHTS}. "
            "Give the model_dir of a run that `gnnkit run` has finished."
        )
    reporter = reporter or make_reporter(quiet=True)
    config = load(folder / CONFIG, overrides)
    learned = Learned.load(folder)
    data = prepare_trained(config, reporter, learned)
    keras.utils.set_random_seed(config.seed)
    with reporter.stage("load", "Building the model"):
        task = make_tasks(config, data.labels, data.plan)
        network, result = _models_of(config, data, task)
        model: Any = result.trained_model
        try:
            with warnings.catch_warnings():
                # Keras only warns where a part of the file or of the model finds no counterpart.
                warnings.simplefilter("error", UserWarning)
                model.load_weights(str(folder / WEIGHTS))
        except (OSError, ValueError, KeyError, UserWarning) as error:
            reason = str(error).strip().splitlines()[0]
            raise RunError(
                f"The weights {folder / WEIGHTS} do not fit the model of {folder / CONFIG}"
                f"{' with the overrides' if list(overrides) else ''}: {reason}"
            ) from error
        compile_for_evaluation(config, data, model)
    return TrainedRun(config, data, network, result, folder)


def compile_for_evaluation(config: RunConfig, data: Prepared, model: Any) -> None:
    """Gives a trained model its losses and metrics, those of the ranking of links among them."""
    task = make_tasks(config, data.labels, data.plan, ranked=True)
    losses, metrics, weights = compiled(task, loss_weights(config))
    model.compile(loss=losses, metrics=metrics, loss_weights=weights, jit_compile=False)


def _models_of(config: RunConfig, data: Prepared, task: Any) -> tuple[Network, RunResult]:
    gtspec = data.provider(np.zeros(1, np.int64)).gtspec
    prepared = _models.preprocessing(gtspec, (make_encoder(data.plan, gtspec),), task)
    network = Network(config, data.plan)
    base = _models.base_model(network.model_fn, prepared.specs)
    model = _models.with_heads(base, prepared, task, trim_to_roots=trims(config))
    result = RunResult(
        preprocess_model=prepared.model,
        base_model=base,
        trained_model=model,
        raw_preprocess_model=prepared.raw_model,
        gtspec=gtspec,
    )
    return network, result
