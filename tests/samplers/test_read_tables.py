import pathlib

import ml_dtypes
import numpy as np
import pytest
from google.protobuf import text_format

from gnnkit.samplers import EdgeTable, GraphTables, NodeTable, RaggedColumn, read_tables, write_tables
from gnnkit.schemas import graph_schema_pb2

OPENFLIGHTS = pathlib.Path(__file__).parents[3] / "shared/data/openflights/graph_schema.pbtxt"

SCHEMA = """
node_sets { key: "user" value {
  features { key: "age" value { dtype: DT_INT64 } }
  features { key: "score" value { dtype: DT_FLOAT } }
  features { key: "name" value { dtype: DT_STRING } }
  features { key: "vip" value { dtype: DT_BOOL } }
  metadata { filename: "user.csv" } } }
edge_sets { key: "likes" value { source: "user" target: "user"
  features { key: "weight" value { dtype: DT_FLOAT } }
  metadata { filename: "likes.csv" } } }
"""
USERS = "id,age,score,name,vip\na,1,0.5,Ann,true\nb,2,1.5,Bob,0\nc,-3,1e3,Cy,FALSE\n"
LIKES = "source,target,weight\na,b,1\nb,c,2\nc,a,3\n"


def write(folder, users=USERS, likes=LIKES, schema=SCHEMA):
    (folder / "user.csv").write_text(users)
    (folder / "likes.csv").write_text(likes)
    (folder / "schema.pbtxt").write_text(schema)
    return folder / "schema.pbtxt"


def objects(*values):
    result = np.empty(len(values), object)
    result[:] = values
    return result


def test_csv(tmp_path):
    calls = []
    tables = read_tables(write(tmp_path), progress=lambda *args: calls.append(args))
    users = tables.node_sets["user"]
    assert users.num_nodes == 3
    assert users.ids.tolist() == [b"a", b"b", b"c"]
    assert users.features["age"].dtype == np.int64 and users.features["age"].tolist() == [1, 2, -3]
    assert users.features["score"].dtype == np.float32 and users.features["score"].tolist() == [0.5, 1.5, 1000]
    assert users.features["name"].tolist() == [b"Ann", b"Bob", b"Cy"]
    assert users.features["vip"].dtype == bool and users.features["vip"].tolist() == [True, False, False]
    likes = tables.edge_sets["likes"]
    assert likes.source.dtype == np.int64
    assert (likes.source.tolist(), likes.target.tolist()) == ([0, 1, 2], [1, 2, 0])
    assert likes.features["weight"].tolist() == [1, 2, 3]
    assert calls == [(0, 2, "user"), (1, 2, "likes"), (2, 2, "")]
    assert str(tables.report) == "nodes/user: 3 rows\nedges/likes: 3 rows"


def test_schema_may_be_a_proto_or_binary_and_use_angle_brackets(tmp_path):
    path = write(tmp_path, schema=SCHEMA.replace("{", "<").replace("}", ">"))
    schema = text_format.Parse(SCHEMA, graph_schema_pb2.GraphSchema())
    (tmp_path / "schema.pb").write_bytes(schema.SerializeToString())
    for source, directory in ((path, None), (schema, tmp_path), (tmp_path / "schema.pb", None)):
        assert read_tables(source, directory).node_sets["user"].num_nodes == 3


def test_schema_errors(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no schema file"):
        read_tables(tmp_path / "none.pbtxt")
    (tmp_path / "bad.pbtxt").write_text("node_sets { oops }")
    with pytest.raises(ValueError, match="bad.pbtxt is not a GraphSchema"):
        read_tables(tmp_path / "bad.pbtxt")
    path = write(tmp_path)
    (tmp_path / "likes.csv").unlink()
    with pytest.raises(FileNotFoundError, match="Edge set 'likes': 1 of 1 file.*likes.csv' do not exist"):
        read_tables(path)
    with pytest.raises(ValueError, match="on_bad_rows='drop' is not known"):
        read_tables(path, on_bad_rows="drop")
    (tmp_path / "far.pbtxt").write_text(SCHEMA.replace('target: "user"', 'target: "usr"'))
    with pytest.raises(
        ValueError, match=r"Edge set 'likes' joins node set 'usr', but the schema has the node sets \['user'\]"
    ):
        read_tables(tmp_path / "far.pbtxt")
    (tmp_path / "kind.pbtxt").write_text(SCHEMA.replace("user.csv", "user.txt"))
    (tmp_path / "user.txt").write_text(USERS)
    with pytest.raises(ValueError, match="Cannot tell the format of 'user.txt'"):
        read_tables(tmp_path / "kind.pbtxt")


BAD = {
    "unknown endpoint": (
        USERS,
        LIKES.replace("b,c,2", "b,x,2"),
        r"likes.csv, line 3, column 'target': .*b'x' is not the id of a node",
    ),
    "empty id": (USERS.replace("b,2", ",2"), LIKES, r"user.csv, line 3, column 'id': empty id: every node needs an id"),
    "duplicate id": (
        USERS.replace("c,-3", "a,-3"),
        LIKES,
        r"line 4, column 'id': duplicate id: b'a' is the id of .*user.csv, line 2",
    ),
    "wrong type": (
        USERS.replace("b,2", "b,abc"),
        LIKES,
        r"user.csv, line 3, column 'age': wrong type: 'abc' is not a DT_INT64",
    ),
    "empty cell": (
        USERS.replace("b,2,1.5", "b,2,"),
        LIKES,
        r"user.csv, line 3, column 'score': empty cell: a DT_FLOAT was expected",
    ),
    "wrong number of columns": (
        USERS,
        LIKES.replace("b,c,2", "b,c"),
        r"likes.csv, line 3: 2 columns instead of 3: 'b,c'",
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_row_is_an_error(tmp_path, kind):
    users, likes, message = BAD[kind]
    with pytest.raises(ValueError, match=message) as error:
        read_tables(write(tmp_path, users, likes))
    assert 'on_bad_rows="skip"' in str(error.value)


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_row_is_counted_and_skipped(tmp_path, kind):
    users, likes, _ = BAD[kind]
    tables = read_tables(write(tmp_path, users, likes), on_bad_rows="skip")
    assert tables.report.skipped[kind] == 1
    rows = tables.node_sets["user"].num_nodes + tables.edge_sets["likes"].num_edges
    assert rows + tables.report.num_skipped == 6
    for table in (*tables.node_sets.values(), *tables.edge_sets.values()):
        lengths = {len(column) for column in table.features.values()}
        assert lengths == {getattr(table, "num_nodes", None) or table.num_edges}


def test_edges_to_skipped_nodes_are_counted(tmp_path):
    path = write(tmp_path, USERS.replace("b,2", "b,two"))
    tables = read_tables(path, on_bad_rows="skip")
    assert tables.report.sets["nodes/user"].skipped == {"wrong type": 1}
    assert tables.report.sets["edges/likes"].skipped == {"endpoint was skipped": 2}
    assert tables.node_sets["user"].ids.tolist() == [b"a", b"c"]
    assert (tables.edge_sets["likes"].source.tolist(), tables.edge_sets["likes"].target.tolist()) == ([1], [0])
    assert "skipped 2: 2 endpoint was skipped" in str(tables.report)


def test_lines_are_counted_with_quoted_newlines_and_blank_lines(tmp_path):
    users = 'id,age,score,name,vip\n\na,1,0.5,"Ann\nLee, ""x""",true\n\nb,no,1.5,Bob,0\nc,3,1,Cy,1\n'
    with pytest.raises(ValueError, match="line 6, column 'age'"):
        read_tables(write(tmp_path, users))
    tables = read_tables(write(tmp_path, users.replace("no", "2")))
    assert tables.node_sets["user"].features["name"][0] == b'Ann\nLee, "x"'


def test_an_empty_text_must_be_quoted(tmp_path):
    with pytest.raises(ValueError, match="column 'name': empty cell.*an empty text is written \"\""):
        read_tables(write(tmp_path, USERS.replace("Bob", "")))
    assert read_tables(write(tmp_path, USERS.replace("Bob", '""'))).node_sets["user"].features["name"][1] == b""


def test_missing_and_unused_columns(tmp_path):
    with pytest.raises(
        ValueError, match=r"user.csv: column 'age' is missing. .* the file has \['id', 'years', 'score'"
    ):
        read_tables(write(tmp_path, USERS.replace("age", "years")))
    with pytest.raises(ValueError, match="likes.csv: column 'source' is missing"):
        read_tables(write(tmp_path, likes=LIKES.replace("source", "from")))
    tables = read_tables(write(tmp_path, likes=LIKES.replace("\n", ",x\n")))
    assert tables.report.sets["edges/likes"].unused_columns == ("x",)
    assert "columns not in the schema: x" in str(tables.report)


@pytest.mark.parametrize(
    "text, value",
    [
        ("+7", 7),
        (" 7 ", 7),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", None),
        ("7.0", None),
        ("", None),
    ],
)
def test_integers(tmp_path, text, value):
    tables = read_tables(write(tmp_path, USERS.replace("b,2", f"b,{text}").replace("c,-3", "c,x")), on_bad_rows="skip")
    ages = dict(zip(tables.node_sets["user"].ids, tables.node_sets["user"].features["age"], strict=True))
    assert ages.get(b"b") == value and b"c" not in ages


def test_latent_node_sets_and_reversed_edges(tmp_path):
    (tmp_path / "rates.csv").write_text("source,target,stars\nu2,m1,5\nu1,m9,3\nu2,m9,1\n")
    (tmp_path / "schema.pbtxt").write_text("""
      node_sets { key: "user" value {} } node_sets { key: "movie" value {} } node_sets { key: "_readout" value {} }
      edge_sets { key: "rates" value { source: "user" target: "movie"
        features { key: "stars" value { dtype: DT_INT32 } } metadata { filename: "rates.csv" } } }
      edge_sets { key: "rated_by" value { source: "movie" target: "user"
        features { key: "stars" value { dtype: DT_INT32 } } metadata { filename: "rates.csv"
        extra { key: "edge_type" value: "reversed" } } } }
      edge_sets { key: "_readout/seed" value { source: "user" target: "_readout" } }
    """)
    tables = read_tables(tmp_path / "schema.pbtxt")
    assert tables.node_sets["user"].ids.tolist() == [b"u1", b"u2"]
    assert tables.node_sets["movie"].ids.tolist() == [b"m1", b"m9"]
    rates, rated_by = tables.edge_sets["rates"], tables.edge_sets["rated_by"]
    assert (rates.source.tolist(), rates.target.tolist()) == ([1, 0, 1], [0, 1, 1])
    assert (rated_by.source.tolist(), rated_by.target.tolist()) == ([0, 1, 1], [1, 0, 1])
    assert rated_by.features["stars"].dtype == np.int32
    assert "_readout" not in tables.node_sets


def example_tables(lists):
    features = {"year": np.array([3, 1, 2]), "name": objects(b"x", b"", '\u00e9,\n"'.encode())}
    edge_features = {"weight": np.array([0.5, -1, 3e-9, 7], np.float32), "ok": np.array([True, False, True, True])}
    context = {"temperature": np.array([20.5], np.float32)}
    if lists:
        features["vector"] = np.arange(6, dtype=np.float32).reshape(3, 2)
        features["matrix"] = np.arange(12).reshape(3, 2, 2)
        features["words"] = RaggedColumn(values=objects(b"a", b"b", b"c"), row_splits=np.array([0, 2, 2, 3]))
        edge_features["pairs"] = RaggedColumn(values=np.arange(6).reshape(3, 2), row_splits=np.array([0, 1, 1, 1, 3]))
    return GraphTables(
        node_sets={
            "paper": NodeTable(num_nodes=3, ids=objects(b"p1", b"p0", b"p2"), features=features),
            "empty": NodeTable(num_nodes=0, ids=objects()),
        },
        edge_sets={
            "cites/old": EdgeTable(
                source_set="paper",
                target_set="paper",
                source=np.array([0, 2, 2, 1]),
                target=np.array([1, 0, 0, 1]),
                features=edge_features,
            )
        },
        context=context,
    )


def assert_same_column(a, b):
    if isinstance(a, RaggedColumn):
        assert_same_column(a.values, b.values)
        assert a.row_splits.tolist() == b.row_splits.tolist()
    else:
        assert a.dtype == b.dtype and a.shape == b.shape and a.tolist() == b.tolist()


@pytest.mark.parametrize("shards", [None, 2])
@pytest.mark.parametrize("format", ["csv", "parquet", "tfrecord"])
def test_round_trip(tmp_path, format, shards):
    tables = example_tables(lists=True)
    result = read_tables(write_tables(tables, tmp_path / "graph", format, shards=shards))
    for kind in ("node_sets", "edge_sets"):
        assert sorted(getattr(result, kind)) == sorted(getattr(tables, kind))
        for name, table in getattr(tables, kind).items():
            other = getattr(result, kind)[name]
            assert sorted(other.features) == sorted(table.features)
            for feature, column in table.features.items():
                assert_same_column(column, other.features[feature])
    assert result.node_sets["paper"].ids.tolist() == [b"p1", b"p0", b"p2"]
    assert result.edge_sets["cites/old"].source.tolist() == [0, 2, 2, 1]
    assert result.edge_sets["cites/old"].target.tolist() == [1, 0, 0, 1]
    assert_same_column(tables.context["temperature"], result.context["temperature"])


def test_missing_shard(tmp_path):
    path = write_tables(example_tables(False), tmp_path, "csv", shards=3)
    (tmp_path / "node_paper.csv-00001-of-00003").unlink()
    with pytest.raises(FileNotFoundError, match="Node set 'paper': 1 of 3.*node_paper.csv-00001-of-00003"):
        read_tables(path)


def test_single_values_where_the_schema_has_lists(tmp_path):
    tables = GraphTables(node_sets={"n": NodeTable(num_nodes=1, features={"v": np.array([1.0], np.float32)})})
    path = write_tables(tables, tmp_path, "parquet")
    path.write_text(path.read_text().replace("DT_FLOAT", "DT_FLOAT shape { dim { size: 2 } }"))
    with pytest.raises(ValueError, match=r"column 'v': the schema says DT_FLOAT \[2\], but the file holds one value a"):
        read_tables(path)


@pytest.mark.parametrize("format", ["csv", "parquet", "tfrecord"])
def test_wrong_number_of_values(tmp_path, format):
    tables = GraphTables(
        node_sets={
            "n": NodeTable(
                num_nodes=4,
                features={
                    "v": RaggedColumn(values=np.arange(7.0, dtype=np.float32), row_splits=np.array([0, 2, 5, 5, 7]))
                },
            )
        }
    )
    path = write_tables(tables, tmp_path, format)
    path.write_text(path.read_text().replace("size: -1", "size: 2"))
    with pytest.raises(ValueError, match=r"(line 4|row 3|record 3), column 'v': empty cell"):
        read_tables(path)
    result = read_tables(path, on_bad_rows="skip")
    assert result.report.skipped == {"wrong number of values": 1, "empty cell": 1}
    assert result.node_sets["n"].ids.tolist() == [b"0", b"3"]
    assert result.node_sets["n"].features["v"].tolist() == [[0, 1], [5, 6]]
    path.write_text(path.read_text().replace("size: 2", "size: -1 } dim { size: 2"))
    result = read_tables(path, on_bad_rows="skip")
    assert result.report.skipped == {"wrong number of values": 1}
    assert result.node_sets["n"].features["v"][2].tolist() == [[5, 6]]


def test_tfrecord_wrong_type_names_the_record(tmp_path):
    path = write_tables(example_tables(True), tmp_path, "tfrecord")
    path.write_text(path.read_text().replace("DT_STRING", "DT_INT64"))
    with pytest.raises(ValueError, match="record 1, column 'name': wrong type: the value is not a DT_INT64"):
        read_tables(path)


def test_parquet_column_of_another_type(tmp_path):
    path = write_tables(example_tables(True), tmp_path, "parquet")
    path.write_text(path.read_text().replace("DT_STRING", "DT_FLOAT"))
    with pytest.raises(ValueError, match="column 'name': the file holds binary, but the schema says DT_FLOAT"):
        read_tables(path)


def test_parquet_numbers_of_other_widths(tmp_path):
    big = 2**24 + 1
    columns = {"f": np.array([big, -1]), "g": np.array([0.1, 1e300]), "i": np.array([7, 300]), "b": np.array([0, 2])}
    path = write_tables(GraphTables(node_sets={"n": NodeTable(num_nodes=2, features=columns)}), tmp_path, "parquet")
    text = path.read_text()
    schema = text_format.Parse(text, graph_schema_pb2.GraphSchema())
    for name, dtype in {"f": 1, "g": 1, "i": 6, "b": 10}.items():
        schema.node_sets["n"].features[name].dtype = dtype
    with pytest.raises(ValueError, match=r"row 2, column 'b': wrong type: 2 is not a DT_BOOL"):
        read_tables(schema, tmp_path)
    del schema.node_sets["n"].features["b"]
    with pytest.raises(ValueError, match=r"row 2, column 'i': wrong type: 300 is not a DT_INT8"):
        read_tables(schema, tmp_path)
    del schema.node_sets["n"].features["i"]
    features = read_tables(schema, tmp_path).node_sets["n"].features
    assert features["f"].tolist() == [np.float32(big), -1] and features["g"].tolist() == [np.float32(0.1), np.inf]


def test_narrow_types_survive(tmp_path):
    columns = {
        "half": np.array([0.5, -2], np.float16),
        "brain": np.array([0.5, -2], ml_dtypes.bfloat16),
        "byte": np.array([0, 255], np.uint8),
        "long": np.array([0, 2**64 - 1], np.uint64),
        "flag": np.array([True, False]),
    }
    for format in ("csv", "parquet"):
        tables = GraphTables(node_sets={"n": NodeTable(num_nodes=2, features=columns)})
        result = read_tables(write_tables(tables, tmp_path / format, format)).node_sets["n"].features
        for name, column in columns.items():
            assert_same_column(column, result[name])


@pytest.mark.skipif(not OPENFLIGHTS.exists(), reason="needs ../shared/data")
def test_openflights():
    tables = read_tables(OPENFLIGHTS)
    assert {name: table.num_nodes for name, table in tables.node_sets.items()} == {
        "airline": 545,
        "airport": 3108,
        "country": 167,
    }
    assert {name: table.num_edges for name, table in tables.edge_sets.items()} == {
        "based_in": 545,
        "operated_by": 18576,
        "operates": 18576,
        "route": 65830,
    }
    operates, operated_by = tables.edge_sets["operates"], tables.edge_sets["operated_by"]
    assert (operates.source == operated_by.target).all() and (operates.target == operated_by.source).all()
    airport = tables.node_sets["airport"]
    assert set(airport.features["split"]) == {b"train", b"valid", b"test"}
    assert set(airport.features["label"]) == set(range(9))
    assert tables.report.num_skipped == 0
