from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SamplingStrategy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TOP_K: _ClassVar[SamplingStrategy]
    RANDOM_UNIFORM: _ClassVar[SamplingStrategy]
    RANDOM_WEIGHTED: _ClassVar[SamplingStrategy]
    LATEST_K: _ClassVar[SamplingStrategy]
TOP_K: SamplingStrategy
RANDOM_UNIFORM: SamplingStrategy
RANDOM_WEIGHTED: SamplingStrategy
LATEST_K: SamplingStrategy

class SamplingSpec(_message.Message):
    __slots__ = ("seed_op", "symmetric_link_seed_op", "sampling_ops")
    SEED_OP_FIELD_NUMBER: _ClassVar[int]
    SYMMETRIC_LINK_SEED_OP_FIELD_NUMBER: _ClassVar[int]
    SAMPLING_OPS_FIELD_NUMBER: _ClassVar[int]
    seed_op: SeedOp
    symmetric_link_seed_op: SymmetricLinkSeedOp
    sampling_ops: _containers.RepeatedCompositeFieldContainer[SamplingOp]
    def __init__(self, seed_op: _Optional[_Union[SeedOp, _Mapping]] = ..., symmetric_link_seed_op: _Optional[_Union[SymmetricLinkSeedOp, _Mapping]] = ..., sampling_ops: _Optional[_Iterable[_Union[SamplingOp, _Mapping]]] = ...) -> None: ...

class SeedOp(_message.Message):
    __slots__ = ("op_name", "node_set_name")
    OP_NAME_FIELD_NUMBER: _ClassVar[int]
    NODE_SET_NAME_FIELD_NUMBER: _ClassVar[int]
    op_name: str
    node_set_name: str
    def __init__(self, op_name: _Optional[str] = ..., node_set_name: _Optional[str] = ...) -> None: ...

class SymmetricLinkSeedOp(_message.Message):
    __slots__ = ("op_name",)
    OP_NAME_FIELD_NUMBER: _ClassVar[int]
    op_name: str
    def __init__(self, op_name: _Optional[str] = ...) -> None: ...

class SamplingOp(_message.Message):
    __slots__ = ("op_name", "input_op_names", "edge_set_name", "sample_size", "strategy")
    OP_NAME_FIELD_NUMBER: _ClassVar[int]
    INPUT_OP_NAMES_FIELD_NUMBER: _ClassVar[int]
    EDGE_SET_NAME_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_SIZE_FIELD_NUMBER: _ClassVar[int]
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    op_name: str
    input_op_names: _containers.RepeatedScalarFieldContainer[str]
    edge_set_name: str
    sample_size: int
    strategy: SamplingStrategy
    def __init__(self, op_name: _Optional[str] = ..., input_op_names: _Optional[_Iterable[str]] = ..., edge_set_name: _Optional[str] = ..., sample_size: _Optional[int] = ..., strategy: _Optional[_Union[SamplingStrategy, str]] = ...) -> None: ...
