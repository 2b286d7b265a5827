from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GraphTensorStats(_message.Message):
    __slots__ = ("feature_stats", "samples")
    FEATURE_STATS_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    feature_stats: _containers.RepeatedCompositeFieldContainer[FeatureStats]
    samples: Samples
    def __init__(self, feature_stats: _Optional[_Iterable[_Union[FeatureStats, _Mapping]]] = ..., samples: _Optional[_Union[Samples, _Mapping]] = ...) -> None: ...

class Samples(_message.Message):
    __slots__ = ("size_pairs",)
    SIZE_PAIRS_FIELD_NUMBER: _ClassVar[int]
    size_pairs: _containers.RepeatedCompositeFieldContainer[SizePair]
    def __init__(self, size_pairs: _Optional[_Iterable[_Union[SizePair, _Mapping]]] = ...) -> None: ...

class SizePair(_message.Message):
    __slots__ = ("num_nodes", "num_edges")
    NUM_NODES_FIELD_NUMBER: _ClassVar[int]
    NUM_EDGES_FIELD_NUMBER: _ClassVar[int]
    num_nodes: int
    num_edges: int
    def __init__(self, num_nodes: _Optional[int] = ..., num_edges: _Optional[int] = ...) -> None: ...

class FeatureStats(_message.Message):
    __slots__ = ("set_type", "set_name", "feature_name", "stats")
    SET_TYPE_FIELD_NUMBER: _ClassVar[int]
    SET_NAME_FIELD_NUMBER: _ClassVar[int]
    FEATURE_NAME_FIELD_NUMBER: _ClassVar[int]
    STATS_FIELD_NUMBER: _ClassVar[int]
    set_type: str
    set_name: str
    feature_name: str
    stats: Stats
    def __init__(self, set_type: _Optional[str] = ..., set_name: _Optional[str] = ..., feature_name: _Optional[str] = ..., stats: _Optional[_Union[Stats, _Mapping]] = ...) -> None: ...

class Stats(_message.Message):
    __slots__ = ("min", "max", "median", "mean", "std", "quantiles")
    MIN_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    MEDIAN_FIELD_NUMBER: _ClassVar[int]
    MEAN_FIELD_NUMBER: _ClassVar[int]
    STD_FIELD_NUMBER: _ClassVar[int]
    QUANTILES_FIELD_NUMBER: _ClassVar[int]
    min: float
    max: float
    median: float
    mean: float
    std: float
    quantiles: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, min: _Optional[float] = ..., max: _Optional[float] = ..., median: _Optional[float] = ..., mean: _Optional[float] = ..., std: _Optional[float] = ..., quantiles: _Optional[_Iterable[float]] = ...) -> None: ...
