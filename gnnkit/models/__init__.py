"""The model collection: one package a paper or family."""

from typing import TYPE_CHECKING

from gnnkit._lazy import attach

if TYPE_CHECKING:
    from gnnkit.models import appnp as appnp
    from gnnkit.models import contrastive_losses as contrastive_losses
    from gnnkit.models import gat as gat
    from gnnkit.models import gat_v2 as gat_v2
    from gnnkit.models import gcn as gcn
    from gnnkit.models import gin as gin
    from gnnkit.models import graph_sage as graph_sage
    from gnnkit.models import hgt as hgt
    from gnnkit.models import mt_albis as mt_albis
    from gnnkit.models import multi_head_attention as multi_head_attention
    from gnnkit.models import pna as pna
    from gnnkit.models import rgcn as rgcn
    from gnnkit.models import transformer_conv as transformer_conv
    from gnnkit.models import vanilla_mpnn as vanilla_mpnn

__getattr__, __dir__, __all__ = attach(
    __name__,
    {},
    submodules=[
        "appnp",
        "contrastive_losses",
        "gat",
        "gat_v2",
        "gcn",
        "gin",
        "graph_sage",
        "hgt",
        "mt_albis",
        "multi_head_attention",
        "pna",
        "rgcn",
        "transformer_conv",
        "vanilla_mpnn",
    ],
)
