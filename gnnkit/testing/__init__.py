"""What tests over graphs need: small random graphs, comparisons, the laws that all layers obey, hypothesis strategies."""

from typing import TYPE_CHECKING

from gnnkit._lazy import attach

if TYPE_CHECKING:
    from gnnkit.testing._compare import assert_graphs_equal as assert_graphs_equal
    from gnnkit.testing._description import GraphDescription as GraphDescription
    from gnnkit.testing._description import RaggedValues as RaggedValues
    from gnnkit.testing._description import SetDescription as SetDescription
    from gnnkit.testing._layer_contract import assert_layer_contract as assert_layer_contract
    from gnnkit.testing._permute import permute as permute
    from gnnkit.testing._random import random_graph as random_graph

_DESCRIPTION = "gnnkit.testing._description"

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "GraphDescription": _DESCRIPTION,
        "RaggedValues": _DESCRIPTION,
        "SetDescription": _DESCRIPTION,
        "assert_graphs_equal": "gnnkit.testing._compare",
        "assert_layer_contract": "gnnkit.testing._layer_contract",
        "permute": "gnnkit.testing._permute",
        "random_graph": "gnnkit.testing._random",
    },
    submodules=["strategies"],
)
