"""`gnnkit sample`: tables, a spec and seeds to files of tf.train.Examples."""

import contextlib
import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gnnkit.runner._errors import RunError
from gnnkit.runner.config import RunConfig, StoreData, WholeGraph
from gnnkit.runner.pipeline._labels import resolve_labels
from gnnkit.runner.pipeline._progress import Reporter
from gnnkit.runner.pipeline._providers import link_of, sampling_options, sampling_spec
from gnnkit.runner.pipeline._read import left_out, open_store, read
from gnnkit.runner.pipeline._split import resolve_split
from gnnkit.samplers import GraphStore, GraphTables, LinkSeeds, NodeSeeds, SamplesReport, write_samples
from gnnkit.samplers._bad_rows import BadRows
from gnnkit.samplers._convert import convert, id_column
from gnnkit.samplers._files import find_files, guess_format
from gnnkit.samplers._layout import READOUT_SOURCE, READOUT_TARGET
from gnnkit.samplers._plan import read_spec
from gnnkit.samplers._raw import RawTable


@dataclasses.dataclass(frozen=True, kw_only=True)
class SampleRequest:
    """What to sample; `gnnkit sample --help` explains it."""

    output: str
    seeds: str | None = None
    link: str | None = None
    seed: int = 0
    threads: int | None = None
    overwrite: bool = False


def sample_from_config(
    config: RunConfig, request: SampleRequest, part: str | None, reporter: Reporter
) -> SamplesReport:
    """Samples the graph of a config as its sampling section says. part: of the split, whose nodes are the seeds."""
    if isinstance(config.sampling, WholeGraph):
        raise config.error(("sampling",), "`none` is no sampling. Give `hops`, `sizes` or `spec`.")
    tables = read(config, reporter)
    for note in left_out(tables):
        reporter.note(note)
    seeds = None
    if part is not None and link_of(config) is not None:
        raise RunError("--part gives nodes, but the task is about edges. Give links as a table: --seeds.")
    if part is not None:
        labels = resolve_labels(config.main_task, tables)
        seeds = dict(resolve_split(config.split, labels, tables, seed=config.seed).items())[part]
    options = sampling_options(config, tables)
    options.pop("joint")  # An Example holds one subgraph.
    cutoff = getattr(config.sampling, "cutoff", None)
    seeds = NodeSeeds(nodes=seeds, cutoff=cutoff) if cutoff is not None else seeds
    with _readable():
        spec = read_spec(sampling_spec(config, tables))
    if isinstance(config.data, StoreData):
        return _write(open_store(config.data), spec, seeds, request, reporter, **options)
    return _sample(tables, spec, seeds, request, reporter, **options)


def sample_from_files(schema: str, spec: str, request: SampleRequest, reporter: Reporter) -> SamplesReport:
    """Samples the tables of a schema, or the store in a folder, as a SamplingSpec file says."""
    if Path(schema).is_dir():
        with _readable():
            return _write(GraphStore.open(schema), spec, None, request, reporter)
    from gnnkit.samplers import read_tables

    with reporter.stage("read", "Reading the graph") as advance, _readable():
        tables = read_tables(schema, progress=advance)
    return _sample(tables, spec, None, request, reporter)


def _sample(
    tables: GraphTables, spec: Any, seeds: Any, request: SampleRequest, reporter: Reporter, **options: Any
) -> SamplesReport:
    with reporter.stage("index", "Indexing the edges") as advance:
        store = GraphStore.from_tables(tables, num_threads=request.threads, progress=advance)
    return _write(store, spec, seeds, request, reporter, **options)


def _write(
    store: GraphStore, spec: Any, seeds: Any, request: SampleRequest, reporter: Reporter, **options: Any
) -> SamplesReport:
    with _readable():
        spec = read_spec(spec)
        link = _link(request, store, spec)
        if link is not None:
            options["link"] = link
        if request.seeds is not None:
            given = _read_seeds(request, store, spec, link)
            seeds = dataclasses.replace(seeds, nodes=given) if isinstance(seeds, NodeSeeds) else given
        with reporter.stage("sample", "Sampling") as advance:
            return write_samples(
                store,
                spec,
                request.output,
                seeds,
                seed=request.seed,
                overwrite=request.overwrite,
                num_threads=request.threads,
                progress=advance,
                **options,
            )


@contextlib.contextmanager
def _readable() -> Iterator[None]:
    """Errors of files and values, as those that the user can mend."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise RunError(str(error)) from error


def _link(request: SampleRequest, store: GraphStore, spec: Any) -> str | tuple[str, str] | None:
    """What links join: an edge set, or the node sets that `_readout` of the schema reads from; None if the spec tells."""
    if spec.WhichOneof("seed_type") != "symmetric_link_seed_op":
        if request.link is not None:
            raise ValueError(f"--link {request.link} needs a spec with symmetric_link_seed_op, not seed_op.")
        return None
    schema = store.tables.schema
    if request.link is None and schema and {READOUT_SOURCE, READOUT_TARGET} <= set(schema.edge_sets):
        return schema.edge_sets[READOUT_SOURCE].source, schema.edge_sets[READOUT_TARGET].source
    return request.link


def _read_seeds(request: SampleRequest, store: GraphStore, spec: Any, link: str | tuple[str, str] | None) -> Any:
    """The seeds in a table: ids of nodes (`id`), or links (`source`, `target`) with the features of `_readout`."""
    file = request.seeds or ""
    links = spec.WhichOneof("seed_type") == "symmetric_link_seed_op"
    schema = store.tables.schema
    features = schema.node_sets["_readout"].features if links and schema and "_readout" in schema.node_sets else {}
    table, kinds = _read_table(file, ["#source", "#target"] if links else ["#id"], features)
    if not links:
        return _rows(table, "#id", store, spec.seed_op.node_set_name)
    from gnnkit.samplers._plan import compile_plan

    ends = [store.node_names[i] for i in compile_plan(store, spec, link=link).seed_sets]
    source, target = (_rows(table, c, store, s) for c, s in zip(("#source", "#target"), ends, strict=True))
    bad = BadRows(table, "Seeds", skip=False)
    columns = {name: convert(table.columns[name], kind, name, bad) for name, kind in kinds.items()}
    return LinkSeeds(source=source, target=target, features=columns, edge_set=request.link)


def _read_table(file: str, ids: Sequence[str], features: Any) -> tuple[RawTable, dict[str, Any]]:
    from gnnkit.samplers._read_tables import _BYTES
    from gnnkit.samplers._schema import feature_type

    files = find_files(file, None, "seeds")
    format = guess_format(file)
    kinds = {name: feature_type(feature, f"_readout, feature {name!r}") for name, feature in features.items()}
    wanted = dict.fromkeys(ids, _BYTES) | kinds
    if format == "csv":
        from gnnkit.samplers._read_csv import read_csv as reader
    elif format == "parquet":
        from gnnkit.samplers._read_parquet import read_parquet as reader
    else:
        from gnnkit.samplers._read_tfrecord import read_tfrecord as reader
    table = reader(files, wanted)
    BadRows(table, "Seeds", skip=False)  # Raises where a line could not be split into columns.
    return table, kinds


def _rows(table: RawTable, column: str, store: GraphStore, node_set: str) -> np.ndarray:
    ids = id_column(table.columns[column]).to_pylist()
    if store.tables.node_sets[store.node_names[store.node_number(node_set)]].ids is not None:
        try:
            return store.indices(node_set, ids)
        except ValueError as error:
            raise ValueError(f"{table.files[0]}, column {column.removeprefix('#')!r}: {error}") from None
    try:
        return np.array([int(text) for text in ids], np.int64)  # Nodes without ids are called by their row.
    except ValueError:
        raise ValueError(
            f"{table.files[0]}, column {column.removeprefix('#')!r}: node set {node_set!r} has no ids, so seeds are row "
            "numbers; there is something else in the table."
        ) from None
