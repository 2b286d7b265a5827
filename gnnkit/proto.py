"""The messages of `gnnkit.schemas` under the name that TF-GNN has for them: `tfgnn.proto`."""

from gnnkit.schemas import BigQuery as BigQuery
from gnnkit.schemas import Context as Context
from gnnkit.schemas import EdgeSet as EdgeSet
from gnnkit.schemas import Feature as Feature
from gnnkit.schemas import GraphSchema as GraphSchema
from gnnkit.schemas import GraphType as GraphType
from gnnkit.schemas import Metadata as Metadata
from gnnkit.schemas import NodeSet as NodeSet
from gnnkit.schemas import OriginInfo as OriginInfo
from gnnkit.schemas import graph_schema_pb2 as graph_schema_pb2
