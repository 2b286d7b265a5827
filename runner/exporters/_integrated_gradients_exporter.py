"""Exports a model with its explanations."""

import os
from collections.abc import Mapping
from typing import Any, final

import tensorflow as tf

from gnnkit.attribution._features import FeatureKey
from gnnkit.graph import GraphTensor
from gnnkit.runner._attribution import integrated_gradients
from gnnkit.runner._interfaces import ModelExporter, RunResult
from gnnkit.runner.exporters._export_model import names_of_outputs, scores, write_saved_model
from gnnkit.runner.exporters._fields import named_features
from gnnkit.runner.exporters._serving import Serving


@final
class IntegratedGradientsExporter(ModelExporter):
    """Exports the trained model with a second signature, `integrated_gradients`, that explains its predictions.

    Both signatures take `examples`, string `[B]`, serialized tf.train.Examples of graphs that are not preprocessed.
    `serving_default` gives the outputs of the model. `integrated_gradients` gives the attributions of the floating point
    features of the preprocessed graphs, merged: how much each number adds to the largest logit of its component, compared
    with the baseline. They are named as in Examples, `nodes/SET.FEATURE`, and `nodes/SET.#size`, int `[B]`, tells which
    rows belong to which example.

    integrated_gradients_output_name: the output that is explained, if the model has several.
    subdirectory: of the export folder.
    random_counterfactual, steps, seed, baseline: see `gnnkit.runner.integrated_gradients`.
    options: how `tf.saved_model.save` saves.
    """

    def __init__(
        self,
        integrated_gradients_output_name: str | None = None,
        subdirectory: str | None = None,
        random_counterfactual: bool = True,
        steps: int = 32,
        seed: int | None = None,
        options: tf.saved_model.SaveOptions | None = None,
        baseline: str | Mapping[FeatureKey, Any] | None = None,
    ) -> None:
        self._output_name = integrated_gradients_output_name
        self._subdirectory = subdirectory
        self._random_counterfactual = random_counterfactual
        self._steps = steps
        self._seed = seed
        self._options = options
        self._baseline = baseline

    def save(self, run_result: RunResult, export_dir: str) -> None:
        """Writes the SavedModel. ValueError: the result has no preprocessing, or one of several outputs is to be chosen,
        or the baseline does not fit the features."""
        model, preprocess, gtspec = run_result.trained_model, run_result.preprocess_model, run_result.gtspec
        if preprocess is None or gtspec is None:
            raise ValueError(
                "IntegratedGradientsExporter needs a RunResult with preprocess_model and gtspec, as run() returns it."
            )
        explain: Any = integrated_gradients(
            preprocess,
            model,
            output_name=self._output_name,
            random_counterfactual=self._random_counterfactual,
            steps=self._steps,
            seed=self._seed,
            baseline=self._baseline,
        )

        def attributions(graph: GraphTensor) -> dict[str, tf.Tensor]:
            explained = explain.python_function(graph)
            if self._output_name is not None:
                explained = explained[self._output_name]
            return named_features(explained, sizes=True)

        write_saved_model(
            {
                "serving_default": Serving(scores(model, preprocess, names_of_outputs(model, None)), gtspec),
                "integrated_gradients": Serving(attributions, gtspec),
            },
            [preprocess, model],
            os.path.join(export_dir, self._subdirectory) if self._subdirectory else export_dir,
            self._options,
        )
