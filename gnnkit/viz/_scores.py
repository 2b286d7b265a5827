"""Bar charts of what predictions rest on."""

from collections.abc import Mapping
from typing import Any

from gnnkit.viz._figure import new_figure


def draw_scores(scores: Mapping[str, float], *, top: int = 10, title: str = "Features that predictions rest on") -> Any:
    """A bar chart of the largest scores, the largest on top.

    scores: name -> score, such as the mean absolute attribution of a feature. The numbers at the bars are shares of the
        sum of all scores, those left out included.

    ValueError: there are no scores, or `top` is not positive. ImportError: matplotlib is not installed.

    >>> figure = draw_scores({"paper.year": 3.0, "author.name": 1.0})
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ['author.name', 'paper.year']
    """
    return _draw({title: scores}, top, "draw_scores")


def draw_explanation(tables: Mapping[str, Mapping[str, float]], *, top: int = 10) -> Any:
    """Bar charts one below the other, as `draw_scores` draws one.

    tables: title -> name -> score: for features, nodes and edges, say.
    Errors: see `draw_scores`.

    >>> figure = draw_explanation({"Features": {"paper.year": 3.0}, "Nodes": {"paper P1": 2.0, "paper P7": 1.0}})
    >>> [axes.get_title(loc="left") for axes in figure.axes]
    ['Features', 'Nodes']
    """
    return _draw(tables, top, "draw_explanation")


def _draw(tables: Mapping[str, Mapping[str, float]], top: int, who: str) -> Any:
    if not tables or not all(tables.values()) or top < 1:
        counts = ", ".join(str(len(scores)) for scores in tables.values()) or "0"
        raise ValueError(f"{who}: expected at least one score and top >= 1, got {counts} scores, top={top}.")
    ranked = {
        title: sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:top][::-1]
        for title, scores in tables.items()
    }
    heights = [0.8 + 0.32 * len(bars) for bars in ranked.values()]
    figure = new_figure(7, sum(heights))
    rows = figure.subplots(len(ranked), squeeze=False, height_ratios=heights)[:, 0]
    for axes, (title, bars) in zip(rows, ranked.items(), strict=True):
        total = sum(tables[title].values()) or 1.0
        drawn = axes.barh([name for name, _ in bars], [score for _, score in bars], color="#2a7f9e")
        axes.bar_label(drawn, labels=[f"{score / total:.1%}" for _, score in bars], padding=3)
        axes.margins(x=0.15)
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_xlabel("mean score")
        axes.set_title(title, loc="left")
    return figure
