"""`gnnkit.runner.config`: one YAML file that says all about a run, checked before anything runs.

Nothing here imports TensorFlow. `RunConfig.model_json_schema()` is the JSON schema for editors.
"""

from gnnkit.runner.config._attribution import Attribution as Attribution
from gnnkit.runner.config._checks import labels_of as labels_of
from gnnkit.runner.config._checks import target_set as target_set
from gnnkit.runner.config._contrastive import BarlowTwins as BarlowTwins
from gnnkit.runner.config._contrastive import Contrastive as Contrastive
from gnnkit.runner.config._contrastive import DeepGraphInfomax as DeepGraphInfomax
from gnnkit.runner.config._contrastive import DropFeatures as DropFeatures
from gnnkit.runner.config._contrastive import ShuffleFeatures as ShuffleFeatures
from gnnkit.runner.config._contrastive import Triplet as Triplet
from gnnkit.runner.config._contrastive import VicReg as VicReg
from gnnkit.runner.config._data import DatasetData as DatasetData
from gnnkit.runner.config._data import ExamplesData as ExamplesData
from gnnkit.runner.config._data import ProviderData as ProviderData
from gnnkit.runner.config._data import StoreData as StoreData
from gnnkit.runner.config._data import TableData as TableData
from gnnkit.runner.config._errors import ConfigError as ConfigError
from gnnkit.runner.config._errors import Problem as Problem
from gnnkit.runner.config._features import CategoryFeature as CategoryFeature
from gnnkit.runner.config._features import DropFeature as DropFeature
from gnnkit.runner.config._features import Encoding as Encoding
from gnnkit.runner.config._features import Features as Features
from gnnkit.runner.config._features import IdEmbeddingFeature as IdEmbeddingFeature
from gnnkit.runner.config._features import NumberFeature as NumberFeature
from gnnkit.runner.config._features import TextHashFeature as TextHashFeature
from gnnkit.runner.config._features import VectorFeature as VectorFeature
from gnnkit.runner.config._hops import ResolvedHop as ResolvedHop
from gnnkit.runner.config._hops import resolve_hops as resolve_hops
from gnnkit.runner.config._load import dump_resolved as dump_resolved
from gnnkit.runner.config._load import load as load
from gnnkit.runner.config._load import loads as loads
from gnnkit.runner.config._load import to_plain as to_plain
from gnnkit.runner.config._load import to_yaml as to_yaml
from gnnkit.runner.config._model import GCN as GCN
from gnnkit.runner.config._predicted import Classes as Classes
from gnnkit.runner.config._predicted import Numbers as Numbers
from gnnkit.runner.config._predicted import YesOrNo as YesOrNo
from gnnkit.runner.config._run import RunConfig as RunConfig
from gnnkit.runner.config._runtime import DataService as DataService
from gnnkit.runner.config._runtime import FitOrSkipPadding as FitOrSkipPadding
from gnnkit.runner.config._runtime import Runtime as Runtime
from gnnkit.runner.config._runtime import Strategy as Strategy
from gnnkit.runner.config._runtime import TightPadding as TightPadding
from gnnkit.runner.config._runtime import UserStrategy as UserStrategy
from gnnkit.runner.config._sampling import Hop as Hop
from gnnkit.runner.config._sampling import HopSampling as HopSampling
from gnnkit.runner.config._sampling import SpecSampling as SpecSampling
from gnnkit.runner.config._sampling import TreeSampling as TreeSampling
from gnnkit.runner.config._sampling import WholeGraph as WholeGraph
from gnnkit.runner.config._schema_checks import check_against_schema as check_against_schema
from gnnkit.runner.config._schema_checks import seed_sets as seed_sets
from gnnkit.runner.config._schema_file import check as check
from gnnkit.runner.config._schema_file import read_schema_file as read_schema_file
from gnnkit.runner.config._schema_file import schema_of as schema_of
from gnnkit.runner.config._schema_file import schema_problems as schema_problems
from gnnkit.runner.config._schema_file import table_problems as table_problems
from gnnkit.runner.config._source import KeyPath as KeyPath
from gnnkit.runner.config._split import FeatureSplit as FeatureSplit
from gnnkit.runner.config._split import RandomSplit as RandomSplit
from gnnkit.runner.config._sweep import Range as Range
from gnnkit.runner.config._sweep import Sweep as Sweep
from gnnkit.runner.config._task import BinaryEdgeClassification as BinaryEdgeClassification
from gnnkit.runner.config._task import BinaryGraphClassification as BinaryGraphClassification
from gnnkit.runner.config._task import BinaryNodeClassification as BinaryNodeClassification
from gnnkit.runner.config._task import CustomTask as CustomTask
from gnnkit.runner.config._task import EdgeClassification as EdgeClassification
from gnnkit.runner.config._task import EdgeRegression as EdgeRegression
from gnnkit.runner.config._task import EdgeTask as EdgeTask
from gnnkit.runner.config._task import GraphClassification as GraphClassification
from gnnkit.runner.config._task import GraphRegression as GraphRegression
from gnnkit.runner.config._task import GraphTask as GraphTask
from gnnkit.runner.config._task import LabelledTask as LabelledTask
from gnnkit.runner.config._task import LinkPrediction as LinkPrediction
from gnnkit.runner.config._task import NodeClassification as NodeClassification
from gnnkit.runner.config._task import NodeRegression as NodeRegression
from gnnkit.runner.config._task import NodeTask as NodeTask
from gnnkit.runner.config._task_checks import metrics_of as metrics_of
from gnnkit.runner.config._training import ConstantSchedule as ConstantSchedule
from gnnkit.runner.config._training import CosineSchedule as CosineSchedule
from gnnkit.runner.config._training import EarlyStopping as EarlyStopping
from gnnkit.runner.config._training import Export as Export
from gnnkit.runner.config._training import Training as Training
from gnnkit.runner.config._updates import GAT as GAT
from gnnkit.runner.config._updates import HGT as HGT
from gnnkit.runner.config._updates import RGCN as RGCN
from gnnkit.runner.config._updates import Custom as Custom
from gnnkit.runner.config._updates import GATv2 as GATv2
from gnnkit.runner.config._updates import GraphSAGE as GraphSAGE
from gnnkit.runner.config._updates import MtAlbis as MtAlbis
from gnnkit.runner.config._updates import MultiHeadAttention as MultiHeadAttention
from gnnkit.runner.config._updates import Rounds as Rounds
from gnnkit.runner.config._updates import TransformerConv as TransformerConv
from gnnkit.runner.config._updates import VanillaMPNN as VanillaMPNN
from gnnkit.runner.config._user_class import Callback as Callback
from gnnkit.runner.config._user_class import UserClass as UserClass
from gnnkit.runner.config._user_class import UserTrainer as UserTrainer

__all__ = [
    "Attribution",
    "BarlowTwins",
    "BinaryEdgeClassification",
    "BinaryGraphClassification",
    "BinaryNodeClassification",
    "CategoryFeature",
    "Classes",
    "ConfigError",
    "ConstantSchedule",
    "Contrastive",
    "CosineSchedule",
    "Custom",
    "CustomTask",
    "DatasetData",
    "DeepGraphInfomax",
    "DropFeature",
    "DropFeatures",
    "EarlyStopping",
    "EdgeClassification",
    "EdgeRegression",
    "EdgeTask",
    "Encoding",
    "Export",
    "ExamplesData",
    "FeatureSplit",
    "Features",
    "GAT",
    "GATv2",
    "GCN",
    "GraphClassification",
    "GraphRegression",
    "GraphSAGE",
    "GraphTask",
    "HGT",
    "Hop",
    "HopSampling",
    "IdEmbeddingFeature",
    "KeyPath",
    "LabelledTask",
    "LinkPrediction",
    "MtAlbis",
    "MultiHeadAttention",
    "NodeClassification",
    "NodeRegression",
    "NodeTask",
    "NumberFeature",
    "Numbers",
    "Problem",
    "RGCN",
    "RandomSplit",
    "Range",
    "ResolvedHop",
    "Rounds",
    "RunConfig",
    "DataService",
    "FitOrSkipPadding",
    "Strategy",
    "TightPadding",
    "UserStrategy",
    "Callback",
    "UserClass",
    "UserTrainer",
    "Runtime",
    "ShuffleFeatures",
    "SpecSampling",
    "ProviderData",
    "StoreData",
    "Sweep",
    "TableData",
    "TextHashFeature",
    "Training",
    "TransformerConv",
    "TreeSampling",
    "Triplet",
    "VanillaMPNN",
    "VectorFeature",
    "VicReg",
    "WholeGraph",
    "YesOrNo",
    "check",
    "check_against_schema",
    "dump_resolved",
    "load",
    "labels_of",
    "loads",
    "metrics_of",
    "read_schema_file",
    "resolve_hops",
    "schema_of",
    "schema_problems",
    "table_problems",
    "seed_sets",
    "target_set",
    "to_plain",
    "to_yaml",
]
