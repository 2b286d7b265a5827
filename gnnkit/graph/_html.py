"""HTML form of graphs for notebooks: a table of sets and their features. No scripts, nothing fetched."""

import html
from typing import Any

from gnnkit.graph import _field
from gnnkit.graph._repr import sizes_text

_CELL = "style='text-align:left;vertical-align:top;padding:2px 10px'"


def piece_html(piece: Any) -> str:
    """A table with one row a set: kind, name, sizes, endpoints, features."""
    if hasattr(piece, "_node_sets"):
        rows = [("context", "", piece._context)] if piece._context._features else []
        rows += [("node set", k, v) for k, v in piece._node_sets.items()]
        rows += [("edge set", k, v) for k, v in piece._edge_sets.items()]
        title = f"GraphTensor, shape {list(piece.shape)}"
    else:
        rows, title = [("", "", piece)], type(piece).__name__
    head = "".join(f"<th {_CELL}>{c}</th>" for c in ("", "name", "sizes", "joins", "features"))
    body = "".join(_row(*row) for row in rows)
    return f"<div><b>{html.escape(title)}</b><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def _row(kind: str, name: str, piece: Any) -> str:
    joins = ""
    if hasattr(piece, "_adjacency"):
        joins = " &rarr; ".join(html.escape(n) for n in piece._adjacency._names.values())
    features = "<br>".join(
        f"{html.escape(k)}: <code>{html.escape(_field.describe(v))}</code>" for k, v in piece._features.items()
    )
    cells = (kind, html.escape(name), html.escape(sizes_text(piece._sizes)), joins, features)
    return "<tr>" + "".join(f"<td {_CELL}>{c}</td>" for c in cells) + "</tr>"
