"""One round of message passing, as the model section of a config says."""

from collections.abc import Callable, Sequence
from typing import Any

from gnnkit._parameters import parameters_of
from gnnkit.models import (
    gat,
    gat_v2,
    graph_sage,
    hgt,
    mt_albis,
    multi_head_attention,
    rgcn,
    transformer_conv,
    vanilla_mpnn,
)
from gnnkit.runner._errors import RunError
from gnnkit.runner.config import Custom, Rounds
from gnnkit.runner.pipeline._user_classes import class_of_user

# Type -> what makes a round.
_UPDATES: dict[str, Callable[..., Any]] = {
    "gat": gat.GATMPNNGraphUpdate,
    "gat_v2": gat_v2.GATv2MPNNGraphUpdate,
    "graph_sage": graph_sage.GraphSAGEGraphUpdate,
    "hgt": hgt.HGTGraphUpdate,
    "mt_albis": mt_albis.MtAlbisGraphUpdate,
    "multi_head_attention": multi_head_attention.MultiHeadAttentionMPNNGraphUpdate,
    "rgcn": rgcn.RGCNGraphUpdate,
    "transformer_conv": transformer_conv.TransformerConvMPNNGraphUpdate,
    "vanilla_mpnn": vanilla_mpnn.VanillaMPNNGraphUpdate,
}
_EDGE_ARGUMENTS = ("edge_feature", "edge_feature_name")


def edge_argument(model: Rounds) -> str | None:
    """The argument that takes the name of an edge feature, or None: then features of edges are not read."""
    parameters = parameters_of(_factory(model))
    return next((name for name in _EDGE_ARGUMENTS if name in parameters), None)


def make_update(
    model: Rounds, *, round: int, receiver_tag: int, node_set_names: Sequence[str], edge_feature: str | None
) -> Callable[[Any], Any]:
    """The layer of one round, numbered from 1: graph to graph.

    Raises `RunError` for a class of the user's that cannot be made.
    """
    factory = _factory(model)
    arguments = model.arguments()
    offered: dict[str, Any] = {"receiver_tag": receiver_tag, "node_set_names": list(node_set_names)}
    name = edge_argument(model)
    if name is not None and edge_feature is not None:
        offered[name] = edge_feature
    taken = parameters_of(factory)
    if "name" in taken:  # Some have one by default, but no two layers of a model may have the same.
        offered["name"] = f"{factory.__name__}_{round}"
    if not isinstance(model, Custom):
        return factory(**arguments, **offered)
    offered = {key: value for key, value in {**offered, "units": model.units}.items() if key in taken}
    try:
        return factory(**{**offered, **model.args})
    except (TypeError, ValueError) as error:
        shown = ", ".join(f"{key}={value!r}" for key, value in {**offered, **model.args}.items())
        raise RunError(f"model.class: {model.class_}({shown}) failed: {type(error).__name__}: {error}") from error


def _factory(model: Rounds) -> Callable[..., Any]:
    if not isinstance(model, Custom):
        return _UPDATES[model.type]  # type: ignore[attr-defined]
    return class_of_user("model", model.class_)
