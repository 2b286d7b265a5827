"""From a task of the config and its labels to a task of the Runner."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from gnnkit.models import contrastive_losses
from gnnkit.runner._errors import RunError
from gnnkit.runner._interfaces import Task
from gnnkit.runner.config import (
    BarlowTwins,
    Classes,
    Contrastive,
    CustomTask,
    DeepGraphInfomax,
    EdgeTask,
    GraphTask,
    LinkPrediction,
    Numbers,
    RunConfig,
    ShuffleFeatures,
    Triplet,
    VicReg,
    YesOrNo,
)
from gnnkit.runner.pipeline._features import CategoryInput, FeaturePlan, IdInput, TextHashInput
from gnnkit.runner.pipeline._fit import reads_out
from gnnkit.runner.pipeline._labels import Labels
from gnnkit.runner.pipeline._user_classes import make_of_user
from gnnkit.runner.tasks import (
    Binary,
    DotProductLinkPrediction,
    HadamardProductLinkPrediction,
    Multiclass,
    NodePairs,
    Objective,
    PooledNodes,
    ReadoutRule,
    ReadoutTask,
    Regression,
    RootNodes,
    StructuredNodes,
)
from gnnkit.runner.tasks._label_fns import ContextLabelFn

# Names of the layers of heads.
HEADS = {"classes": "classification_logits", "numbers": "regression_logits"}


def make_tasks(
    config: RunConfig,
    labels: Mapping[str, Labels],
    plan: FeaturePlan,
    *,
    ranked: bool = False,
    train: np.ndarray | None = None,
) -> Task | dict[str, Task]:
    """The task of a config, or the mapping of its tasks.

    labels: of each task that has any, by name. ranked: for batches that hold whole lists of candidates, whose ranking is
        then measured. train: rows of the training part, for statistics of numbers; a model that is trained already has
        them among its weights.
    """
    made = {
        name: _make(config, name, task, labels.get(name), plan, ranked, train)
        for name, task in config.all_tasks.items()
    }
    return made[""] if config.task is not None else made


def loss_weights(config: RunConfig) -> dict[str, float] | None:
    """The weights of several tasks."""
    return None if config.task is not None else {name: task.weight for name, task in config.tasks.items()}


def _make(
    config: RunConfig, name: str, task: Any, labels: Labels | None, plan: FeaturePlan, ranked: bool, train: Any
) -> Any:
    if isinstance(task, Contrastive):
        return _contrastive(config, task, plan)
    if isinstance(task, CustomTask):
        return _custom(config.task_path(name), task)
    if isinstance(task, LinkPrediction):
        make = DotProductLinkPrediction if task.head == "dot_product" else HadamardProductLinkPrediction
        return make(
            readout_label_feature_name=task.label,
            num_candidates=1 + task.candidates if ranked else None,
            hits_at=[k for k in task.hits_at if k <= 1 + task.candidates],
        )
    known: Any = labels
    arguments: dict[str, Any] = {"label_feature_name": known.feature}
    if isinstance(task, GraphTask):
        arguments = {"label_fn": ContextLabelFn(known.feature)}
    return ReadoutTask(
        readout=readout_of(config, task),
        objective=objective_of(task, known, train),
        name=HEADS["numbers" if isinstance(task, Numbers) else "classes"],
        **arguments,
    )


def readout_of(config: RunConfig, task: Any, *, validate: bool = True) -> ReadoutRule:
    """Where the predictions of a task are read. validate: False for copies of graphs side by side."""
    if isinstance(task, GraphTask):
        return PooledNodes(task.node_set, reduce_type=task.reduce_type)
    if isinstance(task, (EdgeTask, LinkPrediction)):
        return NodePairs(validate=validate)
    if reads_out(config):
        return StructuredNodes("seed", validate=validate)
    return RootNodes(task.node_set)


def objective_of(task: Any, labels: Labels, train: np.ndarray | None = None) -> Objective:
    """What a task predicts. train: see `make_tasks`."""
    if isinstance(task, Classes):
        weights = None if task.class_weights is None else {str(k): v for k, v in task.class_weights.items()}
        return Multiclass(
            class_names=labels.names,
            per_class_statistics=task.per_class_statistics,
            class_weights=weights,
            label_smoothing=task.label_smoothing,
        )
    if isinstance(task, YesOrNo):
        weights = task.class_weights
        return Binary(
            recall_at_precisions=task.recall_at_precisions,
            class_weights=None if weights is None else [weights.get("negative", 1.0), weights.get("positive", 1.0)],
            label_smoothing=task.label_smoothing,
        )
    extra = {}
    if task.loss == "mean_squared_log_scaled_error":
        extra = {"alpha_loss_param": task.alpha_loss_param, "epsilon_loss_param": task.epsilon_loss_param}
    units = 1 if labels.values.ndim == 1 else labels.values.shape[1]
    standardize = _statistics(labels, units, train) if task.standardize else None
    return Regression(task.loss, units, loss_arguments=extra, standardize=standardize)


def _statistics(labels: Labels, units: int, train: np.ndarray | None) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of the labels of some rows; 0 and 1 where none are given."""
    if train is None or not len(train):
        return [0.0] * units, [1.0] * units
    values = labels.values[train].reshape(-1, units).astype(np.float64)
    deviation = values.std(axis=0)
    return values.mean(axis=0).tolist(), np.where(deviation > 0, deviation, 1.0).tolist()


def _contrastive(config: RunConfig, task: Contrastive, plan: FeaturePlan) -> Any:
    seed = config.seed if task.seed is None else task.seed
    node_set = task.node_set or config.main_task.node_set  # type: ignore[union-attr]
    common: dict[str, Any] = {
        "corruptor": _corruptor(task.corruptor, plan, seed),
        "projector_units": task.projector_units,
    }
    if isinstance(task, DeepGraphInfomax):
        return contrastive_losses.DeepGraphInfomaxTask(node_set, **common)
    if isinstance(task, BarlowTwins):
        return contrastive_losses.BarlowTwinsTask(
            node_set, lambda_=task.lambda_, normalize_batch=task.normalize_batch, **common
        )
    if isinstance(task, VicReg):
        weights = {"sim_weight": task.sim_weight, "var_weight": task.var_weight, "cov_weight": task.cov_weight}
        return contrastive_losses.VicRegTask(node_set, **weights, **common)
    if isinstance(task, Triplet):
        positive = _corruptor(task.positive, plan, seed + 1)
        return contrastive_losses.TripletLossTask(node_set, margin=task.margin, positive=positive, **common)
    raise TypeError(f"There is no task for a section of type {type(task).__name__}.")


def _corruptor(section: Any, plan: FeaturePlan, seed: int) -> Any:
    if isinstance(section, ShuffleFeatures):
        everywhere = {"*": {"*": section.rate}}
        spec = contrastive_losses.CorruptionSpec(everywhere, everywhere)
        return contrastive_losses.ShuffleFeaturesGlobally(spec, seed=seed)
    sets = []
    for inputs_of in (plan.node_sets, plan.edge_sets):
        rates: dict[str, dict[str, float]] = {}
        for name, inputs in inputs_of.items():
            numeric = [i.name for i in inputs if not isinstance(i, (CategoryInput, IdInput, TextHashInput))]
            rates[name] = {feature: float(section.rate) for feature in numeric}
        sets.append(rates)
    return contrastive_losses.DropoutFeatures(contrastive_losses.CorruptionSpec(*sets), seed=seed)


def _custom(path: Any, task: CustomTask) -> Task:
    made = make_of_user(".".join(path), task.class_, task.args)
    if not isinstance(made, Task):
        raise RunError(
            f"{'.'.join(path)}.class: {task.class_!r} makes a {type(made).__name__}; expected a gnnkit.runner.Task, with "
            "the methods preprocess, predict, losses and metrics."
        )
    return made
