"""Subgraphs around seeds, sampled into sharded TFRecord files; goes on where it was stopped."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import pathlib
import time
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, cast, final

import numpy as np
import tensorflow as tf

from gnnkit._names import ID_NAME
from gnnkit.io._write_components import serialize_components
from gnnkit.samplers._dataset import dataset
from gnnkit.samplers._files import shard_names
from gnnkit.samplers._layout import Features
from gnnkit.samplers._plan import Plan, compile_plan
from gnnkit.samplers._progress import Progress, showing
from gnnkit.samplers._source import SeedSource
from gnnkit.samplers._store import GraphStore

_BATCH = 128  # What is written does not depend on it.


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class SamplesReport:
    """What `write_samples` has done.

    examples: in all files. written: of these, by this call. files: all. kept: files that were there already.
    bytes: of all files. seconds: of this call.
    items: set -> its number of nodes or edges in the Examples that this call wrote.
    """

    examples: int
    written: int
    files: tuple[str, ...]
    kept: int
    bytes: int
    seconds: float
    items: Mapping[str, int]


def write_samples(
    store: GraphStore,
    spec: Any,
    output: str | os.PathLike[str],
    seeds: Any = None,
    *,
    seed: int = 0,
    features: Features = None,
    overwrite: bool = False,
    num_threads: int | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> SamplesReport:
    """Writes one tf.train.Example a seed, in TF-GNN's format, into TFRecord files.

    Called again after it was stopped, it goes on: files that are done stay, and what is written does not differ from
    what an uninterrupted call writes, byte for byte. Each file appears under its name when it is whole. Beside them,
    `OUTPUT.samples.json` says what they were made of.

    store, spec, seeds, seed: see `dataset`.
    output: a path, or `name@N` for N files.
    features: see `dataset`; None for all, and `#id` for node sets that have ids and nothing else, as in TF-GNN.
    overwrite: replace samples of something else, which is an error otherwise.
    progress: called as `progress(done, total, file)`; None shows a bar on a terminal once work takes long.
    options: as for `compile_plan`, and `negatives`, `readout`, `readout_features`, as for `dataset`.

    Raises ValueError for what does not fit, FileExistsError where there are other samples.

    >>> import tempfile
    >>> from gnnkit.datasets import academic_graph
    >>> from gnnkit.samplers import GraphStore, make_sampling_spec_tree
    >>> store = GraphStore.from_tables(academic_graph(num_papers=100, num_authors=100))
    >>> spec = make_sampling_spec_tree(store, "paper", sample_sizes=[4])
    >>> output = tempfile.mkdtemp() + "/papers@3"
    >>> report = write_samples(store, spec, output)
    >>> report.examples, len(report.files), write_samples(store, spec, output).kept
    (100, 3, 3)
    """
    start = time.perf_counter()
    names = [pathlib.Path(name) for name in shard_names(os.fspath(output))]
    to_dataset = {name: options.pop(name) for name in ("negatives", "readout", "readout_features") if name in options}
    plan = spec if isinstance(spec, Plan) else compile_plan(store, spec, **options)
    if plan.joint:
        raise ValueError("write_samples() writes one Example a seed; with joint=True there is one graph for many.")
    features = _default_features(store, plan) if features is None else features
    count = len(SeedSource(store, plan, seeds, cast(Any, to_dataset.get("negatives"))))
    bounds = [count * i // len(names) for i in range(len(names) + 1)]
    recipe = {
        "gnnkit samples": 1,
        "files": len(names),
        "examples": count,
        "made of": _fingerprint(store, plan, seeds, seed, features, to_dataset),
    }
    if not names[0].parent.is_dir():
        raise ValueError(f"{names[0]} cannot be written: there is no folder {str(names[0].parent)!r}. Make it first.")
    note = pathlib.Path(os.fspath(output).rpartition("@")[0] or os.fspath(output))
    note = note.with_name(note.name + ".samples.json")
    _check_recipe(note, recipe, names, overwrite)
    missing = [i for i, name in enumerate(names) if not name.is_file()]
    items: dict[str, int] = {}
    written = 0
    if missing:
        first = bounds[missing[0]]
        data = dataset(
            store,
            plan,
            seeds,
            batch_size=_BATCH,
            seed=seed,
            features=features,
            start_batch=first // _BATCH,
            num_threads=num_threads,
            **to_dataset,
        )
        examples = _serialized(data, first % _BATCH, items)
        with showing(progress, "Sampling") as show:
            for i in range(missing[0], len(names)):
                total = bounds[i + 1] - bounds[i]
                if i not in missing:
                    for _ in range(total):
                        next(examples)
                    continue
                _write(names[i], examples, total, lambda n, i=i: show(bounds[i] + n, count, names[i].name))
                written += total
            show(count, count, "")
    return SamplesReport(
        examples=count,
        written=written,
        files=tuple(map(str, names)),
        kept=len(names) - len(missing),
        bytes=sum(name.stat().st_size for name in names),
        seconds=time.perf_counter() - start,
        items=items,
    )


def _default_features(store: GraphStore, plan: Plan) -> dict[str, Sequence[str]]:
    features: dict[str, Sequence[str]] = {}
    for name in plan.node_sets:
        table = store.tables.node_sets[name]
        features[f"nodes/{name}"] = list(table.features) or ([ID_NAME] if table.ids is not None else [])
    for name in plan.edge_sets:
        features[f"edges/{name}"] = list(store.tables.edge_sets[name].features)
    both = {*store.tables.node_sets} & {*store.tables.edge_sets}
    return {key if key.partition("/")[2] in both else key.partition("/")[2]: value for key, value in features.items()}


def _serialized(data: tf.data.Dataset, skip: int, items: dict[str, int]) -> Any:
    for graph in data:
        parts = serialize_components(graph)[skip:]
        for pieces in (graph.node_sets, graph.edge_sets):
            for name, piece in pieces.items():
                items[name] = items.get(name, 0) + int(np.sum(piece.sizes.numpy()[skip:]))
        yield from parts
        skip = 0


def _write(path: pathlib.Path, examples: Any, count: int, tell: Any) -> None:
    # Under another name until it is whole: whatever is there under its own name need not be written again.
    temporary = path.with_name(f".{path.name}.part")
    compression = "GZIP" if path.suffix == ".gz" else ""
    with tf.io.TFRecordWriter(str(temporary), compression) as writer:
        for n in range(count):
            writer.write(next(examples))
            if n % 32 == 0:
                tell(n)
    os.replace(temporary, path)


def _check_recipe(note: pathlib.Path, recipe: Mapping[str, Any], names: list[pathlib.Path], overwrite: bool) -> None:
    """Leaves in place what the same call has made, and refuses or removes what another has."""
    known = None
    if note.is_file():
        try:
            known = json.loads(note.read_text(encoding="utf-8"))
        except ValueError:
            known = {}
    there = [name for name in names if name.exists()]
    if known == recipe or known is None and not there:
        pass
    elif not overwrite:
        what = "of another graph, spec, seed or list of seeds" if known is not None else "that no call of this has made"
        where = there[0] if there else note
        raise FileExistsError(f"{where} exists: there are samples {what}. Choose another output, or overwrite them.")
    else:
        for name in there:
            name.unlink()
    note.write_text(json.dumps(recipe, indent=1) + "\n", encoding="utf-8")


def _fingerprint(store: GraphStore, plan: Plan, seeds: Any, seed: int, features: Any, options: Any) -> str:
    """Tells calls apart that would write different files. Values of features are not looked at."""
    digest = hashlib.sha256()
    arrays = [store.node_keys, store.splits, store.targets, store.rows]
    for array in [*arrays, *(a for a in tf.nest.flatten(plan.arrays) if isinstance(a, np.ndarray))]:
        digest.update(zlib.crc32(np.ascontiguousarray(array).data).to_bytes(4, "little"))
    parts: list[Any] = [
        plan.hops,
        plan.seed_sets,
        plan.node_sets,
        plan.edge_sets,
        seed,
        sorted((k, tuple(v)) for k, v in features.items()),
    ]
    parts += [_described(seeds), sorted((k, _described(v)) for k, v in options.items())]
    digest.update(repr(parts).encode())
    return digest.hexdigest()[:24]


def _described(value: Any) -> Any:
    """A value as something whose text is the same in every process."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [(field.name, _described(getattr(value, field.name))) for field in dataclasses.fields(value)]
    if isinstance(value, Mapping):
        return sorted((key, _described(item)) for key, item in value.items())
    if value is None or isinstance(value, (str, bytes, int, float, bool)):
        return value
    array = np.asarray(value)
    return array.dtype.str, array.shape, hashlib.sha256(repr(array.tolist()).encode()).hexdigest()
