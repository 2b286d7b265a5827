"""Data sets: a generated graph, and loaders of public ones from this machine."""

from typing import TYPE_CHECKING

from gnnkit._lazy import attach

if TYPE_CHECKING:
    from gnnkit.datasets._academic import academic_graph as academic_graph
    from gnnkit.datasets._cora import cora as cora
    from gnnkit.datasets._registry import available as available
    from gnnkit.datasets._registry import load as load
    from gnnkit.datasets._registry import loader as loader

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "academic_graph": "gnnkit.datasets._academic",
        "available": "gnnkit.datasets._registry",
        "cora": "gnnkit.datasets._cora",
        "load": "gnnkit.datasets._registry",
        "loader": "gnnkit.datasets._registry",
    },
)
