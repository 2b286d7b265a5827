"""What a provider gives: checked before anything is traced, since TensorFlow's own messages do not help."""

from typing import Any

import tensorflow as tf

from gnnkit.graph import GraphTensorSpec


def check_element_spec(element_spec: Any, gtspec: GraphTensorSpec, what: str, *, merged: bool) -> bool:
    """Whether elements are serialized Examples (True) or graphs (False).

    what: whose elements, for messages. merged: whether the elements are to be graphs of a whole batch.
    ValueError: anything else than one of these, batched elements, or graphs of another type than `gtspec`.
    """
    if isinstance(element_spec, tf.TensorSpec) and element_spec.dtype == tf.string and not merged:
        if element_spec.shape.rank not in (0, None):
            raise ValueError(
                f"{what}: got a string tensor of shape {element_spec.shape}, a batch of serialized Examples. "
                "Expected one serialized Example (a scalar) an element: leave .batch() out, run() batches."
            )
        return True
    if not isinstance(element_spec, GraphTensorSpec):
        raise ValueError(
            f"{what}: got elements of type {_describe(element_spec)}. "
            + (
                "get_batched_dataset must give scalar GraphTensors, each a merged batch."
                if merged
                else "Expected serialized tf.train.Examples (scalar strings) or scalar GraphTensors. Labels come out "
                "of the graph by the task's label_fn or label_feature_name: keep them in the graph."
            )
        )
    if element_spec.rank != 0:
        raise ValueError(
            f"{what}: got GraphTensors of rank {element_spec.rank} (shape {element_spec.shape}). "
            + (
                "Merge them: dataset.map(lambda g: g.merge_batch_to_components())."
                if merged
                else "Expected scalar graphs (rank 0): leave .batch() out, run() batches and merges."
            )
        )
    _check_type(element_spec, gtspec, what)
    return False


def _check_type(got: GraphTensorSpec, want: GraphTensorSpec, what: str) -> None:
    if got._structure() == want._structure():
        for g, w in zip(_named_fields(got), _named_fields(want), strict=True):
            if g[1].dtype != w[1].dtype:
                raise ValueError(
                    f"{what}: {g[0]} has dtype {g[1].dtype.name}, but gtspec says {w[1].dtype.name}. "
                    "Pass run(gtspec=dataset.element_spec) or cast the feature."
                )
        return
    got_names, want_names = {n for n, _ in _named_fields(got)}, {n for n, _ in _named_fields(want)}
    raise ValueError(
        f"{what}: the graphs are not of the type gtspec. Missing: {sorted(want_names - got_names) or 'nothing'}; "
        f"not in gtspec: {sorted(got_names - want_names) or 'nothing'}. Pass run(gtspec=dataset.element_spec), "
        "relaxed where sizes vary."
    )


def _named_fields(spec: GraphTensorSpec) -> list[tuple[str, Any]]:
    named: list[tuple[str, Any]] = [("context sizes", spec.context_spec.sizes_spec)]
    named += [(f"context feature {k!r}", v) for k, v in spec.context_spec.features_spec.items()]
    for kind, pieces in (("node set", spec.node_sets_spec), ("edge set", spec.edge_sets_spec)):
        for name, piece in pieces.items():
            named.append((f"{kind} {name!r}", piece.sizes_spec))
            if kind == "edge set":
                named += [
                    (f"edge set {name!r} endpoint {piece.adjacency_spec.node_set_name(t)!r} ({t})", f)
                    for t, f in zip(piece.adjacency_spec.tags, piece.adjacency_spec._fields(), strict=True)
                ]
            named += [(f"{kind} {name!r} feature {k!r}", v) for k, v in piece.features_spec.items()]
    return named


def _describe(element_spec: Any) -> str:
    if isinstance(element_spec, tf.TensorSpec):
        return f"{element_spec.dtype.name} tensor of shape {element_spec.shape}"
    if isinstance(element_spec, (tuple, list)):
        return f"tuple of {len(element_spec)} ({', '.join(_describe(e) for e in element_spec)})"
    if isinstance(element_spec, dict):
        return f"dict with keys {sorted(element_spec)}"
    return type(element_spec).__name__
