"""The generated code is that of the .proto files beside it."""

import pathlib

import pytest
from google.protobuf import descriptor_pb2, text_format

import gnnkit.schemas
from gnnkit.schemas import GraphSchema, SamplingSpec, generate, graph_schema_pb2, sampled_stats_pb2, sampling_spec_pb2

FOLDER = pathlib.Path(gnnkit.schemas.__file__).parent


def test_generated_files_are_fresh(tmp_path):
    pytest.importorskip("grpc_tools")
    written = generate.generate(tmp_path)
    assert {path.name for path in written} == {path.name for path in FOLDER.glob("*_pb2.py*")}
    for path in written:
        stale = (FOLDER / path.name).read_text() != path.read_text()
        assert not stale, f"{path.name} is stale: run `python schemas/generate.py`."


def test_files_are_registered_under_names_of_our_own():
    assert graph_schema_pb2.DESCRIPTOR.name == "gnnkit/schemas/graph_schema.proto"
    assert graph_schema_pb2.DESCRIPTOR.package == "gnnkit"
    assert sampled_stats_pb2.DESCRIPTOR.name == "gnnkit/schemas/sampled_stats.proto"
    assert sampled_stats_pb2.DESCRIPTOR.package == "gnnkit.stats"
    assert sampling_spec_pb2.DESCRIPTOR.name == "gnnkit/schemas/sampling_spec.proto"
    assert sampling_spec_pb2.DESCRIPTOR.package == "gnnkit.sampler"


def test_every_message_and_enum_is_public():
    for module in (graph_schema_pb2, sampled_stats_pb2, sampling_spec_pb2):
        for name in (*module.DESCRIPTOR.message_types_by_name, *module.DESCRIPTOR.enum_types_by_name):
            assert name in gnnkit.schemas.__all__
            assert getattr(gnnkit.schemas, name) is getattr(module, name)


@pytest.mark.parametrize("path", sorted((FOLDER / "examples").glob("*.pbtxt")), ids=lambda path: path.name)
def test_examples_parse(path):
    message = (SamplingSpec if "spec" in path.name else GraphSchema)()
    text_format.Parse(path.read_text(), message)
    again = text_format.Parse(text_format.MessageToString(message), type(message)())
    assert again == message


def test_numbers_of_the_strategies():
    assert dict(gnnkit.schemas.SamplingStrategy.items()) == {
        "TOP_K": 0,
        "RANDOM_UNIFORM": 1,
        "RANDOM_WEIGHTED": 2,
        "LATEST_K": 3,
    }


def test_defaults_extensions_and_reserved_numbers():
    assert gnnkit.schemas.BigQuery().read_method == gnnkit.schemas.BigQuery.EXPORT
    assert gnnkit.schemas.SamplingOp().strategy == gnnkit.schemas.SamplingStrategy.TOP_K
    feature = descriptor_pb2.DescriptorProto()
    gnnkit.schemas.Feature.DESCRIPTOR.CopyToProto(feature)
    assert [(r.start, r.end) for r in feature.extension_range] == [(65536, 536870912)]
    assert [(r.start, r.end) for r in feature.reserved_range] == [(5, 6), (6, 7)]
