import numpy as np
import pytest
import tensorflow as tf

import gnnkit
from gnnkit.interop import _ogb_csv, convert_ogb_dataset, ogb_to_graph_tensor, ogb_to_tables
from gnnkit.interop._ogb_csv import read_csv
from gnnkit.samplers import GraphStore, SamplingSpecBuilder, dataset, read_tables, to_graph_tensor
from gnnkit.testing import assert_graphs_equal

ONE = [(4, [[0, 1], [1, 2], [3, 3]])]
SPLITS = {"train": [0, 2], "valid": [1], "test": []}
# The second graph has no edge; indices count from 0 in each graph.
THREE = [(3, [[0, 1], [2, 0]]), (2, []), (4, [[0, 3], [1, 2], [3, 3]])]
both = pytest.mark.parametrize("binary", [False, True], ids=["csv", "npz"])


@both
def test_one_graph(write_ogb, binary):
    tables = ogb_to_tables(write_ogb(ONE, [[5], [6], [7], [8]], {"train": [0, 2], "valid": [1], "test": [3]}, binary))
    assert list(tables.node_sets) == ["nodes"] and list(tables.edge_sets) == ["edges"]
    nodes, edges = tables.node_sets["nodes"], tables.edge_sets["edges"]
    assert nodes.num_nodes == 4 and nodes.ids is None
    assert nodes.features["feat"].dtype == np.float32 and nodes.features["feat"][1].tolist() == [2.5, 3.5]
    assert nodes.features["year"].dtype == np.int64 and nodes.features["year"].tolist() == [2000, 2001, 2002, 2003]
    assert nodes.features["labels"].tolist() == [5, 6, 7, 8]
    assert nodes.features["split"].tolist() == [b"train", b"valid", b"train", b"test"]
    assert (edges.source.tolist(), edges.target.tolist()) == ([0, 1, 3], [1, 2, 3])
    assert edges.features["weight"].tolist() == [0, 1, 2]


@both
def test_heterogeneous_graph(write_heterogeneous_ogb, binary):
    folder, calls = write_heterogeneous_ogb(binary), []
    tables = ogb_to_tables(folder, progress=lambda *call: calls.append(call))
    assert tables.node_sets["author"].ids.tolist() == [b"author0", b"author1", b"author2"]
    assert not tables.node_sets["author"].features
    paper = tables.node_sets["paper"].features
    assert paper["feat"].tolist() == [[0.5, 1], [1, 2], [2, 3], [3, 4]] and paper["labels"].tolist() == [2, 0, 1, 0]
    assert paper["split"].tolist() == [b"train", b"valid", b"test", b"train"]
    writes, cites = tables.edge_sets["writes"], tables.edge_sets["cites"]
    assert (writes.source_set, writes.target_set) == ("author", "paper")
    assert (writes.source.tolist(), writes.target.tolist()) == ([0, 2, 1], [0, 3, 3])
    assert cites.source.tolist() == [3, 2] and cites.features["reltype"].tolist() == [1, 1]
    assert calls == [(i, 4, name) for i, name in enumerate(["author", "paper", "writes", "cites", ""])]
    assert_graphs_equal(ogb_to_graph_tensor(folder), to_graph_tensor(tables))


@both
def test_b16_edges_of_each_graph_stay_in_it(write_ogb, binary):
    folder = write_ogb(THREE, [[1], [0], [1]], {"train": [1], "valid": [0], "test": [2]}, binary)
    graph = ogb_to_graph_tensor(folder, indices_dtype="int64")
    assert graph.indices_dtype == tf.int64
    assert graph.node_sets["nodes"].sizes.numpy().tolist() == [3, 2, 4]
    edges = graph.edge_sets["edges"]
    assert edges.sizes.numpy().tolist() == [2, 0, 3]
    assert edges.adjacency.source.numpy().tolist() == [0, 2, 5, 6, 8]
    assert edges.adjacency.target.numpy().tolist() == [1, 0, 8, 7, 8]
    assert graph.context["labels"].numpy().tolist() == [1, 0, 1]
    assert graph.context["split"].numpy().tolist() == [b"valid", b"train", b"test"]
    tables = ogb_to_tables(folder)
    assert tables.edge_sets["edges"].source.tolist() == [0, 2, 5, 6, 8]
    assert tables.edge_sets["edges"].target.tolist() == [1, 0, 8, 7, 8]


def test_graphs_of_a_dataset_are_nodes_of_the_tables(write_ogb):
    folder = write_ogb(THREE, [1, 0, 1], {"train": [1], "valid": [0], "test": [2]})
    tables = ogb_to_tables(folder)
    assert tables.node_sets["graph"].features["labels"].tolist() == [1, 0, 1]
    has = tables.edge_sets["has_nodes"]
    assert (has.source.tolist(), has.target.tolist()) == ([0, 0, 0, 1, 1, 2, 2, 2, 2], list(range(9)))
    builder = SamplingSpecBuilder(tables.schema)
    nodes = builder.seed("graph").sample(100, "has_nodes")
    graphs = dataset(GraphStore.from_tables(tables), nodes.sample(100, "edges").build(), seeds=[0, 2], batch_size=None)
    sampled = [graph.node_sets["nodes"]["year"].numpy() - 2000 for graph in graphs]
    assert [sorted(rows.tolist()) for rows in sampled] == [[0, 1, 2], [5, 6, 7, 8]]


@pytest.mark.parametrize("format", ["parquet", "tfrecord"])
def test_convert(write_heterogeneous_ogb, tmp_path, format):
    folder = write_heterogeneous_ogb(False)
    tables, again = ogb_to_tables(folder), read_tables(convert_ogb_dataset(folder, tmp_path / "out", format, shards=2))
    assert sorted(again.summary().splitlines()) == sorted(tables.summary().splitlines())
    assert again.node_sets["paper"].ids.tolist() == tables.node_sets["paper"].ids.tolist()
    np.testing.assert_array_equal(again.node_sets["paper"].features["feat"], tables.node_sets["paper"].features["feat"])
    np.testing.assert_array_equal(again.edge_sets["writes"].target, tables.edge_sets["writes"].target)


@both
def test_inverse_edges_follow_each_edge(write_ogb, binary):
    folder = write_ogb(THREE, [1, 0, 1], {"train": [1], "valid": [0], "test": [2]}, binary)
    edges = ogb_to_graph_tensor(folder, add_inverse_edges=True).edge_sets["edges"]
    assert edges.sizes.numpy().tolist() == [4, 0, 6]
    assert edges.adjacency.source.numpy().tolist() == [0, 1, 2, 0, 5, 8, 6, 7, 8, 8]
    assert edges.adjacency.target.numpy().tolist() == [1, 0, 0, 2, 8, 5, 7, 6, 8, 8]
    assert edges["weight"].numpy().tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]


def test_inverse_edges_only_within_a_node_set(write_heterogeneous_ogb):
    tables = ogb_to_tables(write_heterogeneous_ogb(False), add_inverse_edges=True)
    assert tables.edge_sets["writes"].num_edges == 3
    assert tables.edge_sets["cites"].source.tolist() == [3, 0, 2, 1]


def test_csv_types(tmp_path, write_csv):
    def read(*rows):
        write_csv(tmp_path / "x.csv.gz", rows)
        return read_csv(tmp_path / "x.csv.gz")

    assert read([1, 2], [3, 4]).dtype == np.int64
    assert read([1, 2.5], [3, 4]).dtype == np.float32
    missing = read([1, "nan"], ["", 4])
    assert missing.dtype == np.float32 and np.isnan(missing).tolist() == [[False, True], [True, False]]
    assert read(["get name"], ["set"]).tolist() == [[b"get name"], [b"set"]]
    with pytest.raises(ValueError, match="x.csv.gz cannot be read as CSV: .*Expected 2 columns, got 1"):
        read([1, 2], [3])


def test_csv_whose_first_block_looks_like_whole_numbers(tmp_path, write_csv, monkeypatch):
    monkeypatch.setattr(_ogb_csv, "_BLOCK_SIZE", 64)
    path = tmp_path / "x.csv.gz"
    write_csv(path, [*range(1000), 0.5])
    values = read_csv(path)[:, 0]
    assert values.dtype == np.float32 and values[:-1].tolist() == list(range(1000)) and values[-1] == 0.5
    write_csv(path, range(1000))
    assert read_csv(path)[:, 0].tolist() == list(range(1000)) and read_csv(path).dtype == np.int64


def test_files_of_single_datasets(write_ogb, write_csv, tmp_path):
    folder = write_ogb(ONE, [0, 1, 0, 1], SPLITS | {"test": [3]})
    write_csv(folder / "raw" / "species.csv.gz", [9, 9, 8, 8])  # ogbn-proteins
    write_csv(folder / "split" / "random" / "train.csv.gz", [3])
    write_csv(folder / "split" / "random" / "valid.csv.gz", [2])
    write_csv(folder / "split" / "random" / "test.csv.gz", [1])
    nodes = ogb_to_tables(folder, split="random").node_sets["nodes"]
    assert nodes.features["species"].tolist() == [9, 9, 8, 8]
    assert nodes.features["split"].tolist() == [b"none", b"test", b"valid", b"train"]
    with pytest.raises(ValueError, match="split=None: choose one of the folders in .*: random, time"):
        ogb_to_tables(folder)
    (folder / "raw" / "node-label.csv.gz").unlink()  # As in ogbl, where only links have a split, in PyTorch's format.
    (folder / "split" / "links").mkdir()
    (folder / "split" / "links" / "train.pt").touch()
    assert "split" not in ogb_to_tables(folder, split="links").node_sets["nodes"].features


def test_errors(write_ogb, write_csv, tmp_path):
    with pytest.raises(FileNotFoundError, match="is not the raw folder of an OGB dataset: it has none of edge.csv.gz"):
        ogb_to_tables(tmp_path)
    folder = write_ogb(THREE, [1, 0, 1], {"train": [1], "valid": [0], "test": [3]})
    with pytest.raises(ValueError, match="test.csv.gz has indices from 3 to 3; expected 0 to 2"):
        ogb_to_tables(folder)
    write_csv(folder / "split" / "time" / "test.csv.gz", [2])
    write_csv(folder / "raw" / "edge.csv.gz", [[0, 1], [2, 3], [0, 3], [1, 2], [3, 3]])
    with pytest.raises(ValueError, match="edge set 'edges': edge 1 points at node 3 of 'nodes', but its graph has 3"):
        ogb_to_graph_tensor(folder)
    write_csv(folder / "raw" / "edge.csv.gz", [[0, 1]])
    with pytest.raises(ValueError, match=r"edge set 'edges' has indices of shape \[2, 1\]; expected \[2, 5\]"):
        ogb_to_tables(folder)
    write_csv(folder / "raw" / "edge.csv.gz", [[0, 0]] * 2 + [[1, 1]] * 3)
    write_csv(folder / "raw" / "graph-label.csv.gz", [1])
    with pytest.raises(ValueError, match="'labels' has 1 rows for 3 graphs"):
        ogb_to_tables(folder)
    write_csv(folder / "raw" / "edge_weight.csv.gz", [1])
    with pytest.raises(ValueError, match="edge set 'edges', feature 'weight' has 1 rows; expected 5"):
        ogb_to_tables(folder)
    write_csv(folder / "raw" / "num-edge-list.csv.gz", [1])
    with pytest.raises(ValueError, match="edge set 'edges' has counts of 1 graphs; the first node set has 3"):
        ogb_to_tables(folder)


def test_split_of_pytorch(write_ogb):
    folder = write_ogb(ONE, [0, 1, 0, 1], {})
    (folder / "split" / "time").mkdir(parents=True)
    (folder / "split" / "time" / "split_dict.pt").touch()
    with pytest.raises(ValueError, match="holds its split in PyTorch's format only. Write it to train.csv.gz"):
        ogb_to_tables(folder)


def test_whole_cora(shared_data, tmp_path, write_csv):
    """A real graph in OGB's layout."""
    cora = gnnkit.datasets.cora(shared_data)
    paper, cites = cora.node_sets["paper"], cora.edge_sets["cites"]
    raw, split = tmp_path / "raw", tmp_path / "split" / "planetoid"
    write_csv(raw / "num-node-list.csv.gz", [paper.num_nodes])
    write_csv(raw / "num-edge-list.csv.gz", [cites.num_edges])
    write_csv(raw / "edge.csv.gz", np.stack([cites.source, cites.target], 1))
    write_csv(raw / "node-feat.csv.gz", paper.features["words"][:, :100])
    write_csv(raw / "node-label.csv.gz", paper.features["label"])
    for part in ("train", "valid", "test"):
        write_csv(split / f"{part}.csv.gz", np.flatnonzero(paper.features["split"] == part.encode()))
    tables = ogb_to_tables(tmp_path)
    nodes = tables.node_sets["nodes"]
    np.testing.assert_array_equal(nodes.features["feat"], paper.features["words"][:, :100])
    np.testing.assert_array_equal(nodes.features["labels"], paper.features["label"])
    np.testing.assert_array_equal(nodes.features["split"], paper.features["split"])
    np.testing.assert_array_equal(tables.edge_sets["edges"].target, cites.target)
