"""Cora, from a file that lies on this machine."""

from __future__ import annotations

import os
import pathlib

import numpy as np

from gnnkit.datasets._folders import find
from gnnkit.samplers._tables import EdgeTable, GraphTables, NodeTable
from gnnkit.samplers._write_tables import schema_of

_KEYS = ("feature_indptr", "feature_indices", "num_features", "labels", "source", "target", "train", "valid", "test")


def cora(path: str | os.PathLike[str] | None = None) -> GraphTables:
    """The Cora citation graph in the standard Planetoid split.

    Node set `paper`: `words` float32 `[V, 1433]` (0 or 1), `label` int64 (7 classes), `split`: train (140), valid
    (500), test (1,000) or none. Edge set `cites`: 10,556 directed edges, each link in both directions.

    path: an `.npz` file with the arrays `feature_indptr` and `feature_indices` (CSR), `num_features`, `labels`,
      `source`, `target`, `train`, `valid`, `test`; or the folder of `cora.npz`. By default it is looked for in the
      folder that the environment variable GNNKIT_DATA names, then in `~/.cache/gnnkit`.

    Raises FileNotFoundError that says where it looked; ValueError for a file of another layout.
    """
    file = find("cora.npz", path)
    with np.load(file) as data:
        missing = [key for key in _KEYS if key not in data]
        if missing:
            raise ValueError(f"{file} lacks the arrays {missing}; it has {sorted(data)}. Expected {list(_KEYS)}.")
        arrays = {key: data[key] for key in _KEYS}
    return _tables(file, arrays)


def _tables(file: pathlib.Path, arrays: dict[str, np.ndarray]) -> GraphTables:
    splits = arrays["feature_indptr"].astype(np.int64)
    count = len(splits) - 1
    if len(arrays["labels"]) != count:
        raise ValueError(f"{file}: labels has {len(arrays['labels'])} rows, feature_indptr stands for {count} papers.")
    words = np.zeros((count, int(arrays["num_features"])), np.float32)
    words[np.repeat(np.arange(count), np.diff(splits)), arrays["feature_indices"].astype(np.int64)] = 1
    split = np.full(count, b"none", object)
    for name in ("train", "valid", "test"):
        split[arrays[name]] = name.encode()
    ids = np.empty(count, object)
    ids[:] = [b"%d" % i for i in range(count)]
    features = {"words": words, "label": arrays["labels"].astype(np.int64), "split": split}
    tables = GraphTables(
        node_sets={"paper": NodeTable(num_nodes=count, ids=ids, features=features)},
        edge_sets={
            "cites": EdgeTable(
                source_set="paper",
                target_set="paper",
                source=arrays["source"].astype(np.int64),
                target=arrays["target"].astype(np.int64),
            )
        },
    )
    return tables.replace(schema=schema_of(tables))
