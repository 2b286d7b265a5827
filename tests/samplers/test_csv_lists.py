"""CSV tables: empty cells, and lists in cells."""

import numpy as np
import pytest

from gnnkit.samplers import GraphTables, NodeTable, RaggedColumn, read_tables, write_tables


def read(tmp_path, dtype: str, shape: str, *cells: str, **arguments):
    """The column `v` of a table with these cells."""
    rows = "\n".join(f"{i},{cell}" for i, cell in enumerate(cells))
    (tmp_path / "n.csv").write_text(f"id,v\n{rows}\n")
    (tmp_path / "schema.pbtxt").write_text(
        f'node_sets {{ key: "n" value {{ metadata {{ filename: "n.csv" }} '
        f'features {{ key: "v" value {{ dtype: {dtype} shape {{ {shape} }} }} }} }} }}'
    )
    return read_tables(tmp_path / "schema.pbtxt", **arguments).node_sets["n"].features["v"]


RAGGED, PAIR = "dim { size: -1 }", "dim { size: 2 }"


def test_b23_empty_cells(tmp_path):
    """TF-GNN fails with a message that tells neither file nor line; and has no lists."""
    with pytest.raises(ValueError, match=r"n.csv, line 3, column 'v': empty cell: a DT_FLOAT was expected"):
        read(tmp_path, "DT_FLOAT", "", "0.5", "", "2")
    assert read(tmp_path, "DT_FLOAT", "", "0.5", "", "2", on_bad_rows="skip").tolist() == [0.5, 2]
    assert read(tmp_path, "DT_STRING", "", "a", '""').tolist() == [b"a", b""]
    words = read(tmp_path, "DT_STRING", RAGGED, '"[""a"", ""b, \u00e9""]"', "", '""', "[]")
    assert words.values.tolist() == [b"a", "b, \u00e9".encode()] and words.row_splits.tolist() == [0, 2, 2, 2, 2]


def test_b23_lists(tmp_path):
    assert read(tmp_path, "DT_INT64", PAIR, '"[1, -2]"', '"[3,4]"').tolist() == [[1, -2], [3, 4]]
    assert read(tmp_path, "DT_BOOL", PAIR, '"[true, false]"', '"[1, 0]"').tolist() == [[True, False], [True, False]]
    floats = read(tmp_path, "DT_FLOAT", RAGGED, '"[1e3, NaN, -Infinity]"', "0.5", '" [ 1 ] "')
    np.testing.assert_array_equal(floats.values, np.array([1000, np.nan, -np.inf, 0.5, 1], np.float32))
    assert floats.row_splits.tolist() == [0, 3, 4, 5]
    pairs = read(tmp_path, "DT_INT32", RAGGED + PAIR, '"[[1, 2], [3, 4]]"', '"[5, 6]"')
    assert pairs.values.tolist() == [[1, 2], [3, 4], [5, 6]] and pairs.row_splits.tolist() == [0, 2, 3]


@pytest.mark.parametrize(
    "dtype, shape, cell, message",
    [
        ("DT_INT64", PAIR, '"[1, 2"', "wrong type: the value is not a DT_INT64 .2. .in CSV: a list as in JSON"),
        ("DT_INT64", PAIR, '"{""a"": 1}"', "wrong type: the value is not a DT_INT64"),
        ("DT_STRING", RAGGED, "a", "wrong type: the value is not a DT_STRING"),
        ("DT_INT64", RAGGED, '"[1, 2.5]"', r"wrong type: \['1', '2.5'\] has a value that is not a DT_INT64"),
        ("DT_INT64", RAGGED, '"[1, null]"', r"wrong type: \['1', None\] has a value that is not a DT_INT64"),
        ("DT_INT64", PAIR, '"[1]"', r"wrong number of values: 1 values came; a DT_INT64 \[2\] has 2"),
        ("DT_INT64", PAIR, "", r"empty cell: a DT_INT64 \[2\] was expected"),
        ("DT_INT64", PAIR, "[" * 100_000, "wrong type: the value is not a DT_INT64"),
    ],
)
def test_bad_lists(tmp_path, dtype, shape, cell, message):
    with pytest.raises(ValueError, match=f"n.csv, line 2, column 'v': {message}"):
        read(tmp_path, dtype, shape, cell)


def test_bytes_that_are_not_utf8(tmp_path):
    words = np.array([b"\xff"], object)
    for column in (words, RaggedColumn(values=words, row_splits=np.array([0, 1]))):
        tables = GraphTables(node_sets={"n": NodeTable(num_nodes=1, features={"v": column})})
        with pytest.raises(ValueError, match="Column 'v' holds bytes that are not UTF-8.*parquet"):
            write_tables(tables, tmp_path, "csv")
