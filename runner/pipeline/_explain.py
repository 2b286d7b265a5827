"""The attribution section of a config, carried out: which inputs the predictions rest on."""

import dataclasses
import json
from pathlib import Path
from typing import Any, final

import numpy as np
import tensorflow as tf

from gnnkit import ops
from gnnkit._names import HIDDEN_STATE
from gnnkit.attribution import Attributions, integrated_gradients
from gnnkit.graph import GraphTensor
from gnnkit.runner._interfaces import RunResult
from gnnkit.runner.config import RunConfig
from gnnkit.runner.data._batches import BatchProvider
from gnnkit.runner.pipeline._columns import text
from gnnkit.runner.pipeline._encode import slices
from gnnkit.runner.pipeline._fit import HEAD, reads_out
from gnnkit.runner.pipeline._network import Network
from gnnkit.runner.pipeline._prepare import Prepared
from gnnkit.runner.pipeline._progress import Reporter
from gnnkit.runner.pipeline._summary import top_features

_TOP_PER_EXAMPLE = 5
_SHOWN = 10


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Explanation:
    """scores: `set.input` -> absolute attribution, mean over the explained nodes. path: the file with the details."""

    scores: dict[str, float]
    completeness_error: float
    path: Path

    def __repr__(self) -> str:
        lines = [f"  {score.share:6.1%}  {score.feature}" for score in top_features(self.scores, _SHOWN)]
        head = f"Features that predictions rest on (integrated gradients, complete up to {self.completeness_error:.1%})"
        return "\n".join([head, *lines, f"Details: {self.path}"])


def explained_part(data: Prepared) -> str:
    """The part of the split whose nodes a run explains by default: the last that has nodes."""
    return next(part for part in ("test", "valid", "train") if part in data.providers)


def explain(
    config: RunConfig,
    data: Prepared,
    network: Network,
    result: RunResult,
    output: Path,
    reporter: Reporter,
    *,
    rows: np.ndarray | None = None,
) -> Explanation:
    """Attributes the predicted classes of some nodes to the inputs, by integrated gradients from zero vectors.

    Explained is the network behind the learned embeddings, so that categories and texts get their share like numbers.

    output: the folder that gets `attribution.json`. rows: int64 `[N]` of the task's node set, N at least 1; by default
        the first nodes of `explained_part`.
    """
    part = None
    if rows is None:
        part = explained_part(data)
        rows = dict(data.split.items())[part][: config.attribution.num_examples]
    with reporter.stage("attribution", "Attributing features") as advance:
        graph = _encoded(config, data, result, rows)
        embedded = network.layers[0](graph)
        attributions = integrated_gradients(
            _scores_fn(config, network, result), embedded, steps=config.attribution.steps
        )
        totals = _totals(data, attributions)
        advance(len(rows), len(rows))
    scores = {name: float(values.sum()) / len(rows) for name, values in totals.items()}
    document = {
        "method": "integrated gradients",
        "part": part,
        "steps": config.attribution.steps,
        "completeness_error": attributions.completeness_error,
        "features": dict(sorted(scores.items(), key=lambda item: (-item[1], item[0]))),
        "examples": _examples(config, data, rows, attributions, totals),
    }
    path = output / "attribution.json"
    path.write_text(json.dumps(document, indent=1) + "\n")
    return Explanation(scores=scores, completeness_error=attributions.completeness_error, path=path)


def _encoded(config: RunConfig, data: Prepared, result: RunResult, rows: np.ndarray) -> GraphTensor:
    """One scalar graph with the encoded features of the nodes to explain."""
    batches = BatchProvider(
        name="attribution",
        delegate=data.provider(rows),
        gtspec=result.gtspec,  # type: ignore[arg-type]
        preprocess_model=result.preprocess_model,  # type: ignore[arg-type]
        global_batch_size=len(rows),
        drop_remainder=False,
    )
    graph, _ = next(iter(batches.get_dataset(tf.distribute.InputContext())))
    return graph


def _scores_fn(config: RunConfig, network: Network, result: RunResult) -> Any:
    head = result.trained_model.get_layer(HEAD)

    def scores(graph: GraphTensor) -> Any:
        for layer in network.layers[1:]:
            graph = layer(graph)
        if reads_out(config):
            # The indices of copies side by side are not those of one graph, which validation expects.
            states = ops.structured_readout(graph, "seed", feature_name=HIDDEN_STATE, validate=False)
        else:
            states = ops.gather_first_node(graph, config.task.node_set, feature_name=HIDDEN_STATE)
        return head(states)

    return scores


def _totals(data: Prepared, attributions: Attributions) -> dict[str, np.ndarray]:
    """`set.input` -> sum of absolute attributions in each component `[C]`."""
    totals: dict[str, np.ndarray] = {}
    graph = attributions.graph
    for sets, inputs_of in ((graph.node_sets, data.plan.node_sets), (graph.edge_sets, data.plan.edge_sets)):
        for set_name, inputs in inputs_of.items():
            if set_name not in sets or HIDDEN_STATE not in sets[set_name].features:
                continue
            values = np.abs(sets[set_name][HIDDEN_STATE].numpy())
            component = np.repeat(np.arange(len(sets[set_name].sizes)), sets[set_name].sizes.numpy())
            for item in slices(inputs):
                per_item = values[:, item.start : item.stop].sum(axis=1)
                totals[f"{set_name}.{item.name}"] = np.bincount(
                    component, weights=per_item, minlength=len(sets[set_name].sizes)
                )
    return totals


def _examples(
    config: RunConfig, data: Prepared, rows: np.ndarray, attributions: Attributions, totals: dict[str, np.ndarray]
) -> list[dict[str, Any]]:
    """The explained nodes one by one, where each has a subgraph of its own."""
    if reads_out(config):
        return []
    ids = data.tables.node_sets[config.task.node_set].ids
    examples = []
    for place, row in enumerate(rows):
        ranked = sorted(((float(v[place]), name) for name, v in totals.items()), reverse=True)[:_TOP_PER_EXAMPLE]
        examples.append(
            {
                "id": text(ids[row]) if ids is not None else int(row),
                "label": data.labels.names[value] if (value := int(data.labels.values[row])) >= 0 else None,
                "score": float(attributions.scores[place]),
                "baseline_score": float(attributions.baseline_scores[place]),
                "features": {name: value for value, name in ranked},
            }
        )
    return examples
