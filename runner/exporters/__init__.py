"""Exporters."""

from gnnkit.runner.exporters._export_model import export_model as export_model
from gnnkit.runner.exporters._integrated_gradients_exporter import (
    IntegratedGradientsExporter as IntegratedGradientsExporter,
)
from gnnkit.runner.exporters._keras_model_exporter import KerasModelExporter as KerasModelExporter
from gnnkit.runner.exporters._model_dir import incrementing_model_dir as incrementing_model_dir
from gnnkit.runner.exporters._submodule_exporter import SubmoduleExporter as SubmoduleExporter
from gnnkit.runner.exporters._tflite import export_tflite as export_tflite
