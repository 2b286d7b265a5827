"""Text form of graphs and specs, one line a set."""

from typing import Any

from gnnkit.graph import _field


def piece_repr(piece: Any) -> str:
    return _render(piece, type(piece).__name__)


def spec_repr(spec: Any) -> str:
    return _render(spec, type(spec).__name__)


def _render(tree: Any, name: str) -> str:
    if not hasattr(tree, "_node_sets"):
        return f"{name}({_piece_line(tree)})"
    # Keras puts shapes and names in the place of fields when it writes about arguments.
    lines = [f"{name}(shape={list(tree.shape)}" if _field.is_field(tree._sizes_field) else f"{name}("]
    if tree._context._features:
        lines.append(f"  context: {_piece_line(tree._context)}")
    lines += [f"  node set {k!r}: {_piece_line(v)}" for k, v in tree._node_sets.items()]
    lines += [f"  edge set {k!r}: {_piece_line(v)}" for k, v in tree._edge_sets.items()]
    return "\n".join(lines) + ")"


def _piece_line(piece: Any) -> str:
    ends = ""
    if hasattr(piece, "_adjacency"):
        names = list(piece._adjacency._names.values())
        ends = (" -> ".join(names) if len(names) == 2 else " , ".join(names)) + ", "
    features = ", ".join(
        f"{k}: {_field.describe(v)}" if _field.is_field(v) else f"{k}: {v!r}" for k, v in piece._features.items()
    )
    return f"{ends}sizes={sizes_text(piece._sizes)}, {{{features}}}"


def sizes_text(sizes: Any) -> str:
    """The values of eager sizes, the type of others."""
    if not _field.is_field(sizes):
        return repr(sizes)
    if hasattr(sizes, "numpy") and not _field.is_ragged_tensor(sizes):
        values = sizes.numpy().tolist()
        if len(values) <= 8:
            return str(values)
    return _field.describe(sizes)
