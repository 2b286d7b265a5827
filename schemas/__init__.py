"""The formats of gnnkit as protocol buffers: graph schemas, sampling specs, statistics of graphs.

Field-compatible with TF-GNN: its text and binary files load unchanged.

>>> from google.protobuf import text_format
>>> from gnnkit.schemas import GraphSchema
>>> schema = text_format.Parse('''
...     node_sets { key: "paper" value { features { key: "year" value { dtype: DT_INT64 } } } }
...     edge_sets { key: "cites" value { source: "paper" target: "paper" } }
... ''', GraphSchema())
>>> schema.edge_sets["cites"].target
'paper'
"""

from typing import TYPE_CHECKING

from gnnkit._lazy import attach

if TYPE_CHECKING:
    from gnnkit.schemas import graph_schema_pb2 as graph_schema_pb2
    from gnnkit.schemas import sampled_stats_pb2 as sampled_stats_pb2
    from gnnkit.schemas import sampling_spec_pb2 as sampling_spec_pb2
    from gnnkit.schemas.graph_schema_pb2 import BigQuery as BigQuery
    from gnnkit.schemas.graph_schema_pb2 import Context as Context
    from gnnkit.schemas.graph_schema_pb2 import EdgeSet as EdgeSet
    from gnnkit.schemas.graph_schema_pb2 import Feature as Feature
    from gnnkit.schemas.graph_schema_pb2 import GraphSchema as GraphSchema
    from gnnkit.schemas.graph_schema_pb2 import GraphType as GraphType
    from gnnkit.schemas.graph_schema_pb2 import Metadata as Metadata
    from gnnkit.schemas.graph_schema_pb2 import NodeSet as NodeSet
    from gnnkit.schemas.graph_schema_pb2 import OriginInfo as OriginInfo
    from gnnkit.schemas.graph_schema_pb2 import SetType as SetType
    from gnnkit.schemas.sampled_stats_pb2 import FeatureStats as FeatureStats
    from gnnkit.schemas.sampled_stats_pb2 import GraphTensorStats as GraphTensorStats
    from gnnkit.schemas.sampled_stats_pb2 import Samples as Samples
    from gnnkit.schemas.sampled_stats_pb2 import SizePair as SizePair
    from gnnkit.schemas.sampled_stats_pb2 import Stats as Stats
    from gnnkit.schemas.sampling_spec_pb2 import SamplingOp as SamplingOp
    from gnnkit.schemas.sampling_spec_pb2 import SamplingSpec as SamplingSpec
    from gnnkit.schemas.sampling_spec_pb2 import SamplingStrategy as SamplingStrategy
    from gnnkit.schemas.sampling_spec_pb2 import SeedOp as SeedOp
    from gnnkit.schemas.sampling_spec_pb2 import SymmetricLinkSeedOp as SymmetricLinkSeedOp

_GRAPH_SCHEMA = "gnnkit.schemas.graph_schema_pb2"
_SAMPLED_STATS = "gnnkit.schemas.sampled_stats_pb2"
_SAMPLING_SPEC = "gnnkit.schemas.sampling_spec_pb2"

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "BigQuery": _GRAPH_SCHEMA,
        "Context": _GRAPH_SCHEMA,
        "EdgeSet": _GRAPH_SCHEMA,
        "Feature": _GRAPH_SCHEMA,
        "GraphSchema": _GRAPH_SCHEMA,
        "GraphType": _GRAPH_SCHEMA,
        "Metadata": _GRAPH_SCHEMA,
        "NodeSet": _GRAPH_SCHEMA,
        "OriginInfo": _GRAPH_SCHEMA,
        "SetType": _GRAPH_SCHEMA,
        "FeatureStats": _SAMPLED_STATS,
        "GraphTensorStats": _SAMPLED_STATS,
        "Samples": _SAMPLED_STATS,
        "SizePair": _SAMPLED_STATS,
        "Stats": _SAMPLED_STATS,
        "SamplingOp": _SAMPLING_SPEC,
        "SamplingSpec": _SAMPLING_SPEC,
        "SamplingStrategy": _SAMPLING_SPEC,
        "SeedOp": _SAMPLING_SPEC,
        "SymmetricLinkSeedOp": _SAMPLING_SPEC,
    },
    submodules=["graph_schema_pb2", "sampled_stats_pb2", "sampling_spec_pb2"],
)
