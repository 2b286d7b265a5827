"""Curves of training."""

from collections.abc import Mapping, Sequence
from typing import Any

from gnnkit.viz._figure import new_figure


def draw_history(history: Mapping[str, Sequence[float]], *, best_epoch: int | None = None) -> Any:
    """A `matplotlib.figure.Figure` with a panel for each metric: training and validation over the epochs.

    history: metric -> a value an epoch, as in `keras.callbacks.History.history`; `val_NAME` goes with `NAME`. Where
        validation was rarer than an epoch, its values are spread evenly over the epochs.
    best_epoch: from 1, marked by a line.

    ValueError: the history is empty. ImportError: matplotlib is not installed.

    >>> figure = draw_history({"loss": [2.0, 1.0], "val_loss": [2.5, 1.5]}, best_epoch=2)
    >>> figure.axes[0].get_title(loc="left")
    'loss'
    """
    names = [name for name in dict.fromkeys(name.removeprefix("val_") for name in history) if name != "learning_rate"]
    if not names:
        raise ValueError("draw_history: the history has no metrics; nothing was trained.")
    epochs = max(len(values) for values in history.values())
    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    figure = new_figure(4.2 * columns, 3.0 * rows)
    for place, name in enumerate(names):
        axes = figure.add_subplot(rows, columns, place + 1)
        for key, label, style in ((name, "training", "-"), (f"val_{name}", "validation", "--")):
            values = history.get(key, ())
            if len(values):
                step = max(1, round(epochs / len(values)))
                at = [step * (index + 1) for index in range(len(values))]
                axes.plot(at, values, style, label=label, marker="." if len(values) < 40 else None)
        if best_epoch is not None:
            axes.axvline(best_epoch, color="0.6", linewidth=1, linestyle=":", label="kept weights")
        axes.set_title(name, loc="left")
        axes.set_xlabel("epoch")
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, fontsize="small")
    return figure
