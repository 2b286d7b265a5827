"""`gnnkit.runner.pipeline`: carries out a `RunConfig`, stage by stage."""

from typing import TYPE_CHECKING

from gnnkit._lazy import attach

if TYPE_CHECKING:
    from gnnkit.runner.pipeline._execute import execute as execute
    from gnnkit.runner.pipeline._features import CategoryInput as CategoryInput
    from gnnkit.runner.pipeline._features import FeaturePlan as FeaturePlan
    from gnnkit.runner.pipeline._features import IdInput as IdInput
    from gnnkit.runner.pipeline._features import Input as Input
    from gnnkit.runner.pipeline._features import NumberInput as NumberInput
    from gnnkit.runner.pipeline._features import TextHashInput as TextHashInput
    from gnnkit.runner.pipeline._features import VectorInput as VectorInput
    from gnnkit.runner.pipeline._features import plan_features as plan_features
    from gnnkit.runner.pipeline._labels import Labels as Labels
    from gnnkit.runner.pipeline._labels import resolve_labels as resolve_labels
    from gnnkit.runner.pipeline._predictions import ClassPredictions as ClassPredictions
    from gnnkit.runner.pipeline._predictions import LinkPredictions as LinkPredictions
    from gnnkit.runner.pipeline._predictions import NumberPredictions as NumberPredictions
    from gnnkit.runner.pipeline._predictions import Predictions as Predictions
    from gnnkit.runner.pipeline._progress import ConsoleReporter as ConsoleReporter
    from gnnkit.runner.pipeline._progress import Reporter as Reporter
    from gnnkit.runner.pipeline._progress import SilentReporter as SilentReporter
    from gnnkit.runner.pipeline._progress import make_reporter as make_reporter
    from gnnkit.runner.pipeline._read import read as read
    from gnnkit.runner.pipeline._split import NodeSplit as NodeSplit
    from gnnkit.runner.pipeline._split import resolve_split as resolve_split
    from gnnkit.runner.pipeline._summary import FeatureScore as FeatureScore
    from gnnkit.runner.pipeline._summary import RunSummary as RunSummary
    from gnnkit.runner.pipeline._summary import top_features as top_features
    from gnnkit.runner.pipeline._sweep import execute_sweep as execute_sweep
    from gnnkit.runner.pipeline._trained import TrainedRun as TrainedRun
    from gnnkit.runner.pipeline._trained import load_run as load_run

_FEATURES = "gnnkit.runner.pipeline._features"
_LABELS = "gnnkit.runner.pipeline._labels"
_PREDICTIONS = "gnnkit.runner.pipeline._predictions"
_PROGRESS = "gnnkit.runner.pipeline._progress"
_SPLIT = "gnnkit.runner.pipeline._split"
_SUMMARY = "gnnkit.runner.pipeline._summary"

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "CategoryInput": _FEATURES,
        "ClassPredictions": _PREDICTIONS,
        "ConsoleReporter": _PROGRESS,
        "FeaturePlan": _FEATURES,
        "FeatureScore": _SUMMARY,
        "IdInput": _FEATURES,
        "Input": _FEATURES,
        "Labels": _LABELS,
        "LinkPredictions": _PREDICTIONS,
        "NodeSplit": _SPLIT,
        "NumberPredictions": _PREDICTIONS,
        "NumberInput": _FEATURES,
        "Predictions": _PREDICTIONS,
        "Reporter": _PROGRESS,
        "RunSummary": _SUMMARY,
        "SilentReporter": _PROGRESS,
        "TextHashInput": _FEATURES,
        "TrainedRun": "gnnkit.runner.pipeline._trained",
        "VectorInput": _FEATURES,
        "execute": "gnnkit.runner.pipeline._execute",
        "execute_sweep": "gnnkit.runner.pipeline._sweep",
        "load_run": "gnnkit.runner.pipeline._trained",
        "make_reporter": _PROGRESS,
        "plan_features": _FEATURES,
        "read": "gnnkit.runner.pipeline._read",
        "resolve_labels": _LABELS,
        "resolve_split": _SPLIT,
        "top_features": _SUMMARY,
    },
)
