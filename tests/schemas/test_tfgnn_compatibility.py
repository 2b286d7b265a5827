"""What TF-GNN wrote loads here, in the same process and from the same bytes."""

import importlib.util
import pathlib
import subprocess
import sys
import textwrap

import pytest
from google.protobuf import text_format

from gnnkit.schemas import BigQuery, GraphSchema, GraphType, SamplingSpec, SamplingStrategy

# Headers, brackets of both kinds, colons before messages and repeated fields of both kinds occur in the wild.
SCHEMA = """\
# proto-file: //third_party/py/tensorflow_gnn/proto/graph_schema.proto
# proto-message: tensorflow_gnn.GraphSchema
context < features < key: "size" value: < dtype: DT_INT64 > > >
node_sets <
  key: "user"
  value <
    features < key: "age" value < dtype: DT_FLOAT shape < dim < size: 2 name: "mean" > dim { size: -1 } > > >
    context: "size"
    metadata < filename: "users@3" cardinality: 7 extra < key: "k" value: "v" > >
  >
>
edge_sets {
  key: "knows"
  value: { source: 'user' target: 'user' metadata: { bigquery < table_spec < table: "t" > reshuffle: true > } }
}
info < graph_type: SUBGRAPH root_set: "user" >
"""

SPEC = """\
# proto-message: tensorflow_gnn.sampler.SamplingSpec
seed_op: < op_name: "seed" node_set_name: "user" >
sampling_ops: [
  < op_name: "a" input_op_names: "seed" edge_set_name: "knows" sample_size: 3 strategy: RANDOM_UNIFORM >,
  < op_name: "b" input_op_names: "seed" input_op_names: "a" edge_set_name: "knows" sample_size: 2 >
]
"""


def test_schema_text():
    schema = text_format.Parse(SCHEMA, GraphSchema())
    age = schema.node_sets["user"].features["age"]
    assert [dim.size for dim in age.shape.dim] == [2, -1]
    assert age.DESCRIPTOR.fields_by_name["dtype"].enum_type.values_by_number[age.dtype].name == "DT_FLOAT"
    assert list(schema.node_sets["user"].context) == ["size"]
    assert schema.node_sets["user"].metadata.filename == "users@3"
    assert schema.edge_sets["knows"].metadata.bigquery.read_method == BigQuery.EXPORT
    assert schema.info.graph_type == GraphType.SUBGRAPH
    assert not schema.context.features["size"].HasField("shape")


def test_sampling_spec_text():
    spec = text_format.Parse(SPEC, SamplingSpec())
    assert spec.WhichOneof("seed_type") == "seed_op"
    assert [op.strategy for op in spec.sampling_ops] == [SamplingStrategy.RANDOM_UNIFORM, SamplingStrategy.TOP_K]
    assert list(spec.sampling_ops[1].input_op_names) == ["seed", "a"]


def test_one_seed_type_replaces_the_other():
    spec = text_format.Parse(SPEC, SamplingSpec())
    spec.symmetric_link_seed_op.op_name = "links"
    assert not spec.HasField("seed_op")


def test_schema_of_the_shared_data(shared_data):
    path = pathlib.Path(shared_data) / "openflights" / "graph_schema.pbtxt"
    schema = text_format.Parse(path.read_text(), GraphSchema())
    assert "airport" in schema.node_sets


BESIDE_TFGNN = """
import pathlib, sys
from google.protobuf import descriptor_pb2, text_format
from gnnkit.schemas import graph_schema_pb2 as our_schema, sampled_stats_pb2 as our_stats, sampling_spec_pb2 as our_spec
import tensorflow_gnn  # after ours: both must be able to register
from tensorflow_gnn.proto import graph_schema_pb2 as their_schema
from tensorflow_gnn.sampler import sampling_spec_pb2 as their_spec
from tensorflow_gnn.tools import sampled_stats_pb2 as their_stats

def fields(module):
    file = descriptor_pb2.FileDescriptorProto()
    module.DESCRIPTOR.CopyToProto(file)
    package = file.package
    found = {}
    def visit(prefix, message):
        for field in message.field:
            kind = field.type_name.replace("." + package + ".", "")
            oneof = message.oneof_decl[field.oneof_index].name if field.HasField("oneof_index") else None
            found[prefix + message.name + "." + field.name] = (
                field.number, field.type, field.label, kind, field.default_value, oneof)
        for nested in message.nested_type:
            visit(prefix + message.name + ".", nested)
        for enum in message.enum_type:
            values(prefix + message.name + ".", enum)
    def values(prefix, enum):
        for value in enum.value:
            found[prefix + enum.name + "." + value.name] = value.number
    for message in file.message_type:
        visit("", message)
    for enum in file.enum_type:
        values("", enum)
    return found

assert fields(our_schema) == fields(their_schema)
assert fields(our_stats) == fields(their_stats)
# TF-GNN's released wheel is older than its sources, which have this value.
assert fields(our_spec) == fields(their_spec) | {"SamplingStrategy.LATEST_K": 3}

for ours, theirs, text in (
    (our_schema.GraphSchema, their_schema.GraphSchema, pathlib.Path(sys.argv[1]).read_text()),
    (our_spec.SamplingSpec, their_spec.SamplingSpec, pathlib.Path(sys.argv[2]).read_text()),
):
    message = text_format.Parse(text, theirs())
    same = ours.FromString(message.SerializeToString())
    assert same == text_format.Parse(text, ours())
    assert text_format.MessageToString(same) == text_format.MessageToString(message)
    assert theirs.FromString(same.SerializeToString()) == message
print("same")
"""


@pytest.mark.slow  # imports TensorFlow, Keras 2 and TF-GNN in a process of its own
def test_beside_tensorflow_gnn(tmp_path, clean_environment):
    if importlib.util.find_spec("tensorflow_gnn") is None:
        pytest.skip("needs tensorflow_gnn: pip install gnnkit[interop]")
    (tmp_path / "schema").write_text(SCHEMA)
    (tmp_path / "spec").write_text(SPEC)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(BESIDE_TFGNN), tmp_path / "schema", tmp_path / "spec"],
        env=clean_environment | {"TF_USE_LEGACY_KERAS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "same"
