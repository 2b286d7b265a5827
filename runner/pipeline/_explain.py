"""The attribution section of a config, carried out: what the predictions rest on."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

import numpy as np

from gnnkit.runner._errors import RunError
from gnnkit.runner._interfaces import RunResult
from gnnkit.runner.config import CustomTask, RunConfig
from gnnkit.runner.pipeline._explainers import Explainer
from gnnkit.runner.pipeline._importance import Importance, component_scores, ranked, total_scores
from gnnkit.runner.pipeline._items import ARROW, NodeItems
from gnnkit.runner.pipeline._labels import Labels
from gnnkit.runner.pipeline._network import Network
from gnnkit.runner.pipeline._prepare import Prepared
from gnnkit.runner.pipeline._progress import Reporter
from gnnkit.runner.pipeline._summary import top_features

_TOP_PER_EXAMPLE = 5
_TOP_ITEMS = 100  # Nodes and edges in the file: a graph may have millions.
_SHOWN = 10
_TITLES = {
    "features": "Features that predictions rest on",
    "nodes": "Nodes that predictions rest on",
    "edges": "Edges that predictions rest on",
}


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Explanation:
    """What the predictions of some nodes rest on. All scores are means over the explained nodes, the largest first.

    explainer: `integrated_gradients`, `gnn_explainer` or `attention`.
    scores: `set.input` -> absolute attribution, or mask in [0, 1]; empty for attention.
    nodes: `set id` -> absolute attribution of its features; for the other explainers the largest score of its edges.
    edges: `set id -> id` -> absolute attribution of its features, mask, or coefficient. The top ones, as nodes.
    completeness_error: of integrated gradients; else None. share_kept: of `gnn_explainer`: predictions that stay as they
    are under the masks; else None. path: the file with the details.
    """

    explainer: str
    scores: dict[str, float]
    nodes: dict[str, float]
    edges: dict[str, float]
    completeness_error: float | None
    share_kept: float | None
    path: Path

    @property
    def quality(self) -> str:
        """How far the explanation can be trusted, or nothing."""
        if self.completeness_error is not None:
            return f"complete up to {self.completeness_error:.1%}"
        return "" if self.share_kept is None else f"{self.share_kept:.0%} of predictions kept under the masks"

    @property
    def tables(self) -> dict[str, dict[str, float]]:
        """Title -> name -> score; without those that are empty."""
        found = {"features": self.scores, "nodes": self.nodes, "edges": self.edges}
        return {_TITLES[kind]: values for kind, values in found.items() if values}

    def __repr__(self) -> str:
        how = ", ".join(part for part in (self.explainer.replace("_", " "), self.quality) if part)
        lines = []
        for title, values in self.tables.items():
            lines += [f"{title} ({how})", *shown(values, _SHOWN)]
        return "\n".join([*lines, f"Details: {self.path}"])


def shown(scores: Mapping[str, float], top: int) -> list[str]:
    """Lines of a table: the score, its share of all, and what has it."""
    return [f"  {one.score:9.4f}  {one.share:6.1%}  {one.feature}" for one in top_features(scores, top)]


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
    """Explains the predictions of the first task with labels for some nodes, edges, links or graphs.

    output: the folder that gets `attribution.json`. rows: int64 `[N]` of what the task is about, N at least 1; by default
        the first of `explained_part`.
    RunError: the model has no attention layers, or no such baseline.
    """
    if not can_explain(config):
        raise RunError("Only tasks of gnnkit's own can be explained, but the task is a class of the user's.")
    part = None
    if rows is None:
        part = explained_part(data)
        rows = dict(data.split.items())[part][: config.attribution.num_examples]
    options = config.attribution
    found = []
    with reporter.stage("attribution", "Explaining predictions", total=len(rows)) as advance:
        advance(0)
        for one in Explainer(config, data, network, result).explain(rows):
            found.append(one)
            advance(len(found))
        advance(len(rows))
    scores = total_scores(found, data.tables, len(rows))
    facts = _quality(options.explainer, found)
    top = {"nodes": ranked(scores.nodes, _TOP_ITEMS), "edges": ranked(scores.edges, _TOP_ITEMS)}
    document = {
        "method": options.explainer.replace("_", " "),
        "part": part,
        **({"steps": options.steps} if options.explainer == "integrated_gradients" else {}),
        **facts,
        "features": ranked(scores.inputs),
        **top,
        "examples": _examples(data, rows, found),
    }
    path = output / "attribution.json"
    path.write_text(json.dumps(document, indent=1) + "\n")
    return Explanation(
        explainer=options.explainer,
        scores=ranked(scores.inputs),
        **top,
        completeness_error=facts.get("completeness_error"),
        share_kept=facts.get("share_kept"),
        path=path,
    )


def can_explain(config: RunConfig) -> bool:
    """Whether it is known what the outputs of the task mean."""
    return not isinstance(config.main_task, CustomTask)


def _label(labels: Labels, row: Any) -> Any:
    """The known label: the name of a class, or a number or a list of them; None where it is not known."""
    if np.ndim(row) or not labels.labelled[row]:
        return None
    value = labels.values[row]
    return labels.names[int(value)] if labels.names else value.tolist()


def _quality(explainer: str, found: list[Importance]) -> dict[str, float]:
    facts = {name: np.concatenate([one.facts[name] for one in found]) for name in found[0].facts}
    if explainer == "integrated_gradients":
        change = float(np.sum(np.abs(facts["score"] - facts["baseline_score"])))
        gap = float(np.sum(np.abs(facts["gap"])))
        return {"completeness_error": gap / change if change > 0 else gap}
    return {"share_kept": float(np.mean(facts["kept"]))} if explainer == "gnn_explainer" else {}


def _examples(data: Prepared, rows: np.ndarray, found: list[Importance]) -> list[dict[str, Any]]:
    """The explained nodes one by one, where each has a component, or an explanation, of its own."""
    places = [(one, c) for one in found for c in range(int(one.explained.encoded.num_components))]
    if len(places) != len(rows):
        return []
    examples = []
    labels = next(iter(data.labels.values()))
    names = [ARROW.join(parts) for parts in zip(*labels.items.keys(rows).values(), strict=True)]
    has_id = not isinstance(labels.items, NodeItems) or data.tables.node_sets[labels.items.set_name].ids is not None
    for name, row, (one, component) in zip(names, rows, places, strict=True):
        scores = component_scores(one, data.tables, component)
        examples.append(
            {
                "id": name if has_id else int(row),
                "label": _label(labels, row),
                **{name: one.facts[name][component].item() for name in one.facts if name != "gap"},
                "features": ranked(scores.inputs, _TOP_PER_EXAMPLE),
                "nodes": ranked(scores.nodes, _TOP_PER_EXAMPLE),
                "edges": ranked(scores.edges, _TOP_PER_EXAMPLE),
            }
        )
    return examples
