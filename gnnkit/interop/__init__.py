"""Exchange with networkx, pandas, SciPy, triples, OGB datasets and tensorflow-gnn.

Importing it imports none of them; each function imports what it needs.
"""

from typing import TYPE_CHECKING

from gnnkit._lazy import attach

if TYPE_CHECKING:
    from gnnkit.interop._from_networkx import from_networkx as from_networkx
    from gnnkit.interop._ogb import convert_ogb_dataset as convert_ogb_dataset
    from gnnkit.interop._ogb import ogb_to_graph_tensor as ogb_to_graph_tensor
    from gnnkit.interop._ogb import ogb_to_tables as ogb_to_tables
    from gnnkit.interop._pandas import Frames as Frames
    from gnnkit.interop._pandas import from_pandas as from_pandas
    from gnnkit.interop._pandas import to_pandas as to_pandas
    from gnnkit.interop._scipy import from_scipy as from_scipy
    from gnnkit.interop._scipy import to_scipy as to_scipy
    from gnnkit.interop._to_networkx import to_networkx as to_networkx
    from gnnkit.interop.networkx_io import to_edge_list as to_edge_list
    from gnnkit.interop.networkx_io import to_networkx_graph as to_networkx_graph
    from gnnkit.interop.triples import graphtensor_to_triples as graphtensor_to_triples
    from gnnkit.interop.triples import triple_to_graphtensor as triple_to_graphtensor

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Frames": "gnnkit.interop._pandas",
        "convert_ogb_dataset": "gnnkit.interop._ogb",
        "from_networkx": "gnnkit.interop._from_networkx",
        "from_pandas": "gnnkit.interop._pandas",
        "from_scipy": "gnnkit.interop._scipy",
        "graphtensor_to_triples": "gnnkit.interop.triples",
        "ogb_to_graph_tensor": "gnnkit.interop._ogb",
        "ogb_to_tables": "gnnkit.interop._ogb",
        "to_edge_list": "gnnkit.interop.networkx_io",
        "to_networkx": "gnnkit.interop._to_networkx",
        "to_networkx_graph": "gnnkit.interop.networkx_io",
        "to_pandas": "gnnkit.interop._pandas",
        "to_scipy": "gnnkit.interop._scipy",
        "triple_to_graphtensor": "gnnkit.interop.triples",
    },
    submodules=["networkx_io", "tfgnn", "triples"],
)
