"""The files of an OGB dataset, in the four layouts that OGB has: CSV or NPZ, one node set or several."""

from __future__ import annotations

import dataclasses
import functools
import pathlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, final

import numpy as np
import pyarrow as pa
import pyarrow.csv

from gnnkit.interop._ogb_csv import read_csv

Progress = Callable[[int, int, str], None]
Sets = list[tuple[str, Callable[[], "Nodes | Edges"]]]  # Name -> what reads it.
_PARTS = ("train", "valid", "test")


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Nodes:
    """One node set of all graphs. counts: int64 `[G]`, the nodes of each graph. features: name -> `[V, ...]`."""

    counts: np.ndarray
    features: Mapping[str, np.ndarray]


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Edges:
    """One edge set of all graphs.

    ends: names of the source and target node sets. index: int64 `[2, E]`, which counts the nodes of each graph from 0.
    counts: int64 `[G]`, the edges of each graph. features: name -> `[E, ...]`.
    """

    ends: tuple[str, str]
    index: np.ndarray
    counts: np.ndarray
    features: Mapping[str, np.ndarray]


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Dataset:
    """nodes, edges: by name. heterogeneous: whether the files name the sets.

    graphs: features of whole graphs `[G, ...]`; None where the nodes have the labels.
    """

    nodes: Mapping[str, Nodes]
    edges: Mapping[str, Edges]
    heterogeneous: bool
    graphs: Mapping[str, np.ndarray] | None = None

    @property
    def num_graphs(self) -> int:
        return len(next(iter(self.nodes.values())).counts)


def read_dataset(folder: pathlib.Path, split: str | None, progress: Progress | None) -> Dataset:
    """Reads `raw/` and `split/`; see `ogb_to_tables`."""
    raw = folder / "raw"
    layouts = {  # A file that tells the layout: how to read it, whether it names node sets.
        "edge.csv.gz": (_csv, False),
        "data.npz": (_npz, False),
        "triplet-type-list.csv.gz": (_heterogeneous_csv, True),
        "edge_index_dict.npz": (_heterogeneous_npz, True),
    }
    found = [entry for file, entry in layouts.items() if (raw / file).is_file()]
    if not found:
        raise FileNotFoundError(f"{raw} is not the raw folder of an OGB dataset: it has none of {', '.join(layouts)}.")
    layout, heterogeneous = found[0]
    sets = layout(raw)
    tables = []
    for done, (name, read) in enumerate(sets):
        if progress is not None:
            progress(done, len(sets), name)
        tables.append((name, read()))
    if progress is not None:
        progress(len(sets), len(sets), "")
    result = Dataset(
        nodes={name: table for name, table in tables if isinstance(table, Nodes)},
        edges={name: table for name, table in tables if isinstance(table, Edges)},
        heterogeneous=heterogeneous,
    )
    result = _with_labels(result, folder, split)
    _check(result, raw)
    return result


def _with_labels(data: Dataset, folder: pathlib.Path, split: str | None) -> Dataset:
    """Adds labels and split, of graphs or of nodes."""
    raw = folder / "raw"
    labels = _labels(raw, "graph")
    if labels is not None or data.num_graphs > 1:
        features = {} if labels is None else {"labels": labels}
        features |= _split(folder, split, "", data.num_graphs, bool(features))
        return dataclasses.replace(data, graphs=features)
    nodes = {}
    for name, table in data.nodes.items():
        features = _node_labels(raw, name, data.heterogeneous)
        subfolder = name if data.heterogeneous else ""
        features |= _split(folder, split, subfolder, int(table.counts.sum()), bool(features))
        nodes[name] = dataclasses.replace(table, features={**table.features, **features})
    return dataclasses.replace(data, nodes=nodes)


def _csv(raw: pathlib.Path) -> Sets:
    return [
        ("nodes", lambda: _csv_nodes(raw, read_csv(raw / "num-node-list.csv.gz")[:, 0])),
        ("edges", lambda: _csv_edges(raw, ("nodes", "nodes"))),
    ]


def _heterogeneous_csv(raw: pathlib.Path) -> Sets:
    with pa.input_stream(str(raw / "num-node-dict.csv.gz")) as stream:
        counts = pyarrow.csv.read_csv(stream)
    sets: Sets = [
        (name, functools.partial(_csv_nodes, raw / "node-feat" / name, counts[name].to_numpy().astype(np.int64)))
        for name in sorted(counts.column_names)
    ]
    for name, triplet in edge_set_names(read_csv(raw / "triplet-type-list.csv.gz", text_columns=3).tolist()).items():
        folder = raw / "relations" / "___".join(triplet)
        sets.append((name, functools.partial(_csv_edges, folder, (triplet[0], triplet[2]))))
    return sets


def _csv_nodes(folder: pathlib.Path, counts: np.ndarray) -> Nodes:
    return Nodes(counts=counts, features=_csv_features(folder, "node"))


def _csv_edges(folder: pathlib.Path, ends: tuple[str, str]) -> Edges:
    return Edges(
        ends=ends,
        index=read_csv(folder / "edge.csv.gz").T,
        counts=read_csv(folder / "num-edge-list.csv.gz")[:, 0],
        features=_csv_features(folder, "edge"),
    )


def _csv_features(folder: pathlib.Path, kind: str) -> dict[str, np.ndarray]:
    """`node-feat.csv.gz` as `feat`, `node_year.csv.gz` as `year`, and so on."""
    files = {path.name.removesuffix(".csv.gz")[len(kind) + 1 :]: path for path in folder.glob(f"{kind}[-_]*.csv.gz")}
    files.pop("label", None)
    if kind == "node" and (folder / "species.csv.gz").is_file():  # ogbn-proteins.
        files["species"] = folder / "species.csv.gz"
    return {name: _one_value(read_csv(path)) for name, path in sorted(files.items())}


def _npz(raw: pathlib.Path) -> Sets:
    data = load_npz(raw / "data.npz")
    index = data.pop("edge_index")

    def features(kind: str) -> dict[str, np.ndarray]:
        return {k.removeprefix(kind): _one_value(column) for k, column in data.items() if k.startswith(kind)}

    edges = Edges(ends=("nodes", "nodes"), index=index, counts=data["num_edges_list"], features=features("edge_"))
    return [
        ("nodes", lambda: Nodes(counts=data["num_nodes_list"], features=features("node_"))),
        ("edges", lambda: edges),
    ]


def _heterogeneous_npz(raw: pathlib.Path) -> Sets:
    # What it is -> {set: array}; sets of edges are called head___relation___tail.
    files = {path.stem.removesuffix("_dict"): load_npz(path) for path in sorted(raw.glob("*.npz"))}

    def features(kind: str, key: str) -> dict[str, np.ndarray]:
        names = [name for name, arrays in files.items() if name.startswith(kind) and key in arrays]
        return {name.removeprefix(kind): _one_value(files[name][key]) for name in names if name != "edge_index"}

    sets: Sets = [
        (name, functools.partial(Nodes, counts=counts, features=features("node_", name)))
        for name, counts in sorted(files["num_nodes"].items())
    ]
    for name, triplet in edge_set_names(key.split("___") for key in files["num_edges"]).items():
        key = "___".join(triplet)
        edges = Edges(
            ends=(triplet[0], triplet[2]),
            index=files["edge_index"][key],
            counts=files["num_edges"][key],
            features=features("edge_", key),
        )
        sets.append((name, lambda edges=edges: edges))
    return sets


def load_npz(path: pathlib.Path) -> dict[str, np.ndarray]:
    with np.load(path) as data:
        return dict(data)


def edge_set_names(triplets: Iterable[Any]) -> dict[str, tuple[str, str, str]]:
    """Edge set -> (head, relation, tail). It is called by its relation, or by all three where relations are alike.

    >>> edge_set_names([("a", "cites", "a"), ("a", "has", "b"), ("b", "has", "c")])
    {'cites': ('a', 'cites', 'a'), 'a___has___b': ('a', 'has', 'b'), 'b___has___c': ('b', 'has', 'c')}
    """
    triplets = sorted(map(tuple, triplets))
    relations = [relation for _, relation, _ in triplets]
    return {t[1] if relations.count(t[1]) == 1 else "___".join(t): t for t in triplets}


def _node_labels(raw: pathlib.Path, name: str, heterogeneous: bool) -> dict[str, np.ndarray]:
    if not heterogeneous:
        labels = _labels(raw, "node")
    elif (raw / "node-label.npz").is_file():
        labels = load_npz(raw / "node-label.npz").get(name)
    else:
        labels = _labels(raw / "node-label" / name, "node")
    return {} if labels is None else {"labels": _one_value(labels)}


def _labels(folder: pathlib.Path, kind: str) -> np.ndarray | None:
    if (folder / f"{kind}-label.csv.gz").is_file():
        return _one_value(read_csv(folder / f"{kind}-label.csv.gz"))
    if (folder / f"{kind}-label.npz").is_file():
        return _one_value(load_npz(folder / f"{kind}-label.npz")[f"{kind}_label"])
    return None


def _split(folder: pathlib.Path, name: str | None, subfolder: str, count: int, labelled: bool) -> dict[str, np.ndarray]:
    """`split`: train, valid, test or none, of each of `count` items. Empty where there is nothing to read."""
    folder = folder / "split"
    names = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    if name is None and not names:
        return {}
    if name not in names and not (name is None and len(names) == 1):
        raise ValueError(
            f"split={name!r}: choose one of the folders in {folder}: {', '.join(names) or 'there is none'}."
        )
    folder = folder / (name or names[0]) / subfolder
    files = {part: folder / f"{part}.csv.gz" for part in _PARTS}
    if not files["train"].is_file():
        if labelled and any(folder.glob("*.pt")):
            raise ValueError(
                f"{folder} holds its split in PyTorch's format only. Write it to train.csv.gz, valid.csv.gz and "
                "test.csv.gz, one index a line, beside it."
            )
        return {}
    result = np.full(count, b"none", object)
    for part, file in files.items():
        index = read_csv(file)[:, 0]
        if len(index) and (index.min() < 0 or index.max() >= count):
            raise ValueError(f"{file} has indices from {index.min()} to {index.max()}; expected 0 to {count - 1}.")
        result[index] = part.encode()
    return {"split": result}


def _one_value(table: np.ndarray) -> np.ndarray:
    """A table of one column as one value a row."""
    return table[:, 0] if table.ndim == 2 and table.shape[1] == 1 else table


def _check(dataset: Dataset, raw: pathlib.Path) -> None:
    graphs = dataset.num_graphs
    for name, nodes in dataset.nodes.items():
        _check_rows(f"{raw}: node set {name!r}", nodes, graphs)
    for name, edges in dataset.edges.items():
        where = f"{raw}: edge set {name!r}"
        _check_rows(where, edges, graphs)
        if edges.index.shape != (2, edges.counts.sum()):
            raise ValueError(
                f"{where} has indices of shape {list(edges.index.shape)}; expected [2, {edges.counts.sum()}]."
            )
        for end, index in zip(edges.ends, edges.index, strict=True):
            if end not in dataset.nodes:
                raise ValueError(f"{where} joins node set {end!r}, but the node sets are {sorted(dataset.nodes)}.")
            limit = np.repeat(dataset.nodes[end].counts, edges.counts)
            bad = np.flatnonzero((index < 0) | (index >= limit))
            if len(bad):
                raise ValueError(
                    f"{where}: edge {bad[0]} points at node {index[bad[0]]} of {end!r}, but its graph has "
                    f"{limit[bad[0]]} of them."
                )
    for name, column in (dataset.graphs or {}).items():
        if len(column) != graphs:
            raise ValueError(f"{raw}: {name!r} has {len(column)} rows for {graphs} graphs.")


def _check_rows(where: str, table: Nodes | Edges, graphs: int) -> None:
    if len(table.counts) != graphs:
        raise ValueError(f"{where} has counts of {len(table.counts)} graphs; the first node set has {graphs}.")
    for feature, column in table.features.items():
        if len(column) != table.counts.sum():
            raise ValueError(f"{where}, feature {feature!r} has {len(column)} rows; expected {table.counts.sum()}.")
