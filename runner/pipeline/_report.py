"""A run as one HTML file that opens offline."""

import base64
import html
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gnnkit.runner.pipeline._summary import RunSummary

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1b2a33; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2rem; border-bottom: 1px solid #d5dee3; }
table { border-collapse: collapse; } th, td { text-align: left; padding: .2rem 1rem .2rem 0; vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
.bar { background: #2a7f9e; height: .8rem; } .track { width: 18rem; }
pre { background: #f3f6f8; padding: 1rem; overflow-x: auto; font-size: .85rem; } img { max-width: 100%; }
.note { background: #fff6dc; padding: .5rem 1rem; margin: .3rem 0; }
"""


def write_report(
    path: Path, document: Mapping[str, Any], summary: RunSummary, config: str, *, pictures: Mapping[str, Path]
) -> Path:
    """Writes the report: metrics, curves, attributions, the graph, times, versions, the config. Returns `path`.

    document: of `summary.json`. config: YAML. pictures: `curves` is shown if it is there.
    """
    e = html.escape
    epochs = f"{summary.epochs} epochs"
    if summary.best_epoch is not None:
        epochs += f", weights of epoch {summary.best_epoch}"
    parts = [
        f"<h1>{e(summary.name)}</h1>",
        f"<p>Seed {summary.seed}; {e(epochs)}; {summary.parameters or 0:,} weights; "
        f"{sum(summary.seconds.values()):.0f} s.</p>",
        *(f'<p class="note">{e(note)}</p>' for note in summary.notes),
        "<h2>Metrics</h2>",
        _metrics(summary.metrics),
    ]
    if "curves" in pictures:
        parts += ["<h2>Training</h2>", _image(pictures["curves"], "Metrics over the epochs")]
    if summary.attribution:
        parts += ["<h2>Features that predictions rest on</h2>", _scores(summary)]
    parts += [
        "<h2>The graph</h2>",
        _table(
            ("set", "items"),
            [(f"{kind} {name}", f"{n:,}") for kind, sets in summary.graph.items() for name, n in sets.items()],
        ),
        "<h2>Where the time went</h2>",
        _table(("stage", "seconds"), [(name, f"{value:.1f}") for name, value in summary.seconds.items()]),
        "<h2>Versions</h2>",
        _table(("package", "version"), list(document.get("versions", {}).items())),
        "<h2>Config</h2>",
        f"<pre>{e(config)}</pre>",
    ]
    title = f"<title>{e(summary.name)} - gnnkit</title>"
    head = f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">{title}<style>{_STYLE}</style></head>'
    path.write_text(head + "<body>\n" + "\n".join(parts) + "\n</body></html>\n", encoding="utf-8")
    return path


def _metrics(metrics: Mapping[str, Mapping[str, float]]) -> str:
    names = sorted({name for values in metrics.values() for name in values})
    rows = [
        (part, *(f"{values[name]:.4f}" if name in values else "" for name in names)) for part, values in metrics.items()
    ]
    return _table(("part", *names), rows)


def _scores(summary: RunSummary) -> str:
    largest = max(score.share for score in summary.attribution) or 1.0
    rows = "".join(
        f'<tr><td>{html.escape(score.feature)}</td><td class="n">{score.share:.1%}</td>'
        f'<td class="track"><div class="bar" style="width: {100 * score.share / largest:.1f}%"></div></td></tr>'
        for score in summary.attribution
    )
    error = summary.completeness_error
    text = "" if error is None else f"<p>Integrated gradients, complete up to {error:.1%}.</p>"
    return f"<table>{rows}</table>{text}"


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    def cells(tag: str, values: Sequence[Any]) -> str:
        classes = ["", *[' class="n"'] * (len(values) - 1)]
        pairs = zip(classes, values, strict=True)
        return "".join(f"<{tag}{number}>{html.escape(str(value))}</{tag}>" for number, value in pairs)

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f"<table><tr>{cells('th', head)}</tr>{body}</table>"


def _image(path: Path, text: str) -> str:
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    return f'<img alt="{html.escape(text)}" src="data:image/png;base64,{data}">'
