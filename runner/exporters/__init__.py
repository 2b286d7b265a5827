"""Exporters."""

from gnnkit.runner.exporters._export_model import export_model as export_model
from gnnkit.runner.exporters._keras_model_exporter import KerasModelExporter as KerasModelExporter
from gnnkit.runner.exporters._model_dir import incrementing_model_dir as incrementing_model_dir
