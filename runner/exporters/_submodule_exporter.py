"""Exports a part of the trained model."""

import os
from typing import Any, final

import keras
import tensorflow as tf

import gnnkit.keras
from gnnkit.runner._interfaces import ModelExporter, RunResult
from gnnkit.runner.exporters._export_model import export_model


@final
class SubmoduleExporter(ModelExporter):
    """Exports the trained model up to one of its layers: hidden states, for example.

    sublayer_name: of a layer of the trained model, or of a model inside of it (the base model, a task's head). If its
        output is a graph, the outputs are the features, named as in Examples: `nodes/SET.FEATURE`.
    output_names: as for `export_model`; the name of the layer by default, if it has one output.
    include_preprocessing: if False, the Examples hold graphs that are preprocessed already.
    Other arguments: see `KerasModelExporter`.
    """

    def __init__(
        self,
        sublayer_name: str,
        *,
        output_names: Any = None,
        subdirectory: str | None = None,
        include_preprocessing: bool = False,
        options: tf.saved_model.SaveOptions | None = None,
    ) -> None:
        self._sublayer_name = sublayer_name
        self._output_names = output_names
        self._subdirectory = subdirectory
        self._include_preprocessing = include_preprocessing
        self._options = options

    def save(self, run_result: RunResult, export_dir: str) -> None:
        """Writes the SavedModel. ValueError: no layer of that name, or one that is called several times."""
        preprocess = run_result.preprocess_model if self._include_preprocessing else None
        part = _up_to(run_result.trained_model, self._sublayer_name)
        names = self._output_names
        if names is None and isinstance(part.output, keras.KerasTensor):
            names = self._sublayer_name
        export_model(
            part,
            os.path.join(export_dir, self._subdirectory) if self._subdirectory else export_dir,
            output_names=names,
            options=self._options,
            preprocess_model=preprocess,
            gtspec=run_result.gtspec if preprocess is not None else None,
        )


def _up_to(model: keras.Model, name: str) -> keras.Model:
    found = _find(model, name)
    if found is None:
        names = sorted({layer.name for layer in model._flatten_layers(include_self=False)})
        raise ValueError(f"SubmoduleExporter: the trained model has no layer {name!r}, only {names}.")
    return found


def _find(model: Any, name: str) -> Any:
    """A model from the input of `model` to the output of the layer, which may be in a model that it calls."""
    for layer in model.layers:
        if layer.name == name:
            if len(layer._inbound_nodes) > 1 and not isinstance(layer, keras.Model):
                raise ValueError(
                    f"SubmoduleExporter: layer {name!r} is called {len(layer._inbound_nodes)} times, so it is not clear "
                    "which of its outputs to export. Put a keras.layers.Identity(name=...) behind the one you mean."
                )
            return gnnkit.keras.Model(model.input, layer(_argument(layer)) if _is_inner(layer) else layer.output)
    for layer in model.layers:
        if _is_inner(layer):
            inner = _find(layer, name)
            if inner is not None:
                return gnnkit.keras.Model(model.input, inner(_argument(layer)))
    return None


def _is_inner(layer: Any) -> bool:
    return isinstance(layer, keras.Model) and bool(layer._inbound_nodes)


def _argument(layer: Any) -> Any:
    """What an inner model is called with."""
    (argument,) = layer._inbound_nodes[-1].arguments.args
    return argument
