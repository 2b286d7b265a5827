"""Integrated gradients of a run's models, in TF-GNN's calling form."""

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from gnnkit.attribution._baselines import baseline_values
from gnnkit.attribution._features import FeatureKey, float_features, with_features
from gnnkit.attribution._integrated_gradients import attribute
from gnnkit.graph import GraphTensor

_STEPS_PER_CALL = 8


def integrated_gradients(
    preprocess_model: keras.Model,
    model: keras.Model,
    *,
    output_name: str | None = None,
    random_counterfactual: bool = True,
    steps: int = 32,
    seed: int | None = None,
    baseline: str | Mapping[FeatureKey, Any] | None = None,
) -> Any:
    """A `tf.function` that explains the predictions of `model`.

    It takes a merged scalar graph as `preprocess_model` does, and returns the preprocessed graph with attributions for
    features (those of floating point): how much each adds to the largest logit of its component, compared with the
    baseline. See `gnnkit.attribution.integrated_gradients`, which also tells how complete they are.

    (TF-GNN's function of this name sums gradients of the loss, which does not add up to anything.)

    preprocess_model, model: of a `RunResult`.
    output_name: one of several outputs of the model. The result is then `{output_name: graph}`.
    random_counterfactual: the baseline is random, between the least and largest value of each column; otherwise zero.
        Where `baseline` is given, that holds.
    steps: points between baseline and graph.
    seed: of the random baseline.
    baseline: `"zero"`, `"mean"` or `"random"`, or a mapping from features of the preprocessed graph, as
        ("context", None, feature), ("nodes", set, feature) or ("edges", set, feature), to one of these names or to values
        that broadcast to the feature; zero where absent. See `gnnkit.attribution.integrated_gradients`.

    ValueError: the model has several outputs and none is chosen, another graph than one comes out of preprocessing, or
    the baseline does not fit it.
    """

    def scores(graph: GraphTensor) -> Any:
        outputs = model(graph, training=False)
        if isinstance(outputs, dict):
            if output_name not in outputs:
                raise ValueError(
                    f"integrated_gradients: choose output_name out of {sorted(outputs)}, not {output_name!r}."
                )
            return outputs[output_name]
        return outputs

    chosen: Any = ("random" if random_counterfactual else "zero") if baseline is None else baseline
    inputs: Any = preprocess_model.input
    spec = inputs.spec

    @tf.function(input_signature=[spec], autograph=False)
    def explain(inputs: GraphTensor) -> Any:
        graph = preprocess_model(inputs)[0]
        if not isinstance(graph, GraphTensor):
            raise ValueError(
                "integrated_gradients: the preprocessing makes several graphs. Explain one task at a time."
            )
        keys = list(float_features(graph))
        start = baseline_values(graph, keys, chosen, seed)
        outputs = scores(graph)
        target = tf.argmax(outputs, axis=-1, output_type=tf.int64)
        values = attribute(lambda g: scores(g), graph, keys, start, target, steps=steps, steps_per_call=_STEPS_PER_CALL)
        attributed = with_features(graph, values, keep_others=False)
        return attributed if output_name is None else {output_name: attributed}

    return explain
