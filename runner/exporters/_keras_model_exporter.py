"""The exporter that `run` uses by default."""

import os
from typing import Any, final

import tensorflow as tf

from gnnkit.runner._interfaces import ModelExporter, RunResult
from gnnkit.runner.exporters._export_model import export_model


@final
class KerasModelExporter(ModelExporter):
    """Exports preprocessing and trained model as one SavedModel; see `export_model`.

    output_names: as for `export_model`.
    subdirectory: of the export folder.
    include_preprocessing: if False, the Examples hold graphs that are preprocessed already.
    options: how `tf.saved_model.save` saves.
    use_legacy_model_save: unused; kept for TF-GNN programs.
    """

    def __init__(
        self,
        *,
        output_names: Any = None,
        subdirectory: str | None = None,
        include_preprocessing: bool = True,
        options: tf.saved_model.SaveOptions | None = None,
        use_legacy_model_save: bool | None = None,
    ) -> None:
        self._output_names = output_names
        self._subdirectory = subdirectory
        self._include_preprocessing = include_preprocessing
        self._options = options
        self._use_legacy_model_save = use_legacy_model_save

    def save(self, run_result: RunResult, export_dir: str) -> None:
        """Writes the SavedModel of `run_result.trained_model` into `export_dir`."""
        preprocess = run_result.preprocess_model if self._include_preprocessing else None
        export_model(
            run_result.trained_model,
            os.path.join(export_dir, self._subdirectory) if self._subdirectory else export_dir,
            output_names=self._output_names,
            options=self._options,
            use_legacy_model_save=self._use_legacy_model_save,
            preprocess_model=preprocess,
            gtspec=run_result.gtspec if preprocess is not None else None,
        )
