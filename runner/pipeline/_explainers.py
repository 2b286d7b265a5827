"""The explainers of the attribution section, on the network of a run."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from gnnkit._names import HIDDEN_STATE, SOURCE
from gnnkit.attribution import attention, gnn_explainer, integrated_gradients
from gnnkit.attribution._items import edge_values, node_values
from gnnkit.graph import GraphTensor
from gnnkit.runner._errors import RunError
from gnnkit.runner._interfaces import RunResult
from gnnkit.runner.config import LinkPrediction, Numbers, RunConfig
from gnnkit.runner.pipeline._baselines import baseline_of
from gnnkit.runner.pipeline._encode import slices
from gnnkit.runner.pipeline._explained_graph import ExplainedGraph, explained_graph
from gnnkit.runner.pipeline._features import FeaturePlan, shown_name
from gnnkit.runner.pipeline._fit import reads_out
from gnnkit.runner.pipeline._importance import Importance, per_component
from gnnkit.runner.pipeline._network import Network, receiver_tag
from gnnkit.runner.pipeline._objectives import HEADS, readout_of
from gnnkit.runner.pipeline._prepare import Prepared
from gnnkit.runner.tasks import NodePairs


class Explainer:
    """Explains predictions of the network behind its first layer, which makes one state of all inputs of a set: so
    categories and texts get their share like numbers."""

    def __init__(self, config: RunConfig, data: Prepared, network: Network, result: RunResult) -> None:
        self._config, self._data, self._network, self._result = config, data, network, result

    def explain(self, rows: np.ndarray) -> Iterator[Importance]:
        """rows: int64 `[N]` of what the task is about. One result for all of them, or for each."""
        method: Callable[[ExplainedGraph], Importance] = {
            "integrated_gradients": self._integrated_gradients,
            "gnn_explainer": self._gnn_explainer,
            "attention": self._attention,
        }[self._config.attribution.explainer]
        # In one graph for all, predictions share edges, and each gets masks of its own.
        one_by_one = self._config.attribution.explainer == "gnn_explainer" and reads_out(self._config)
        for some in np.split(rows, len(rows)) if one_by_one else [rows]:
            yield method(explained_graph(self._data, self._result, some))

    def _integrated_gradients(self, explained: ExplainedGraph) -> Importance:
        plan = self._data.plan
        found = integrated_gradients(
            self._scores,
            self._network.layers[0](explained.encoded),
            baseline=baseline_of(self._config, plan, explained.encoded, self._network.layers[0]),
            steps=self._config.attribution.steps,
            seed=self._config.seed,
        )
        inputs = _by_input(plan, found.graph, lambda values: values.sum(axis=1), mean=False)
        facts = {
            "score": found.scores.numpy(),
            "baseline_score": found.baseline_scores.numpy(),
            "gap": found.gap.numpy(),
        }
        return Importance(
            explained=explained, inputs=inputs, nodes=node_values(found), edges=edge_values(found), facts=facts
        )

    def _gnn_explainer(self, explained: ExplainedGraph) -> Importance:
        options = self._config.attribution
        found = gnn_explainer(
            self._scores,
            self._network.layers[0](explained.encoded),
            epochs=options.epochs,
            learning_rate=options.learning_rate,
            seed=self._config.seed,
        )
        inputs = _by_input(self._data.plan, found.graph, lambda values: values.mean(axis=1), mean=True)
        facts = {"score": found.scores.numpy(), "masked_score": found.masked_scores.numpy(), "kept": found.kept.numpy()}
        return Importance(
            explained=explained, inputs=inputs, nodes=node_values(found), edges=edge_values(found), facts=facts
        )

    def _attention(self, explained: ExplainedGraph) -> Importance:
        graph = self._network.layers[0](explained.encoded)
        try:
            found = attention(self._scores, graph)
        except ValueError as error:
            if "no attention layer" not in str(error):
                raise
            raise RunError(
                f"The model {self._config.model.type!r} has no attention layers. Explain it with integrated_gradients or "
                "gnn_explainer (attribution.explainer)."
            ) from None
        if reads_out(self._config):
            found = self._into_explained(found)
        facts = {"score": self._scores(graph).numpy().max(axis=-1)}
        return Importance(
            explained=explained, inputs={}, nodes=node_values(found), edges=edge_values(found), facts=facts
        )

    def _into_explained(self, found: GraphTensor) -> GraphTensor:
        """Without the coefficients of edges that do not lead into the nodes that are read out."""
        tag = receiver_tag(self._config)
        seeds: dict[str, list[np.ndarray]] = {}
        for name, edges in found.edge_sets.items():
            if name.startswith("_readout/"):
                seeds.setdefault(edges.adjacency.node_set_name(SOURCE), []).append(np.asarray(edges.adjacency.source))
        changed = {}
        for name, edges in found.edge_sets.items():
            if not edges.features:
                continue
            roots = np.concatenate(seeds.get(edges.adjacency.node_set_name(tag), [np.empty(0, np.int64)]))
            keep = np.isin(np.asarray(edges.adjacency[tag]), roots)
            changed[name] = {k: v * keep[:, None].astype(np.float32) for k, v in edges.features.items()}
        return found.replace_features(edge_sets=changed)

    def _scores(self, graph: GraphTensor) -> Any:
        """From a graph of first states to the outputs of the first task with labels."""
        for layer in self._network.layers[1:]:
            graph = layer(graph)
        task, name = self._config.main_task, next(iter(self._config.labelled_tasks))
        model: Any = self._result.trained_model.get_layer(name) if name else self._result.trained_model
        # The indices of copies side by side are not those of one graph, which validation expects.
        readout = readout_of(self._config, task, validate=False)
        if isinstance(task, LinkPrediction) and isinstance(readout, NodePairs):
            source, target = (end(graph) for end in readout.ends)
            if task.head == "hadamard_product":
                return model.get_layer("linkpred")(source * target)
            return tf.reduce_sum(source * target, axis=-1, keepdims=True)
        return model.get_layer(HEADS["numbers" if isinstance(task, Numbers) else "classes"])(readout(graph))


def _by_input(
    plan: FeaturePlan, graph: GraphTensor, combine: Callable[[np.ndarray], np.ndarray], *, mean: bool
) -> dict[str, np.ndarray]:
    """`set.input` -> a number for each component `[C]`. combine: the columns of an input `[N, width]` to `[N]`."""
    found: dict[str, np.ndarray] = {}
    pairs: tuple[tuple[Mapping[str, Any], Mapping[str, Any]], ...] = (
        (graph.node_sets, plan.node_sets),
        (graph.edge_sets, plan.edge_sets),
    )
    for sets, inputs_of in pairs:
        for set_name, inputs in inputs_of.items():
            if set_name not in sets or HIDDEN_STATE not in sets[set_name].features:
                continue
            values = np.abs(sets[set_name][HIDDEN_STATE].numpy())
            for item in slices(inputs):
                per_item = combine(values[:, item.start : item.stop])
                found[shown_name(set_name, item.name)] = per_component(sets[set_name], per_item, mean=mean)
    return found
