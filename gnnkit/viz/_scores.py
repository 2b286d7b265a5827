"""Bars of scores."""

from collections.abc import Mapping
from typing import Any

from gnnkit.viz._figure import new_figure


def draw_scores(scores: Mapping[str, float], *, top: int = 10, title: str = "Features that predictions rest on") -> Any:
    """A `matplotlib.figure.Figure` with a bar for each of the `top` largest scores, the largest on top.

    scores: name -> score, such as the mean absolute attribution of a feature. The numbers at the bars are shares of the
        sum of all scores, those left out included.

    ValueError: there are no scores, or `top` is not positive. ImportError: matplotlib is not installed.

    >>> figure = draw_scores({"paper.year": 3.0, "author.name": 1.0})
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ['author.name', 'paper.year']
    """
    if not scores or top < 1:
        raise ValueError(f"draw_scores: expected at least one score and top >= 1, got {len(scores)} scores, top={top}.")
    total = sum(scores.values()) or 1.0
    ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:top][::-1]
    figure = new_figure(7, 0.8 + 0.32 * len(ranked))
    axes = figure.add_subplot()
    bars = axes.barh([name for name, _ in ranked], [score for _, score in ranked], color="#2a7f9e")
    axes.bar_label(bars, labels=[f"{score / total:.1%}" for _, score in ranked], padding=3)
    axes.margins(x=0.15)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("mean absolute attribution")
    axes.set_title(title, loc="left")
    return figure
