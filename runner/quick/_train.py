"""`train` and `load`: the short way."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from gnnkit.runner.config import loads
from gnnkit.runner.pipeline._columns import text
from gnnkit.runner.pipeline._execute import execute_run
from gnnkit.runner.pipeline._progress import make_reporter
from gnnkit.runner.pipeline._trained import TrainedRun, load_run
from gnnkit.runner.quick._graph import as_tables, data_section, with_reversed
from gnnkit.runner.quick._hops import guess_sampling
from gnnkit.runner.quick._inputs import guess_features
from gnnkit.samplers import GraphTables, RaggedColumn

RECIPE = "recipe.yaml"
_SECTIONS = ("task", "split", "sampling", "features", "model", "training", "export", "attribution", "runtime")
_SPLIT_NAMES = {"train": ("train", "training"), "valid": ("valid", "validation", "val", "dev"), "test": ("test",)}


def train(
    graph: Any,
    target: str,
    *,
    exclude: Iterable[str] = (),
    model_dir: str | Path | None = None,
    seed: int = 0,
    quiet: bool = False,
    **sections: Any,
) -> TrainedRun:
    """Trains a model that tells the class of nodes, or a number of theirs, with defaults that fit the graph.

    Subgraphs of two hops are sampled around the nodes; inputs are all columns that look like properties; edges are
    followed both ways. All of it is written down as a config, `recipe.yaml` in `model_dir`: `gnnkit run` on that file
    repeats the training, and is the place to change more.

    graph: a schema file or its folder, `gnnkit.samplers.GraphTables`, or a `GraphTensor`.
    target: `SET.FEATURE`, the node set and the feature that is predicted. Whole numbers from 0 and texts are classes; nodes
        with a negative number or an empty text have none. Floating point numbers, or vectors of them, are predicted as
        numbers (a regression); nodes with NaN have none. For whole numbers that are no classes:
        `task={"type": "node_regression"}`.
    exclude: `SET.FEATURE`s that must not be inputs, such as those that are known only when the class is.
    model_dir: the folder for everything; by default a new folder in `runs/SET.FEATURE`.
    seed: of everything random. quiet: no progress.
    sections: `task`, `split`, `sampling`, `features`, `model`, `training`, `export`, `attribution`, `runtime`: values of
        the config that replace the defaults, such as `training={"epochs": 5}`.

    Returns the trained model: `evaluate()`, `predict(ids)`, `explain(ids)`, `describe()`, `save(folder)`.

    ValueError: `graph` or `target` is none. `RunError`: wrong data. `ConfigError`: a wrong value in a section.

    >>> import tempfile
    >>> from gnnkit.datasets import academic_graph
    >>> model = train(academic_graph(num_papers=200, num_authors=80), target="paper.label", quiet=True,
    ...     model_dir=tempfile.mkdtemp(), training={"epochs": 1}, model={"units": 8, "message_dim": 8, "num_layers": 1},
    ...     sampling={"sizes": [4]}, export={"enabled": False}, attribution={"enabled": False})
    >>> sorted(model.evaluate())
    ['test', 'valid']
    """
    unknown = sorted(set(sections) - set(_SECTIONS))
    if unknown:
        raise TypeError(f"gnnkit.train got an unexpected argument {unknown[0]!r}; sections are {', '.join(_SECTIONS)}.")
    tables, schema_file = as_tables(graph)
    node_set, label, task = _target(target, tables, sections.get("task", {}))
    excluded = _excluded(exclude, tables)
    tables, added = with_reversed(tables)
    folder = Path(model_dir) if model_dir is not None else _new_folder(Path("runs") / target)
    folder.mkdir(parents=True, exist_ok=True)
    split, hidden = _guess_split(tables, node_set, label)
    guess = guess_features(tables, node_set, label, hidden=hidden, exclude=excluded)
    sampling, num_layers = guess_sampling(tables, node_set)
    num_nodes = tables.node_sets[node_set].num_nodes
    large = num_nodes > 50_000
    recipe: dict[str, Any] = {
        "seed": seed,
        "model_dir": str(folder),
        "data": data_section(tables, schema_file, added, folder),
        "task": task,
        "split": split,
        "sampling": sampling,
        "features": {**guess.features, "exclude": list(guess.exclude)},
        "model": {
            "type": "vanilla_mpnn",
            "units": 64,
            "message_dim": 64,
            "num_layers": num_layers,
            "dropout_rate": 0.2,
        },
        "training": {
            "epochs": 10 if large else 30,
            "batch_size": 256 if large else 64,
            "learning_rate": 2e-3,
            "schedule": "cosine",
            "early_stopping": {"patience": 10},
        },
    }
    for name, value in sections.items():
        recipe[name] = task if name == "task" else _merged(recipe.get(name), value)
    head = f"# What gnnkit.train(..., target={target!r}) stands for. `gnnkit run` on this file trains again.\n"
    text_ = head + yaml.safe_dump(recipe, sort_keys=False, allow_unicode=True, width=120)
    path = folder / RECIPE
    path.write_text(text_, encoding="utf-8")
    reporter = make_reporter(quiet=quiet)
    for note in guess.notes:
        reporter.note(note)
    _, trained = execute_run(loads(text_, file=str(path)), reporter)
    return trained


def load(folder: str | Path) -> TrainedRun:
    """The model that `train`, `gnnkit run` or `TrainedRun.save` left in a folder. See `load_run` for its errors."""
    return load_run(folder)


def _target(target: str, tables: GraphTables, options: Mapping[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """(node set, feature, the task section)."""
    node_set, dot, feature = target.rpartition(".")
    if not dot or node_set not in tables.node_sets:
        raise ValueError(
            f"gnnkit.train: target={target!r} is not SET.FEATURE of a node set; the node sets are "
            f"{', '.join(sorted(tables.node_sets)) or 'none'}."
        )
    features = tables.node_sets[node_set].features
    if feature not in features:
        known = ", ".join(sorted(features)) or "none"
        raise ValueError(f"gnnkit.train: node set {node_set!r} has no feature {feature!r}; it has {known}.")
    column = features[feature]
    numbers = not isinstance(column, RaggedColumn) and column.dtype.kind == "f" and column.ndim in (1, 2)
    if isinstance(column, RaggedColumn) or column.ndim != 1 and not numbers:
        what = "ragged" if isinstance(column, RaggedColumn) else f"{column.dtype} of shape {list(column.shape)}"
        raise ValueError(
            f"gnnkit.train: target {target!r} is {what}; expected one whole number or text for each node, its class, or "
            "floating point numbers, one or a vector of fixed length, to be predicted as such."
        )
    kind = "node_regression" if numbers else "node_classification"
    task = {"type": kind, "node_set": node_set, "label": feature, **options}
    if task["type"] == "node_regression":
        task.setdefault("standardize", True)
    return node_set, feature, task


def _excluded(exclude: Iterable[str], tables: GraphTables) -> frozenset[str]:
    if isinstance(exclude, str):
        raise ValueError(f"gnnkit.train: exclude is the text {exclude!r}; expected a list of SET.FEATURE.")
    known = {
        f"{name}.{feature}"
        for sets in (tables.node_sets, tables.edge_sets)
        for name, table in sets.items()
        for feature in table.features
    }
    names = frozenset(exclude)
    if unknown := sorted(names - known):
        raise ValueError(f"gnnkit.train: exclude names {unknown[0]!r}, which is no feature; there are {sorted(known)}.")
    return names


def _guess_split(tables: GraphTables, node_set: str, label: str) -> tuple[Any, frozenset[str]]:
    """(the split section, the features that say so): a column `split` that names the parts, or a random split."""
    column = tables.node_sets[node_set].features.get("split")
    if label != "split" and isinstance(column, np.ndarray) and column.ndim == 1 and column.dtype.kind in "OSU":
        values = {text(value) for value in column.tolist()}
        parts = {part: [name for name in names if name in values] for part, names in _SPLIT_NAMES.items()}
        if parts["train"] and (parts["valid"] or parts["test"]):
            return {"feature": "split", **parts}, frozenset({"split"})
    return {"type": "random"}, frozenset()


def _merged(default: Any, value: Any) -> Any:
    """`value` over `default`, mapping by mapping; one of another type replaces it."""
    if not isinstance(value, Mapping) or not isinstance(default, Mapping):
        return dict(value) if isinstance(value, Mapping) else value
    if "type" in value and value["type"] != default.get("type"):
        return dict(value)
    if any(key in value for key in ("hops", "sizes", "spec")):
        return dict(value)
    return {**default, **{key: _merged(default.get(key), item) for key, item in value.items()}}


def _new_folder(parent: Path) -> Path:
    number = 0
    while (parent / str(number)).exists():
        number += 1
    return parent / str(number)
