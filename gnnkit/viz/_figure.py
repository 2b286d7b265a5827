"""Figures of matplotlib without a window system and without global state."""

from pathlib import Path
from typing import Any


def new_figure(width: float, height: float) -> Any:
    """An empty `matplotlib.figure.Figure` of so many inches. ImportError, with the way out, without matplotlib."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("pictures need matplotlib: pip install 'gnnkit[viz]'") from error
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def save_figure(figure: Any, path: str | Path) -> Path:
    """Writes a figure; the ending of `path` says how (.png, .svg, .pdf). Its folder is made if absent.

    >>> import tempfile
    >>> from gnnkit.viz import draw_scores
    >>> save_figure(draw_scores({"paper.year": 2.0, "paper.venue": 1.0}), tempfile.mkdtemp() + "/scores.png").suffix
    '.png'
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
    return path
