"""Schemas in files."""

import pytest

import gnnkit
from gnnkit.schemas import GraphSchema

TEXT = """
# proto-file: anything
node_sets { key: "paper" value { features { key: "year" value { dtype: DT_INT64 } } } }
edge_sets < key: "cites" value: < source: "paper" target: "paper" > >
"""


def test_parse_schema_takes_text_and_bytes():
    assert gnnkit.parse_schema(TEXT) == gnnkit.parse_schema(TEXT.encode())
    assert gnnkit.parse_schema(TEXT).edge_sets["cites"].source == "paper"
    assert gnnkit.parse_schema("") == GraphSchema()


@pytest.mark.parametrize("name", ["schema.pbtxt", "schema.pb", "schema.binpb", "schema"])
def test_write_and_read(tmp_path, name):
    schema = gnnkit.parse_schema(TEXT)
    gnnkit.write_schema(schema, tmp_path / name)
    assert gnnkit.read_schema(tmp_path / name) == schema
    assert gnnkit.read_schema(str(tmp_path / name)) == schema


def test_binary_is_recognized_whatever_its_name(tmp_path):
    schema = gnnkit.parse_schema(TEXT)
    (tmp_path / "schema.pbtxt").write_bytes(schema.SerializeToString())
    assert gnnkit.read_schema(tmp_path / "schema.pbtxt") == schema
    (tmp_path / "schema.pb").write_text(TEXT)  # TF-GNN writes text under any name
    assert gnnkit.read_schema(tmp_path / "schema.pb") == schema


def test_remote_paths_go_through_gfile(tmp_path):
    path = f"file://{tmp_path}/schema.pbtxt"
    gnnkit.write_schema(gnnkit.parse_schema(TEXT), path)
    assert gnnkit.read_schema(path) == gnnkit.parse_schema(TEXT)


def test_errors(tmp_path):
    with pytest.raises(ValueError, match=r"The schema text is not a GraphSchema.*2:3 .*no field named \"bogus\""):
        gnnkit.parse_schema("\n  bogus: 3")
    with pytest.raises(FileNotFoundError, match="absent.pbtxt"):
        gnnkit.read_schema(tmp_path / "absent.pbtxt")
    with pytest.raises(ValueError, match="is a folder; pass the schema file in it"):
        gnnkit.read_schema(tmp_path)
    (tmp_path / "a.csv").write_text("id,year\n1,2\n")
    with pytest.raises(ValueError, match=r"a\.csv is not a GraphSchema in text format"):
        gnnkit.read_schema(tmp_path / "a.csv")
    (tmp_path / "a.parquet").write_bytes(b"PAR1\xff\xfe\x00")
    with pytest.raises(ValueError, match=r"a\.parquet is not a GraphSchema: neither text nor binary protobuf"):
        gnnkit.read_schema(tmp_path / "a.parquet")


def test_reading_and_checking_a_schema_imports_no_tensorflow(clean_environment, tmp_path):
    import subprocess
    import sys

    (tmp_path / "s.pbtxt").write_text(TEXT)
    code = (
        "import sys; from gnnkit.io import read_schema, validate_schema, iter_features; "
        "print(validate_schema(read_schema(sys.argv[1]))); print('tensorflow' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "s.pbtxt")], capture_output=True, text=True, env=clean_environment
    )
    assert result.stdout.split() == ["[]", "False"], result.stderr
