"""Keras layers over graphs."""

from gnnkit.keras.layers._add_self_loops import AddSelfLoops as AddSelfLoops
from gnnkit.keras.layers._convolution_base import AnyToAnyConvolutionBase as AnyToAnyConvolutionBase
from gnnkit.keras.layers._graph_layer import GraphLayer as GraphLayer
from gnnkit.keras.layers._graph_ops import Broadcast as Broadcast
from gnnkit.keras.layers._graph_ops import Pool as Pool
from gnnkit.keras.layers._graph_ops import Readout as Readout
from gnnkit.keras.layers._graph_ops import ReadoutFirstNode as ReadoutFirstNode
from gnnkit.keras.layers._graph_update import GraphUpdate as GraphUpdate
from gnnkit.keras.layers._item_dropout import ItemDropout as ItemDropout
from gnnkit.keras.layers._make_empty_feature import MakeEmptyFeature as MakeEmptyFeature
from gnnkit.keras.layers._map_features import MapFeatures as MapFeatures
from gnnkit.keras.layers._next_state import NextStateFromConcat as NextStateFromConcat
from gnnkit.keras.layers._next_state import ResidualNextState as ResidualNextState
from gnnkit.keras.layers._next_state import SingleInputNextState as SingleInputNextState
from gnnkit.keras.layers._pad import PadToTotalSizes as PadToTotalSizes
from gnnkit.keras.layers._parse_example import ParseExample as ParseExample
from gnnkit.keras.layers._parse_example import ParseSingleExample as ParseSingleExample
from gnnkit.keras.layers._set_updates import ContextUpdate as ContextUpdate
from gnnkit.keras.layers._set_updates import EdgeSetUpdate as EdgeSetUpdate
from gnnkit.keras.layers._set_updates import NodeSetUpdate as NodeSetUpdate
from gnnkit.keras.layers._simple_conv import SimpleConv as SimpleConv
from gnnkit.keras.layers._structured_readout import AddReadoutFromFirstNode as AddReadoutFromFirstNode
from gnnkit.keras.layers._structured_readout import StructuredReadout as StructuredReadout
from gnnkit.keras.layers._structured_readout import StructuredReadoutIntoFeature as StructuredReadoutIntoFeature

# TF-GNN's deprecated names.
ReadoutNamed = StructuredReadout
ReadoutNamedIntoFeature = StructuredReadoutIntoFeature
