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
    from gnnkit.runner._interfaces import Loss as Loss
    from gnnkit.runner._interfaces import Losses as Losses
    from gnnkit.runner._interfaces import Metric as Metric
    from gnnkit.runner._interfaces import Metrics as Metrics
    from gnnkit.runner._interfaces import ModelExporter as ModelExporter
    from gnnkit.runner._interfaces import Predictions as Predictions
    from gnnkit.runner._interfaces import RunResult as RunResult
    from gnnkit.runner._interfaces import Task as Task
    from gnnkit.runner._interfaces import Trainer as Trainer
    from gnnkit.runner._padding import FitOrSkipPadding as FitOrSkipPadding
    from gnnkit.runner._padding import TightPadding as TightPadding
    from gnnkit.runner._padding import one_node_per_component as one_node_per_component
    from gnnkit.runner._run import run as run
    from gnnkit.runner._strategies import ParameterServerStrategy as ParameterServerStrategy
    from gnnkit.runner._strategies import TPUStrategy as TPUStrategy
    from gnnkit.runner.data import PassthruDatasetProvider as PassthruDatasetProvider
    from gnnkit.runner.data import PassthruSampleDatasetsProvider as PassthruSampleDatasetsProvider
    from gnnkit.runner.data import SampledDatasetProvider as SampledDatasetProvider
    from gnnkit.runner.data import SampleTFRecordDatasetsProvider as SampleTFRecordDatasetsProvider
    from gnnkit.runner.data import SimpleDatasetProvider as SimpleDatasetProvider
    from gnnkit.runner.data import SimpleSampleDatasetsProvider as SimpleSampleDatasetsProvider
    from gnnkit.runner.data import TFDataServiceConfig as TFDataServiceConfig
    from gnnkit.runner.data import TFRecordDatasetProvider as TFRecordDatasetProvider
    from gnnkit.runner.exporters import IntegratedGradientsExporter as IntegratedGradientsExporter
    from gnnkit.runner.exporters import KerasModelExporter as KerasModelExporter
    from gnnkit.runner.exporters import SubmoduleExporter as SubmoduleExporter
    from gnnkit.runner.exporters import export_model as export_model
    from gnnkit.runner.exporters import export_tflite as export_tflite
    from gnnkit.runner.exporters import incrementing_model_dir as incrementing_model_dir
    from gnnkit.runner.tasks import ContextLabelFn as ContextLabelFn
    from gnnkit.runner.tasks import DotProductLinkPrediction as DotProductLinkPrediction
    from gnnkit.runner.tasks import EdgeBinaryClassification as EdgeBinaryClassification
    from gnnkit.runner.tasks import EdgeLabelFn as EdgeLabelFn
    from gnnkit.runner.tasks import EdgeMeanAbsoluteError as EdgeMeanAbsoluteError
    from gnnkit.runner.tasks import EdgeMeanAbsolutePercentageError as EdgeMeanAbsolutePercentageError
    from gnnkit.runner.tasks import EdgeMeanSquaredError as EdgeMeanSquaredError
    from gnnkit.runner.tasks import EdgeMeanSquaredLogarithmicError as EdgeMeanSquaredLogarithmicError
    from gnnkit.runner.tasks import EdgeMeanSquaredLogScaledError as EdgeMeanSquaredLogScaledError
    from gnnkit.runner.tasks import EdgeMulticlassClassification as EdgeMulticlassClassification
    from gnnkit.runner.tasks import GraphBinaryClassification as GraphBinaryClassification
    from gnnkit.runner.tasks import GraphMeanAbsoluteError as GraphMeanAbsoluteError
    from gnnkit.runner.tasks import GraphMeanAbsolutePercentageError as GraphMeanAbsolutePercentageError
    from gnnkit.runner.tasks import GraphMeanSquaredError as GraphMeanSquaredError
    from gnnkit.runner.tasks import GraphMeanSquaredLogarithmicError as GraphMeanSquaredLogarithmicError
    from gnnkit.runner.tasks import GraphMeanSquaredLogScaledError as GraphMeanSquaredLogScaledError
    from gnnkit.runner.tasks import GraphMulticlassClassification as GraphMulticlassClassification
    from gnnkit.runner.tasks import HadamardProductLinkPrediction as HadamardProductLinkPrediction
    from gnnkit.runner.tasks import NodeBinaryClassification as NodeBinaryClassification
    from gnnkit.runner.tasks import NodeMeanAbsoluteError as NodeMeanAbsoluteError
    from gnnkit.runner.tasks import NodeMeanAbsolutePercentageError as NodeMeanAbsolutePercentageError
    from gnnkit.runner.tasks import NodeMeanSquaredError as NodeMeanSquaredError
    from gnnkit.runner.tasks import NodeMeanSquaredLogarithmicError as NodeMeanSquaredLogarithmicError
    from gnnkit.runner.tasks import NodeMeanSquaredLogScaledError as NodeMeanSquaredLogScaledError
    from gnnkit.runner.tasks import NodeMulticlassClassification as NodeMulticlassClassification
    from gnnkit.runner.tasks import ReadoutTask as ReadoutTask
    from gnnkit.runner.tasks import RootNodeBinaryClassification as RootNodeBinaryClassification
    from gnnkit.runner.tasks import RootNodeLabelFn as RootNodeLabelFn
    from gnnkit.runner.tasks import RootNodeMeanAbsoluteError as RootNodeMeanAbsoluteError
    from gnnkit.runner.tasks import RootNodeMeanAbsolutePercentageError as RootNodeMeanAbsolutePercentageError
    from gnnkit.runner.tasks import RootNodeMeanSquaredError as RootNodeMeanSquaredError
    from gnnkit.runner.tasks import RootNodeMeanSquaredLogarithmicError as RootNodeMeanSquaredLogarithmicError
    from gnnkit.runner.tasks import RootNodeMeanSquaredLogScaledError as RootNodeMeanSquaredLogScaledError
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
        "DotProductLinkPrediction": "gnnkit.runner.tasks",
        "EdgeBinaryClassification": "gnnkit.runner.tasks",
        "EdgeLabelFn": "gnnkit.runner.tasks",
        "EdgeMeanAbsoluteError": "gnnkit.runner.tasks",
        "EdgeMeanAbsolutePercentageError": "gnnkit.runner.tasks",
        "EdgeMeanSquaredError": "gnnkit.runner.tasks",
        "EdgeMeanSquaredLogScaledError": "gnnkit.runner.tasks",
        "EdgeMeanSquaredLogarithmicError": "gnnkit.runner.tasks",
        "EdgeMulticlassClassification": "gnnkit.runner.tasks",
        "FitOrSkipPadding": "gnnkit.runner._padding",
        "GraphBinaryClassification": "gnnkit.runner.tasks",
        "GraphMeanAbsoluteError": "gnnkit.runner.tasks",
        "GraphMeanAbsolutePercentageError": "gnnkit.runner.tasks",
        "GraphMeanSquaredError": "gnnkit.runner.tasks",
        "GraphMeanSquaredLogScaledError": "gnnkit.runner.tasks",
        "GraphMeanSquaredLogarithmicError": "gnnkit.runner.tasks",
        "GraphMulticlassClassification": "gnnkit.runner.tasks",
        "GraphTensorPadding": "gnnkit.runner._interfaces",
        "GraphTensorProcessorFn": "gnnkit.runner._interfaces",
        "HadamardProductLinkPrediction": "gnnkit.runner.tasks",
        "IntegratedGradientsExporter": "gnnkit.runner.exporters",
        "KerasModelExporter": "gnnkit.runner.exporters",
        "KerasTrainer": "gnnkit.runner.trainers",
        "KerasTrainerCheckpointOptions": "gnnkit.runner.trainers",
        "KerasTrainerOptions": "gnnkit.runner.trainers",
        "Loss": "gnnkit.runner._interfaces",
        "Losses": "gnnkit.runner._interfaces",
        "Metric": "gnnkit.runner._interfaces",
        "Metrics": "gnnkit.runner._interfaces",
        "ModelExporter": "gnnkit.runner._interfaces",
        "NodeBinaryClassification": "gnnkit.runner.tasks",
        "NodeMeanAbsoluteError": "gnnkit.runner.tasks",
        "NodeMeanAbsolutePercentageError": "gnnkit.runner.tasks",
        "NodeMeanSquaredError": "gnnkit.runner.tasks",
        "NodeMeanSquaredLogScaledError": "gnnkit.runner.tasks",
        "NodeMeanSquaredLogarithmicError": "gnnkit.runner.tasks",
        "NodeMulticlassClassification": "gnnkit.runner.tasks",
        "ParameterServerStrategy": "gnnkit.runner._strategies",
        "PassthruDatasetProvider": "gnnkit.runner.data",
        "PassthruSampleDatasetsProvider": "gnnkit.runner.data",
        "Predictions": "gnnkit.runner._interfaces",
        "ReadoutTask": "gnnkit.runner.tasks",
        "RootNodeBinaryClassification": "gnnkit.runner.tasks",
        "RootNodeLabelFn": "gnnkit.runner.tasks",
        "RootNodeMeanAbsoluteError": "gnnkit.runner.tasks",
        "RootNodeMeanAbsolutePercentageError": "gnnkit.runner.tasks",
        "RootNodeMeanSquaredError": "gnnkit.runner.tasks",
        "RootNodeMeanSquaredLogScaledError": "gnnkit.runner.tasks",
        "RootNodeMeanSquaredLogarithmicError": "gnnkit.runner.tasks",
        "RootNodeMulticlassClassification": "gnnkit.runner.tasks",
        "RunResult": "gnnkit.runner._interfaces",
        "SampleTFRecordDatasetsProvider": "gnnkit.runner.data",
        "SampledDatasetProvider": "gnnkit.runner.data",
        "SimpleDatasetProvider": "gnnkit.runner.data",
        "SimpleSampleDatasetsProvider": "gnnkit.runner.data",
        "SubmoduleExporter": "gnnkit.runner.exporters",
        "TFDataServiceConfig": "gnnkit.runner.data",
        "TFRecordDatasetProvider": "gnnkit.runner.data",
        "TPUStrategy": "gnnkit.runner._strategies",
        "Task": "gnnkit.runner._interfaces",
        "TightPadding": "gnnkit.runner._padding",
        "Trainer": "gnnkit.runner._interfaces",
        "evaluate": "gnnkit.runner._evaluate",
        "export_model": "gnnkit.runner.exporters",
        "export_tflite": "gnnkit.runner.exporters",
        "incrementing_model_dir": "gnnkit.runner.exporters",
        "integrated_gradients": "gnnkit.runner._attribution",
        "one_node_per_component": "gnnkit.runner._padding",
        "run": "gnnkit.runner._run",
        "short_metric_names": "gnnkit.runner.tasks._metrics",
    },
    submodules=("cli", "config", "data", "exporters", "pipeline", "tasks", "trainers"),
)
