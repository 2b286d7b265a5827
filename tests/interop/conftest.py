"""OGB datasets as small folders in the layouts that OGB has."""

import gzip
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest


def _csv(path: pathlib.Path, rows: Any, header: Sequence[str] = ()) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [",".join(header)] if header else []
    lines += [",".join(map(str, np.atleast_1d(row))) for row in rows]
    with gzip.open(path, "wt") as file:
        file.write("".join(line + "\n" for line in lines))


def _npz(path: pathlib.Path, arrays: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **{name: np.asarray(value) for name, value in arrays.items()})


@pytest.fixture
def write_csv() -> Callable[..., None]:
    """`write_csv(path, rows, header=())`: a compressed CSV file."""
    return _csv


@pytest.fixture
def write_ogb(tmp_path: pathlib.Path) -> Callable[..., pathlib.Path]:
    """`write_ogb(graphs, labels, splits, binary)`: a dataset with one node set, as CSV or NPZ files.

    graphs: (nodes, edges `[E, 2]`) of each; features are the running numbers of nodes and edges.
    labels: of graphs, where there are several, else of nodes. splits: part -> indices.
    """

    def write(graphs: Any, labels: Any, splits: dict[str, Any], binary: bool = False) -> pathlib.Path:
        folder = tmp_path / ("npz" if binary else "csv")
        raw = folder / "raw"
        nodes, edges = [n for n, _ in graphs], [len(e) for _, e in graphs]
        index = np.concatenate([np.reshape(e, (-1, 2)) for _, e in graphs]).astype(np.int64)
        feat, year = np.arange(2.0 * sum(nodes)).reshape(-1, 2) + 0.5, np.arange(sum(nodes)) + 2000
        weight, kind = np.arange(float(sum(edges))), "node" if len(graphs) == 1 else "graph"
        if binary:
            columns = {"node_feat": feat.astype(np.float32), "node_year": year[:, None], "edge_weight": weight[:, None]}
            counts = {"edge_index": index.T, "num_nodes_list": nodes, "num_edges_list": edges}
            _npz(raw / "data.npz", columns | counts)
            _npz(raw / f"{kind}-label.npz", {f"{kind}_label": labels})
        else:
            _csv(raw / "num-node-list.csv.gz", nodes)
            _csv(raw / "num-edge-list.csv.gz", edges)
            _csv(raw / "edge.csv.gz", index)
            _csv(raw / "node-feat.csv.gz", feat)
            _csv(raw / "node_year.csv.gz", year)
            _csv(raw / "edge_weight.csv.gz", weight)
            _csv(raw / f"{kind}-label.csv.gz", labels)
        for part, rows in splits.items():
            _csv(folder / "split" / "time" / f"{part}.csv.gz", rows)
        return folder

    return write


NODES = {"author": 3, "paper": 4}
EDGES = {
    ("author", "writes", "paper"): [[0, 0], [2, 3], [1, 3]],
    ("paper", "cites", "paper"): [[3, 0], [2, 1]],
}
FEAT, LABELS = [[0.5, 1], [1, 2], [2, 3], [3, 4]], [2, 0, 1, 0]
SPLITS = {"train": [0, 3], "valid": [1], "test": [2]}


@pytest.fixture
def write_heterogeneous_ogb(tmp_path: pathlib.Path) -> Callable[[bool], pathlib.Path]:
    """`write_heterogeneous_ogb(binary)`: authors who write papers, which cite each other, in the layout of ogbn-mag."""

    def write(binary: bool) -> pathlib.Path:
        folder = tmp_path / ("npz" if binary else "csv")
        raw = folder / "raw"
        if binary:
            keyed = {"___".join(triplet): np.array(edges) for triplet, edges in EDGES.items()}
            _npz(raw / "num_nodes_dict.npz", {name: [count] for name, count in NODES.items()})
            _npz(raw / "num_edges_dict.npz", {name: [len(edges)] for name, edges in keyed.items()})
            _npz(raw / "edge_index_dict.npz", {name: edges.T for name, edges in keyed.items()})
            _npz(raw / "node_feat_dict.npz", {"paper": np.array(FEAT, np.float32)})
            _npz(raw / "edge_reltype.npz", {name: [[i]] * len(e) for i, (name, e) in enumerate(keyed.items())})
            _npz(raw / "node-label.npz", {"paper": np.array(LABELS)[:, None]})
        else:
            _csv(raw / "num-node-dict.csv.gz", [list(NODES.values())], list(NODES))
            _csv(raw / "triplet-type-list.csv.gz", list(EDGES))
            for i, (triplet, edges) in enumerate(EDGES.items()):
                relation = raw / "relations" / "___".join(triplet)
                _csv(relation / "edge.csv.gz", edges)
                _csv(relation / "num-edge-list.csv.gz", [len(edges)])
                _csv(relation / "edge_reltype.csv.gz", [i] * len(edges))
            _csv(raw / "node-feat" / "paper" / "node-feat.csv.gz", FEAT)
            _csv(raw / "nodetype-has-label.csv.gz", [[False, True]], list(NODES))
            _csv(raw / "node-label" / "paper" / "node-label.csv.gz", LABELS)
        for part, rows in SPLITS.items():
            _csv(folder / "split" / "time" / "paper" / f"{part}.csv.gz", rows)
        return folder

    return write
