"""`gnnkit.runner`: training, evaluation, explanation and export of models, from Python and from a config file.

Nothing is imported before it is used, so that the command line starts fast.
"""

from typing import TYPE_CHECKING

from gnnkit._lazy import attach

if TYPE_CHECKING:
    from gnnkit.runner._attribution import integrated_gradients as integrated_gradients
    from gnnkit.runner._evaluate import evaluate as evaluate
    from gnnkit.runner._interfaces import DatasetProvider as DatasetProvider
    from gnnkit.runner._interfaces import GraphTensorPadding as GraphTensorPadding
    from gnnkit.runner._interfaces import GraphTensorProcessorFn as GraphTensorProcessorFn
    from gnnkit.runner._interfaces import ModelExporter as ModelExporter
    from gnnkit.runner._interfaces import RunResult as RunResult
    from gnnkit.runner._interfaces import Task as Task
    from gnnkit.runner._interfaces import Trainer as Trainer
    from gnnkit.runner._run import run as run
    from gnnkit.runner.data import PassthruDatasetProvider as PassthruDatasetProvider
    from gnnkit.runner.data import SimpleDatasetProvider as SimpleDatasetProvider
    from gnnkit.runner.data import TFRecordDatasetProvider as TFRecordDatasetProvider
    from gnnkit.runner.exporters import KerasModelExporter as KerasModelExporter
    from gnnkit.runner.exporters import export_model as export_model
    from gnnkit.runner.exporters import incrementing_model_dir as incrementing_model_dir
    from gnnkit.runner.tasks import ContextLabelFn as ContextLabelFn
    from gnnkit.runner.tasks import NodeBinaryClassification as NodeBinaryClassification
    from gnnkit.runner.tasks import NodeMulticlassClassification as NodeMulticlassClassification
    from gnnkit.runner.tasks import ReadoutTask as ReadoutTask
    from gnnkit.runner.tasks import RootNodeBinaryClassification as RootNodeBinaryClassification
    from gnnkit.runner.tasks import RootNodeLabelFn as RootNodeLabelFn
    from gnnkit.runner.tasks import RootNodeMulticlassClassification as RootNodeMulticlassClassification
    from gnnkit.runner.tasks._metrics import short_metric_names as short_metric_names
    from gnnkit.runner.trainers import KerasTrainer as KerasTrainer
    from gnnkit.runner.trainers import KerasTrainerCheckpointOptions as KerasTrainerCheckpointOptions
    from gnnkit.runner.trainers import KerasTrainerOptions as KerasTrainerOptions

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        # One name a line, sorted.
        "ContextLabelFn": "gnnkit.runner.tasks",
        "DatasetProvider": "gnnkit.runner._interfaces",
        "GraphTensorPadding": "gnnkit.runner._interfaces",
        "GraphTensorProcessorFn": "gnnkit.runner._interfaces",
        "KerasModelExporter": "gnnkit.runner.exporters",
        "KerasTrainer": "gnnkit.runner.trainers",
        "KerasTrainerCheckpointOptions": "gnnkit.runner.trainers",
        "KerasTrainerOptions": "gnnkit.runner.trainers",
        "ModelExporter": "gnnkit.runner._interfaces",
        "NodeBinaryClassification": "gnnkit.runner.tasks",
        "NodeMulticlassClassification": "gnnkit.runner.tasks",
        "PassthruDatasetProvider": "gnnkit.runner.data",
        "ReadoutTask": "gnnkit.runner.tasks",
        "RootNodeBinaryClassification": "gnnkit.runner.tasks",
        "RootNodeLabelFn": "gnnkit.runner.tasks",
        "RootNodeMulticlassClassification": "gnnkit.runner.tasks",
        "RunResult": "gnnkit.runner._interfaces",
        "SimpleDatasetProvider": "gnnkit.runner.data",
        "TFRecordDatasetProvider": "gnnkit.runner.data",
        "Task": "gnnkit.runner._interfaces",
        "Trainer": "gnnkit.runner._interfaces",
        "evaluate": "gnnkit.runner._evaluate",
        "export_model": "gnnkit.runner.exporters",
        "incrementing_model_dir": "gnnkit.runner.exporters",
        "integrated_gradients": "gnnkit.runner._attribution",
        "run": "gnnkit.runner._run",
        "short_metric_names": "gnnkit.runner.tasks._metrics",
    },
    submodules=("cli", "config", "data", "exporters", "pipeline", "tasks", "trainers"),
)
