"""The data section of a config, carried out: files or a dataset by name to tables."""

import inspect
from typing import Any

from gnnkit.runner._errors import RunError
from gnnkit.runner.config import DatasetData, ExamplesData, ProviderData, RunConfig, StoreData, TableData
from gnnkit.runner.config._errors import unknown
from gnnkit.runner.pipeline._examples import read_examples
from gnnkit.runner.pipeline._progress import Reporter
from gnnkit.samplers import GraphStore, GraphTables
from gnnkit.samplers._build_store import with_backward


def read(config: RunConfig, reporter: Reporter) -> GraphTables:
    """Reads the tables of a run, or makes its dataset.

    Raises `RunError` for bad rows and files that are not as expected, `ConfigError` for wrong arguments of a dataset.
    """
    with reporter.stage("read", "Reading the graph") as advance:
        if isinstance(config.data, DatasetData):
            return _dataset(config, config.data)
        if isinstance(config.data, StoreData):
            return _of_store(config.data)
        if isinstance(config.data, (ExamplesData, ProviderData)):
            return read_examples(config.data, advance)
        return _tables(config.data, lambda done, total, name: advance(done, total, name))


def left_out(tables: GraphTables) -> list[str]:
    """How many rows were left out, where the config allows that, as a note."""
    if tables.report is None or not tables.report.num_skipped:
        return []
    count = tables.report.num_skipped
    kinds = ", ".join(f"{number:,} {kind}" for kind, number in sorted(tables.report.skipped.items()))
    return [f"{count:,} row{'s were' if count != 1 else ' was'} left out: {kinds}."]


def _tables(data: TableData, progress: Any) -> GraphTables:
    from gnnkit.samplers import read_tables

    try:
        tables = read_tables(str(data.schema_file), str(data.folder), on_bad_rows=data.on_bad_rows, progress=progress)
        return with_backward(tables, data.backward)
    except (OSError, ValueError) as error:
        raise RunError(str(error)) from error


def open_store(data: StoreData) -> GraphStore:
    """The saved store of a config. Raises `RunError` for one that is not there, or damaged."""
    try:
        return GraphStore.open(data.store)
    except (OSError, ValueError) as error:
        raise RunError(str(error)) from error


def _of_store(data: StoreData) -> GraphTables:
    from gnnkit.samplers._write_tables import schema_of

    tables = open_store(data).tables
    return tables if tables.schema is not None else tables.replace(schema=schema_of(tables))


def _dataset(config: RunConfig, data: DatasetData) -> GraphTables:
    from gnnkit import datasets

    arguments = dict(data.args)
    known = inspect.signature(datasets.loader(data.dataset)).parameters
    for name in arguments:
        if name not in known:
            raise config.error(("data", "args", name), unknown("argument", name, sorted(known)))
    if data.directory is not None:
        arguments["path"] = str(data.directory)
    try:
        return with_backward(datasets.load(data.dataset, **arguments), data.backward)
    except (OSError, ValueError, TypeError) as error:
        raise config.error(("data",), f"dataset {data.dataset!r}: {error}") from error
