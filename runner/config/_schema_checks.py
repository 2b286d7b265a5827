"""Compares a config with the `GraphSchema` of the data."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gnnkit.runner.config._checks import target_set
from gnnkit.runner.config._errors import ConfigError, Problem, listing, unknown
from gnnkit.runner.config._features import CategoryFeature, DropFeature, IdEmbeddingFeature, TextHashFeature
from gnnkit.runner.config._hops import ResolvedHop, resolve_hops
from gnnkit.runner.config._model import GCN
from gnnkit.runner.config._predicted import Numbers, YesOrNo
from gnnkit.runner.config._run import RunConfig
from gnnkit.runner.config._sampling import HopSampling, SpecSampling, TreeSampling, WholeGraph
from gnnkit.runner.config._source import KeyPath
from gnnkit.runner.config._split import FeatureSplit
from gnnkit.runner.config._task import CustomTask, LinkPrediction

# Numbers of `tensorflow.DataType`; written out so that nothing of TensorFlow is needed here.
_STRING = 7
_WHOLE = {3, 4, 5, 6, 9, 17, 22, 23, 10}
_FLOATS = {1, 2, 14, 19}
_NAMES = {
    0: "no type",
    1: "float32",
    2: "float64",
    3: "int32",
    4: "uint8",
    5: "int16",
    6: "int8",
    7: "string",
    9: "int64",
    10: "bool",
    14: "bfloat16",
    17: "uint16",
    19: "float16",
    22: "uint32",
    23: "uint64",
}


def check_against_schema(config: RunConfig, schema: Any) -> tuple[str, ...]:
    """Checks that the sets and features that a config names exist, and fit the use that is made of them.

    schema: a `GraphSchema` message (anything with its fields).
    Returns notes: things that are allowed but perhaps not meant. Raises `ConfigError` with all problems at once.
    """
    if problems := problems_with_schema(config, schema):
        raise ConfigError(problems, config._source)
    return tuple(_notes(config, schema))


def problems_with_schema(config: RunConfig, schema: Any) -> list[Problem]:
    """All names and uses in a config that do not fit a schema."""
    if not config.labelled_tasks:
        return []  # A problem by itself, without which it is not known what the rest is about.
    return [
        *_task(config, schema),
        *_features(config, "node_sets", schema.node_sets),
        *_features(config, "edge_sets", schema.edge_sets),
        *_features(config, "context", {"": schema.context}),
        *_excluded(config, schema),
        *_tree(config, schema),
        *_hops(config, schema),
        *_cutoff(config, schema),
        *_model(config, schema),
    ]


def seed_sets(config: RunConfig, schema: Any) -> tuple[str, ...]:
    """The node sets that predictions are read from, and sampling starts from: one, or those at both ends of an edge set.

    Empty where they are not in the schema.
    """
    kind, name = target_set(config)
    if kind == "edge_sets":
        if name not in schema.edge_sets:
            return ()
        return tuple(dict.fromkeys((schema.edge_sets[name].source, schema.edge_sets[name].target)))
    name = config.main_task.node_set if kind == "context" else name  # type: ignore[union-attr]
    return (name,) if name in schema.node_sets else ()


def _task(config: RunConfig, schema: Any) -> Iterator[Problem]:
    for name, task in config.all_tasks.items():
        for key, kind, sets in (("node_set", "node set", schema.node_sets), ("edge_set", "edge set", schema.edge_sets)):
            named = getattr(task, key, None)
            if named is not None and named not in sets:
                yield Problem(path=config.task_path(name, key), message=unknown(kind, named, sorted(sets)))
    kind, target = target_set(config)
    if kind == "context":
        features, where, noun = schema.context.features, "the context", "graph"
    elif target in getattr(schema, kind):
        noun = kind.partition("_")[0]
        features, where = getattr(schema, kind)[target].features, f"{noun} set {target!r}"
    else:
        return
    shown = target or "context"
    columns: list[tuple[KeyPath, str, Any]] = [
        (config.task_path(name, "label"), task.label, task)
        for name, task in config.labelled_tasks.items()
        if not isinstance(task, LinkPrediction)
    ]
    if isinstance(config.split, FeatureSplit):
        columns.append((("split", "feature"), config.split.feature, None))
    for path, name, task in columns:
        if name not in features:
            yield Problem(path=path, message=unknown(f"feature of {where}:", name, sorted(features)))
        elif expected := _unfit_label(features[name], task):
            message = f"expected {expected} for each {noun}; {shown}.{name} is {_describe(features[name])}."
            yield Problem(path=path, message=message)


def _unfit_label(feature: Any, task: Any) -> str:
    """What a kind of task expects of its label, where the feature is something else. task: None for a split."""
    dims = [dim.size for dim in feature.shape.dim]
    if isinstance(task, CustomTask):
        return ""
    if isinstance(task, Numbers):
        fits = feature.dtype in _WHOLE | _FLOATS and len(dims) <= 1 and all(size > 0 for size in dims)
        return "" if fits else "a number or a vector of fixed length"
    kinds = _WHOLE | {_STRING} | (_FLOATS if isinstance(task, YesOrNo) else set())
    return "" if feature.dtype in kinds and not dims else "a whole number or a text"


def _features(config: RunConfig, kind: str, sets: Mapping[str, Any]) -> Iterator[Problem]:
    noun = kind[:-1].replace("_", " ")
    entries_of = {"": config.features.context} if kind == "context" else getattr(config.features, kind)
    for set_name, entries in entries_of.items():
        if set_name not in sets:
            yield Problem(path=("features", kind, set_name), message=unknown(noun, set_name, sorted(sets)))
            continue
        known = sets[set_name].features
        for name, entry in entries.items():
            if isinstance(entry, IdEmbeddingFeature):
                continue
            column = entry.feature or name
            path: KeyPath = ("features", kind, set_name, name) if set_name else ("features", kind, name)
            if column not in known:
                path = (*path, "feature") if entry.feature else path
                yield Problem(
                    path=path,
                    message=unknown(
                        f"feature of {f'{noun} {set_name!r}' if set_name else 'the context'}:", column, sorted(known)
                    ),
                )
            elif not isinstance(entry, DropFeature) and (expected := _misfit(entry, known[column])):
                message = f"{entry.type!r} needs {expected}; {set_name or kind}.{column} is {_describe(known[column])}."
                yield Problem(path=path, message=message)


def _misfit(entry: Any, feature: Any) -> str:
    """What the encoding needs, where the feature is something else."""
    dims = [dim.size for dim in feature.shape.dim]
    numeric = feature.dtype in _WHOLE | _FLOATS
    if entry.type == "number" and (not numeric or dims):
        return "one number for each item" + (" (for several use 'vector')" if dims and numeric else "")
    if isinstance(entry, CategoryFeature) and (feature.dtype not in _WHOLE | {_STRING} or dims):
        return "one text or whole number for each item"
    if isinstance(entry, TextHashFeature) and (feature.dtype != _STRING or dims):
        return "one text for each item"
    if entry.type == "vector" and (not numeric or len(dims) != 1 or dims[0] < 1):
        return "a vector of fixed length for each item" + (" (for one number use 'number')" if not dims else "")
    return ""


def _describe(feature: Any) -> str:
    dims = [dim.size for dim in feature.shape.dim]
    shape = f" of shape [{', '.join('ragged' if d < 0 else str(d) for d in dims)}]" if dims else ""
    return _NAMES.get(feature.dtype, f"type {feature.dtype}") + shape


def _excluded(config: RunConfig, schema: Any) -> Iterator[Problem]:
    known = [
        f"{name}.{feature}"
        for sets in (schema.node_sets, schema.edge_sets)
        for name in sorted(sets)
        for feature in sorted(sets[name].features)
    ]
    known += [f"context.{feature}" for feature in sorted(schema.context.features)]
    for index, name in enumerate(config.features.exclude):
        if name not in known:
            yield Problem(path=("features", "exclude", index), message=unknown("feature", name, known))


def _tree(config: RunConfig, schema: Any) -> Iterator[Problem]:
    if not isinstance(config.sampling, TreeSampling):
        return
    for index, name in enumerate(config.sampling.edge_sets or ()):
        if name not in schema.edge_sets:
            path = ("sampling", "edge_sets", index)
            yield Problem(path=path, message=unknown("edge set", name, sorted(schema.edge_sets)))


def _hops(config: RunConfig, schema: Any) -> Iterator[Problem]:
    seeds = seed_sets(config, schema)
    if not isinstance(config.sampling, HopSampling) or not seeds:
        return
    reached: dict[str, tuple[str, ...]] = {"seed": seeds}
    previous = "seed"
    for index, hop in enumerate(config.sampling.hops):
        path: KeyPath = ("sampling", "hops", index)
        name = hop.name or f"hop{index + 1}"
        edge_set = schema.edge_sets[hop.edge_set] if hop.edge_set in schema.edge_sets else None
        if edge_set is None:
            message = unknown("edge set", hop.edge_set, sorted(schema.edge_sets))
            yield Problem(path=(*path, "edge_set"), message=message)
        for key in ("weight", "time"):
            feature = getattr(hop, key)
            if edge_set is None or feature is None:
                continue
            if feature not in edge_set.features:
                message = unknown(f"feature of edge set {hop.edge_set!r}:", feature, sorted(edge_set.features))
                yield Problem(path=(*path, key), message=message)
            elif not _is_number(edge_set.features[feature]):
                described = _describe(edge_set.features[feature])
                message = f"expected one number for each edge; {hop.edge_set}.{feature} is {described}."
                yield Problem(path=(*path, key), message=message)
        for start in hop.from_ or (previous,):
            at = reached.get(start, ())
            if edge_set is not None and at and edge_set.source not in at:
                places = " and ".join(map(repr, at))
                leaving = sorted({name for place in at for name in _leaving(schema, place)})
                message = (
                    f"{hop.edge_set!r} leads from {edge_set.source!r} to {edge_set.target!r}, but {start!r} is at "
                    f"{places}. Edge sets from {places}: {listing(leaving)}. "
                    f"Hops at {edge_set.source!r}: {listing(n for n, s in reached.items() if edge_set.source in s)}."
                )
                yield Problem(path=(*path, "from") if hop.from_ else (*path, "edge_set"), message=message)
        reached[name] = (edge_set.target,) if edge_set is not None else ()
        previous = name


def _cutoff(config: RunConfig, schema: Any) -> Iterator[Problem]:
    cutoff = getattr(config.sampling, "cutoff", None)
    kind, target = target_set(config)
    if cutoff is None or target not in getattr(schema, kind, ()):
        return
    features, noun = getattr(schema, kind)[target].features, kind.partition("_")[0]
    if cutoff not in features:
        message = unknown(f"feature of {noun} set {target!r}:", cutoff, sorted(features))
        yield Problem(path=("sampling", "cutoff"), message=message)
    elif not _is_number(features[cutoff]):
        message = f"expected one number for each {noun}; {target}.{cutoff} is {_describe(features[cutoff])}."
        yield Problem(path=("sampling", "cutoff"), message=message)


def _is_number(feature: Any) -> bool:
    return feature.dtype in _WHOLE | _FLOATS and not feature.shape.dim


def _leaving(schema: Any, node_set: str) -> Iterable[str]:
    return sorted(name for name in schema.edge_sets if schema.edge_sets[name].source == node_set)


def _model(config: RunConfig, schema: Any) -> Iterator[Problem]:
    if isinstance(config.model, GCN) and (len(schema.node_sets), len(schema.edge_sets)) != (1, 1):
        message = (
            f"'gcn' needs a graph of one node set and one edge set; this one has node sets "
            f"{listing(sorted(schema.node_sets))} and edge sets {listing(sorted(schema.edge_sets))}. "
            "Use 'vanilla_mpnn'."
        )
        yield Problem(path=("model",), message=message)


def _notes(config: RunConfig, schema: Any) -> Iterator[str]:
    if isinstance(config.sampling, (WholeGraph, SpecSampling)):
        return
    hops: tuple[ResolvedHop, ...] = resolve_hops(config.sampling, seed_sets(config, schema), schema)
    nodes = {*seed_sets(config, schema), *(hop.target for hop in hops)}
    edges = {hop.edge_set for hop in hops}
    for kind, reached in (("node_sets", nodes), ("edge_sets", edges)):
        for name in getattr(config.features, kind):
            if name not in reached:
                yield f"features.{kind}.{name}: the sampling never reaches {name!r}; its features are not used."
    depth = max((hop.depth for hop in hops), default=0)
    layers = config.model.num_layers
    if layers != depth:
        side = "the farthest sampled nodes are not heard" if layers < depth else "more layers see nothing new"
        yield f"model.num_layers is {layers} and the sampling goes {depth} hops deep: {side}."
