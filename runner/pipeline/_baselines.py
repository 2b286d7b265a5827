"""The baselines of a config, carried out: from names and values of tables to first states of nodes and edges."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from gnnkit._names import HIDDEN_STATE
from gnnkit.attribution._baselines import values_like
from gnnkit.attribution._features import FeatureKey
from gnnkit.graph import GraphTensor
from gnnkit.runner._errors import RunError
from gnnkit.runner.config import RunConfig
from gnnkit.runner.config._attribution import BASELINES
from gnnkit.runner.pipeline._encode import encode_input, slices
from gnnkit.runner.pipeline._features import CategoryInput, FeaturePlan, TextHashInput, VectorInput, shown_name
from gnnkit.runner.pipeline._features import Input as PlannedInput


def baseline_of(
    config: RunConfig, plan: FeaturePlan, encoded: GraphTensor, embedder: Any
) -> str | dict[FeatureKey, Any]:
    """What `integrated_gradients` takes as the baseline of a graph of first states.

    encoded: the graph of encoded features. embedder: the layer from it to the graph of first states.
    RunError: a value that the input cannot have.
    """
    baseline = config.attribution.baseline
    if isinstance(baseline, str):
        return baseline
    embedded, given = embedder(encoded), embedder(_with_values(baseline, plan, encoded))
    result: dict[FeatureKey, Any] = {}
    for kind, inputs_of, sets, sets_given in (
        ("nodes", plan.node_sets, embedded.node_sets, given.node_sets),
        ("edges", plan.edge_sets, embedded.edge_sets, given.edge_sets),
    ):
        for set_name, inputs in inputs_of.items():
            if not inputs or set_name not in sets or HIDDEN_STATE not in sets[set_name].features:
                continue
            key, parts = (kind, set_name, HIDDEN_STATE), []
            for place, item in enumerate(slices(inputs)):
                one = baseline.get(shown_name(set_name, item.name), "zero")
                source = sets[set_name] if one in BASELINES else sets_given[set_name]
                numbers = source[HIDDEN_STATE][:, item.start : item.stop]
                parts.append(values_like(key, numbers, one, config.seed, place) if one in BASELINES else numbers)
            result[key] = tf.concat(parts, axis=1)
    return result


def _with_values(baseline: Mapping[str, Any], plan: FeaturePlan, encoded: GraphTensor) -> GraphTensor:
    """The graph of encoded features, with the values that are given as baselines instead of what it has."""

    def changed(sets: Mapping[str, Any], inputs_of: Mapping[str, tuple[PlannedInput, ...]]) -> dict[str, Any]:
        result = {}
        for set_name, inputs in inputs_of.items():
            if set_name not in sets:
                continue
            features = dict(sets[set_name].features)
            for item in inputs:
                value = baseline.get(shown_name(set_name, item.name), "zero")
                if value not in BASELINES:
                    column = _column(item, shown_name(set_name, item.name), value, int(sets[set_name].total_size))
                    features[item.name] = encode_input(item, {item.feature: column})  # type: ignore[union-attr]
            result[set_name] = features
        return result

    return encoded.replace_features(
        node_sets=changed(encoded.node_sets, plan.node_sets), edge_sets=changed(encoded.edge_sets, plan.edge_sets)
    )


def _column(item: PlannedInput, name: str, value: Any, count: int) -> tf.Tensor:
    """The value for each of `count` items, as the table of the input would hold it."""
    if isinstance(item, VectorInput):
        if len(value) != item.width:
            raise RunError(f"attribution.baseline: {name} needs {item.width} numbers, but got {len(value)}.")
        return tf.tile(tf.constant([value], tf.float32), [count, 1])
    if isinstance(item, (CategoryInput, TextHashInput)) and isinstance(value, str):
        value = value.encode()
    if isinstance(item, CategoryInput) and value not in item.vocabulary:
        known = ", ".join(
            v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in item.vocabulary[:10]
        )
        raise RunError(f"attribution.baseline: {name} has no value {value!r}. There are {known}, and so on.")
    return tf.constant(np.full(count, value, object if isinstance(value, bytes) else None))
