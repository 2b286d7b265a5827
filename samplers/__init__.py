"""Graphs from tables, and rooted subgraphs sampled from them."""

from typing import TYPE_CHECKING

from gnnkit._lazy import attach

if TYPE_CHECKING:
    from gnnkit.experimental.sampler import CompositeLayer as CompositeLayer
    from gnnkit.experimental.sampler import ConnectingEdgesSampler as ConnectingEdgesSampler
    from gnnkit.experimental.sampler import InMemIndexToFeaturesAccessor as InMemIndexToFeaturesAccessor
    from gnnkit.experimental.sampler import InMemIntegerKeyToBytesAccessor as InMemIntegerKeyToBytesAccessor
    from gnnkit.experimental.sampler import InMemStringKeyToBytesAccessor as InMemStringKeyToBytesAccessor
    from gnnkit.experimental.sampler import InMemUniformEdgesSampler as InMemUniformEdgesSampler
    from gnnkit.experimental.sampler import KeyToBytesAccessor as KeyToBytesAccessor
    from gnnkit.experimental.sampler import KeyToFeaturesAccessor as KeyToFeaturesAccessor
    from gnnkit.experimental.sampler import KeyToTfExampleAccessor as KeyToTfExampleAccessor
    from gnnkit.experimental.sampler import OutgoingEdgesSampler as OutgoingEdgesSampler
    from gnnkit.experimental.sampler import TfExamplesParser as TfExamplesParser
    from gnnkit.experimental.sampler import UniformEdgesSampler as UniformEdgesSampler
    from gnnkit.experimental.sampler import build_graph_tensor as build_graph_tensor
    from gnnkit.experimental.sampler import create_link_sampling_model_from_spec as create_link_sampling_model_from_spec
    from gnnkit.experimental.sampler import create_sampling_model_from_spec as create_sampling_model_from_spec
    from gnnkit.experimental.sampler import ragged_choice as ragged_choice
    from gnnkit.experimental.sampler import ragged_lookup as ragged_lookup
    from gnnkit.experimental.sampler import ragged_unique as ragged_unique
    from gnnkit.experimental.sampler import save_model as save_model
    from gnnkit.experimental.sampler import set_ext_ops_implementation as set_ext_ops_implementation
    from gnnkit.samplers._dataset import dataset as dataset
    from gnnkit.samplers._graph_tensor import graph_tensor_spec as graph_tensor_spec
    from gnnkit.samplers._graph_tensor import tables_from_graph_tensor as tables_from_graph_tensor
    from gnnkit.samplers._graph_tensor import to_graph_tensor as to_graph_tensor
    from gnnkit.samplers._negatives import sample_negatives as sample_negatives
    from gnnkit.samplers._plan import Hop as Hop
    from gnnkit.samplers._plan import Plan as Plan
    from gnnkit.samplers._plan import compile_plan as compile_plan
    from gnnkit.samplers._py_dataset import PyDataset as PyDataset
    from gnnkit.samplers._read_tables import read_tables as read_tables
    from gnnkit.samplers._report import ReadReport as ReadReport
    from gnnkit.samplers._report import SetReport as SetReport
    from gnnkit.samplers._sample import SampledBatch as SampledBatch
    from gnnkit.samplers._sample import SampledEdges as SampledEdges
    from gnnkit.samplers._sample import SampledNodes as SampledNodes
    from gnnkit.samplers._sample import sample_batch as sample_batch
    from gnnkit.samplers._seeds import LinkSeeds as LinkSeeds
    from gnnkit.samplers._seeds import Negatives as Negatives
    from gnnkit.samplers._seeds import NodeSeeds as NodeSeeds
    from gnnkit.samplers._spec_builder import SamplingSpecBuilder as SamplingSpecBuilder
    from gnnkit.samplers._spec_builder import SamplingStep as SamplingStep
    from gnnkit.samplers._spec_builder import make_sampling_spec_tree as make_sampling_spec_tree
    from gnnkit.samplers._store import GraphStore as GraphStore
    from gnnkit.samplers._tables import EdgeTable as EdgeTable
    from gnnkit.samplers._tables import GraphTables as GraphTables
    from gnnkit.samplers._tables import NodeTable as NodeTable
    from gnnkit.samplers._tables import RaggedColumn as RaggedColumn
    from gnnkit.samplers._tables import check_tables as check_tables
    from gnnkit.samplers._whole_graph import whole_graph_dataset as whole_graph_dataset
    from gnnkit.samplers._write_samples import SamplesReport as SamplesReport
    from gnnkit.samplers._write_samples import write_samples as write_samples
    from gnnkit.samplers._write_tables import write_tables as write_tables

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        # TF-GNN's API, Keras layers and models, lies above this package: names only, loaded on use.
        "CompositeLayer": "gnnkit.experimental.sampler",
        "ConnectingEdgesSampler": "gnnkit.experimental.sampler",
        "InMemIndexToFeaturesAccessor": "gnnkit.experimental.sampler",
        "InMemIntegerKeyToBytesAccessor": "gnnkit.experimental.sampler",
        "InMemStringKeyToBytesAccessor": "gnnkit.experimental.sampler",
        "InMemUniformEdgesSampler": "gnnkit.experimental.sampler",
        "KeyToBytesAccessor": "gnnkit.experimental.sampler",
        "KeyToFeaturesAccessor": "gnnkit.experimental.sampler",
        "KeyToTfExampleAccessor": "gnnkit.experimental.sampler",
        "OutgoingEdgesSampler": "gnnkit.experimental.sampler",
        "TfExamplesParser": "gnnkit.experimental.sampler",
        "UniformEdgesSampler": "gnnkit.experimental.sampler",
        "build_graph_tensor": "gnnkit.experimental.sampler",
        "create_link_sampling_model_from_spec": "gnnkit.experimental.sampler",
        "create_sampling_model_from_spec": "gnnkit.experimental.sampler",
        "ragged_choice": "gnnkit.experimental.sampler",
        "ragged_lookup": "gnnkit.experimental.sampler",
        "ragged_unique": "gnnkit.experimental.sampler",
        "save_model": "gnnkit.experimental.sampler",
        "set_ext_ops_implementation": "gnnkit.experimental.sampler",
        "EdgeTable": "gnnkit.samplers._tables",
        "GraphStore": "gnnkit.samplers._store",
        "GraphTables": "gnnkit.samplers._tables",
        "Hop": "gnnkit.samplers._plan",
        "LinkSeeds": "gnnkit.samplers._seeds",
        "Negatives": "gnnkit.samplers._seeds",
        "NodeSeeds": "gnnkit.samplers._seeds",
        "NodeTable": "gnnkit.samplers._tables",
        "Plan": "gnnkit.samplers._plan",
        "PyDataset": "gnnkit.samplers._py_dataset",
        "RaggedColumn": "gnnkit.samplers._tables",
        "ReadReport": "gnnkit.samplers._report",
        "SampledBatch": "gnnkit.samplers._sample",
        "SampledEdges": "gnnkit.samplers._sample",
        "SampledNodes": "gnnkit.samplers._sample",
        "SamplingSpecBuilder": "gnnkit.samplers._spec_builder",
        "SamplingStep": "gnnkit.samplers._spec_builder",
        "SamplesReport": "gnnkit.samplers._write_samples",
        "SetReport": "gnnkit.samplers._report",
        "check_tables": "gnnkit.samplers._tables",
        "compile_plan": "gnnkit.samplers._plan",
        "dataset": "gnnkit.samplers._dataset",
        "graph_tensor_spec": "gnnkit.samplers._graph_tensor",
        "make_sampling_spec_tree": "gnnkit.samplers._spec_builder",
        "read_tables": "gnnkit.samplers._read_tables",
        "sample_negatives": "gnnkit.samplers._negatives",
        "sample_batch": "gnnkit.samplers._sample",
        "tables_from_graph_tensor": "gnnkit.samplers._graph_tensor",
        "to_graph_tensor": "gnnkit.samplers._graph_tensor",
        "whole_graph_dataset": "gnnkit.samplers._whole_graph",
        "write_samples": "gnnkit.samplers._write_samples",
        "write_tables": "gnnkit.samplers._write_tables",
    },
)
