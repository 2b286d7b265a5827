"""A `GraphStore` in a folder: one .npy file an array, and `store.json`, which says what they are."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any, final

import numpy as np

from gnnkit.samplers._bytes_column import BytesColumn, bytes_column
from gnnkit.samplers._progress import Progress, showing
from gnnkit.samplers._store import GraphStore
from gnnkit.samplers._store_document import FILE, FORMAT, VERSION, parse_schema, read_document
from gnnkit.samplers._tables import Column, EdgeTable, GraphTables, NodeTable, RaggedColumn

# What sampling reads, beside the tables.
_INDEX = (
    "source_sets",
    "target_sets",
    "node_starts",
    "node_keys",
    "split_starts",
    "splits",
    "edge_starts",
    "targets",
    "rows",
)
_CHUNK = 1 << 26  # Bytes written between two reports of progress.


def store_arrays(store: GraphStore) -> list[np.ndarray]:
    """All arrays of a store, those that sets share once."""
    arrays = {id(array): array for array in (getattr(store, name) for name in _INDEX)}
    for column in _columns(store.tables):
        for array in _parts(column):
            arrays[id(array)] = array
    return list(arrays.values())


def _columns(tables: GraphTables) -> Iterator[Column]:
    for nodes in tables.node_sets.values():
        yield from ([] if nodes.ids is None else [nodes.ids])
        yield from nodes.features.values()
    for edges in tables.edge_sets.values():
        yield from (edges.source, edges.target, *edges.features.values())
    yield from tables.context.values()


def _parts(column: Any) -> list[np.ndarray]:
    if isinstance(column, RaggedColumn):
        return [*_parts(column.values), column.row_splits]
    return [column.data, column.row_splits] if isinstance(column, BytesColumn) else [column]


def save_store(store: GraphStore, folder: pathlib.Path, *, overwrite: bool, progress: Progress | None) -> None:
    """`GraphStore.save` explains the arguments."""
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        if not (folder / FILE).is_file():
            raise FileExistsError(f"{folder} exists and is not the folder of a graph store. Save to a new folder.")
        if not overwrite:
            raise FileExistsError(f"There is a graph store in {folder}. Pass overwrite=True to replace it.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Written beside its place and then renamed: a store that is there is whole.
    new = pathlib.Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        with showing(progress, "Saving the graph") as show:
            _Writer(new, total=store.nbytes, show=show).write(store)
        os.chmod(new, 0o777 & ~_umask())
        if folder.exists():
            old = new.with_name(new.name + "-old")
            folder.rename(old)
            new.rename(folder)
            shutil.rmtree(old)
        else:
            new.rename(folder)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@final
class _Writer:
    def __init__(self, folder: pathlib.Path, *, total: int, show: Callable[[int, int, str], Any]) -> None:
        self._folder, self._total, self._show = folder, max(1, total), show
        self._files: dict[str, dict[str, Any]] = {}
        self._known: dict[int, tuple[Any, Any]] = {}  # id of an array or column -> (itself, its entry)
        self._done = 0

    def write(self, store: GraphStore) -> None:
        from google.protobuf import text_format

        import gnnkit

        tables = store.tables
        document = {
            "format": FORMAT,
            "version": VERSION,
            "gnnkit": gnnkit.__version__,
            "byteorder": "little",
            "node_sets": {
                name: {
                    "num_nodes": nodes.num_nodes,
                    "ids": None if nodes.ids is None else self._column(f"nodes.{name}.#id", nodes.ids),
                    "features": self._features(f"nodes.{name}", nodes.features),
                }
                for name, nodes in tables.node_sets.items()
            },
            "edge_sets": {
                name: {
                    "source_set": edges.source_set,
                    "target_set": edges.target_set,
                    "source": self._column(f"edges.{name}.#source", edges.source),
                    "target": self._column(f"edges.{name}.#target", edges.target),
                    "features": self._features(f"edges.{name}", edges.features),
                }
                for name, edges in tables.edge_sets.items()
            },
            "context": self._features("context", tables.context),
            "schema": None if tables.schema is None else text_format.MessageToString(tables.schema),
            "index": {name: self._column(f"index.{name}", getattr(store, name)) for name in _INDEX},
            "max_degree": store.max_degree,
            "files": self._files,
        }
        (self._folder / FILE).write_text(json.dumps(document, indent=1), encoding="utf-8")

    def _features(self, where: str, features: Mapping[str, Column]) -> dict[str, Any]:
        return {name: self._column(f"{where}.{name}", column) for name, column in features.items()}

    def _column(self, what: str, column: Any) -> Any:
        # An array that several sets share is written once. The array is kept, so that its id stays its own.
        if id(column) not in self._known:
            self._known[id(column)] = (column, self._new_column(what, column))
        return self._known[id(column)][1]

    def _new_column(self, what: str, column: Any) -> Any:
        if isinstance(column, RaggedColumn):
            return {
                "kind": "ragged",
                "values": self._column(f"{what}.values", column.values),
                "row_splits": self._array(f"{what}.splits", column.row_splits),
            }
        if isinstance(column, BytesColumn) or column.dtype.kind in "OSU":
            try:
                texts = bytes_column(column)
            except TypeError as error:
                raise TypeError(f"{what}: {error}.") from None
            return {
                "kind": "bytes",
                "data": self._array(f"{what}.bytes", texts.data),
                "row_splits": self._array(f"{what}.offsets", texts.row_splits),
                "shape": list(texts.shape),
            }
        return {"kind": "dense", "file": self._array(what, np.asarray(column)), "dtype": column.dtype.name}

    def _array(self, what: str, array: np.ndarray) -> str:
        file = f"{len(self._files):04d}-{_plain(what)}.npy"
        path = self._folder / file
        array = np.ascontiguousarray(array)
        # bfloat16 and its like are no types of NumPy's own: their bits are stored.
        bits = array.view(f"u{array.dtype.itemsize}") if array.dtype.kind == "V" else array
        with open(path, "wb") as out:
            header = {"descr": np.lib.format.dtype_to_descr(bits.dtype), "fortran_order": False, "shape": bits.shape}
            np.lib.format.write_array_header_1_0(out, header)
            flat = bits.reshape(-1)
            step = max(1, _CHUNK // bits.dtype.itemsize)
            for start in range(0, len(flat), step):
                self._show(min(self._done, self._total), self._total, what)
                out.write(flat[start : start + step].data)
                self._done += flat[start : start + step].nbytes
        self._files[file] = {"bytes": path.stat().st_size, "dtype": array.dtype.name, "shape": list(array.shape)}
        return file


def _plain(what: str) -> str:
    return "".join(c if c.isalnum() or c in "._-#" else "_" for c in what)[:80]


def open_store(folder: pathlib.Path, *, mmap: bool) -> GraphStore:
    """`GraphStore.open` explains the arguments."""
    document = read_document(folder)
    read = _Reader(folder, document["files"], mmap=mmap)
    tables = GraphTables(
        node_sets={
            name: NodeTable(
                num_nodes=entry["num_nodes"],
                ids=None if entry["ids"] is None else read.column(entry["ids"]),
                features=read.features(entry["features"]),
            )
            for name, entry in document["node_sets"].items()
        },
        edge_sets={
            name: EdgeTable(
                source_set=entry["source_set"],
                target_set=entry["target_set"],
                source=read.column(entry["source"]),
                target=read.column(entry["target"]),
                features=read.features(entry["features"]),
            )
            for name, entry in document["edge_sets"].items()
        },
        context=read.features(document["context"]),
        schema=parse_schema(document["schema"]),
    )
    return GraphStore(
        tables=tables,
        node_names=tuple(sorted(tables.node_sets)),
        edge_names=tuple(sorted(tables.edge_sets)),
        max_degree=document["max_degree"],
        **{name: read.column(document["index"][name]) for name in _INDEX},
    )


@final
class _Reader:
    def __init__(self, folder: pathlib.Path, files: Mapping[str, Mapping[str, Any]], *, mmap: bool) -> None:
        self._folder, self._files, self._mmap = folder, files, mmap
        self._arrays: dict[str, np.ndarray] = {}
        for file, entry in files.items():
            path = folder / file
            size = path.stat().st_size if path.is_file() else None
            if size != entry["bytes"]:
                found = "is missing" if size is None else f"has {size:,} bytes"
                raise ValueError(
                    f"The graph store in {folder} is damaged: {file} {found}, but {entry['bytes']:,} bytes were "
                    "written. Copy it again, or build the store again."
                )

    def features(self, entries: Mapping[str, Any]) -> dict[str, Column]:
        return {name: self.column(entry) for name, entry in entries.items()}

    def column(self, entry: Mapping[str, Any]) -> Any:
        if entry["kind"] == "dense":
            return self._array(entry["file"])
        splits = self._array(entry["row_splits"])
        if entry["kind"] == "ragged":
            return RaggedColumn(values=self.column(entry["values"]), row_splits=splits)
        texts = BytesColumn(data=self._array(entry["data"]), row_splits=splits, shape=tuple(entry["shape"]))
        return texts if self._mmap else np.asarray(texts)

    def _array(self, file: str) -> np.ndarray:
        if file not in self._arrays:
            self._arrays[file] = self._load(file)
        return self._arrays[file]

    def _load(self, file: str) -> np.ndarray:
        entry = self._files[file]
        shape = tuple(entry["shape"])
        # Copy on write, and so the same type to compiled kernels as an array in memory. Nothing ever writes. An empty
        # file cannot be mapped.
        mode = "c" if self._mmap and 0 not in shape and shape else None
        try:
            array = np.load(self._folder / file, mmap_mode=mode, allow_pickle=False)
        except ValueError as error:
            raise ValueError(f"The graph store in {self._folder} is damaged: {file}: {error}") from None
        dtype = _dtype(entry["dtype"])
        array = np.asarray(array)  # Not np.memmap, which is slower to index.
        if dtype.kind == "V" and array.dtype == np.dtype(f"u{dtype.itemsize}"):
            array = array.view(dtype)
        if array.shape != shape or array.dtype != dtype:
            raise ValueError(
                f"The graph store in {self._folder} is damaged: {file} holds {array.dtype} {list(array.shape)}, but "
                f"{entry['dtype']} {list(shape)} was written."
            )
        return array


def _dtype(name: str) -> np.dtype:
    try:
        return np.dtype(name)
    except TypeError:
        import ml_dtypes

        return np.dtype(getattr(ml_dtypes, name))
