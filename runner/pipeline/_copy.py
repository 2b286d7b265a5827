"""A run's model in a folder of its own, with the tables that it needs."""

import shutil
from pathlib import Path
from typing import Any

import yaml

from gnnkit.runner._errors import RunError
from gnnkit.runner.config import ExamplesData, RunConfig, StoreData, TableData, read_schema_file
from gnnkit.runner.pipeline._plan_file import FILE as LEARNED

CONFIG, WEIGHTS = "config.yaml", "model.weights.h5"
_KEPT = (WEIGHTS, LEARNED, "summary.json", "metrics.jsonl", "report.html", "curves.png", "attribution.json")
_GRAPH = "graph"


def copy_run(config: RunConfig, source: Path, target: Path) -> Path:
    """Copies what `load_run` reads, and the tables with their schema, from a run's folder; returns `target`.

    `RunError`: the folder `target` is not empty, or a table is gone.
    """
    if target.exists() and any(target.iterdir()):
        raise RunError(f"{target} is not empty. Give a new folder, or remove what is in it.")
    target.mkdir(parents=True, exist_ok=True)
    for name in _KEPT:
        if (source / name).is_file():
            shutil.copy2(source / name, target / name)
    document: dict[str, Any] = yaml.safe_load((source / CONFIG).read_text(encoding="utf-8"))
    if isinstance(config.data, TableData):
        schema = _copy_tables(config.data, target / _GRAPH)
        document["data"] = {**document["data"], "schema": f"{_GRAPH}/{schema}", "directory": None}
    elif isinstance(config.data, StoreData):
        shutil.copytree(config.data.store, target / _GRAPH)
        document["data"] = {**document["data"], "store": _GRAPH}
    elif isinstance(config.data, ExamplesData):
        (target / _GRAPH).mkdir()
        for path in (*config.data.files(), config.data.schema_file):
            shutil.copy2(path, target / _GRAPH / path.name)
        places = {"examples": config.data.examples.name, "schema": config.data.schema_file.name}
        document["data"] = {**document["data"], **{key: f"{_GRAPH}/{name}" for key, name in places.items()}}
    document["model_dir"] = str(target)
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)
    (target / CONFIG).write_text(text, encoding="utf-8")
    return target


def _copy_tables(data: TableData, folder: Path) -> str:
    folder.mkdir()
    schema = read_schema_file(data.schema_file)
    files = {s.metadata.filename for sets in (schema.node_sets, schema.edge_sets) for s in sets.values()}
    files.add(schema.context.metadata.filename)
    for name in sorted(files - {""}):
        stem, at, _ = name.rpartition("@")
        found = sorted(data.folder.glob(f"{stem}-*-of-*" if at else name))
        if not found:
            raise RunError(f"The table {data.folder / name} is gone, so the model cannot be saved with it.")
        for path in found:
            goal = folder / path.relative_to(data.folder)
            goal.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, goal)
    shutil.copy2(data.schema_file, folder / data.schema_file.name)
    return data.schema_file.name
