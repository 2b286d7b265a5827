"""The files of an OGB dataset, in the four layouts that OGB has: CSV or NPZ, one node set or several."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, final

import numpy as np
import pyarrow as pa
import pyarrow.csv

Progress = Callable[[int, int, str], None]
_PARTS = ("train", "valid", "test")
_BLOCK_SIZE = 1 << 24  # Bytes of a CSV file that are read at a time.


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
    """nodes, edges: by name. graphs: features of whole graphs `[G, ...]`; None where the nodes have the labels.

    heterogeneous: whether the files name node sets.
    """

    nodes: Mapping[str, Nodes]
    edges: Mapping[str, Edges]
    graphs: Mapping[str, np.ndarray] | None
    heterogeneous: bool


def read_dataset(folder: pathlib.Path, split: str | None, progress: Progress | None) -> Dataset:
    """Reads `raw/` and `split/`; see `ogb_to_tables`."""
    raw = folder / "raw"
    layouts = {
        "edge.csv.gz": _csv,
        "data.npz": _npz,
        "triplet-type-list.csv.gz": _heterogeneous_csv,
        "edge_index_dict.npz": _heterogeneous_npz,
    }
    for file, read in layouts.items():
        if (raw / file).is_file():
            nodes, edges = read(raw, _Teller(progress))
            break
    else:
        raise FileNotFoundError(f"{raw} is not the raw folder of an OGB dataset: it has none of {', '.join(layouts)}.")
    heterogeneous = "nodes" not in nodes
    graphs = len(next(iter(nodes.values())).counts)
    graph_labels = _labels(raw, "graph")
    if graph_labels is None and graphs == 1:
        for name, table in nodes.items():
            extra = _node_labels(raw, name, heterogeneous)
            extra |= _split(folder, split, name if heterogeneous else "", int(table.counts.sum()), bool(extra))
            nodes[name] = dataclasses.replace(table, features={**table.features, **extra})
        features = None
    else:
        features = {} if graph_labels is None else {"labels": graph_labels}
        features |= _split(folder, split, "", graphs, bool(features))
    result = Dataset(nodes=nodes, edges=edges, graphs=features, heterogeneous=heterogeneous)
    _check(result, graphs, raw)
    return result


class _Teller:
    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress

    def __call__(self, names: Iterable[str]) -> Iterable[str]:
        """The names, one after another, while progress is told."""
        names = list(names)
        for done, name in enumerate(names):
            if self._progress is not None:
                self._progress(done, len(names), name)
            yield name
        if self._progress is not None:
            self._progress(len(names), len(names), "")


def _csv(raw: pathlib.Path, tell: _Teller) -> tuple[dict[str, Nodes], dict[str, Edges]]:
    nodes, edges = {}, {}
    for name in tell(("nodes", "edges")):
        if name == "nodes":
            counts = read_csv(raw / "num-node-list.csv.gz")[:, 0]
            nodes[name] = Nodes(counts=counts, features=_csv_features(raw, "node"))
        else:
            edges[name] = _csv_edges(raw, ("nodes", "nodes"))
    return nodes, edges


def _heterogeneous_csv(raw: pathlib.Path, tell: _Teller) -> tuple[dict[str, Nodes], dict[str, Edges]]:
    with pa.input_stream(str(raw / "num-node-dict.csv.gz")) as stream:
        counts = pyarrow.csv.read_csv(stream)
    triplets = [tuple(row) for row in read_csv(raw / "triplet-type-list.csv.gz", text_columns=3).tolist()]
    names = edge_set_names(triplets)
    nodes, edges = {}, {}
    for name in tell([*sorted(counts.column_names), *names]):
        if name in names:
            head, _, tail = names[name]
            edges[name] = _csv_edges(raw / "relations" / "___".join(names[name]), (head, tail))
        else:
            features = _csv_features(raw / "node-feat" / name, "node")
            nodes[name] = Nodes(counts=counts[name].to_numpy().astype(np.int64), features=features)
    return nodes, edges


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


def _npz(raw: pathlib.Path, tell: _Teller) -> tuple[dict[str, Nodes], dict[str, Edges]]:
    nodes, edges = {}, {}
    with np.load(raw / "data.npz") as data:
        features = {
            kind: {k.removeprefix(f"{kind}_"): k for k in data if k.startswith(f"{kind}_") and k != "edge_index"}
            for kind in ("node", "edge")
        }
        for name in tell(("nodes", "edges")):
            columns = {f: _one_value(data[key]) for f, key in features[name[:-1]].items()}
            if name == "nodes":
                nodes[name] = Nodes(counts=data["num_nodes_list"], features=columns)
            else:
                edges[name] = Edges(
                    ends=("nodes", "nodes"), index=data["edge_index"], counts=data["num_edges_list"], features=columns
                )
    return nodes, edges


def _heterogeneous_npz(raw: pathlib.Path, tell: _Teller) -> tuple[dict[str, Nodes], dict[str, Edges]]:
    # File -> {set: array}; sets of edges are called head___relation___tail.
    files = {path.stem.removesuffix("_dict"): path for path in sorted(raw.glob("*.npz"))}
    node_counts, edge_counts, index = (_load(files.pop(name)) for name in ("num_nodes", "num_edges", "edge_index"))
    files.pop("node-label", None)
    columns = {name: _load(path) for name, path in files.items()}

    def features(kind: str, key: str) -> dict[str, np.ndarray]:
        return {
            name.removeprefix(f"{kind}_"): _one_value(arrays[key])
            for name, arrays in columns.items()
            if name.startswith(f"{kind}_") and key in arrays
        }

    names = edge_set_names(tuple(key.split("___")) for key in edge_counts)
    nodes, edges = {}, {}
    for name in tell([*sorted(node_counts), *names]):
        if name in names:
            key, (head, _, tail) = "___".join(names[name]), names[name]
            edges[name] = Edges(
                ends=(head, tail), index=index[key], counts=edge_counts[key], features=features("edge", key)
            )
        else:
            nodes[name] = Nodes(counts=node_counts[name], features=features("node", name))
    return nodes, edges


def _load(path: pathlib.Path) -> dict[str, np.ndarray]:
    with np.load(path) as data:
        return dict(data)


def edge_set_names(triplets: Iterable[Any]) -> dict[str, tuple[str, str, str]]:
    """Edge set -> (head, relation, tail). It is called by its relation, or by all three where relations are alike.

    >>> edge_set_names([("a", "cites", "a"), ("a", "has", "b"), ("b", "has", "c")])
    {'cites': ('a', 'cites', 'a'), 'a___has___b': ('a', 'has', 'b'), 'b___has___c': ('b', 'has', 'c')}
    """
    triplets = sorted(triplets)
    relations = [relation for _, relation, _ in triplets]
    return {t[1] if relations.count(t[1]) == 1 else "___".join(t): t for t in triplets}


def _node_labels(raw: pathlib.Path, name: str, heterogeneous: bool) -> dict[str, np.ndarray]:
    if not heterogeneous:
        labels = _labels(raw, "node")
    elif (raw / "node-label.npz").is_file():
        labels = _load(raw / "node-label.npz").get(name)
    else:
        labels = _labels(raw / "node-label" / name, "node")
    return {} if labels is None else {"labels": _one_value(labels)}


def _labels(folder: pathlib.Path, kind: str) -> np.ndarray | None:
    if (folder / f"{kind}-label.csv.gz").is_file():
        return _one_value(read_csv(folder / f"{kind}-label.csv.gz"))
    if (folder / f"{kind}-label.npz").is_file():
        return _one_value(_load(folder / f"{kind}-label.npz")[f"{kind}_label"])
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


def read_csv(path: pathlib.Path, text_columns: int = 0) -> np.ndarray:
    """`[rows, columns]` of a CSV file without header: int64, float32 (missing cells are NaN) or objects (texts).

    text_columns: the number of columns, where all of them are texts whatever they look like; they come as str.
    """
    read = pyarrow.csv.ReadOptions(autogenerate_column_names=True, block_size=_BLOCK_SIZE)
    types = {f"f{i}": pa.string() for i in range(text_columns)}
    while True:
        names = []
        try:
            convert = pyarrow.csv.ConvertOptions(column_types=types)
            with pyarrow.csv.open_csv(str(path), read_options=read, convert_options=convert) as reader:
                names = reader.schema.names
                blocks = [_block(batch, text_columns > 0) for batch in reader]
            break
        except pa.ArrowInvalid as error:
            if types or not names:
                raise ValueError(f"{path} cannot be read as CSV: {error}") from error
            types = dict.fromkeys(names, pa.float64())  # Its first block looked like whole numbers, a later one not.
    result = np.concatenate(blocks)
    return result.astype(np.float32) if result.dtype == np.float64 else result


def _block(batch: pa.RecordBatch, as_str: bool) -> np.ndarray:
    columns: list[Any] = batch.columns
    if any(pa.types.is_string(column.type) for column in columns):
        kind = pa.string() if as_str else pa.binary()
        return np.stack([column.cast(kind).to_numpy(zero_copy_only=False) for column in columns], axis=1)
    if all(pa.types.is_integer(column.type) and not column.null_count for column in columns):
        return np.stack([column.to_numpy() for column in columns], axis=1)
    floats = [column.cast(pa.float64()).to_numpy(zero_copy_only=False).astype(np.float32) for column in columns]
    return np.stack(floats, axis=1)


def _one_value(table: np.ndarray) -> np.ndarray:
    """A table of one column as one value a row."""
    return table[:, 0] if table.ndim == 2 and table.shape[1] == 1 else table


def _check(dataset: Dataset, graphs: int, raw: pathlib.Path) -> None:
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
